//! Chapter 2, the Domain Name System: Listings 2-1 to 2-7, each asked of a name server of ours over a real socket, and the rows
//! around them.
//!
//! This file is long because it holds the chapter's seven listings and a test for each row about records.

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use netprog::base::deadline::Deadline;
use netprog::base::random::Seeded;
use netprog::base::trace::{self, Kind};
use netprog::ch02_addresses::dns::authority::Authority;
use netprog::ch02_addresses::dns::dnssec::{Dnskey, Ds, Rrsig};
use netprog::ch02_addresses::dns::edns::Edns;
use netprog::ch02_addresses::dns::framing::{self, read_message, write_message};
use netprog::ch02_addresses::dns::message::{Message, Question, Rcode};
use netprog::ch02_addresses::dns::name::Name;
use netprog::ch02_addresses::dns::nameserver::{NameServer, Running};
use netprog::ch02_addresses::dns::rdata::RData;
use netprog::ch02_addresses::dns::record::{Record, RecordType};
use netprog::ch02_addresses::dns::reverse::{address_of, reverse_name};
use netprog::ch02_addresses::dns::text::{Qualifier, SpfTerm, spf_terms};
use netprog::ch02_addresses::dns::{doh, present};

const GOOGLE: &str = include_str!("../zones/google.com.zone");
const REVERSE: &str = include_str!("../zones/4.8.8.zone");
const PATIENCE: Duration = Duration::from_secs(20);

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// A name server with the zones of the listings.
fn dns_server() -> Running {
    trace::chapter("ch02");
    let me = trace::party("name server");
    let zones = vec![GOOGLE.parse().expect("a zone"), REVERSE.parse().expect("a zone")];
    let server = NameServer::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Authority::new(zones));
    let running = server.and_then(NameServer::start).expect("it starts");
    drop(me);
    running
}

/// Asks one question in a datagram, and gives the answer.
fn ask(server: &Running, question: Question) -> Message {
    let query = Message::query(0x1234, question);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    // No time-out while a debugger holds the server: a stop would end the wait.
    let patience = Deadline::after(PATIENCE).remaining().expect("it is ahead");
    socket.set_read_timeout(patience).expect("a time limit");
    socket.connect(server.address()).expect("only the server is heard");
    let here = socket.local_addr().expect("an address").to_string();
    trace::name_mine(&here);
    let bytes = query.encode().expect("a query");
    let there = server.address().to_string();
    trace::between_with(Kind::Sent, &here, &there, &bytes, || format!("{}?", query.questions[0]));
    socket.send(&bytes).expect("it goes out");
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).expect("an answer");
    let answer = Message::decode(&buffer[..length]).expect("a message");
    assert_eq!((answer.header.id, &answer.questions), (query.header.id, &query.questions));
    answer
}

/// Question and answer section of the answer, as the book prints them.
fn dig(server: &Running, question: &str, record_type: &str) -> String {
    let question = Question::new(name(question), record_type.parse().expect("a type"));
    let shown = present::question_and_answer(&ask(server, question));
    for line in shown.lines() {
        trace::note(|| line.to_string());
    }
    shown
}

// --- Listing 2-1: the address record (rows 2.43, 2.44) ----------------------------------------------------------------

/// Watch: the question goes out in 28 bytes; the answer repeats it and adds 16 bytes, because the name in the answer is a
/// pointer to the name in the question. The book says "six addresses" and shows one.
#[test]
fn listing_2_1_the_address_record() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "google.com.", "a"),
        "\
;QUESTION
google.com. IN A
;ANSWER
google.com. 299 IN A 172.217.4.46
"
    );
    let query = Message::query(1, Question::new(name("google.com."), RecordType::A));
    assert_eq!(query.encode().expect("a query").len(), 28);
    let answer = ask(&server, query.questions[0].clone());
    assert_eq!(answer.encode().expect("an answer").len(), 28 + 16);
    server.stop().expect("it stops");
}

// --- Listing 2-2: start of authority (row 2.45) -----------------------------------------------------------------------

/// Watch: seven fields; the second is the administrator's mailbox, its first dot an at sign.
#[test]
fn listing_2_2_the_start_of_authority() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "google.com.", "soa"),
        "\
;QUESTION
google.com. IN SOA
;ANSWER
google.com. 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60
"
    );
    let answer = ask(&server, Question::new(name("google.com."), RecordType::SOA));
    let RData::Soa(soa) = &answer.answers[0].data else { panic!("{answer:?}") };
    trace::note(|| format!("write to {}", soa.mailbox()));
    assert_eq!(soa.mailbox(), "dns-admin@google.com");
    assert_eq!(
        (soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum),
        (248_440_550, 900, 900, 1800, 60)
    );
    server.stop().expect("it stops");
}

// --- Listing 2-3: name servers (row 2.46) -----------------------------------------------------------------------------

