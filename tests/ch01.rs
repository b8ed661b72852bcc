//! Chapter 1, a test per technique. Read the files in this order.

mod support;

#[path = "ch01/topologies.rs"]
mod topologies;

#[path = "ch01/bandwidth.rs"]
mod bandwidth;

#[path = "ch01/layers.rs"]
mod layers;

#[path = "ch01/program.rs"]
mod program;

#[path = "ch01/words.rs"]
mod words;
