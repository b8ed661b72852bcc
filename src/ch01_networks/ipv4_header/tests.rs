//! What an IPv4 header must survive.

use super::*;
use crate::base::random::Seeded;

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// A header whose checksum is known elsewhere (b861), with 95 bytes of data behind it.
const KNOWN: [u8; 20] = [
    0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0,
    0xa8, 0x00, 0xc7,
];

fn known() -> Vec<u8> {
    let mut packet = KNOWN.to_vec();
    packet.resize(115, 0xee);
    packet
}

#[test]
fn a_known_header_is_read_field_by_field_and_written_again_byte_for_byte() {
    let packet = known();
    let (header, payload) = Ipv4Header::decode(&packet).unwrap();
    assert_eq!((header.source, header.destination), ([192, 168, 0, 1].into(), [192, 168, 0, 199].into()));
    assert_eq!((header.protocol, header.ttl, header.dont_fragment), (UDP, 64, true));
    assert_eq!(payload, [0xee; 95]);
    assert_eq!(header.encode(payload).unwrap(), packet);
}

#[test]
fn padding_behind_the_packet_is_not_payload() {
    let mut padded = Ipv4Header::new(TCP, CLIENT, SERVER).encode(b"abc").unwrap();
    padded.extend_from_slice(&[0; 23]);
    assert_eq!(Ipv4Header::decode(&padded).unwrap().1, b"abc");
}

#[test]
fn options_are_kept_and_must_come_in_fours() {
    let mut header = Ipv4Header::new(TCP, CLIENT, SERVER);
    header.options = vec![1; 40];
    let packet = header.encode(b"x").unwrap();
    assert_eq!(Ipv4Header::decode(&packet).unwrap(), (header.clone(), &b"x"[..]));
    for length in [1, 3, 44] {
        header.options = vec![1; length];
        assert_eq!(header.encode(b""), Err(Ipv4Error::OptionsDoNotFit(length)));
    }
}

#[test]
fn flags_and_offset_share_a_field_and_do_not_mix() {
    let mut header = Ipv4Header::new(UDP, CLIENT, SERVER);
    for (df, mf, offset) in [(true, false, 0), (false, true, 185), (false, false, OFFSET), (true, true, 1)] {
        (header.dont_fragment, header.more_fragments, header.fragment_offset) = (df, mf, offset);
        let packet = header.encode(b"piece").unwrap();
        assert_eq!(Ipv4Header::decode(&packet).unwrap().0, header);
    }
    header.fragment_offset = OFFSET + 1;
    assert_eq!(header.encode(b""), Err(Ipv4Error::OffsetTooLarge(OFFSET + 1)));
}

#[test]
fn every_flipped_bit_of_the_header_is_noticed() {
    let whole = known();
    for bit in 0..HEADER * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Ipv4Header::decode(&damaged).is_err(), "bit {bit}");
    }
    let mut damaged = whole;
    damaged[8] = 63;
    let error = Ipv4Header::decode(&damaged).unwrap_err();
    assert_eq!(error, Ipv4Error::WrongChecksum { came: 0xb861, computed: 0xb961 });
    // Behind the header nothing is covered.
    damaged[8] = 64;
    damaged[50] ^= 0xff;
    assert!(Ipv4Header::decode(&damaged).is_ok());
}

/// Sets a byte and makes the checksum right again.
fn lie(at: usize, value: u8) -> Vec<u8> {
    let mut packet = known();
    packet[at] = value;
    packet[10..12].copy_from_slice(&[0, 0]);
    let length = (usize::from(packet[0] & 0x0f) * 4).min(packet.len());
    let sum = checksum::internet_checksum(&packet[..length]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

#[test]
fn lengths_that_lie_are_errors_even_under_a_right_checksum() {
    assert_eq!(Ipv4Header::decode(&lie(0, 0x65)), Err(Ipv4Error::OtherVersion(6)));
    assert_eq!(Ipv4Header::decode(&lie(0, 0x44)), Err(Ipv4Error::HeaderTooShort { says: 16 }));
    // A header of 60 bytes where 25 came.
    let cut = &lie(0, 0x4f)[..25];
    assert!(matches!(Ipv4Header::decode(cut), Err(Ipv4Error::CutShort(_))));
    let longer = Ipv4Error::WrongLength { says: 116, header: 20, came: 115 };
    assert_eq!(Ipv4Header::decode(&lie(3, 116)), Err(longer));
    let shorter = Ipv4Error::WrongLength { says: 19, header: 20, came: 115 };
    assert_eq!(Ipv4Header::decode(&lie(3, 19)), Err(shorter));
    assert!(matches!(
        Ipv4Header::new(TCP, CLIENT, SERVER).encode(&[0; 65_516]),
        Err(Ipv4Error::TooLong(65_536))
    ));
}

#[test]
fn truncated_packets_of_every_length_are_errors_and_random_ones_never_panic() {
    let packet = known();
    for length in 0..packet.len() {
        assert!(Ipv4Header::decode(&packet[..length]).is_err(), "{length}");
    }
    let mut random = Seeded::new(2);
    for _ in 0..5_000 {
        let mut noise = vec![0; random.below(80) as usize];
        random.fill(&mut noise);
        if let Some(first) = noise.first_mut() {
            *first = 0x40 | (*first & 0x0f); // past the version check, or little else is tried
        }
        let _ = Ipv4Header::decode(&noise);
        // With a right checksum the lengths are looked at, too.
        let length = noise.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
        if (HEADER..=noise.len()).contains(&length) {
            noise[2] = 0; // a total length of up to 255, which may be true
            let sum = header_checksum(&noise[..length]);
            noise[10..12].copy_from_slice(&sum.to_be_bytes());
            let _ = Ipv4Header::decode(&noise);
        }
    }
}
