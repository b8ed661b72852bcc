//! An object: keys with values, in the order in which they came.

use std::collections::HashMap;
use std::fmt;

use super::Value;

/// Up to so many keys comparing each with each is faster than hashing them.
const FEW_KEYS: usize = 16;

/// Keys and values in their order. [`Object::insert`] keeps a key once. [`Object::push`] does not look, so an object can
/// hold a key twice where a writer wants that; [`Object::get`] then finds the last.
///
/// A look-up walks over the keys, which for the objects people write is the fastest way.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Object {
    pairs: Vec<(String, Value)>,
}

impl Object {
    /// Without any keys.
    pub fn new() -> Object {
        Object::default()
    }

    pub(super) fn from_pairs(pairs: Vec<(String, Value)>) -> Object {
        Object { pairs }
    }

    pub(super) fn pairs(&self) -> &[(String, Value)] {
        &self.pairs
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.pairs.iter_mut().map(|(_, value)| value)
    }

    /// How many pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The value of a key; the last where there are several.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.pairs.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.pairs.iter_mut().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The value of this key, or else of one that differs in the case of ASCII letters only: how Go's decoder finds the
    /// field for a key. The last where there are several.
    pub fn get_ignoring_case(&self, key: &str) -> Option<&Value> {
        let alike = || self.pairs.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(key));
        self.get(key).or_else(|| alike().map(|(_, value)| value))
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Gives the key this value, in its old place or else at the end. The value it had.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        self.pairs.push((key, value));
        None
    }

    /// Adds a pair at the end and does not look whether the key is there already.
    pub fn push(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.pairs.push((key.into(), value.into()));
    }

    /// Takes a key out, however often it is there. The value that [`Object::get`] found.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let mut last = None;
        self.pairs.retain_mut(|(known, value)| {
            let stays = known != key;
            if !stays {
                last = Some(std::mem::take(value));
            }
            stays
        });
        last
    }

    /// The pairs in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The pairs in their order, the values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&str, &mut Value)> {
        self.pairs.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// Each later pair of a key as (place of the first, its own place), in order.
    pub(super) fn repeated(&self) -> Vec<(usize, usize)> {
        let mut repeated = Vec::new();
        if self.pairs.len() <= FEW_KEYS {
            for (later, (key, _)) in self.pairs.iter().enumerate() {
                if let Some(first) = self.pairs[..later].iter().position(|(known, _)| known == key) {
                    repeated.push((first, later));
                }
            }
            return repeated;
        }
        let mut first_of = HashMap::with_capacity(self.pairs.len());
        for (later, (key, _)) in self.pairs.iter().enumerate() {
            let first = *first_of.entry(key.as_str()).or_insert(later);
            if first != later {
                repeated.push((first, later));
            }
        }
        repeated
    }

    /// Leaves each key once, where it first stood, with its last value.
    pub(super) fn keep_last(&mut self, repeated: &[(usize, usize)]) {
        for (first, later) in repeated {
            self.pairs[*first].1 = std::mem::take(&mut self.pairs[*later].1);
        }
        let mut place = 0;
        let mut doomed = repeated.iter().map(|(_, later)| *later).peekable();
        self.pairs.retain(|_| {
            let stays = doomed.next_if_eq(&place).is_none();
            place += 1;
            stays
        });
    }

    pub(super) fn key_at(&self, place: usize) -> &str {
        &self.pairs[place].0
    }
}

impl<K: Into<String>, const N: usize> From<[(K, Value); N]> for Object {
    /// The pairs as they stand.
    fn from(pairs: [(K, Value); N]) -> Object {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Object {
        Object { pairs: pairs.into_iter().map(|(key, value)| (key.into(), value)).collect() }
    }
}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
