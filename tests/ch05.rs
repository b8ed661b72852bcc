//! Chapter 5, a test per listing and per technique. Read the files in this order; each begins with its listings.

mod support;

#[path = "ch05/echo.rs"]
mod echo;

#[path = "ch05/strangers.rs"]
mod strangers;

#[path = "ch05/connected.rs"]
mod connected;

#[path = "ch05/datagrams.rs"]
mod datagrams;

#[path = "ch05/loss.rs"]
mod loss;

#[path = "ch05/mtu.rs"]
mod mtu;

#[path = "ch05/casts.rs"]
mod casts;

#[path = "ch05/sockets.rs"]
mod sockets;
