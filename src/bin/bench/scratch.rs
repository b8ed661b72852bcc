//! Folders for what a round needs in files. They go when their round ends, or with the bench if a signal ends that first.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folders there are. Here and not in [`Scratch`], so that who ends the bench finds them.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn folders() -> MutexGuard<'static, Vec<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that is gone when this is.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A new folder, which only this user may enter.
    pub fn new() -> Result<Scratch, String> {
        // Made with the lock held: it is not there without being in the list.
        let mut folders = folders();
        let base = std::env::temp_dir();
        let number = (0u32..).find_map(|number| {
            let path = base.join(format!("netprog-bench-{}-{number}", std::process::id()));
            match create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                made => Some(made.map(|()| path)),
            }
        });
        let path = number.unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()));
        let path = path.map_err(|error| format!("{}: no folder for files: {error}", base.display()))?;
        folders.push(path.clone());
        Ok(Scratch { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a file in it.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, String> {
        let path = self.file(name);
        std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Makes a file of `length` bytes in it.
    pub fn fill(&self, name: &str, length: u64) -> Result<PathBuf, String> {
        use std::io::Read;
        let path = self.file(name);
        let filled = std::fs::File::create(&path)
            .and_then(|mut file| io::copy(&mut io::repeat(b'x').take(length), &mut file));
        filled.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut folders = folders();
        let _ = std::fs::remove_dir_all(&self.path);
        folders.retain(|path| *path != self.path);
    }
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

/// Removes every folder, and keeps new ones from being made. For the end of the process.
pub fn remove_all() {
    let folders = folders();
    for path in folders.iter() {
        let _ = std::fs::remove_dir_all(path);
    }
    // A round that still runs must not make another behind our back.
    std::mem::forget(folders);
}
