//! Messages byte by byte, cut, lying, and too long for their datagram.

use super::*;
use std::net::Ipv4Addr;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The answer of Listing 2-1.
#[rustfmt::skip]
const LISTING_2_1: &[u8] = &[
    0x12, 0x34,                         // id
    0x81, 0x80,                         // response, recursion desired and available, no error
    0x00, 0x01, 0x00, 0x01,             // one question, one answer
    0x00, 0x00, 0x00, 0x00,             // no authority, nothing additional
    0x06, b'g', b'o', b'o', b'g', b'l', b'e', 0x03, b'c', b'o', b'm', 0x00,
    0x00, 0x01, 0x00, 0x01,             // type A, class IN
    0xc0, 0x0c,                         // the name at byte 12
    0x00, 0x01, 0x00, 0x01,             // type A, class IN
    0x00, 0x00, 0x01, 0x2b,             // 299 seconds
    0x00, 0x04, 172, 217, 4, 46,        // four bytes of data
];

fn listing_2_1() -> Message {
    let mut message = Message::query(0x1234, Question::new(name("google.com"), RecordType::A));
    message.header.is_response = true;
    message.header.recursion_desired = true;
    message.header.recursion_available = true;
    message.answers.push(Record::new(name("google.com"), 299, RData::A(Ipv4Addr::new(172, 217, 4, 46))));
    message
}

/// An answer with `count` records of two names, and one of another type behind them.
fn large(count: u16) -> Message {
    let mut message = Message::query(1, Question::new(name("a.example"), RecordType::A));
    for index in 0..count {
        let owner = if index < count / 2 { name("a.example") } else { name("b.example") };
        message.answers.push(Record::new(owner, 60, RData::A(Ipv4Addr::from_bits(u32::from(index)))));
    }
    message
}

#[test]
fn the_message_above_says_what_its_comments_say() {
    assert_eq!(Message::decode(LISTING_2_1), Ok(listing_2_1()));
    assert_eq!(listing_2_1().encode().unwrap(), LISTING_2_1);
}

#[test]
fn every_flag_has_its_bit() {
    for bit in [0x8000u16, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010] {
        assert_eq!(Header::from_bits(1, bit).to_bits(), bit, "{bit:#06x}");
    }
    assert_eq!(Header::from_bits(1, 0x0040).to_bits(), 0, "the bit that must be zero is not repeated");
    assert_eq!(Header::from_bits(1, 0x2805).opcode, Opcode(5));
    assert_eq!(Header::from_bits(1, 0x2805).rcode, Rcode::REFUSED);
}

