//! Real judges for our DNS: `dig`, `kdig` and `delv` ask `ch02_nameserver`, `tshark` takes our messages apart, and BIND answers from the same
//! zone.
//!
//! `cargo test --test interop -- --ignored ch02_nameserver`, with bind9, bind9-dnsutils, knot-dnsutils and tshark installed.
//!
//! This file is long because every judge is asked the same listings.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Program, output_of, stderr, stdout};
use netprog::ch02_addresses::dns::authority::{Authority, Transport};
use netprog::ch02_addresses::dns::dnssec::Dnskey;
use netprog::ch02_addresses::dns::edns::Edns;
use netprog::ch02_addresses::dns::message::{Message, Question};
use netprog::ch02_addresses::dns::name::Name;
use netprog::ch02_addresses::dns::rdata::RData;
use netprog::ch02_addresses::dns::record::{Record, RecordType};
use netprog::ch02_addresses::dns::zone::Zone;

const GOOGLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zones/google.com.zone");
const REVERSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zones/4.8.8.zone");

/// A zone with the types the listings have not.
const MORE: &str = "\
$ORIGIN more.example.
$TTL 300
@           SOA    ns first\\.last 1 2 3 4 30
@           NS     ns
@           DNSKEY 257 3 13 ( mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+
                   KkxLbxILfDLUT0rAK9iUzy1L53eKGQ== )
@           RRSIG  A 13 2 300 20330518033320 20250101000000 2371 @ AQIDBA==
ns          A      127.0.0.1
ns          AAAA   ::1
_sip._tcp   SRV    1 2 5060 ns
@           CAA    128 issue \"pki.goog; policy=ev\"
child       NS     ns.child
child       DS     2371 13 2 ( 1F987CC6583E92DF0890718C42FCD1DE2E1DC7A5F2D7E3C2B9A4B4C5D6E7F801 )
ns.child    A      127.0.0.2
*.wild      TXT    \"under any name\"
odd\\.dot   TXT    \"quote \\\" backslash \\\\ byte \\007\" \"two\"
generic     TYPE65280 \\# 3 010203
";

/// The questions of Listings 2-1 to 2-7, and the lines that answer them.
const LISTINGS: [(&str, &str, &[&str]); 7] = [
    ("google.com", "a", &["google.com. 299 IN A 172.217.4.46"]),
    (
        "google.com",
        "soa",
        &["google.com. 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60"],
    ),
    (
        "google.com",
        "ns",
        &[
            "google.com. 21599 IN NS ns1.google.com.",
            "google.com. 21599 IN NS ns2.google.com.",
            "google.com. 21599 IN NS ns3.google.com.",
            "google.com. 21599 IN NS ns4.google.com.",
        ],
    ),
    (
        "mail.google.com",
        "a",
        &[
            "mail.google.com. 21599 IN CNAME googlemail.l.google.com.",
            "googlemail.l.google.com. 299 IN A 172.217.3.229",
        ],
    ),
    (
        "google.com",
        "mx",
        &[
            "google.com. 599 IN MX 10 aspmx.l.google.com.",
            "google.com. 599 IN MX 50 alt4.aspmx.l.google.com.",
            "google.com. 599 IN MX 30 alt2.aspmx.l.google.com.",
            "google.com. 599 IN MX 20 alt1.aspmx.l.google.com.",
            "google.com. 599 IN MX 40 alt3.aspmx.l.google.com.",
        ],
    ),
    ("4.4.8.8.in-addr.arpa", "ptr", &["4.4.8.8.in-addr.arpa. 21599 IN PTR google-public-dns-b.google.com."]),
    (
        "google.com",
        "txt",
        &[
            "google.com. 299 IN TXT \"facebook-domain-verification=22rm551cu4k0ab0bxsw536tlds4h95\"",
            "google.com. 299 IN TXT \"docuSign=05958488-4752-4ef2-95eb-aa7ba8a3bd0e\"",
            "google.com. 299 IN TXT \"v=spf1 include:_spf.google.com ~all\"",
            "google.com. 299 IN TXT \"globalsign-smime-dv=CDYX+XFHUW2wml6/Gb8+59BsH31KzUr6c1l2BPvqKX8=\"",
        ],
    ),
];

