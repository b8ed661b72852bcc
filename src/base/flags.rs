//! Command-line flags as Go's `flag` package reads them.
//!
//! ```text
//! -c 3   -c=3   --c 3   --c=3    a flag with a value
//! -v     -v=false                a boolean flag; it never takes the next argument
//! --                             ends the flags and is dropped
//! host:80                        the first argument that is no flag ends the flags; so does a lone -
//! -h     -help                   asks for the usage
//! ```
//! Integers are decimal. Durations are Go's, see [`parse_duration`].
//!
//! We left out flag sets within flag sets, and values of one's own types.

mod duration;
mod error;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process;
use std::time::Duration;

pub use duration::{DurationError, MAX_NANOSECONDS, format_duration, parse_duration};
pub use error::FlagError;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Bool(bool),
    Int(i64),
    Duration(Duration),
    Text(String),
    Texts(Vec<String>),
}

impl Value {
    /// The word in the usage.
    fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "",
            Value::Int(_) => "int",
            Value::Duration(_) => "duration",
            Value::Text(_) | Value::Texts(_) => "string",
        }
    }

    fn wanted(&self) -> &'static str {
        match self {
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Duration(_) => "a duration such as 300ms or 1m30s",
            Value::Text(_) | Value::Texts(_) => "a text",
        }
    }

    /// What the usage says behind the description; nothing for a default that is the kind's zero.
    fn remark(&self) -> String {
        match self {
            Value::Int(default) if *default != 0 => format!(" (default {default})"),
            Value::Duration(default) if !default.is_zero() => {
                format!(" (default {})", format_duration(*default))
            }
            Value::Text(default) if !default.is_empty() => format!(" (default {default:?})"),
            Value::Texts(_) => " (may be repeated)".to_string(),
            _ => String::new(),
        }
    }

    /// Takes the value given for the flag `name`.
    fn set(&mut self, name: &str, given: &str) -> Result<(), FlagError> {
        let wanted = self.wanted();
        let refused = || FlagError::BadValue { flag: name.to_string(), value: given.to_string(), wanted };
        match self {
            Value::Bool(value) => *value = parse_bool(given).ok_or_else(refused)?,
            Value::Int(value) => *value = given.parse().map_err(|_| refused())?,
            Value::Duration(value) => {
                *value = parse_duration(given).map_err(|source| FlagError::BadDuration {
                    flag: name.to_string(),
                    value: given.to_string(),
                    source,
                })?;
            }
            Value::Text(value) => *value = given.to_string(),
            Value::Texts(values) => values.push(given.to_string()),
        }
        Ok(())
    }
}

/// The words Go's `strconv.ParseBool` knows.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[derive(Clone, Debug)]
struct Flag {
    name: String,
    usage: String,
    value: Value,
    given: bool,
}

/// The flags a program takes.
///
/// ```
/// use netprog::base::flags::Flags;
/// use std::time::Duration;
///
/// let mut flags = Flags::new("ping", "[options] host:port");
/// flags.int("c", 3, "number of pings: <= 0 means forever");
/// flags.duration("i", Duration::from_secs(1), "time between pings");
/// let parsed = flags.parse(["-c", "5", "localhost:80"])?;
/// assert_eq!(parsed.int("c"), 5);
/// assert_eq!(parsed.duration("i"), Duration::from_secs(1));
/// assert_eq!(parsed.rest(), ["localhost:80"]);
/// # Ok::<(), netprog::base::flags::FlagError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Flags {
    program: String,
    arguments: String,
    about: String,
    flags: Vec<Flag>,
}

impl Flags {
    /// No flags yet. The usage begins with the program's name and the form of its arguments.
    pub fn new(program: &str, arguments: &str) -> Flags {
        Flags {
            program: program.to_string(),
            arguments: arguments.to_string(),
            about: String::new(),
            flags: Vec::new(),
        }
    }

    /// What the program does, for the usage.
    pub fn about(&mut self, text: &str) {
        self.about = text.trim_end().to_string();
    }

