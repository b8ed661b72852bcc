//! A name server whose answers are a test's closure, over UDP and TCP on one loopback port.

#![allow(dead_code)] // Every test file takes only what it needs.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use netprog::base::trace;
use netprog::ch02_addresses::dns::framing;
use netprog::ch02_addresses::dns::message::Message;
use netprog::ch02_addresses::dns::name::Name;
use netprog::ch02_addresses::dns::rdata::{RData, Soa};
use netprog::ch02_addresses::dns::record::Record;

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Udp,
    Tcp,
}

/// Gives the answer to a question, or silence.
type Answer = dyn Fn(&Message, Via) -> Option<Message> + Send + Sync;

/// A running server. Dropping it ends it.
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, Via)>>>,
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Scripted {
    /// Starts one that goes by `party` in the trace.
    pub fn start(
        party: &str,
        answer: impl Fn(&Message, Via) -> Option<Message> + Send + Sync + 'static,
    ) -> Scripted {
        let (udp, tcp) = both_sockets();
        let address = udp.local_addr().unwrap();
        trace::name(&address.to_string(), party);
        let answer: Arc<Answer> = Arc::new(answer);
        let stopping = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let logged: Arc<Answer> = Arc::new(move |query, via| {
            let question = query.questions.first().map(ToString::to_string).unwrap_or_default();
            log.lock().unwrap().push((question, via));
            answer(query, via)
        });
        let (over_tcp, stop, stop_too) = (Arc::clone(&logged), Arc::clone(&stopping), Arc::clone(&stopping));
        let threads = vec![
            std::thread::spawn(move || serve_udp(&udp, &*logged, &stop)),
            std::thread::spawn(move || serve_tcp(&tcp, &*over_tcp, &stop_too)),
        ];
        Scripted { address, asked, stopping, threads }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The questions that came, as `google.com. IN A`.
    pub fn asked(&self) -> Vec<(String, Via)> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Each of these wakes a thread.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"", self.address));
        drop(TcpStream::connect(self.address));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The same free port for both.
fn both_sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

fn serve_udp(socket: &UdpSocket, answer: &Answer, stopping: &AtomicBool) {
    let mut buf = vec![0; 65_535];
    loop {
        let (length, client) = socket.recv_from(&mut buf).unwrap();
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(query) = Message::decode(&buf[..length]) else { continue };
        if let Some(reply) = answer(&query, Via::Udp) {
            let _ = socket.send_to(&reply.encode().unwrap(), client);
        }
    }
}

fn serve_tcp(listener: &TcpListener, answer: &Answer, stopping: &AtomicBool) {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        while let Ok(Some(bytes)) = framing::read_message(&mut stream) {
            let Ok(query) = Message::decode(&bytes) else { break };
            let Some(reply) = answer(&query, Via::Tcp) else { break };
            if framing::write_message(&mut stream, &reply.encode().unwrap()).is_err() {
                break;
            }
        }
    }
}

// --- records ----------------------------------------------------------------------------------------------------------

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn a(owner: &str, ttl: u32, address: &str) -> Record {
    Record::new(name(owner), ttl, RData::A(address.parse().unwrap()))
}

pub fn ns(zone: &str, host: &str) -> Record {
    Record::new(name(zone), 172_800, RData::Ns(name(host)))
}

pub fn cname(owner: &str, target: &str) -> Record {
    Record::new(name(owner), 21_599, RData::Cname(name(target)))
}

/// An SOA record of this TTL and minimum.
pub fn soa(zone: &str, ttl: u32, minimum: u32) -> Record {
    let soa = Soa {
        primary: name("ns1.google.com."),
        responsible: name("dns-admin.google.com."),
        serial: 248_440_550,
        refresh: 900,
        retry: 900,
        expire: 1800,
        minimum,
    };
    Record::new(name(zone), ttl, RData::Soa(soa))
}

/// A reply with these answers, by one with authority.
pub fn answered(query: &Message, answers: Vec<Record>) -> Message {
    let mut reply = Message::answer_to(query);
    reply.header.authoritative = true;
    reply.answers = answers;
    reply
}

/// A referral.
pub fn referred(query: &Message, authority: Vec<Record>, additional: Vec<Record>) -> Message {
    let mut reply = Message::answer_to(query);
    reply.authority = authority;
    reply.additional = additional;
    reply
}
