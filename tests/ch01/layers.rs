//! Layers, what each wraps around the next, and what goes wrong between them.

use super::words::*;
use netprog::base::random::Seeded;
use netprog::base::show::escaped;
use netprog::base::trace::{self, Kind};
use netprog::ch01_networks::anatomy;
use netprog::ch01_networks::channel::{Channel, Faults, barely, reliably};
use netprog::ch01_networks::checksum::crc32;
use netprog::ch01_networks::ethernet::{self, EthernetError, Frame};
use netprog::ch01_networks::exchange::{self, CLIENT, SERVER};
use netprog::ch01_networks::layers::{LAYERS, Layer, OsiLayer, PROTOCOLS, Protocol, Transport};
use netprog::ch01_networks::link::{Medium, RADIO_TRIES, carry};
use netprog::ch01_networks::pdu::Pdu;
use netprog::ch01_networks::request::{Request, RequestError};
use netprog::ch01_networks::slip;
use netprog::ch01_networks::tcp_header::{Flags, TcpHeader};
use netprog::ch01_networks::wrap::{self, WrapError, travel, unwrap, wrap};

/// Row 1.12, Figure 1-8: seven layers, each with a neighbour above and below and a work of its own.
#[test]
fn the_seven_layers_of_osi_stand_in_order() {
    chapter();
    let mut names = Vec::new();
    let mut here = OsiLayer::from_number(7);
    while let Some(layer) = here {
        say(&format!("{} {layer}", layer.number()), layer.function());
        assert!(layer.below().is_none_or(|below| below < layer && below.above() == Some(layer)));
        names.push(layer.to_string());
        here = layer.below();
    }
    let wanted = ["application", "presentation", "session", "transport", "network", "data link", "physical"];
    assert_eq!(names, wanted);
    assert_eq!((OsiLayer::Application.above(), OsiLayer::Physical.below()), (None, None));
}

/// Row 1.13, Figure 1-11: every layer of OSI is the work of one of the four, none is left over.
#[test]
fn the_four_layers_of_tcp_ip_cover_the_seven() {
    chapter();
    for layer in LAYERS.into_iter().rev() {
        let mut work: Vec<String> = layer.osi().iter().map(|osi| format!("{} {osi}", osi.number())).collect();
        work.reverse();
        say(&layer.to_string(), &work.join(", "));
    }
    let numbers = |layer: Layer| layer.osi().iter().map(|osi| osi.number()).collect::<Vec<_>>();
    assert_eq!(numbers(Layer::Application), [5, 6, 7]);
    assert_eq!(numbers(Layer::Transport), [4]);
    assert_eq!(numbers(Layer::Internet), [3]);
    assert_eq!(numbers(Layer::Link), [1, 2]);
    let all: Vec<u8> = LAYERS.into_iter().flat_map(numbers).collect();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7]);
}

/// Row 1.14: which protocol the book files where, and where two of them do not fit: BGP travels in TCP, and TCP keeps
/// sessions.
#[test]
fn every_protocol_has_its_layer_and_two_do_not_quite_fit() {
    chapter();
    for (layer, count) in
        [(Layer::Application, 5), (Layer::Transport, 2), (Layer::Internet, 6), (Layer::Link, 3)]
    {
        say(&layer.to_string(), &format!("{:?}", layer.protocols()));
        assert_eq!(layer.protocols().len(), count);
    }
    // What rides on another is at least as high as it, but for BGP the carrier is the higher one.
    let odd: Vec<Protocol> = PROTOCOLS
        .into_iter()
        .filter(|protocol| protocol.rides_on().is_some_and(|carrier| carrier.layer() > protocol.layer()))
        .collect();
    assert_eq!(odd, [Protocol::Bgp]);
    assert!(Protocol::Tcp.osi().contains(&OsiLayer::Session));
    assert_eq!(Protocol::Http.rides_on(), Some(Protocol::Tcp));
}

/// Row 1.15: data, segment or datagram, packet, frame, bits. Only the frame has something behind what it carries.
#[test]
fn what_travels_has_a_name_at_every_layer() {
    chapter();
    for layer in (1..=7).rev().filter_map(OsiLayer::from_number) {
        let unit = Pdu::of(layer, Transport::Tcp);
        let around = match (unit.has_header(), unit.has_footer()) {
            (true, true) => ": a header in front, a footer behind",
            (true, false) => ": a header in front",
            _ => "",
        };
        say(&format!("{} {layer}", layer.number()), &format!("{unit}{around}"));
    }
    let names = |transport| -> Vec<String> {
        (1..=7).map(|number| Pdu::of(OsiLayer::from_number(number).unwrap(), transport).to_string()).collect()
    };
    assert_eq!(names(Transport::Tcp), words("bits frame packet segment data data data"));
    assert_eq!(names(Transport::Udp)[3], "datagram");
    let with_footer = [Pdu::Data, Pdu::Segment, Pdu::Packet, Pdu::Frame, Pdu::Bits].map(Pdu::has_footer);
    assert_eq!(with_footer, [false, false, false, true, false]);
}

