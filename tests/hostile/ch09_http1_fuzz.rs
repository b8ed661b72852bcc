//! Requests changed at random: whatever comes, the server answers in well-formed HTTP or closes, never panics, and serves on.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::support::http::{assert_serves, show};
use crate::support::{PATIENCE, Page};
use netprog::base::log::{self, Logger};
use netprog::base::random::Seeded;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

/// `NETPROG_FUZZ=50000` for the long run.
fn rounds() -> u64 {
    std::env::var("NETPROG_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(1500)
}

const SEEDS: [&str; 8] = [
    "GET /a?b=c HTTP/1.1\r\nHost: h:80\r\nAccept: */*\r\n\r\n",
    "POST /%41 HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n5;x=y\r\nhello\r\n0\r\nSum: 1\r\n\r\n",
    "GET http://[::1]:8080/x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n",
];

/// What grammar turns on.
const TOKENS: [&str; 24] = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    "\0",
    "\u{7f}",
    "0",
    "ffffffffffffffff",
    "18446744073709551616",
    "-1",
    ",",
    ";",
    "%",
    "%2e%2e/",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: x\r\n",
    "Expect: 100-continue\r\n",
    "HTTP/2.0",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "\u{fffd}",
];

fn pick(random: &mut Seeded, count: usize) -> usize {
    random.below(count as u64) as usize
}

fn mutated(random: &mut Seeded) -> Vec<u8> {
    let mut bytes = SEEDS[pick(random, SEEDS.len())].as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = pick(random, bytes.len() + 1);
        let end = bytes.len().min(at + 1 + pick(random, 8));
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = random.next_u64() as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.splice(at..end, [])),
            3 => {
                let again = bytes[at..].to_vec();
                drop(bytes.splice(at..at, again));
            }
            4 => bytes.truncate(at.max(1)),
            _ => drop(bytes.splice(at..at, TOKENS[pick(random, TOKENS.len())].bytes())),
        }
        bytes.truncate(64 << 10);
    }
    bytes
}

/// Sends it in one or two pieces, finishes, and reads all that comes.
fn outcome(address: SocketAddr, bytes: &[u8], cut: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    let _ = stream.write_all(first).and_then(|()| stream.write_all(second));
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    match stream.read_to_end(&mut answers) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            panic!("it hangs: {:?}", bytes.escape_ascii().to_string())
        }
        // A reset cannot take an answer away that has been read already, and is the last word.
        _ => answers,
    }
}

/// Whether what came begins with a status line and every line of its head is a field.
fn is_well_formed(answers: &[u8]) -> bool {
    let mut lines = BufReader::new(answers).split(b'\n').map(Result::unwrap);
    let Some(first) = lines.next() else { return true };
    first.starts_with(b"HTTP/1.1 ")
        && lines
            .take_while(|line| line != b"\r")
            .all(|line| line.ends_with(b"\r") && line.contains(&b':') && !line.starts_with(b" "))
}

#[test]
fn requests_changed_at_random_never_cost_more_than_their_connection() {
    let page = Page::default();
    let error_log = Logger::new(Box::new(page.clone()), "", log::NONE);
    let server = TestServer::with(Server { error_log, ..Server::new(show) });
    let threads = 4;
    let answered: u64 = std::thread::scope(|scope| {
        let address = server.address();
        let fuzz = move |seed: u64| {
            let mut random = Seeded::new(seed);
            let mut answered = 0;
            for round in 0..rounds() / threads {
                let bytes = mutated(&mut random);
                let cut = pick(&mut random, bytes.len() + 1);
                let answers = outcome(address, &bytes, cut);
                let shown = || (bytes.escape_ascii().to_string(), answers.escape_ascii().to_string());
                assert!(is_well_formed(&answers), "round {round}: {:?}", shown());
                answered += u64::from(!answers.is_empty());
            }
            answered
        };
        let running: Vec<_> = (0..threads).map(|seed| scope.spawn(move || fuzz(seed))).collect();
        running.into_iter().map(|thread| thread.join().expect("no surprise")).sum()
    });
    assert!(answered > rounds() / 2, "{answered} of {}", rounds());
    assert_serves(server.address());
    assert_eq!(page.text(), "", "the log of panics and incidents");
}
