//! Chapter 6, a test per listing and per technique. Read the files in this order.

mod support;

#[path = "ch06/packets.rs"]
mod packets;

#[path = "ch06/transfers.rs"]
mod transfers;

#[path = "ch06/simulation.rs"]
mod simulation;

#[path = "ch06/client.rs"]
mod client;

#[path = "ch06/played.rs"]
mod played;

#[path = "ch06/netascii.rs"]
mod netascii;

#[path = "ch06/checksum.rs"]
mod checksum;

#[path = "ch06/by_hand.rs"]
mod by_hand;

#[path = "ch06/server.rs"]
mod server;

#[path = "ch06/rollover.rs"]
mod rollover;

#[cfg(target_os = "linux")]
#[path = "ch06/network.rs"]
mod network;

#[path = "ch06/live.rs"]
mod live;
