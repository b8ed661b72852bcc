//! A question at a time about one zone, then bytes in and bytes out.

use super::*;

const ZONE: &str = "\
$ORIGIN example.com.
$TTL 300
@        SOA   ns1 admin 1 2 3 4 30
@        NS    ns1
@        MX    20 mx2
@        MX    10 mx1
ns1      A     192.0.2.1
mx1      A     192.0.2.2
mx1      AAAA  2001:db8::2
www      CNAME web
web      A     192.0.2.3
away     CNAME www.example.org.
other    CNAME host.example.net.
loop1    CNAME loop2
loop2    CNAME loop1
broken   CNAME nowhere
a.b      TXT   \"deep\"
*.wild   TXT   \"any\"
*.wild   A     192.0.2.9
x.wild   A     192.0.2.10
corp     NS    ns.corp
corp     DS    1 13 2 aabb
ns.corp  A     192.0.2.20
intocorp CNAME host.corp
big      TXT   big
";

const OTHER: &str = "\
$ORIGIN example.net.
$TTL 300
@    SOA ns1 admin 1 2 3 4 30
@    NS  ns1.example.com.
host A   192.0.2.30
";

fn authority() -> Authority {
    let mut text = ZONE.to_string();
    for index in 0..60 {
        text.push_str(&format!("big A 10.0.0.{index}\n"));
    }
    Authority::new(vec![text.parse().unwrap(), OTHER.parse().unwrap()])
}

fn query(name: &str, record_type: &str) -> Message {
    Message::query(7, Question::new(name.parse().unwrap(), record_type.parse().unwrap()))
}

fn ask(name: &str, record_type: &str) -> Message {
    authority().answer(&query(name, record_type))
}

/// The records as text, without the times.
fn shown(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| format!("{} {} {}", record.name, record.record_type(), record.data);
    records.iter().map(text).collect()
}

fn is_nodata(answer: &Message) -> bool {
    answer.header.rcode == Rcode::NOERROR && answer.answers.is_empty() && answer.negative_ttl() == Some(30)
}

#[test]
fn a_record_is_answered_with_authority() {
    let answer = ask("WEB.example.com", "A");
    assert_eq!(shown(&answer.answers), ["web.example.com. A 192.0.2.3"]);
    assert!(answer.header.authoritative && answer.header.is_response && !answer.header.recursion_available);
    assert_eq!(answer.header.id, 7);
    assert_eq!(answer.questions[0].name.to_string(), "WEB.example.com.", "the question as it was asked");
}

#[test]
fn mail_and_name_servers_bring_their_addresses_along() {
    let answer = ask("example.com", "MX");
    assert_eq!(shown(&answer.answers).len(), 2);
    assert_eq!(
        shown(&answer.additional),
        ["mx1.example.com. A 192.0.2.2", "mx1.example.com. AAAA 2001:db8::2"]
    );
    assert_eq!(shown(&ask("example.net", "NS").additional), ["ns1.example.com. A 192.0.2.1"]);
}

#[test]
fn a_cname_is_followed_inside_the_zone() {
    let answer = ask("www.example.com", "A");
    assert_eq!(
        shown(&answer.answers),
        ["www.example.com. CNAME web.example.com.", "web.example.com. A 192.0.2.3"]
    );
    assert_eq!(shown(&ask("www.example.com", "CNAME").answers).len(), 1);
}

#[test]
fn a_cname_is_followed_into_another_zone_of_ours_and_no_further() {
    assert_eq!(shown(&ask("other.example.com", "A").answers).len(), 2);
    let away = ask("away.example.com", "A");
    assert_eq!(shown(&away.answers), ["away.example.com. CNAME www.example.org."]);
    assert_eq!(away.header.rcode, Rcode::NOERROR);
}

#[test]
fn a_circle_of_cnames_is_walked_once_and_told() {
    let answer = ask("loop1.example.com", "A");
    assert_eq!(answer.header.rcode, Rcode::SERVFAIL);
    assert_eq!(answer.answers.len(), 2);
}

