//! How long a client may take over a body or an answer.

use std::time::Duration;

use crate::base::deadline::Deadline;

/// Two limits: one for the whole, and one for each stretch in which nothing moves. The first alone would cut off a client that is slow
/// but gets on; without the second, one that has stopped reading would hold its thread as long as it likes.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// When it ends, whatever moves.
    pub whole: Deadline,
    /// How long nothing may move.
    pub stall: Option<Duration>,
}

impl Patience {
    /// Until then, and nothing else counts: what a handler asks for.
    pub fn until(deadline: Deadline) -> Patience {
        Patience { whole: deadline, stall: None }
    }

    /// The deadline of a read or write that begins now.
    pub fn from_now(self) -> Deadline {
        Deadline::from(self.stall).earlier(self.whole)
    }
}
