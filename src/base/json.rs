//! JSON, the text format of RFC 8259: values, a strict parser, a printer.
//!
//! ```
//! use netprog::base::json::{self, Object, Value};
//!
//! let user = json::parse(br#"{"First":"Adam","Last":"Woodbeck","ids":[1,2]}"#)?;
//! assert_eq!(user.get("First").and_then(Value::as_str), Some("Adam"));
//! assert_eq!(user.pointer("/ids/1").and_then(Value::as_number).map(|id| id.to_u64()), Some(Ok(2)));
//!
//! let reply = Value::from(Object::from([("ok", Value::from(true)), ("id", Value::from(7))]));
//! assert_eq!(json::to_string(&reply), r#"{"ok":true,"id":7}"#);
//! # Ok::<(), json::JsonError>(())
//! ```
//!
//! Where the RFC leaves it open, or Go decides differently:
//!
//! | what comes | here | Go's encoding/json |
//! |---|---|---|
//! | a key twice in an object | the last wins; or both are kept, or it is an error: [`Duplicates`] | the last wins |
//! | half of a surrogate pair, `"\ud800"` | an error; or U+FFFD: [`LoneSurrogates`] | U+FFFD |
//! | bytes that are no UTF-8 | an error | U+FFFD |
//! | a byte order mark | an error | an error |
//! | more than [`MAX_DEPTH`] containers inside each other | an error | up to 10,000 |
//! | a number beyond f64, or between two | its digits are kept, [`Number`] | an error; rounded, unless `UseNumber` |
//! | the order of keys | kept | sorted in maps |
//!
//! Nothing here calls itself, so a deep value costs no stack: parsing, printing, `clone`, `==` and drop are loops. The price
//! is that [`Value`] has a `Drop` of its own, and what is inside cannot be moved out by a pattern: [`Value::into_array`],
//! [`Value::into_object`] and [`Value::into_string`] do that.
//!
//! Read in this order: `number`, `object`, then `parse` with `strings`, `build` for what makes depth harmless, `decoder` for
//! streams, `print`.
//!
//! We left out what turns values into structs: each protocol takes its fields by name, and says what is wrong with them.

mod access;
mod build;
mod decoder;
mod error;
mod number;
mod object;
mod parse;
mod print;
mod strings;
#[cfg(test)]
mod tests;

pub use decoder::{DecodeError, Decoder};
pub use error::{JsonError, JsonErrorKind};
pub use number::{MAX_NUMBER_BYTES, Number, NumberError};
pub use object::Object;
pub use parse::parse_with;
pub use print::{Encoder, Format, to_string, to_string_pretty, write_to};

/// Arrays and objects inside each other that we take. Code that walks over a value by calling itself, as most does, must not
/// run off the two megabytes of a thread's stack; a document that people wrote has ten levels.
pub const MAX_DEPTH: usize = 512;

/// Bytes of one document that we take. In memory a value has up to some twenty times the size of its text (`[0,0,0`: two bytes
/// become 32, `[[0],[0]`: four become 80), so these are a third of a gigabyte at worst.
pub const MAX_BYTES: usize = 16 << 20;

/// A JSON value.
#[derive(Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// Values in their order.
    Array(Vec<Value>),
    /// Keys with values.
    Object(Object),
}

/// What a peer can make us hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and objects inside each other.
    pub depth: usize,
    /// Bytes of a document, blanks included.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: MAX_DEPTH, bytes: MAX_BYTES }
    }
}

/// What to do with a key that is twice in an object. RFC 8259 section 4 leaves it open; two programs that decide differently
/// see two different documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The key stays where it first stood and has its last value, as in Go's maps.
    #[default]
    LastWins,
    /// All pairs stay.
    Keep,
    /// An error.
    Refuse,
}

/// What to do with an escape that is half of a surrogate pair: no character, and nothing a `String` can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoneSurrogates {
    /// An error.
    #[default]
    Refuse,
    /// U+FFFD in its place, as in Go.
    Replace,
}

/// How to parse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// How much.
    pub limits: Limits,
    /// A key twice.
    pub duplicates: Duplicates,
    /// Half a surrogate pair.
    pub surrogates: LoneSurrogates,
}

/// The one value of a document.
///
/// # Errors
/// [`JsonError`]: anything but one value with blanks around it, or one beyond the limits.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_with(bytes, &ParseOptions::default())
}

/// The same for text.
///
/// # Errors
/// As [`parse`].
pub fn parse_text(text: &str) -> Result<Value, JsonError> {
    parse(text.as_bytes())
}
