//! A whole little conversation, frame by frame: handshake, request, response, and both ends' FIN.
//!
//! ```text
//! client                          server
//!   | SYN                            |
//!   |                        SYN+ACK |
//!   | ACK                            |
//!   | PSH+ACK  GET / HTTP/1.1 …      |
//!   |                            ACK |
//!   |      PSH+ACK  HTTP/1.1 200 OK  |
//!   | ACK                            |
//!   |                        FIN+ACK |
//!   | FIN+ACK                        |
//!   |                            ACK |
//! ```
//!
//! It is made up, not measured: nothing is sent. Times are a round trip apart, as on a quiet network. The addresses are of
//! the blocks kept for documentation (RFC 5737, RFC 7042).
//!
//! Left out: everything that goes wrong; chapter 3's model has it.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::ethernet::Mac;
use super::pcap::Captured;
use super::request::{Request, RequestError};
use super::tcp_header::{Flags, TcpHeader, maximum_segment_size};
use super::wrap::{End, WrapError, wrap};
use crate::base::trace::{self, Kind};

/// The client, unless one wants another.
pub const CLIENT: End =
    End { mac: Mac([0, 0, 0x5e, 0, 0x53, 1]), ip: Ipv4Addr::new(192, 0, 2, 10), port: 50_926 };
/// The server.
pub const SERVER: End =
    End { mac: Mac([0, 0, 0x5e, 0, 0x53, 2]), ip: Ipv4Addr::new(192, 0, 2, 80), port: 80 };

/// The most data in one segment on Ethernet: 1500 bytes without the two headers.
pub const SEGMENT_DATA: usize = 1460;
/// How far apart the two ends are in time, one way.
const ONE_WAY: Duration = Duration::from_millis(10);
const WINDOW: u16 = 64_240;

/// Which end sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that asks.
    Client,
    /// The one that answers.
    Server,
}

/// A frame of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it was seen beside the client, counted from the beginning.
    pub at: Duration,
    /// Who sent it.
    pub from: Side,
    /// The segment's flags.
    pub flags: Flags,
    /// How many bytes of data it carries.
    pub data: usize,
    /// The frame.
    pub frame: Vec<u8>,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What the client says.
    pub request: Vec<u8>,
    /// What the server says then.
    pub response: Vec<u8>,
}

/// What one end says next, and what it has heard.
struct Speaker {
    end: End,
    next: u32,
    heard: u32,
    identification: u16,
}

/// A conversation under way.
struct Talk {
    client: Speaker,
    server: Speaker,
    at: Duration,
    last: Side,
    steps: Vec<Step>,
}

/// The frames of a conversation in which the client asks and the server answers, once or several times.
///
/// # Errors
/// As [`wrap`]; none for ends like [`CLIENT`] and [`SERVER`].
pub fn exchange(client: End, server: End, turns: &[Turn]) -> Result<Vec<Step>, WrapError> {
    let mut talk = Talk {
        client: Speaker { end: client, next: 1_000, heard: 0, identification: 1 },
        server: Speaker { end: server, next: 5_000, heard: 0, identification: 1 },
        at: Duration::ZERO,
        last: Side::Client,
        steps: Vec::new(),
    };
    talk.send(Side::Client, Flags::SYN, &[])?;
    talk.send(Side::Server, Flags::SYN.and(Flags::ACK), &[])?;
    talk.send(Side::Client, Flags::ACK, &[])?;
    for turn in turns {
        talk.say(Side::Client, &turn.request)?;
        talk.say(Side::Server, &turn.response)?;
    }
    talk.send(Side::Server, Flags::FIN.and(Flags::ACK), &[])?;
    talk.send(Side::Client, Flags::FIN.and(Flags::ACK), &[])?;
    talk.send(Side::Server, Flags::ACK, &[])?;
    Ok(talk.steps)
}

impl Talk {
    /// A message in as many segments as it needs, and the other side's acknowledgement.
    fn say(&mut self, from: Side, message: &[u8]) -> Result<(), WrapError> {
        let pieces = message.chunks(SEGMENT_DATA);
        let last = pieces.len().saturating_sub(1);
        for (index, piece) in pieces.enumerate() {
            let flags = if index == last { Flags::PSH.and(Flags::ACK) } else { Flags::ACK };
            self.send(from, flags, piece)?;
        }
        let other = if from == Side::Client { Side::Server } else { Side::Client };
        self.send(other, Flags::ACK, &[])
    }

