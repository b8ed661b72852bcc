//! From a value to bytes.

use std::fmt;
use std::io::{self, Write};

use super::Value;
use super::build::{Event, Walk};
use super::strings;

/// What [`Format::write_to`] collects before it writes: a system call per bracket would be slow.
const CHUNK_BYTES: usize = 64 * 1024;

/// How a value is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format<'a> {
    /// Written once per level before each member, which then has a line of its own. `None`: all in one line, no blanks.
    pub indent: Option<&'a str>,
    /// Whether `<`, `>`, `&`, U+2028 and U+2029 are escaped (`\u003c`), so that the text can stand inside a script element. Go's
    /// encoder does it unless told otherwise.
    pub escape_html: bool,
}

impl<'a> Format<'a> {
    /// In one line, without blanks.
    pub const COMPACT: Format<'static> = Format { indent: None, escape_html: false };
    /// Byte for byte what Go's `json.Marshal` writes of a struct with these fields.
    pub const AS_GO: Format<'static> = Format { indent: None, escape_html: true };

    /// A member per line.
    pub fn pretty(indent: &'a str) -> Format<'a> {
        Format { indent: Some(indent), escape_html: false }
    }

    /// The value as bytes, which are UTF-8.
    pub fn to_vec(&self, value: &Value) -> Vec<u8> {
        let mut printer = Printer::new(*self);
        for event in Walk::over(value) {
            printer.print(event);
        }
        printer.out
    }

    /// The value as text.
    pub fn to_string(&self, value: &Value) -> String {
        // Nothing is lost: everything the printer writes comes from a str or is ASCII.
        String::from_utf8(self.to_vec(value)).unwrap_or_default()
    }

    /// Writes the value, some kilobytes at a time.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_to(&self, value: &Value, writer: &mut dyn Write) -> io::Result<()> {
        let rest = self.write_all_but_the_rest(value, writer)?;
        writer.write_all(&rest)
    }

    fn write_all_but_the_rest(&self, value: &Value, writer: &mut dyn Write) -> io::Result<Vec<u8>> {
        let mut printer = Printer::new(*self);
        for event in Walk::over(value) {
            printer.print(event);
            if printer.out.len() >= CHUNK_BYTES {
                writer.write_all(&printer.out)?;
                printer.out.clear();
            }
        }
        Ok(printer.out)
    }
}

/// In one line, without blanks.
pub fn to_string(value: &Value) -> String {
    Format::COMPACT.to_string(value)
}

/// A member per line, each level `indent` further in.
pub fn to_string_pretty(value: &Value, indent: &str) -> String {
    Format::pretty(indent).to_string(value)
}

/// Writes the value in one line, without blanks.
///
/// # Errors
/// The writer's.
pub fn write_to(value: &Value, writer: &mut dyn Write) -> io::Result<()> {
    Format::COMPACT.write_to(value, writer)
}

impl fmt::Display for Value {
    /// In one line; with `{:#}` a member per line and two blanks per level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if f.alternate() { Format::pretty("  ") } else { Format::COMPACT };
        f.write_str(&format.to_string(self))
    }
}

impl fmt::Debug for Value {
    /// As JSON, which says more in less room than variants do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes values, each with a newline behind it, as Go's `json.Encoder`.
pub struct Encoder<'a> {
    writer: &'a mut dyn Write,
    format: Format<'a>,
}

impl<'a> Encoder<'a> {
    /// An encoder that writes one line per value.
    pub fn new(writer: &'a mut dyn Write) -> Encoder<'a> {
        Encoder::with(writer, Format::COMPACT)
    }

    /// An encoder with a format; [`Format::AS_GO`] gives the bytes of Go's.
    pub fn with(writer: &'a mut dyn Write, format: Format<'a>) -> Encoder<'a> {
        Encoder { writer, format }
    }

    /// Writes a value and its newline. A small one goes in one write, so that it travels in one piece.
    ///
    /// # Errors
    /// The writer's.
    pub fn encode(&mut self, value: &Value) -> io::Result<()> {
        let mut rest = self.format.write_all_but_the_rest(value, self.writer)?;
        rest.push(b'\n');
        self.writer.write_all(&rest)
    }
}

struct Printer<'a> {
    format: Format<'a>,
    out: Vec<u8>,
    depth: usize,
    /// Nothing stands in the open container yet.
    first: bool,
    /// A key was printed, and what comes belongs to it.
    after_key: bool,
}

impl<'a> Printer<'a> {
    fn new(format: Format<'a>) -> Printer<'a> {
        Printer { format, out: Vec::new(), depth: 0, first: true, after_key: false }
    }

    #[inline]
    fn print(&mut self, event: Event<'_>) {
        match event {
            Event::Key(key) => {
                self.separate();
                strings::write(key, self.format.escape_html, &mut self.out);
                self.out.extend_from_slice(if self.format.indent.is_some() { b": " } else { b":" });
                self.after_key = true;
            }
            Event::Leaf(leaf) => {
                self.separate();
                self.leaf(leaf);
            }
            Event::BeginArray => self.begin(b'['),
            Event::BeginObject => self.begin(b'{'),
            Event::EndArray => self.end(b']'),
            Event::EndObject => self.end(b'}'),
        }
    }

    #[inline]
    fn leaf(&mut self, leaf: &Value) {
        match leaf {
            Value::String(text) => strings::write(text, self.format.escape_html, &mut self.out),
            Value::Number(number) => self.out.extend_from_slice(number.as_bytes()),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            _ => self.out.extend_from_slice(b"null"),
        }
    }

    /// What stands between the member before and this one.
    #[inline]
    fn separate(&mut self) {
        if self.after_key {
            self.after_key = false;
            return;
        }
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        if self.depth > 0 {
            self.new_line();
        }
    }

    fn begin(&mut self, bracket: u8) {
        self.separate();
        self.out.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    fn end(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.first {
            self.new_line();
        }
        self.first = false;
        self.out.push(bracket);
    }

    #[inline]
    fn new_line(&mut self) {
        if let Some(indent) = self.format.indent {
            self.out.push(b'\n');
            for _ in 0..self.depth {
                self.out.extend_from_slice(indent.as_bytes());
            }
        }
    }
}
