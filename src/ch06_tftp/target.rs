//! Where a download goes: a file that is there whole or not at all.
//!
//! ```text
//! create ──▶ .name.3f1c….part ──commit──▶ name     (one rename: nobody sees half a file)
//!                  │
//!                  └──dropped──▶ gone
//! ```
//! What has that name already keeps its content until the rename. Something that is no file, such as `/dev/null` or a named
//! pipe, is written to directly. A process that is killed leaves its `.part` behind.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::base::random;

/// The writes of this size reach the system: blocks are small.
const BUFFER: usize = 64 * 1024;

/// A destination under way. Dropping it without [`Target::commit`] takes away what was written.
pub struct Target {
    out: BufWriter<Box<dyn Write + Send>>,
    part: Option<Part>,
}

struct Part {
    file: File,
    path: PathBuf,
    name: PathBuf,
    renamed: bool,
}

impl Target {
    /// A file that will be called `name`.
    ///
    /// # Errors
    /// Those of creating a file beside it, with the name in the text.
    pub fn create(name: &Path) -> io::Result<Target> {
        // A symbolic link stays, and what it points to is replaced.
        let name = fs::canonicalize(name).unwrap_or_else(|_| name.to_path_buf());
        let opened = match fs::metadata(&name) {
            Ok(found) if !found.is_file() => {
                OpenOptions::new().write(true).open(&name).map(Target::writing_to)
            }
            _ => Part::beside(&name).and_then(Target::of_part),
        };
        opened.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", name.display())))
    }

    /// A writer that cannot be undone: standard output, or a buffer.
    pub fn writing_to(out: impl Write + Send + 'static) -> Target {
        Target { out: BufWriter::with_capacity(BUFFER, Box::new(out)), part: None }
    }

    fn of_part(part: Part) -> io::Result<Target> {
        let file = part.file.try_clone()?;
        Ok(Target { part: Some(part), ..Target::writing_to(file) })
    }

    /// Writes out what is buffered and gives the file its name.
    ///
    /// # Errors
    /// Those of writing and renaming; the part is gone then.
    pub fn commit(mut self) -> io::Result<()> {
        self.out.flush()?;
        match &mut self.part {
            Some(part) => part.rename(),
            None => Ok(()),
        }
    }
}

impl Write for Target {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Part {
    /// The random name is not there by chance: `create_new` refuses what is, a planted link too.
    fn beside(name: &Path) -> io::Result<Part> {
        let last = name
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is not the name of a file"))?;
        let mut hidden = OsString::from(".");
        hidden.push(last);
        hidden.push(format!(".{:016x}.part", random::u64()?));
        let path = name.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Part { file, path, name: name.to_path_buf(), renamed: false })
    }

    /// Some file systems tell only here that the disk is full.
    fn rename(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        fs::rename(&self.path, &self.name)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed {
            // Where even this fails there is nobody left to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory of one test, gone with it.
    struct Directory(PathBuf);

    impl Directory {
        fn new(test: &str) -> Directory {
            let path = std::env::temp_dir().join(format!("netprog-target-{test}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir(&path).unwrap();
            Directory(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_file_has_its_old_content_until_the_new_one_is_whole() {
        let directory = Directory::new("whole");
        let name = directory.0.join("file");
        fs::write(&name, "old").unwrap();
        let mut target = Target::create(&name).unwrap();
        target.write_all(b"new").unwrap();
        target.flush().unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"old");
        target.commit().unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"new");
        assert_eq!(directory.names(), ["file"]);
    }

    #[test]
    fn a_target_that_is_dropped_leaves_nothing() {
        let directory = Directory::new("dropped");
        let mut target = Target::create(&directory.0.join("file")).unwrap();
        target.write_all(&[0; 2 * BUFFER]).unwrap();
        drop(target);
        assert!(directory.names().is_empty());
    }

    #[test]
    fn a_name_that_cannot_be_is_in_the_error() {
        let error = Target::create(Path::new("/nonexistent/file")).map(|_| ()).unwrap_err();
        assert!(error.kind() == io::ErrorKind::NotFound && error.to_string().contains("/nonexistent/file"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_and_a_link_stays_a_link() {
        let mut target = Target::create(Path::new("/dev/null")).unwrap();
        target.write_all(b"gone").unwrap();
        target.commit().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let directory = Directory::new("link");
        fs::write(directory.0.join("real"), "old").unwrap();
        std::os::unix::fs::symlink("real", directory.0.join("link")).unwrap();
        let mut target = Target::create(&directory.0.join("link")).unwrap();
        target.write_all(b"new").unwrap();
        target.commit().unwrap();
        assert!(fs::symlink_metadata(directory.0.join("link")).unwrap().is_symlink());
        assert_eq!(fs::read(directory.0.join("real")).unwrap(), b"new");
    }
}
