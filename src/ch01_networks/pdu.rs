//! What travels at each layer, and what it is called there.
//!
//! ```text
//! 7 6 5  data      the message itself; seen from below, a payload (OSI: service data unit)
//! 4      segment   of TCP; of UDP a datagram
//! 3      packet
//! 2      frame     the only one with a footer
//! 1      bits
//! ```
//!
//! The names are customs, not laws. The book has "segments or datagrams" for both transports; the RFCs say segment for
//! TCP's and datagram for UDP's, and datagram for IP's packet as well.
//!
//! Book: "Sending Traffic by Using Data Encapsulation".

use std::fmt;

use super::layers::{OsiLayer, Transport};

/// A protocol data unit: what two neighbours of one layer exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pdu {
    /// A message of a program.
    Data,
    /// TCP's: a piece of a stream.
    Segment,
    /// UDP's: a whole message.
    Datagram,
    /// IP's.
    Packet,
    /// The link's.
    Frame,
    /// The medium's.
    Bits,
}

impl Pdu {
    /// What travels at `layer` below a program that uses `transport`.
    pub fn of(layer: OsiLayer, transport: Transport) -> Pdu {
        match (layer, transport) {
            (OsiLayer::Application | OsiLayer::Presentation | OsiLayer::Session, _) => Pdu::Data,
            (OsiLayer::Transport, Transport::Tcp) => Pdu::Segment,
            (OsiLayer::Transport, Transport::Udp) => Pdu::Datagram,
            (OsiLayer::Network, _) => Pdu::Packet,
            (OsiLayer::DataLink, _) => Pdu::Frame,
            (OsiLayer::Physical, _) => Pdu::Bits,
        }
    }

    /// Whether the layer puts a header before what it carries. Bits carry nothing but the frame itself.
    pub fn has_header(self) -> bool {
        !matches!(self, Pdu::Data | Pdu::Bits)
    }

    /// Whether the layer puts something behind it as well.
    pub fn has_footer(self) -> bool {
        self == Pdu::Frame
    }
}

impl fmt::Display for Pdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pdu::Data => "data",
            Pdu::Segment => "segment",
            Pdu::Datagram => "datagram",
            Pdu::Packet => "packet",
            Pdu::Frame => "frame",
            Pdu::Bits => "bits",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_has_its_unit_and_only_the_frame_has_a_footer() {
        let mut names = Vec::new();
        for number in (1..=7).rev() {
            let layer = OsiLayer::from_number(number).unwrap();
            let unit = Pdu::of(layer, Transport::Tcp);
            assert_eq!(unit.has_footer(), number == 2);
            names.push(unit.to_string());
        }
        assert_eq!(names, ["data", "data", "data", "segment", "packet", "frame", "bits"]);
        assert_eq!(Pdu::of(OsiLayer::Transport, Transport::Udp), Pdu::Datagram);
        assert!(Pdu::Datagram.has_header() && !Pdu::Bits.has_header());
    }
}
