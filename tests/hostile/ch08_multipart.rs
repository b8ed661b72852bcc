//! Multipart bodies that mean no good: too much of everything, nothing ever, and noise. Row H.25.

use std::io::{self, Read};

use netprog::base::random::Seeded;
use netprog::ch08_http_client::error::MessageError;
use netprog::ch08_http_client::multipart::{
    Boundary, FormLimits, MultipartError, PartLimits, Reader, Writer, parse_form,
};

const TYPE: &str = "multipart/form-data; boundary=XX";
const FIELD: &str = "Content-Disposition: form-data; name=\"a\"\r\n";

/// A beginning, then the same bytes over and over, so many in all. Counts what was asked of it.
#[derive(Debug)]
struct Endless {
    beginning: &'static [u8],
    pattern: &'static [u8],
    given: u64,
    limit: u64,
}

impl Endless {
    fn new(beginning: &'static [u8], pattern: &'static [u8], limit: u64) -> Endless {
        Endless { beginning, pattern, given: 0, limit }
    }
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.limit - self.given).unwrap();
        let count = buf.len().min(left);
        for byte in &mut buf[..count] {
            let at = self.given as usize;
            let repeated = || self.pattern[(at - self.beginning.len()) % self.pattern.len()];
            *byte = self.beginning.get(at).copied().unwrap_or_else(repeated);
            self.given += 1;
        }
        Ok(count)
    }
}

fn parse(source: &mut Endless, limits: FormLimits) -> MultipartError {
    parse_form(source, Some(TYPE), limits).expect_err("it is no form")
}

#[test]
fn a_hundred_thousand_parts_end_at_the_thousandth() {
    let part = b"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    let mut source = Endless::new(b"", part, 100_000 * part.len() as u64);
    let error = parse(&mut source, FormLimits::default());
    assert!(matches!(error, MultipartError::TooManyParts { limit: 1000 }), "{error}");
    assert!(source.given < 1200 * part.len() as u64, "{} bytes were read", source.given);
    // The same with files, each of which could be one on disk.
    let part = b"--XX\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nx\r\n";
    let mut source = Endless::new(b"", part, 100_000 * part.len() as u64);
    let error = parse(&mut source, FormLimits::default());
    assert!(matches!(error, MultipartError::TooManyParts { limit: 1000 }), "{error}");
}

#[test]
fn a_head_without_end_is_not_read_to_its_end() {
    const MUCH: u64 = 1 << 40;
    let mut one_line = Endless::new(b"--XX\r\nA: ", b"b", MUCH);
    let error = parse(&mut one_line, FormLimits::default());
    assert!(matches!(error, MultipartError::Head(MessageError::HeadTooLong { .. })), "{error}");
    assert!(one_line.given < 64 * 1024);

    let mut many_lines = Endless::new(b"--XX\r\n", b"A: b\r\n", MUCH);
    let error = parse(&mut many_lines, FormLimits::default());
    assert!(matches!(error, MultipartError::Head(MessageError::TooManyFields { .. })), "{error}");
    assert!(many_lines.given < 64 * 1024);
}

#[test]
fn a_boundary_that_never_comes_costs_time_and_no_memory() {
    // 1 MiB of beginnings of delimiters: the reader has one buffer, whatever comes.
    for pattern in [&b"\r\n--X\r"[..], b"\r", b"\r\n", b"x"] {
        let mut source = Endless::new(b"preamble", pattern, 1 << 20);
        let mut reader = Reader::with_boundary(&mut source, &Boundary::new("XX").unwrap());
        let error = reader.next_part().unwrap_err();
        assert!(matches!(error, MultipartError::CutShort { parts: 0 }), "{error}");
    }
}

