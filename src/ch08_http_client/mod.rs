//! Chapter 8: HTTP clients. From a request typed by hand to a client one can trust.
//!
//! ```text
//! client ── GET /robots.txt HTTP/1.1 ──▶ server
//!        ── Host: www.example.com ──▶
//!        ── (blank line) ──▶
//!        ◀── HTTP/1.1 200 OK, fields, blank line, body ──
//! ```
//!
//! Read in this order:
//! 1. [`url`]        what a URL is made of, what of it is sent, and what a relative one means
//! 2. [`method`], [`status`], [`header`], [`message`]  the words of the protocol, as values
//! 3. [`codec`]      heads on the wire                                          (Listing 8-1)
//! 4. [`framing`], [`chunked`], [`decoder`]  where a body ends, and reading up to there
//! 5. [`body`]       bytes that are read once, and only when somebody wants them
//! 6. [`error`]      what can go wrong, with a message and with a request as a whole
//! 7. [`request`]    a request as a client makes it, and the response it gets
//! 8. [`connect`]    from a host to a connection; where TLS will come in
//! 9. [`transport`]  one request, one response; below it [`outgoing`], [`exchange`], [`sender`], [`response_body`], [`connection`];
//!    [`observer`] hears what it does
//! 10. [`pool`]      connections that wait for the next request
//! 11. [`proxy`]     who stands between client and server; [`tunnel`], a way through
//! 12. [`coding`]    bodies that come compressed
//! 13. [`auth`]      a user and a password as HTTP sends them
//! 14. [`cookie`]    what a server asks a client to keep; [`jar`], the client that keeps it
//! 15. [`client`]    all of it together, and [`redirect`]                      (Listings 8-2 to 8-7)
//! 16. [`date_skew`], [`user`]  what a client is good for                      (Listings 8-2, 8-6)
//! 17. [`media_type`], [`form`], [`multipart`]  what a body says it is; forms, and forms with files (Listings 8-8 to 8-11)

pub mod auth;
pub mod body;
pub mod chunked;
pub mod client;
pub mod codec;
pub mod coding;
pub mod connect;
pub mod connection;
pub mod cookie;
pub mod date_skew;
pub mod decoder;
pub mod error;
pub mod exchange;
pub mod form;
pub mod framing;
pub mod header;
pub mod jar;
pub mod media_type;
pub mod message;
pub mod method;
pub mod multipart;
pub mod observer;
pub mod outgoing;
pub mod pool;
pub mod proxy;
pub mod redirect;
pub mod request;
pub mod response_body;
pub mod sender;
pub mod status;
pub mod transport;
pub mod tunnel;
pub mod url;
pub mod user;