#[test]
fn a_long_chain_of_cnames_ends_at_the_limit() {
    let mut text = "$ORIGIN c.\n$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n".to_string();
    for index in 0..50 {
        text.push_str(&format!("n{index} CNAME n{}\n", index + 1));
    }
    let authority = Authority::new(vec![text.parse().unwrap()]);
    let answer = authority.answer(&query("n0.c", "A"));
    assert_eq!(answer.answers.len(), MAX_CNAMES + 1);
    assert_eq!(answer.header.rcode, Rcode::NOERROR, "the client can ask on from the last");
}

#[test]
fn a_cname_to_a_name_that_is_not_there_says_so() {
    let answer = ask("broken.example.com", "A");
    assert_eq!(answer.answers.len(), 1);
    assert_eq!(answer.header.rcode, Rcode::NXDOMAIN);
    assert_eq!(answer.negative_ttl(), Some(30));
}

#[test]
fn no_such_type_is_not_no_such_name() {
    assert!(is_nodata(&ask("web.example.com", "MX")));
    assert!(is_nodata(&ask("b.example.com", "A")), "a name that only has names below it exists");
    let missing = ask("nobody.example.com", "A");
    assert_eq!(missing.header.rcode, Rcode::NXDOMAIN);
    assert_eq!(missing.negative_ttl(), Some(30));
    assert!(missing.header.authoritative);
}

#[test]
fn a_wildcard_answers_under_the_name_that_was_asked() {
    assert_eq!(shown(&ask("y.wild.example.com", "A").answers), ["y.wild.example.com. A 192.0.2.9"]);
    assert_eq!(ask("z.y.wild.example.com", "TXT").answers.len(), 1, "several labels deep");
    assert!(is_nodata(&ask("y.wild.example.com", "MX")));
}

#[test]
fn a_wildcard_does_not_cover_a_name_that_exists_nor_what_is_below_it() {
    assert!(is_nodata(&ask("x.wild.example.com", "TXT")));
    assert_eq!(ask("y.x.wild.example.com", "A").header.rcode, Rcode::NXDOMAIN);
}

#[test]
fn below_a_cut_there_is_a_referral_without_authority() {
    for name in ["corp.example.com", "host.corp.example.com", "ns.corp.example.com"] {
        let answer = ask(name, "A");
        assert!(answer.answers.is_empty() && !answer.header.authoritative, "{name}");
        assert_eq!(shown(&answer.authority), ["corp.example.com. NS ns.corp.example.com."]);
        assert_eq!(shown(&answer.additional), ["ns.corp.example.com. A 192.0.2.20"]);
    }
}

#[test]
fn the_digest_of_a_key_below_the_cut_is_ours_to_give() {
    let answer = ask("corp.example.com", "DS");
    assert_eq!(answer.answers.len(), 1);
    assert!(answer.header.authoritative);
    assert!(!ask("host.corp.example.com", "DS").header.authoritative);
    assert!(is_nodata(&ask("example.com", "DS")));
}

#[test]
fn a_cname_into_a_delegated_zone_ends_with_the_referral() {
    let answer = ask("intocorp.example.com", "A");
    assert_eq!(answer.answers.len(), 1);
    assert!(answer.header.authoritative, "of the CNAME it has authority");
    assert_eq!(shown(&answer.authority), ["corp.example.com. NS ns.corp.example.com."]);
}

#[test]
fn any_gets_one_set_not_all() {
    let answer = ask("example.com", "ANY");
    assert_eq!(answer.answers.len(), 1);
    assert!(is_nodata(&ask("b.example.com", "ANY")));
}

#[test]
fn what_is_not_ours_is_refused() {
    assert_eq!(ask("example.org", "A").header.rcode, Rcode::REFUSED);
    assert_eq!(ask("com", "A").header.rcode, Rcode::REFUSED);
    assert_eq!(ask("notexample.com", "A").header.rcode, Rcode::REFUSED);
    assert_eq!(ask("example.com", "AXFR").header.rcode, Rcode::REFUSED);
    let mut chaos = query("version.bind", "TXT");
    chaos.questions[0].class = Class::CH;
    assert_eq!(authority().answer(&chaos).header.rcode, Rcode::REFUSED);
}

#[test]
fn the_zone_with_the_longest_name_answers() {
    let below: Zone = "$ORIGIN corp.example.com.\n$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\nhost A 192.0.2.40\n"
        .parse()
        .unwrap();
    let above: Zone = ZONE.parse().unwrap();
    let authority = Authority::new(vec![above, below]);
    assert_eq!(authority.answer(&query("host.corp.example.com", "A")).answers.len(), 1);
    let digest = authority.answer(&query("corp.example.com", "DS"));
    assert_eq!(digest.answers.len(), 1, "the zone above vouches for the one below");
}

