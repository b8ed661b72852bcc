//! Chapter 2, names: who asks, whom, and what is believed. A name server is a closure of the test, on the loopback.
//!
//! This file is long because each way in which a server can fail, lie or be silent has a test of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::scripted::{Scripted, Via, a, answered, cname, name, ns, referred, soa};
use netprog::base::cancel::{Cancel, Cause};
use netprog::base::deadline::{Clock, Deadline, FakeClock};
use netprog::base::fault::{Link, Treatment, UdpLink};
use netprog::base::random::Seeded;
use netprog::base::trace;
use netprog::ch02_addresses::dns::alias::{MAX_ALIASES, records_at};
use netprog::ch02_addresses::dns::authority::Authority;
use netprog::ch02_addresses::dns::exchange::{ExchangeError, MAX_WRONG, Manner, Verdict, ask, judge};
use netprog::ch02_addresses::dns::iterative::{MAX_QUESTIONS, Outcome, Places, Walk, Walker, WalkerConfig};
use netprog::ch02_addresses::dns::mdns::{self, Neighbour};
use netprog::ch02_addresses::dns::message::{Message, Question, Rcode};
use netprog::ch02_addresses::dns::nameserver::NameServer;
use netprog::ch02_addresses::dns::rdata::RData;
use netprog::ch02_addresses::dns::record::{Record, RecordType};
use netprog::ch02_addresses::dns::referral::{self, Meaning};
use netprog::ch02_addresses::dns::resolve_error::ResolveError;
use netprog::ch02_addresses::dns::resolver::{Resolver, ResolverConfig};
use netprog::ch02_addresses::dns::zone::Zone;

const LONG: Duration = Duration::from_secs(30);

fn resolver(servers: &[SocketAddr]) -> Resolver {
    Resolver::new(config(servers))
}

fn config(servers: &[SocketAddr]) -> ResolverConfig {
    ResolverConfig { servers: servers.to_vec(), first_wait: LONG, total: LONG, ..ResolverConfig::default() }
}

fn google(query: &Message) -> Option<Message> {
    Some(answered(query, vec![a("google.com.", 299, "172.217.4.46")]))
}

