//! Chapter 7: Unix domain sockets, which connect programs on one machine by a file's name.
//!
//! ```text
//! client ──connect("/run/app.sock")──▶ the file names the socket ──▶ server
//!                                      its owner and mode say who may
//! ```
//!
//! Read in this order:
//!
//! 1. [`socket_file`]  the file: stale or alive, who owns it, who may connect, and who removes it
//! 2. [`stream`]       as TCP: bytes without boundaries (Listings 7-1 to 7-4)
//! 3. [`datagram`]     as UDP, but in order and without loss (7-5 to 7-9)
//! 4. [`seqpacket`]    a connection that keeps records apart (7-10 to 7-12)
//! 5. [`creds`]        who is at the other end (7-13)
//! 6. [`groups`]       which groups that one is in, three answers to one question (7-13, 7-15)
//! 7. [`service`]      a service for members of certain groups (7-14, 7-16)
//! 8. [`pass_fd`]      an open file handed to another process
//! 9. [`inherited`]    a listener that somebody else opened
//!
//! Unix only, and what only Linux has says so: SEQPACKET, abstract names, the groups of a peer's process.

pub mod creds;
pub mod datagram;
pub mod groups;
pub mod inherited;
pub mod pass_fd;
#[cfg(target_os = "linux")]
pub mod seqpacket;
pub mod service;
pub mod socket_file;
pub mod stream;