fn get() -> Vec<u8> {
    Request::new("GET", "/index.html", "example.org").encode().unwrap()
}

fn wrapped(data: &[u8]) -> wrap::Wrapped {
    let tcp = TcpHeader { flags: Flags::PSH.and(Flags::ACK), window: 64_240, ..TcpHeader::default() };
    wrap(&CLIENT, &SERVER, &tcp, 1, data).unwrap()
}

/// Row 1.16, Figures 1-9 and 1-10: 14 + 20 + 20 bytes in front of the request, 4 behind it, and the server's program gets
/// exactly the bytes the client's sent.
/// Watch: the message grow on its way down and shrink on its way up.
#[test]
fn each_layer_wraps_and_its_counterpart_unwraps() {
    chapter();
    let request = get();
    let all = wrapped(&request);
    let lengths = [&all.data, &all.segment, &all.packet, &all.frame].map(Vec::len);
    let n = request.len();
    assert_eq!(lengths, [n, n + 20, n + 40, n + 58]);
    println!("{}\n{}", anatomy::picture(&all.frame).unwrap(), anatomy::hexdump(&all.frame).unwrap());

    let up = travel(&all).unwrap();
    let wanted = [
        (Pdu::Frame, all.frame),
        (Pdu::Packet, all.packet),
        (Pdu::Segment, all.segment),
        (Pdu::Data, request),
    ];
    assert_eq!(up, wanted);
}

/// The request of row 1.16, byte for byte, as another implementation read it without complaint.
const FRAME: [u8; 105] = [
    0x00, 0x00, 0x5e, 0x00, 0x53, 0x02, // destination
    0x00, 0x00, 0x5e, 0x00, 0x53, 0x01, // source
    0x08, 0x00, // IPv4
    0x45, 0x00, 0x00, 0x57, // version 4, 5 words; 87 bytes in all
    0x00, 0x03, 0x40, 0x00, // identification 3; don't fragment
    0x40, 0x06, 0xb6, 0x43, // time to live 64, TCP, checksum
    192, 0, 2, 10, // source
    192, 0, 2, 80, // destination
    0xc6, 0xee, 0x00, 0x50, // ports 50926 and 80
    0x00, 0x00, 0x03, 0xe9, // sequence number 1001
    0x00, 0x00, 0x13, 0x89, // acknowledgement 5001
    0x50, 0x18, 0xfa, 0xf0, // 5 words, PSH+ACK, window 64240
    0x1f, 0xdd, 0x00, 0x00, // checksum, urgent pointer
    b'G', b'E', b'T', b' ', b'/', b'i', b'n', b'd', b'e', b'x', b'.', b'h', b't', b'm', b'l', b' ', b'H',
    b'T', b'T', b'P', b'/', b'1', b'.', b'1', b'\r', b'\n', //
    b'H', b'o', b's', b't', b':', b' ', b'e', b'x', b'a', b'm', b'p', b'l', b'e', b'.', b'o', b'r', b'g',
    b'\r', b'\n', //
    b'\r', b'\n', //
    0x5c, 0x5f, 0x70, 0x1e, // frame check sequence
];

/// Row 1.16: the bytes explained one by one, read and written again.
#[test]
fn the_explained_frame_is_read_field_by_field_and_written_again() {
    chapter();
    for part in anatomy::parts(&FRAME).unwrap() {
        for field in &part.fields {
            say(part.name, &format!("{}: {}", field.name, field.value));
        }
    }
    let opened = unwrap(&FRAME).unwrap();
    assert_eq!(
        (opened.frame.source, opened.ip.source, opened.tcp.source_port),
        (CLIENT.mac, CLIENT.ip, 50_926)
    );
    assert_eq!((opened.tcp.sequence, opened.tcp.flags.to_string().as_str()), (1_001, "PSH+ACK"));
    assert_eq!(opened.data, get());
    let again = wrap(&CLIENT, &SERVER, &opened.tcp, opened.ip.identification, &opened.data).unwrap();
    assert_eq!(again.frame, FRAME);
}