fn google_question() -> Question {
    Question::new(name("google.com."), RecordType::A)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

// --- the cache, Listing 2-1 -------------------------------------------------------------------------------------------

/// The TTL of Listing 2-1 counts down in the cache of the one who asked; when it has run out the server is asked again.
/// Watch: the second question does not reach the server. Row 2.42.
#[test]
fn a_cached_answer_counts_down_from_299_and_then_the_server_is_asked_again() {
    let _me = trace::party("resolver");
    trace::chapter("ch02");
    let server = Scripted::start("server", |query, _| google(query));
    let clock = FakeClock::new();
    let resolver = Resolver::with_clock(config(&[server.address()]), Clock::Fake(clock.clone()));
    let ttl = || {
        let answer = resolver.resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
        assert_eq!(answer.data(RecordType::A), [&RData::A([172, 217, 4, 46].into())]);
        answer.records[0].ttl
    };
    assert_eq!(ttl(), 299);
    trace::note(|| "one second passes".to_string());
    clock.advance(Duration::from_secs(1));
    assert_eq!(ttl(), 298);
    clock.advance(Duration::from_secs(297));
    assert_eq!(ttl(), 1);
    assert_eq!(server.asked().len(), 1, "the cache answered");
    trace::note(|| "the last second passes: the record has expired".to_string());
    clock.advance(Duration::from_secs(1));
    assert_eq!(ttl(), 299);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn an_answer_from_the_cache_names_no_server_and_case_does_not_matter() {
    let server = Scripted::start("server", |query, _| google(query));
    let resolver = resolver(&[server.address()]);
    let first = resolver.resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(first.server, Some(server.address()));
    let second = resolver.resolve(&name("GOOGLE.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(second.server, None);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn that_a_name_does_not_exist_is_remembered_for_the_lesser_of_ttl_and_minimum() {
    let server = Scripted::start("server", |query, _| {
        let mut reply = answered(query, Vec::new());
        reply.header.rcode = Rcode::NXDOMAIN;
        reply.authority = vec![soa("google.com.", 900, 60)];
        Some(reply)
    });
    let clock = FakeClock::new();
    let resolver = Resolver::with_clock(config(&[server.address()]), Clock::Fake(clock.clone()));
    let resolve = |kind| resolver.resolve(&name("no.google.com."), kind, &Cancel::new()).unwrap_err();
    assert!(matches!(resolve(RecordType::A), ResolveError::NameError { .. }));
    clock.advance(Duration::from_secs(59));
    assert!(matches!(resolve(RecordType::MX), ResolveError::NameError { .. }), "of no type");
    assert_eq!(server.asked().len(), 1);
    clock.advance(Duration::from_secs(1));
    resolve(RecordType::A);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn that_a_name_has_no_such_record_is_remembered_for_this_type_only() {
    let server = Scripted::start("server", |query, _| {
        if query.questions[0].record_type == RecordType::A {
            return google(query);
        }
        let mut reply = answered(query, Vec::new());
        reply.authority = vec![soa("google.com.", 60, 60)];
        Some(reply)
    });
    let resolver = resolver(&[server.address()]);
    for _ in 0..2 {
        let error = resolver.resolve(&name("google.com."), RecordType::AAAA, &Cancel::new()).unwrap_err();
        assert!(matches!(error, ResolveError::NoData { .. }), "{error}");
    }
    assert_eq!(server.asked().len(), 1);
    resolver.resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
}

#[test]
fn without_a_start_of_authority_nothing_negative_is_remembered() {
    let server = Scripted::start("server", |query, _| Some(answered(query, Vec::new())));
    let resolver = resolver(&[server.address()]);
    for _ in 0..2 {
        resolver.resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap_err();
    }
    assert_eq!(server.asked().len(), 2);
    assert_eq!(resolver.cached(), 0);
}

#[test]
fn records_that_answer_another_name_are_neither_given_out_nor_kept() {
    let server = Scripted::start("server", |query, _| {
        let answers = vec![a("google.com.", 299, "172.217.4.46"), a("bank.com.", 299, "203.0.113.66")];
        Some(answered(query, answers))
    });
    let resolver = resolver(&[server.address()]);
    let answer = resolver.resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(answer.records.len(), 1);
    assert_eq!(resolver.cached(), 1);
}

// --- aliases, Listing 2-4 ---------------------------------------------------------------------------------------------

#[test]
fn an_alias_with_its_address_takes_one_question_and_one_without_takes_two() {
    for complete in [true, false] {
        let server = Scripted::start("server", move |query, _| {
            let alias = cname("mail.google.com.", "googlemail.l.google.com.");
            let address = a("googlemail.l.google.com.", 299, "172.217.3.229");
            let asked_for_alias = query.questions[0].name == name("mail.google.com.");
            Some(answered(
                query,
                match (asked_for_alias, complete) {
                    (true, true) => vec![alias, address],
                    (true, false) => vec![alias],
                    (false, _) => vec![address],
                },
            ))
        });
        let answer = resolver(&[server.address()])
            .resolve(&name("mail.google.com."), RecordType::A, &Cancel::new())
            .unwrap();
        assert_eq!(answer.canonical, name("googlemail.l.google.com."));
        assert_eq!(answer.records.len(), 2);
        assert_eq!(server.asked().len(), if complete { 1 } else { 2 });
    }
}

#[test]
fn aliases_in_a_circle_end_in_an_error_in_one_reply_and_over_many() {
    let in_one = Scripted::start("server", |query, _| {
        Some(answered(query, vec![cname("a.com.", "b.com."), cname("b.com.", "a.com.")]))
    });
    let over_many = Scripted::start("server", |query, _| {
        let asked_a = query.questions[0].name == name("a.com.");
        let alias = if asked_a { cname("a.com.", "b.com.") } else { cname("b.com.", "a.com.") };
        Some(answered(query, vec![alias]))
    });
    for server in [in_one, over_many] {
        let error = resolver(&[server.address()])
            .resolve(&name("a.com."), RecordType::A, &Cancel::new())
            .unwrap_err();
        assert!(matches!(error, ResolveError::Loop { .. }), "{error}");
    }
}

#[test]
fn a_chain_of_ever_new_aliases_is_given_up() {
    let server = Scripted::start("server", |query, _| {
        let asked = query.questions[0].name.to_string();
        Some(answered(query, vec![cname(&asked, &format!("x{asked}"))]))
    });
    let error =
        resolver(&[server.address()]).resolve(&name("a.com."), RecordType::A, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ResolveError::TooManyAliases { .. }), "{error}");
    assert_eq!(server.asked().len(), MAX_ALIASES + 1);
}

// --- whom to believe, Privacy and Security ----------------------------------------------------------------------------

/// A server whose answers the test writes by hand: the raw socket, and the query that came.
fn by_hand(
    work: impl FnOnce(&UdpSocket, SocketAddr, &Message) + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let address = socket.local_addr().unwrap();
    trace::name(&address.to_string(), "server");
    let identity = trace::Identity::here();
    let thread = std::thread::spawn(move || {
        identity.adopt();
        let _me = trace::party("server");
        let mut buf = [0; 2048];
        let (length, client) = socket.recv_from(&mut buf).unwrap();
        work(&socket, client, &Message::decode(&buf[..length]).unwrap());
    });
    (address, thread)
}

/// Plain DNS: whoever sees the datagram reads the name, and whoever guesses the id could answer. Watch: three forged
/// answers are passed over, and the true one behind them is taken. Row 2.52.
#[test]
fn an_observer_reads_the_name_and_a_forger_must_guess_id_question_and_source() {
    let _me = trace::party("client");
    trace::chapter("ch02");
    let (told, seen) = mpsc::channel();
    let (server, thread) = by_hand(move |socket, client, query| {
        let bytes = query.encode().unwrap();
        let name_in_clear = bytes.windows(6).any(|window| window == b"google");
        told.send((name_in_clear, query.questions[0].to_string())).unwrap();
        let forged = answered(query, vec![a("google.com.", 299, "203.0.113.66")]);

        let mut wrong_id = forged.clone();
        wrong_id.header.id ^= 1;
        socket.send_to(&wrong_id.encode().unwrap(), client).unwrap();
        let mut wrong_question = forged.clone();
        wrong_question.questions[0].name = name("google.org.");
        socket.send_to(&wrong_question.encode().unwrap(), client).unwrap();
        socket.send_to(&bytes, client).unwrap(); // no reply at all
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        stranger.send_to(&forged.encode().unwrap(), client).unwrap();

        socket.send_to(&google(query).unwrap().encode().unwrap(), client).unwrap();
    });
    let reply =
        ask(server, &google_question(), &Manner::default(), Deadline::after(LONG), &Cancel::new()).unwrap();
    assert_eq!(seen.recv().unwrap(), (true, "google.com. IN A".to_string()), "readable on the way");
    assert_eq!(reply.message.answers[0].data, RData::A([172, 217, 4, 46].into()));
    assert_eq!(reply.ignored, 3, "the stranger's was dropped by the system already");
    thread.join().unwrap();
}

#[test]
fn forged_answers_alone_end_in_a_timeout_that_counts_them() {
    let (server, thread) = by_hand(|socket, client, query| {
        let mut forged = google(query).unwrap();
        forged.header.id ^= 0x8000;
        for _ in 0..3 {
            socket.send_to(&forged.encode().unwrap(), client).unwrap();
        }
    });
    let deadline = Deadline::after(Duration::from_millis(500));
    let error = ask(server, &google_question(), &Manner::default(), deadline, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ExchangeError::Silent { ignored: 3 }), "{error}");
    thread.join().unwrap();
}

#[test]
fn under_a_rain_of_guesses_the_question_moves_to_tcp() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = udp.local_addr().unwrap();
    let tcp = std::net::TcpListener::bind(server).unwrap();
    let attacker = std::thread::spawn(move || {
        let mut buf = [0; 2048];
        let (length, client) = udp.recv_from(&mut buf).unwrap();
        let mut forged = google(&Message::decode(&buf[..length]).unwrap()).unwrap();
        let right = forged.header.id;
        for guess in 1..=MAX_WRONG as u16 {
            forged.header.id = right.wrapping_add(guess);
            // A client that has left is told by the system; so are we.
            let _ = udp.send_to(&forged.encode().unwrap(), client);
        }
        let (mut stream, _) = tcp.accept().unwrap();
        let query = netprog::ch02_addresses::dns::framing::read_message(&mut stream).unwrap().unwrap();
        let reply = google(&Message::decode(&query).unwrap()).unwrap();
        netprog::ch02_addresses::dns::framing::write_message(&mut stream, &reply.encode().unwrap()).unwrap();
    });
    let reply =
        ask(server, &google_question(), &Manner::default(), Deadline::after(LONG), &Cancel::new()).unwrap();
    assert!(reply.tcp && reply.ignored == MAX_WRONG);
    attacker.join().unwrap();
}

#[test]
fn ids_and_ports_differ_from_question_to_question() {
    let mut ids = std::collections::BTreeSet::new();
    let mut ports = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let (told, heard) = mpsc::channel();
        let (server, thread) = by_hand(move |socket, client, query| {
            told.send((query.header.id, client.port())).unwrap();
            socket.send_to(&google(query).unwrap().encode().unwrap(), client).unwrap();
        });
        ask(server, &google_question(), &Manner::default(), Deadline::after(LONG), &Cancel::new()).unwrap();
        let (id, port) = heard.recv().unwrap();
        ids.insert(id);
        ports.insert(port);
        thread.join().unwrap();
    }
    // Two equal ones among eight are no wonder in 2^16; three would be.
    assert!(ids.len() >= 6 && ports.len() >= 6, "{ids:?} {ports:?}");
}

/// Replies damaged at random, cut, and with counts that lie: whatever they say, they are judged, and nothing panics.
#[test]
fn damaged_replies_are_judged_without_a_panic() {
    let query = Message::query(7, Question::new(name("www.nostarch.com."), RecordType::A));
    let mut good = referred(
        &query,
        vec![ns("nostarch.com.", "ns1.nostarch.com."), soa("nostarch.com.", 60, 60)],
        vec![a("ns1.nostarch.com.", 60, "192.0.2.3")],
    );
    good.answers = vec![cname("www.nostarch.com.", "nostarch.com."), a("nostarch.com.", 60, "192.0.2.80")];
    let good = good.encode().unwrap();
    let mut random = Seeded::new(251);
    let mut understood = 0;
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(4) {
            let at = 2 + random.below(bytes.len() as u64 - 2) as usize;
            bytes[at] = random.next_u64() as u8;
        }
        if random.chance(0.2) {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        }
        let Verdict::Answer(reply) = judge(&query, &bytes) else { continue };
        understood += 1;
        let _ = referral::meaning(&name("com."), &query.questions[0], &reply);
        let _ = records_at(&reply, &name("www.nostarch.com."), RecordType::A);
        let _ = mdns::answers_in(&reply, &name("nostarch.com."), RecordType::A);
        let _ = mdns::respond(&reply, &name("nostarch.com."), &[address("192.0.2.7")]);
    }
    assert!(understood > 1_000, "{understood} of them got past the first look");
}

