//! What can be wrong with a zone file, and in which line.

use std::fmt;

use crate::base::show;
use crate::ch02_addresses::dns::name::{Name, NameError};
use crate::ch02_addresses::dns::record::RecordType;

/// Something wrong with a zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneError {
    /// The line, from 1; the last for what the whole file lacks.
    pub line: usize,
    /// What is wrong.
    pub problem: ZoneProblem,
}

/// What is wrong with a line of a zone file, or with the zone it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneProblem {
    /// A quoted string does not end in its line.
    QuoteNotClosed,
    /// The file ends inside parentheses.
    ParenthesisNotClosed,
    /// A parenthesis inside parentheses, or a closing one outside.
    ParenthesisAstray,
    /// A record needs one more field.
    FieldMissing {
        /// What was expected.
        wanted: &'static str,
    },
    /// A record has a field too many.
    FieldTooMany(String),
    /// A field is not what stands at its place.
    FieldWrong {
        /// What was expected.
        wanted: &'static str,
        /// What came.
        word: String,
    },
    /// A name is none.
    BadName(NameError),
    /// A name without a dot at its end before any `$ORIGIN`.
    NoOrigin(String),
    /// A line that begins with a blank, and no record before it whose name it could have.
    NoOwner,
    /// A record without a time to live, and neither `$TTL` nor an earlier one to take it from.
    NoTtl,
    /// `$INCLUDE`, `$GENERATE`, or another directive we do not know.
    UnknownDirective(String),
    /// Data of a type whose text form we do not know; `\# LENGTH HEX` is always understood.
    NoTextForm(RecordType),
    /// A class other than IN.
    OtherClass(String),
    /// More than a file or a zone may have.
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many we take.
        most: usize,
    },
    /// The zone has no SOA record, or a second one.
    NotOneSoa,
    /// The zone's own name has no NS record.
    NoNameServer(Name),
    /// A record whose name is not the zone's nor below it.
    OutsideZone {
        /// The name.
        name: Name,
        /// The zone.
        origin: Name,
    },
    /// A name has a CNAME and something else, or two CNAMEs (RFC 1034 §3.6.2).
    CnameNotAlone(Name),
}

/// A word of the file in quotes. A file may have a word of a million bytes, and a message is one line.
fn quoted(word: &str) -> String {
    show::quoted(word, 80)
}

impl fmt::Display for ZoneProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZoneProblem::QuoteNotClosed => f.write_str("the quoted string does not end in its line"),
            ZoneProblem::ParenthesisNotClosed => f.write_str("the parenthesis is never closed"),
            ZoneProblem::ParenthesisAstray => f.write_str("parentheses open once, and close once"),
            ZoneProblem::FieldMissing { wanted } => write!(f, "the record ends where {wanted} should be"),
            ZoneProblem::FieldTooMany(word) => {
                write!(f, "the record is over, and then comes {}", quoted(word))
            }
            ZoneProblem::FieldWrong { wanted, word } => {
                write!(f, "{} stands where {wanted} should be", quoted(word))
            }
            ZoneProblem::BadName(error) => write!(f, "{error}"),
            ZoneProblem::NoOrigin(name) => {
                let name = quoted(name);
                write!(f, "{name} does not end in a dot, and there is no $ORIGIN yet to put behind it")
            }
            ZoneProblem::NoOwner => f.write_str(
                "the line begins with a blank, and there is no record before it to have its name from",
            ),
            ZoneProblem::NoTtl => f.write_str("the record has no time to live, and there is no $TTL"),
            ZoneProblem::UnknownDirective(word) => {
                write!(f, "{} is unknown; we take $ORIGIN and $TTL", quoted(word))
            }
            ZoneProblem::NoTextForm(record_type) => {
                write!(f, "we have no text form for {record_type}; write its data as \\# LENGTH HEX")
            }
            ZoneProblem::OtherClass(class) => write!(f, "the class is {}; we serve IN only", quoted(class)),
            ZoneProblem::TooLarge { what, most } => write!(f, "more than {most} {what}"),
            ZoneProblem::NotOneSoa => f.write_str("a zone has one SOA record, no fewer and no more"),
            ZoneProblem::NoNameServer(origin) => write!(f, "{origin} has no NS record"),
            ZoneProblem::OutsideZone { name, origin } => write!(f, "{name} is not in the zone {origin}"),
            ZoneProblem::CnameNotAlone(name) => {
                write!(f, "{name} has a CNAME and something else; a CNAME stands alone")
            }
        }
    }
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for ZoneError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            ZoneProblem::BadName(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NameError> for ZoneProblem {
    fn from(error: NameError) -> ZoneProblem {
        ZoneProblem::BadName(error)
    }
}
