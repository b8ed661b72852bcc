//! From bytes to a value.
//!
//! ```text
//!            '['                     value, ']'
//!  Value ----------> ItemOrEnd ----------------------.
//!    |  '{'               key                ':'      v
//!    |-----> KeyOrEnd ----------> Colon --> Value   CommaOrEnd <---.
//!    |                              ^                 |  | '}' ']' |
//!    | anything else                '----- Key <------'  '---------'
//!    '-----------------------------------------------> done, if nothing is open
//! ```
//! A loop, not a function that calls itself: how deep the input nests is bounded by [`MAX_DEPTH`](super::MAX_DEPTH) and costs
//! no stack. And a machine that may stop between two tokens and go on when more bytes are there: the [`super::Decoder`] does so.

use super::build::Builder;
use super::error::{Fault, JsonError, JsonErrorKind, Place};
use super::number::{self, MAX_NUMBER_BYTES, Number};
use super::strings::{self, Search};
use super::{Duplicates, LoneSurrogates, ParseOptions, Value};

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ItemOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
}

impl Expect {
    fn words(self, in_object: bool) -> &'static str {
        match self {
            Expect::Value => "a value",
            Expect::ItemOrEnd => "a value or ']'",
            Expect::KeyOrEnd => "a key in quotes or '}'",
            Expect::Key => "a key in quotes",
            Expect::Colon => "':'",
            Expect::CommaOrEnd if in_object => "',' or '}'",
            Expect::CommaOrEnd => "',' or ']'",
        }
    }
}

/// What a step did.
enum Step {
    /// It used the bytes up to here.
    On(usize),
    /// The token is not there to its end.
    More,
    /// The value is whole; it ends here.
    Done(usize, Value),
}

/// How far [`Parser::feed`] came.
pub(super) struct Fed {
    /// Bytes that need not be handed in again.
    pub used: usize,
    /// The value, when it is whole.
    pub value: Option<Value>,
}

/// One value in the making.
pub(super) struct Parser {
    options: ParseOptions,
    expect: Expect,
    builder: Builder,
    search: Search,
}

/// The one value of a document with the given options.
///
/// # Errors
/// [`JsonError`]: anything but one value with blanks around it, or one beyond the limits.
pub fn parse_with(bytes: &[u8], options: &ParseOptions) -> Result<Value, JsonError> {
    whole(bytes, options).map_err(|fault| Place::START.error(fault, bytes))
}

fn whole(bytes: &[u8], options: &ParseOptions) -> Result<Value, Fault> {
    let limit = options.limits.bytes;
    if bytes.len() > limit {
        return Err(Fault { kind: JsonErrorKind::TooLong { limit }, at: limit });
    }
    let fed = Parser::new(*options).feed(bytes, true)?;
    let Some(value) = fed.value else { return Err(Fault::ended(fed.used, "a value")) };
    let end = skip_blanks(bytes, fed.used);
    match bytes.get(end) {
        None => Ok(value),
        Some(&came) => Err(Fault { kind: JsonErrorKind::Trailing { came }, at: end }),
    }
}

/// Where the blanks end. RFC 8259 section 2 knows four.
#[inline]
pub(super) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

impl Parser {
    pub fn new(options: ParseOptions) -> Parser {
        Parser { options, expect: Expect::Value, builder: Builder::default(), search: Search::default() }
    }

    /// Whether nothing of the value has come yet.
    pub fn is_fresh(&self) -> bool {
        self.expect == Expect::Value && self.builder.depth() == 0
    }

    /// Takes bytes up to the value's end, or as many as there are. What it leaves unused it wants again, with more behind;
    /// if `last`, there is no more.
    pub fn feed(&mut self, bytes: &[u8], last: bool) -> Result<Fed, Fault> {
        let mut at = 0;
        loop {
            at = skip_blanks(bytes, at);
            let Some(&byte) = bytes.get(at) else {
                if last {
                    return Err(Fault::ended(at, self.expect.words(self.builder.is_in_object())));
                }
                return Ok(Fed { used: at, value: None });
            };
            match self.step(bytes, at, byte, last)? {
                Step::On(next) => at = next,
                Step::More => return Ok(Fed { used: at, value: None }),
                Step::Done(used, value) => return Ok(Fed { used, value: Some(value) }),
            }
        }
    }

