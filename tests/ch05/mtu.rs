//! Listings 5-9 and 5-10: what fits a packet, and what becomes of the rest.

use netprog::base::trace;

use netprog::ch05_udp::header::{MAX_PAYLOAD_V4, MAX_PAYLOAD_V6, encode};
use netprog::ch05_udp::mtu::IpVersion::{V4, V6};
use netprog::ch05_udp::mtu::{
    IpVersion, datagram_loss, fits, fragments, max_payload, ping_line, reassembled,
};
use std::net::Ipv4Addr;

/// `ping -M do -s 1500`: 1,528 bytes with headers, which no Ethernet packet holds. Rows 5.19, 5.17.
///
/// Watch: what would have been two packets, with the header in the first only. With "don't fragment" it is none.
#[test]
fn listing_5_9_a_payload_of_1500_makes_1528_bytes_and_does_not_fit() {
    trace::chapter("ch05");
    let _me = trace::party("client");
    assert_eq!(ping_line(1500, V4), "1500(1528) bytes of data");
    assert!(!fits(1500, 1500, V4));
    let pieces = fragments(1, &datagram(1500), 1500).unwrap();
    trace::note(|| {
        format!(
            "1500 bytes would travel as {} packets; ping may not split, so it says too long",
            pieces.len()
        )
    });
    assert_eq!(pieces.len(), 2);
}

/// `ping -M do -s 1472`: exactly 1,500 bytes. The reply's 1,480 are the payload and ICMP's eight. Rows 5.18, 5.19.
///
/// Watch: one packet.
#[test]
fn listing_5_10_a_payload_of_1472_fits_to_the_byte() {
    trace::chapter("ch05");
    let _me = trace::party("client");
    assert_eq!(ping_line(1472, V4), "1472(1500) bytes of data");
    assert_eq!(max_payload(1500, V4), 1472);
    assert!(fits(1472, 1500, V4) && !fits(1473, 1500, V4));
    let pieces = fragments(1, &datagram(1472), 1500).unwrap();
    trace::note(|| format!("1472 bytes travel as {}", pieces[0]));
    assert_eq!(pieces.len(), 1);
    assert_eq!(pieces[0].bytes.len(), 1480, "what the reply's line counts");
}

fn datagram(payload: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..payload {
        bytes.push(number as u8);
    }
    encode((Ipv4Addr::new(192, 0, 2, 1), 1), (Ipv4Addr::new(1, 1, 1, 1), 2), &bytes).unwrap()
}

#[test]
fn what_fits_is_the_mtu_less_both_headers_and_the_safe_sizes_fit_everywhere() {
    for (mtu, v4, v6) in [(1500, 1472, 1452), (1400, 1372, 1352), (576, 548, 528), (1280, 1252, 1232)] {
        assert_eq!((max_payload(mtu, V4), max_payload(mtu, V6)), (v4, v6), "MTU {mtu}");
    }
    assert_eq!((V4.safe_payload(), V6.safe_payload()), (548, 1232));
    assert_eq!((max_payload(0, V4), max_payload(27, V4), max_payload(28, V4)), (0, 0, 0));
    assert_eq!(max_payload(usize::MAX, V4), MAX_PAYLOAD_V4);
    assert_eq!(max_payload(usize::MAX, V6), MAX_PAYLOAD_V6);
    assert_eq!(IpVersion::of("::ffff:192.0.2.1".parse().unwrap()), V4);
}

#[test]
fn the_least_mtu_is_68_and_1280_and_not_46() {
    assert_eq!((V4.smallest_mtu(), V6.smallest_mtu()), (68, 1280));
    assert!(fragments(1, &datagram(100), 46).is_err(), "46 is the least payload of an Ethernet frame");
    assert_eq!(max_payload(68, V4), 40);
}

#[test]
fn one_lost_fragment_is_the_whole_datagram_lost() {
    let whole = datagram(4000);
    let pieces = fragments(9, &whole, 1500).unwrap();
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces[0].bytes[..8], whole[..8], "the UDP header is in the first");
    assert_eq!(pieces[1].bytes[0], whole[1480], "the second begins with payload");
    for piece in &pieces[..2] {
        assert_eq!(piece.bytes.len() % 8, 0);
    }
    let backwards: Vec<_> = pieces.iter().rev().cloned().collect();
    assert_eq!(reassembled(9, &backwards).unwrap().as_deref(), Some(&whole[..]), "in whatever order");
    for missing in 0..3 {
        let mut rest = pieces.clone();
        rest.remove(missing);
        assert_eq!(reassembled(9, &rest).unwrap(), None, "without number {missing} nothing arrives");
    }
}

#[test]
fn a_small_loss_of_packets_is_a_great_loss_of_datagrams() {
    assert_eq!((datagram_loss(0.01, 1) * 1000.0).round(), 10.0);
    assert_eq!((datagram_loss(0.01, 45) * 100.0).round(), 36.0);
    assert_eq!(fragments(1, &datagram(65_507), 1500).unwrap().len(), 45);
    assert_eq!((datagram_loss(0.0, 45), datagram_loss(1.0, 1), datagram_loss(7.0, 3)), (0.0, 1.0, 1.0));
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use crate::sockets::{address, nobody, socket};
    use netprog::base::cancel::Cancel;
    use netprog::base::sys::datagram::{is_too_long, path_mtu, set_dont_fragment};
    use netprog::ch05_udp::connected::dial;
    use netprog::ch05_udp::echo::start;
    use netprog::ch05_udp::probe::{ProbeOptions, probe};
    use netprog::ch05_udp::search::{Found, Outcome};
    use std::io::ErrorKind;
    use std::time::Duration;

    /// A plain loopback takes packets longer than any datagram; `tests/interop/ch05.rs` has links of 1,500 and 1,400.
    #[test]
    fn a_connected_socket_knows_its_paths_mtu_and_may_forbid_fragments() {
        let peer = socket("peer");
        let unconnected = path_mtu(&peer).unwrap_err();
        assert_eq!(unconnected.kind(), ErrorKind::NotConnected);
        let client = dial(address(&peer)).unwrap();
        let mtu = path_mtu(&client).unwrap();
        assert!(mtu >= 1280, "{mtu}");
        set_dont_fragment(&client, true).unwrap();
        let longest = max_payload(mtu, V4);
        assert_eq!(client.send(&vec![0; longest]).unwrap(), longest);
        assert!(is_too_long(&client.send(&vec![0; longest + 1]).unwrap_err()));
    }

    #[test]
    fn the_search_finds_all_that_the_loopback_carries_and_an_echo_that_cuts_is_enough() {
        let stop = Cancel::new();
        for host in ["127.0.0.1", "[::1]"] {
            let Ok(server) = start(&format!("{host}:0"), &stop) else { continue };
            let mut outcomes = Vec::new();
            let report =
                probe(server.address(), ProbeOptions::default(), |step| outcomes.push(step.outcome)).unwrap();
            let payload = max_payload(report.known_mtu, report.version);
            assert_eq!(report.found, Found::Largest { payload, by_silence: false }, "{report}");
            assert_eq!(outcomes, [Outcome::Arrived; 2]);
        }
        stop.cancel();
    }

    #[test]
    fn a_port_without_anyone_is_refused_and_a_silent_one_is_told_apart() {
        let options = ProbeOptions { wait: Duration::from_millis(30), tries: 2 };
        let error = probe(nobody(), options, |_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let silent = socket("silent");
        let mut steps = 0;
        let report = probe(address(&silent), options, |_| steps += 1).unwrap();
        assert_eq!((report.found, steps), (Found::Nobody, 2));
    }
}
