//! Wrapping a message layer by layer, and taking it out again (Figures 1-9 and 1-10).
//!
//! ```text
//! application                             | GET / HTTP/1.1 … |            data
//! transport                 | TCP header  | GET / HTTP/1.1 … |            segment
//! internet     | IPv4 header| TCP header  | GET / HTTP/1.1 … |            packet
//! link   |Eth. | IPv4 header| TCP header  | GET / HTTP/1.1 … | FCS |      frame
//!  bytes   14       20            20                            4
//! ```
//!
//! Each layer treats what it is given as a run of bytes and puts its own header in front. On the other side each takes off
//! the header its counterpart wrote and hands up the rest. So the two programs talk as if there were nothing in between:
//! the book's "horizontal communication".

use std::fmt;
use std::net::Ipv4Addr;

use super::ethernet::{self, EthernetError, Frame, Mac};
use super::ipv4_header::{self, Ipv4Error, Ipv4Header};
use super::pdu::Pdu;
use super::tcp_header::{TcpError, TcpHeader};
use crate::base::trace::{self, Kind};

/// One end of a conversation: an address for each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The link layer's.
    pub mac: Mac,
    /// The internet layer's.
    pub ip: Ipv4Addr,
    /// The transport layer's.
    pub port: u16,
}

/// A message in all its wrappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// What the program sent.
    pub data: Vec<u8>,
    /// With the TCP header.
    pub segment: Vec<u8>,
    /// With the IPv4 header.
    pub packet: Vec<u8>,
    /// With Ethernet's header and footer.
    pub frame: Vec<u8>,
}

/// A frame taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// The frame; its payload is the packet with its padding.
    pub frame: Frame,
    /// The packet's header.
    pub ip: Ipv4Header,
    /// The segment's header.
    pub tcp: TcpHeader,
    /// What the program gets.
    pub data: Vec<u8>,
    /// Bytes of padding behind the packet.
    pub padding: usize,
}

/// At which layer wrapping or unwrapping ended, and why. A receiver drops the frame in each case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrapError {
    /// The link layer's.
    Ethernet(EthernetError),
    /// The internet layer's.
    Ipv4(Ipv4Error),
    /// The transport layer's.
    Tcp(TcpError),
    /// A frame with something else in it than IPv4.
    OtherType(u16),
    /// A packet with something else in it than TCP.
    OtherProtocol(u8),
    /// A piece of a packet. Chapter 2 puts pieces together.
    Fragment,
}

impl fmt::Display for WrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrapError::Ethernet(_) => write!(f, "the link layer drops the frame"),
            WrapError::Ipv4(_) => write!(f, "the internet layer drops the packet"),
            WrapError::Tcp(_) => write!(f, "the transport layer drops the segment"),
            WrapError::OtherType(ether_type) => {
                write!(f, "the frame holds type {ether_type:#06x}; we take IPv4, {:#06x}", ethernet::IPV4)
            }
            WrapError::OtherProtocol(number) => {
                write!(f, "the packet holds protocol {number}; we take TCP, {}", ipv4_header::TCP)
            }
            WrapError::Fragment => write!(f, "the packet is a fragment; we take whole ones"),
        }
    }
}

impl std::error::Error for WrapError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WrapError::Ethernet(source) => Some(source),
            WrapError::Ipv4(source) => Some(source),
            WrapError::Tcp(source) => Some(source),
            _ => None,
        }
    }
}

impl From<EthernetError> for WrapError {
    fn from(error: EthernetError) -> WrapError {
        WrapError::Ethernet(error)
    }
}

impl From<Ipv4Error> for WrapError {
    fn from(error: Ipv4Error) -> WrapError {
        WrapError::Ipv4(error)
    }
}

impl From<TcpError> for WrapError {
    fn from(error: TcpError) -> WrapError {
        WrapError::Tcp(error)
    }
}

