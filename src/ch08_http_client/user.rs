//! The user of Listing 8-6, as JSON.
//!
//! ```text
//! {"First":"Adam","Last":"Woodbeck"}␊
//! ```
//! Reading is as generous as Go's `json.Decoder`: keys in any case, unknown keys ignored, a missing one left empty, and nobody
//! looks at what follows the value.

use std::fmt;
use std::io::Read;

use crate::base::json::{DecodeError, Decoder, Encoder, Object, Value};

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The first name.
    pub first: String,
    /// The last name.
    pub last: String,
}

/// Why bytes are no user.
#[derive(Debug)]
pub enum UserError {
    /// They are no JSON, or they ended, or could not be read.
    Json(DecodeError),
    /// There was nothing.
    Empty,
    /// JSON of another shape.
    BadShape {
        /// What was wanted.
        wanted: &'static str,
    },
}

impl User {
    /// The user as JSON with a line end, as Go's `json.Encoder` writes it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut object = Object::new();
        object.insert("First", self.first.as_str());
        object.insert("Last", self.last.as_str());
        let mut out = Vec::new();
        // A vector takes everything.
        let _ = Encoder::new(&mut out).encode(&Value::Object(object));
        out
    }

    /// Reads the first value of `reader`, and no more than that needs.
    ///
    /// # Errors
    /// [`UserError`]
    pub fn from_json(reader: &mut dyn Read) -> Result<User, UserError> {
        let value = Decoder::new(reader).decode().map_err(UserError::Json)?.ok_or(UserError::Empty)?;
        if value.as_object().is_none() && !value.is_null() {
            return Err(UserError::BadShape { wanted: "an object" });
        }
        Ok(User { first: text(&value, "First")?, last: text(&value, "Last")? })
    }
}

fn text(value: &Value, key: &str) -> Result<String, UserError> {
    match value.get_ignoring_case(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(UserError::BadShape { wanted: "strings for First and Last" }),
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserError::Json(error) => write!(f, "{error}"),
            UserError::Empty => write!(f, "there is no JSON"),
            UserError::BadShape { wanted } => write!(f, "the JSON is no user: it takes {wanted}"),
        }
    }
}

impl std::error::Error for UserError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UserError::Json(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<User, UserError> {
        User::from_json(&mut text.as_bytes())
    }

    #[test]
    fn a_user_is_written_on_one_line_and_comes_back() {
        let user = User { first: "Adam".to_owned(), last: "Woodbeck".to_owned() };
        assert_eq!(user.to_json(), b"{\"First\":\"Adam\",\"Last\":\"Woodbeck\"}\n");
        assert_eq!(User::from_json(&mut &user.to_json()[..]).unwrap(), user);
    }

    #[test]
    fn keys_have_no_case_others_are_ignored_and_so_is_what_follows() {
        let user = read(r#"{"first":"A","LAST":"B","age":7} trailing"#).unwrap();
        assert_eq!((user.first.as_str(), user.last.as_str()), ("A", "B"));
        assert_eq!(read("{}").unwrap(), User::default());
    }

    #[test]
    fn what_is_no_user_is_refused() {
        assert!(matches!(read(""), Err(UserError::Empty)));
        assert!(matches!(read("{\"First\":"), Err(UserError::Json(_))));
        assert!(matches!(read("[]"), Err(UserError::BadShape { .. })));
        assert!(matches!(read("{\"First\":1}"), Err(UserError::BadShape { .. })));
    }
}
