//! Chapter 9: HTTP services. Handlers, middleware, a multiplexer, and the server that calls them.
//!
//! Read in this order:
//! 1. [`handler`]          what a server calls for each request                     (Figure 9-1)
//! 2. [`testing`]          a request and a writer without a network                  (Listing 9-5)
//! 3. [`reply`], [`escape`]  answers every handler needs; text from clients made harmless
//! 4. [`default_handler`], [`methods`], [`inject`]  handlers as functions, maps, structs  (Listings 9-4 to 9-10)
//! 5. [`middleware`]       handlers around handlers                                  (Listings 9-11 to 9-14)
//! 6. [`mux`]              which handler a path belongs to                           (Listings 9-15, 9-16)
//! 7. [`patterns`]         the same with methods and names in the path               (Go 1.22)
//! 8. [`files`]            a directory as a web site                                 ("Protecting Sensitive Files")
//! 9. [`conditional`], [`range`]  only if it has changed; only a part of it          (RFC 9110, 13 and 14)
//! 10. [`media_type`], [`sniff`]  what a body is, by its name and by its first bytes
//! 11. [`server`]          settings, limits, shutting down                           (Listings 9-1, 9-20)
//! 12. [`engine`]          which protocol takes a connection over
//! 13. [`http1`]           a connection of HTTP/1.1, request by request
//! 14. [`response`]        how the end of a body is marked                           (Listing 9-5)
//! 15. [`registry`]        what each connection is at, for the shutdown
//! 16. [`test_server`]     servers for tests
//! 17. [`events`]          a response that does not end: server-sent events           (the step beyond)
//! 18. [`websocket`]       a request that becomes a conversation                      (the step beyond)

#[cfg(test)]
mod client_for_tests;
pub mod conditional;
pub mod default_handler;
pub mod engine;
pub mod escape;
pub mod events;
pub mod files;
pub mod handler;
pub mod http1;
pub mod inject;
pub mod media_type;
pub mod methods;
pub mod middleware;
pub mod mux;
mod paths;
pub mod patterns;
pub mod range;
pub mod registry;
pub mod reply;
pub mod response;
pub mod server;
pub mod sniff;
pub mod test_server;
pub mod testing;
pub mod websocket;
