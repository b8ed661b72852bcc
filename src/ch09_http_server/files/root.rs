//! A directory nobody gets out of.
//!
//! ```text
//! /a/../../etc/passwd   cleaned like a path of its own: /etc/passwd below the root
//! /a%00b  /a\..\b       names we have no files for
//! /link                 where it leads, if that is below the root
//! /fifo  /device        not opened: opening a pipe waits for its writer, opening a device can do things
//! ```
//! After cleaning, only a symbolic link can lead out. So the system is asked where the path really goes, before the file is opened
//! and, on Linux, once more when it is open: nobody can put a link in between. Chapter 6 does the same for TFTP.
//!
//! Left out: a root that is itself exchanged while it is served (it is looked up once, when the server starts), and a directory
//! that becomes a link while it is being listed: that shows names, and none of them opens.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::path::clean;

/// What becomes of symbolic links. The root itself may always be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Followed, as long as they lead to something below the root.
    #[default]
    Inside,
    /// Followed wherever they lead, as in Go. Whoever may make a link below the root may then publish what the server can read.
    Anywhere,
    /// As if they were not there.
    Never,
}

/// A directory, as far as it is served.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// A file, open for reading.
    File(File, Metadata),
    /// A directory, and where it really is.
    Directory(PathBuf, Metadata),
}

/// Why nothing is served.
#[derive(Debug)]
pub enum FileError {
    /// No file of ours has such a name.
    BadName,
    /// A link leads out of the root, or links are not followed.
    Outside,
    /// A device, a pipe, a socket.
    NotAFile,
    /// The system's reason.
    System(io::Error),
}

impl FileError {
    /// The status for the client. What it may not have is not there: 403 would tell it that there is something (chapter 8's
    /// "neither confirm nor deny"; Go answers 403). The trace tells the difference.
    pub fn status(&self) -> Status {
        match self {
            FileError::System(error) => status_of(error),
            _ => Status::NOT_FOUND,
        }
    }
}

fn status_of(error: &io::Error) -> Status {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory => Status::NOT_FOUND,
        ErrorKind::IsADirectory | ErrorKind::InvalidInput => Status::NOT_FOUND,
        _ => status_of_number(error),
    }
}

#[cfg(unix)]
fn status_of_number(error: &io::Error) -> Status {
    match error.raw_os_error() {
        // No file has such a name, or it is a circle of links.
        Some(libc::ENAMETOOLONG | libc::ELOOP) => Status::NOT_FOUND,
        // Descriptors have run out. They come back.
        Some(libc::EMFILE | libc::ENFILE) => Status::SERVICE_UNAVAILABLE,
        _ => Status::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(not(unix))]
fn status_of_number(_error: &io::Error) -> Status {
    Status::INTERNAL_SERVER_ERROR
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::BadName => {
                write!(f, "the path has a backslash, a NUL or another byte that no file here has")
            }
            FileError::Outside => write!(f, "the path leads through a link out of what is served"),
            FileError::NotAFile => write!(f, "there is a device, a pipe or a socket, and no file"),
            FileError::System(error) => write!(f, "the file cannot be opened: {error}"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FileError::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> FileError {
        FileError::System(error)
    }
}

impl Root {
    /// The directory at `path`.
    ///
    /// # Errors
    /// The system's if there is none; [`ErrorKind::NotADirectory`].
    pub fn new(path: &Path) -> io::Result<Root> {
        let path = fs::canonicalize(path)?;
        if !path.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        Ok(Root { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands at `path`, decoded and from the root on; a slash at its beginning makes no difference.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn find(&self, path: &str, links: Links) -> Result<Found, FileError> {
        let wanted = self.path.join(relative(path)?);
        let real = fs::canonicalize(&wanted)?;
        let is_allowed = |at: &Path| match links {
            Links::Inside => at.starts_with(&self.path),
            Links::Anywhere => true,
            Links::Never => at == wanted,
        };
        if !is_allowed(&real) {
            return Err(FileError::Outside);
        }
        match open(&real)? {
            Found::File(file, _) if !is_open_at(&file, is_allowed) => Err(FileError::Outside),
            found => Ok(found),
        }
    }
}

/// Opens what stands at `path`, if it is a file, without ever waiting for anybody.
///
/// # Errors
/// [`FileError::NotAFile`], [`FileError::System`]
pub fn open(path: &Path) -> Result<Found, FileError> {
    // Looked at before it is opened: opening a device can do things.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Ok(Found::Directory(path.to_owned(), metadata));
    }
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    // Of the open file, for another may have taken the name.
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok(Found::File(file, metadata)) } else { Err(FileError::NotAFile) }
}

/// Whether a file of this name is ours to serve: also what a listing shows.
pub fn is_servable(name: &[u8]) -> bool {
    let is_special = name.is_empty() || name == b"." || name == b"..";
    // On Windows a separator, a stream or a drive. Browsers turn a backslash into a slash, so elsewhere nobody misses it.
    let is_foreign =
        name.iter().any(|byte| matches!(byte, b'\\' | b'/' | 0)) || (cfg!(windows) && name.contains(&b':'));
    !is_special && !is_foreign
}

/// The path below the root.
fn relative(path: &str) -> Result<PathBuf, FileError> {
    // As a path of its own, whose root nothing is above.
    let cleaned = clean(&format!("/{path}"));
    let mut below = PathBuf::new();
    for segment in cleaned.split('/').filter(|segment| !segment.is_empty()) {
        if !is_servable(segment.as_bytes()) {
            return Err(FileError::BadName);
        }
        below.push(segment);
    }
    Ok(below)
}

#[cfg(unix)]
fn never_wait(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    // The one for a pipe that took the file's place since we looked, the other for a terminal.
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
}

#[cfg(not(unix))]
fn never_wait(_options: &mut OpenOptions) {}

/// Whether the open file is where it may be, whatever its path led to a moment ago.
#[cfg(target_os = "linux")]
fn is_open_at(file: &File, is_allowed: impl Fn(&Path) -> bool) -> bool {
    use std::os::fd::AsRawFd;
    match fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) {
        Ok(path) => is_allowed(&path) || was_at(&path).is_some_and(|path| is_allowed(&path)),
        // Without /proc there is the look before opening.
        Err(_) => true,
    }
}

/// Where a file was that has lost its name since we looked: another has replaced it, and Linux puts a word behind its path.
#[cfg(target_os = "linux")]
fn was_at(path: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let before = path.as_os_str().as_bytes().strip_suffix(b" (deleted)")?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(before)))
}

#[cfg(not(target_os = "linux"))]
fn is_open_at(_file: &File, _is_allowed: impl Fn(&Path) -> bool) -> bool {
    true
}