// --- losses, silence, refusals ----------------------------------------------------------------------------------------

#[test]
fn a_question_lost_and_an_answer_lost_are_made_good_by_asking_again() {
    let server = Scripted::start("server", |query, _| google(query));
    let up = Link::planned(vec![Treatment::Drop]);
    let down = Link::planned(vec![Treatment::Drop]);
    let link = UdpLink::start(server.address(), up, down).unwrap();
    let config =
        ResolverConfig { first_wait: Duration::from_millis(100), rounds: 6, ..config(&[link.address()]) };
    let answer = Resolver::new(config).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(answer.records[0].ttl, 299);
    assert_eq!(link.stats().up.dropped, 1);
    assert!(server.asked().len() >= 2, "the first was lost on the way there, the second on the way back");
}

#[test]
fn after_silence_the_next_server_is_asked_and_the_waits_double() {
    let silent = Scripted::start("silent", |_, _| None);
    let begin = Instant::now();
    let config =
        ResolverConfig { first_wait: Duration::from_millis(20), rounds: 3, ..config(&[silent.address()]) };
    let error =
        Resolver::new(config).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ResolveError::TimedOut { questions: 3 }), "{error}");
    assert!(begin.elapsed() >= Duration::from_millis(20 + 40 + 80));

    let good = Scripted::start("server", |query, _| google(query));
    let config = ResolverConfig {
        servers: vec![silent.address(), good.address()],
        first_wait: Duration::from_millis(20),
        total: LONG,
        rounds: 9,
        ..ResolverConfig::default()
    };
    Resolver::new(config).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
}

