//! Chapter 5: datagrams, which may be lost, doubled, out of order, too long, or from a stranger.
//!
//! 1. [`header`]      the eight bytes that UDP adds to IP (Figure 5-1)
//! 2. [`echo`]        Listing 5-1: a server without connections
//! 3. [`open_socket`] Listings 5-2 to 5-5: a socket everyone may send to, and how to take one sender's datagrams only
//! 4. [`connected`]   Listings 5-6 to 5-8: a socket with a peer, what that promises and what it does not
//! 5. [`truncation`]  the buffer is shorter than the datagram; a datagram may be empty
//! 6. [`buffers`]     loss made visible: small receive buffers, and the kernel's own count of what it dropped
//! 7. [`samples`]     the newest value counts, and losing an older one does no harm
//! 8. [`ask`]         a request that is repeated until it is answered: reliability is the application's job
//! 9. [`mtu`]         Listings 5-9 and 5-10: what fits a packet, and what becomes of the rest
//! 10. [`search`]     finding the largest payload that passes, as a state machine without I/O
//! 11. [`probe`]      the same for real, with "don't fragment" set (the program `ch05_mtu`; Linux)
//!
//! Broadcast and multicast stand in [`crate::ch02_addresses::casts`]; `tests/ch05/casts.rs` shows them on real sockets.

pub mod ask;
pub mod buffers;
pub mod connected;
pub mod echo;
pub mod header;
pub mod mtu;
pub mod open_socket;
#[cfg(target_os = "linux")]
pub mod probe;
pub mod samples;
pub mod search;
pub mod truncation;