/// Row 1.16: the whole conversation, handshake to FIN.
/// Watch: sequence numbers and acknowledgements follow each other.
#[test]
fn a_whole_conversation_is_ten_frames() {
    chapter();
    let turns = exchange::turns(&[Request::new("GET", "/index.html", "example.org")]).unwrap();
    let steps = exchange::exchange(CLIENT, SERVER, &turns).unwrap();
    assert_eq!(steps.len(), 10);
    assert_eq!(steps[3].frame, FRAME, "the request is the fourth");
    for step in &steps {
        assert_eq!(unwrap(&step.frame).unwrap().tcp.flags, step.flags);
    }
}

/// Row 1.17: the FCS is a CRC-32. A flipped bit anywhere is noticed and the frame dropped; Ethernet leaves it at that, a
/// radio sends it again.
/// Watch: the cable's one try, and the radio's several.
#[test]
fn a_flipped_bit_is_dropped_by_the_link_and_resent_by_a_radio_only() {
    chapter();
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    for bit in 0..FRAME.len() * 8 {
        let mut damaged = FRAME;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(Frame::decode(&damaged), Err(EthernetError::Damaged { .. })), "bit {bit}");
    }
    // Every try is damaged with a probability of 0.8; this luck has the radio's fourth try arrive.
    let cable = carry(Medium::Ethernet, &FRAME, 0.8, &mut Seeded::new(LUCK));
    assert_eq!((cable.frame, cable.tries), (None, 1));
    let radio = carry(Medium::Wireless, &FRAME, 0.8, &mut Seeded::new(LUCK));
    assert_eq!(radio.frame, Frame::decode(&FRAME).ok());
    assert_eq!(radio.tries, 4);
    assert!(radio.tries <= RADIO_TRIES);
}

const LUCK: u64 = 5;

/// Row 1.18: one bad channel, the same luck. Bare messages go missing, come twice, out of order and damaged; with numbers,
/// ACKs, timers and a window every one arrives, once and in order, for more messages and more time.
/// Watch: what the channel does to the first ten messages, and how the sender makes up for it.
#[test]
fn over_a_bad_channel_a_small_protocol_delivers_what_bare_messages_do_not() {
    chapter();
    let faults = Faults { lost: 0.15, twice: 0.15, late: 0.2, damaged: 0.1 };
    let messages: Vec<Vec<u8>> = (0..10).map(|number| format!("message {number}").into_bytes()).collect();
    let there = || Channel::new(faults, 8, 11);

    let bare = barely(&messages, 4, &mut there());
    assert_ne!(bare.delivered, messages);

    let kept = reliably(&messages, &mut there(), &mut Channel::new(faults, 8, 12)).unwrap();
    println!(
        "bare: {} sent, {} ticks; reliable: {} sent, {} ticks",
        bare.sent, bare.ticks, kept.sent, kept.ticks
    );
    assert_eq!(kept.delivered, messages);
    assert!(kept.sent > bare.sent && kept.ticks > bare.ticks, "reliability has a price");
}

/// Row 1.18: the same for each kind of bad luck by itself: what goes wrong without the protocol, and not with it.
#[test]
fn each_kind_of_bad_luck_shows_in_bare_messages_and_not_in_reliable_ones() {
    let messages: Vec<Vec<u8>> = (0..100).map(|number: u8| vec![number; 8]).collect();
    chapter();
    let none = Faults::default();
    let mut findings = Vec::new();
    let cases: [(&str, Faults, usize); 5] = [
        ("loss", Faults { lost: 0.2, ..none }, 64),
        ("repetition", Faults { twice: 0.2, ..none }, 64),
        ("disorder", Faults { late: 0.2, ..none }, 64),
        ("damage", Faults { damaged: 0.2, ..none }, 64),
        ("a narrow channel", none, 4),
    ];
    for (name, faults, room) in cases {
        let bare = barely(&messages, 2, &mut Channel::new(faults, room, 1)).delivered;
        let mut sorted = bare.clone();
        sorted.sort();
        let mut distinct = sorted.clone();
        distinct.dedup();
        match name {
            "loss" | "a narrow channel" => assert!(bare.len() < 90, "{name}: {}", bare.len()),
            "repetition" => assert!(bare.len() > 110 && distinct == messages, "{name}: {}", bare.len()),
            "disorder" => assert!(bare != messages && sorted == messages, "{name}"),
            _ => assert!(bare.len() == 100 && sorted != messages, "{name}"),
        }
        let order = if bare == messages { "as sent" } else { "not as sent" };
        findings.push((
            name,
            format!("{} of 100 bare messages came, {order}; all reliable ones did", bare.len()),
        ));
        let (mut there, mut back) = (Channel::new(faults, room, 1), Channel::new(faults, room, 2));
        assert_eq!(reliably(&messages, &mut there, &mut back).unwrap().delivered, messages, "{name}");
    }
    for (name, finding) in findings {
        say(name, &finding);
    }
}

