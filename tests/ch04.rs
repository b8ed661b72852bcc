//! Chapter 4, a test per listing and per technique. Read the files in this order; each begins with its listings.

mod support;

#[path = "ch04/messages.rs"]
mod messages;

#[path = "ch04/proxying.rs"]
mod proxying;

#[path = "ch04/watching.rs"]
mod watching;

#[path = "ch04/options.rs"]
mod options;

#[path = "ch04/pitfalls.rs"]
mod pitfalls;

#[path = "ch04/pool.rs"]
mod pool;

#[path = "ch04/head.rs"]
mod head;

#[path = "ch04/parties.rs"]
mod parties;

#[path = "ch04/peers.rs"]
mod peers;
