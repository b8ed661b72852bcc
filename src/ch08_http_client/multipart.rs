//! Forms with files: many parts in one body, with a line between them that stands nowhere else. RFC 7578, RFC 2046, 5.1.
//!
//! ```text
//! Content-Type: multipart/form-data; boundary=XX
//!
//! --XX␍␊                                                 the delimiter
//! Content-Disposition: form-data; name="date"␍␊          the part's own fields
//! ␍␊
//! 2006-01-02T15:04:05Z␍␊                                 this line end belongs to the next delimiter
//! --XX␍␊
//! Content-Disposition: form-data; name="file1"; filename="hello.txt"␍␊
//! Content-Type: application/octet-stream␍␊
//! ␍␊
//! Hello, world!␊
//! ␍␊--XX--␍␊                                             the terminator: without it something is missing
//! ```
//! To send: [`Form`] makes a body of known length whose files stay on disk until they go out; [`Writer`] writes parts as they
//! come. To receive: [`Reader`] gives one part after the other; [`parse_form`] reads them all, large files onto disk.
//!
//! Names: a quote or backslash in a name gets a backslash, as in Go (browsers write `%22`). Control characters become `%0D`, `%0A`
//! and so on, as browsers do with line ends: Go 1.19 lets them through, and a name with a line end could add a field. Reading,
//! we take the backslashes away and leave the percent signs, as Go does: nobody can tell them from a name's own.
//!
//! Lines end in CRLF, those of delimiters and those of a part's fields. LF alone makes no delimiter and is refused behind a field,
//! where Go takes it: two readers who disagree about where a part ends can be played against each other. A line that begins
//! like a delimiter and is none is refused: RFC 2046 lets no part have one.
//!
//! Parts in parts (`multipart/mixed`) are left as they are, and so is a `Content-Transfer-Encoding`, which RFC 7578 has done away
//! with: [`parse_form`] refuses the encodings that would have to be undone, quoted-printable and base64.
//!
//! Book: "Posting Multipart Forms with File Attachments", Listings 8-8 to 8-11.

mod boundary;
mod disposition;
mod error;
mod form;
mod reader;
mod received;
mod scanner;
mod temporary;
#[cfg(test)]
mod tests;
mod writer;

pub use boundary::{Boundary, MAX_BOUNDARY};
pub use disposition::{base_name, field_header, file_header};
pub use error::MultipartError;
pub use form::Form;
pub use reader::{Part, Reader};
pub use received::{FormLimits, ReceivedFile, ReceivedForm, parse_form};
pub use temporary::TemporaryFile;
pub use writer::Writer;

/// How much of the parts' heads a [`Reader`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLimits {
    /// Parts in a body.
    pub parts: usize,
    /// Bytes of one part's head.
    pub head: usize,
    /// Fields in one part's head.
    pub fields: usize,
}

/// A form of a thousand fields is a large one, and Go takes as many parts. A part has three fields, in a few hundred bytes. Each
/// part costs memory even when it is empty, and with these a body can make us keep 16 MiB of heads at most.
impl Default for PartLimits {
    fn default() -> PartLimits {
        PartLimits { parts: 1000, head: 16 * 1024, fields: 32 }
    }
}
