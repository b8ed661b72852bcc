//! A field of a header with its name, its place and its value: what the pictures of headers are made of.

use std::ops::Range;

/// One field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name its RFC gives it.
    pub name: &'static str,
    /// The bytes that hold it, counted from the header's first. Two fields may share a byte.
    pub at: Range<usize>,
    /// The value for people.
    pub value: String,
}

impl Field {
    /// A field in the bytes `at`.
    pub fn new(name: &'static str, at: Range<usize>, value: impl Into<String>) -> Field {
        Field { name, at, value: value.into() }
    }
}
