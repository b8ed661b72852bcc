//! What every chapter stands on. It knows no protocol, and the book does not teach it; a file enters it when two chapters
//! need it.
//!
//! 1. [`conn`]      a connection and a listener as values: read, write, half-close, interrupt
//! 2. [`deadline`]  absolute deadlines, and a clock a test can move
//! 3. [`cancel`]    a tree of tokens that end work in other threads (Go's `context`)
//! 4. [`connect`]   a TCP connect that ends at its deadline or when it is cancelled
//! 5. [`thread`]    named threads, groups, permits
//! 6. [`serve`]     the accept loop every server uses; [`crew`], the threads that serve its connections
//! 7. [`wire`]      reading and writing binary formats
//! 8. [`show`], [`trace`]  bytes for people; what happened on the wire
//! 9. [`log`], [`json`], [`base64`], [`calendar`], [`flags`], [`signal`], [`random`]  what Go's standard library has and Rust's has not
//! 10. [`pipe`], [`script`], [`fault`]  a connection in memory, a peer that plays a script, a link that misbehaves by seed
//! 11. [`inflate`], [`deflate`], [`gzip`], [`zlib`], [`checksum`]  compressed bodies, read and written
//! 12. [`sys`]      system calls; the only `unsafe` in the project

pub mod base64;
pub mod calendar;
pub mod cancel;
pub mod checksum;
pub mod conn;
pub mod connect;
pub mod crew;
pub mod deadline;
pub mod deflate;
pub mod fault;
pub mod flags;
pub mod gzip;
pub mod inflate;
pub mod json;
pub mod log;
pub mod pipe;
pub mod random;
pub mod script;
pub mod serve;
pub mod show;
pub mod signal;
#[allow(unsafe_code)]
pub mod sys;
pub mod thread;
pub mod timer;
pub mod trace;
pub mod wire;
pub mod zlib;
