//! Chapter 3: reliable TCP data streams.
//!
//! Read in this order:
//! 1. [`session`]   a TCP session as a model one can step: handshake, window, close
//! 2. [`address`]   `host:port` as people write it, `tcp`/`tcp4`/`tcp6`; [`services`] knows that `https` is 443
//! 3. [`listen`]    Listing 3-1: a listener on a random port, on one address, on all
//! 4. [`error`]     Listing 3-4: what failed, where, and whether trying again makes sense
//! 5. [`resolve`]   names to addresses; Listing 3-5's mock goes in here
//! 6. [`dial`]      Listings 3-3 and 3-5 to 3-7: dialling, with a time-out, a deadline, a token
//! 7. [`race`]      several addresses with a head start
//! 8. [`fan_out`]   Listing 3-8: ten diallers, the first one wins
//! 9. [`idle`]      Listing 3-9: pushing a deadline forward, and what that does not stop
//! 10. [`heartbeat`]  Listings 3-10 to 3-12: pings that keep a deadline moving
//! 11. [`socket_table`]  the kernel's own view: who is in FIN_WAIT_2, who never closed
//!
//! The notes' services: [`echo`], [`daytime`], [`lines`], [`sink`], [`hello`], [`broadcast`], over TCP and some over UDP
//! ([`udp_twin`]); how long they wait ([`limits`]) and for whom ([`access`]).

pub mod access;
pub mod address;
pub mod broadcast;
pub mod daytime;
pub mod dial;
pub mod echo;
pub mod error;
pub mod fan_out;
pub mod heartbeat;
pub mod hello;
pub mod idle;
pub mod limits;
pub mod lines;
pub mod listen;
pub mod race;
pub mod resolve;
pub mod services;
pub mod session;
pub mod sink;
pub mod socket_table;
pub mod udp_twin;
