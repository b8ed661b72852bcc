//! Forms received, whole and broken.

use std::io::{self, ErrorKind, Read};

use super::boundary;
use crate::base::random::Seeded;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::multipart::*;

const TYPE: &str = "multipart/form-data; boundary=XX";

/// A source that gives a few bytes at a time, as many as the numbers say in turn.
struct Pieces<'a>(&'a [u8], Seeded, u64);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(1 + self.1.below(self.2) as usize);
        self.0.read(&mut buf[..most])
    }
}

/// Name and content of every part.
fn parts(body: impl Read) -> Result<Vec<(String, Vec<u8>)>, MultipartError> {
    let mut reader = Reader::with_boundary(body, &boundary("XX"));
    let mut all = Vec::new();
    while let Some(mut part) = reader.next_part()? {
        let mut content = Vec::new();
        part.read_to_end(&mut content)?;
        all.push((part.name.unwrap_or_default(), content));
    }
    Ok(all)
}

fn contents(body: &str) -> Vec<String> {
    let all = parts(body.as_bytes()).unwrap_or_else(|error| panic!("{body:?}: {error}"));
    all.into_iter().map(|(_, content)| String::from_utf8(content).unwrap()).collect()
}

fn form(body: &str) -> Result<ReceivedForm, MultipartError> {
    parse_form(body.as_bytes(), Some(TYPE), FormLimits::default())
}

fn one_part(head: &str, content: &str) -> String {
    format!("--XX\r\n{head}\r\n\r\n{content}\r\n--XX--\r\n")
}

fn disposition_of(head: &str) -> Result<(Option<String>, Option<String>), MultipartError> {
    let body = one_part(head, "");
    let mut reader = Reader::new(body.as_bytes(), TYPE)?;
    let part = reader.next_part()?.expect("there is one");
    Ok((part.name, part.filename))
}

#[test]
fn preamble_and_epilogue_are_no_parts() {
    let body = "To whom it may\r\nconcern --XX\r\n--X\r\n--XX\r\n\r\nA\r\n--XX--\r\nthe end\r\n--XX\r\n\r\nB\r\n--XX--";
    assert_eq!(contents(body), ["A"]);
}

#[test]
fn a_form_without_parts_is_a_form() {
    for body in ["\r\n--XX--\r\n", "--XX--\r\n", "--XX--", "--XX-- \t\r\n", "hello\r\n--XX--"] {
        assert!(contents(body).is_empty(), "{body:?}");
    }
}

#[test]
fn a_part_may_have_no_fields_or_no_content() {
    assert_eq!(contents("--XX\r\n\r\nA\r\n--XX\r\nA: b\r\n\r\n\r\n--XX--"), ["A", ""]);
    // The line end of the delimiter is the one behind the head (RFC 2046, the grammar in 5.1.1).
    assert_eq!(contents("--XX\r\nA: b\r\n\r\n--XX\r\n\r\n--XX \t\r\n\r\nB\r\n--XX--"), ["", "", "B"]);
}

#[test]
fn what_only_resembles_a_delimiter_is_content() {
    for content in [
        "\r\n",
        "\r\n\r\n",
        "\r",
        "\n",
        "\r\n-",
        "\r\n--",
        "\r\n--X",
        "--XX",
        "a--XX--",
        "\n--XX",
        "\r--XX",
        "\r\r\n--X\r\n--",
        "\r\n --XX",
        "\r\n--xx",
        "-",
    ] {
        // A line begins where the content does, and `--XX` must not stand there.
        let content = format!("c{content}");
        assert_eq!(contents(&one_part("A: b", &content)), [content.as_str()]);
    }
}

#[test]
fn a_line_that_begins_like_a_delimiter_and_is_none_is_refused() {
    let long_padding = format!("--XX{}\r\n", " ".repeat(100));
    for line in ["--XXX\r\n", "--XX-\r\n", "--XX--x\r\n", "--XX\n", "--XX\rx", "--XX x\r\n", &long_padding] {
        for body in [line.to_string(), one_part("A: b", &format!("x\r\n{line}")), one_part("A: b", line)] {
            let error = parts(body.as_bytes()).unwrap_err();
            assert!(matches!(error, MultipartError::BadDelimiter(_)), "{body:?}: {error}");
            assert!(error.to_string().starts_with("the line \"--XX"), "{error}");
        }
    }
}

