//! The SHA-512/256 of files: the tool that shows a download to be what the server sent.
//!
//! ```text
//!
//! test.svg =>
//! 3f5794c522e83b827054183658ce63cb701dc49f4e59335f08b5c79c56873969
//! ```
//! The book reads a file whole. We hash it as it is read, so its size does not matter.
//!
//! Book: Listings 6-12 and 6-13. The printed code writes hash and name on one line; what the book shows as its output, and
//! the code in its repository, is the form above, and ours.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::base::show::printable;
use crate::crypto::sha512::Sha512_256;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// The hash of everything `reader` gives, as 64 hexadecimal digits.
///
/// # Errors
/// The reader's. [`io::ErrorKind::Interrupted`] is not one: the read is made again.
pub fn checksum(reader: &mut dyn Read) -> io::Result<String> {
    let mut hash = Sha512_256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(hexadecimal(&hash.finish())),
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The hash of a file.
///
/// # Errors
/// Those of opening and reading it; a directory can be opened and not read.
pub fn checksum_of_file(path: &Path) -> io::Result<String> {
    checksum(&mut File::open(path)?)
}

/// Prints a blank line, the name and the hash of each file to `out`, and a line for each one that cannot be read to `errors`.
/// Gives how many could not be read.
///
/// # Errors
/// Those of writing to `out`.
pub fn print_checksums(files: &[String], out: &mut dyn Write, errors: &mut dyn Write) -> io::Result<usize> {
    let mut failures = 0;
    for file in files {
        match checksum_of_file(Path::new(file)) {
            // A name with a line break could else pass for the hash of another file.
            Ok(hash) => writeln!(out, "\n{} =>\n{hash}", printable(file.as_bytes()))?,
            Err(error) => {
                failures += 1;
                // Nothing can be done about an error that cannot be told; the count still has it.
                let _ = writeln!(errors, "ch06_sha512_256: {}: {error}", printable(file.as_bytes()));
            }
        }
    }
    out.flush()?;
    Ok(failures)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23";

    /// Gives a byte per read, and every other time nothing but an interruption.
    struct Halting<'a> {
        left: &'a [u8],
        interrupted: bool,
    }

    impl Read for Halting<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.left.read(&mut buf[..1])
        }
    }

    #[test]
    fn the_hash_does_not_depend_on_how_the_file_is_read() {
        assert_eq!(checksum(&mut &b"abc"[..]).unwrap(), OF_ABC);
        let mut halting = Halting { left: b"abc", interrupted: false };
        assert_eq!(checksum(&mut halting).unwrap(), OF_ABC);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_with_line_breaks_does_not_pass_for_the_hash_of_another_file() {
        let name = format!("x =>\n0000\n\ny-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "abc").unwrap();
        let mut out = Vec::new();
        print_checksums(&[path.to_str().unwrap().to_string()], &mut out, &mut io::sink()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().count() == 3 && text.contains(" =>\\n0000\\n\\ny-"), "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_the_next_is_hashed() {
        let name = format!("netprog-checksum-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "abc").unwrap();
        let path_text = path.to_str().unwrap().to_string();
        let files = ["/nonexistent/file".to_string(), path_text.clone()];
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        assert_eq!(print_checksums(&files, &mut out, &mut errors).unwrap(), 1);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("\n{path_text} =>\n{OF_ABC}\n"));
        assert!(String::from_utf8(errors).unwrap().starts_with("ch06_sha512_256: /nonexistent/file: "));
    }
}
