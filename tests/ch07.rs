//! Chapter 7, a test per listing and per technique. Read the files in this order; each begins with its listings.
#![cfg(unix)]

mod support;

#[path = "ch07/files.rs"]
mod files;

#[path = "ch07/streams.rs"]
mod streams;

#[path = "ch07/datagrams.rs"]
mod datagrams;

#[cfg(target_os = "linux")]
#[path = "ch07/records.rs"]
mod records;

#[path = "ch07/peers.rs"]
mod peers;

#[path = "ch07/groups.rs"]
mod groups;

#[path = "ch07/descriptors.rs"]
mod descriptors;