    /// A flag that is on or off, off unless given.
    ///
    /// # Panics
    /// Here and in the other definitions: if there is a flag of this name, or the name is empty, begins with a hyphen or
    /// has an equals sign.
    pub fn bool(&mut self, name: &str, usage: &str) {
        self.define(name, Value::Bool(false), usage);
    }

    /// A flag with a whole number.
    ///
    /// # Panics
    /// As [`Flags::bool`].
    pub fn int(&mut self, name: &str, default: i64, usage: &str) {
        self.define(name, Value::Int(default), usage);
    }

    /// A flag with a length of time.
    ///
    /// # Panics
    /// As [`Flags::bool`].
    pub fn duration(&mut self, name: &str, default: Duration, usage: &str) {
        self.define(name, Value::Duration(default), usage);
    }

    /// A flag with a text.
    ///
    /// # Panics
    /// As [`Flags::bool`].
    pub fn string(&mut self, name: &str, default: &str, usage: &str) {
        self.define(name, Value::Text(default.to_string()), usage);
    }

    /// A flag that may be given many times, each time with a text.
    ///
    /// # Panics
    /// As [`Flags::bool`].
    pub fn strings(&mut self, name: &str, usage: &str) {
        self.define(name, Value::Texts(Vec::new()), usage);
    }

    fn define(&mut self, name: &str, value: Value, usage: &str) {
        let fits = !name.is_empty() && !name.starts_with('-') && !name.contains('=');
        assert!(fits, "{name:?} cannot be the name of a flag");
        assert!(self.flags.iter().all(|flag| flag.name != name), "flag -{name} is defined twice");
        let (name, usage) = (name.to_string(), usage.to_string());
        self.flags.push(Flag { name, usage, value, given: false });
    }

    /// Reads the arguments (without the program's name).
    ///
    /// # Errors
    /// A [`FlagError`] for the first argument the program does not take; [`FlagError::HelpWanted`] for `-h` and `-help`,
    /// unless the program has flags of these names.
    pub fn parse<A: Into<OsString>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Parsed, FlagError> {
        let mut waiting = Vec::new();
        for argument in arguments {
            let text = argument
                .into()
                .into_string()
                .map_err(|bytes| FlagError::NotUnicode { argument: bytes.to_string_lossy().into_owned() })?;
            waiting.push(text);
        }
        let mut waiting = waiting.into_iter();
        let mut flags = self.flags.clone();
        let mut rest = Vec::new();
        while let Some(argument) = waiting.next() {
            if argument == "--" {
                break;
            }
            if argument == "-" || !argument.starts_with('-') {
                rest.push(argument);
                break;
            }
            take_flag(&mut flags, &argument, &mut waiting)?;
        }
        rest.extend(waiting);
        Ok(Parsed { flags, rest })
    }

    /// Reads the program's arguments, or ends the program: with the usage on standard output and exit code 0 if help was
    /// asked for, with a line about the mistake and the usage on standard error and exit code 2 otherwise.
    pub fn parse_or_exit(&self) -> Parsed {
        self.parse_these_or_exit(std::env::args_os().skip(1))
    }

    /// The same for arguments of one's own: a program with subcommands takes its first one off before the flags.
    pub fn parse_these_or_exit<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Parsed {
        match self.parse(arguments) {
            Ok(parsed) => parsed,
            Err(FlagError::HelpWanted) => {
                // Not print!, which panics when nobody reads: `program -help | head -1`.
                let _ = io::stdout().write_all(self.usage().as_bytes());
                process::exit(0);
            }
            Err(error) => self.usage_error(&error.to_string()),
        }
    }

    /// Ends the program with `message` and the usage on standard error, exit code 2.
    pub fn usage_error(&self, message: &str) -> ! {
        let text = format!("{}: {message}\n{}", self.program, self.usage());
        let _ = io::stderr().write_all(text.as_bytes());
        process::exit(2);
    }

