//! Where a download goes: a file that is there whole or not at all.
//!
//! ```text
//! create ──▶ .name.3f1c….part ──commit──▶ name     (one rename: nobody sees half a file)
//!                  │
//!                  └──dropped──▶ gone
//! ```
//! What has that name already keeps its content until the rename, and its permissions beyond it. A symbolic link stays, also one
//! that leads to nothing yet. Something that is no file, such as `/dev/null` or a named
//! pipe, is written to directly. A process that is killed leaves its `.part` behind.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::pipes::Pipe;
use crate::base::cancel::Cancel;
use crate::base::random;

/// The writes of this size reach the system: blocks are small.
const BUFFER: usize = 64 * 1024;

/// Links that lead to links, at most: as many as Linux follows.
const MOST_LINKS: usize = 40;

/// A longer name is not part of the part's name: most file systems take 255 bytes, and it has 23 of its own.
const LONGEST_IN_PART: usize = 200;

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
        Target::create_until(name, &Cancel::new())
    }

    /// The same; where `name` is a pipe, neither its opening nor a write to it outlasts `stop`.
    ///
    /// # Errors
    /// As [`Target::create`], and the token's end.
    pub fn create_until(name: &Path, stop: &Cancel) -> io::Result<Target> {
        Target::open(name, stop)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", name.display())))
    }

    fn open(name: &Path, stop: &Cancel) -> io::Result<Target> {
        let name = behind_links(name)?;
        match fs::metadata(&name) {
            Ok(found) if !found.is_file() => Pipe::write(&name, stop).map(Target::writing_to),
            found => {
                let part = Part::beside(&name)?;
                if let Ok(found) = found {
                    // While it is empty: what only its owner could read stays so.
                    part.file.set_permissions(found.permissions())?;
                }
                Target::of_part(part)
            }
        }
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

/// Where the file will be: links are followed, the last may lead to nothing.
fn behind_links(name: &Path) -> io::Result<PathBuf> {
    let mut name = name.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::canonicalize(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        let Ok(next) = fs::read_link(&name) else { break };
        name = name.with_file_name(next);
    }
    if name.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such directory"));
    }
    Ok(name)
}

impl Part {
    /// The random name is not there by chance: `create_new` refuses what is, a planted link too.
    fn beside(name: &Path) -> io::Result<Part> {
        let last = name
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is not the name of a file"))?;
        let mut hidden = OsString::from(".");
        if last.len() <= LONGEST_IN_PART {
            hidden.push(last);
        }
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
    fn a_name_of_255_bytes_has_room_and_one_that_ends_in_a_slash_is_refused_at_once() {
        let directory = Directory::new("long");
        let name = "n".repeat(255);
        Target::create(&directory.0.join(&name)).unwrap().commit().unwrap();
        assert_eq!(directory.names(), [name]);
        let error = Target::create(&directory.0.join("none/")).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let directory = Directory::new("mode");
        let name = directory.0.join("file");
        fs::write(&name, "old").unwrap();
        fs::set_permissions(&name, fs::Permissions::from_mode(0o600)).unwrap();
        let mut target = Target::create(&name).unwrap();
        target.write_all(b"new").unwrap();
        target.commit().unwrap();
        assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_stays_and_a_link_in_a_circle_is_refused() {
        let directory = Directory::new("dangling");
        std::os::unix::fs::symlink("second", directory.0.join("first")).unwrap();
        std::os::unix::fs::symlink("real", directory.0.join("second")).unwrap();
        let mut target = Target::create(&directory.0.join("first")).unwrap();
        target.write_all(b"new").unwrap();
        target.commit().unwrap();
        assert!(fs::symlink_metadata(directory.0.join("first")).unwrap().is_symlink());
        assert_eq!(fs::read(directory.0.join("real")).unwrap(), b"new");
        std::os::unix::fs::symlink("circle", directory.0.join("circle")).unwrap();
        assert!(Target::create(&directory.0.join("circle")).is_err());
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
