//! Where reality left the script.

use std::error::Error;
use std::fmt;
use std::io;

use crate::base::show;

/// Bytes an error shows of each side; the rest is cut.
const SHOWN: usize = 400;

/// What came in place of what the script wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// These bytes, up to the end of the read in which the first wrong one came.
    Bytes(Vec<u8>),
    /// These bytes, then the end of the stream.
    Ended(Vec<u8>),
    /// These bytes, then nothing for as long as a step waits.
    Silence(Vec<u8>),
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Came::Bytes(bytes) => write!(f, "came {}", show::escaped(bytes, SHOWN)),
            Came::Ended(bytes) => write!(f, "came {} and the end of the stream", show::escaped(bytes, SHOWN)),
            Came::Silence(bytes) => write!(f, "came {} and then nothing", show::escaped(bytes, SHOWN)),
        }
    }
}

/// Why a script was not played to its end. Steps count from 1.
#[derive(Debug)]
pub enum ScriptError {
    /// Nobody connected.
    NobodyCame,
    /// The other side sent something else than `wanted`; `None` stands for the end of the stream.
    Unexpected {
        /// Which step.
        step: usize,
        /// The bytes the script wanted.
        wanted: Option<Vec<u8>>,
        /// What it got.
        came: Came,
    },
    /// The connection failed in the middle of a step.
    Broken {
        /// Which step.
        step: usize,
        /// What the step does.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The script was still at this step when the time for finishing was over.
    StillPlaying {
        /// Which step.
        step: usize,
    },
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScriptError::NobodyCame => write!(f, "script: nobody connected"),
            ScriptError::Unexpected { step, wanted: Some(wanted), came } => {
                write!(f, "script, step {step}: wanted {}, {came}", show::escaped(wanted, SHOWN))
            }
            ScriptError::Unexpected { step, wanted: None, came } => {
                write!(f, "script, step {step}: wanted the end of the stream, {came}")
            }
            ScriptError::Broken { step, doing, source } => {
                write!(f, "script, step {step} ({doing}): {source}")
            }
            ScriptError::StillPlaying { step } => write!(f, "script: still at step {step}"),
        }
    }
}

impl Error for ScriptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ScriptError::Broken { source, .. } => Some(source),
            _ => None,
        }
    }
}
