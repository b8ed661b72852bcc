//! Our gzip, zlib and deflate beside `gzip` and Python's `zlib`, both ways, several megabytes. `make interop`.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use netprog::base::deflate::{Deflate, Level};
use netprog::base::gzip::{GzipReader, GzipWriter};
use netprog::base::inflate::Inflate;
use netprog::base::random::Seeded;
use netprog::base::zlib::{ZlibReader, ZlibWriter};

const LEVELS: [Level; 3] = [Level::Store, Level::Fast, Level::Default];

/// Text, noise, zeros, and the text again: 4 MB in all.
fn document() -> Vec<u8> {
    let mut random = Seeded::new(4);
    let mut text = Vec::new();
    while text.len() < 1_500_000 {
        let bits = random.below(16);
        let number = random.below(1 << bits);
        text.extend_from_slice(format!("chore {number} of gopher {}\n", number % 97).as_bytes());
    }
    let mut noise = vec![0; 500_000];
    random.fill(&mut noise);
    [&text[..], &noise, &vec![0; 500_000], &text].concat()
}

/// What a program makes of its input.
fn filter(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is installed");
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{command:?}: {:?}", output.status);
    output.stdout
}

/// Python's `zlib` with this number of window bits: 15 zlib, −15 deflate alone, 31 gzip.
fn python(work: &str, window_bits: &str, input: &[u8]) -> Vec<u8> {
    const PROGRAM: &str = "
import sys, zlib
work, bits, data = sys.argv[1], int(sys.argv[2]), sys.stdin.buffer.read()
if work == 'decompress':
    made = zlib.decompressobj(bits)
    out = made.decompress(data) + made.flush()
    assert made.eof and not made.unused_data
else:
    made = zlib.compressobj(int(work), zlib.DEFLATED, bits)
    half = len(data) // 2
    out = made.compress(data[:half]) + made.flush(zlib.Z_SYNC_FLUSH) + made.compress(data[half:]) + made.flush()
sys.stdout.buffer.write(out)
";
    filter(Command::new("python3").args(["-c", PROGRAM, work, window_bits]), input)
}

fn read_all(mut reader: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    all
}

/// Written in uneven pieces, some of them flushed.
fn write_pieces(writer: &mut impl Write, bytes: &[u8]) {
    let mut random = Seeded::new(6);
    let mut left = bytes;
    while !left.is_empty() {
        let (piece, rest) = left.split_at(left.len().min(1 + random.below(300_000) as usize));
        writer.write_all(piece).unwrap();
        if random.chance(0.3) {
            writer.flush().unwrap();
        }
        left = rest;
    }
}

#[test]
#[ignore = "needs gzip and python3"]
fn gzip_reads_what_we_write() {
    let document = document();
    for level in LEVELS {
        let mut writer = GzipWriter::new(Vec::new(), level);
        write_pieces(&mut writer, &document);
        let packed = writer.finish().unwrap();
        assert!(filter(Command::new("gzip").arg("-dc"), &packed) == document, "{level:?}");
    }
}

#[test]
#[ignore = "needs gzip and python3"]
fn we_read_what_gzip_writes() {
    let document = document();
    for level in ["-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"] {
        let packed = filter(Command::new("gzip").arg(level), &document);
        assert!(read_all(GzipReader::new(&packed[..], u64::MAX)) == document, "gzip {level}");
    }
}

#[test]
#[ignore = "needs gzip and python3"]
fn python_reads_what_we_write() {
    let document = document();
    for level in LEVELS {
        let mut writer = GzipWriter::new(Vec::new(), level);
        write_pieces(&mut writer, &document);
        assert!(python("decompress", "31", &writer.finish().unwrap()) == document, "gzip, {level:?}");
        let mut writer = ZlibWriter::new(Vec::new(), level);
        write_pieces(&mut writer, &document);
        assert!(python("decompress", "15", &writer.finish().unwrap()) == document, "zlib, {level:?}");
        let mut writer = Deflate::new(Vec::new(), level);
        write_pieces(&mut writer, &document);
        assert!(python("decompress", "-15", &writer.finish().unwrap()) == document, "deflate, {level:?}");
    }
}

#[test]
#[ignore = "needs gzip and python3"]
fn we_read_what_python_writes() {
    let document = document();
    for level in ["0", "1", "6", "9"] {
        let gzip = python(level, "31", &document);
        assert!(read_all(GzipReader::new(&gzip[..], u64::MAX)) == document, "gzip, {level}");
        let zlib = python(level, "15", &document);
        assert!(read_all(ZlibReader::new(&zlib[..], u64::MAX)) == document, "zlib, {level}");
        assert!(
            read_all(ZlibReader::or_deflate(&zlib[..], u64::MAX)) == document,
            "zlib or deflate, {level}"
        );
        let bare = python(level, "-15", &document);
        assert!(read_all(Inflate::new(&bare[..], u64::MAX)) == document, "deflate, {level}");
        assert!(
            read_all(ZlibReader::or_deflate(&bare[..], u64::MAX)) == document,
            "deflate or zlib, {level}"
        );
    }
}

#[test]
#[ignore = "needs gzip and python3"]
fn our_usual_level_is_within_a_tenth_of_zlib_s() {
    // Words out of three thousand, early ones often and late ones seldom, as in prose.
    let mut random = Seeded::new(7);
    let mut words = Vec::new();
    for _ in 0..3000 {
        let length = 2 + random.below(8);
        words.push((0..length).map(|_| char::from(b'a' + random.below(26) as u8)).collect::<String>());
    }
    let mut text = String::new();
    while text.len() < 1_500_000 {
        let most = 1 + random.below(3000);
        text.push_str(&words[random.below(most) as usize]);
        text.push(' ');
    }
    let text = text.as_bytes();
    let mut writer = Deflate::new(Vec::new(), Level::Default);
    writer.write_all(text).unwrap();
    let (ours, theirs) = (writer.finish().unwrap().len(), python("6", "-15", text).len());
    assert!(ours * 10 < theirs * 11, "{ours} bytes, zlib {theirs}");
}
