//! A file as an answer: type, validators, conditions, ranges, bytes. Go's `http.ServeContent` and `http.ServeFile`.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::root::{self, FileError, Found};
use crate::base::calendar::Timestamp;
use crate::base::trace;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::conditional::{self, EntityTag, Validators, Verdict};
use crate::ch09_http_server::handler::{Request, ResponseWriter, copy_part};
use crate::ch09_http_server::range::{self, ByteRange, Multipart, Selection};
use crate::ch09_http_server::{media_type, reply, sniff};

/// Something with an end and a way back to its beginning: a file, a cursor over bytes.
pub trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// Answers with `content`: Go's `http.ServeContent`. The end of `name` tells the type, or else the first bytes do; a `Content-Type`
/// that is set already stays. `modified` becomes `Last-Modified`. An `ETag` that is set already counts in the conditions.
///
/// A failure to read in the middle ends the response short of the length it announced, and so the connection.
pub fn serve_content(
    response: &mut dyn ResponseWriter,
    request: &Request,
    name: &str,
    modified: Option<SystemTime>,
    content: &mut dyn Content,
) {
    // The end is its length, and where it stands at the moment does not matter.
    match content.seek(SeekFrom::End(0)) {
        Ok(size) => serve(response, request, name, modified, &mut Bytes { of: Of::Any(content), size }),
        Err(error) => fail(response, &FileError::System(error)),
    }
}

/// Answers with the file at `path`, which the program has chosen: links are followed. Go's `http.ServeFile`.
///
/// A request with a `..` in its path is refused with 400: a program that makes `path` from the request's would be led astray by
/// it. Unlike Go's this serves no directories and redirects no `/index.html`.
pub fn serve_file(response: &mut dyn ResponseWriter, request: &Request, path: &Path) {
    if request.path.split(['/', '\\']).any(|segment| segment == "..") {
        return reply::error(response, "invalid URL path", Status::BAD_REQUEST);
    }
    match root::open(path) {
        Ok(Found::File(file, metadata)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            serve_open_file(response, request, &name, file, &metadata);
        }
        Ok(Found::Directory(..)) => reply::not_found(response),
        Err(error) => fail(response, &error),
    }
}

/// Answers with a file that is open. Sets an `ETag` of its time and size if the handler has set none.
pub fn serve_open_file(
    response: &mut dyn ResponseWriter,
    request: &Request,
    name: &str,
    mut file: File,
    metadata: &Metadata,
) {
    let modified = metadata.modified().ok();
    if !response.header().contains("ETag") {
        if let Some(tag) = modified.and_then(|modified| entity_tag(modified, metadata.len())) {
            response.header().set("ETag", tag);
        }
    }
    let mut bytes = Bytes { of: Of::File(&mut file), size: metadata.len() };
    serve(response, request, name, modified, &mut bytes);
}

/// Answers that there is no file, in the same words whatever the reason; or that the server cannot at the moment.
pub(super) fn fail(response: &mut dyn ResponseWriter, why: &FileError) {
    trace::note(|| format!("no file: {why}"));
    match why.status() {
        Status::NOT_FOUND => reply::not_found(response),
        status => reply::error(response, &status.to_string(), status),
    }
}

/// Time of the last change, in seconds, and size, both to the base 36 and in quotes, as Caddy's. `None` for a file without a time.
///
/// A file that is written twice within a second, to the same size, keeps its tag: the price of a tag that costs no reading.
pub fn entity_tag(modified: SystemTime, size: u64) -> Option<String> {
    let seconds = modified.duration_since(UNIX_EPOCH).ok()?.as_secs();
    // What unpacks archives without times leaves the beginning of 1970; it would be the time of every version.
    if seconds == 0 {
        return None;
    }
    Some(format!("\"{}{}\"", base36(seconds), base36(size)))
}

fn base36(mut number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(DIGITS[(number % 36) as usize]));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// Sets `Last-Modified`, and tells it. No later than now: RFC 9110, 8.8.2.1 wants none after `Date`, and a client with a date
/// in the future would not ask again before it.
pub(super) fn set_modified(
    response: &mut dyn ResponseWriter,
    modified: Option<SystemTime>,
) -> Option<Timestamp> {
    let modified = modified?.min(SystemTime::now());
    // As for the tag: a time of 0 is none.
    if modified <= UNIX_EPOCH {
        return None;
    }
    let modified = Timestamp::from(modified);
    response.header().set("Last-Modified", modified.http_date());
    Some(modified)
}

/// Looks at the request's conditions. `None`: they are answered; else whether a range may be.
pub(super) fn conditions(
    response: &mut dyn ResponseWriter,
    request: &Request,
    modified: Option<Timestamp>,
) -> Option<bool> {
    let etag = response.header().get_bytes("ETag").and_then(EntityTag::parse);
    let validators = Validators { etag, modified };
    match conditional::evaluate(&request.method, &request.header, &validators) {
        Verdict::Proceed { ranges } => Some(ranges),
        Verdict::NotModified => {
            trace::note(|| "what the client has is good".to_string());
            not_modified(response);
            None
        }
        Verdict::Failed => {
            trace::note(|| "a condition does not hold".to_string());
            let status = Status::PRECONDITION_FAILED;
            reply::error(response, &status.to_string(), status);
            None
        }
    }
}

