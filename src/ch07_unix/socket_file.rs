//! The file of a Unix domain socket: made with its permissions, told stale or alive, and removed by whoever made it.
//!
//! ```text
//! lock PATH.lock ──▶ probe PATH ──▶ nothing       ──▶ bind (0600) ──▶ chown ──▶ chmod ──▶ listen ──▶ serve ──▶ unlink
//!      │ held             ├──────▶ stale: unlink ──▶      ▲
//!      ▼                  ├──────▶ alive: refuse          never open to more than it will be in the end
//!   refuse                └──────▶ no socket: refuse
//! ```
//!
//! * **Stale or alive.** A socket's file stays when its process ends by a signal, and `bind` takes no path that is there.
//!   A probe connects and looks how it is refused. It is a datagram socket: a stream server alive answers it "wrong type"
//!   and never sees a client, be its backlog full, be it between `bind` and `listen`.
//! * **A lock.** Between probe and bind a second server may start. Both would see the stale file, and the second would unlink
//!   the first one's new socket. So a lock on a file beside it comes first; the kernel drops it with the process.
//! * **Permissions.** The write bit is what connecting and sending need; the read bit means nothing, and root needs none.
//!   The book binds, then changes the mode: between the two anybody may connect whom the umask let.
//! * **Cleaning up.** The guard unlinks on drop, and only the file it made, told by device and inode: a successor may have
//!   its own at the path. Nothing runs on SIGKILL; for SIGINT and SIGTERM there is [`crate::base::signal`], after which
//!   `main` returns and drops the guard.
//!
//! Book: "Binding to Unix Domain Socket Files", "Changing a Socket File's Ownership and Permissions". Left out: file systems
//! that have no sockets, and network file systems, where neither inode nor lock means enough.

use std::fmt;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};

use crate::base::random;
use crate::base::sys::local::{self, SocketType};
use crate::base::trace;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the path is free.
    Nothing,
    /// A socket that a process holds.
    Alive,
    /// A socket that no process holds any more.
    Stale,
    /// A file that is no socket, a directory, a symbolic link: nothing to remove.
    NotASocket,
}

/// Looks what stands at `path`.
///
/// # Errors
/// The system's, when it cannot be told: [`io::ErrorKind::PermissionDenied`] for a socket we may not connect to.
pub fn probe(path: &Path) -> io::Result<Found> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        found => found?,
    };
    // A regular file refuses a connection like a stale socket does.
    if !metadata.file_type().is_socket() {
        return Ok(Found::NotASocket);
    }
    match UnixDatagram::unbound()?.connect(path) {
        Ok(()) => Ok(Found::Alive),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(Found::Stale),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        // EPROTOTYPE: a stream or a record socket. EPERM: a datagram socket that hears only one sender.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EPROTOTYPE | libc::EPERM)) => {
            Ok(Found::Alive)
        }
        Err(error) => Err(error),
    }
}

/// Who may use a socket file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The permission bits: `0o660` lets owner and group connect.
    pub mode: u32,
    /// The group the file belongs to; `None` leaves the one it gets by being made.
    pub group: Option<u32>,
}

impl Default for Access {
    /// Only the owner.
    fn default() -> Access {
        Access { mode: 0o600, group: None }
    }
}

/// Permission bits before the file has the owner and mode it is to have.
const CLOSED: u32 = 0o600;

/// A socket's file, removed when this is dropped, together with the lock beside it.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
    _lock: Lock,
}

