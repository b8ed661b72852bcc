//! A client and a server, each a state machine, on two simulated links with simulated time: no sockets, no threads, no
//! waiting. The same seed gives the same run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use netprog::base::fault::{Link, LinkFaults};
use netprog::ch06_tftp::error::TransferError;
use netprog::ch06_tftp::options::{Limits, Options};
use netprog::ch06_tftp::packet::{Mode, Packet, Request, read_data};
use netprog::ch06_tftp::receiving::{self, Arrival, Receiving};
use netprog::ch06_tftp::sending::{self, Sending, Totals};
use netprog::ch06_tftp::timing::Timing;

/// More steps than any run takes that is not going in circles.
const MANY: u64 = 5_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Get,
    Put,
}

/// One end. A server is asleep until its request comes.
enum End<'a> {
    Asleep,
    Sends(Sending, &'a [u8]),
    Receives(Receiving, Vec<u8>),
    Ended,
}

/// When a datagram arrives, in which order, at which end, and its bytes.
type Arriving = (Duration, u64, usize, Vec<u8>);

/// How it went.
#[derive(Debug)]
pub struct Outcome {
    pub file: Vec<u8>,
    pub sender: Result<(), String>,
    pub receiver: Result<(), String>,
    pub sent: Totals,
    pub received: Totals,
    pub took: Duration,
}

pub struct Simulation<'a> {
    file: &'a [u8],
    way: Way,
    timing: Timing,
    ends: [End<'a>; 2],
    /// What leaves the client, what leaves the server.
    links: [Link; 2],
    on_the_way: BinaryHeap<Reverse<Arriving>>,
    order: u64,
    now: Duration,
    outcome: Outcome,
}

const CLIENT: usize = 0;
const SERVER: usize = 1;

/// 20 % lost, and the rest comes twice, late or in another order.
pub fn bad_link() -> LinkFaults {
    LinkFaults {
        drop: 0.2,
        duplicate: 0.1,
        reorder: 0.1,
        delay: Duration::from_millis(1)..Duration::from_millis(10),
        ..LinkFaults::default()
    }
}

