//! Chapter 6: being reliable over UDP. The Trivial File Transfer Protocol, a client and a server for real use.
//!
//! ```text
//! client ── RRQ "file" octet ──▶ port 69          client ── WRQ "file" octet ──▶ port 69
//!        ◀── DATA 1 ── port 40001 (a new one)            ◀── ACK 0 ── port 40001
//!        ── ACK 1 ──▶                                    ── DATA 1 ──▶
//!        ◀── DATA 2 …                                    ◀── ACK 1 …
//! ```
//!
//! Read in this order:
//! 1. [`packet`]     the six packets as one enum                              (Listings 6-1 to 6-8)
//! 2. [`error`]      error codes, and what can go wrong
//! 3. [`options`]    block size, file size, time-out, window: asking and agreeing
//! 4. [`timing`]     how long to wait, and how often; [`rollover`], which number follows the last
//! 5. [`sending`], [`receiving`]  a transfer as a state machine, without sockets and without a clock (Listing 6-10)
//! 6. [`session`]    the loop that gives a transfer a socket: who may take part, and who is a stranger
//! 7. [`files`]      what names a server answers to: one payload, or a directory nobody gets out of
//! 8. [`server`]     requests in, a thread and a port for each transfer       (Listings 6-9 to 6-11); `requests`, its
//!    port; `places`, how many
//! 9. [`client`]     the other side, which the book leaves to its readers
//! 10. [`netascii`]  text with the line ends of the wire
//! 11. [`target`]    a download is there whole or not at all
//!     and [`pipes`], which can be left waiting
//! 12. [`progress`]  a bar for a terminal
//! 13. [`command`]   what the programs `ch06_get` and `ch06_put` have in common
//! 14. [`checksum`]  is the download what was sent?                           (Listings 6-12, 6-13)

pub mod checksum;
pub mod client;
pub mod command;
pub mod error;
pub mod files;
pub mod netascii;
pub mod options;
pub mod packet;
pub mod pipes;
mod places;
pub mod progress;
pub mod receiving;
mod requests;
pub mod rollover;
pub mod sending;
pub mod server;
pub mod session;
pub mod target;
pub mod timing;