/// Wraps `data` for its way from one end to the other. The ports come from the ends; the rest of the TCP header from
/// `tcp`, and of the IPv4 header from `identification`.
///
/// # Errors
/// A [`WrapError`] of the layer that cannot carry it. A frame takes 1500 bytes, headers included: larger messages are
/// several segments.
pub fn wrap(
    from: &End,
    to: &End,
    tcp: &TcpHeader,
    identification: u16,
    data: &[u8],
) -> Result<Wrapped, WrapError> {
    let tcp = TcpHeader { source_port: from.port, destination_port: to.port, ..tcp.clone() };
    let segment = tcp.encode(from.ip, to.ip, data)?;
    let ip = Ipv4Header { identification, ..Ipv4Header::new(ipv4_header::TCP, from.ip, to.ip) };
    let packet = ip.encode(&segment)?;
    let frame =
        Frame { destination: to.mac, source: from.mac, ether_type: ethernet::IPV4, payload: packet.clone() };
    Ok(Wrapped { data: data.to_vec(), segment, packet, frame: frame.encode()? })
}

/// Takes a frame apart, each layer checking what is its own.
///
/// # Errors
/// A [`WrapError`] of the first layer that does not take what it was given.
pub fn unwrap(bytes: &[u8]) -> Result<Unwrapped, WrapError> {
    let frame = Frame::decode(bytes)?;
    if frame.ether_type != ethernet::IPV4 {
        return Err(WrapError::OtherType(frame.ether_type));
    }
    let (ip, segment) = Ipv4Header::decode(&frame.payload)?;
    if ip.is_fragment() {
        return Err(WrapError::Fragment);
    }
    if ip.protocol != ipv4_header::TCP {
        return Err(WrapError::OtherProtocol(ip.protocol));
    }
    let (tcp, data) = TcpHeader::decode(segment, ip.source, ip.destination)?;
    let data = data.to_vec();
    let padding = frame.payload.len() - ip.length() - segment.len();
    Ok(Unwrapped { frame, ip, tcp, data, padding })
}

/// The layers a message passes, from the program down to the cable.
const STATIONS: [&str; 4] = ["program", "TCP", "IP", "Ethernet"];

/// Brings a message from the client's program to the server's: down one stack as far as bits, and up the other. The trace
/// shows it at every layer. Gives what each of the server's layers handed up, the last being what the program gets.
///
/// # Errors
/// As [`unwrap`].
pub fn travel(wrapped: &Wrapped) -> Result<Vec<(Pdu, Vec<u8>)>, WrapError> {
    let down = [&wrapped.data, &wrapped.segment, &wrapped.packet, &wrapped.frame];
    for layer in 0..3 {
        pass("client", layer, "client", layer + 1, down[layer], || {
            format!("{}, {} bytes", PDUS[layer], down[layer].len())
        });
    }
    let bits = ethernet::to_bits(&wrapped.frame);
    pass("client", 3, "server", 3, &wrapped.frame, || format!("{} bits on the cable", bits.len()));
    let frame = ethernet::from_bits(&bits);
    let unwrapped = unwrap(&frame)?;
    let header = unwrapped.ip.length();
    let total = unwrapped.frame.payload.len() - unwrapped.padding;
    let packet = unwrapped.frame.payload[..total].to_vec();
    let segment = packet[header..].to_vec();
    let up = [unwrapped.data, segment, packet, frame];
    for layer in (1..4).rev() {
        let given = &up[layer - 1];
        pass("server", layer, "server", layer - 1, given, || {
            format!("{}, {} bytes", PDUS[layer - 1], given.len())
        });
    }
    Ok(PDUS.into_iter().zip(up).rev().collect())
}

const PDUS: [Pdu; 4] = [Pdu::Data, Pdu::Segment, Pdu::Packet, Pdu::Frame];

