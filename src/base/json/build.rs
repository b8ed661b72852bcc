//! Values as a walk over them and back: [`Walk`] takes a value apart into [`Event`]s, [`Builder`] puts events together.
//!
//! ```text
//! {"a":[1,2]}     BeginObject  Key "a"  BeginArray  Leaf 1  Leaf 2  EndArray  EndObject
//! ```
//! Neither calls itself, so a value may be as deep as memory allows: printing, copying, comparing and dropping one goes
//! through here, and the stack of the thread stays as it is.

use std::mem;
use std::slice;

use super::{Object, Value};

/// A step of a walk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    BeginArray,
    EndArray,
    BeginObject,
    EndObject,
    Key(&'a str),
    /// Null, a bool, a number or a string.
    Leaf(&'a Value),
}

/// The steps of a walk over one value.
pub(super) struct Walk<'a> {
    /// What comes next, before anything in `open`.
    next: Option<&'a Value>,
    open: Vec<Open<'a>>,
}

enum Open<'a> {
    Array(slice::Iter<'a, Value>),
    Object(slice::Iter<'a, (String, Value)>),
}

impl<'a> Walk<'a> {
    pub fn over(value: &'a Value) -> Walk<'a> {
        Walk { next: Some(value), open: Vec::new() }
    }

    fn enter(&mut self, value: &'a Value) -> Event<'a> {
        match value {
            Value::Array(items) => {
                self.open.push(Open::Array(items.iter()));
                Event::BeginArray
            }
            Value::Object(object) => {
                self.open.push(Open::Object(object.pairs().iter()));
                Event::BeginObject
            }
            leaf => Event::Leaf(leaf),
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Event<'a>;

    #[inline]
    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(value) = self.next.take() {
            return Some(self.enter(value));
        }
        let event = match self.open.last_mut()? {
            Open::Array(items) => match items.next() {
                Some(value) => return Some(self.enter(value)),
                None => Event::EndArray,
            },
            Open::Object(pairs) => match pairs.next() {
                Some((key, value)) => {
                    self.next = Some(value);
                    return Some(Event::Key(key));
                }
                None => Event::EndObject,
            },
        };
        self.open.pop();
        Some(event)
    }
}

/// Puts a value together. What is inside an array or object that is still open waits on a stack, so each container is
/// allocated once and in its size.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Begun>,
    items: Vec<Value>,
    keys: Vec<String>,
    pairs: Vec<(String, Value)>,
}

/// A container that is open, and where on the stack its first child is.
#[derive(Clone, Copy)]
enum Begun {
    Array(usize),
    Object(usize),
}

impl Builder {
    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the innermost open container is an object.
    pub fn is_in_object(&self) -> bool {
        matches!(self.open.last(), Some(Begun::Object(_)))
    }

    pub fn begin_array(&mut self) {
        self.open.push(Begun::Array(self.items.len()));
    }

    pub fn begin_object(&mut self) {
        self.open.push(Begun::Object(self.pairs.len()));
    }

    pub fn key(&mut self, key: String) {
        self.keys.push(key);
    }

    /// Closes the innermost container and gives it, still to be [placed](Builder::place).
    pub fn end(&mut self) -> Value {
        match self.open.pop() {
            Some(Begun::Array(first)) => Value::Array(self.items.split_off(first)),
            Some(Begun::Object(first)) => Value::Object(Object::from_pairs(self.pairs.split_off(first))),
            None => Value::Null,
        }
    }

    /// Puts a finished value where it belongs. It comes back if nothing is open: it is the whole.
    #[inline]
    pub fn place(&mut self, value: Value) -> Option<Value> {
        match self.open.last() {
            None => return Some(value),
            Some(Begun::Array(_)) => self.items.push(value),
            Some(Begun::Object(_)) => {
                let key = self.keys.pop().unwrap_or_default();
                self.pairs.push((key, value));
            }
        }
        None
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        match self {
            Value::Null => Value::Null,
            Value::Bool(bool) => Value::Bool(*bool),
            Value::Number(number) => Value::Number(number.clone()),
            Value::String(text) => Value::String(text.clone()),
            Value::Array(_) | Value::Object(_) => copy(self),
        }
    }
}

fn copy(value: &Value) -> Value {
    let mut builder = Builder::default();
    for event in Walk::over(value) {
        let done = match event {
            Event::BeginArray => {
                builder.begin_array();
                continue;
            }
            Event::BeginObject => {
                builder.begin_object();
                continue;
            }
            Event::Key(key) => {
                builder.key(key.to_string());
                continue;
            }
            Event::EndArray | Event::EndObject => builder.end(),
            Event::Leaf(leaf) => leaf.clone(),
        };
        if let Some(whole) = builder.place(done) {
            return whole;
        }
    }
    Value::Null
}

impl PartialEq for Value {
    /// Equal are values that print the same: objects with the same pairs in the same order, numbers with the same digits.
    fn eq(&self, other: &Value) -> bool {
        Walk::over(self).eq(Walk::over(other))
    }
}

impl Eq for Value {}

impl PartialEq for Event<'_> {
    fn eq(&self, other: &Event<'_>) -> bool {
        match (self, other) {
            (Event::Key(one), Event::Key(other)) => one == other,
            (Event::Leaf(one), Event::Leaf(other)) => match (one, other) {
                (Value::Bool(one), Value::Bool(other)) => one == other,
                (Value::Number(one), Value::Number(other)) => one == other,
                (Value::String(one), Value::String(other)) => one == other,
                (one, other) => matches!((one, other), (Value::Null, Value::Null)),
            },
            _ => mem::discriminant(self) == mem::discriminant(other),
        }
    }
}

impl Drop for Value {
    /// Containers inside containers are taken out and dropped one after the other. Left to itself the compiler drops them
    /// inside each other, and a nest of some ten thousand runs off the stack.
    #[inline]
    fn drop(&mut self) {
        let nested = match self {
            Value::Array(items) => items.iter().any(has_children),
            Value::Object(object) => object.pairs().iter().any(|(_, value)| has_children(value)),
            _ => false,
        };
        if nested {
            take_apart(self);
        }
    }
}

fn has_children(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => false,
    }
}

fn take_apart(value: &mut Value) {
    let mut waiting = Vec::new();
    take_containers(value, &mut waiting);
    while let Some(mut value) = waiting.pop() {
        take_containers(&mut value, &mut waiting);
    }
}

fn take_containers(value: &mut Value, into: &mut Vec<Value>) {
    match value {
        Value::Array(items) => into.extend(items.iter_mut().filter(|item| has_children(item)).map(mem::take)),
        Value::Object(object) => {
            into.extend(object.values_mut().filter(|value| has_children(value)).map(mem::take));
        }
        _ => {}
    }
}
