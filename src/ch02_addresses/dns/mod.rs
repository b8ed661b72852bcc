//! The Domain Name System: names to addresses, and much else that is written under a name.
//!
//! Read in this order:
//! 1. [`name`]        labels and dots; text, order, case
//! 2. [`compress`]    names on the wire: pointers back to where a name has stood before
//! 3. [`record`]      types, classes, and a record: name, class, time to live, data
//! 4. [`rdata`]       the data of each type                            (Listings 2-1 to 2-7)
//! 5. [`text`]        TXT strings and what SPF writes into them        (Listing 2-7)
//! 6. [`reverse`]     addresses as names, for PTR                      (Listing 2-6)
//! 7. [`dnssec`]      DS, DNSKEY, RRSIG and the key tag
//! 8. [`message`]     header, question, three sections of records; one datagram
//! 9. [`edns`]        the record that is none: larger datagrams, more codes
//! 10. [`present`]    a message as the book's listings print it, and back
//! 11. [`framing`]    messages on a stream: TCP and DNS over TLS
//! 12. [`doh`]        messages in HTTP: DNS over HTTPS
//! 13. [`error`]      what can be wrong with any of these
//! 14. [`zone`]       a zone and its file
//! 15. [`authority`]  what a server with zones answers
//! 16. [`nameserver`] the same on sockets; `ch02_nameserver` as a program
//!
//! And from the side of who asks:
//! 17. [`inbox`], [`exchange`]  one question to one server, and what may count as its answer
//! 18. [`cache`]      what was answered, for as long as it holds       (Listing 2-1, the TTL)
//! 19. [`alias`]      from one name to the next                        (Listing 2-4)
//! 20. [`resolver`], [`system`]  asks the servers of this machine; `ch02_dig` as a program
//! 21. [`referral`], [`iterative`]  walks from the root down
//! 22. [`mdns`]       asks the neighbours
//! 23. [`resolve_error`]  why there is no answer

pub mod alias;
pub mod authority;
pub mod cache;
pub mod compress;
pub mod dnssec;
pub mod doh;
pub mod edns;
pub mod error;
pub mod exchange;
pub mod framing;
pub mod inbox;
pub mod iterative;
pub mod mdns;
pub mod message;
pub mod name;
pub mod nameserver;
pub mod present;
pub mod rdata;
pub mod record;
pub mod referral;
pub mod resolve_error;
pub mod resolver;
pub mod reverse;
pub mod system;
pub mod text;
pub mod zone;
