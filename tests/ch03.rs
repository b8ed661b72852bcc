//! Chapter 3, a test per listing and per technique. Read the files in this order; each begins with its listings.

mod support;

#[path = "ch03/session.rs"]
mod session;

#[path = "ch03/listening.rs"]
mod listening;

#[path = "ch03/dialling.rs"]
mod dialling;

#[path = "ch03/deadlines.rs"]
mod deadlines;

#[path = "ch03/heartbeat.rs"]
mod heartbeat;

#[path = "ch03/ends.rs"]
mod ends;

#[path = "ch03/services.rs"]
mod services;

#[path = "ch03/hello.rs"]
mod hello;

#[path = "ch03/resolvers.rs"]
mod resolvers;

#[path = "ch03/limits.rs"]
mod limits;

#[path = "ch03/clients.rs"]
mod clients;
