//! Which of two patterns is the more specific: the one whose requests all match the other too.
//!
//! ```text
//! /posts/latest    is more specific than    /posts/{id}
//! GET /posts/      is more specific than    /posts/
//! /posts/{id}      overlaps                 /{kind}/latest     both match /posts/latest, each matches more
//! /a               is disjoint from         /b
//! ```

use super::{Pattern, Segment};
use crate::ch08_http_client::method::Method;

/// How the requests of one pattern lie to those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same requests.
    Same,
    /// A part of the other's.
    MoreSpecific,
    /// All of the other's, and more.
    MoreGeneral,
    /// Some match both, and each has some of its own.
    Overlap,
    /// None matches both.
    Disjoint,
}

impl Relation {
    /// Of two parts of a pattern, taken together.
    fn and(self, other: Relation) -> Relation {
        use Relation::{Disjoint, MoreGeneral, MoreSpecific, Overlap, Same};
        match (self, other) {
            (Disjoint, _) | (_, Disjoint) => Disjoint,
            (Same, only) | (only, Same) => only,
            (MoreSpecific, MoreSpecific) => MoreSpecific,
            (MoreGeneral, MoreGeneral) => MoreGeneral,
            _ => Overlap,
        }
    }
}

/// How `one` lies to `other`. A pattern with a host goes before one without, so those two never quarrel.
pub(super) fn compare(one: &Pattern, other: &Pattern) -> Relation {
    let hosts = match (one.host.as_str(), other.host.as_str()) {
        (mine, its) if mine == its => Relation::Same,
        ("", _) => return Relation::MoreGeneral,
        (_, "") => return Relation::MoreSpecific,
        _ => Relation::Disjoint,
    };
    hosts.and(methods(one.method.as_ref(), other.method.as_ref())).and(paths(&one.segments, &other.segments))
}

fn methods(one: Option<&Method>, other: Option<&Method>) -> Relation {
    match (one, other) {
        (mine, its) if mine == its => Relation::Same,
        (None, _) => Relation::MoreGeneral,
        (_, None) => Relation::MoreSpecific,
        // GET takes HEAD too.
        (Some(mine), Some(its)) if *mine == Method::GET && *its == Method::HEAD => Relation::MoreGeneral,
        (Some(mine), Some(its)) if *mine == Method::HEAD && *its == Method::GET => Relation::MoreSpecific,
        _ => Relation::Disjoint,
    }
}

fn paths(one: &[Segment], other: &[Segment]) -> Relation {
    let mut relation = Relation::Same;
    for (mine, its) in one.iter().zip(other) {
        relation = relation.and(segments(mine, its));
    }
    // The longer one has segments only the other's rest can match.
    let ends_in_rest = |segments: &[Segment]| matches!(segments.last(), Some(Segment::Rest(_)));
    if one.len() < other.len() {
        relation = relation.and(if ends_in_rest(one) { Relation::MoreGeneral } else { Relation::Disjoint });
    } else if one.len() > other.len() {
        relation =
            relation.and(if ends_in_rest(other) { Relation::MoreSpecific } else { Relation::Disjoint });
    }
    relation
}

fn segments(one: &Segment, other: &Segment) -> Relation {
    match (one, other) {
        (Segment::Rest(_), Segment::Rest(_)) | (Segment::Any(_), Segment::Any(_)) => Relation::Same,
        (Segment::Rest(_), _) => Relation::MoreGeneral,
        (_, Segment::Rest(_)) => Relation::MoreSpecific,
        // A name does not match the empty segment behind the last slash.
        (Segment::Any(_), Segment::End) | (Segment::End, Segment::Any(_)) => Relation::Disjoint,
        (Segment::Any(_), _) => Relation::MoreGeneral,
        (_, Segment::Any(_)) => Relation::MoreSpecific,
        (mine, its) if mine == its => Relation::Same,
        _ => Relation::Disjoint,
    }
}
