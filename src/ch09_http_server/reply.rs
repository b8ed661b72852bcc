//! Answers every handler needs: an error in a line of text, "not found", and "look over there".
//!
//! Book: "How You Write the Response Matters", "Middleware".

use super::escape;
use super::handler::{Request, ResponseWriter};
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::path::clean;
use crate::ch08_http_client::url::percent::encode_path;

/// Fields that say something of a body that is not coming: an error replaces it.
const OF_ANOTHER_BODY: [&str; 5] =
    ["Content-Length", "Content-Encoding", "Content-Range", "ETag", "Last-Modified"];

/// Answers with a status and a line of plain text: Go's `http.Error`. The line's end is added.
///
/// `nosniff` keeps a browser from taking a message that quotes the request for a page. The handler goes on running after
/// this call, so it should `return` (Listing 9-11 forgets it).
pub fn error(response: &mut dyn ResponseWriter, message: &str, status: Status) {
    let header = response.header();
    for stale in OF_ANOTHER_BODY {
        header.remove(stale);
    }
    header.set("Content-Type", "text/plain; charset=utf-8");
    header.set("X-Content-Type-Options", "nosniff");
    response.write_status(status);
    // The client may have gone, and there is nobody else to tell.
    let _ = response.write_all(format!("{message}\n").as_bytes());
}

/// Answers 404 with the words of Go's `http.NotFound`.
pub fn not_found(response: &mut dyn ResponseWriter) {
    error(response, "404 page not found", Status::NOT_FOUND);
}

/// Answers 405 in the book's words, and says which methods there are, as RFC 9110, 15.5.6 demands.
pub fn method_not_allowed(response: &mut dyn ResponseWriter, allow: &str) {
    response.header().set("Allow", allow);
    error(response, "Method not allowed", Status::METHOD_NOT_ALLOWED);
}

/// Answers a request whose body could not be read: 413 if it was too long, 408 if it was too slow, else 400. None of
/// these is the server's fault, so none is 500.
pub fn body_error(response: &mut dyn ResponseWriter, why: &MessageError) {
    let status = match why {
        MessageError::BodyTooLong { .. } => Status::CONTENT_TOO_LARGE,
        MessageError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Status::REQUEST_TIMEOUT,
        _ => Status::BAD_REQUEST,
    };
    error(response, status.reason(), status);
}

/// Sends the client to `url`: Go's `http.Redirect`. A `url` without a scheme is resolved against the request's path, and
/// dots and double slashes in it are taken out, so that `//elsewhere` stays on this host.
///
/// GET gets a page with the link. Everything that is not a plain ASCII character of a URL is percent-encoded: a line end
/// would begin another field.
pub fn redirect(response: &mut dyn ResponseWriter, request: &Request, url: &str, status: Status) {
    let location = harmless(&if has_scheme(url) { url.to_owned() } else { resolve(&request.path, url) });
    let header = response.header();
    // A handler that has set the type means to write its own page.
    let writes_a_page = !header.contains("Content-Type");
    header.set("Location", location.as_str());
    let shows = request.method == Method::GET;
    if writes_a_page && (shows || request.method == Method::HEAD) {
        header.set("Content-Type", "text/html; charset=utf-8");
    }
    response.write_status(status);
    if writes_a_page && shows {
        let link = escape::html(&location);
        let _ = response.write_all(format!("<a href=\"{link}\">{}</a>.\n\n", status.reason()).as_bytes());
    }
}