    fn send(&mut self, from: Side, flags: Flags, data: &[u8]) -> Result<(), WrapError> {
        // The observer sits beside the client: an answer of the server is a round trip away.
        if from != self.last {
            self.at += if from == Side::Server { 2 * ONE_WAY } else { Duration::from_micros(50) };
        } else {
            self.at += Duration::from_micros(12); // 1500 bytes at 1 Gbit/s
        }
        self.last = from;
        let (me, you) = match from {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        let header = me.header(flags);
        let frame = wrap(&me.end, &you.end, &header, me.identification, data)?.frame;
        let (mine, yours) = if from == Side::Client { ("client", "server") } else { ("server", "client") };
        trace::between_with(Kind::Sent, mine, yours, data, || {
            format!("{flags} seq={} ack={}", header.sequence, header.acknowledgement)
        });
        me.identification = me.identification.wrapping_add(1);
        // SYN and FIN count as a byte each.
        let counted = flags.has(Flags::SYN) || flags.has(Flags::FIN);
        me.next = me.next.wrapping_add(data.len() as u32 + u32::from(counted));
        you.heard = me.next;
        self.steps.push(Step { at: self.at, from, flags, data: data.len(), frame });
        Ok(())
    }
}

impl Speaker {
    fn header(&self, flags: Flags) -> TcpHeader {
        let is_first = flags.has(Flags::SYN);
        TcpHeader {
            sequence: self.next,
            acknowledgement: if flags.has(Flags::ACK) { self.heard } else { 0 },
            flags,
            window: WINDOW,
            options: if is_first { maximum_segment_size(SEGMENT_DATA as u16) } else { Vec::new() },
            ..TcpHeader::default()
        }
    }
}

/// The steps as a capture that began at `start`.
pub fn captured(steps: &[Step], start: Duration) -> Vec<Captured> {
    let mut packets = Vec::new();
    for step in steps {
        packets.push(Captured { at: start + step.at, frame: step.frame.clone() });
    }
    packets
}

/// Turns of a conversation: the requests, each with a small answer. The last answer says that the server closes.
///
/// # Errors
/// A [`RequestError`] for a request that cannot be written.
pub fn turns(requests: &[Request]) -> Result<Vec<Turn>, RequestError> {
    let mut turns = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let body = format!("You asked for {}.\n", request.target);
        let close = if index + 1 == requests.len() { "Connection: close\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{close}\r\n",
            body.len()
        );
        // RFC 9110, 9.3.2: the answer to HEAD is the head alone.
        let answer = if request.method == "HEAD" { head } else { head + &body };
        turns.push(Turn { request: request.encode()?, response: answer.into_bytes() });
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch01_networks::wrap::unwrap;

    fn steps(turns: &[Turn]) -> Vec<Step> {
        exchange(CLIENT, SERVER, turns).unwrap()
    }

    #[test]
    fn the_conversation_is_handshake_request_response_and_two_fins() {
        let flags: Vec<String> = steps(&[Turn { request: b"ask".to_vec(), response: b"answer".to_vec() }])
            .iter()
            .map(|step| format!("{:?} {}", step.from, step.flags))
            .collect();
        assert_eq!(
            flags,
            [
                "Client SYN",
                "Server SYN+ACK",
                "Client ACK",
                "Client PSH+ACK",
                "Server ACK",
                "Server PSH+ACK",
                "Client ACK",
                "Server FIN+ACK",
                "Client FIN+ACK",
                "Server ACK"
            ]
        );
    }

    #[test]
    fn both_streams_come_out_whole_with_numbers_that_follow_each_other() {
        let (request, response) = (vec![b'q'; 3_000], vec![b'a'; 1_460]);
        let mut streams = [Vec::new(), Vec::new()];
        let mut expected = [None, None];
        let mut before = Duration::ZERO;
        for step in steps(&[Turn { request: request.clone(), response: response.clone() }]) {
            let opened = unwrap(&step.frame).unwrap();
            let side = step.from as usize;
            let sequence = opened.tcp.sequence;
            assert_eq!(*expected[side].get_or_insert(sequence), sequence);
            let counted = step.flags.has(Flags::SYN) || step.flags.has(Flags::FIN);
            expected[side] = Some(sequence + opened.data.len() as u32 + u32::from(counted));
            if step.flags.has(Flags::ACK) {
                assert_eq!(Some(opened.tcp.acknowledgement), expected[1 - side], "{step:?}");
            }
            streams[side].extend(opened.data);
            assert!(step.at >= before);
            before = step.at;
        }
        assert_eq!(streams, [request, response]);
    }

    #[test]
    fn several_requests_share_the_connection_and_the_last_answer_closes_it() {
        let requests = ["/a", "/b"].map(|target| Request::new("GET", target, "example.org"));
        let turns = turns(&requests).unwrap();
        let says_close = |turn: &Turn| String::from_utf8_lossy(&turn.response).contains("Connection: close");
        assert_eq!(turns.iter().map(says_close).collect::<Vec<_>>(), [false, true]);
        assert_eq!(steps(&turns).iter().filter(|step| step.flags.has(Flags::SYN)).count(), 2);
    }
}
