//! Chapter 9, a test per listing and per technique. Read the files in this order.

mod support;

#[path = "ch09/serving.rs"]
mod serving;

#[path = "ch09/handlers.rs"]
mod handlers;

#[path = "ch09/methods.rs"]
mod methods;

#[path = "ch09/middleware.rs"]
mod middleware;

#[path = "ch09/mux.rs"]
mod mux;

#[path = "ch09/files.rs"]
mod files;

#[path = "ch09/ranges.rs"]
mod ranges;

#[path = "ch09/program.rs"]
mod program;

#[path = "ch09/events.rs"]
mod events;

#[path = "ch09/websocket.rs"]
mod websocket;