#[test]
fn line_ends_of_lf_alone_make_no_delimiter() {
    // The first could be taken for one if its line ended rightly, and then nothing else is found.
    assert!(matches!(parts(&b"--XX\nA: b\n\nc\n--XX--\n"[..]), Err(MultipartError::BadDelimiter(_))));
    let error = parts(&b"--XX\r\nA: b\n\nc\r\n--XX--\r\n"[..]).unwrap_err();
    assert!(matches!(error, MultipartError::Head(_)), "{error}");
    let error = parts(&b"--XX\r\nA: b\r\n\r\nc\n--XX--\n"[..]).unwrap_err();
    assert!(matches!(error, MultipartError::CutShort { parts: 1 }), "{error}");
}

#[test]
fn a_body_that_ends_anywhere_before_its_terminator_is_cut_short() {
    let body = "pre\r\n--XX\r\nA: b\r\n\r\nHello\r\n\r\n--XX\r\nA: b\r\n\r\n\r\n--XX--";
    assert_eq!(contents(body), ["Hello\r\n", ""]);
    for length in 0..body.len() {
        let error = parts(&body.as_bytes()[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length}: {error}");
    }
}

#[test]
fn the_pieces_in_which_a_body_comes_make_no_difference() {
    let mut random = Seeded::new(8);
    for round in 0..300 {
        let mut expected = Vec::new();
        let mut writer = Writer::with_boundary(Vec::new(), boundary("XX"));
        for index in 0..random.below(5) {
            // Around the buffer's size now and then, and full of beginnings of delimiters.
            let length = if random.chance(0.2) { 8_100 + random.below(200) } else { random.below(300) };
            let content: Vec<u8> = (0..length).map(|_| b"\r\n\r\n--Xc"[random.below(8) as usize]).collect();
            let content = String::from_utf8(content).unwrap().replace("--XX", "--Xc").into_bytes();
            writer.field(&index.to_string(), &content).unwrap();
            expected.push((index.to_string(), content));
        }
        let body = writer.finish().unwrap();
        let most = [1, 3, 80, 10_000][round % 4];
        let found = parts(Pieces(&body, Seeded::new(round as u64), most));
        assert_eq!(found.unwrap(), expected);
    }
}

#[test]
fn a_part_that_is_not_read_is_skipped() {
    let body = "--XX\r\n\r\nfirst\r\n--XX\r\n\r\nsecond\r\n--XX\r\n\r\nthird\r\n--XX--";
    let mut reader = Reader::with_boundary(body.as_bytes(), &boundary("XX"));
    drop(reader.next_part().unwrap());
    reader.next_part().unwrap().unwrap().read_exact(&mut [0; 2]).unwrap();
    let mut third = reader.next_part().unwrap().unwrap();
    assert_eq!(io::read_to_string(&mut third).unwrap(), "third");
    assert_eq!(third.read(&mut [0; 8]).unwrap(), 0);
    assert!(reader.next_part().unwrap().is_none() && reader.next_part().unwrap().is_none());
}

#[test]
fn names_lose_their_quotes_and_files_their_folders() {
    let some = |text: &str| Some(text.to_string());
    for (value, name, filename) in [
        (r#"form-data; name="a""#, some("a"), None),
        (r#"Form-Data; NAME=a; filename="""#, some("a"), some("")),
        (r#"form-data; name="a\"\\b"; filename="../../etc/passwd""#, some("a\"\\b"), some("passwd")),
        (r#"form-data; name=""; filename="C:\dir\x.txt""#, some(""), some("x.txt")),
        (r#"form-data; filename="..""#, None, some("")),
        (r#"attachment; name="a"; filename="x""#, None, some("x")),
        (r#"form-data; name="%22"; filename="%2e%2e%2fx""#, some("%22"), some("%2e%2e%2fx")),
        (
            r#"form-data; name=a; filename="x"; filename*=UTF-8'en'..%2fna%C3%AFve.txt"#,
            some("a"),
            some("naïve.txt"),
        ),
        (r#"form-data; name="größe""#, some("größe"), None),
    ] {
        let found = disposition_of(&format!("Content-Disposition: {value}")).unwrap();
        assert_eq!(found, (name, filename), "{value}");
    }
    assert_eq!(disposition_of("A: b").unwrap(), (None, None));
}

#[test]
fn a_disposition_that_can_be_read_in_two_ways_is_refused() {
    for head in [
        "Content-Disposition: form-data; name=a; name=b",
        "Content-Disposition: form-data; name=\"a",
        "Content-Disposition: form-data; name=a; filename*=latin1''x",
        "Content-Disposition: form-data; name=a; filename*=UTF-8''%0a",
        "Content-Disposition: form-data; name=a; filename*=x",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
    ] {
        assert!(matches!(disposition_of(head), Err(MultipartError::BadDisposition { .. })), "{head}");
    }
    let body = b"--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--XX--";
    assert!(matches!(parts(&body[..]), Err(MultipartError::BadDisposition { .. })));
}

#[test]
fn after_a_bad_head_nothing_is_read_on() {
    let body = "--XX\r\nno field\r\n\r\n--XX\r\n\r\nB\r\n--XX--";
    let mut reader = Reader::with_boundary(body.as_bytes(), &boundary("XX"));
    assert!(matches!(reader.next_part(), Err(MultipartError::Head(MessageError::BadField { .. }))));
    assert!(matches!(reader.next_part(), Err(MultipartError::FailedBefore)));
}

#[test]
fn heads_and_their_number_have_limits() {
    let limits = PartLimits { parts: 2, head: 40, fields: 2 };
    let next_error = |body: &str| {
        let mut reader = Reader::with_boundary(body.as_bytes(), &boundary("XX")).within(limits);
        loop {
            match reader.next_part() {
                Ok(part) => assert!(part.is_some(), "{body:?} was taken"),
                Err(error) => return error,
            }
        }
    };
    let three = "--XX\r\n\r\n1\r\n--XX\r\n\r\n2\r\n--XX\r\n\r\n3\r\n--XX--";
    assert!(matches!(next_error(three), MultipartError::TooManyParts { limit: 2 }));
    let long = one_part(&format!("A: {}", "b".repeat(40)), "");
    assert!(matches!(next_error(&long), MultipartError::Head(MessageError::HeadTooLong { limit: 40 })));
    let many = one_part("A: b\r\nA: b\r\nA: b", "");
    assert!(matches!(next_error(&many), MultipartError::Head(MessageError::TooManyFields { limit: 2 })));
}

/// Gives its bytes one at a time, with a time-out before each.
struct Slow<'a>(&'a [u8], bool);

impl Read for Slow<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 { Err(ErrorKind::TimedOut.into()) } else { self.0.read(&mut buf[..1]) }
    }
}

#[test]
fn a_time_out_in_the_content_loses_nothing() {
    let body = b"c\r\n--Xc\r\n--XX--";
    let mut reader = Reader::with_boundary((&b"--XX\r\n\r\n"[..]).chain(Slow(body, false)), &boundary("XX"));
    let mut part = reader.next_part().unwrap().unwrap();
    let (mut content, mut timeouts) = (Vec::new(), 0);
    while let Err(error) = part.read_to_end(&mut content) {
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        timeouts += 1;
    }
    assert_eq!((content.as_slice(), timeouts), (&b"c\r\n--Xc"[..], body.len() + 1));
}

#[test]
fn the_content_type_must_name_a_boundary() {
    let error = |content_type: Option<&str>| {
        parse_form(io::empty(), content_type, FormLimits::default()).unwrap_err()
    };
    assert!(matches!(error(None), MultipartError::NotMultipart(None)));
    for other in
        ["text/plain; boundary=XX", "multipart/mixed; boundary=XX", "multipart/form-datax; boundary=XX"]
    {
        assert!(matches!(error(Some(other)), MultipartError::NotMultipart(Some(_))), "{other}");
    }
    assert!(matches!(error(Some("multipart/form-data")), MultipartError::NoBoundary));
    assert!(matches!(error(Some("multipart/form-data; boundary=\"\"")), MultipartError::BadBoundary(_)));
    assert!(matches!(
        error(Some("multipart/form-data; boundary=X; boundary=Y")),
        MultipartError::MediaType(_)
    ));
    assert!(Reader::new(io::empty(), "Multipart/Mixed; boundary=\"a b\"").is_ok());
}

#[test]
fn fields_and_files_come_in_their_order() {
    let mut writer = Writer::with_boundary(Vec::new(), boundary("XX"));
    writer.field("a", "1").unwrap();
    io::Write::write_all(writer.file("f", "x.txt").unwrap(), b"Hello").unwrap();
    writer.field("a", "ä").unwrap();
    let body = String::from_utf8(writer.finish().unwrap()).unwrap();
    let form = form(&body).unwrap();
    assert_eq!(form.fields.all("a").collect::<Vec<_>>(), ["1", "ä"]);
    let file = form.file("f").unwrap();
    assert_eq!((file.filename.as_str(), file.length, file.path()), ("x.txt", 5, None));
    assert_eq!(file.header.get("content-type"), Some("application/octet-stream"));
    for _ in 0..2 {
        assert_eq!(io::read_to_string(file.open().unwrap()).unwrap(), "Hello");
    }
    assert!(form.file("a").is_none());
}

#[test]
fn what_is_no_part_of_a_form_is_refused() {
    let named = "Content-Disposition: form-data; name=\"a\"";
    assert!(matches!(form(&one_part("A: b", "")), Err(MultipartError::NoName)));
    let encoded = one_part(&format!("{named}\r\nContent-Transfer-Encoding: BASE64"), "QQ==");
    assert!(
        matches!(form(&encoded), Err(MultipartError::TransferEncoding(encoding)) if encoding == "base64")
    );
    assert!(form(&one_part(&format!("{named}\r\nContent-Transfer-Encoding: 8bit"), "x")).is_ok());
    let bytes = [b"--XX\r\n", named.as_bytes(), b"\r\n\r\n\xff\r\n--XX--"].concat();
    let error = parse_form(&bytes[..], Some(TYPE), FormLimits::default()).unwrap_err();
    assert!(matches!(error, MultipartError::NotUtf8(name) if name == "a"));
}

fn three_files() -> Vec<u8> {
    let mut writer = Writer::with_boundary(Vec::new(), boundary("XX"));
    for (name, length) in [("f1", 60), ("f2", 50), ("f3", 40)] {
        io::Write::write_all(writer.file(name, "same").unwrap(), &vec![name.as_bytes()[1]; length]).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_file_without_room_in_memory_lies_on_disk_until_it_is_dropped() {
    let limits = FormLimits { memory: 100, ..FormLimits::default() };
    let form = parse_form(&three_files()[..], Some(TYPE), limits).unwrap();
    let on_disk: Vec<bool> = form.files.iter().map(|file| file.path().is_some()).collect();
    // The second has no room beside the first; the third has.
    assert_eq!(on_disk, [false, true, false]);
    let file = form.file("f2").unwrap();
    for _ in 0..2 {
        assert_eq!(io::read_to_string(file.open().unwrap()).unwrap(), "2".repeat(50));
    }
    let path = file.path().unwrap().to_path_buf();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(form);
    assert!(!path.exists());
}

#[test]
fn fields_and_files_have_limits_of_their_own() {
    let files = |files| {
        parse_form(&three_files()[..], Some(TYPE), FormLimits { files, memory: 10, ..FormLimits::default() })
    };
    assert_eq!(files(150).unwrap().files.len(), 3);
    for limit in [0, 1, 60, 149] {
        assert!(matches!(files(limit), Err(MultipartError::FilesTooLong { limit: told }) if told == limit));
    }
    let body = one_part("Content-Disposition: form-data; name=\"abc\"", "12345");
    let fields =
        |fields| parse_form(body.as_bytes(), Some(TYPE), FormLimits { fields, ..FormLimits::default() });
    assert!(fields(8).is_ok());
    for limit in [0, 2, 7] {
        assert!(matches!(fields(limit), Err(MultipartError::FieldsTooLong { .. })), "{limit}");
    }
}
