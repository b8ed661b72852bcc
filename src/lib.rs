//! *Network Programming with Go*, in Rust one can step through: every listing of the book and of four sets of notes
//! beside it, on blocking `std::net`, one thread per connection, without async, on three small crates.
//!
//! For readers of the book who open our chapter beside it; for those who run the tests and watch each technique; for those
//! who step through it in a debugger; and for those who then use the programs.
//!
//! # Three doors
//!
//! * **Run**: `cargo run -- 3-8` tells Listing 3-8, runs it, and draws the conversation that just happened.
//! * **Read**: begin with a chapter's module below; each is a reading order. `docs/ch03.md` stands beside it.
//! * **Step**: `make debug L=3-8` stops in gdb where the listing begins.
//!
//! # Reading order
//!
//! 1. [`base`], only as far as you like: [`base::conn`] and [`base::deadline`] are the pieces everything meets at
//! 2. [`ch01_networks`]   models one can ask: topologies, bandwidth and latency, layers; a request byte by byte
//! 3. [`ch02_addresses`]  addresses and networks, neighbours, routers; the Domain Name System, server and client
//! 4. [`ch03_tcp`]        TCP connections: listen, dial, deadlines, heartbeat
//! 5. [`ch04_data`]       messages, proxies, monitors, options
//! 6. [`ch05_udp`]        datagrams: who sent it, what was lost, what fits
//! 7. [`ch06_tftp`]       files over UDP: what reliability costs when one builds it oneself
//! 8. [`ch07_unix`]       Unix domain sockets: files, records, who is at the other end
//! 9. [`ch08_http_client`]  HTTP from the client's side: URLs, messages, bodies, a client one can trust
//! 10. [`ch09_http_server`]  HTTP from the server's side: handlers, middleware, multiplexers, files, streams
//!
//! # The import rule
//!
//! A file of chapter N uses `base`, `crypto` and chapters before N, and nothing else. So the number alone says what one may read now,
//! and nothing is used before it is explained. `tests/architecture.rs` holds the rule.

pub mod base;
pub mod ch01_networks;
pub mod ch02_addresses;
pub mod ch03_tcp;
pub mod ch04_data;
pub mod ch05_udp;
pub mod ch06_tftp;
#[cfg(unix)]
pub mod ch07_unix;
pub mod ch08_http_client;
pub mod ch09_http_server;
pub mod crypto;