#[test]
fn a_server_that_fails_is_asked_once_and_then_the_next() {
    let failing = Scripted::start("failing", |query, _| {
        let mut reply = Message::answer_to(query);
        reply.header.rcode = Rcode::SERVFAIL;
        Some(reply)
    });
    let good = Scripted::start("server", |query, _| google(query));
    resolver(&[failing.address(), good.address()])
        .resolve(&name("google.com."), RecordType::A, &Cancel::new())
        .unwrap();
    assert_eq!(failing.asked().len(), 1);
    let error = resolver(&[failing.address()])
        .resolve(&name("google.com."), RecordType::A, &Cancel::new())
        .unwrap_err();
    assert!(matches!(error, ResolveError::ServerFailed { rcode: Rcode::SERVFAIL, .. }), "{error}");
    assert_eq!(failing.asked().len(), 2);
}

#[test]
fn a_port_nobody_has_is_an_error_at_once_not_a_timeout() {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let error = resolver(&[nobody]).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ResolveError::Unreachable { .. }), "{error}");
    let error = resolver(&[]).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ResolveError::NoServers), "{error}");
}

#[test]
fn the_total_ends_a_lookup_however_many_rounds_are_left() {
    let silent = Scripted::start("silent", |_, _| None);
    let config =
        ResolverConfig { total: Duration::from_millis(60), rounds: 1000, ..config(&[silent.address()]) };
    let begin = Instant::now();
    let error =
        Resolver::new(config).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ResolveError::TimedOut { .. }), "{error}");
    assert!(begin.elapsed() >= Duration::from_millis(60) && begin.elapsed() < LONG);
}

