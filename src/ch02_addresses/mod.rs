//! Chapter 2: resource location and traffic routing.
//!
//! Read in this order:
//! 1. [`ipv4`]      addresses as bits and as text                                (Figures 2-1 to 2-4)
//! 2. [`prefix`]    networks in CIDR form, and who belongs to one
//! 3. [`subnet`]    masks, network and broadcast addresses, splitting             (Figure 2-5, Table 2-1)
//! 4. [`ports`]     which program on a host, and which of its conversations
//! 5. [`nat`], [`gateway`]  one public address for a private network: the table, and a relay that does it (Figure 2-6)
//! 6. [`casts`]     to one, to some, to all, to the nearest                       (Figures 2-7, 2-8, 2-11 to 2-13)
//! 7. [`mac`], [`arp`], [`lan`]  the address of an interface, and how to find it
//! 8. [`ipv6`]      text, kinds and parts of an IPv6 address                      (Figures 2-9, 2-10)
//! 9. [`header`]    the IPv6 header beside the IPv4 header, and what a router does to them
//! 10. [`icmp`], [`icmp6`]  what the internet says about itself
//! 11. [`slaac`]    an address from a router's prefix and one's own interface     (Figure 2-14)
//! 12. [`router`], [`net`], [`probe`]  the longest prefix wins; an internet to try it on; ping, traceroute (Figure 2-15)
//! 13. [`firewall`] what may pass
//! 14. [`routing`]  which way is shorter, by which measure
//! 15. [`bgp`]      who says that he knows the way, and who believes it
//! 16. [`fragment`] a packet too large for a link, in pieces and whole again
//! 17. [`dns`]     names to addresses: records, messages, servers, resolvers      (Listings 2-1 to 2-7)

pub mod arp;
pub mod bgp;
pub mod casts;
pub mod dns;
pub mod firewall;
pub mod fragment;
#[cfg(unix)]
pub mod gateway;
pub mod header;
pub mod icmp;
pub mod icmp6;
pub mod ipv4;
pub mod ipv6;
pub mod lan;
pub mod mac;
pub mod nat;
pub mod net;
pub mod ports;
pub mod prefix;
pub mod probe;
pub mod router;
pub mod routing;
pub mod slaac;
pub mod subnet;
