//! Chapter 4: sending TCP data.
//!
//! Read in this order:
//! 1.  [`fixed`]        reading into a buffer of fixed size            (Listing 4-1)
//! 2.  [`scanner`]      lines and words out of a stream                (Listings 4-2, 4-3)
//! 3.  [`tlv`]          messages that say how long they are            (Listings 4-4 to 4-12)
//! 4.  [`retry`], [`backoff`]  errors that pass, and how long to wait  (Listing 4-13)
//! 5.  [`copy`]         one connection to another, in the kernel where it pays (the note after Listing 4-14)
//! 6.  [`proxy`]        both ways, each to its own end                 (Listings 4-14 to 4-18)
//! 7.  [`tee`]          one stream for several readers and writers     (before Listing 4-19)
//! 8.  [`monitor`]      watching a connection's traffic                (Listings 4-19, 4-20)
//! 9.  [`ping`]         how long a TCP handshake takes                 (Listings 4-21, 4-22)
//! 10. [`options`]      keepalive, linger, buffers, in words           (Listings 4-23 to 4-25)
//! 11. [`pitfalls`]     zero window and CLOSE_WAIT, wrong and right    (Listings 4-26, 4-27)
//! 12. [`head`]         a HEAD request by hand                         (notes on TCP sockets)
//! 13. [`pool`]         connections used more than once                (guide to TCP/IP connections)
//! 14. [`network_log`]  a log that goes to a remote port               (notes on TCP, UDP and logging)

pub mod backoff;
pub mod copy;
pub mod fixed;
pub mod head;
pub mod monitor;
pub mod network_log;
#[cfg(unix)]
pub mod options;
pub mod ping;
#[cfg(unix)]
pub mod pitfalls;
pub mod pool;
pub mod proxy;
pub mod retry;
pub mod scanner;
pub mod tee;
pub mod tlv;
