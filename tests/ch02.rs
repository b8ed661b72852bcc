//! Chapter 2, a test per listing and per technique. Read the files in this order.

mod support;

#[path = "ch02/numbers.rs"]
mod numbers;

#[path = "ch02/ports.rs"]
mod ports;

#[path = "ch02/neighbours.rs"]
mod neighbours;

#[path = "ch02/internet.rs"]
mod internet;

#[path = "ch02/bgp.rs"]
mod bgp;

#[path = "ch02/records.rs"]
mod records;

#[path = "ch02/resolving.rs"]
mod resolving;

#[path = "ch02/words.rs"]
mod words;

#[path = "ch02/scripted.rs"]
mod scripted;
