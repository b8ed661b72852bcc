//! Every program as a child process: it starts, answers, says what is wrong, and stops.

mod support;

#[path = "programs/ch02_dig.rs"]
mod ch02_dig;

#[path = "programs/ch02_nameserver.rs"]
mod ch02_nameserver;

#[path = "programs/ch02_subnet.rs"]
mod ch02_subnet;

#[path = "programs/ch03.rs"]
mod ch03;

#[path = "programs/ch04_messages.rs"]
mod ch04_messages;

#[path = "programs/ch04_streams.rs"]
mod ch04_streams;

#[path = "programs/ch05.rs"]
mod ch05;

#[path = "programs/ch06.rs"]
mod ch06;

#[cfg(unix)]
#[path = "programs/ch07.rs"]
mod ch07;

#[path = "programs/ch08.rs"]
mod ch08;

#[path = "programs/ch09.rs"]
mod ch09;

#[path = "programs/bench.rs"]
mod bench;

#[path = "programs/closed.rs"]
mod closed;