#[test]
fn fields_and_files_without_end_stop_at_their_limits() {
    const MUCH: u64 = 1 << 40;
    let limits = FormLimits { fields: 10_000, memory: 10_000, files: 100_000, parts: PartLimits::default() };
    let mut field = Endless::new(b"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n", b"\r\n-", MUCH);
    assert!(matches!(parse(&mut field, limits), MultipartError::FieldsTooLong { limit: 10_000 }));
    assert!(field.given < 30_000);

    let before = uploads();
    let mut file =
        Endless::new(b"--XX\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n", b"x", MUCH);
    assert!(matches!(parse(&mut file, limits), MultipartError::FilesTooLong { limit: 100_000 }));
    assert!(file.given < 120_000);
    // Another test's may come and go; ours, of 100,001 bytes, is gone.
    let left: Vec<_> = uploads().into_iter().filter(|upload| !before.contains(upload)).collect();
    assert!(left.iter().all(|(_, length)| *length != 100_001), "{left:?}");
}

/// Names and lengths of the temporary files of forms.
fn uploads() -> Vec<(std::ffi::OsString, u64)> {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("netprog-upload-"));
    ours.filter_map(|entry| Some((entry.file_name(), entry.metadata().ok()?.len()))).collect()
}

#[test]
fn a_body_within_a_body_is_left_as_it_is() {
    let inner = "--YY\r\n\r\ninner\r\n--YY--";
    let body = format!("--XX\r\n{FIELD}Content-Type: multipart/mixed; boundary=YY\r\n\r\n{inner}\r\n--XX--");
    let form = parse_form(body.as_bytes(), Some(TYPE), FormLimits::default()).unwrap();
    assert_eq!(form.fields.first("a"), Some(inner));
}

/// A form with a few fields and files.
fn form(random: &mut Seeded) -> Vec<u8> {
    let mut writer = Writer::with_boundary(Vec::new(), Boundary::new("XX").unwrap());
    for _ in 0..1 + random.below(3) {
        writer.field("field", "some value\r\nof two lines").unwrap();
        io::Write::write_all(writer.file("file", "x.txt").unwrap(), &[b'-'; 50]).unwrap();
    }
    writer.finish().unwrap()
}

fn mutated(random: &mut Seeded) -> Vec<u8> {
    const PIECES: [&[u8]; 10] =
        [b"\r\n", b"\n", b"--XX", b"\r\n--XX--", b"\"", b"\\", b"filename*=UTF-8''%", b"\0", b"\xff", b": "];
    let mut bytes = form(random);
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(4) {
            0 => bytes[at] = random.below(256) as u8,
            1 => bytes.truncate(at + 1),
            2 => drop(bytes.drain(at..(at + 10).min(bytes.len()))),
            _ => drop(bytes.splice(at..at, PIECES[random.below(10) as usize].iter().copied())),
        }
        if bytes.is_empty() {
            bytes.push(b'-');
        }
    }
    bytes
}

#[test]
fn noise_is_refused_or_taken_and_never_worse_and_always_alike_in_any_pieces() {
    let mut random = Seeded::new(25);
    let limits = FormLimits { memory: 1 << 20, files: 1 << 20, ..FormLimits::default() };
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..1_500 {
        let bytes = mutated(&mut random);
        let whole = parse_form(&bytes[..], Some(TYPE), limits);
        let one_by_one = parse_form(ByteByByte(&bytes), Some(TYPE), limits);
        match (whole, one_by_one) {
            (Ok(one), Ok(two)) => {
                taken += 1;
                assert_eq!(one.fields, two.fields);
                for (one, two) in one.files.iter().zip(&two.files) {
                    assert_eq!(
                        (&one.name, &one.filename, one.length),
                        (&two.name, &two.filename, two.length)
                    );
                    assert!(!one.filename.contains(['/', '\\', '\0', '\n']));
                }
            }
            (Err(one), Err(two)) => {
                refused += 1;
                assert_eq!(one.kind(), two.kind(), "{one} and {two}");
                assert!(one.to_string().len() < 500, "{one}");
            }
            (one, two) => panic!("{one:?} and {two:?} for {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused: one side is hardly tried");
}

struct ByteByByte<'a>(&'a [u8]);

impl Read for ByteByByte<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(1);
        self.0.read(&mut buf[..most])
    }
}
