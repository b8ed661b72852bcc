//! The layers, as an order one can compare: what is above what, which protocol lives where, who promises what.
//!
//! ```text
//!  OSI                     TCP/IP         protocols
//!  7 application  \
//!  6 presentation  +-----  Application    HTTP FTP SMTP DHCP DNS
//!  5 session      /
//!  4 transport     ------  Transport      TCP UDP
//!  3 network       ------  Internet       IPv4 IPv6 BGP ICMP IGMP IPsec
//!  2 data link    \
//!  1 physical      +-----  Link           ARP SLIP PPP
//! ```
//!
//! Book: Figures 1-8 and 1-11. Drawers are never as tidy as their labels: BGP files with the internet layer because it
//! is about routes, but speaks over TCP, port 179; TCP does some of OSI's session layer, too.

use std::fmt;

/// A layer of the TCP/IP model. The order is from the cable up: `Link < Application`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Between the nodes of one network.
    Link,
    /// Between networks.
    Internet,
    /// Between two programs.
    Transport,
    /// What the programs say.
    Application,
}

/// The four layers, from the cable up.
pub const LAYERS: [Layer; 4] = [Layer::Link, Layer::Internet, Layer::Transport, Layer::Application];

impl Layer {
    /// What the layer is for.
    pub fn function(self) -> &'static str {
        match self {
            Layer::Link => "moves frames between nodes of one network, by hardware address",
            Layer::Internet => "moves packets from node to node across networks, by IP address; best effort",
            Layer::Transport => {
                "moves data between two programs, by port; with promises (TCP) or without (UDP)"
            }
            Layer::Application => "gives the bytes a meaning both programs agree on",
        }
    }

    /// The layer that hands its data to this one. `None` above the top.
    pub fn above(self) -> Option<Layer> {
        LAYERS.get(self as usize + 1).copied()
    }

    /// The layer that carries this one's data. `None` below the bottom.
    pub fn below(self) -> Option<Layer> {
        LAYERS.get((self as usize).checked_sub(1)?).copied()
    }

    /// The layers of OSI it does the work of, from the cable up.
    pub fn osi(self) -> &'static [OsiLayer] {
        match self {
            Layer::Link => &[OsiLayer::Physical, OsiLayer::DataLink],
            Layer::Internet => &[OsiLayer::Network],
            Layer::Transport => &[OsiLayer::Transport],
            Layer::Application => &[OsiLayer::Session, OsiLayer::Presentation, OsiLayer::Application],
        }
    }

    /// The protocols the book files under it.
    pub fn protocols(self) -> Vec<Protocol> {
        PROTOCOLS.into_iter().filter(|protocol| protocol.layer() == self).collect()
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Link => "link layer",
            Layer::Internet => "internet layer",
            Layer::Transport => "transport layer",
            Layer::Application => "application layer",
        })
    }
}

/// A layer of the OSI reference model; the numbers are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OsiLayer {
    /// Bits on a medium.
    Physical = 1,
    /// Frames between neighbours.
    DataLink = 2,
    /// Packets between networks.
    Network = 3,
    /// Data between programs.
    Transport = 4,
    /// Conversations: who speaks when, and from where to go on.
    Session = 5,
    /// Forms: encodings, compression, encryption.
    Presentation = 6,
    /// What programs say.
    Application = 7,
}

impl OsiLayer {
    /// The layer with this number, 1 to 7.
    pub fn from_number(number: u8) -> Option<OsiLayer> {
        LAYERS.iter().flat_map(|layer| layer.osi()).find(|osi| osi.number() == number).copied()
    }