    #[inline]
    fn step(&mut self, bytes: &[u8], at: usize, byte: u8, last: bool) -> Result<Step, Fault> {
        match (self.expect, byte) {
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                let Some((key, next)) = self.string(bytes, at, last)? else { return Ok(Step::More) };
                self.builder.key(key);
                // Most writers put the colon there at once.
                if bytes.get(next) == Some(&b':') {
                    self.expect = Expect::Value;
                    return Ok(Step::On(next + 1));
                }
                self.expect = Expect::Colon;
                Ok(Step::On(next))
            }
            (Expect::Colon, b':') => {
                self.expect = Expect::Value;
                Ok(Step::On(at + 1))
            }
            (Expect::CommaOrEnd, b',') => {
                self.expect = if self.builder.is_in_object() { Expect::Key } else { Expect::Value };
                Ok(Step::On(at + 1))
            }
            (Expect::CommaOrEnd, b'}') if self.builder.is_in_object() => self.end(at),
            (Expect::CommaOrEnd, b']') if !self.builder.is_in_object() => self.end(at),
            (Expect::KeyOrEnd, b'}') | (Expect::ItemOrEnd, b']') => self.end(at),
            (Expect::Value | Expect::ItemOrEnd, _) => self.value(bytes, at, byte, last),
            _ => Err(Fault::at(bytes, at, self.expect.words(self.builder.is_in_object()))),
        }
    }

    /// What begins with `byte`.
    #[inline]
    fn value(&mut self, bytes: &[u8], at: usize, byte: u8, last: bool) -> Result<Step, Fault> {
        let (value, next) = match byte {
            b'"' => match self.string(bytes, at, last)? {
                Some((text, next)) => (Value::String(text), next),
                None => return Ok(Step::More),
            },
            b'-' | b'0'..=b'9' => match number_at(bytes, at, last)? {
                Some((number, next)) => (Value::Number(number), next),
                None => return Ok(Step::More),
            },
            b'{' | b'[' => return self.begin(byte, at),
            b't' => return self.word(bytes, at, last, "true", Value::Bool(true)),
            b'f' => return self.word(bytes, at, last, "false", Value::Bool(false)),
            b'n' => return self.word(bytes, at, last, "null", Value::Null),
            0xef if bytes[at..].starts_with(b"\xef\xbb\xbf") => {
                return Err(Fault { kind: JsonErrorKind::ByteOrderMark, at });
            }
            _ => return Err(Fault::at(bytes, at, self.expect.words(self.builder.is_in_object()))),
        };
        Ok(self.place(value, next))
    }

    #[inline]
    fn place(&mut self, value: Value, next: usize) -> Step {
        self.expect = Expect::CommaOrEnd;
        match self.builder.place(value) {
            None => Step::On(next),
            Some(whole) => Step::Done(next, whole),
        }
    }

    fn begin(&mut self, byte: u8, at: usize) -> Result<Step, Fault> {
        let limit = self.options.limits.depth;
        if self.builder.depth() >= limit {
            return Err(Fault { kind: JsonErrorKind::TooDeep { limit }, at });
        }
        if byte == b'{' {
            self.builder.begin_object();
            self.expect = Expect::KeyOrEnd;
        } else {
            self.builder.begin_array();
            self.expect = Expect::ItemOrEnd;
        }
        Ok(Step::On(at + 1))
    }

    fn end(&mut self, at: usize) -> Result<Step, Fault> {
        let mut value = self.builder.end();
        if let Value::Object(object) = &mut value {
            let repeated = object.repeated();
            if let Some((first, _)) = repeated.first() {
                match self.options.duplicates {
                    Duplicates::LastWins => object.keep_last(&repeated),
                    Duplicates::Keep => {}
                    Duplicates::Refuse => {
                        let key = object.key_at(*first).to_string();
                        return Err(Fault { kind: JsonErrorKind::DuplicateKey { key }, at });
                    }
                }
            }
        }
        Ok(self.place(value, at + 1))
    }

    fn string(&mut self, bytes: &[u8], at: usize, last: bool) -> Result<Option<(String, usize)>, Fault> {
        let start = at + 1;
        let Some(end) = strings::find_end(bytes, start, &mut self.search)? else {
            return if last {
                Err(Fault::ended(bytes.len(), "the quote that closes a string"))
            } else {
                Ok(None)
            };
        };
        let text = if self.search.escaped {
            let replace = self.options.surrogates == LoneSurrogates::Replace;
            strings::unescape(bytes, start, end, replace)?
        } else {
            strings::plain(bytes, start, end)?.to_string()
        };
        self.search = Search::default();
        Ok(Some((text, end + 1)))
    }

    fn word(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: bool,
        word: &'static str,
        value: Value,
    ) -> Result<Step, Fault> {
        if bytes[at..].starts_with(word.as_bytes()) {
            return Ok(self.place(value, at + word.len()));
        }
        let alike = bytes[at..].iter().zip(word.bytes()).take_while(|(came, wanted)| *came == wanted).count();
        if at + alike == bytes.len() && !last {
            return Ok(Step::More);
        }
        Err(Fault::at(bytes, at + alike, word))
    }
}

/// A number whose last digit is the last byte may go on in the next bytes.
#[inline]
fn number_at(bytes: &[u8], at: usize, last: bool) -> Result<Option<(Number, usize)>, Fault> {
    let end = match number::scan(bytes, at) {
        Err(Fault { kind: JsonErrorKind::Ended { .. }, .. }) if !last => bytes.len(),
        scanned => scanned?,
    };
    if end == bytes.len() && !last {
        if end - at > MAX_NUMBER_BYTES {
            return Err(Fault { kind: JsonErrorKind::NumberTooLong, at });
        }
        return Ok(None);
    }
    Ok(Some((Number::from_scanned(&bytes[at..end]), end)))
}
