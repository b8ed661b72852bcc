//! A form to send, as a body of known length.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::boundary::Boundary;
use super::disposition::{field_header, file_header};
use super::error::MultipartError;
use super::writer::{OCTETS, part_head, terminator};
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::header::Header;

/// Fields and files, in the order in which they were added. Files are opened when they are added, so that one that is missing
/// is found before anything is sent, and read when the body is.
#[derive(Debug)]
pub struct Form {
    boundary: Boundary,
    /// Heads and contents by turns.
    pieces: VecDeque<Body>,
}

impl Form {
    /// An empty form with a boundary of its own.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new() -> io::Result<Form> {
        Ok(Form::with_boundary(Boundary::random()?))
    }

    /// An empty form with this boundary, which must not stand in any part.
    pub fn with_boundary(boundary: Boundary) -> Form {
        Form { boundary, pieces: VecDeque::new() }
    }

    /// The value of the message's `Content-Type` field.
    pub fn content_type(&self) -> String {
        self.boundary.content_type()
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.push(&field_header(name), Body::from(value.into()));
    }

    /// Adds the file at `path` under its own name, as `application/octet-stream`.
    ///
    /// # Errors
    /// `Io` if it cannot be opened, or is a directory.
    pub fn file(&mut self, name: &str, path: impl AsRef<Path>) -> Result<(), MultipartError> {
        let path = path.as_ref();
        let filename = path.file_name().unwrap_or_default().to_string_lossy();
        self.file_as(name, path, &filename, OCTETS)
    }

    /// Adds the file at `path` under another name or type. Only the last name of `filename` is sent.
    ///
    /// # Errors
    /// As [`Form::file`]; [`MultipartError::Head`] if `media_type` cannot be a field's value.
    pub fn file_as(
        &mut self,
        name: &str,
        path: impl AsRef<Path>,
        filename: &str,
        media_type: &str,
    ) -> Result<(), MultipartError> {
        let file = File::open(path.as_ref()).map_err(|error| naming(path.as_ref(), &error))?;
        if file.metadata()?.is_dir() {
            return Err(naming(path.as_ref(), &io::ErrorKind::IsADirectory.into()));
        }
        self.part(&file_header(name, filename, media_type), Body::file(file)?)
    }

    /// Adds a part with a head of its own. If the content's length is not known, neither is the form's.
    ///
    /// # Errors
    /// [`MultipartError::Head`] for a head that may not go on the wire.
    pub fn part(&mut self, header: &Header, content: Body) -> Result<(), MultipartError> {
        header.check().map_err(MultipartError::Head)?;
        self.push(header, content);
        Ok(())
    }

    fn push(&mut self, header: &Header, content: Body) {
        let head = part_head(&self.boundary, self.pieces.is_empty(), header);
        self.pieces.push_back(Body::from(head));
        self.pieces.push_back(content);
    }

    /// The body, terminator included. Its length is known if that of each part is. If all parts are in memory it can be sent
    /// again, after a redirect say; a file is read once. A file that changes its length before it has gone out makes the
    /// message fail.
    pub fn into_body(mut self) -> Body {
        self.pieces.push_back(Body::from(terminator(&self.boundary)));
        let mut length = Some(0u64);
        for piece in &self.pieces {
            length = length.zip(piece.length()).and_then(|(one, two)| one.checked_add(two));
        }
        let in_memory = self.pieces.iter().all(|piece| piece.replay().is_some());
        let mut chain = Chain(self.pieces);
        match length {
            Some(_) if in_memory => {
                let mut all = Vec::new();
                // Reading memory does not fail.
                let _ = chain.read_to_end(&mut all);
                Body::from(all)
            }
            Some(length) => Body::sized(chain, length),
            None => Body::stream(chain),
        }
    }
}

/// The error with the path in it: "no such file" alone does not say which of the five.
fn naming(path: &Path, error: &io::Error) -> MultipartError {
    MultipartError::Io(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// One body behind the other.
struct Chain(VecDeque<Body>);

impl Read for Chain {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while let Some(first) = self.0.front_mut() {
            let count = first.read(buf)?;
            if count > 0 || buf.is_empty() {
                return Ok(count);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}
