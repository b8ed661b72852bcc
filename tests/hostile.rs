//! Peers that mean no good or know no better, against every decoder and server. After each the next is served.

mod support;

#[path = "hostile/ch02_dns.rs"]
mod ch02_dns;

#[path = "hostile/ch03.rs"]
mod ch03;

#[path = "hostile/ch04_messages.rs"]
mod ch04_messages;

#[path = "hostile/ch04_streams.rs"]
mod ch04_streams;

#[path = "hostile/ch05.rs"]
mod ch05;

#[cfg(unix)]
#[path = "hostile/ch06.rs"]
mod ch06;

#[cfg(unix)]
#[path = "hostile/ch07.rs"]
mod ch07;
