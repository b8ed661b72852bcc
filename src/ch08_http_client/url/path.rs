//! The shortest name of a path, by its letters alone: Go's `path.Clean`.
//!
//! ```text
//! /a//b/./c/../d/    /a/b/d
//! /../etc            /etc       above the root there is nothing
//! ../a               ../a       above an unknown folder there may be something
//! ```
//! A file server cleans a path before it looks for a file, a mux before it looks for a route. Both clean the *decoded* path:
//! in `/%2e%2e/etc` the dots are seen only then. What is a folder and what a link on some disk, `clean` does not know.

/// The shortest path that means the same: no doubled slashes, no `.`, no `..` that can be taken back, no slash at the end
/// but that of the root. Nothing at all is `.`.
///
/// A mux that tells `/a/` from `/a` puts the slash at the end back itself, as Go's does.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            ".." if rooted => {}
            other => segments.push(other),
        }
    }
    match (rooted, segments.is_empty()) {
        (true, _) => format!("/{}", segments.join("/")),
        (false, true) => ".".to_string(),
        (false, false) => segments.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    const CLEANED: [(&str, &str); 51] = [
        // already clean
        ("", "."), ("abc", "abc"), ("abc/def", "abc/def"), ("a/b/c", "a/b/c"), (".", "."), ("..", ".."),
        ("../..", "../.."), ("../../abc", "../../abc"), ("/abc", "/abc"), ("/", "/"), ("...", "..."), ("/.a", "/.a"),
        // slashes at the end, doubled slashes
        ("abc/", "abc"), ("abc/def/", "abc/def"), ("a/b/c/", "a/b/c"), ("./", "."), ("../", ".."), ("../../", "../.."),
        ("/abc/", "/abc"), ("abc//def//ghi", "abc/def/ghi"), ("//abc", "/abc"), ("///abc", "/abc"), ("//abc//", "/abc"),
        ("abc//", "abc"), ("//", "/"),
        // one dot
        ("abc/./def", "abc/def"), ("/./abc/def", "/abc/def"), ("abc/.", "abc"), ("./abc", "abc"), ("/.", "/"),
        // two dots
        ("abc/def/ghi/../jkl", "abc/def/jkl"), ("abc/def/../ghi/../jkl", "abc/jkl"), ("abc/def/..", "abc"),
        ("abc/def/../..", "."), ("/abc/def/../..", "/"), ("abc/def/../../..", ".."), ("/abc/def/../../..", "/"),
        ("abc/def/../../../ghi/jkl/../../../mno", "../../mno"), ("/..", "/"), ("/../abc", "/abc"), ("/../..", "/"),
        // all at once
        ("abc/./../def", "def"), ("abc//./../def", "def"), ("abc/../../././../def", "../../def"),
        ("/a/b/../../../../c", "/c"), ("a/..", "."), ("./..", ".."), ("/a/...", "/a/..."), ("..a/..", "."),
        // letters of other alphabets and the other slash are letters
        ("ä//ö/..", "ä"), ("a\\..\\b", "a\\..\\b"),
    ];

    #[test]
    fn paths_are_as_short_as_go_makes_them_and_stay_so() {
        for (path, cleaned) in CLEANED {
            assert_eq!(clean(path), cleaned, "{path:?}");
            assert_eq!(clean(cleaned), cleaned);
        }
    }

    #[test]
    fn no_rooted_path_climbs_above_its_root() {
        let pieces = ["..", ".", "", "a", "..."];
        for number in 0..5usize.pow(6) {
            let mut path = String::new();
            for place in 0..6 {
                path.push('/');
                path.push_str(pieces[number / 5usize.pow(place) % 5]);
            }
            let cleaned = clean(&path);
            assert!(cleaned.starts_with('/') && !cleaned.split('/').any(|segment| segment == ".."), "{path}");
        }
    }
}