#[test]
fn a_cancelled_lookup_ends_although_the_server_is_silent() {
    let (told, heard) = mpsc::channel();
    let silent = Scripted::start("silent", move |_, _| {
        let _ = told.send(());
        None
    });
    let cancel = Cancel::new();
    let token = cancel.clone();
    let waiting = resolver(&[silent.address()]);
    let lookup = std::thread::spawn(move || waiting.resolve(&name("google.com."), RecordType::A, &token));
    heard.recv().unwrap();
    cancel.cancel();
    let error = lookup.join().unwrap().unwrap_err();
    assert!(matches!(error, ResolveError::Cancelled(Cause::Cancelled)), "{error}");
}

// --- TCP and EDNS -----------------------------------------------------------------------------------------------------

#[test]
fn an_answer_that_was_cut_is_asked_for_again_over_tcp() {
    let _me = trace::party("client");
    let server = Scripted::start("server", |query, via| {
        let mut reply = google(query).unwrap();
        if via == Via::Udp {
            reply.answers.clear();
            reply.header.truncated = true;
        }
        Some(reply)
    });
    let answer =
        resolver(&[server.address()]).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(answer.records.len(), 1);
    let asked: Vec<Via> = server.asked().into_iter().map(|(_, via)| via).collect();
    assert_eq!(asked, [Via::Udp, Via::Tcp]);
}

#[test]
fn over_tcp_a_wrong_answer_is_an_error_and_so_is_a_cut_one_and_none() {
    let wrong: [fn(&Message) -> Option<Message>; 3] = [
        |query| {
            let mut reply = google(query).unwrap();
            reply.header.id ^= 1;
            Some(reply)
        },
        |query| {
            let mut reply = google(query).unwrap();
            reply.header.truncated = true;
            Some(reply)
        },
        |_| None,
    ];
    for answer in wrong {
        let server = Scripted::start("server", move |query, _| answer(query));
        let manner = Manner { tcp: true, ..Manner::default() };
        let asked = ask(server.address(), &google_question(), &manner, Deadline::after(LONG), &Cancel::new());
        let error = asked.unwrap_err();
        assert!(matches!(error, ExchangeError::Misbehaved(_)), "{error}");
    }
}

#[test]
fn a_server_older_than_edns_is_asked_again_without_it() {
    let server = Scripted::start("old server", |query, _| {
        if query.edns.is_none() {
            return google(query);
        }
        let mut reply = Message::answer_to(query);
        reply.header.rcode = Rcode::FORMERR;
        Some(reply)
    });
    resolver(&[server.address()]).resolve(&name("google.com."), RecordType::A, &Cancel::new()).unwrap();
    assert_eq!(server.asked().len(), 2);
}

// --- addresses --------------------------------------------------------------------------------------------------------

#[test]
fn a_host_has_the_addresses_of_both_kinds() {
    let server = Scripted::start("server", |query, _| {
        let v6 = Record::new(name("google.com."), 299, RData::Aaaa("2001:db8::46".parse().unwrap()));
        match query.questions[0].record_type {
            RecordType::A => google(query),
            _ => Some(answered(query, vec![v6])),
        }
    });
    let found = resolver(&[server.address()]).lookup_addresses("google.com", &Cancel::new()).unwrap();
    assert_eq!(found, [address("172.217.4.46"), address("2001:db8::46")]);
}