/// Watch: the answer section has names and no addresses. Those come along in the additional section, which the book
/// leaves out.
#[test]
fn listing_2_3_the_name_servers() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "google.com.", "ns"),
        "\
;QUESTION
google.com. IN NS
;ANSWER
google.com. 21599 IN NS ns1.google.com.
google.com. 21599 IN NS ns2.google.com.
google.com. 21599 IN NS ns3.google.com.
google.com. 21599 IN NS ns4.google.com.
"
    );
    let answer = ask(&server, Question::new(name("google.com."), RecordType::NS));
    assert!(answer.answers.iter().all(|record| matches!(record.data, RData::Ns(_))));
    assert_eq!(answer.additional.len(), 4);
    server.stop().expect("it stops");
}

// --- Listing 2-4: the canonical name (row 2.47) -----------------------------------------------------------------------

/// Watch: one question, two records. The server has authority over both names, so it need not send us away.
#[test]
fn listing_2_4_the_canonical_name() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "mail.google.com.", "a"),
        "\
;QUESTION
mail.google.com. IN A
;ANSWER
mail.google.com. 21599 IN CNAME googlemail.l.google.com.
googlemail.l.google.com. 299 IN A 172.217.3.229
"
    );
    server.stop().expect("it stops");
}

// --- Listing 2-5: mail exchange (row 2.48) ----------------------------------------------------------------------------

/// The hosts to try, the best first; hosts of equal preference in an order drawn by lot.
fn delivery_order(answer: &Message, lot: &mut Seeded) -> Vec<(u16, String)> {
    let mut hosts = Vec::new();
    for record in &answer.answers {
        if let RData::Mx(mx) = &record.data {
            hosts.push((mx.preference, mx.exchange.to_string()));
        }
    }
    lot.shuffle(&mut hosts);
    hosts.sort_by_key(|(preference, _)| *preference);
    hosts
}

/// Watch: the records come in any order; who delivers mail sorts them. When the first host does not answer, the next is
/// tried.
#[test]
fn listing_2_5_the_mail_exchanges() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "google.com.", "mx"),
        "\
;QUESTION
google.com. IN MX
;ANSWER
google.com. 599 IN MX 10 aspmx.l.google.com.
google.com. 599 IN MX 50 alt4.aspmx.l.google.com.
google.com. 599 IN MX 30 alt2.aspmx.l.google.com.
google.com. 599 IN MX 20 alt1.aspmx.l.google.com.
google.com. 599 IN MX 40 alt3.aspmx.l.google.com.
"
    );
    let answer = ask(&server, Question::new(name("google.com."), RecordType::MX));
    let order = delivery_order(&answer, &mut Seeded::new(1));
    let preferences: Vec<u16> = order.iter().map(|(preference, _)| *preference).collect();
    assert_eq!(preferences, [10, 20, 30, 40, 50]);
    assert_eq!(order[0].1, "aspmx.l.google.com.");
    let is_down = |host: &str| host == "aspmx.l.google.com.";
    let taken = order.iter().find(|(_, host)| !is_down(host)).expect("one is up");
    trace::note(|| format!("{} does not answer; {} takes the mail", order[0].1, taken.1));
    assert_eq!(taken.1, "alt1.aspmx.l.google.com.");
    server.stop().expect("it stops");
}

#[test]
fn hosts_of_equal_preference_take_turns_by_lot() {
    let mut answer = Message::query(1, Question::new(name("a."), RecordType::MX));
    for host in ["one", "two", "three"] {
        let text = format!(";ANSWER\na. 1 IN MX 10 {host}.\n");
        answer.answers.extend(present::parse(&text).expect("a record").answers);
    }
    let mut lot = Seeded::new(7);
    let mut firsts: Vec<String> = (0..60).map(|_| delivery_order(&answer, &mut lot)[0].1.clone()).collect();
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts.len(), 3, "in sixty draws each comes first sometimes");
}

// --- Listing 2-6: the pointer record (row 2.49) -----------------------------------------------------------------------

/// Watch: the address is turned around and becomes a name; the answer is the name of the address.
#[test]
fn listing_2_6_the_pointer_record() {
    let server = dns_server();
    let _me = trace::party("client");
    let asked = reverse_name("8.8.4.4".parse().expect("an address"));
    trace::note(|| format!("8.8.4.4 is asked for as {asked}"));
    assert_eq!(
        dig(&server, &asked.to_string(), "ptr"),
        "\
;QUESTION
4.4.8.8.in-addr.arpa. IN PTR
;ANSWER
4.4.8.8.in-addr.arpa. 21599 IN PTR google-public-dns-b.google.com.
"
    );
    server.stop().expect("it stops");
}

