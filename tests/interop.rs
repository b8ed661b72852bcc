//! Against real peers. Each test is ignored unless asked for: `make interop`.

mod support;

#[path = "interop/base_gzip.rs"]
mod base_gzip;

#[path = "interop/base_json.rs"]
mod base_json;

#[path = "interop/ch01.rs"]
mod ch01;

#[path = "interop/ch02_nameserver.rs"]
mod ch02_nameserver;

#[path = "interop/ch02_dig.rs"]
mod ch02_dig;

#[path = "interop/ch03.rs"]
mod ch03;

#[path = "interop/ch04_messages.rs"]
mod ch04_messages;

#[path = "interop/ch04_streams.rs"]
mod ch04_streams;

#[path = "interop/ch05.rs"]
mod ch05;

#[path = "interop/ch06_server.rs"]
mod ch06_server;

#[path = "interop/ch06_client.rs"]
mod ch06_client;

#[cfg(unix)]
#[path = "interop/ch07.rs"]
mod ch07;
