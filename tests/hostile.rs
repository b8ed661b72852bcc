//! Peers that mean no good or know no better, against every decoder and server. After each the next is served.

mod support;

#[allow(dead_code)] // Chapter 8's tests use all of it.
#[path = "ch08/raw.rs"]
mod raw;

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

#[path = "hostile/ch08_client.rs"]
mod ch08_client;

#[path = "hostile/ch08_client_bodies.rs"]
mod ch08_client_bodies;

#[path = "hostile/ch08_client_callers.rs"]
mod ch08_client_callers;

#[path = "hostile/ch08_client_mutated.rs"]
mod ch08_client_mutated;

#[path = "hostile/ch08_client_times.rs"]
mod ch08_client_times;

#[path = "hostile/ch08_multipart.rs"]
mod ch08_multipart;

#[cfg(unix)]
#[path = "hostile/ch09_files.rs"]
mod ch09_files;

#[path = "hostile/ch09_http1.rs"]
mod ch09_http1;

#[path = "hostile/ch09_http1_bodies.rs"]
mod ch09_http1_bodies;

#[path = "hostile/ch09_http1_chunks.rs"]
mod ch09_http1_chunks;

#[path = "hostile/ch09_http1_clients.rs"]
mod ch09_http1_clients;

#[path = "hostile/ch09_http1_framing.rs"]
mod ch09_http1_framing;

#[path = "hostile/ch09_http1_fuzz.rs"]
mod ch09_http1_fuzz;

#[path = "hostile/ch09_websocket.rs"]
mod ch09_websocket;