fn more_zone() -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("more.zone");
    std::fs::write(&file, MORE).expect("it is written");
    file
}

fn dns_server() -> Program {
    let more = more_zone();
    let more = more.to_str().expect("text");
    Program::start(
        "ch02_nameserver",
        &["-zone", GOOGLE, "-zone", REVERSE, "-zone", more, "-listen", "127.0.0.1:0"],
    )
}

/// What a client prints when it asks our server.
fn asked_by(client: &str, server: &Program, arguments: &[&str]) -> String {
    let at = format!("@{}", server.address().ip());
    let port = server.address().port().to_string();
    let mut command = Command::new(client);
    command.args([at.as_str(), "-p", port.as_str()]);
    if client == "dig" {
        // It asks for recursion unless told not to, and warns that we offer none.
        command.arg("+norecurse");
    }
    command.args(arguments);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = output_of(child.unwrap_or_else(|error| panic!("{client} did not start: {error}")));
    let text = stdout(&output);
    let complaint = format!("{client} {arguments:?}\n{text}{}", stderr(&output));
    assert!(output.status.success(), "{complaint}");
    for word in ["Warning", "WARNING", "malformed", "extra bytes", "mismatch", "FORMERR"] {
        assert!(!complaint.contains(word), "{complaint}");
    }
    text
}

