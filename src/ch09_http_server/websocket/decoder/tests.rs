//! Bytes in, events out; every rule broken once.

use super::*;
use crate::ch09_http_server::websocket::frame::mask;

const LIMIT: usize = 1000;

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [7, 0, 255, 42];
    let opcode = Opcode::of(first & 15).unwrap();
    let head = Head { fin: first & 0x80 != 0, opcode, mask: Some(key), length: payload.len() as u64 };
    let mut bytes = Vec::new();
    head.encode(&mut bytes);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    mask(&mut bytes[start..], key, 0);
    bytes
}

fn feed(bytes: &[u8], piece: usize) -> Result<Vec<Event>, Violation> {
    let mut decoder = Decoder::new(Role::Client, LIMIT);
    let mut events = Vec::new();
    for mut piece in bytes.chunks(piece.max(1)) {
        while let Some(event) = decoder.feed(&mut piece)? {
            events.push(event);
        }
    }
    Ok(events)
}

/// The same events must come out, whatever the pieces.
fn events(frames: &[Vec<u8>]) -> Result<Vec<Event>, Violation> {
    let bytes = frames.concat();
    let whole = feed(&bytes, bytes.len());
    for piece in [1, 2, 3, 7] {
        assert_eq!(feed(&bytes, piece), whole, "pieces of {piece}");
    }
    whole
}

fn text(text: &str) -> Event {
    Event::Message(Message::Text(text.to_owned()))
}

#[test]
fn a_message_in_fragments_with_a_ping_between_is_one_message() {
    let frames =
        [frame(0x01, b"Hel"), frame(0x89, b"?"), frame(0x00, b""), frame(0x80, b"lo"), frame(0x82, b"\xff")];
    let expected = [Event::Ping(b"?".to_vec()), text("Hello"), Event::Message(Message::Binary(vec![0xff]))];
    assert_eq!(events(&frames).unwrap(), expected);
}

#[test]
fn empty_messages_are_messages() {
    assert_eq!(
        events(&[frame(0x81, b""), frame(0x01, b""), frame(0x80, b"")]).unwrap(),
        [text(""), text("")]
    );
}

#[test]
fn a_character_may_be_cut_by_a_fragment_and_by_a_piece() {
    let bytes = "κόσμε😀".as_bytes();
    for cut in 0..=bytes.len() {
        let frames = [frame(0x01, &bytes[..cut]), frame(0x80, &bytes[cut..])];
        assert_eq!(events(&frames).unwrap(), [text("κόσμε😀")]);
    }
}

#[test]
fn text_that_cannot_become_utf_8_is_refused_before_its_frame_ends() {
    let bad: [&[u8]; 6] =
        [b"\xff", b"a\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\xe2\x28", b"\x80"];
    for bytes in bad {
        let longer = [bytes, &[b'x'; 100]].concat();
        let encoded = frame(0x01, &longer);
        // The head of six bytes, and no more of the payload than is needed to know.
        assert_eq!(feed(&encoded[..6 + bytes.len() + 1], 1), Err(Violation::NotUtf8), "{bytes:02x?}");
        assert_eq!(events(&[frame(0x82, bytes)]).unwrap(), [Event::Message(Message::Binary(bytes.to_vec()))]);
    }
    // Whole only as far as it goes.
    assert_eq!(events(&[frame(0x81, b"\xf0\x9f")]), Err(Violation::NotUtf8));
    assert_eq!(events(&[frame(0x01, b"\xf0\x9f"), frame(0x80, b"x")]), Err(Violation::NotUtf8));
}

#[test]
fn fragments_out_of_order_are_refused() {
    assert_eq!(events(&[frame(0x80, b"x")]), Err(Violation::NothingToContinue));
    assert_eq!(events(&[frame(0x01, b"x"), frame(0x81, b"y")]), Err(Violation::MessageNotFinished));
    assert_eq!(events(&[frame(0x81, b"x"), frame(0x00, b"y")]), Err(Violation::NothingToContinue));
}

#[test]
fn the_limit_holds_for_what_is_announced_and_for_the_sum_of_fragments() {
    let too_big = Violation::TooBig { limit: LIMIT };
    assert_eq!(events(&[frame(0x82, &[0; LIMIT])]).unwrap().len(), 1);
    // The head alone is enough.
    let mut head = Vec::new();
    Head { fin: true, opcode: Opcode::Binary, mask: Some([0; 4]), length: (1 << 63) - 1 }.encode(&mut head);
    assert_eq!(feed(&head, 1), Err(too_big));
    assert_eq!(events(&[frame(0x02, &[0; 600]), frame(0x80, &[0; 401])]), Err(too_big));
    let endless: Vec<Vec<u8>> =
        (0..LIMIT + 2).map(|at| frame(if at == 0 { 0x02 } else { 0 }, b"x")).collect();
    assert_eq!(events(&endless), Err(too_big));
}

#[test]
fn a_message_of_empty_fragments_has_an_end() {
    let mut frames = vec![frame(0x01, b"")];
    frames.resize(MOST_EMPTY as usize, frame(0x00, b""));
    assert_eq!(feed(&frames.concat(), 64).unwrap(), []);
    frames.push(frame(0x00, b""));
    let refused = Violation::EmptyFragments { limit: MOST_EMPTY };
    assert_eq!(feed(&frames.concat(), 64), Err(refused));
    assert_eq!(refused.close_code(), CloseCode::POLICY_VIOLATION);
}

#[test]
fn a_close_frame_has_nothing_or_a_code_and_words() {
    let closed = |payload: &[u8]| events(&[frame(0x88, payload)]);
    let reason = |code: u16, words: &str| {
        Ok(vec![Event::Close(CloseReason { code: Some(CloseCode(code)), words: words.to_owned() })])
    };
    assert_eq!(closed(b""), Ok(vec![Event::Close(CloseReason { code: None, words: String::new() })]));
    assert_eq!(closed(b"\x03\xe8"), reason(1000, ""));
    assert_eq!(closed("\u{3}\u{e9}tschüß".as_bytes()), Err(Violation::BadCloseCode { code: 0x03c3 }));
    assert_eq!(closed(b"\x03\xe9bye"), reason(1001, "bye"));
    assert_eq!(closed(b"\x03"), Err(Violation::CloseCutShort));
    assert_eq!(closed(b"\x03\xe8\xff"), Err(Violation::CloseNotUtf8));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        assert_eq!(closed(&u16::to_be_bytes(code)), Err(Violation::BadCloseCode { code }));
    }
    for code in [1000u16, 1003, 1007, 1011, 3000, 4999] {
        assert_eq!(closed(&code.to_be_bytes()), reason(code, ""));
    }
}

#[test]
fn the_codes_of_the_violations_are_those_of_the_rfc() {
    assert_eq!(Violation::NotUtf8.close_code(), CloseCode(1007));
    assert_eq!(Violation::TooBig { limit: 1 }.close_code(), CloseCode(1009));
    assert_eq!(Violation::NotMasked.close_code(), CloseCode(1002));
    assert_eq!(Violation::BadCloseCode { code: 0 }.close_code(), CloseCode(1002));
}