fn has_scheme(url: &str) -> bool {
    let Some(end) = url.find([':', '/', '?', '#']) else { return false };
    url[end..].starts_with(':') && url.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// `url` from the folder of `path`, which is decoded where `url` is not.
fn resolve(path: &str, url: &str) -> String {
    let (place, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let place = if place.starts_with('/') {
        place.to_owned()
    } else {
        let folder = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
        format!("/{}{place}", encode_path(folder))
    };
    let mut cleaned = clean(&place);
    // `dir/` and `dir/..` are folders; their slash is part of their name.
    if place.ends_with('/') && !cleaned.ends_with('/') {
        cleaned.push('/');
    }
    cleaned + rest
}

fn harmless(url: &str) -> String {
    let mut text = String::with_capacity(url.len());
    for byte in url.bytes() {
        // Browsers read a backslash as a slash, so `/\elsewhere` would be another host.
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Recorded, Recorder, request};
    use super::*;
    use crate::ch08_http_client::header::Header;

    #[test]
    fn an_error_is_a_line_of_plain_text_and_forgets_the_body_it_replaces() {
        let mut recorder = Recorder::new();
        for name in OF_ANOTHER_BODY {
            recorder.header().set(name, "1");
        }
        recorder.header().set("Set-Cookie", "a=1");
        error(&mut recorder, "Bad request", Status::BAD_REQUEST);
        let result = recorder.result();
        let fields = [
            ("Set-Cookie", "a=1"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
        ];
        assert_eq!((result.status, result.text().as_str()), (Status::BAD_REQUEST, "Bad request\n"));
        assert_eq!(result.header, Header::from(fields));
    }

    fn redirected(method: Method, from: &str, url: &str) -> Recorded {
        let mut recorder = Recorder::new();
        redirect(&mut recorder, &request(method, from, ""), url, Status::FOUND);
        recorder.result()
    }

    #[test]
    fn a_location_is_resolved_against_the_requests_path() {
        #[rustfmt::skip]
        let cases = [
            ("/a/b", "c", "/a/c"), ("/a/b/", "c", "/a/b/c"), ("/a/b", "../c/", "/c/"), ("/a/b", "", "/a/"), ("/a", "/x//y/../z?q=../r", "/x/z?q=../r"),
            ("/a", "?q", "/?q"), ("/a/", "./", "/a/"), ("/a", "https://other/x//y", "https://other/x//y"), ("/a%20b%3F/c", "d", "/a%20b%3F/d"),
            ("/a", "mailto:x@y", "mailto:x@y"), ("/a", "b:c/../d", "b:c/../d"), ("/a", "b/c:d", "/b/c:d"),
        ];
        for (from, url, location) in cases {
            assert_eq!(
                redirected(Method::GET, from, url).header.get("Location"),
                Some(location),
                "{from} {url}"
            );
        }
    }

    #[test]
    fn no_location_leaves_the_host_or_the_field_by_accident() {
        for (url, location) in [
            ("//evil.test/x", "/evil.test/x"),
            ("/\\evil.test", "/%5Cevil.test"),
            ("/a\r\nSet-Cookie: b=1", "/a%0D%0ASet-Cookie:%20b=1"),
            ("/ä\"><script>", "/%C3%A4%22%3E%3Cscript%3E"),
            ("\t//evil.test", "/%09/evil.test"),
        ] {
            assert_eq!(redirected(Method::GET, "/", url).header.get("Location"), Some(location));
        }
    }

    #[test]
    fn get_has_a_link_head_its_type_and_post_neither() {
        let link = "<a href=\"/b?c&amp;d\">Found</a>.\n\n";
        let html = Some("text/html; charset=utf-8");
        for (method, text, kind) in
            [(Method::GET, link, html), (Method::HEAD, "", html), (Method::POST, "", None)]
        {
            let result = redirected(method, "/", "/b?c&d");
            assert_eq!((result.text().as_str(), result.header.get("Content-Type")), (text, kind));
            assert_eq!(result.status, Status::FOUND);
        }
    }

    #[test]
    fn a_handler_with_a_type_of_its_own_writes_its_own_page() {
        let mut recorder = Recorder::new();
        recorder.header().set("Content-Type", "application/json");
        redirect(&mut recorder, &request(Method::GET, "/", ""), "/b", Status::SEE_OTHER);
        assert_eq!(recorder.result().text(), "");
    }

    #[test]
    fn a_body_that_cannot_be_read_is_not_the_servers_fault() {
        let late = MessageError::Io(std::io::ErrorKind::TimedOut.into());
        let short = MessageError::BodyCutShort { wanted: 2, got: 1 };
        for (why, code) in [(MessageError::BodyTooLong { limit: 1 }, 413), (late, 408), (short, 400)] {
            let mut recorder = Recorder::new();
            body_error(&mut recorder, &why);
            assert_eq!(recorder.result().status.code(), code);
        }
    }
}
