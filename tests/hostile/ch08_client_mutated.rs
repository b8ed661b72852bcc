//! Good answers with a few bytes changed, by the thousand. Whatever comes of them: no panic, no waiting for ever, and never a body
//! longer than what was sent.
//!
//! `NETPROG_MUTATED=30000 cargo test --test hostile mutated` for a long run.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

use crate::raw::client;
use crate::support::{PATIENCE, join};
use netprog::base::deflate::Level;
use netprog::base::gzip::GzipWriter;
use netprog::base::random::Seeded;

/// How many, unless the environment says more.
const ROUNDS: u64 = 1500;

fn templates() -> Vec<Vec<u8>> {
    let mut gzip = GzipWriter::new(Vec::new(), Level::Default);
    gzip.write_all(b"compressed, compressed, compressed").unwrap();
    let gzip = gzip.finish().unwrap();
    let coded =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len());
    vec![
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nSum: 5\r\n\r\n".to_vec(),
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end".to_vec(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno".to_vec(),
        b"HTTP/1.1 302 Found\r\nLocation: /next?a=b#c\r\nSet-Cookie: a=b; Path=/; Max-Age=5\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
        [coded.as_bytes(), &gzip].concat(),
    ]
}

/// Pieces that mean something somewhere.
const PIECES: [&[u8]; 14] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b"\r\n\r\n",
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Location: //[\r\n",
    b"18446744073709551615",
    b"ffffffffffffffff\r\n",
    b"HTTP/1.1 100 x\r\n\r\n",
    b"\xff",
];

fn mutated(random: &mut Seeded, templates: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = templates[random.below(templates.len() as u64) as usize].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let end = (at + random.below(12) as usize).min(bytes.len());
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] = random.next_u64() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                drop(
                    bytes.splice(at..at, PIECES[random.below(PIECES.len() as u64) as usize].iter().copied()),
                );
            }
            3 => bytes.truncate(at.max(1)),
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// Answers each connection's first request with the next mutation and closes.
fn serve(listener: &TcpListener, seed: u64, stop: &std::sync::atomic::AtomicBool) {
    let (mut random, templates) = (Seeded::new(seed), templates());
    loop {
        let (mut conn, _) = listener.accept().unwrap();
        if stop.load(std::sync::atomic::Ordering::SeqCst) {
            return;
        }
        conn.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = Vec::new();
        let mut buf = [0; 1024];
        while !head.ends_with(b"\r\n\r\n") {
            match conn.read(&mut buf) {
                Ok(count) if count > 0 => head.extend_from_slice(&buf[..count]),
                _ => break,
            }
        }
        let _ = conn.write_all(&mutated(&mut random, &templates));
    }
}

#[test]
fn mutated_answers_are_answers_or_errors() {
    let rounds = std::env::var("NETPROG_MUTATED").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let server = std::thread::spawn(move || serve(&listener, 8, &stopped));
    let (mut client, _transport) = client();
    client.timeout = Some(PATIENCE);
    client.jar = Some(std::sync::Arc::default());
    let (mut good, mut bad) = (0, 0);
    for round in 0..rounds {
        let start = Instant::now();
        let outcome = client
            .get(&format!("http://{address}/{round}"))
            .and_then(|mut response| response.read_all(10_000));
        assert!(start.elapsed() < PATIENCE, "round {round}: {outcome:?}");
        match outcome {
            Ok(_) => good += 1,
            Err(error) => {
                bad += 1;
                assert!(!error.is_timeout(), "round {round}: {error:?}");
                assert!(!error.to_string().contains(['\r', '\n', '\0', '\x1b']), "round {round}: {error}");
            }
        }
    }
    assert!(
        good > rounds / 20 && bad > rounds / 5,
        "{good} good, {bad} bad: the mutations are not what they were"
    );
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let _ = std::net::TcpStream::connect(address);
    join(server);
}
