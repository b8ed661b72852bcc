//! Records: Listings 7-10 to 7-12.

use crate::support::{PATIENCE, join};
use netprog::base::sys::ancillary;
use netprog::base::sys::local::{self, SocketType};
use netprog::base::trace;
use netprog::ch07_unix::seqpacket::{Received, Records};
use netprog::ch07_unix::socket_file::{Access, PrivateDirectory};
use netprog::ch07_unix::stream::{EchoServer, Streaming, streaming_echo_server};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

fn begin() -> trace::PartyGuard {
    trace::chapter("ch07");
    trace::party("client")
}

fn serving() -> (PrivateDirectory, EchoServer) {
    let place = PrivateDirectory::new("netprog-records").unwrap();
    let path = place.file(&format!("{}.sock", std::process::id()));
    let everybody = Access { mode: 0o666, group: None };
    let server = streaming_echo_server(Streaming::UnixPacket, path.to_str().unwrap(), everybody).unwrap();
    trace::name(path.to_str().unwrap(), "server");
    trace::name("(unnamed)", "client");
    (place, server)
}

fn client(server: &EchoServer) -> Records {
    let records = Records::connect(server.file().unwrap()).unwrap();
    records.socket().set_read_timeout(Some(PATIENCE)).unwrap();
    records.socket().set_write_timeout(Some(PATIENCE)).unwrap();
    records
}

/// Two ends of a connection, as the standard library's streams.
fn pair() -> (UnixStream, UnixStream) {
    let place = PrivateDirectory::new("netprog-pair").unwrap();
    let address = SocketAddr::from_pathname(place.file("s")).unwrap();
    let socket = local::socket(SocketType::SeqPacket).unwrap();
    local::bind(&socket, &address, 0o600).unwrap();
    local::listen(&socket, 1).unwrap();
    let client = local::socket(SocketType::SeqPacket).unwrap();
    local::connect(&client, &address).unwrap();
    let (server, _) = UnixListener::from(socket).accept().unwrap();
    (client.into(), server)
}

fn whole(length: usize) -> Received {
    Received::Record { length, whole: length }
}

/// Listing 7-10. The same function serves records; the file is open to everybody. Rows 7.11, 7.24.
#[test]
fn listing_7_10_the_streaming_echo_server_serves_records_too() {
    let _me = begin();
    let (_place, server) = serving();
    let path = server.file().unwrap().to_path_buf();
    assert_eq!(std::fs::symlink_metadata(&path).unwrap().permissions().mode(), 0o140_666);
    let wrong = UnixStream::connect(&path).unwrap_err();
    assert_eq!(wrong.raw_os_error(), Some(libc::EPROTOTYPE), "a stream is another type");
    drop(client(&server));
    drop(server);
    trace::note(|| "stopped, and the file is gone".to_string());
    assert!(!path.exists());
}

/// Listing 7-11. Three records come back as three, over a connection. Row 7.24.
#[test]
fn listing_7_11_three_pings_come_back_as_three_records_over_one_connection() {
    let _me = begin();
    let (_place, server) = serving();
    let client = client(&server);
    for _ in 0..3 {
        client.send(b"ping").unwrap();
    }
    let mut buffer = [0; 1024];
    for _ in 0..3 {
        assert_eq!(client.receive(&mut buffer).unwrap(), whole(4));
        assert_eq!(&buffer[..4], b"ping");
    }
}

/// Listing 7-12. With room for two bytes the rest of each record is gone, and the receiver can know. Rows 7.24, 7.25.
#[test]
fn listing_7_12_what_does_not_fit_of_a_record_is_gone() {
    let _me = begin();
    let (_place, server) = serving();
    let client = client(&server);
    for _ in 0..3 {
        client.send(b"ping").unwrap();
    }
    let mut buffer = [0; 2];
    for _ in 0..3 {
        assert_eq!(client.receive(&mut buffer).unwrap(), Received::Record { length: 2, whole: 4 });
        assert_eq!(&buffer, b"pi");
        trace::note(|| "two of four bytes; ng is not waiting".to_string());
    }
    client.send(&[7; 50]).unwrap();
    let mut buffer = [0; 32];
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::Record { length: 32, whole: 50 });
}

