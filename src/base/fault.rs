//! Connections and links that misbehave, by plan or by seed.
//!
//! * [`Faulty`] wraps a reader, a writer or a whole connection: short reads and writes, interruptions, errors, a reset or
//!   an end after so many bytes, pauses. The loops that stream code needs (read until the length is there, write until
//!   all is gone) are wrong until they survive it.
//! * [`Link`] decides what becomes of each datagram on its way: lost, doubled, held back, damaged, delayed. It is a pure
//!   model, the same for the same seed.
//! * [`UdpLink`] puts a `Link` for each direction between real sockets on the loopback.
//!
//! Decisions depend on the seed and on how many calls or datagrams came before, never on the clock. So a failing seed
//! fails again.

mod link;
mod relay;
mod stream;

use super::random::Seeded;

pub use link::{Link, LinkFaults, LinkStats, Treatment};
pub use relay::{MAX_SOCKETS, RelayStats, UdpLink};
pub use stream::{Chances, Fault, Faults, Faulty};
