//! What a server has to give, and where it puts what it is given: one payload for every name, as in the book, or a
//! directory nobody gets out of.
//!
//! A name from the network is taken apart at its slashes, and each part must be an ordinary one: not empty, not `..`, no
//! backslash. What is left can lead out of the root by a symbolic link only, so the system is asked where the file really
//! is, before it is opened and, on Linux, once more when it is open: nobody can put a link in between. Devices, pipes and
//! directories are refused. Names are bytes, and on Unix they stay bytes.
//!
//! ```text
//! put: root/dir/.netprog-tftp-5f0c… grows ──complete──▶ linked as root/dir/name, if there is none ──▶ the temporary goes
//!                                   ──anything else──▶ the temporary goes
//! ```
//! So a file under its own name is always whole, and no file is ever replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::random;

use super::error::ErrorCode;
use super::netascii::{Decoder, ToNetascii};
use super::packet::Mode;
use super::session::Sink;

/// Files that are not complete begin like this. Nobody can ask for one.
const TEMPORARY: &str = ".netprog-tftp-";

/// What a server serves.
#[derive(Clone, Debug)]
pub enum Files {
    /// The same bytes under every name (Listing 6-9).
    Payload(Arc<[u8]>),
    /// The files below a directory.
    Directory(Directory),
}

/// A directory and what is allowed in it.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
    may_write: bool,
    largest: u64,
}

/// Why a file is not given or not taken.
#[derive(Debug)]
pub struct Refusal {
    /// The code for the client.
    pub code: ErrorCode,
    /// The words for the client.
    pub words: &'static str,
    /// What the system said, for the log.
    pub source: Option<io::Error>,
}

impl Refusal {
    fn new(code: ErrorCode, words: &'static str) -> Refusal {
        Refusal { code, words, source: None }
    }

    /// For a file that needs more blocks than there are numbers.
    pub(super) fn too_many_blocks() -> Refusal {
        Refusal::new(ErrorCode::DiskFull, "the file needs more than 65535 blocks; ask for larger ones")
    }

    fn of(error: io::Error) -> Refusal {
        let code = ErrorCode::of(&error);
        let words = match code {
            ErrorCode::NotFound => "there is no such file",
            ErrorCode::AccessViolation => "this file is not for you",
            ErrorCode::DiskFull => "the disk is full",
            ErrorCode::FileExists => "a file of this name exists",
            _ => "the file cannot be opened",
        };
        Refusal { code, words, source: Some(error) }
    }
}

fn outside() -> Refusal {
    Refusal::new(ErrorCode::AccessViolation, "this name leads out of what is served")
}

/// A file that is open for reading.
pub struct Source {
    /// Its bytes, as they go over the wire.
    pub bytes: Box<dyn Read + Send>,
    /// How many there are, where that is known.
    pub size: Option<u64>,
}

impl Files {
    /// The file of this name, to be sent in `mode`.
    ///
    /// # Errors
    /// [`Refusal`] with code 1 or 2, or 0 for what the system alone understands.
    pub fn open(&self, name: &[u8], mode: Mode) -> Result<Source, Refusal> {
        let (bytes, size): (Box<dyn Read + Send>, u64) = match self {
            Files::Payload(payload) => (Box::new(Cursor::new(Arc::clone(payload))), payload.len() as u64),
            Files::Directory(directory) => {
                let (file, size) = directory.open(name)?;
                (Box::new(file), size)
            }
        };
        Ok(match mode {
            Mode::Octet => Source { bytes, size: Some(size) },
            // As text it has another length, which only converting it would tell.
            Mode::Netascii => Source { bytes: Box::new(ToNetascii::new(bytes)), size: None },
        })
    }

    /// A new file of this name, to be received in `mode`; the client may have announced its size.
    ///
    /// # Errors
    /// [`Refusal`] with code 4 where nothing can be written, 2, 3 or 6.
    pub fn create(&self, name: &[u8], mode: Mode, announced: Option<u64>) -> Result<Box<dyn Sink>, Refusal> {
        let Files::Directory(directory) = self else {
            return Err(Refusal::new(ErrorCode::IllegalOperation, "this server takes no files"));
        };
        let upload = directory.create(name, announced)?;
        Ok(match mode {
            Mode::Octet => Box::new(upload),
            Mode::Netascii => Box::new(Converted { decoder: Decoder::new(), upload, text: Vec::new() }),
        })
    }
}

impl Directory {
    /// The files below `root`. With `may_write` clients may add some, each of at most `largest` bytes.
    ///
    /// # Errors
    /// The system's, if there is no such directory; [`ErrorKind::NotADirectory`].
    pub fn new(root: &Path, may_write: bool, largest: u64) -> io::Result<Directory> {
        let root = fs::canonicalize(root)?;
        if !root.is_dir() {
            return Err(io::Error::from(ErrorKind::NotADirectory));
        }
        Ok(Directory { root, may_write, largest })
    }