/// Row 1.19, the end-to-end principle: a router that damages a packet in its own memory sends it on in a perfect frame. No
/// link can notice; the TCP checksum, made at one end and checked at the other, does.
#[test]
fn what_a_router_breaks_between_two_links_only_the_ends_notice() {
    chapter();
    let arrived = Frame::decode(&FRAME).unwrap();
    say("link 1", "brings the frame; its FCS is right");
    say("router", "flips a bit of the packet in its memory, and puts a new frame around it");
    let mut packet = arrived.payload.clone();
    packet[45] ^= 0x20; // a letter of the path changes its case
    let sent_on = Frame { payload: packet, ..arrived }.encode().unwrap();
    assert!(Frame::decode(&sent_on).is_ok(), "every link finds its frame whole");
    say("link 2", "brings the frame; its FCS is right");
    let error = unwrap(&sent_on).unwrap_err();
    say("server's TCP", &std::error::Error::source(&error).map_or(String::new(), ToString::to_string));
    assert!(matches!(error, WrapError::Tcp(_)));
}

/// Row 1.19: strict in what is sent, liberal in what is taken, where the meaning is clear; not where it is not.
#[test]
fn a_writer_ends_lines_with_crlf_and_a_reader_also_takes_lf_and_odd_case() {
    chapter();
    let request = Request::new("GET", "/index.html", "example.org");
    let strict = request.encode().unwrap();
    say("writer", &escaped(&strict, 99));
    assert_eq!(strict, b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n");
    let odd = Request::decode(b"\nGET /index.html HTTP/1.1\nHOST:example.org\n\n").unwrap();
    assert_eq!((odd.target.as_str(), odd.header("host")), ("/index.html", Some("example.org")));
    let rewritten = Request { headers: vec![("Host".into(), odd.headers[0].1.clone())], ..odd };
    assert_eq!(rewritten.encode().unwrap(), strict, "what came oddly goes on properly");
    say("reader", r#"takes "\nGET /index.html HTTP/1.1\nHOST:example.org\n\n" for the same"#);
    let unclear = b"GET / HTTP/1.1\r\nHost : example.org\r\n\r\n";
    let error = Request::decode(unclear).unwrap_err();
    say("reader", &error.to_string());
    assert!(matches!(error, RequestError::BadHeader(_)));
}

/// Row 1.20: on a line that only moves bytes, SLIP says where a packet ends. END is C0; a C0 in the packet goes as DB DC, a
/// DB as DB DD.
#[test]
fn slip_finds_packets_on_a_line_that_only_moves_bytes() {
    chapter();
    let packet = wrapped(&get()).packet;
    let special = [slip::END, slip::ESC, slip::ESC_END, slip::ESC_ESC, 0];
    assert_eq!(slip::encode(&special).unwrap(), [0xc0, 0xdb, 0xdc, 0xdb, 0xdd, 0xdc, 0xdd, 0x00, 0xc0]);
    trace::between_with(Kind::Sent, "IP", "line", &special, || {
        "five bytes with a meaning to SLIP".to_string()
    });
    let on_the_line = slip::encode(&special).unwrap();
    trace::between_with(Kind::Sent, "line", "IP at the other end", &on_the_line, || {
        "nine on the line".to_string()
    });
    let mut line = slip::encode(&packet).unwrap();
    line.extend(slip::encode(&special).unwrap());
    let mut decoder = slip::Decoder::new();
    let mut found = Vec::new();
    for piece in line.chunks(7) {
        found.extend(decoder.feed(piece));
    }
    assert_eq!(found, [Ok(packet), Ok(special.to_vec())]);
    assert_eq!(decoder.finish(), Ok(()));
}

/// Row 1.20: what SLIP has and has not beside Ethernet: two bytes against eighteen, and no way to notice damage.
#[test]
fn slip_costs_two_bytes_and_notices_nothing() {
    chapter();
    let packet = wrapped(b"no special byte").packet;
    let plain: Vec<u8> = packet.iter().map(|byte| byte & 0x3f).collect();
    assert_eq!(slip::encode(&plain).unwrap().len(), plain.len() + 2);
    let mut line = slip::encode(&plain).unwrap();
    line[5] ^= 1;
    say("line", "flips a bit");
    say("IP at the other end", "gets a packet, and it is wrong: nothing in SLIP could tell");
    assert_ne!(slip::Decoder::new().feed(&line), [Ok(plain)], "delivered, and wrong");
    assert_eq!(wrapped(b"no special byte").frame.len(), packet.len() + ethernet::HEADER + ethernet::FCS);
}
