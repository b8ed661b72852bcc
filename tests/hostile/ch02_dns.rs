//! What a hostile peer or file can send the DNS code: cut, random, looping, lying. Every decoder gives an error or a value,
//! never a panic, and does a bounded amount of work.

use netprog::base::random::Seeded;
use netprog::ch02_addresses::dns::authority::{Authority, Transport};
use netprog::ch02_addresses::dns::compress::MAX_STEPS;
use netprog::ch02_addresses::dns::edns::Edns;
use netprog::ch02_addresses::dns::error::DnsError;
use netprog::ch02_addresses::dns::framing::read_message;
use netprog::ch02_addresses::dns::message::{MAX_MESSAGE, Message};
use netprog::ch02_addresses::dns::name::Name;
use netprog::ch02_addresses::dns::zone::Zone;
use netprog::ch02_addresses::dns::{doh, present};

const ZONE: &str = include_str!("../zones/google.com.zone");

/// A message with every type we know in it, and an OPT record.
const EVERYTHING: &str = "\
;QUESTION
google.com. IN ANY
;ANSWER
google.com. 299 IN A 172.217.4.46
google.com. 299 IN AAAA 2001:db8::1
google.com. 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60
google.com. 21599 IN NS ns1.google.com.
mail.google.com. 21599 IN CNAME googlemail.l.google.com.
google.com. 599 IN MX 10 aspmx.l.google.com.
4.4.8.8.in-addr.arpa. 21599 IN PTR google-public-dns-b.google.com.
google.com. 299 IN TXT \"one\" \"two\"
;AUTHORITY
_sip._tcp.google.com. 1 IN SRV 1 2 5060 sip.google.com.
google.com. 1 IN CAA 0 issue \"pki.goog\"
google.com. 1 IN DS 60485 13 2 AABB
google.com. 1 IN DNSKEY 257 3 13 AQID
google.com. 1 IN RRSIG A 13 2 300 20330518033320 19700101000000 60485 google.com. AQID
;ADDITIONAL
google.com. 1 IN TYPE65280 \\# 2 01ff
";

fn everything() -> Vec<u8> {
    let mut message = present::parse(EVERYTHING).expect("a message");
    message.edns = Some(Edns { options: vec![(10, vec![1; 8]), (12, vec![])], ..Edns::default() });
    let bytes = message.encode().expect("it has a wire form");
    assert_eq!(Message::decode(&bytes), Ok(message));
    bytes
}

/// A header with these counts.
fn header(counts: [u16; 4]) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 0];
    for count in counts {
        bytes.extend_from_slice(&count.to_be_bytes());
    }
    bytes
}

/// Decodes, and checks what must hold whatever came.
fn decode(bytes: &[u8]) -> Result<Message, DnsError> {
    let (message, steps) = Message::decode_counting(bytes)?;
    assert!(steps <= MAX_STEPS);
    // What we accepted we can write, print, and read again as the same.
    if let Ok(again) = message.encode() {
        assert_eq!(Message::decode(&again).as_ref(), Ok(&message));
    }
    let _ = present::message(&message);
    Ok(message)
}

#[test]
fn a_message_cut_at_any_length_is_an_error() {
    let bytes = everything();
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
}

#[test]
fn a_message_with_any_one_byte_changed_is_a_message_or_an_error() {
    let bytes = everything();
    let mut errors = 0;
    for at in 0..bytes.len() {
        for value in [0x00, 0x01, 0x40, 0xc0, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            errors += usize::from(decode(&changed).is_err());
        }
    }
    assert!(errors > bytes.len() / 2, "lies about lengths, counts and pointers are found: {errors} of them");
}

#[test]
fn random_bytes_are_an_error_or_a_message_and_never_a_panic() {
    let mut random = Seeded::new(0x0d25);
    for _ in 0..20_000 {
        let mut bytes = vec![0; random.below(80) as usize];
        random.fill(&mut bytes);
        if bytes.len() > 12 && random.chance(0.8) {
            // Small counts, or almost everything would end at the first check.
            for place in [4, 6, 8, 10] {
                bytes[place] = 0;
                bytes[place + 1] &= 3;
            }
        }
        let _ = decode(&bytes);
    }
}