#[test]
fn an_ipv6_address_turns_into_thirty_two_labels_under_ip6_arpa() {
    let address: IpAddr = "2607:f8b0:4009:80c::200e".parse().expect("an address");
    let turned = reverse_name(address);
    assert_eq!(
        turned.to_string(),
        "e.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.c.0.8.0.9.0.0.4.0.b.8.f.7.0.6.2.ip6.arpa."
    );
    assert_eq!(turned.label_count(), 34);
    assert_eq!(address_of(&turned), Some(address));
}

// --- Listing 2-7: text (row 2.50) -------------------------------------------------------------------------------------

/// Watch: four texts for four readers. One is a policy: only what `_spf.google.com` lists may send mail, and the rest is
/// doubtful. (The book breaks two of the lines to fit the page; they are one line each.)
#[test]
fn listing_2_7_the_text_records() {
    let server = dns_server();
    let _me = trace::party("client");
    assert_eq!(
        dig(&server, "google.com.", "txt"),
        "\
;QUESTION
google.com. IN TXT
;ANSWER
google.com. 299 IN TXT \"facebook-domain-verification=22rm551cu4k0ab0bxsw536tlds4h95\"
google.com. 299 IN TXT \"docuSign=05958488-4752-4ef2-95eb-aa7ba8a3bd0e\"
google.com. 299 IN TXT \"v=spf1 include:_spf.google.com ~all\"
google.com. 299 IN TXT \"globalsign-smime-dv=CDYX+XFHUW2wml6/Gb8+59BsH31KzUr6c1l2BPvqKX8=\"
"
    );
    let answer = ask(&server, Question::new(name("google.com."), RecordType::TXT));
    let mut policies = Vec::new();
    for record in &answer.answers {
        if let RData::Txt(text) = &record.data {
            policies.extend(spf_terms(text));
        }
    }
    let [policy] = &policies[..] else { panic!("one of the four is a policy: {policies:?}") };
    trace::note(|| format!("the policy says {policy:?}"));
    let SpfTerm::Mechanism { name, value, .. } = &policy[0] else { panic!("{policy:?}") };
    assert_eq!((name.as_str(), value.as_str()), ("include", "_spf.google.com"));
    let SpfTerm::Mechanism { name, qualifier, .. } = &policy[1] else { panic!("{policy:?}") };
    assert_eq!((name.as_str(), *qualifier), ("all", Qualifier::SoftFail));
    server.stop().expect("it stops");
}

// --- row 2.40: names ------------------------------------------------------------------------------------------------

#[test]
fn a_name_has_a_parent_for_every_dot_up_to_the_root() {
    let mut current = name("sub3.sub2.sub1.domain.com");
    let mut parents = Vec::new();
    while let Some(parent) = current.parent() {
        parents.push(parent.to_string());
        current = parent;
    }
    assert_eq!(parents, ["sub2.sub1.domain.com.", "sub1.domain.com.", "domain.com.", "com.", "."]);
    assert!(name("maps.google.com").is_subdomain_of(&name("google.com")));
    assert!("a".repeat(64).parse::<Name>().is_err(), "a label has at most 63 bytes");
    assert!("a.".repeat(128).parse::<Name>().is_err(), "a name has at most 255");
}

// --- row 2.43: the wire format --------------------------------------------------------------------------------------

#[test]
fn the_eight_types_of_the_chapter_have_their_numbers() {
    for (word, number) in
        [("A", 1), ("NS", 2), ("CNAME", 5), ("SOA", 6), ("PTR", 12), ("MX", 15), ("TXT", 16), ("AAAA", 28)]
    {
        assert_eq!(word.parse::<RecordType>(), Ok(RecordType(number)));
    }
    let query = Message::query(0, Question::new(name("a."), RecordType::A)).encode().expect("a query");
    assert_eq!(query.len(), 12 + 3 + 4, "header, name, type and class");
    assert_eq!(query[query.len() - 2..], [0, 1], "class IN is 1");
}

#[test]
fn an_answer_that_does_not_fit_is_cut_and_comes_whole_over_tcp_or_with_edns() {
    let server = dns_server();
    let question = Question::new(name("many.google.com."), RecordType::TXT);
    let cut = ask(&server, question.clone());
    assert!(cut.header.truncated && cut.answers.is_empty());
    let mut query = Message::query(1, question);
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    write_message(&mut stream, &query.encode().expect("a query")).expect("it goes out");
    let bytes = read_message(&mut stream).expect("an answer").expect("not the end");
    assert_eq!(Message::decode(&bytes).expect("a message").answers.len(), 4);
    query.edns = Some(Edns::default());
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    socket.send_to(&query.encode().expect("a query"), server.address()).expect("it goes out");
    let mut buffer = [0; 2000];
    let length = socket.recv(&mut buffer).expect("an answer");
    assert!(length > 512);
    assert_eq!(Message::decode(&buffer[..length]).expect("a message").answers.len(), 4);
    server.stop().expect("it stops");
}

