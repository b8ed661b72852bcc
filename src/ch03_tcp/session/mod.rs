//! A TCP session as a machine one can step: what the operating system does below `connect`, `read`, `write` and
//! `close`. No sockets, no threads, no clock; every function here gives the same answer on every run.
//!
//! Read in this order:
//! 1. [`segment`]       what travels: numbers, flags, window, bytes        (Figure 3-2)
//! 2. [`state`]         the eleven states, and one table of transitions    (Figures 3-1 and 3-4)
//! 3. [`endpoint`]      one end: its numbers, its receive buffer, its window
//! 4. [`arrives`]       what that end does with a segment, check by check
//! 5. [`conversation`]  two ends and the wire between them, one segment per step   (Figure 3-3)
//! 6. [`acks`]          cumulative and selective acknowledgement: what must be sent again
//! 7. [`retransmit`]    when: the retransmission timeout
//! 8. [`lossy`]         both put to work over a link that loses, repeats and reorders, beside UDP over the same link
//! 9. [`congestion`]    how fast: a fast sender in front of a slow link
//!
//! The real stack is several thousand lines. What each file leaves out stands at its top.

pub mod acks;
pub mod arrives;
pub mod congestion;
pub mod conversation;
pub mod endpoint;
pub mod lossy;
pub mod retransmit;
pub mod segment;
pub mod state;