impl<'a> Simulation<'a> {
    pub fn new(way: Way, file: &'a [u8], asked: Options, timing: Timing, links: [Link; 2]) -> Simulation<'a> {
        let mut request = Request::new(b"file", Mode::Octet);
        request.options = asked.pairs();
        let client = match way {
            Way::Get => {
                let packet = Packet::Rrq(request).encode().unwrap();
                let opening = receiving::Opening::Request { packet, asked };
                End::Receives(Receiving::new(opening, timing).unwrap(), Vec::new())
            }
            Way::Put => {
                let packet = Packet::Wrq(request).encode().unwrap();
                let opening = sending::Opening::Request { packet, asked };
                End::Sends(Sending::new(opening, timing).unwrap(), file)
            }
        };
        let unknown = || Err("it never began".to_string());
        Simulation {
            file,
            way,
            timing,
            ends: [client, End::Asleep],
            links,
            on_the_way: BinaryHeap::new(),
            order: 0,
            now: Duration::ZERO,
            outcome: Outcome {
                file: Vec::new(),
                sender: unknown(),
                receiver: unknown(),
                sent: Totals::default(),
                received: Totals::default(),
                took: Duration::ZERO,
            },
        }
    }

    /// Runs until both ends have ended.
    ///
    /// # Panics
    /// If they never do.
    pub fn run(mut self) -> Outcome {
        for _ in 0..MANY {
            let waits = [self.act(CLIENT), self.act(SERVER)];
            let wakes: Vec<(Duration, usize)> =
                waits.iter().enumerate().filter_map(|(end, wait)| wait.map(|at| (at, end))).collect();
            let arrival = self.on_the_way.peek().map(|Reverse((at, ..))| *at);
            let wake = wakes.iter().min().copied();
            match (arrival, wake) {
                // Whoever has ended is not interested in what still arrives.
                (_, None) => {
                    self.outcome.took = self.now;
                    return self.outcome;
                }
                (Some(at), Some((wake, _))) if at <= wake => self.deliver(),
                (_, Some((wake, end))) => {
                    self.now = self.now.max(wake);
                    match &mut self.ends[end] {
                        End::Sends(transfer, _) => transfer.time_passed(),
                        End::Receives(transfer, _) => transfer.time_passed(),
                        End::Asleep | End::Ended => {}
                    }
                }
            }
        }
        panic!("it goes in circles: {:?}", self.outcome);
    }

    fn deliver(&mut self) {
        let Some(Reverse((at, _, to, bytes))) = self.on_the_way.pop() else { return };
        self.now = self.now.max(at);
        let packet = Packet::decode(&bytes).unwrap();
        match &mut self.ends[to] {
            End::Asleep => self.wake_up(&packet),
            End::Sends(transfer, _) => transfer.packet(&packet, self.now),
            End::Receives(transfer, into) => {
                let arrival = transfer.packet(&packet, self.now);
                if let (Packet::Data { payload, .. }, true) = (&packet, arrival != Arrival::Nothing) {
                    into.extend_from_slice(payload);
                }
            }
            End::Ended => {}
        }
    }

    /// The server's answer to a request.
    fn wake_up(&mut self, packet: &Packet<'_>) {
        let (Packet::Rrq(request) | Packet::Wrq(request)) = packet else { return };
        let granted =
            Options::parse(&request.options).granted(&Limits::default(), Some(self.file.len() as u64));
        let plain = granted.is_empty();
        self.ends[SERVER] = match self.way {
            Way::Get => {
                let opening = if plain { sending::Opening::Block } else { sending::Opening::Oack(granted) };
                End::Sends(Sending::new(opening, self.timing).unwrap(), self.file)
            }
            Way::Put => {
                let opening = if plain { receiving::Opening::Ack } else { receiving::Opening::Oack(granted) };
                End::Receives(Receiving::new(opening, self.timing).unwrap(), Vec::new())
            }
        };
    }

    /// Does what this end wants done, until it waits (until when) or has ended.
    fn act(&mut self, end: usize) -> Option<Duration> {
        match std::mem::replace(&mut self.ends[end], End::Ended) {
            End::Asleep => {
                self.ends[end] = End::Asleep;
                None
            }
            End::Ended => None,
            End::Sends(transfer, source) => self.act_sending(end, transfer, source),
            End::Receives(transfer, into) => self.act_receiving(end, transfer, into),
        }
    }

    fn act_sending(&mut self, end: usize, mut transfer: Sending, mut source: &'a [u8]) -> Option<Duration> {
        loop {
            match transfer.next(self.now) {
                sending::Step::Send(packet) => {
                    let packet = packet.to_vec();
                    self.send(end, &packet);
                }
                sending::Step::Read { block, size } => {
                    transfer.give(read_data(&mut source, block, size).unwrap());
                }
                sending::Step::WaitUntil(moment) => {
                    self.ends[end] = End::Sends(transfer, source);
                    return Some(moment);
                }
                sending::Step::Done | sending::Step::Failed => {
                    self.outcome.sent = transfer.totals();
                    self.outcome.sender = in_words(transfer.failure());
                    return None;
                }
            }
        }
    }

    fn act_receiving(&mut self, end: usize, mut transfer: Receiving, into: Vec<u8>) -> Option<Duration> {
        loop {
            match transfer.next(self.now) {
                receiving::Step::Send(packet) => {
                    let packet = packet.to_vec();
                    self.send(end, &packet);
                }
                receiving::Step::WaitUntil(moment) => {
                    self.ends[end] = End::Receives(transfer, into);
                    return Some(moment);
                }
                receiving::Step::Done | receiving::Step::Failed => {
                    self.outcome.received = transfer.totals();
                    self.outcome.receiver = in_words(transfer.failure());
                    self.outcome.file = into;
                    return None;
                }
            }
        }
    }

    fn send(&mut self, from: usize, packet: &[u8]) {
        for (delay, bytes) in self.links[from].pass(packet) {
            self.order += 1;
            self.on_the_way.push(Reverse((self.now + delay, self.order, 1 - from, bytes)));
        }
    }
}

fn in_words(failure: Option<TransferError>) -> Result<(), String> {
    failure.map_or(Ok(()), |error| Err(error.to_string()))
}
