//! Ways into a value and ways to make one. None of them panics: what is not there is `None`.

use super::{Number, NumberError, Object, Value};

impl Value {
    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_object_mut()?.get_mut(key)
    }

    /// As [`Object::get_ignoring_case`], if this is an object.
    pub fn get_ignoring_case(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get_ignoring_case(key)
    }

    /// The item at a place counted from zero, if this is an array that has it.
    pub fn at(&self, place: usize) -> Option<&Value> {
        self.as_array()?.get(place)
    }

    /// What a JSON pointer (RFC 6901) names: `/First` a key, `/chores/0` the first item under a key, the empty text the whole.
    /// In a key `~1` stands for `/` and `~0` for `~`. `None` also for a text that is no pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let mut value = self;
        for step in steps(pointer)? {
            let step = unescape(step)?;
            value = match value {
                Value::Object(object) => object.get(&step)?,
                Value::Array(items) => items.get(place(&step)?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// The same, to change it.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        let mut value = self;
        for step in steps(pointer)? {
            let step = unescape(step)?;
            value = match value {
                Value::Object(object) => object.get_mut(&step)?,
                Value::Array(items) => items.get_mut(place(&step)?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The bool, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(bool) = self { Some(*bool) } else { None }
    }

    /// The number, if it is one. It says by itself what it fits into: [`Number::to_u64`] and its sisters.
    pub fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = self { Some(number) } else { None }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(items) = self { Some(items) } else { None }
    }

    /// The items to change, if it is an array.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Value::Array(items) = self { Some(items) } else { None }
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The object to change, if it is one.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The text without copying it, if it is a string.
    pub fn into_string(mut self) -> Option<String> {
        if let Value::String(text) = &mut self { Some(std::mem::take(text)) } else { None }
    }

    /// The items without copying them, if it is an array.
    pub fn into_array(mut self) -> Option<Vec<Value>> {
        self.as_array_mut().map(std::mem::take)
    }

    /// The object without copying it, if it is one.
    pub fn into_object(mut self) -> Option<Object> {
        self.as_object_mut().map(std::mem::take)
    }

    /// What it is, in a word for messages: `"an object"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

fn steps(pointer: &str) -> Option<impl Iterator<Item = &str>> {
    let mut steps = pointer.split('/');
    // Before the first slash stands nothing.
    (steps.next() == Some("")).then_some(steps)
}

fn unescape(step: &str) -> Option<String> {
    let mut key = String::with_capacity(step.len());
    let mut characters = step.chars();
    while let Some(character) = characters.next() {
        key.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            itself => itself,
        });
    }
    Some(key)
}

/// A place in an array: digits without a sign, and no zero before others (RFC 6901 section 4).
fn place(step: &str) -> Option<usize> {
    let digits = step.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (step.len() > 1 && step.starts_with('0')) {
        return None;
    }
    step.parse().ok()
}

impl From<bool> for Value {
    fn from(bool: bool) -> Value {
        Value::Bool(bool)
    }
}

impl From<u64> for Value {
    fn from(integer: u64) -> Value {
        Value::Number(integer.into())
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Value {
        Value::Number(integer.into())
    }
}

impl From<u8> for Value {
    fn from(integer: u8) -> Value {
        Value::from(u64::from(integer))
    }
}

impl From<u16> for Value {
    fn from(integer: u16) -> Value {
        Value::from(u64::from(integer))
    }
}

impl From<u32> for Value {
    fn from(integer: u32) -> Value {
        Value::from(u64::from(integer))
    }
}

impl From<i32> for Value {
    fn from(integer: i32) -> Value {
        Value::from(i64::from(integer))
    }
}

impl From<usize> for Value {
    fn from(integer: usize) -> Value {
        Value::from(integer as u64) // No machine of ours has more than 64 bits.
    }
}

impl TryFrom<f64> for Value {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Value, NumberError> {
        Number::from_f64(float).map(Value::Number)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_string())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::Array(items)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object)
    }
}
