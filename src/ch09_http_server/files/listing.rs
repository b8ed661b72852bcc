//! What is in a directory, as a page.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::root::is_servable;
use crate::ch08_http_client::url::percent::encode_segment;
use crate::ch09_http_server::escape;

/// The names in a directory, sorted by their bytes; a directory's ends in a slash.
///
/// # Errors
/// The system's.
pub(super) fn names(directory: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let mut name = bytes_of(&entry.file_name());
        if !is_servable(&name) {
            continue;
        }
        // A link to a directory has none: a look at what it leads to would cost one more call for each.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            name.push(b'/');
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// A page with a link to each of these names, for the directory at `path`.
pub(super) fn page(path: &str, names: &[Vec<u8>]) -> String {
    let title = escape::html(path);
    let mut page = format!(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<ul>\n"
    );
    for name in names {
        let text = escape::html(&String::from_utf8_lossy(name));
        page.push_str(&format!("<li><a href=\"{}\">{text}</a>\n", escape::html(&link(name))));
    }
    page + "</ul>\n"
}

/// The name as a relative URL. A colon would end a scheme, and a slash is at its end or nowhere.
pub(super) fn link(name: &[u8]) -> String {
    match name.strip_suffix(b"/") {
        Some(directory) => link(directory) + "/",
        None => encode_segment(name).replace(':', "%3A"),
    }
}

#[cfg(unix)]
fn bytes_of(name: &OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes_of(name: &OsStr) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_into_the_page_nor_into_the_url() {
        for (name, line) in [
            (&b"a b"[..], "<a href=\"a%20b\">a b</a>"),
            (b"<i>\"&'", "<a href=\"%3Ci%3E%22&amp;&#39;\">&lt;i&gt;&#34;&amp;&#39;</a>"),
            (b"javascript:alert(1)", "<a href=\"javascript%3Aalert(1)\">javascript:alert(1)</a>"),
            (b"a?b#c%41", "<a href=\"a%3Fb%23c%2541\">a?b#c%41</a>"),
            (b"dir/", "<a href=\"dir/\">dir/</a>"),
            (b"\xff\n", "<a href=\"%FF%0A\">\u{fffd}\n</a>"),
            ("\u{e4}".as_bytes(), "<a href=\"%C3%A4\">\u{e4}</a>"),
        ] {
            let page = page("/", &[name.to_vec()]);
            assert!(page.contains(line), "{page}");
        }
        assert!(page("/<b>/", &[]).contains("<title>/&lt;b&gt;/</title>"));
    }
}
