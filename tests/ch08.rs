//! Chapter 8, a test per listing and per technique. Read the files in this order.

mod support;

#[path = "ch08/raw.rs"]
mod raw;

#[path = "ch08/by_hand.rs"]
mod by_hand;

#[path = "ch08/requests.rs"]
mod requests;

#[path = "ch08/answers.rs"]
mod answers;

#[path = "ch08/bodies.rs"]
mod bodies;

#[path = "ch08/deadlines.rs"]
mod deadlines;

#[path = "ch08/pooling.rs"]
mod pooling;

#[path = "ch08/sending.rs"]
mod sending;

#[path = "ch08/responses.rs"]
mod responses;

#[path = "ch08/posting.rs"]
mod posting;

#[path = "ch08/multipart.rs"]
mod multipart;

#[path = "ch08/redirects.rs"]
mod redirects;

#[path = "ch08/cookies.rs"]
mod cookies;

#[path = "ch08/proxies.rs"]
mod proxies;