#[test]
fn a_message_cut_short_is_an_error_at_every_length() {
    let mut message = listing_2_1();
    message.edns = Some(Edns { options: vec![(10, vec![1; 8])], ..Edns::default() });
    message.additional.push(Record::new(name("x.google.com"), 1, RData::Ns(name("y.google.com"))));
    let bytes = message.encode().unwrap();
    for length in 0..bytes.len() {
        assert!(Message::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    assert_eq!(Message::decode(&bytes), Ok(message));
}

#[test]
fn a_byte_too_many_is_an_error() {
    let mut bytes = LISTING_2_1.to_vec();
    bytes.push(0);
    assert!(matches!(Message::decode(&bytes), Err(DnsError::PeerLeftBytesOver(_))));
    let long = vec![0; MAX_MESSAGE + 1];
    assert_eq!(Message::decode(&long), Err(DnsError::PeerSentLongMessage { length: 65_536 }));
}

#[test]
fn a_count_that_lies_is_refused_before_a_record_is_read() {
    for (place, section) in [(4, "question"), (6, "answer"), (8, "authority"), (10, "additional")] {
        let mut bytes = LISTING_2_1.to_vec();
        bytes[place] = 0xff;
        let error = Message::decode(&bytes).unwrap_err();
        let DnsError::PeerLiedAboutCount { section: named, .. } = error else { panic!("{error}") };
        assert_eq!(named, section);
    }
}

#[test]
fn fewer_records_counted_than_there_are_leave_bytes_over() {
    let mut bytes = LISTING_2_1.to_vec();
    bytes[7] = 0;
    assert!(matches!(Message::decode(&bytes), Err(DnsError::PeerLeftBytesOver(_))));
}

#[test]
fn what_does_not_fit_is_left_out_in_whole_sets_and_marked() {
    let message = large(60);
    let whole = message.encode().unwrap();
    assert!(whole.len() > 512);
    let bytes = message.encode_within(512 + 16).unwrap();
    assert!(bytes.len() <= 528);
    let read = Message::decode(&bytes).unwrap();
    assert!(read.header.truncated);
    assert_eq!(read.answers.len(), 30, "the set of a.example, and no part of b.example's");
    assert_eq!(Message::decode(&message.encode_within(whole.len()).unwrap()), Ok(message.clone()));
    assert!(Message::decode(&message.encode_within(whole.len() - 1).unwrap()).unwrap().header.truncated);
}

#[test]
fn the_first_set_that_does_not_fit_ends_the_message() {
    let mut message = large(60);
    let last = Record::new(name("c.example"), 60, RData::A(Ipv4Addr::LOCALHOST));
    message.additional.push(last);
    message.edns = Some(Edns::default());
    let read = Message::decode(&message.encode_within(512).unwrap()).unwrap();
    assert!(read.additional.is_empty(), "a later section does not fill the gap");
    assert!(read.edns.is_some(), "the OPT record has its room kept");
}

#[test]
fn records_that_only_help_go_without_a_mark_but_not_those_of_a_referral() {
    let mut message = large(0);
    message.header.authoritative = true;
    message.answers.push(Record::new(name("a.example"), 60, RData::Ns(name("ns.example"))));
    for index in 0..60 {
        message.additional.push(Record::new(name("ns.example"), 60, RData::A(Ipv4Addr::from_bits(index))));
    }
    let read = Message::decode(&message.encode_within(512).unwrap()).unwrap();
    assert!(!read.header.truncated);
    assert!(read.additional.is_empty());
    message.authority = std::mem::take(&mut message.answers);
    message.header.authoritative = false;
    assert!(Message::decode(&message.encode_within(512).unwrap()).unwrap().header.truncated);
}

#[test]
fn a_limit_below_the_question_is_our_error_and_so_is_a_stream_message_that_is_too_long() {
    assert_eq!(listing_2_1().encode_within(20), Err(DnsError::WeHaveNoRoom { limit: 20 }));
    let mut message = large(0);
    for index in 0..5000 {
        message.answers.push(Record::new(name("a.example"), 60, RData::A(Ipv4Addr::from_bits(index))));
    }
    assert_eq!(message.encode(), Err(DnsError::WeHaveNoRoom { limit: MAX_MESSAGE }));
    let read = Message::decode(&message.encode_within(usize::MAX).unwrap()).unwrap();
    assert!(read.header.truncated && read.answers.is_empty());
}

#[test]
fn an_error_code_above_fifteen_needs_the_opt_record() {
    let mut message = listing_2_1();
    message.header.rcode = Rcode::BADVERS;
    assert_eq!(message.encode(), Err(DnsError::WeHaveNoOptForCode { code: 16 }));
    message.edns = Some(Edns { dnssec_ok: true, ..Edns::default() });
    assert_eq!(Message::decode(&message.encode().unwrap()), Ok(message));
}

#[test]
fn the_opt_record_byte_by_byte() {
    let edns = Edns { udp_size: 1232, version: 0, dnssec_ok: true, options: vec![(10, vec![7])] };
    let mut message = large(0);
    message.edns = Some(edns);
    let bytes = message.encode().unwrap();
    #[rustfmt::skip]
    let expected = [
        0x00,                   // the root
        0x00, 0x29,             // OPT
        0x04, 0xd0,             // 1232 bytes
        0x00, 0x00, 0x80, 0x00, // no upper bits, version 0, DO
        0x00, 0x05,             // five bytes of options
        0x00, 0x0a, 0x00, 0x01, 0x07,
    ];
    assert!(bytes.ends_with(&expected));
    assert_eq!(bytes[11], 1);
}

#[test]
fn a_second_opt_or_one_at_a_wrong_place_is_refused() {
    let mut message = large(0);
    message.edns = Some(Edns::default());
    let good = message.encode().unwrap();
    let opt = good[good.len() - 11..].to_vec();
    let mut twice = good.clone();
    twice.extend_from_slice(&opt);
    twice[11] = 2;
    assert_eq!(Message::decode(&twice), Err(DnsError::PeerMisplacedOpt));
    let mut in_answers = good.clone();
    in_answers[7] = 1;
    in_answers[11] = 0;
    assert_eq!(Message::decode(&in_answers), Err(DnsError::PeerMisplacedOpt));
    let mut named = good.clone();
    let at = named.len() - 11;
    named.splice(at..=at, [0xc0, 0x0c]);
    assert_eq!(Message::decode(&named), Err(DnsError::PeerMisplacedOpt));
}

#[test]
fn a_datagram_size_below_512_is_not_believed() {
    let mut query = large(0);
    assert_eq!(query.datagram_limit(), 512);
    for (said, taken) in [(0, 512), (511, 512), (1232, 1232), (65_535, 65_535)] {
        query.edns = Some(Edns { udp_size: said, ..Edns::default() });
        assert_eq!(query.datagram_limit(), taken);
    }
}

#[test]
fn how_long_no_may_be_kept_is_the_lesser_of_two_numbers() {
    let soa = |ttl, minimum| {
        let data = format!(";AUTHORITY\ngoogle.com. {ttl} IN SOA a. b. 1 2 3 4 {minimum}\n");
        crate::ch02_addresses::dns::present::parse(&data).unwrap()
    };
    assert_eq!(soa(59, 60).negative_ttl(), Some(59));
    assert_eq!(soa(3600, 60).negative_ttl(), Some(60));
    assert_eq!(listing_2_1().negative_ttl(), None);
}
