//! Cryptography as pure functions: one primitive per file, its standard's examples below it. No I/O, no randomness, nothing of
//! the rest of the crate.
//!
//! * [`blocks`] a message in blocks, for every hash here
//! * [`sha1`] SHA-1, for the WebSocket handshake only
//! * [`sha512`] SHA-512 and SHA-512/256 (Listing 6-12)

pub mod blocks;
pub mod sha1;
pub mod sha512;