#[test]
fn an_empty_record_is_no_end() {
    let (_place, server) = serving();
    let client = client(&server);
    for record in [&b""[..], b"a", b""] {
        client.send(record).unwrap();
    }
    let mut buffer = [0; 8];
    for length in [0, 1, 0] {
        assert_eq!(client.receive(&mut buffer).unwrap(), whole(length), "echoed as they are");
    }
    client.socket().shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::End);
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::End, "and it stays the end");
}

#[test]
fn an_empty_record_before_the_end_is_told_from_it_even_when_both_are_there() {
    let (mut one, other) = pair();
    let other = Records::over(other).unwrap();
    assert_eq!(one.write(b"").unwrap(), 0);
    drop(one);
    let mut buffer = [0; 8];
    assert_eq!(other.receive(&mut buffer).unwrap(), whole(0));
    assert_eq!(other.receive(&mut buffer).unwrap(), Received::End);
}

#[test]
fn to_a_plain_read_an_empty_record_looks_like_the_end() {
    let (one, mut other) = pair();
    ancillary::send(&one, b"", &[]).unwrap();
    ancillary::send(&one, b"more", &[]).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(other.read(&mut buffer).unwrap(), 0, "a loop that ends here loses the rest");
    assert_eq!(other.read(&mut buffer).unwrap(), 4);
}

#[test]
fn reading_to_the_end_through_small_buffers_loses_bytes() {
    let (mut one, other) = pair();
    assert_eq!(one.write(b"0123456789").unwrap(), 10);
    drop(one);
    let mut taken = Vec::new();
    let mut small = [0; 8];
    let mut reader = &other;
    loop {
        match reader.read(&mut small).unwrap() {
            0 => break,
            count => taken.extend_from_slice(&small[..count]),
        }
    }
    assert_eq!(taken, b"01234567", "as any loop would that is right for a stream");
}

#[test]
fn a_record_too_large_for_the_send_buffer_is_refused_whole() {
    let (one, other) = pair();
    let (one, other) = (Records::over(one).unwrap(), Records::over(other).unwrap());
    let error = one.send(&vec![0; 16 << 20]).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    one.send(b"small").unwrap();
    assert_eq!(other.receive(&mut [0; 8]).unwrap(), whole(5), "nothing of the large one came");
}

#[test]
fn a_record_of_a_hundred_kilobytes_comes_back_as_one() {
    let (_place, server) = serving();
    let client = client(&server);
    let record: Vec<u8> = (0..100_000u32).map(|number| (number % 253) as u8).collect();
    client.send(&record).unwrap();
    let mut back = vec![0; 200_000];
    assert_eq!(client.receive(&mut back).unwrap(), whole(record.len()));
    assert!(back[..record.len()] == record[..]);
}

#[test]
fn a_receive_with_nothing_to_come_times_out_and_the_connection_is_still_good() {
    let (one, other) = pair();
    let (one, other) = (Records::over(one).unwrap(), Records::over(other).unwrap());
    other.socket().set_read_timeout(Some(std::time::Duration::from_millis(30))).unwrap();
    assert_eq!(other.receive(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
    one.send(b"late").unwrap();
    assert_eq!(other.receive(&mut [0; 8]).unwrap(), whole(4));
}

#[test]
fn a_stream_is_not_taken_for_records() {
    let (one, _other) = UnixStream::pair().unwrap();
    assert_eq!(Records::over(one).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn stopping_the_server_ends_a_client_that_waits_for_a_record() {
    let (_place, server) = serving();
    let client = client(&server);
    client.send(b"here").unwrap();
    assert_eq!(client.receive(&mut [0; 8]).unwrap(), whole(4));
    let waiting = std::thread::spawn(move || client.receive(&mut [0; 8]).unwrap());
    assert!(server.stop().unwrap().drained);
    assert_eq!(join(waiting), Received::End);
}
