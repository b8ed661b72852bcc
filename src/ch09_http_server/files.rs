//! A directory as a web site: Go's `http.FileServer(http.Dir(root))`.
//!
//! ```text
//! GET /style.css        the file
//! GET /                 index.html, or else a list of what is there
//! GET /index.html       301 ./          one page, one address
//! GET /dir              301 dir/        links on its page are relative to it
//! GET /style.css/       301 ../style.css
//! GET /dir/../../x      /x, below the root
//! POST /style.css       405; the book's server answers it as GET
//! ```
//! The redirects are relative, so they are right behind a `strip_prefix` that has taken the beginning of the path.
//!
//! Everything below the root is served, files whose names begin with a dot too, as the book shows: hiding them is what
//! [`restrict_prefix`](super::middleware::restrict_prefix) is for. What is not there, what may not be read and what is no file
//! are answered alike.
//!
//! Left out: names that are not UTF-8. A listing shows them, but the path of a request is text here, so the server answers 400.
//!
//! Book: "Protecting Sensitive Files", Listings 9-13 and 9-14; "Serving" in 9-19.

mod content;
mod listing;
pub mod root;

use std::fs::Metadata;
use std::io;
use std::path::Path;

use super::handler::{Handler, Request, ResponseWriter};
use super::reply;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::path::clean;

pub use content::{Content, entity_tag, serve_content, serve_file, serve_open_file};
pub use root::{FileError, Found, Links, Root};

/// The page of a directory.
const INDEX: &str = "index.html";

/// Serves the files below a directory.
#[derive(Clone, Debug)]
pub struct FileServer {
    /// What is served.
    pub root: Root,
    /// What becomes of symbolic links. Followed as long as they stay inside.
    pub links: Links,
    /// Whether a directory without `index.html` is listed, as in the book. If not it is 404.
    pub listing: bool,
}

impl FileServer {
    /// Serves what is below `root`.
    ///
    /// # Errors
    /// The system's if there is no such directory; [`io::ErrorKind::NotADirectory`].
    pub fn new(root: impl AsRef<Path>) -> io::Result<FileServer> {
        Ok(FileServer { root: Root::new(root.as_ref())?, links: Links::default(), listing: true })
    }
}

impl Handler for FileServer {
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        if request.method != Method::GET && request.method != Method::HEAD {
            return reply::method_not_allowed(response, "GET, HEAD");
        }
        // Behind strip_prefix the path has no slash at its beginning, or is empty.
        let path = format!("/{}", request.path.strip_prefix('/').unwrap_or(&request.path));
        if path.ends_with("/index.html") {
            return redirect(response, request, "./");
        }
        match self.root.find(&path, self.links) {
            Ok(Found::File(file, metadata)) => match beside(&path) {
                None => {
                    let name = clean(&path);
                    serve_open_file(response, request, last_segment(&name), file, &metadata);
                }
                Some(target) => redirect(response, request, &target),
            },
            Ok(Found::Directory(real, metadata)) => {
                self.directory(response, request, &path, &real, &metadata);
            }
            Err(error) => content::fail(response, &error),
        }
    }
}

impl FileServer {
    fn directory(
        &self,
        response: &mut dyn ResponseWriter,
        request: &Request,
        path: &str,
        real: &Path,
        metadata: &Metadata,
    ) {
        if !path.ends_with('/') {
            let target = format!("{}/", listing::link(last_segment(path).as_bytes()));
            return redirect(response, request, &target);
        }
        match self.root.find(&format!("{path}{INDEX}"), self.links) {
            Ok(Found::File(file, metadata)) => serve_open_file(response, request, INDEX, file, &metadata),
            // One that is hidden from us, or too many open files, is no reason to show what else there is.
            Err(error) if !is_absent(&error) => content::fail(response, &error),
            _ if self.listing => list(response, request, path, real, metadata),
            _ => reply::not_found(response),
        }
    }
}

fn is_absent(error: &FileError) -> bool {
    matches!(error, FileError::System(error) if error.kind() == io::ErrorKind::NotFound)
}

fn list(response: &mut dyn ResponseWriter, request: &Request, path: &str, real: &Path, metadata: &Metadata) {
    let names = match listing::names(real) {
        Ok(names) => names,
        Err(error) => return content::fail(response, &FileError::System(error)),
    };
    let modified = content::set_modified(response, metadata.modified().ok());
    if content::conditions(response, request, modified).is_none() {
        return;
    }
    let page = listing::page(path, &names);
    let header = response.header();
    header.set("Content-Type", "text/html; charset=utf-8");
    header.set("Content-Length", page.len().to_string());
    response.write_status(Status::OK);
    if request.method == Method::GET {
        // The client may have gone, and there is nobody else to tell.
        let _ = response.write_all(page.as_bytes());
    }
}

/// 301 to a place relative to the request's, with the request's query. [`reply::redirect`] would make the place absolute, from a path
/// of which `strip_prefix` may have taken the beginning.
fn redirect(response: &mut dyn ResponseWriter, request: &Request, target: &str) {
    let location = match &request.query {
        Some(query) => format!("{target}?{query}"),
        None => target.to_owned(),
    };
    response.header().set("Location", location);
    response.write_status(Status::MOVED_PERMANENTLY);
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Where a file is whose path was asked for with slashes at its end: one step up for each, and the name.
fn beside(path: &str) -> Option<String> {
    let name = path.trim_end_matches('/');
    let slashes = path.len() - name.len();
    if slashes == 0 {
        return None;
    }
    Some("../".repeat(slashes) + &listing::link(last_segment(name).as_bytes()))
}

#[cfg(test)]
mod tests;
