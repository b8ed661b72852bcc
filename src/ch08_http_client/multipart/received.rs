//! A whole form as a server gets it: Go's `ParseMultipartForm`.

use std::io::{self, Read, Write};
use std::path::Path;

use super::PartLimits;
use super::error::MultipartError;
use super::reader::{Part, Reader};
use super::temporary::TemporaryFile;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::media_type::MediaType;
use crate::ch08_http_client::url::Query;

/// How much of a form is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    /// Heads and number of the parts.
    pub parts: PartLimits,
    /// Bytes of all fields' names and values together. They stay in memory.
    pub fields: u64,
    /// Bytes of files that stay in memory, of all together. A file that has no room is stored in a temporary one.
    pub memory: u64,
    /// Bytes of all files together, wherever they are.
    pub files: u64,
}

/// Go's figures for memory: 10 MiB of fields, 32 MiB of files. What goes to disk Go leaves to whoever limits the body; without a
/// limit here one who forgets that would have his disk filled.
impl Default for FormLimits {
    fn default() -> FormLimits {
        FormLimits { parts: PartLimits::default(), fields: 10 << 20, memory: 32 << 20, files: 1 << 30 }
    }
}

/// Fields and files in the order in which they came.
#[derive(Debug, Default)]
pub struct ReceivedForm {
    /// The fields.
    pub fields: Query,
    /// The files. A form that offers a file and is sent without one has one here with an empty name and no bytes.
    pub files: Vec<ReceivedFile>,
}

impl ReceivedForm {
    /// The first file of this field.
    pub fn file(&self, name: &str) -> Option<&ReceivedFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// A file that came with a form. Dropped, it is gone, from the disk too.
#[derive(Debug)]
pub struct ReceivedFile {
    /// The name of its field.
    pub name: String,
    /// The last name of the path its sender gave it. See [`base_name`](super::base_name) for what it may still be.
    pub filename: String,
    /// Its part's fields; `Content-Type` is what the sender takes it for.
    pub header: Header,
    /// Bytes.
    pub length: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    Disk(TemporaryFile),
}

impl ReceivedFile {
    /// Reads it from its beginning, as often as wanted.
    ///
    /// # Errors
    /// Where it is on disk and cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(match &self.content {
            Content::Memory(bytes) => Box::new(bytes.as_slice()),
            Content::Disk(file) => Box::new(file.open()?),
        })
    }

    /// Where it is on disk, if it is there. It is removed when this is dropped.
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Memory(_) => None,
            Content::Disk(file) => Some(file.path()),
        }
    }
}

/// Reads a whole form from a body, which the value of its `Content-Type` field describes.
///
/// A part with a `filename` is a file, all others are fields. What the body has behind the terminator is not read.
///
/// # Errors
/// Any [`MultipartError`] of [`Reader::new`] and [`Reader::next_part`]; [`MultipartError::NotMultipart`] for anything but
/// `multipart/form-data`; [`MultipartError::NoName`], [`MultipartError::NotUtf8`], [`MultipartError::TransferEncoding`],
/// [`MultipartError::FieldsTooLong`], [`MultipartError::FilesTooLong`]. Then nothing is left on disk.
pub fn parse_form(
    body: impl Read,
    content_type: Option<&str>,
    limits: FormLimits,
) -> Result<ReceivedForm, MultipartError> {
    let content_type = content_type.ok_or(MultipartError::NotMultipart(None))?;
    let media_type = MediaType::parse(content_type).map_err(MultipartError::MediaType)?;
    if media_type.essence() != "multipart/form-data" {
        return Err(MultipartError::NotMultipart(Some(media_type.essence().to_string())));
    }
    let mut reader = Reader::new(body, content_type)?.within(limits.parts);
    let mut form = ReceivedForm::default();
    let mut left = limits;
    while let Some(mut part) = reader.next_part()? {
        let name = part.name.take().ok_or(MultipartError::NoName)?;
        check_encoding(&part.header)?;
        match part.filename.take() {
            None => {
                let value = read_field(&mut part, &name, &mut left.fields, limits.fields)?;
                form.fields.push(name, value);
            }
            Some(filename) => {
                let (content, length) = read_file(&mut part, &mut left, limits.files)?;
                form.files.push(ReceivedFile { name, filename, header: part.header, length, content });
            }
        }
    }
    Ok(form)
}

fn check_encoding(header: &Header) -> Result<(), MultipartError> {
    match header.get("Content-Transfer-Encoding").map(str::to_ascii_lowercase) {
        Some(encoding) if !matches!(encoding.as_str(), "7bit" | "8bit" | "binary") => {
            Err(MultipartError::TransferEncoding(encoding))
        }
        _ => Ok(()),
    }
}

fn read_field<R: Read>(
    part: &mut Part<'_, R>,
    name: &str,
    left: &mut u64,
    limit: u64,
) -> Result<String, MultipartError> {
    let too_long = || MultipartError::FieldsTooLong { limit };
    *left = left.checked_sub(name.len() as u64).ok_or_else(too_long)?;
    let mut value = Vec::new();
    part.take(left.saturating_add(1)).read_to_end(&mut value)?;
    *left = left.checked_sub(value.len() as u64).ok_or_else(too_long)?;
    String::from_utf8(value).map_err(|_| MultipartError::NotUtf8(name.to_string()))
}

/// The file in memory if there is room, else on disk; and its length.
fn read_file<R: Read>(
    part: &mut Part<'_, R>,
    left: &mut FormLimits,
    limit: u64,
) -> Result<(Content, u64), MultipartError> {
    // One byte more than there may be shows that there are too many.
    let mut content = part.take(left.files.saturating_add(1));
    let mut bytes = Vec::new();
    content.by_ref().take(left.memory.saturating_add(1)).read_to_end(&mut bytes)?;
    let mut length = bytes.len() as u64;
    let content = match left.memory.checked_sub(length) {
        Some(memory) => {
            left.memory = memory;
            Content::Memory(bytes)
        }
        None => {
            let mut file = TemporaryFile::new()?;
            file.write_all(&bytes)?;
            drop(bytes);
            length += io::copy(&mut content, &mut file)?;
            Content::Disk(file)
        }
    };
    left.files = left.files.checked_sub(length).ok_or(MultipartError::FilesTooLong { limit })?;
    Ok((content, length))
}
