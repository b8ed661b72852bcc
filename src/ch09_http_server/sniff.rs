//! What a body is, by its first bytes, for a handler that does not say: Go's `DetectContentType`, which follows the WHATWG's
//! "MIME Sniffing".
//!
//! A guess has a price: whoever may upload a picture may upload a page that begins like one. A handler that serves what others
//! wrote sets `Content-Type` itself, and `X-Content-Type-Options: nosniff` so that the browser does not guess either.
//!
//! Book: Listing 9-4 relies on it.

/// Bytes looked at.
pub const SAMPLE: usize = 512;

/// The type of a body that begins with `sample`: `application/octet-stream` if nothing else fits, and a type in any case.
pub fn content_type(sample: &[u8]) -> &'static str {
    let sample = &sample[..sample.len().min(SAMPLE)];
    let text = skip_white_space(sample);
    if is_html(text) {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    for (pattern, content_type) in SIGNATURES {
        if fits(sample, pattern) {
            return content_type;
        }
    }
    if is_mp4(sample) {
        return "video/mp4";
    }
    if text.iter().any(|byte| is_binary(*byte)) {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}

fn skip_white_space(sample: &[u8]) -> &[u8] {
    let start = sample.iter().position(|byte| !b"\t\n\x0c\r ".contains(byte));
    &sample[start.unwrap_or(sample.len())..]
}

/// Tags a page begins with. Each must be followed by a space or `>`: `<Apple` is no link.
const HTML_TAGS: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

fn is_html(text: &[u8]) -> bool {
    for tag in HTML_TAGS {
        let Some((start, rest)) = text.split_at_checked(tag.len()) else { continue };
        if start.eq_ignore_ascii_case(tag) && matches!(rest.first(), Some(b' ' | b'>')) {
            return true;
        }
    }
    false
}

/// A byte that a signature does not look at. No signature here has this byte in itself.
const ANY: u8 = b'?';

/// First bytes and what has them, in the order of the specification: the first that fits counts.
#[rustfmt::skip]
const SIGNATURES: [(&[u8], &str); 32] = [
    (b"%PDF-",                      "application/pdf"),
    (b"%!PS-Adobe-",                "application/postscript"),
    // A byte order mark, and at least one character.
    (b"\xfe\xff??",                 "text/plain; charset=utf-16be"),
    (b"\xff\xfe??",                 "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf?",              "text/plain; charset=utf-8"),
    (b"\x00\x00\x01\x00",           "image/x-icon"),
    (b"\x00\x00\x02\x00",           "image/x-icon"),
    (b"BM",                         "image/bmp"),
    (b"GIF87a",                     "image/gif"),
    (b"GIF89a",                     "image/gif"),
    (b"RIFF????WEBPVP",             "image/webp"),
    (b"\x89PNG\r\n\x1a\n",          "image/png"),
    (b"\xff\xd8\xff",               "image/jpeg"),
    (b".snd",                       "audio/basic"),
    (b"FORM????AIFF",               "audio/aiff"),
    (b"ID3",                        "audio/mpeg"),
    (b"OggS\x00",                   "application/ogg"),
    (b"MThd\x00\x00\x00\x06",       "audio/midi"),
    (b"RIFF????AVI ",               "video/avi"),
    (b"RIFF????WAVE",               "audio/wave"),
    (b"\x1a\x45\xdf\xa3",           "video/webm"),
    (EMBEDDED_OPEN_TYPE,            "application/vnd.ms-fontobject"),
    (b"\x00\x01\x00\x00",           "font/ttf"),
    (b"OTTO",                       "font/otf"),
    (b"ttcf",                       "font/collection"),
    (b"wOFF",                       "font/woff"),
    (b"wOF2",                       "font/woff2"),
    (b"\x1f\x8b\x08",               "application/x-gzip"),
    (b"PK\x03\x04",                 "application/zip"),
    (b"Rar!\x1a\x07\x00",           "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\x00",       "application/x-rar-compressed"),
    (b"\x00asm",                    "application/wasm"),
];

/// Two letters after 34 bytes that say anything.
const EMBEDDED_OPEN_TYPE: &[u8] = b"??????????????????????????????????LP";

fn fits(sample: &[u8], pattern: &[u8]) -> bool {
    let Some(start) = sample.get(..pattern.len()) else { return false };
    start.iter().zip(pattern).all(|(byte, wanted)| *wanted == ANY || byte == wanted)
}

/// A box named `ftyp`, as long as its first four bytes say, with `mp4` among the brands in it.
fn is_mp4(sample: &[u8]) -> bool {
    let Some((length, rest)) = sample.split_first_chunk::<4>() else { return false };
    let length = u32::from_be_bytes(*length) as usize;
    if length % 4 != 0 || length > sample.len() || !rest.starts_with(b"ftyp") {
        return false;
    }
    for at in (8..length).step_by(4) {
        // The word at 12 is a version and no brand.
        if at != 12 && sample[at..].starts_with(b"mp4") {
            return true;
        }
    }
    false
}

/// A byte that text does not have: control characters but tab, line ends, form feed and escape.
fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_beginnings_have_their_types() {
        #[rustfmt::skip]
        let cases: [(&[u8], &str); 22] = [
            (b"",                                "text/plain; charset=utf-8"),
            (b"Hello, friend!",                  "text/plain; charset=utf-8"),
            (b"{\"a\": 1}",                      "text/plain; charset=utf-8"),
            (b"caf\xc3\xa9",                     "text/plain; charset=utf-8"),
            (b"\xef\xbb\xbfmarked",              "text/plain; charset=utf-8"),
            (b"\xfe\xff\x00a",                   "text/plain; charset=utf-16be"),
            (b"\xff\xfea\x00",                   "text/plain; charset=utf-16le"),
            (b"<html>",                          "text/html; charset=utf-8"),
            (b" \r\n\t<!doctype html>\n",        "text/html; charset=utf-8"),
            (b"<!-- a page -->",                 "text/html; charset=utf-8"),
            (b"<?xml version=\"1.0\"?>",         "text/xml; charset=utf-8"),
            (b"%PDF-1.7\n",                      "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\x00",   "image/png"),
            (b"GIF89a\x01\x00",                  "image/gif"),
            (b"\xff\xd8\xff\xe0",                "image/jpeg"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ",    "image/webp"),
            (b"\x1f\x8b\x08\x00",                "application/x-gzip"),
            (b"PK\x03\x04\x14",                  "application/zip"),
            (b"\x00asm\x01\x00\x00\x00",         "application/wasm"),
            (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00mp41", "video/mp4"),
            (b"\x00\x00\x00\x14ftyp\x00",        "application/octet-stream"),
            (b"\x01\x02\x03",                    "application/octet-stream"),
        ];
        for (sample, wanted) in cases {
            assert_eq!(content_type(sample), wanted, "{sample:?}");
        }
    }

    #[test]
    fn a_tag_must_end_and_a_signature_must_be_whole() {
        assert_eq!(content_type(b"<Apple"), "text/plain; charset=utf-8");
        assert_eq!(content_type(b"<html"), "text/plain; charset=utf-8");
        assert_eq!(content_type(b"GIF8"), "text/plain; charset=utf-8");
        assert_eq!(content_type(b"\x89PN"), "text/plain; charset=utf-8");
        assert_eq!(content_type(b"\x00\x00\x00\x00ftyp"), "application/octet-stream");
    }

    #[test]
    fn what_follows_the_sample_is_not_looked_at() {
        let mut bytes = vec![b'a'; SAMPLE];
        bytes.push(0);
        assert_eq!(content_type(&bytes), "text/plain; charset=utf-8");
        bytes[SAMPLE - 1] = 0;
        assert_eq!(content_type(&bytes), "application/octet-stream");
    }
}
