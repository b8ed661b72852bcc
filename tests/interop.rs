//! Against real peers. Each test is ignored unless asked for: `make interop`.

mod support;

#[path = "interop/ch01.rs"]
mod ch01;