    fn open(&self, name: &[u8]) -> Result<(File, u64), Refusal> {
        let path = self.inside(&self.root.join(relative(name)?))?;
        // Looked at before it is opened: opening a device can do things.
        if !fs::metadata(&path).map_err(Refusal::of)?.is_file() {
            return Err(Refusal::new(ErrorCode::AccessViolation, "this is no file"));
        }
        let mut options = OpenOptions::new();
        options.read(true);
        careful(&mut options);
        let file = options.open(&path).map_err(Refusal::of)?;
        let metadata = file.metadata().map_err(Refusal::of)?;
        if !metadata.is_file() || !self.holds(&file) {
            return Err(outside());
        }
        Ok((file, metadata.len()))
    }

    fn create(&self, name: &[u8], announced: Option<u64>) -> Result<Upload, Refusal> {
        if !self.may_write {
            return Err(Refusal::new(ErrorCode::AccessViolation, "nothing may be written here"));
        }
        if announced.is_some_and(|size| size > self.largest) {
            return Err(Refusal::new(ErrorCode::DiskFull, "the file is larger than what is taken"));
        }
        let wanted = self.root.join(relative(name)?);
        let (Some(parent), Some(last)) = (wanted.parent(), wanted.file_name()) else {
            return Err(outside());
        };
        let target = self.inside(parent)?.join(last);
        // Of the link itself: one that leads nowhere is there too.
        match fs::symlink_metadata(&target) {
            Ok(_) => return Err(Refusal::new(ErrorCode::FileExists, "a file of this name exists")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // A name too long, for one, would be refused only when all of the file has come.
            Err(error) => return Err(Refusal::of(error)),
        }
        let number = random::u64().map_err(Refusal::of)?;
        let temporary = target.with_file_name(format!("{TEMPORARY}{number:016x}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        careful(&mut options);
        let file = options.open(&temporary).map_err(Refusal::of)?;
        let is_held = self.holds(&file);
        let upload = Upload { file, temporary, target, left: self.largest };
        if is_held { Ok(upload) } else { Err(outside()) }
    }

    /// Where `path` really is, if that is below the root.
    fn inside(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let real = fs::canonicalize(path).map_err(Refusal::of)?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(outside()) }
    }

    /// Whether the open file is below the root, whatever the path led to a moment ago.
    #[cfg(target_os = "linux")]
    fn holds(&self, file: &File) -> bool {
        use std::os::fd::AsRawFd;
        match fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) {
            Ok(path) => path.starts_with(&self.root),
            // Without /proc there is the check before opening.
            Err(_) => true,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn holds(&self, _file: &File) -> bool {
        true
    }
}

/// No link as the last part, no waiting for a pipe's other end.
#[cfg(unix)]
fn careful(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
}

#[cfg(not(unix))]
fn careful(_options: &mut OpenOptions) {}

/// The path a name stands for, relative to the root.
///
/// # Errors
/// [`Refusal`] for every name that could lead elsewhere.
fn relative(name: &[u8]) -> Result<PathBuf, Refusal> {
    let mut path = PathBuf::new();
    for part in name.split(|byte| *byte == b'/') {
        let is_special = part.is_empty() || part == b"." || part == b"..";
        // A drive or a stream on Windows, a separator there; on Unix nobody misses them in a name from the network.
        let is_foreign =
            part.iter().any(|byte| matches!(byte, b'\\' | 0)) || (cfg!(windows) && part.contains(&b':'));
        if is_special || is_foreign {
            return Err(outside());
        }
        if part.starts_with(TEMPORARY.as_bytes()) {
            return Err(Refusal::new(ErrorCode::NotFound, "there is no such file"));
        }
        path.push(part_of_path(part)?);
    }
    Ok(path)
}

#[cfg(unix)]
fn part_of_path(part: &[u8]) -> Result<&Path, Refusal> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(std::ffi::OsStr::from_bytes(part)))
}

#[cfg(not(unix))]
fn part_of_path(part: &[u8]) -> Result<&Path, Refusal> {
    std::str::from_utf8(part).map(Path::new).map_err(|_| outside())
}

/// A file that is being received. Dropped before it is finished it is gone.
#[derive(Debug)]
struct Upload {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    left: u64,
}

impl Sink for Upload {
    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        match self.left.checked_sub(part.len() as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::from(ErrorKind::FileTooLarge)),
        }
        self.file.write_all(part)
    }

    fn finish(&mut self) -> io::Result<()> {
        // A disk that is full may say so only now.
        self.file.sync_all()?;
        match fs::hard_link(&self.temporary, &self.target) {
            // Now, and not when the transfer has dallied.
            Ok(()) => fs::remove_file(&self.temporary),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // A file system without links. Renaming replaces, so between look and leap another put could be lost.
            Err(_) if fs::symlink_metadata(&self.target).is_ok() => {
                Err(io::Error::from(ErrorKind::AlreadyExists))
            }
            Err(_) => fs::rename(&self.temporary, &self.target),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Finished, it has its own name and this one is no more.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// An upload that comes as netascii.
struct Converted {
    decoder: Decoder,
    upload: Upload,
    text: Vec<u8>,
}

impl Sink for Converted {
    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.text.clear();
        self.decoder.decode(part, &mut self.text);
        self.upload.write(&self.text)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.text.clear();
        self.decoder.finish(&mut self.text);
        self.upload.write(&self.text)?;
        self.upload.finish()
    }
}
