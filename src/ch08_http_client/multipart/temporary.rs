//! Files that are gone when nobody needs them any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::base::random;

/// Names tried before giving up. With 64 random bits the second is hardly ever needed.
const TRIES: u32 = 8;

/// A file in the system's directory for temporary files, under a name nobody can guess, that only its owner may read. It is
/// removed when this is dropped.
#[derive(Debug)]
pub struct TemporaryFile {
    file: File,
    path: PathBuf,
}

impl TemporaryFile {
    /// A new empty file.
    ///
    /// # Errors
    /// Where there is no randomness, or no file can be made.
    pub fn new() -> io::Result<TemporaryFile> {
        let mut options = OpenOptions::new();
        // Only a new file: a link that lies there already would lead our bytes elsewhere.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut tries = 0;
        loop {
            let path = std::env::temp_dir().join(format!("netprog-upload-{:016x}", random::u64()?));
            tries += 1;
            match options.open(&path) {
                Ok(file) => return Ok(TemporaryFile { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for reading, from its beginning.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Nobody is left to tell. Somebody may have moved it away, too.
        let _ = fs::remove_file(&self.path);
    }
}