// --- bytes in, bytes out --------------------------------------------------------------------------------------------

fn respond(query: &Message, transport: Transport) -> Message {
    let answer = authority().respond(&query.encode().unwrap(), transport).unwrap();
    Message::decode(&answer).unwrap()
}

#[test]
fn an_answer_is_never_answered() {
    let mut answer = query("example.com", "A");
    answer.header.is_response = true;
    let mut bytes = answer.encode().unwrap();
    assert_eq!(authority().respond(&bytes, Transport::Datagram), None);
    bytes.truncate(12);
    assert_eq!(authority().respond(&bytes, Transport::Datagram), None, "not with FORMERR either");
    assert_eq!(authority().respond(&bytes[..11], Transport::Datagram), None);
    assert_eq!(authority().respond(&[], Transport::Datagram), None);
}

#[test]
fn what_cannot_be_read_is_a_format_error_with_its_id() {
    let mut bytes = query("example.com", "A").encode().unwrap();
    bytes.push(0);
    let answer = Message::decode(&authority().respond(&bytes, Transport::Datagram).unwrap()).unwrap();
    assert_eq!((answer.header.id, answer.header.rcode), (7, Rcode::FORMERR));
    assert!(answer.questions.is_empty());
}

#[test]
fn none_or_two_questions_are_a_format_error() {
    let mut none = query("example.com", "A");
    none.questions.clear();
    assert_eq!(respond(&none, Transport::Datagram).header.rcode, Rcode::FORMERR);
    let mut two = query("example.com", "A");
    two.questions.push(two.questions[0].clone());
    assert_eq!(respond(&two, Transport::Datagram).header.rcode, Rcode::FORMERR);
}

#[test]
fn other_opcodes_and_later_versions_are_not_implemented() {
    let mut notify = query("example.com", "SOA");
    notify.header.opcode = Opcode(4);
    let answer = respond(&notify, Transport::Datagram);
    assert_eq!((answer.header.rcode, answer.header.opcode), (Rcode::NOTIMP, Opcode(4)));
    let mut later = query("example.com", "SOA");
    later.edns = Some(Edns { version: 1, ..Edns::default() });
    assert_eq!(respond(&later, Transport::Datagram).header.rcode, Rcode::BADVERS);
}

#[test]
fn a_datagram_is_cut_at_512_bytes_or_at_what_edns_allows_and_never_beyond_1232() {
    let mut big = query("big.example.com", "A");
    let length =
        |query: &Message, transport| authority().respond(&query.encode().unwrap(), transport).unwrap().len();
    assert!(respond(&big, Transport::Datagram).header.truncated);
    assert_eq!(respond(&big, Transport::Stream).answers.len(), 60);
    big.edns = Some(Edns { udp_size: 4096, ..Edns::default() });
    assert_eq!(respond(&big, Transport::Datagram).answers.len(), 60, "987 bytes and an OPT record");
    let mut text = "$ORIGIN c.\n$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n".to_string();
    for index in 0..200 {
        text.push_str(&format!("big A 10.0.0.{index}\n"));
    }
    let authority = Authority::new(vec![text.parse().unwrap()]);
    let mut huge = query("big.c", "A");
    huge.edns = Some(Edns { udp_size: 65_535, ..Edns::default() });
    let answer = authority.respond(&huge.encode().unwrap(), Transport::Datagram).unwrap();
    assert!(answer.len() <= 1232);
    assert!(Message::decode(&answer).unwrap().header.truncated);
    assert!(length(&big, Transport::Stream) > 900);
}

#[test]
fn edns_is_answered_with_edns_and_silence_with_silence() {
    assert_eq!(respond(&query("example.com", "A"), Transport::Datagram).edns, None);
    let mut signed = query("example.com", "A");
    signed.edns = Some(Edns { dnssec_ok: true, options: vec![(10, vec![1; 8])], ..Edns::default() });
    let answer = respond(&signed, Transport::Datagram).edns.unwrap();
    assert!(answer.dnssec_ok && answer.options.is_empty());
    assert_eq!(answer.udp_size, 1232);
}