// --- row 2.44: the form of the listings -----------------------------------------------------------------------------

#[test]
fn what_is_printed_can_be_read_back() {
    let server = dns_server();
    for (asked, record_type) in [
        ("google.com.", RecordType::MX),
        ("google.com.", RecordType::TXT),
        ("google.com.", RecordType::CAA),
        ("google.com.", RecordType::AAAA),
        ("nobody.google.com.", RecordType::A),
        ("host.corp.google.com.", RecordType::A),
    ] {
        let answer = ask(&server, Question::new(name(asked), record_type));
        assert_eq!(present::parse(&present::message(&answer)), Ok(answer));
    }
    server.stop().expect("it stops");
}

#[test]
fn no_such_name_no_such_type_and_not_mine_to_say_are_three_answers() {
    let server = dns_server();
    let no_name = ask(&server, Question::new(name("nobody.google.com."), RecordType::A));
    assert_eq!((no_name.header.rcode, no_name.negative_ttl()), (Rcode::NXDOMAIN, Some(59)));
    let no_type = ask(&server, Question::new(name("mail.google.com."), RecordType::CNAME));
    assert_eq!(no_type.header.rcode, Rcode::NOERROR);
    let no_type = ask(&server, Question::new(name("ns1.google.com."), RecordType::MX));
    assert_eq!((no_type.header.rcode, no_type.answers.len()), (Rcode::NOERROR, 0));
    assert_eq!(no_type.negative_ttl(), Some(59));
    let not_mine = ask(&server, Question::new(name("nostarch.com."), RecordType::A));
    assert_eq!((not_mine.header.rcode, not_mine.negative_ttl()), (Rcode::REFUSED, None));
    server.stop().expect("it stops");
}

// --- row 2.53: DNSSEC signs content and hides nothing -----------------------------------------------------------------

/// The three records with which a zone is signed, over the wire; the key's tag ties them together. The question is there for
/// anyone to read, signed zone or not.
#[test]
fn key_digest_and_signature_travel_and_the_key_tag_ties_them_together() {
    let key = Dnskey { flags: 257, protocol: 3, algorithm: 13, public_key: (0..64).collect() };
    let ds = Ds { key_tag: key.key_tag(), algorithm: 13, digest_type: 2, digest: vec![0xab; 32] };
    let signature = Rrsig {
        type_covered: RecordType::A,
        algorithm: 13,
        labels: 2,
        original_ttl: 299,
        expiration: 2_000_000_000,
        inception: 1_900_000_000,
        key_tag: key.key_tag(),
        signer: name("google.com."),
        signature: vec![0xcd; 64],
    };
    let mut answer = Message::query(1, Question::new(name("google.com."), RecordType::ANY));
    for data in [RData::Dnskey(key.clone()), RData::Ds(ds), RData::Rrsig(signature)] {
        answer.answers.push(Record::new(name("google.com."), 60, data));
    }
    let bytes = answer.encode().expect("a message");
    assert_eq!(Message::decode(&bytes), Ok(answer));
    assert!(bytes.windows(7).any(|window| window == b"\x06google"), "the name is in the clear");
    let other = Dnskey { public_key: vec![0; 64], ..key.clone() };
    assert_ne!(other.key_tag(), key.key_tag());
}

// --- row 2.54: DNS over TLS -----------------------------------------------------------------------------------------

#[test]
fn on_a_stream_every_message_stands_behind_its_length_and_tls_has_another_port() {
    let query =
        Message::query(5, Question::new(name("google.com."), RecordType::A)).encode().expect("a query");
    let mut stream = Vec::new();
    write_message(&mut stream, &query).expect("it is written");
    assert_eq!(stream[..2], [0, 28]);
    assert_eq!(read_message(&mut &stream[..]).expect("it is read"), Some(query));
    assert_eq!((framing::PORT, framing::TLS_PORT), (53, 853));
}

// --- row 2.55: DNS over HTTPS ---------------------------------------------------------------------------------------

#[test]
fn in_a_url_a_query_is_base64url_with_id_zero_and_an_answer_says_how_long_it_keeps() {
    let server = dns_server();
    let question = Question::new(name("google.com."), RecordType::A);
    let answer = ask(&server, question.clone());
    assert_eq!(doh::max_age(&answer), Some(299));
    let target = doh::get_target("/dns-query", &Message::query(77, question.clone())).expect("a target");
    assert_eq!(target, "/dns-query?dns=AAAAAAABAAAAAAAABmdvb2dsZQNjb20AAAEAAQ");
    let read = doh::query_of_target(&target).expect("a parameter").expect("a message");
    assert_eq!((read.header.id, &read.questions[0]), (0, &question));
    assert_eq!(doh::CONTENT_TYPE, "application/dns-message");
    server.stop().expect("it stops");
}
