//! ICMPv6 messages as bytes, whole and broken.

use super::*;
use crate::base::random::Seeded;

const FROM: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const TO: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const MAC: Mac = Mac([0, 0x1b, 0x44, 0x11, 0x3a, 0xb7]);

fn every_kind() -> Vec<Message6> {
    let network = "2600:fe56:7891:1::".parse().unwrap();
    let prefix = AdvertisedPrefix { network, length: 64, autonomous: true, valid_seconds: 86_400 };
    vec![
        Message6::Unreachable { code: 4, original: vec![0x60; 48] },
        Message6::TimeExceeded { original: vec![0x60; 48] },
        Message6::Echo { id: 7, sequence: 1, data: b"hi".to_vec() },
        Message6::EchoReply { id: 7, sequence: 1, data: b"hi".to_vec() },
        Message6::RouterSolicitation { mac: Some(MAC) },
        Message6::RouterSolicitation { mac: None },
        Message6::RouterAdvertisement {
            lifetime: 1800,
            mac: Some(MAC),
            prefixes: vec![prefix, AdvertisedPrefix { autonomous: false, ..prefix }],
        },
        Message6::NeighborSolicitation { target: FROM, mac: Some(MAC) },
        Message6::NeighborAdvertisement { target: FROM, mac: Some(MAC) },
        Message6::Redirect { target: FROM, destination: network },
    ]
}

fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[2..4].copy_from_slice(&[0, 0]);
    let sum = checksum(&bytes, FROM, TO);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

#[test]
fn every_kind_reads_back_and_every_truncation_is_an_error() {
    for message in every_kind() {
        let bytes = message.encode(FROM, TO);
        assert_eq!(Message6::decode(&bytes, FROM, TO), Ok(message.clone()));
        for length in 0..bytes.len() {
            assert!(Message6::decode(&bytes[..length], FROM, TO).is_err(), "{message:?} at {length}");
        }
    }
}

#[test]
fn a_message_for_another_address_is_refused() {
    let bytes = every_kind()[2].encode(FROM, TO);
    let other = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 3);
    assert_eq!(Message6::decode(&bytes, FROM, other), Err(Icmp6Error::Checksum));
}

#[test]
fn a_cut_message_with_a_right_checksum_is_whole_or_an_error_and_never_a_panic() {
    for message in every_kind() {
        let bytes = message.encode(FROM, TO);
        for length in 4..bytes.len() {
            if let Ok(shorter) = Message6::decode(&summed(bytes[..length].to_vec()), FROM, TO) {
                assert_eq!(shorter.kind(), message.kind());
                assert!(length >= 8);
            }
        }
    }
}

#[test]
fn an_option_of_length_zero_ends_the_reading() {
    let mut bytes = vec![133, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(&[SOURCE_MAC, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Message6::decode(&summed(bytes), FROM, TO), Err(Icmp6Error::EmptyOption));
}

#[test]
fn an_option_that_says_it_is_longer_than_the_message_is_refused() {
    let mut bytes = vec![133, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(&[SOURCE_MAC, 255, 0, 0, 0, 0, 0, 0]);
    assert!(matches!(Message6::decode(&summed(bytes), FROM, TO), Err(Icmp6Error::CutShort(_))));
    let mut short = vec![134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    short.extend_from_slice(&[PREFIX, 1, 64, 0xc0, 0, 0, 0, 0]);
    assert!(matches!(Message6::decode(&summed(short), FROM, TO), Err(Icmp6Error::CutShort(_))));
}

#[test]
fn an_unknown_option_is_skipped_and_a_prefix_too_long_refused() {
    let mut bytes = vec![133, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(&[99, 1, 1, 2, 3, 4, 5, 6, SOURCE_MAC, 1]);
    bytes.extend_from_slice(&MAC.0);
    let message = Message6::RouterSolicitation { mac: Some(MAC) };
    assert_eq!(Message6::decode(&summed(bytes), FROM, TO), Ok(message));

    let mut advertisement = every_kind()[6].encode(FROM, TO);
    let place = 16 + 8 + 2;
    assert_eq!(advertisement[place], 64);
    advertisement[place] = 129;
    assert_eq!(Message6::decode(&summed(advertisement), FROM, TO), Err(Icmp6Error::PrefixLength(129)));
}

#[test]
fn random_bytes_with_a_right_checksum_never_panic() {
    let mut random = Seeded::new(226);
    let mut taken = 0;
    for _ in 0..20_000 {
        let mut bytes = vec![0; 4 + random.below(120) as usize];
        random.fill(&mut bytes);
        bytes[0] = [1, 3, 128, 129, 133, 134, 135, 136, 137, 200][random.below(10) as usize];
        bytes[1] = u8::from(random.chance(0.1));
        if random.chance(0.7) {
            for place in (8..bytes.len()).step_by(8) {
                bytes[place] %= 4;
                if let Some(units) = bytes.get_mut(place + 1) {
                    *units %= 5;
                }
            }
        }
        taken += usize::from(Message6::decode(&summed(bytes), FROM, TO).is_ok());
    }
    assert!(taken > 1_000, "{taken}");
}
