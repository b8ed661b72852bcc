//! Chapter 1: an overview of networked systems. The book has concepts and figures here; we have models one can ask.
//!
//! Read in this order:
//! 1. [`topology`]   who is joined to whom: ways, hops, who hears, what a failure cuts off, what it costs
//! 2. [`shapes`]     the book's topologies and their figures                              (Figures 1-1 to 1-7)
//! 3. [`switch`]     the middle of a star, which learns who is where
//! 4. [`bandwidth`]  bits, bytes and seconds, exactly
//! 5. [`latency`]    why the thinner line can win, and what waiting is made of; a cache
//! 6. [`fetch`]      the same on real connections: one after the other, all at once, and giving up
//! 7. [`layers`]     the four layers of TCP/IP, the seven of OSI, and what TCP promises that UDP does not (Figures 1-8, 1-11)
//! 8. [`pdu`]        what travels at each layer, and its name
//! 9. [`checksum`], [`field`]  what the headers need
//! 10. [`ethernet`], [`ipv4_header`], [`tcp_header`], [`request`]  what is wrapped around what
//! 11. [`wrap`]      a message through all the layers and back                             (Figures 1-9 and 1-10)
//! 12. [`anatomy`], [`exchange`], [`pcap`]  the same for people, as a conversation, and for Wireshark
//! 13. [`link`]      who sends again: a cable's sender not, a radio's does
//! 14. [`channel`]   a channel that loses, with a small reliable protocol and without
//! 15. [`slip`]      the smallest link layer

pub mod anatomy;
pub mod bandwidth;
pub mod channel;
pub mod checksum;
pub mod ethernet;
pub mod exchange;
pub mod fetch;
pub mod field;
pub mod ipv4_header;
pub mod latency;
pub mod layers;
pub mod link;
pub mod pcap;
pub mod pdu;
pub mod request;
pub mod shapes;
pub mod slip;
pub mod switch;
pub mod tcp_header;
pub mod topology;
pub mod wrap;