fn pass(from: &str, lower: usize, to: &str, upper: usize, bytes: &[u8], text: impl FnOnce() -> String) {
    let from = format!("{from}'s {}", STATIONS[lower]);
    let to = format!("{to}'s {}", STATIONS[upper]);
    trace::between_with(Kind::Sent, &from, &to, bytes, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;
    use crate::ch01_networks::exchange::{CLIENT, SERVER};

    const DATA: &[u8] = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";

    fn wrapped(data: &[u8]) -> Wrapped {
        wrap(&CLIENT, &SERVER, &TcpHeader::default(), 1, data).unwrap()
    }

    #[test]
    fn each_layer_holds_the_one_above_untouched() {
        let all = wrapped(DATA);
        assert_eq!(all.segment[20..], *DATA);
        assert_eq!(all.packet[20..], all.segment);
        assert_eq!(all.frame[14..all.frame.len() - 4], all.packet);
        assert_eq!(all.frame.len(), 14 + 20 + 20 + DATA.len() + 4);
    }

    #[test]
    fn what_goes_in_comes_out_with_padding_told_apart() {
        for data in [&b""[..], b"x", DATA] {
            let back = unwrap(&wrapped(data).frame).unwrap();
            assert_eq!(back.data, data);
            assert_eq!(back.padding, 6usize.saturating_sub(data.len()));
            assert_eq!((back.tcp.source_port, back.ip.destination), (CLIENT.port, SERVER.ip));
        }
    }

    #[test]
    fn a_message_too_long_for_a_frame_is_several_segments() {
        assert!(wrap(&CLIENT, &SERVER, &TcpHeader::default(), 1, &[0; 1460]).is_ok());
        let error = wrap(&CLIENT, &SERVER, &TcpHeader::default(), 1, &[0; 1461]).unwrap_err();
        assert_eq!(error, WrapError::Ethernet(EthernetError::TooLong(1501)));
        assert!(std::error::Error::source(&error).is_some());
    }

    fn framed(ip: &Ipv4Header, payload: &[u8], ether_type: u16) -> Vec<u8> {
        let payload = ip.encode(payload).unwrap();
        Frame { destination: SERVER.mac, source: CLIENT.mac, ether_type, payload }.encode().unwrap()
    }

    #[test]
    fn what_is_not_ours_is_named_by_the_layer_that_sees_it() {
        let mut ip = Ipv4Header::new(ipv4_header::UDP, CLIENT.ip, SERVER.ip);
        assert_eq!(unwrap(&framed(&ip, b"dns", 0x86dd)), Err(WrapError::OtherType(0x86dd)));
        assert_eq!(unwrap(&framed(&ip, b"dns", ethernet::IPV4)), Err(WrapError::OtherProtocol(17)));
        ip.more_fragments = true;
        assert_eq!(unwrap(&framed(&ip, b"dns", ethernet::IPV4)), Err(WrapError::Fragment));
    }

    #[test]
    fn truncated_flipped_and_random_frames_are_errors() {
        let frame = wrapped(DATA).frame;
        for length in 0..frame.len() {
            assert!(unwrap(&frame[..length]).is_err(), "{length}");
        }
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(unwrap(&damaged), Err(WrapError::Ethernet(_))), "bit {bit}");
        }
        let mut random = Seeded::new(6);
        for _ in 0..500 {
            // A right FCS around noise, so that the upper layers see it.
            let mut payload = vec![0; 46 + random.below(100) as usize];
            random.fill(&mut payload);
            payload[0] = 0x45;
            let noise = Frame { payload, ..Frame::decode(&frame).unwrap() }.encode().unwrap();
            assert!(unwrap(&noise).is_err());
        }
    }

    #[test]
    fn the_journey_ends_in_the_program_with_the_bytes_it_began_with() {
        let all = wrapped(DATA);
        let handed_up = travel(&all).unwrap();
        let lengths: Vec<usize> = handed_up.iter().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(lengths, [all.frame.len(), all.packet.len(), all.segment.len(), DATA.len()]);
        assert_eq!(handed_up[3], (Pdu::Data, DATA.to_vec()));
    }
}