    /// How the program is used: its arguments, what it does, and its flags in the order of their definition.
    pub fn usage(&self) -> String {
        let mut text = format!("usage: {} {}", self.program, self.arguments).trim_end().to_string();
        text.push('\n');
        if !self.about.is_empty() {
            text.push_str(&format!("\n{}\n", self.about));
        }
        if self.flags.is_empty() {
            return text;
        }
        text.push_str("\noptions:\n");
        let mut width = 0;
        for flag in &self.flags {
            width = width.max(flag.heading().chars().count());
        }
        for flag in &self.flags {
            // A description of several lines stays in its column.
            let indented = flag.usage.replace('\n', &format!("\n{:width$}", "", width = width + 5));
            text.push_str(&format!("  {:<width$}   {indented}{}\n", flag.heading(), flag.value.remark()));
        }
        text
    }
}

impl Flag {
    fn heading(&self) -> String {
        format!("-{} {}", self.name, self.value.kind()).trim_end().to_string()
    }
}

/// Takes one flag, and its value from the arguments that wait if it is not in `argument` itself.
fn take_flag(
    flags: &mut [Flag],
    argument: &str,
    waiting: &mut dyn Iterator<Item = String>,
) -> Result<(), FlagError> {
    let written = argument.strip_prefix("--").or(argument.strip_prefix('-')).unwrap_or(argument);
    let (name, attached) = match written.split_once('=') {
        Some((name, value)) => (name, Some(value.to_string())),
        None => (written, None),
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(FlagError::BadSyntax { argument: argument.to_string() });
    }
    let Some(flag) = flags.iter_mut().find(|flag| flag.name == name) else {
        return Err(match name {
            "h" | "help" => FlagError::HelpWanted,
            _ => FlagError::Unknown { flag: name.to_string() },
        });
    };
    let value = match (attached, &flag.value) {
        (Some(value), _) => value,
        (None, Value::Bool(_)) => "true".to_string(),
        (None, other) => waiting
            .next()
            .ok_or_else(|| FlagError::MissingValue { flag: name.to_string(), wanted: other.wanted() })?,
    };
    flag.value.set(name, &value)?;
    flag.given = true;
    Ok(())
}

/// The flags' values, and the arguments behind the flags.
///
/// Every method but [`Parsed::rest`] panics if the program did not define a flag of this name and kind: that is a mistake
/// in the program, and no argument can cause it.
#[derive(Clone, Debug)]
pub struct Parsed {
    flags: Vec<Flag>,
    rest: Vec<String>,
}

impl Parsed {
    /// Whether the boolean flag is on.
    pub fn bool(&self, name: &str) -> bool {
        match self.flag(name).value {
            Value::Bool(value) => value,
            _ => panic!("flag -{name} is not a boolean"),
        }
    }

    /// The flag's number.
    pub fn int(&self, name: &str) -> i64 {
        match self.flag(name).value {
            Value::Int(value) => value,
            _ => panic!("flag -{name} is not an int"),
        }
    }

    /// The flag's length of time.
    pub fn duration(&self, name: &str) -> Duration {
        match self.flag(name).value {
            Value::Duration(value) => value,
            _ => panic!("flag -{name} is not a duration"),
        }
    }

    /// The flag's text.
    pub fn string(&self, name: &str) -> &str {
        match &self.flag(name).value {
            Value::Text(value) => value,
            _ => panic!("flag -{name} is not a string"),
        }
    }

    /// The texts of a flag that may be repeated, in the order given.
    pub fn strings(&self, name: &str) -> &[String] {
        match &self.flag(name).value {
            Value::Texts(values) => values,
            _ => panic!("flag -{name} cannot be repeated"),
        }
    }

    /// Whether the flag was among the arguments, be it with its default.
    pub fn was_given(&self, name: &str) -> bool {
        self.flag(name).given
    }

    /// The arguments behind the flags.
    pub fn rest(&self) -> &[String] {
        &self.rest
    }

    fn flag(&self, name: &str) -> &Flag {
        match self.flags.iter().find(|flag| flag.name == name) {
            Some(flag) => flag,
            None => panic!("flag -{name} is not defined"),
        }
    }
}

#[cfg(test)]
mod tests;