#[test]
fn a_host_with_one_kind_is_found_and_one_with_none_is_not() {
    let v4_only = Scripted::start("server", |query, _| match query.questions[0].record_type {
        RecordType::A => google(query),
        _ => Some(answered(query, Vec::new())),
    });
    let found = resolver(&[v4_only.address()]).lookup_addresses("google.com", &Cancel::new()).unwrap();
    assert_eq!(found, [address("172.217.4.46")]);
    let none = Scripted::start("server", |query, _| Some(answered(query, Vec::new())));
    let error = resolver(&[none.address()]).lookup_addresses("google.com", &Cancel::new()).unwrap_err();
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn an_address_and_localhost_are_known_without_a_server() {
    let nobody = resolver(&[]);
    let cancel = Cancel::new();
    assert_eq!(nobody.lookup_addresses("192.0.2.7", &cancel).unwrap(), [address("192.0.2.7")]);
    assert_eq!(nobody.lookup_addresses("::1", &cancel).unwrap(), [address("::1")]);
    assert_eq!(
        nobody.lookup_addresses("LocalHost.", &cancel).unwrap(),
        [address("127.0.0.1"), address("::1")]
    );
    let error = nobody.lookup_addresses("a..b", &cancel).unwrap_err();
    assert!(matches!(error, ResolveError::BadName { .. }), "{error}");
}

// --- the walk ---------------------------------------------------------------------------------------------------------

/// Servers that are found at the documentation addresses 192.0.2.1, .2, … The first is the root.
fn walk(servers: &[&Scripted], wanted: &str) -> Walk {
    let mut places = Places::as_written();
    for (index, server) in servers.iter().enumerate() {
        let written = Ipv4Addr::new(192, 0, 2, index as u8 + 1);
        places = places.moved(written.into(), server.address());
    }
    let config =
        WalkerConfig { roots: vec![servers[0].address()], places, wait: LONG, ..WalkerConfig::default() };
    Walker::new(config).walk(&name(wanted), RecordType::A, &Cancel::new())
}

fn root_to_com() -> Scripted {
    Scripted::start("root server", |query, _| {
        Some(referred(
            query,
            vec![ns("com.", "a.gtld-servers.net.")],
            vec![a("a.gtld-servers.net.", 1, "192.0.2.2")],
        ))
    })
}

/// The book's journey to nostarch.com: the root server knows the server of com., that one the server of nostarch.com.,
/// and this one the address. Watch: the same question goes to each of the three in turn. Row 2.41.
#[test]
fn a_resolver_walks_from_the_root_over_the_top_level_domain_to_the_owner() {
    let _me = trace::party("resolver");
    trace::chapter("ch02");
    let zone = |party: &str, text: &str| {
        let soa = "@ 60 IN SOA ns admin 1 900 900 1800 60\n";
        let zone: Zone = text.replace("SOA\n", soa).parse().unwrap();
        let server = NameServer::bind("127.0.0.1:0".parse().unwrap(), Authority::new(vec![zone])).unwrap();
        trace::name(&server.address().to_string(), party);
        let _its_name = trace::party(party);
        server.start().unwrap()
    };
    let glue = "ns1.nostarch 60 IN A 192.0.2.3\n";
    let root =
        zone("root server", "$ORIGIN .\nSOA\n@ 60 IN NS ns\ncom 60 IN NS ns.com\nns.com 60 IN A 192.0.2.2\n");
    let com = zone(
        "com server",
        &format!("$ORIGIN com.\nSOA\n@ 60 IN NS ns\nnostarch 60 IN NS ns1.nostarch\n{glue}"),
    );
    let owner =
        zone("nostarch server", "$ORIGIN nostarch.com.\nSOA\n@ 60 IN NS ns1\n@ 300 IN A 104.20.17.121\n");

    // The records put the servers at addresses of the documentation; here is where they really are.
    let places = Places::as_written()
        .moved(address("192.0.2.2"), com.address())
        .moved(address("192.0.2.3"), owner.address());
    let config = WalkerConfig { roots: vec![root.address()], places, wait: LONG, ..WalkerConfig::default() };
    let walk = Walker::new(config).walk(&name("nostarch.com."), RecordType::A, &Cancel::new());

    let order: Vec<(SocketAddr, String)> =
        walk.steps.iter().map(|step| (step.server, step.zone.to_string())).collect();
    let wanted = [(root.address(), "."), (com.address(), "com."), (owner.address(), "nostarch.com.")];
    assert_eq!(order, wanted.map(|(server, zone)| (server, zone.to_string())));
    for step in &walk.steps {
        assert_eq!(step.question.to_string(), "nostarch.com. IN A", "the whole name is asked of each");
    }
    let answer = walk.outcome.unwrap();
    assert_eq!(answer.data(RecordType::A), [&RData::A([104, 20, 17, 121].into())]);
}

#[test]
fn recursion_is_not_asked_of_the_servers_of_a_zone() {
    let owner = Scripted::start("root server", |query, _| {
        assert!(!query.header.recursion_desired);
        Some(answered(query, vec![a("x.", 1, "192.0.2.99")]))
    });
    walk(&[&owner], "x.").outcome.unwrap();
}

#[test]
fn a_lame_server_and_one_that_fails_are_passed_over() {
    let root = Scripted::start("root server", |query, _| {
        let hosts = ["a.x.", "b.x.", "c.x."].map(|host| ns("x.", host));
        let glue = vec![a("a.x.", 1, "192.0.2.2"), a("b.x.", 1, "192.0.2.3"), a("c.x.", 1, "192.0.2.4")];
        Some(referred(query, hosts.to_vec(), glue))
    });
    let upwards = Scripted::start("lame server", |query, _| {
        Some(referred(query, vec![ns(".", "root.")], vec![a("root.", 1, "192.0.2.1")]))
    });
    let refusing = Scripted::start("refusing server", |query, _| {
        let mut reply = Message::answer_to(query);
        reply.header.rcode = Rcode::REFUSED;
        Some(reply)
    });
    let good =
        Scripted::start("server", |query, _| Some(answered(query, vec![a("www.x.", 60, "192.0.2.80")])));
    let found = walk(&[&root, &upwards, &refusing, &good], "www.x.");
    assert_eq!(found.steps.len(), 4);
    assert!(matches!(found.steps[1].outcome, Outcome::Replied(Meaning::Lame(_))));
    found.outcome.unwrap();

    let found = walk(&[&root, &upwards, &refusing, &refusing], "www.x.");
    let error = found.outcome.unwrap_err();
    assert!(matches!(&error, ResolveError::LameDelegation { zone } if *zone == name("x.")), "{error}");
    assert_eq!(found.steps.len(), 3, "the root and two servers, each once");
}

#[test]
fn a_server_without_glue_is_looked_up_by_a_walk_of_its_own() {
    let root = Scripted::start("root server", |query, _| {
        let asked = query.questions[0].name.clone();
        if asked.is_subdomain_of(&name("net.")) {
            return Some(referred(query, vec![ns("net.", "ns.net.")], vec![a("ns.net.", 1, "192.0.2.2")]));
        }
        Some(referred(query, vec![ns("x.", "ns.hoster.net.")], Vec::new()))
    });
    let net = Scripted::start("net server", |query, _| {
        Some(answered(query, vec![a("ns.hoster.net.", 60, "192.0.2.3")]))
    });
    let owner =
        Scripted::start("server", |query, _| Some(answered(query, vec![a("www.x.", 60, "192.0.2.80")])));
    let found = walk(&[&root, &net, &owner], "www.x.");
    found.outcome.unwrap();
    let asked: Vec<String> = found.steps.iter().map(|step| step.question.name.to_string()).collect();
    assert_eq!(asked, ["www.x.", "ns.hoster.net.", "ns.hoster.net.", "www.x."]);
}

#[test]
fn zones_whose_servers_are_each_others_without_glue_end_in_an_error_not_in_a_circle() {
    let root = Scripted::start("root server", |query, _| {
        let asked = query.questions[0].name.clone();
        let in_a = asked.is_subdomain_of(&name("a."));
        let referral = if in_a { ns("a.", "ns.b.") } else { ns("b.", "ns.a.") };
        Some(referred(query, vec![referral], Vec::new()))
    });
    let found = walk(&[&root], "www.a.");
    let error = found.outcome.unwrap_err();
    assert!(matches!(error, ResolveError::LameDelegation { .. }), "{error}");
    assert!(found.steps.len() <= 5, "{}", found.steps.len());
}

#[test]
fn a_zone_with_hundreds_of_servers_to_look_up_does_not_make_us_ask_hundreds_of_questions() {
    let root = Scripted::start("root server", |query, _| {
        let asked = query.questions[0].name.to_string();
        let mut hosts = Vec::new();
        for number in 0..300 {
            hosts.push(ns(&asked, &format!("n{number}.of-{}victim.", asked.len())));
        }
        Some(referred(query, hosts, Vec::new()))
    });
    let found = walk(&[&root], "www.evil.");
    found.outcome.unwrap_err();
    assert!(found.steps.len() <= MAX_QUESTIONS, "{}", found.steps.len());
}

#[test]
fn glue_that_points_at_this_machine_is_not_followed() {
    let root = Scripted::start("root server", |query, _| {
        let glue = ["127.0.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255"].map(|at| a("ns.x.", 1, at));
        Some(referred(query, vec![ns("x.", "ns.x.")], glue.to_vec()))
    });
    let found = walk(&[&root], "www.x.");
    assert!(matches!(found.outcome, Err(ResolveError::LameDelegation { .. })));
    assert_eq!(found.steps.len(), 1);
}

#[test]
fn an_alias_into_another_zone_begins_a_new_walk_and_what_its_server_adds_is_not_believed() {
    let root = Scripted::start("root server", |query, _| {
        let asked = query.questions[0].name.clone();
        if asked.is_subdomain_of(&name("bank.")) {
            return Some(referred(query, vec![ns("bank.", "ns.bank.")], vec![a("ns.bank.", 1, "192.0.2.3")]));
        }
        Some(referred(query, vec![ns("evil.", "ns.evil.")], vec![a("ns.evil.", 1, "192.0.2.2")]))
    });
    let evil = Scripted::start("evil server", |query, _| {
        let forged = a("www.bank.", 99_999, "203.0.113.66");
        Some(answered(query, vec![cname("www.evil.", "www.bank."), forged]))
    });
    let bank = Scripted::start("bank server", |query, _| {
        Some(answered(query, vec![a("www.bank.", 60, "192.0.2.80")]))
    });
    let answer = walk(&[&root, &evil, &bank], "www.evil.").outcome.unwrap();
    assert_eq!(answer.data(RecordType::A), [&RData::A([192, 0, 2, 80].into())]);
    assert_eq!(bank.asked().len(), 1);
}

#[test]
fn names_and_records_that_are_not_there_end_the_walk_as_such() {
    for (rcode, wanted) in [(Rcode::NXDOMAIN, "does not exist"), (Rcode::NOERROR, "has no A record")] {
        let root = Scripted::start("root server", move |query, _| {
            let mut reply = answered(query, Vec::new());
            reply.header.rcode = rcode;
            reply.authority = vec![soa(".", 60, 60)];
            Some(reply)
        });
        let error = walk(&[&root], "nothing.").outcome.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn a_circle_of_aliases_over_zones_ends_the_walk() {
    let root = Scripted::start("root server", |query, _| {
        let asked_a = query.questions[0].name == name("a.");
        Some(answered(query, vec![if asked_a { cname("a.", "b.") } else { cname("b.", "a.") }]))
    });
    assert!(matches!(walk(&[&root], "a.").outcome, Err(ResolveError::Loop { .. })));
}

#[test]
fn a_walk_can_be_cancelled() {
    let cancel = Cancel::new();
    cancel.cancel();
    let root = root_to_com();
    let config = WalkerConfig { roots: vec![root.address()], ..WalkerConfig::default() };
    let walk = Walker::new(config).walk(&name("x.com."), RecordType::A, &cancel);
    assert!(matches!(walk.outcome, Err(ResolveError::Cancelled(_))), "{:?}", walk.outcome);
}

// --- the neighbours ---------------------------------------------------------------------------------------------------

/// Multicast DNS on the loopback: the question goes to the group, everyone hears it, its owner alone answers, and the
/// answer goes to the group too. Watch: the bystander hears both. Row 2.51.
#[test]
fn in_the_group_everyone_hears_question_and_answer_and_only_the_owner_speaks() {
    trace::chapter("ch02");
    let _me = trace::party("laptop");
    let cancel = Cancel::new();
    let loopback = Ipv4Addr::LOCALHOST;
    let asker = match Neighbour::join(0, loopback, &cancel) {
        Ok(asker) => asker,
        Err(error) => return println!("skipped: no multicast on the loopback: {error}"),
    };
    let port = asker.port();
    let bystander = Neighbour::join(port, loopback, &cancel).unwrap();
    let hosts = [("printer", "printer.local.", "192.0.2.7"), ("scanner", "scanner.local.", "192.0.2.8")];
    let mut threads = Vec::new();
    for (party, host, at) in hosts {
        let neighbour = Neighbour::join(port, loopback, &cancel).unwrap();
        threads.push(std::thread::spawn(move || {
            let _me = trace::party(party);
            trace::chapter("ch02");
            neighbour.answer_for(&name(host), &[address(at)])
        }));
    }
    let found = match asker.ask_for(&name("Printer.local."), Deadline::after(Duration::from_secs(20))) {
        Ok(found) => found,
        Err(error) if error.kind() != std::io::ErrorKind::TimedOut => {
            return println!("skipped: no multicast on the loopback: {error}");
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(found, [address("192.0.2.7")]);

    let (first, _) = bystander.hear(Deadline::after(LONG)).unwrap();
    assert!(!first.header.is_response && first.questions[0].name == name("printer.local."));
    let mut answer = bystander.hear(Deadline::after(LONG)).unwrap().0;
    while !answer.header.is_response {
        answer = bystander.hear(Deadline::after(LONG)).unwrap().0; // the question was repeated
    }
    assert_eq!(mdns::answers_in(&answer, &name("printer.local."), RecordType::A).len(), 1);
    assert_eq!(answer.answers.len(), 1, "the scanner is silent");
    cancel.cancel();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
}
