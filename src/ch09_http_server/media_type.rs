//! What a file is, by the end of its name. Where that says nothing, [`sniff`](super::sniff) looks at its first bytes.
//!
//! The type decides what a browser does: `text/html` is a page whose scripts run, `text/plain` is shown, and a type it does not
//! know is saved. Text has `charset=utf-8` because a browser would guess otherwise. JSON and SVG have none: JSON is always UTF-8, and
//! XML says itself what it is.
//!
//! Left out: the several hundred types of `/etc/mime.types`, and reading it. A server's answers should not depend on
//! what else is installed.

/// Small letters, sorted, so that one sees what is missing.
const TYPES: [(&str, &str); 55] = [
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("iso", "application/octet-stream"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("rss", "application/rss+xml"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The value of `Content-Type` for a file of this name, or `None` if its end says nothing. Case does not count. A name that is
/// only an end, as `.html`, is a hidden file's name, and its end counts too, as in Go.
pub fn of(name: &str) -> Option<&'static str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let (_, extension) = last.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    let index = TYPES.binary_search_by(|(known, _)| (*known).cmp(&extension)).ok()?;
    Some(TYPES[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_name_tells_and_its_case_does_not_count() {
        for (name, kind) in [
            ("index.html", Some("text/html; charset=utf-8")),
            ("INDEX.HTM", Some("text/html; charset=utf-8")),
            ("/a/style.css", Some("text/css; charset=utf-8")),
            ("hiking.svg", Some("image/svg+xml")),
            ("app.js", Some("text/javascript; charset=utf-8")),
            ("data.json", Some("application/json")),
            ("x.tar.gz", Some("application/gzip")),
            ("a.woff2", Some("font/woff2")),
            ("a.wasm", Some("application/wasm")),
            (".html", Some("text/html; charset=utf-8")),
            ("hello.txt", Some("text/plain; charset=utf-8")),
            ("README", None),
            (".secret", None),
            ("a.html/b", None),
            ("a.", None),
            ("a.html.", None),
            ("a.html~", None),
            ("", None),
        ] {
            assert_eq!(of(name), kind, "{name}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_every_text_says_its_letters() {
        assert!(TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (extension, kind) in TYPES {
            assert_eq!(of(&format!("x.{extension}")), Some(kind));
            assert_eq!(kind.starts_with("text/"), kind.ends_with("; charset=utf-8"), "{kind}");
        }
    }
}