impl SocketFile {
    /// A socket of type `kind` bound to `path`, not yet listening, and the guard of its file. A stale file is replaced.
    ///
    /// # Errors
    /// [`SocketFileError`]: somebody holds the path, or the system says no.
    pub fn bind(
        kind: SocketType,
        path: &Path,
        access: Access,
    ) -> Result<(OwnedFd, SocketFile), SocketFileError> {
        let failed = |step| move |source| SocketFileError::System { step, path: path.to_path_buf(), source };
        let length = path.as_os_str().len();
        if length == 0 {
            // To the system no path means: a name of its choice.
            let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty path names no file");
            return Err(failed("bind")(source));
        }
        if length > local::LONGEST_PATH {
            return Err(SocketFileError::TooLong { path: path.to_path_buf(), length });
        }
        let address = SocketAddr::from_pathname(path).map_err(failed("name"))?;
        let lock = Lock::take(path)?;
        clear(path)?;
        let socket = local::socket(kind).map_err(failed("make a socket for"))?;
        local::bind(&socket, &address, CLOSED & access.mode).map_err(failed("bind"))?;
        let metadata = fs::symlink_metadata(path).map_err(failed("look at"))?;
        // From here on an early return removes the file.
        let file = SocketFile { path: path.to_path_buf(), identity: identity(&metadata), _lock: lock };
        if let Some(group) = access.group {
            std::os::unix::fs::chown(path, None, Some(group)).map_err(failed("change the group of"))?;
        }
        // After the group, so that the old one never gets what is meant for the new.
        fs::set_permissions(path, fs::Permissions::from_mode(access.mode))
            .map_err(failed("change the mode of"))?;
        trace::note(|| format!("bound {} with mode {:04o}", path.display(), access.mode));
        Ok((socket, file))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity);
        if is_ours {
            // A file already gone, or a directory that no longer lets us, is nobody's to tell here.
            let _ = fs::remove_file(&self.path);
            trace::note(|| format!("removed {}", self.path.display()));
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Makes the path free, if what stands there is a stale socket.
fn clear(path: &Path) -> Result<(), SocketFileError> {
    let failed = |step| move |source| SocketFileError::System { step, path: path.to_path_buf(), source };
    match probe(path).map_err(failed("probe"))? {
        Found::Nothing => Ok(()),
        Found::Alive => Err(SocketFileError::Alive { path: path.to_path_buf() }),
        Found::NotASocket => Err(SocketFileError::NotASocket { path: path.to_path_buf() }),
        Found::Stale => {
            trace::note(|| format!("{} is stale: nobody answers, so it goes", path.display()));
            fs::remove_file(path).map_err(failed("remove the stale"))
        }
    }
}

/// The exclusive right to bind a path, among programs that ask for it: a lock on `PATH.lock`.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(socket: &Path) -> Result<Lock, SocketFileError> {
        let mut name = socket.as_os_str().to_os_string();
        name.push(".lock");
        let path = PathBuf::from(name);
        let failed = |source| SocketFileError::System { step: "lock", path: path.clone(), source };
        loop {
            // O_NOFOLLOW: in a directory others may write to, a link would have us make a file elsewhere.
            let open = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                // O_NONBLOCK: a pipe there would have us wait for a reader.
                .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(&path);
            let file = open.map_err(failed)?;
            let found = file.metadata().map_err(failed)?;
            // Locks are empty. `Cargo.lock` beside a socket called `Cargo` is not one, and would be removed with it.
            if !found.is_file() || found.len() > 0 {
                return Err(SocketFileError::NotALock { path });
            }
            match local::try_lock(&file) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(SocketFileError::Locked { path: socket.to_path_buf() });
                }
                outcome => outcome.map_err(failed)?,
            }
            // The holder before us unlinks the file when it leaves, and we may have opened it before that.
            let ours = identity(&found);
            if fs::symlink_metadata(&path).is_ok_and(|found| identity(&found) == ours) {
                return Ok(Lock { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked: the path is ours until the file closes.
        let _ = fs::remove_file(&self.path);
    }
}

// --- errors ---------------------------------------------------------------------------------------------------------

/// Why a socket file could not be had.
#[derive(Debug)]
pub enum SocketFileError {
    /// A process holds the socket at this path.
    Alive {
        /// The path.
        path: PathBuf,
    },
    /// Another server holds the lock beside this path.
    Locked {
        /// The path of the socket.
        path: PathBuf,
    },
    /// What stands at the path is no socket, and not ours to remove.
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// What stands where the lock would be is no lock, and not ours to remove.
    NotALock {
        /// The path of the lock.
        path: PathBuf,
    },
    /// The path does not fit into a socket's address.
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its bytes.
        length: usize,
    },
    /// The system refused a step.
    System {
        /// What was tried, before the path.
        step: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl fmt::Display for SocketFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocketFileError::Alive { path } => {
                write!(f, "{}: a running process listens there", path.display())
            }
            SocketFileError::Locked { path } => write!(f, "{}: another server has locked it", path.display()),
            SocketFileError::NotASocket { path } => {
                write!(f, "{}: there is a file that is no socket, and it stays", path.display())
            }
            SocketFileError::NotALock { path } => {
                write!(
                    f,
                    "{}: here a lock would be, but there is something else, and it stays",
                    path.display()
                )
            }
            SocketFileError::TooLong { path, length } => {
                write!(
                    f,
                    "{}: {length} bytes, and a socket's path has at most {}",
                    path.display(),
                    local::LONGEST_PATH
                )
            }
            SocketFileError::System { step, path, source } => {
                write!(f, "cannot {step} {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for SocketFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SocketFileError::System { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<SocketFileError> for io::Error {
    /// [`io::ErrorKind::AddrInUse`] where somebody or something holds the path, as `bind` would say.
    fn from(error: SocketFileError) -> io::Error {
        let kind = match &error {
            SocketFileError::System { source, .. } => source.kind(),
            SocketFileError::TooLong { .. } => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::AddrInUse,
        };
        io::Error::new(kind, error)
    }
}

// --- a place of one's own -------------------------------------------------------------------------------------------

/// A directory that only its owner may enter, removed with everything in it when this is dropped: Go's `ioutil.TempDir`.
/// What lies in it is out of others' reach whatever its own mode, and a name in it cannot be taken by others beforehand.
#[derive(Debug)]
pub struct PrivateDirectory {
    path: PathBuf,
}

impl PrivateDirectory {
    /// A new one in the system's directory for temporary files, `prefix` and random digits.
    ///
    /// # Errors
    /// The system's.
    pub fn new(prefix: &str) -> io::Result<PrivateDirectory> {
        loop {
            let path = std::env::temp_dir().join(format!("{prefix}-{:016x}", random::u64()?));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(PrivateDirectory { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
