//! What can be wrong with a command line.

use std::fmt;

use super::duration::DurationError;

/// Why arguments are not what the program takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagError {
    /// `-h` or `-help`: not a mistake, but the program is not to run.
    HelpWanted,
    /// The program has no such flag.
    Unknown {
        /// Its name, without hyphens.
        flag: String,
    },
    /// Hyphens without a name behind them: `---c`, `-=3`.
    BadSyntax {
        /// The argument.
        argument: String,
    },
    /// The arguments ended where the flag's value should stand.
    MissingValue {
        /// The flag's name.
        flag: String,
        /// What kind of value it takes.
        wanted: &'static str,
    },
    /// The value is not of the flag's kind.
    BadValue {
        /// The flag's name.
        flag: String,
        /// The value as given.
        value: String,
        /// What kind of value it takes.
        wanted: &'static str,
    },
    /// The value is not a duration.
    BadDuration {
        /// The flag's name.
        flag: String,
        /// The value as given.
        value: String,
        /// Why not.
        source: DurationError,
    },
    /// An argument that is not UTF-8.
    NotUnicode {
        /// The argument, with replacement characters.
        argument: String,
    },
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagError::HelpWanted => f.write_str("help was asked for"),
            FlagError::Unknown { flag } => write!(f, "there is no flag -{flag}"),
            FlagError::BadSyntax { argument } => write!(f, "{argument:?} is not the form of a flag"),
            FlagError::MissingValue { flag, wanted } => write!(f, "flag -{flag} needs a value: {wanted}"),
            FlagError::BadValue { flag, value, wanted } => {
                write!(f, "{value:?} is not a value for flag -{flag}, which takes {wanted}")
            }
            FlagError::BadDuration { flag, value, source } => {
                write!(f, "{value:?} is not a value for flag -{flag}, which takes a duration: {source}")
            }
            FlagError::NotUnicode { argument } => write!(f, "the argument {argument:?} is not UTF-8"),
        }
    }
}

impl std::error::Error for FlagError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FlagError::BadDuration { source, .. } => Some(source),
            _ => None,
        }
    }
}
