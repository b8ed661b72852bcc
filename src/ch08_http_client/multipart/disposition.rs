//! `Content-Disposition: form-data; name="file1"; filename="hello.txt"`: what a part is called. RFC 7578, 4.2.

use super::error::MultipartError;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::media_type::{in_quotes, parameter, split_parameters};
use crate::ch08_http_client::url::percent;

/// The head of a field's part.
pub fn field_header(name: &str) -> Header {
    let mut header = Header::new();
    header.add("Content-Disposition", format!("form-data; name={}", sendable(name)));
    header
}

/// The head of a file's part. Of `filename` the last name goes out and no folder: those are nobody's business.
pub fn file_header(name: &str, filename: &str, media_type: &str) -> Header {
    let mut header = Header::new();
    let filename = sendable(base_name(filename));
    header.add("Content-Disposition", format!("form-data; name={}; filename={filename}", sendable(name)));
    header.add("Content-Type", media_type);
    header
}

/// The last name of a path with slashes, backslashes or both. Empty for a path that has none, and for `.` and `..`.
///
/// The name in a part is whatever its sender likes. With this it leads nowhere; it may still be the name of a device or a
/// hidden file, and had better not name a file of the receiver's at all.
pub fn base_name(path: &str) -> &str {
    match path.rsplit(['/', '\\']).next().unwrap_or_default() {
        "." | ".." => "",
        name => name,
    }
}

/// In quotes, and without control characters: a line end would end the field.
fn sendable(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '\0'..='\x1f' | '\x7f' => safe.push_str(&format!("%{:02X}", u32::from(character))),
            _ => safe.push(character),
        }
    }
    in_quotes(&safe)
}

/// The name and the file's name in a part's head.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    pub name: Option<String>,
    pub filename: Option<String>,
}

impl Disposition {
    /// Reads the field, if there is one. A name counts only in `form-data`.
    pub fn of(header: &Header) -> Result<Disposition, MultipartError> {
        let mut values = header.values_bytes("Content-Disposition");
        let Some(value) = values.next() else { return Ok(Disposition::default()) };
        let bad = |why| MultipartError::BadDisposition { got: value.to_vec(), why };
        if values.next().is_some() {
            return Err(bad("there is a second one"));
        }
        let text = std::str::from_utf8(value).map_err(|_| bad("it is not UTF-8"))?;
        let (word, parameters) =
            split_parameters(text).map_err(|_| bad("it has a broken parameter, or one twice"))?;
        let name = parameter(&parameters, "name").filter(|_| word == "form-data");
        let plain = parameter(&parameters, "filename").map(str::to_string);
        let filename = match parameter(&parameters, "filename*") {
            // Whoever knows the longer form prefers it (RFC 6266, 4.3).
            Some(extended) => Some(decode_extended(extended).ok_or_else(|| bad("its filename* is broken"))?),
            None => plain,
        };
        let filename = filename.map(|filename| base_name(&filename).to_string());
        Ok(Disposition { name: name.map(str::to_string), filename })
    }
}

/// `UTF-8'en'na%C3%AFve.txt` (RFC 8187, 3.2.1). Other character sets are refused, and so are control characters.
fn decode_extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, value) = rest.split_once('\'')?;
    let decoded = percent::decode_text(value).ok()?;
    let good = charset.eq_ignore_ascii_case("UTF-8") && !decoded.chars().any(char::is_control);
    good.then_some(decoded)
}