    /// Its number, 1 at the cable.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// What the layer is for, in the book's sense.
    pub fn function(self) -> &'static str {
        match self {
            OsiLayer::Physical => "turns bits into signals on a medium and back, at the bit rate",
            OsiLayer::DataLink => "moves frames between two nodes joined directly; notices damage",
            OsiLayer::Network => "moves packets to an address on any network; routes, without promises",
            OsiLayer::Transport => "moves data between two programs: order, resending, speed",
            OsiLayer::Session => "opens, times and closes conversations",
            OsiLayer::Presentation => "encodes, compresses, encrypts",
            OsiLayer::Application => "is what programs use: names hosts, fetches resources",
        }
    }

    /// The layer that hands its data to this one. `None` above the top.
    pub fn above(self) -> Option<OsiLayer> {
        OsiLayer::from_number(self.number() + 1)
    }

    /// The layer that carries this one's data. `None` below the bottom.
    pub fn below(self) -> Option<OsiLayer> {
        OsiLayer::from_number(self.number() - 1)
    }

    /// The layer of TCP/IP that does its work.
    pub fn tcp_ip(self) -> Layer {
        match self {
            OsiLayer::Physical | OsiLayer::DataLink => Layer::Link,
            OsiLayer::Network => Layer::Internet,
            OsiLayer::Transport => Layer::Transport,
            OsiLayer::Session | OsiLayer::Presentation | OsiLayer::Application => Layer::Application,
        }
    }
}

impl fmt::Display for OsiLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OsiLayer::Physical => "physical",
            OsiLayer::DataLink => "data link",
            OsiLayer::Network => "network",
            OsiLayer::Transport => "transport",
            OsiLayer::Session => "session",
            OsiLayer::Presentation => "presentation",
            OsiLayer::Application => "application",
        })
    }
}

/// The protocols chapter 1 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // their names are all there is to say here
pub enum Protocol {
    Http,
    Ftp,
    Smtp,
    Dhcp,
    Dns,
    Tcp,
    Udp,
    Ipv4,
    Ipv6,
    Bgp,
    Icmp,
    Igmp,
    Ipsec,
    Arp,
    Slip,
    Ppp,
}

/// Every [`Protocol`], from the application down.
pub const PROTOCOLS: [Protocol; 16] = [
    Protocol::Http,
    Protocol::Ftp,
    Protocol::Smtp,
    Protocol::Dhcp,
    Protocol::Dns,
    Protocol::Tcp,
    Protocol::Udp,
    Protocol::Ipv4,
    Protocol::Ipv6,
    Protocol::Bgp,
    Protocol::Icmp,
    Protocol::Igmp,
    Protocol::Ipsec,
    Protocol::Arp,
    Protocol::Slip,
    Protocol::Ppp,
];

impl Protocol {
    /// The layer the book files it under.
    pub fn layer(self) -> Layer {
        match self {
            Protocol::Http | Protocol::Ftp | Protocol::Smtp | Protocol::Dhcp | Protocol::Dns => {
                Layer::Application
            }
            Protocol::Tcp | Protocol::Udp => Layer::Transport,
            Protocol::Ipv4
            | Protocol::Ipv6
            | Protocol::Bgp
            | Protocol::Icmp
            | Protocol::Igmp
            | Protocol::Ipsec => Layer::Internet,
            Protocol::Arp | Protocol::Slip | Protocol::Ppp => Layer::Link,
        }
    }

    /// The protocol it usually travels in; `None` for those with nothing of ours below them. This, and not the drawer it
    /// is filed in, is what a capture shows: BGP is TCP, port 179.
    pub fn rides_on(self) -> Option<Protocol> {
        match self {
            Protocol::Http | Protocol::Ftp | Protocol::Smtp | Protocol::Bgp => Some(Protocol::Tcp),
            Protocol::Dhcp | Protocol::Dns => Some(Protocol::Udp),
            Protocol::Tcp | Protocol::Udp | Protocol::Icmp | Protocol::Igmp | Protocol::Ipsec => {
                Some(Protocol::Ipv4)
            }
            Protocol::Ipv4 | Protocol::Ipv6 | Protocol::Arp | Protocol::Slip | Protocol::Ppp => None,
        }
    }

    /// The layers of OSI whose work it does. TCP keeps sessions, which is layer 5's work.
    pub fn osi(self) -> &'static [OsiLayer] {
        match self {
            Protocol::Tcp => &[OsiLayer::Transport, OsiLayer::Session],
            Protocol::Arp | Protocol::Slip | Protocol::Ppp => &[OsiLayer::DataLink],
            other => other.layer().osi(),
        }
    }
}

