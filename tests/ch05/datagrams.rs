//! A datagram is taken whole or cut, and may be empty.

use super::sockets::{address, socket, soon};
use netprog::base::cancel::Cancel;
use netprog::ch05_udp::echo::start;
use netprog::ch05_udp::open_socket::{recv_before, send_to};

#[cfg(unix)]
#[test]
fn a_short_buffer_cuts_the_datagram_and_the_rest_is_gone() {
    let (one, other) = (socket("one"), socket("other"));
    send_to(&one, b"twelve bytes", address(&other)).unwrap();
    send_to(&one, b"the next", address(&other)).unwrap();
    let mut short = [0; 6];
    assert_eq!(recv_before(&other, &mut short, soon()).unwrap().0, 6, "no word about the other six");
    assert_eq!(&short, b"twelve");
    let mut buffer = [0; 64];
    let (count, _) = recv_before(&other, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"the next", "not the rest of the first");
}

#[test]
fn looking_takes_nothing_away() {
    let (one, other) = (socket("one"), socket("other"));
    send_to(&one, b"look", address(&other)).unwrap();
    let mut buffer = [0; 64];
    for _ in 0..2 {
        let (count, from) = other.peek_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..count], from), (&b"look"[..], address(&one)));
    }
    assert_eq!(recv_before(&other, &mut buffer, soon()).unwrap().0, 4);
}

#[test]
fn an_empty_datagram_is_one_and_not_the_end() {
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    let client = socket("client");
    for words in [&b""[..], b"after it", b""] {
        send_to(&client, words, server.address()).unwrap();
        let mut buffer = [0; 64];
        let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
        assert_eq!((&buffer[..count], from), (words, server.address()));
    }
    stop.cancel();
    server.join().unwrap();
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use netprog::ch05_udp::truncation::{recv_measured, recv_whole};
    use std::io::ErrorKind;

    #[test]
    fn the_true_length_tells_a_cut_datagram_from_one_that_just_fits() {
        let (one, other) = (socket("one"), socket("other"));
        let mut buffer = [0; 6];
        for (words, length, cut) in [(&b"sixsix"[..], 6, false), (b"seven b", 7, true), (b"", 0, false)] {
            send_to(&one, words, address(&other)).unwrap();
            let taken = recv_measured(&other, &mut buffer).unwrap();
            assert_eq!((taken.kept, taken.length, taken.was_cut()), (length.min(6), length, cut), "{taken}");
        }
    }

    #[test]
    fn a_datagram_of_any_length_is_taken_whole_in_memory_that_fits_it() {
        let (one, other) = (socket("one"), socket("other"));
        for length in [0, 1, 1025, 9000, 65_507] {
            send_to(&one, &vec![b'y'; length], address(&other)).unwrap();
            let (bytes, from) = recv_whole(&other, 65_535).unwrap();
            assert_eq!((bytes, from), (vec![b'y'; length], address(&one)));
        }
        send_to(&one, &[0; 101], address(&other)).unwrap();
        send_to(&one, b"good", address(&other)).unwrap();
        let error = recv_whole(&other, 100).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(recv_whole(&other, 100).unwrap().0, b"good", "the long one is out of the way");
    }
}
