//! Against real peers. Each test is ignored unless asked for: `make interop`.

mod support;

#[path = "interop/base_gzip.rs"]
mod base_gzip;

#[path = "interop/base_json.rs"]
mod base_json;

#[path = "interop/ch01.rs"]
mod ch01;

#[path = "interop/ch02_dig.rs"]
mod ch02_dig;

#[path = "interop/ch02_nameserver.rs"]
mod ch02_nameserver;

#[path = "interop/ch03.rs"]
mod ch03;

#[path = "interop/ch04_messages.rs"]
mod ch04_messages;

#[path = "interop/ch04_streams.rs"]
mod ch04_streams;

#[path = "interop/ch05.rs"]
mod ch05;

#[path = "interop/ch06_client.rs"]
mod ch06_client;

#[path = "interop/ch06_server.rs"]
mod ch06_server;

#[cfg(unix)]
#[path = "interop/ch07.rs"]
mod ch07;

#[path = "interop/ch08_client.rs"]
mod ch08_client;

#[path = "interop/ch08_client_others.rs"]
mod ch08_client_others;

#[path = "interop/ch08_get.rs"]
mod ch08_get;

#[path = "interop/ch08_multipart.rs"]
mod ch08_multipart;

#[path = "interop/ch09_clients.rs"]
mod ch09_clients;

#[path = "interop/ch09_files.rs"]
mod ch09_files;

#[path = "interop/ch09_http1.rs"]
mod ch09_http1;

#[path = "interop/ch09_websocket.rs"]
mod ch09_websocket;

#[path = "interop/web.rs"]
mod web;
