//! Only if it has changed: conditional requests, RFC 9110, 13.
//!
//! ```text
//! If-Match: "a"             and none of these is the one we have        412
//! If-Unmodified-Since: d    (without If-Match) and it was               412
//! If-None-Match: "a"        and one of these is the one we have         304 to GET and HEAD, else 412
//! If-Modified-Since: d      (GET and HEAD, without If-None-Match), and it was not: 304
//! If-Range: "a"             and it is not that one any more             the whole in place of the range
//! ```
//! In this order, and the first that does not hold decides (RFC 9110, 13.2.2). The first two keep a client from changing what
//! another has changed meanwhile; the next two spare it a download; the last lets it go on with one that broke off.
//!
//! What is damaged is taken so that nothing is lost by it: a list of tags ends where it stops making sense, so `If-Match` fails
//! and `If-None-Match` holds; a date that is none is no condition.

use crate::base::calendar::Timestamp;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::method::Method;

/// The name of one state of a resource: `"abc"`, or `W/"abc"` for one that stands for the same meaning and not the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    /// Whether only the meaning is the same.
    pub weak: bool,
    /// What stands between the quotes.
    pub opaque: Vec<u8>,
}

impl EntityTag {
    /// Reads one tag and nothing else. `None` if it is none: no quotes, a space or control character between them.
    pub fn parse(value: &[u8]) -> Option<EntityTag> {
        match EntityTag::first(value) {
            Some((tag, [])) => Some(tag),
            _ => None,
        }
    }

    /// The tag at the beginning, and what follows it.
    fn first(value: &[u8]) -> Option<(EntityTag, &[u8])> {
        // The W is a capital and has no space after it (RFC 9110, 8.8.3).
        let (weak, quoted) = match value.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, value),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')?;
        let (opaque, rest) = inner.split_at(end);
        // A comma may stand inside, so a list cannot be split before it is read.
        if !opaque.iter().all(|byte| matches!(byte, 0x21..=0x7e | 0x80..)) {
            return None;
        }
        Some((EntityTag { weak, opaque: opaque.to_vec() }, &rest[1..]))
    }

    /// The same bytes, byte for byte: what a range may be cut from. A weak tag is never that.
    pub fn is_strongly(&self, other: &EntityTag) -> bool {
        !self.weak && self.is_weakly(other) && !other.weak
    }

    /// The same meaning: good enough to go on showing.
    pub fn is_weakly(&self, other: &EntityTag) -> bool {
        self.opaque == other.opaque
    }
}

/// What is known of the state of a resource.
#[derive(Clone, Debug, Default)]
pub struct Validators {
    /// Its name.
    pub etag: Option<EntityTag>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answer as if there were none. `ranges`: whether a `Range` may be honoured.
    Proceed {
        /// False if `If-Range` names another state: the client's part does not go with ours.
        ranges: bool,
    },
    /// 304: what the client has is good.
    NotModified,
    /// 412: the resource is not in the state the client supposes.
    Failed,
}

/// Looks at the conditions in `header`, of a request for a resource that exists.
pub fn evaluate(method: &Method, header: &Header, validators: &Validators) -> Verdict {
    if let Some(holds) = if_match(header, validators).or_else(|| if_unmodified_since(header, validators)) {
        if !holds {
            return Verdict::Failed;
        }
    }
    let reads = *method == Method::GET || *method == Method::HEAD;
    match if_none_match(header, validators) {
        Some(false) if reads => return Verdict::NotModified,
        Some(false) => return Verdict::Failed,
        None if reads && if_modified_since(header, validators) == Some(false) => return Verdict::NotModified,
        _ => {}
    }
    Verdict::Proceed { ranges: if_range(header, validators).unwrap_or(true) }
}

// Each of these is `None` without such a field, else whether its condition holds.

fn if_match(header: &Header, validators: &Validators) -> Option<bool> {
    if !header.contains("If-Match") {
        return None;
    }
    Some(lists(header, "If-Match", validators, EntityTag::is_strongly))
}

fn if_none_match(header: &Header, validators: &Validators) -> Option<bool> {
    if !header.contains("If-None-Match") {
        return None;
    }
    Some(!lists(header, "If-None-Match", validators, EntityTag::is_weakly))
}

fn if_unmodified_since(header: &Header, validators: &Validators) -> Option<bool> {
    let date = date(header, "If-Unmodified-Since")?;
    Some(validators.modified?.unix_seconds() <= date.unix_seconds())
}

fn if_modified_since(header: &Header, validators: &Validators) -> Option<bool> {
    let date = date(header, "If-Modified-Since")?;
    // Whole seconds, which is all a date can say.
    Some(validators.modified?.unix_seconds() > date.unix_seconds())
}

fn if_range(header: &Header, validators: &Validators) -> Option<bool> {
    let value = header.get_bytes("If-Range")?;
    if let Some(tag) = EntityTag::parse(value) {
        return Some(validators.etag.as_ref().is_some_and(|ours| ours.is_strongly(&tag)));
    }
    // Exactly the date that was sent, not a later one: it names a state, as a tag does (RFC 9110, 13.1.5).
    let ours = validators.modified.map(|modified| modified.unix_seconds());
    Some(ours.is_some() && ours == date(header, "If-Range").map(|date| date.unix_seconds()))
}

/// Whether the list holds `*` or our tag.
fn lists(
    header: &Header,
    name: &str,
    validators: &Validators,
    same: fn(&EntityTag, &EntityTag) -> bool,
) -> bool {
    for value in header.values_bytes(name) {
        let mut rest = value.trim_ascii();
        if rest == b"*" {
            return true;
        }
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(b",") {
                rest = after.trim_ascii_start();
                continue;
            }
            let Some((tag, after)) = EntityTag::first(rest) else { break };
            if validators.etag.as_ref().is_some_and(|ours| same(ours, &tag)) {
                return true;
            }
            rest = after.trim_ascii_start();
        }
    }
    false
}

/// The date in this field. Two of them are none (RFC 9110, 13.1.3).
fn date(header: &Header, name: &str) -> Option<Timestamp> {
    let mut values = header.values_bytes(name);
    let (first, second) = (values.next()?, values.next());
    if second.is_some() {
        return None;
    }
    Timestamp::parse_http_date(std::str::from_utf8(first).ok()?).ok()
}

#[cfg(test)]
mod tests;