/// What a program may want of the transport below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Damage is noticed (a 16-bit checksum; optional for UDP over IPv4).
    DamageIsNoticed,
    /// Both ends know that a connection stands, and when it ends.
    Connection,
    /// What is lost is sent again.
    LostIsResent,
    /// Bytes come in the order they were sent.
    InOrder,
    /// Nothing comes twice.
    Once,
    /// A fast sender does not drown a slow receiver.
    ReceiverIsNotOverrun,
    /// A fast sender does not drown the network.
    NetworkIsNotOverrun,
    /// What one call sent, one call receives.
    MessagesKeepTheirEdges,
    /// One send can reach many receivers.
    ManyReceivers,
    /// The first byte of data needs no round trip before it.
    NoHandshake,
}

/// Every [`Promise`].
pub const PROMISES: [Promise; 10] = [
    Promise::DamageIsNoticed,
    Promise::Connection,
    Promise::LostIsResent,
    Promise::InOrder,
    Promise::Once,
    Promise::ReceiverIsNotOverrun,
    Promise::NetworkIsNotOverrun,
    Promise::MessagesKeepTheirEdges,
    Promise::ManyReceivers,
    Promise::NoHandshake,
];

/// The two transports of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A stream with promises.
    Tcp,
    /// Datagrams, nearly as IP delivers them.
    Udp,
}

impl Transport {
    /// Whether the transport keeps `promise`, so that the program need not.
    ///
    /// TCP promises delivery only as long as there is a way: a cut cable ends the connection, and nothing reconnects.
    pub fn promises(self, promise: Promise) -> bool {
        match promise {
            Promise::DamageIsNoticed => true,
            Promise::Connection
            | Promise::LostIsResent
            | Promise::InOrder
            | Promise::Once
            | Promise::ReceiverIsNotOverrun
            | Promise::NetworkIsNotOverrun => self == Transport::Tcp,
            Promise::MessagesKeepTheirEdges | Promise::ManyReceivers | Promise::NoHandshake => {
                self == Transport::Udp
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_stand_in_order_and_know_their_neighbours() {
        assert!(Layer::Link < Layer::Internet && Layer::Internet < Layer::Transport);
        assert_eq!(Layer::Link.below(), None);
        assert_eq!(Layer::Application.above(), None);
        for pair in LAYERS.windows(2) {
            assert_eq!((pair[0].above(), pair[1].below()), (Some(pair[1]), Some(pair[0])));
        }
    }

    #[test]
    fn every_osi_layer_belongs_to_exactly_one_of_ours() {
        for number in 1..=7 {
            let osi = OsiLayer::from_number(number).unwrap();
            let owners: Vec<Layer> = LAYERS.into_iter().filter(|layer| layer.osi().contains(&osi)).collect();
            assert_eq!(owners, [osi.tcp_ip()], "{osi:?}");
            assert_eq!(osi.above().map(OsiLayer::number), (1..=7).find(|above| *above == number + 1));
            assert_eq!(osi.below().map(OsiLayer::number), (1..=7).find(|below| below + 1 == number));
        }
        assert_eq!((OsiLayer::from_number(0), OsiLayer::from_number(8)), (None, None));
    }

    #[test]
    fn every_protocol_is_found_in_its_layer_once() {
        let mut found = 0;
        for layer in LAYERS {
            found += layer.protocols().len();
        }
        assert_eq!(found, PROTOCOLS.len());
        assert_eq!(Layer::Transport.protocols(), [Protocol::Tcp, Protocol::Udp]);
        assert_eq!(Layer::Link.protocols(), [Protocol::Arp, Protocol::Slip, Protocol::Ppp]);
        assert_eq!(
            Protocol::Bgp.rides_on().map(Protocol::layer),
            Some(Layer::Transport),
            "for all its drawer"
        );
    }
}
