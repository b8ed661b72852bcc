//! What a TCP header must survive.

use super::*;
use crate::base::random::Seeded;

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

fn header() -> TcpHeader {
    TcpHeader {
        source_port: 50_926,
        destination_port: 80,
        sequence: 0xfedc_ba98,
        acknowledgement: 7,
        flags: Flags::PSH.and(Flags::ACK),
        window: 64_240,
        ..TcpHeader::default()
    }
}

#[test]
fn a_segment_comes_back_the_same_with_odd_and_even_data_and_with_options() {
    let mut with_options = header();
    with_options.options = maximum_segment_size(1460);
    for header in [header(), with_options] {
        for data in [&b""[..], b"odd", b"even"] {
            let bytes = header.encode(CLIENT, SERVER, data).unwrap();
            assert_eq!(TcpHeader::decode(&bytes, CLIENT, SERVER), Ok((header.clone(), data)));
        }
    }
}

#[test]
fn a_segment_for_another_host_is_noticed_though_it_holds_no_address() {
    let bytes = header().encode(CLIENT, SERVER, b"hello").unwrap();
    let other = Ipv4Addr::new(198, 51, 100, 8);
    assert!(matches!(TcpHeader::decode(&bytes, CLIENT, other), Err(TcpError::WrongChecksum { .. })));
    // Both ends exchanged: the same words, so the same sum.
    assert!(TcpHeader::decode(&bytes, SERVER, CLIENT).is_ok());
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = header().encode(CLIENT, SERVER, b"data is covered too").unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(TcpHeader::decode(&damaged, CLIENT, SERVER).is_err(), "bit {bit}");
    }
}

#[test]
fn a_data_offset_that_lies_is_an_error_even_under_a_right_checksum() {
    for (words, wanted) in [(4u8, "begins at byte 16"), (15, "cut short")] {
        let mut bytes = header().encode(CLIENT, SERVER, b"hello").unwrap();
        bytes[12] = words << 4;
        bytes[16..18].copy_from_slice(&[0, 0]);
        let sum = with_pseudo_header(CLIENT, SERVER, &[&bytes], bytes.len());
        bytes[16..18].copy_from_slice(&sum.to_be_bytes());
        let error = TcpHeader::decode(&bytes, CLIENT, SERVER).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn truncated_segments_of_every_length_and_random_ones_are_errors() {
    let bytes = header().encode(CLIENT, SERVER, b"some data").unwrap();
    for length in 0..bytes.len() {
        assert!(TcpHeader::decode(&bytes[..length], CLIENT, SERVER).is_err(), "{length}");
    }
    let mut random = Seeded::new(3);
    for _ in 0..3_000 {
        let mut noise = vec![0; random.below(100) as usize];
        random.fill(&mut noise);
        // One in 65,536 has a right checksum by chance; no such one is in this row of numbers.
        assert!(TcpHeader::decode(&noise, CLIENT, SERVER).is_err());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut odd = header();
    odd.options = vec![1; 3];
    assert_eq!(odd.encode(CLIENT, SERVER, b""), Err(TcpError::OptionsDoNotFit(3)));
    odd.options = vec![1; 44];
    assert_eq!(odd.encode(CLIENT, SERVER, b""), Err(TcpError::OptionsDoNotFit(44)));
    let too_long = header().encode(CLIENT, SERVER, &[0; MAX_SEGMENT]);
    assert_eq!(too_long, Err(TcpError::TooLong(MAX_SEGMENT + HEADER)));
    assert!(matches!(TcpHeader::decode(&[0; 70_000], CLIENT, SERVER), Err(TcpError::TooLong(70_000))));
}

#[test]
fn flags_are_shown_in_the_order_people_say_them() {
    assert_eq!(Flags::SYN.and(Flags::ACK).to_string(), "SYN+ACK");
    assert_eq!(Flags::ACK.and(Flags::PSH).to_string(), "PSH+ACK");
    assert_eq!((Flags::default().to_string().as_str(), Flags(0xff).has(Flags::RST)), ("none", true));
}
