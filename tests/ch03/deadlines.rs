//! Deadlines, idle and total: Listing 3-9.

use super::limits::*;
use crate::support::{PATIENCE, fill, join};
use netprog::base::conn::{Conn, ConnWrite, TcpConn};
use netprog::base::deadline::Deadline;
use netprog::base::{thread, trace};
use netprog::ch03_tcp::idle::{Impatience, Pace, Patience, PatientReader};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Instant;

/// Listing 3-9: the server waits for one byte until its deadline, and the client sends none. The read times out, and so
/// does every read after it, until the deadline is pushed forward; then the connection is as good as before. When the
/// server closes, the client reads the end of the stream.
///
/// Watch: break in `SocketReader::read`; the first read comes back after 200 ms with `TimedOut`. Rows 3.31, 3.32.
#[test]
fn listing_3_9_a_deadline_ends_a_read_and_a_later_one_makes_it_work_again() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let limit = millis(200); // The book's five seconds.
    let (told, timed_out) = mpsc::channel();
    let server = thread::spawn("server", move || {
        let _me = trace::party("server");
        let (stream, _) = listener.accept().unwrap();
        let mut conn = TcpConn::new(stream).unwrap();
        let mut byte = [0];
        let begin = Instant::now();
        conn.set_deadline(Deadline::at(begin + limit));
        trace::note(|| "reads one byte, for 200 ms at most".into());
        assert_eq!(conn.read(&mut byte).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= limit);
        assert_eq!(conn.read(&mut byte).unwrap_err().kind(), ErrorKind::TimedOut, "a passed deadline stays");

        trace::note(|| "pushes the deadline forward".into());
        conn.set_deadline(Deadline::after(PATIENCE));
        told.send(()).unwrap();
        assert_eq!(conn.read(&mut byte).unwrap(), 1);
        byte
    })
    .unwrap();

    let mut conn = TcpConn::new(TcpStream::connect(address).unwrap()).unwrap();
    timed_out.recv().unwrap();
    conn.write_all(b"1").unwrap();
    assert_eq!(conn.read(&mut [0]).unwrap(), 0, "the server has closed: the end of the stream, no error");
    assert_eq!(&join(server), b"1");
}

#[test]
fn a_passed_deadline_stays_for_reads_and_writes_alike_and_loses_no_data() {
    let (mut client, mut server) = connected();
    client.write_all(b"late").unwrap();
    server.set_deadline(Deadline::at(Instant::now()));
    for _ in 0..3 {
        assert_eq!(server.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut, "though data is there");
        assert_eq!(server.write(b"x").unwrap_err().kind(), ErrorKind::TimedOut, "though there is room");
    }
    server.set_deadline(Deadline::NEVER);
    let mut word = [0; 4];
    server.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"late");

    let begin = Instant::now();
    server.set_write_deadline(Deadline::at(begin + millis(50)));
    assert_eq!(fill(&mut server).kind(), ErrorKind::TimedOut, "nobody reads");
    assert!(begin.elapsed() >= millis(50));
}

#[test]
fn without_a_deadline_a_silent_peer_is_waited_for_without_end() {
    let (client, mut server) = connected();
    let interrupter = server.interrupter();
    let (told, heard) = mpsc::channel();
    let reader = thread::spawn("reader", move || {
        let outcome = server.read(&mut [0]);
        told.send(()).unwrap();
        outcome
    })
    .unwrap();
    // An unplugged cable looks just like this: nothing comes, and nothing says so.
    assert_eq!(heard.recv_timeout(millis(150)), Err(mpsc::RecvTimeoutError::Timeout));
    interrupter.interrupt();
    assert_eq!(join(reader).unwrap_err().kind(), ErrorKind::ConnectionAborted);
    drop(client);
}

#[test]
fn a_drip_outlives_an_idle_limit_and_a_total_deadline_stops_it() {
    with_premise(|| {
        let (client, mut server) = connected();
        let dripper = drip(client);
        let (idle, total) = (millis(250), millis(600));
        let begin = Instant::now();
        let patience =
            Patience { idle: Some(idle), total: Deadline::at(begin + total), ..Patience::default() };
        let error = PatientReader::new(&mut server, patience).read_to_end(&mut Vec::new()).unwrap_err();
        let took = begin.elapsed();
        drop(server);
        join(dripper);
        match Impatience::of(&error) {
            Some(Impatience::PeerNotDone { received }) => {
                assert!(took >= total, "far longer than one idle limit");
                assert!(received >= 1);
                true
            }
            // A drip was held up for six times its interval.
            Some(Impatience::PeerSilent { .. }) => false,
            other => panic!("{other:?}: {error}"),
        }
    });
}

#[test]
fn a_least_pace_stops_a_drip_without_limiting_an_honest_client() {
    let pace = Pace { bytes: 100, within: millis(120) };
    let patience = Patience { idle: Some(PATIENCE), pace: Some(pace), ..Patience::default() };

    let (client, mut server) = connected();
    let dripper = drip(client);
    let error = PatientReader::new(&mut server, patience).read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(Impatience::of(&error), Some(Impatience::PeerTooSlow { .. })), "{error}");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(server);
    join(dripper);

    let (mut client, mut server) = connected();
    let honest = thread::spawn("honest", move || client.write_all(&[7; 100_000])).unwrap();
    let mut all = Vec::new();
    assert_eq!(PatientReader::new(&mut server, patience).read_to_end(&mut all).unwrap(), 100_000);
    join(honest).unwrap();
}