/// Lines with one blank where the client has tabs; comments and empty lines gone.
fn records(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        if !line.is_empty() && !line.starts_with(';') {
            lines.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    lines
}

#[test]
#[ignore = "needs dig"]
fn dig_sees_the_listings_by_datagram_with_and_without_edns_and_by_stream() {
    let server = dns_server();
    for (name, record_type, expected) in LISTINGS {
        for way in [&["+noedns"][..], &["+edns=0"], &["+bufsize=4096", "+dnssec"], &["+tcp"]] {
            let arguments = [&["+noall", "+answer", name, record_type], way].concat();
            assert_eq!(records(&asked_by("dig", &server, &arguments)), expected, "{way:?}");
            let arguments = [&[name, record_type], way].concat();
            let full = asked_by("dig", &server, &arguments);
            assert!(full.contains("status: NOERROR") && full.contains("flags: qr aa"), "{full}");
        }
    }
    assert_eq!(
        asked_by("dig", &server, &["+short", "-x", "8.8.4.4"]),
        "google-public-dns-b.google.com.\n",
        "dig turns the address around as we do"
    );
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs dig"]
fn dig_sees_what_is_not_there_not_ours_or_elsewhere() {
    let server = dns_server();
    let status = |arguments: &[&str]| {
        let text = asked_by("dig", &server, arguments);
        let (_, rest) = text.split_once("status: ").unwrap_or_else(|| panic!("{text}"));
        (rest.split_once(',').map_or(rest, |(status, _)| status).to_string(), text)
    };
    let (code, text) = status(&["nobody.google.com", "a"]);
    assert_eq!(code, "NXDOMAIN");
    assert!(text.contains("AUTHORITY: 1") && text.contains("\tSOA\t"), "{text}");
    let (code, text) = status(&["ns1.google.com", "mx"]);
    assert!(code == "NOERROR" && text.contains("ANSWER: 0") && text.contains("\tSOA\t"), "{text}");
    assert_eq!(status(&["nostarch.com", "a"]).0, "REFUSED");
    assert_eq!(status(&["ch", "txt", "version.bind"]).0, "REFUSED");
    assert_eq!(status(&["+opcode=notify", "google.com", "soa"]).0, "NOTIMP");
    assert_eq!(status(&["+edns=1", "+noednsneg", "google.com", "a"]).0, "BADVERS");
    let (_, text) = status(&["host.corp.google.com", "a"]);
    assert!(
        !text.contains(" aa") && text.contains("ns.corp.google.com.\t21599\tIN\tA\t192.0.2.53"),
        "{text}"
    );
    let any = asked_by("dig", &server, &["+noall", "+answer", "google.com", "any"]);
    assert_eq!(records(&any).len(), 1, "{any}");
    let axfr = asked_by("dig", &server, &["google.com", "axfr"]);
    assert!(axfr.contains("Transfer failed"), "{axfr}");
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs dig"]
fn dig_asks_again_by_stream_when_the_answer_is_truncated() {
    let server = dns_server();
    let cut = asked_by("dig", &server, &["+noedns", "+ignore", "many.google.com", "txt"]);
    assert!(cut.contains("flags: qr aa tc") && cut.contains("ANSWER: 0"), "{cut}");
    let whole = asked_by("dig", &server, &["+noedns", "many.google.com", "txt"]);
    assert!(whole.contains("retrying in TCP mode") && whole.contains("ANSWER: 4"), "{whole}");
    let by_edns = asked_by("dig", &server, &["+ignore", "many.google.com", "txt"]);
    assert!(by_edns.contains("ANSWER: 4") && by_edns.contains("udp: 1232"), "{by_edns}");
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs dig"]
fn dig_reads_every_other_type_as_we_write_it() {
    let server = dns_server();
    let zone: Zone = MORE.parse().expect("a zone");
    for (name, record_type) in [
        ("more.example.", "dnskey"),
        ("more.example.", "rrsig"),
        ("more.example.", "caa"),
        ("more.example.", "soa"),
        ("ns.more.example.", "aaaa"),
        ("_sip._tcp.more.example.", "srv"),
        ("child.more.example.", "ds"),
        (r"odd\.dot.more.example.", "txt"),
        ("generic.more.example.", "type65280"),
    ] {
        let seen = asked_by("dig", &server, &["+noall", "+answer", "+nosplit", name, record_type]);
        let ours = zone.set(&name.parse().expect("a name"), record_type.parse().expect("a type"));
        let expected: Vec<String> = ours.iter().map(|record| record.to_string().to_uppercase()).collect();
        // dig writes unknown data in upper case.
        let seen: Vec<String> = records(&seen).iter().map(|line| line.to_uppercase()).collect();
        assert_eq!(seen, expected);
    }
    let wild = asked_by("dig", &server, &["+noall", "+answer", "x.y.wild.more.example.", "txt"]);
    assert_eq!(records(&wild), [r#"x.y.wild.more.example. 300 IN TXT "under any name""#]);
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs dig"]
fn dig_computes_the_same_key_tag() {
    let server = dns_server();
    let zone: Zone = MORE.parse().expect("a zone");
    let [record] = zone.set(zone.origin(), RecordType::DNSKEY) else { panic!("there is one key") };
    let RData::Dnskey(key) = &record.data else { panic!("{record}") };
    let key: &Dnskey = key;
    let text = asked_by("dig", &server, &["+multiline", "more.example", "dnskey"]);
    assert!(text.contains(&format!("key id = {}", key.key_tag())), "{text}");
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs kdig"]
fn kdig_sees_the_listings_too() {
    let server = dns_server();
    for (name, record_type, expected) in LISTINGS {
        for way in ["+notcp", "+tcp", "+edns=0"] {
            let arguments = ["+noall", "+answer", way, name, record_type];
            assert_eq!(records(&asked_by("kdig", &server, &arguments)), expected, "{way}");
        }
    }
    assert!(server.stop_by("INT").status.success());
}

#[test]
#[ignore = "needs delv"]
fn delv_takes_our_answers_without_a_complaint() {
    let server = dns_server();
    for (name, record_type, expected) in LISTINGS {
        let mut seen = records(&asked_by("delv", &server, &["-i", name, record_type]));
        // It sorts each set; the order of ours is looked at by dig.
        let mut expected = expected.to_vec();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
    }
    assert!(server.stop_by("INT").status.success());
}

// --- BIND -------------------------------------------------------------------------------------------------------------

/// A zone with everything an answer can turn on.
const CASES: &str = "\
$ORIGIN example.com.
$TTL 300
@         SOA   ns1 admin 1 2 3 4 30
@         NS    ns1
@         MX    20 mx2
@         MX    10 mx1
ns1       A     192.0.2.1
mx1       A     192.0.2.2
mx1       AAAA  2001:db8::2
mx2       A     192.0.2.4
www       CNAME web
web       A     192.0.2.3
away      CNAME www.example.org.
loop1     CNAME loop2
loop2     CNAME loop1
broken    CNAME nowhere
nodata    CNAME ns1
a.b       TXT   deep
*.wild    TXT   any
*.wild    A     192.0.2.9
x.wild    A     192.0.2.10
*.cn      CNAME web
*.deep.x  A     192.0.2.11
corp      NS    ns.corp
corp      DS    1 13 2 aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899
ns.corp   A     192.0.2.20
into      CNAME host.corp
_s._tcp   SRV   1 2 3 web
";

/// Names of the zone and around it: present, absent, between, below.
const ASKED: [&str; 29] = [
    "@",
    "www",
    "web",
    "WWW",
    "away",
    "loop1",
    "broken",
    "nodata",
    "a.b",
    "b",
    "wild",
    "*.wild",
    "x.wild",
    "y.wild",
    "z.y.wild",
    "y.x.wild",
    "q.cn",
    "a.deep.x",
    "deep.x",
    "x",
    "corp",
    "host.corp",
    "ns.corp",
    "into",
    "nobody",
    "ns1",
    "mx1",
    "_s._tcp",
    "_tcp",
];

/// A server of somebody else's, killed when the test ends.
struct Bind {
    child: std::process::Child,
    address: std::net::SocketAddr,
}

impl Drop for Bind {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bind() -> Bind {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bind");
    std::fs::create_dir_all(&folder).expect("a folder");
    let free =
        std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let at = folder.display();
    let port = free.port();
    let config = format!(
        "options {{ directory \"{at}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
         recursion no; pid-file none; session-keyfile none; dnssec-validation no; }};
         controls {{ }};
         zone \"example.com\" {{ type primary; file \"cases.zone\"; check-names ignore; }};\n"
    );
    std::fs::write(folder.join("cases.zone"), CASES).expect("it is written");
    std::fs::write(folder.join("named.conf"), config).expect("it is written");
    let child = Command::new("named")
        .args(["-g", "-c", &format!("{at}/named.conf")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("named starts");
    Bind { child, address: free }
}

impl Bind {
    /// Its answer. While it starts nobody listens; then the question is asked again.
    fn ask(&self, query: &[u8]) -> Message {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(std::time::Duration::from_millis(200))).expect("a time limit");
        let started = std::time::Instant::now();
        let mut buffer = [0; 4096];
        while started.elapsed() < crate::support::PATIENCE {
            socket.send_to(query, self.address).expect("it goes out");
            if let Ok(length) = socket.recv(&mut buffer) {
                let answer = Message::decode(&buffer[..length]).expect("we read what it writes");
                assert_eq!(answer.encode().map(|bytes| Message::decode(&bytes)), Ok(Ok(answer.clone())));
                if answer.header.id == u16::from_be_bytes([query[0], query[1]]) {
                    return answer;
                }
            }
        }
        panic!("named gives no answer");
    }
}

/// What two servers must agree on: code, authority, the answer, and the SOA or the referral below it.
fn essence(message: &Message) -> (String, bool, Vec<String>, Vec<String>) {
    let sorted = |records: Vec<String>| {
        let mut records = records;
        records.sort();
        records
    };
    let answers = message.answers.iter().map(ToString::to_string).collect();
    // With a positive answer BIND adds the zone's own name servers; we leave what nobody asked for out.
    let is_extra = |record: &Record| {
        record.record_type() == RecordType::NS
            && record.name.label_count() == 2
            && !message.answers.is_empty()
    };
    let authority =
        message.authority.iter().filter(|record| !is_extra(record)).map(ToString::to_string).collect();
    let header = &message.header;
    (header.rcode.to_string(), header.authoritative, sorted(answers), sorted(authority))
}

#[test]
#[ignore = "needs named"]
fn bind_with_the_same_zone_gives_the_same_answers() {
    let bind = bind();
    let authority = Authority::new(vec![CASES.parse().expect("a zone")]);
    let origin = "example.com".parse().expect("a name");
    let mut id = 0;
    for name in ASKED {
        // Not SOA and ANY: BIND gives the SOA of a negative answer to a question for SOA no time to live, and one set of
        // its own choice for ANY.
        for word in ["a", "aaaa", "mx", "ns", "cname", "txt", "ds", "srv", "caa"] {
            id += 1;
            let name = Name::relative_to(name, &origin).expect("a name");
            let query = Message::query(id, Question::new(name, word.parse().expect("a type")));
            let theirs = bind.ask(&query.encode().expect("a query"));
            assert_eq!(essence(&authority.answer(&query)), essence(&theirs), "{}", query.questions[0]);
        }
    }
}

// --- tshark -----------------------------------------------------------------------------------------------------------

/// A message as `text2pcap` reads it: offset and bytes in hexadecimal.
fn hex_lines(message: &[u8]) -> String {
    let mut text = String::new();
    for (number, line) in message.chunks(16).enumerate() {
        text.push_str(&format!("{:06x}", number * 16));
        for byte in line {
            text.push_str(&format!(" {byte:02x}"));
        }
        text.push('\n');
    }
    // An offset that starts again begins a new packet; one line more makes sure the last is complete.
    text.push_str(&format!("{:06x}\n", message.len()));
    text
}

fn run_tool(tool: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output_of(command.spawn().unwrap_or_else(|error| panic!("{tool} did not start: {error}")));
    assert!(output.status.success(), "{tool}: {}", stderr(&output));
    stdout(&output)
}

#[test]
#[ignore = "needs tshark"]
fn tshark_takes_queries_and_answers_apart_without_a_warning() {
    let zones = [GOOGLE, REVERSE].map(|file| std::fs::read_to_string(file).expect("a zone file"));
    let mut zones: Vec<Zone> = zones.iter().map(|text| text.parse().expect("a zone")).collect();
    zones.push(MORE.parse().expect("a zone"));
    let authority = Authority::new(zones);
    let mut text = String::new();
    let mut count = 0;
    let more = [
        ("more.example", "dnskey"),
        ("more.example", "rrsig"),
        ("more.example", "caa"),
        ("_sip._tcp.more.example", "srv"),
        ("child.more.example", "ds"),
        ("nobody.google.com", "a"),
        ("x.corp.google.com", "a"),
        ("many.google.com", "txt"),
        ("nostarch.com", "a"),
    ];
    let listings = LISTINGS.map(|(name, record_type, _)| (name, record_type));
    for (name, record_type) in listings.into_iter().chain(more) {
        let question = Question::new(name.parse().expect("a name"), record_type.parse().expect("a type"));
        for edns in [None, Some(Edns { dnssec_ok: true, ..Edns::default() })] {
            count += 1;
            let mut query = Message::query(count, question.clone());
            query.edns = edns;
            let query = query.encode().expect("a query");
            text.push_str(&hex_lines(&query));
            text.push_str(&hex_lines(&authority.respond(&query, Transport::Datagram).expect("an answer")));
        }
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (hex, pcap) = (folder.join("dns.hex"), folder.join("dns.pcap"));
    std::fs::write(&hex, text).expect("it is written");
    let (hex, pcap) = (hex.to_str().expect("text"), pcap.to_str().expect("text"));
    run_tool("text2pcap", &["-q", "-u", "50000,53", hex, pcap]);
    let fields = run_tool(
        "tshark",
        &["-r", pcap, "-T", "fields", "-e", "frame.protocols", "-e", "_ws.expert.message"],
    );
    assert_eq!(fields.lines().count(), 2 * usize::from(count));
    for line in fields.lines() {
        let (protocols, expert) = line.split_once('\t').unwrap_or((line, ""));
        assert!(protocols.ends_with(":dns"), "{line}");
        // Port and id are the same each time, so it may take one answer for another's copy; that is no fault of the bytes.
        assert!(expert.is_empty() || expert.contains("retransmission"), "{line}");
    }
    let whole = run_tool("tshark", &["-r", pcap, "-V"]);
    assert!(!whole.contains("Malformed"), "{whole}");
    assert!(whole.contains("google.com: type A, class IN, addr 172.217.4.46"), "{whole}");
}