/// 304 with what a cache may have to learn anew, and nothing of a body that is not coming (RFC 9110, 15.4.5).
fn not_modified(response: &mut dyn ResponseWriter) {
    let header = response.header();
    for of_the_body in ["Content-Type", "Content-Length", "Content-Encoding"] {
        header.remove(of_the_body);
    }
    // It says no more than the tag does.
    if header.contains("ETag") {
        header.remove("Last-Modified");
    }
    response.write_status(Status::NOT_MODIFIED);
}

/// What is sent, and how much there is of it. A file is not read through this process where the system can do without.
struct Bytes<'a> {
    of: Of<'a>,
    size: u64,
}

enum Of<'a> {
    File(&'a mut File),
    Any(&'a mut dyn Content),
}

impl Bytes<'_> {
    /// The type its first bytes look like.
    fn sniffed(&mut self) -> io::Result<&'static str> {
        let mut sample = Vec::with_capacity(sniff::SAMPLE);
        let content: &mut dyn Content = match &mut self.of {
            Of::File(file) => *file,
            Of::Any(content) => *content,
        };
        content.seek(SeekFrom::Start(0))?;
        content.take(sniff::SAMPLE as u64).read_to_end(&mut sample)?;
        Ok(sniff::content_type(&sample))
    }

    fn write(&mut self, response: &mut dyn ResponseWriter, part: &ByteRange) -> io::Result<()> {
        match &mut self.of {
            Of::File(file) => response.write_file(file, part.first, part.length),
            Of::Any(content) => copy_part(&mut **content, part.first, part.length, response),
        }
    }
}

fn serve(
    response: &mut dyn ResponseWriter,
    request: &Request,
    name: &str,
    modified: Option<SystemTime>,
    bytes: &mut Bytes<'_>,
) {
    let modified = set_modified(response, modified);
    let Some(ranges) = conditions(response, request, modified) else { return };
    if !response.header().contains("Content-Type") {
        match media_type::of(name).map_or_else(|| bytes.sniffed(), Ok) {
            Ok(kind) => response.header().set("Content-Type", kind),
            Err(error) => return fail(response, &FileError::System(error)),
        }
    }
    response.header().set("Accept-Ranges", "bytes");
    match selection(request, ranges, bytes.size) {
        Selection::Whole => whole(response, request, bytes),
        Selection::Parts(parts) if parts.len() == 1 => one_part(response, &parts[0], bytes),
        Selection::Parts(parts) => many_parts(response, request, &parts, bytes),
        Selection::Nothing => nothing(response, bytes.size),
    }
}

/// What the request's `Range` selects. Only GET has ranges (RFC 9110, 14.2): HEAD is told of the whole, where Go and nginx
/// tell of the part.
fn selection(request: &Request, ranges: bool, size: u64) -> Selection {
    let mut values = request.header.values("Range");
    match (values.next(), values.next()) {
        (Some(value), None) if ranges && request.method == Method::GET => range::select(value, size),
        _ => Selection::Whole,
    }
}

fn whole(response: &mut dyn ResponseWriter, request: &Request, bytes: &mut Bytes<'_>) {
    response.header().set("Content-Length", bytes.size.to_string());
    response.write_status(Status::OK);
    if request.method != Method::HEAD {
        let all = ByteRange { first: 0, length: bytes.size };
        note_end(bytes.write(response, &all));
    }
}

fn one_part(response: &mut dyn ResponseWriter, part: &ByteRange, bytes: &mut Bytes<'_>) {
    trace::note(|| format!("of {} bytes, {part}", bytes.size));
    let header = response.header();
    header.set("Content-Range", part.content_range(bytes.size));
    header.set("Content-Length", part.length.to_string());
    response.write_status(Status::PARTIAL_CONTENT);
    note_end(bytes.write(response, part));
}

fn many_parts(
    response: &mut dyn ResponseWriter,
    request: &Request,
    parts: &[ByteRange],
    bytes: &mut Bytes<'_>,
) {
    let kind = response.header().get("Content-Type").unwrap_or_default().to_owned();
    // Without a random boundary the whole will do: ranges are a wish.
    let Ok(frame) = Multipart::new(&kind, bytes.size) else { return whole(response, request, bytes) };
    trace::note(|| format!("of {} bytes, {} parts", bytes.size, parts.len()));
    let header = response.header();
    header.set("Content-Type", frame.content_type());
    header.set("Content-Length", frame.length(parts).to_string());
    response.write_status(Status::PARTIAL_CONTENT);
    note_end(write_parts(response, &frame, parts, bytes));
}

fn write_parts(
    response: &mut dyn ResponseWriter,
    frame: &Multipart,
    parts: &[ByteRange],
    bytes: &mut Bytes<'_>,
) -> io::Result<()> {
    for (index, part) in parts.iter().enumerate() {
        response.write_all(frame.head(part, index == 0).as_bytes())?;
        bytes.write(response, part)?;
    }
    response.write_all(frame.tail().as_bytes())
}

fn nothing(response: &mut dyn ResponseWriter, size: u64) {
    let header = response.header();
    header.set("Content-Range", range::unsatisfied(size));
    header.set("Content-Type", "text/plain; charset=utf-8");
    header.set("X-Content-Type-Options", "nosniff");
    response.write_status(Status::RANGE_NOT_SATISFIABLE);
    // The client may have gone, and there is nobody else to tell.
    let _ = response.write_all(b"416 Range Not Satisfiable\n");
}

/// The status has gone out, so the client learns of a failure by getting less than was announced. The server sees to that.
fn note_end(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        trace::note(|| format!("the rest is not sent: {error}"));
    }
}
