//! Prints SHA-512/256 checksums: the program of Listing 6-12. See [`netprog::ch06_tftp::checksum`].

use std::io::{self, Write};
use std::process::ExitCode;

use netprog::base::flags::Flags;
use netprog::ch06_tftp::checksum::print_checksums;

const ABOUT: &str = "\
Prints the SHA-512/256 checksum of each file. A file that cannot be read is named on standard
error, the others are hashed all the same, and the exit code is 1. Without a file: nothing.";

fn main() -> ExitCode {
    let mut flags = Flags::new("ch06_sha512_256", "file...");
    flags.about(ABOUT);
    let parsed = flags.parse_or_exit();
    let mut out = io::stdout().lock();
    match print_checksums(parsed.rest(), &mut out, &mut io::stderr()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "ch06_sha512_256: cannot write the checksums: {error}");
            ExitCode::from(1)
        }
    }
}
