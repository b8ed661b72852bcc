//! Listings 6-12 and 6-13: what a download and its original have in common.

use std::path::PathBuf;

use netprog::base::trace;
use netprog::ch06_tftp::checksum::{checksum, checksum_of_file, print_checksums};
use netprog::crypto::sha512::{sha512, sha512_256};

/// A file of this test alone, gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn with(name: &str, content: &[u8]) -> Scratch {
        let path = std::env::temp_dir().join(format!("netprog-ch06-{name}-{}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Scratch(path)
    }

    fn name(&self) -> String {
        self.0.to_str().unwrap().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Listing 6-12: the hash of each file that is named. Watch: a file that is read in pieces has the hash of the whole, and one
/// that cannot be read stops nobody. Row 6.26.
#[test]
fn listing_6_12_every_file_named_is_hashed() {
    let _me = trace::party("checksum");
    trace::chapter("ch06");
    let empty = checksum(&mut &b""[..]).unwrap();
    trace::note(|| format!("nothing at all has a hash too: {empty}"));
    assert_eq!(empty, "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a");

    // 75,352 bytes, the length of the book's picture: 588 blocks of the hash and 88 bytes.
    let picture: Vec<u8> = (0..75_352u32).map(|index| (index % 253) as u8).collect();
    let file = Scratch::with("listing-6-12", &picture);
    let in_pieces = checksum_of_file(&file.0).unwrap();
    trace::note(|| format!("75352 bytes read piece by piece: {in_pieces}"));
    assert_eq!(in_pieces, hex(&sha512_256(&picture)));

    let names = ["/nonexistent/picture.svg".to_string(), file.name()];
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let failures = print_checksums(&names, &mut out, &mut errors).unwrap();
    trace::note(|| String::from_utf8_lossy(&errors).trim_end().to_string());
    assert_eq!(failures, 1, "the one that is not there");
    assert!(String::from_utf8(out).unwrap().contains(&in_pieces), "the other is hashed all the same");
}

/// Listing 6-13: the picture before and after its journey. Watch: two files of the same bytes have the same hash whatever they
/// are called; a single changed bit has another. Row 6.26.
#[test]
fn listing_6_13_the_download_has_the_hash_of_the_original() {
    let _me = trace::party("checksum");
    trace::chapter("ch06");
    let picture = vec![b'<'; 75_352];
    let payload = Scratch::with("payload.svg", &picture);
    let download = Scratch::with("test.svg", &picture);
    let names = [download.name(), payload.name()];
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    assert_eq!(print_checksums(&names, &mut out, &mut errors).unwrap(), 0);
    let text = String::from_utf8(out).unwrap();
    trace::note(|| text.clone());

    // A blank line, the name and an arrow, the hash: three lines each, as the book shows them.
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!((lines[0], lines[1]), ("", format!("{} =>", download.name()).as_str()));
    assert_eq!((lines[3], lines[4]), ("", format!("{} =>", payload.name()).as_str()));
    assert_eq!(lines[2], lines[5], "the same bytes");
    assert_eq!(lines[2].len(), 64);

    let mut damaged = picture;
    damaged[40_000] ^= 1;
    let other = checksum(&mut &damaged[..]).unwrap();
    trace::note(|| format!("one bit of 602816 changed: {other}"));
    assert_ne!(other, lines[2]);
}

/// The book calls SHA-512/256 a truncated SHA-512. It is truncated, and it starts elsewhere. Row 6.27.
#[test]
fn the_half_is_not_the_first_half_of_the_whole() {
    assert!(hex(&sha512(b"abc")).starts_with("ddaf35a193617aba"));
    assert!(hex(&sha512_256(b"abc")).starts_with("53048e2681941ef9"));
}