#[test]
fn messages_with_random_changes_are_an_error_or_a_message() {
    let mut random = Seeded::new(0x0d26);
    let bytes = everything();
    for _ in 0..3000 {
        let mut changed = bytes.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(changed.len() as u64) as usize;
            changed[at] = random.next_u64() as u8;
        }
        changed.truncate(random.below(changed.len() as u64 * 2) as usize);
        let _ = decode(&changed);
    }
}

#[test]
fn every_pointer_of_two_bytes_in_a_question_ends() {
    for pointer in 0xc000..=0xffffu16 {
        let mut bytes = header([1, 0, 0, 0]);
        bytes.extend_from_slice(&pointer.to_be_bytes());
        bytes.extend_from_slice(&[0, 1, 0, 1]);
        // Into the header it may lead: its bytes can be a name. Anywhere else it goes in a circle or out.
        match decode(&bytes) {
            Ok(_) => assert!(pointer < 0xc00c, "{pointer:#06x}"),
            Err(DnsError::PeerPointedForwards { .. }) => {}
            Err(error) => assert!(pointer < 0xc00c, "{pointer:#06x}: {error}"),
        }
    }
}

#[test]
fn a_message_full_of_pointer_chains_is_given_up_after_a_bounded_number_of_steps() {
    // A name of many labels, then pointers that each lead to the one before, then records that all begin at the last.
    let mut bytes = header([0, 4000, 0, 0]);
    bytes.extend_from_slice(&[0, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 253]);
    let mut last = bytes.len() as u16;
    bytes.push(0);
    while bytes.len() < 12 + 11 + 253 {
        let here = bytes.len() as u16;
        bytes.extend_from_slice(&(0xc000 | last).to_be_bytes());
        last = here;
    }
    // A name may have 127 pointers, the record's own included.
    let start = last.saturating_sub(2);
    for _ in 1..4000 {
        bytes.extend_from_slice(&(0xc000 | start).to_be_bytes());
        bytes.extend_from_slice(&[0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
    assert!(bytes.len() <= MAX_MESSAGE);
    assert_eq!(Message::decode(&bytes), Err(DnsError::PeerSentCostlyNames { steps: MAX_STEPS }));
}

#[test]
fn a_section_that_counts_65535_records_is_refused_at_once() {
    for section in 0..4 {
        let mut counts = [0; 4];
        counts[section] = 0xffff;
        let mut bytes = header(counts);
        bytes.resize(MAX_MESSAGE, 0);
        assert!(matches!(decode(&bytes), Err(DnsError::PeerLiedAboutCount { .. })), "section {section}");
    }
}

#[test]
fn the_largest_message_of_the_smallest_records_is_read() {
    let count = (MAX_MESSAGE - 12) / 11;
    let mut bytes = header([0, count as u16, 0, 0]);
    for _ in 0..count {
        bytes.extend_from_slice(&[0, 0xff, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
    let (message, steps) = Message::decode_counting(&bytes).expect("it is allowed");
    assert_eq!((message.answers.len(), steps), (count, count));
}

// --- the server ---------------------------------------------------------------------------------------------------------

#[test]
fn the_server_answers_anything_with_at_most_a_datagram_and_an_answer_with_nothing() {
    let authority = Authority::new(vec![ZONE.parse().expect("a zone")]);
    let mut random = Seeded::new(0x0d27);
    let bytes = everything();
    for _ in 0..3000 {
        let mut changed = bytes.clone();
        changed[2] &= 0x7f;
        for _ in 0..=random.below(6) {
            let at = random.below(changed.len() as u64) as usize;
            changed[at] = random.next_u64() as u8;
        }
        changed.truncate(random.below(changed.len() as u64 * 2) as usize);
        let answer = authority.respond(&changed, Transport::Datagram);
        let is_query = changed.len() >= 12 && changed[2] & 0x80 == 0;
        assert_eq!(answer.is_some(), is_query);
        if let Some(answer) = answer {
            assert!(answer.len() <= 1232);
            let read = Message::decode(&answer).expect("what we send can be read");
            assert!(read.header.is_response);
            assert_eq!(authority.respond(&answer, Transport::Datagram), None, "no answer to an answer");
        }
    }
}

#[test]
fn a_forged_question_of_any_type_makes_the_server_send_at_most_1232_bytes() {
    let authority = Authority::new(vec![ZONE.parse().expect("a zone")]);
    for name in
        ["google.com.", "many.google.com.", "mail.google.com.", "x.corp.google.com.", "nobody.google.com."]
    {
        for number in [1u16, 2, 5, 6, 15, 16, 28, 41, 48, 251, 252, 255, 257, 65_280] {
            let question = format!(";QUESTION\n{name} IN TYPE{number}\n");
            let mut query = present::parse(&question).expect("a question");
            query.header.is_response = false;
            query.edns = Some(Edns { udp_size: 65_535, ..Edns::default() });
            let answer = authority.respond(&query.encode().expect("a query"), Transport::Datagram);
            assert!(answer.expect("an answer").len() <= 1232, "{name} TYPE{number}");
        }
    }
}

// --- text and streams ---------------------------------------------------------------------------------------------------

#[test]
fn a_zone_file_cut_at_any_byte_is_a_zone_or_an_error_with_a_line_that_exists() {
    let lines = ZONE.lines().count();
    for end in 0..ZONE.len() {
        if let Err(error) = ZONE[..end].parse::<Zone>() {
            assert!((1..=lines).contains(&error.line), "{error}");
        }
    }
}

#[test]
fn a_zone_file_with_random_changes_is_a_zone_or_an_error() {
    let mut random = Seeded::new(0x0d28);
    let letters: Vec<char> = ZONE.chars().collect();
    let odd = ['(', ')', '"', '\\', ';', '@', '$', '.', '\n', ' ', '\t', '\0', 'é', '9', '*'];
    for _ in 0..300 {
        let mut changed = letters.clone();
        for _ in 0..=random.below(8) {
            let at = random.below(changed.len() as u64) as usize;
            changed[at] = odd[random.below(odd.len() as u64) as usize];
        }
        let _ = changed.into_iter().collect::<String>().parse::<Zone>();
    }
}

#[test]
fn names_and_shown_messages_of_random_text_do_not_panic() {
    let mut random = Seeded::new(0x0d29);
    let alphabet: Vec<char> = "aZ9.\\\"@$();# é\n\t\u{0}INATX".chars().collect();
    for _ in 0..5000 {
        let length = random.below(40);
        let letter = |_| alphabet[random.below(alphabet.len() as u64) as usize];
        let text: String = (0..length).map(letter).collect();
        if let Ok(name) = text.parse::<Name>() {
            assert_eq!(name.to_string().parse::<Name>().as_ref(), Ok(&name));
        }
        let _ = present::parse(&text);
        let _ = present::parse(&format!(";ANSWER\na. 1 IN TXT {text}"));
        let _ = doh::query_of_target(&format!("/q?dns={text}"));
    }
}

#[test]
fn a_stream_that_lies_about_the_length_ends_in_an_error() {
    let mut random = Seeded::new(0x0d2a);
    for _ in 0..2000 {
        let mut bytes = vec![0; random.below(40) as usize];
        random.fill(&mut bytes);
        match read_message(&mut &bytes[..]) {
            Ok(None) => assert!(bytes.is_empty()),
            Ok(Some(message)) => assert!(message.len() >= 12 && message.len() + 2 <= bytes.len()),
            Err(_) => {}
        }
    }
}
