//! Messages whole, trickled, cut short and false.

use super::*;
use std::io::Cursor;

/// One message, byte by byte.
#[rustfmt::skip]
const ERRORS_ARE_VALUES: &[u8] = &[
    0x02,                                     // type 2: text
    0x00, 0x00, 0x00, 0x12,                   // 18 bytes, the highest first
    b'E', b'r', b'r', b'o', b'r', b's', b' ',
    b'a', b'r', b'e', b' ',
    b'v', b'a', b'l', b'u', b'e', b's', b'.',
];

fn text(value: &str) -> Message {
    Message::Text(Text(value.to_string()))
}

fn binary(value: &[u8]) -> Message {
    Message::Binary(Binary(value.to_vec()))
}

/// Gives one byte per read, and is interrupted before each.
struct Trickle<R> {
    inner: R,
    interrupt: bool,
}

impl<R: Read> Read for Trickle<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buf.len().min(1);
        self.inner.read(&mut buf[..most])
    }
}

/// Both forms of the decoder, which must agree on everything.
fn decode_both_ways(bytes: &[u8]) -> Result<Option<Message>, TlvError> {
    let one = decode(&mut Cursor::new(bytes));
    let other = decode_by_peeking(&mut Cursor::new(bytes));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    one
}

#[test]
fn the_message_above_is_what_its_comments_say() {
    let message = Text("Errors are values.".to_string());
    let mut written = Vec::new();
    assert_eq!(message.write_to(&mut written).unwrap(), 23);
    assert_eq!(written, ERRORS_ARE_VALUES);
    assert_eq!(Text::read_from(&mut Cursor::new(written)).unwrap(), message);
}

#[test]
fn byteorder_and_the_standard_library_agree_on_what_comes_first() {
    let mut wire = Vec::new();
    wire.write_u32::<BigEndian>(18).unwrap();
    assert_eq!(wire, 18u32.to_be_bytes());
    assert_eq!(BigEndian::read_u32(&wire), u32::from_be_bytes([0, 0, 0, 18]));
}

#[test]
fn messages_follow_one_another_and_the_end_between_two_is_no_error() {
    let mut wire = Vec::new();
    Binary(b"Clear is better than clever.".to_vec()).write_to(&mut wire).unwrap();
    Text(String::new()).write_to(&mut wire).unwrap();
    Binary(vec![0, 0xff]).write_to(&mut wire).unwrap();
    for decoder in [decode, decode_by_peeking] {
        let mut reader = Trickle { inner: Cursor::new(&wire), interrupt: false };
        assert_eq!(decoder(&mut reader).unwrap(), Some(binary(b"Clear is better than clever.")));
        assert_eq!(decoder(&mut reader).unwrap(), Some(text("")));
        assert_eq!(decoder(&mut reader).unwrap(), Some(binary(&[0, 0xff])));
        assert_eq!(decoder(&mut reader).unwrap(), None);
        assert_eq!(decoder(&mut reader).unwrap(), None);
    }
}

#[test]
fn a_message_cut_anywhere_says_which_part_and_how_much_came() {
    for cut in 1..ERRORS_ARE_VALUES.len() {
        let error = decode_both_ways(&ERRORS_ARE_VALUES[..cut]).unwrap_err();
        let expected =
            if cut < HEADER_BYTES { ("header", HEADER_BYTES, cut) } else { ("value", 18, cut - 5) };
        match error {
            TlvError::CutShort { part, wanted, came } => assert_eq!((part, wanted, came), expected),
            other => panic!("cut at {cut}: {other}"),
        }
    }
    assert_eq!(decode_both_ways(&[]).unwrap(), None);
    let error = io::Error::from(Text::read_from(&mut io::empty()).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "who wants a message and gets none was cut short");
}

#[test]
fn the_wrong_type_is_named_and_costs_one_byte() {
    let mut wire = Cursor::new(ERRORS_ARE_VALUES);
    let error = Binary::read_from(&mut wire).unwrap_err();
    assert!(matches!(error, TlvError::WrongType { came: 2, wanted: Kind::Binary }));
    assert!(error.to_string().starts_with("invalid Binary"), "{error}");
    assert_eq!(wire.position(), 1);

    let error = Text::read_from(&mut Cursor::new([1, 0, 0, 0, 0])).unwrap_err();
    assert!(error.to_string().starts_with("invalid Text"), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
}

#[test]
fn every_type_but_two_is_unknown() {
    for byte in 0..=255 {
        let outcome = decode_both_ways(&[byte, 0, 0, 0, 0]);
        match byte {
            1 => assert_eq!(outcome.unwrap(), Some(binary(b""))),
            2 => assert_eq!(outcome.unwrap(), Some(text(""))),
            _ => assert!(matches!(outcome, Err(TlvError::UnknownType { came }) if came == byte)),
        }
    }
}

#[test]
fn the_greatest_length_passes_and_one_more_is_refused_by_both_sides() {
    let most = MAX_PAYLOAD_SIZE as usize;
    let mut wire = Vec::new();
    Binary(vec![7; most]).write_to(&mut wire).unwrap();
    let message = decode(&mut Cursor::new(&wire)).unwrap().unwrap();
    assert!(message == binary(&vec![7; most]), "not with assert_eq, which would print ten million numbers");

    let error = Binary(vec![7; most + 1]).write_to(&mut wire).unwrap_err();
    assert_eq!((error.kind(), wire.len()), (io::ErrorKind::InvalidInput, HEADER_BYTES + most));
    let error = decode_both_ways(&[1, 0x00, 0xa0, 0x00, 0x01]).unwrap_err();
    assert!(matches!(error, TlvError::TooLong { length: 10_485_761, limit: 10_485_760 }));
}

#[test]
fn a_claim_alone_gets_little_memory() {
    let mut value = Vec::new();
    let claim = [1, 0x00, 0xa0, 0x00, 0x00, 1, 2, 3]; // 10 MiB, and three bytes of it
    let error = decode_into(&mut Cursor::new(claim), &mut value).unwrap_err();
    assert!(matches!(error, TlvError::CutShort { part: "value", wanted: 10_485_760, came: 3 }));
    assert!(value.capacity() <= 2 * TRUSTED_BYTES, "{}", value.capacity());
}

#[test]
fn decode_into_uses_its_memory_again_and_leaves_nothing_of_the_message_before() {
    let mut wire = Vec::new();
    encode(Kind::Binary, &[9; 1000], &mut wire).unwrap();
    encode(Kind::Text, b"ab", &mut wire).unwrap();
    let mut reader = Cursor::new(wire);
    let mut value = Vec::new();
    assert_eq!(decode_into(&mut reader, &mut value).unwrap(), Some(Kind::Binary));
    let memory = value.as_ptr();
    assert_eq!(decode_into(&mut reader, &mut value).unwrap(), Some(Kind::Text));
    assert_eq!((value.as_slice(), value.as_ptr()), (&b"ab"[..], memory));
}

#[test]
fn text_must_be_utf8_and_binary_need_not() {
    let error = decode_both_ways(&[2, 0, 0, 0, 3, b'a', 0xff, b'b']).unwrap_err();
    assert!(matches!(error, TlvError::NotText { valid: 1 }), "{error}");
    let message = decode_both_ways(&[1, 0, 0, 0, 3, b'a', 0xff, b'b']).unwrap().unwrap();
    assert_eq!(message.payload().to_string(), "a\u{fffd}b");
    assert_eq!((message.payload().kind(), message.payload().bytes()), (Kind::Binary, &b"a\xffb"[..]));
}

#[test]
fn a_failing_connection_is_its_own_error_in_every_part_of_a_message() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    for cut in 0..ERRORS_ARE_VALUES.len() {
        for decoder in [decode, decode_by_peeking] {
            let error = decoder(&mut ERRORS_ARE_VALUES[..cut].chain(Failing)).unwrap_err();
            assert!(std::error::Error::source(&error).is_some());
            assert_eq!(io::Error::from(error).kind(), io::ErrorKind::ConnectionReset, "after {cut} bytes");
        }
    }
}

#[test]
fn a_message_leaves_in_one_write() {
    #[derive(Default)]
    struct Counting(usize);
    impl Write for Counting {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Counting::default();
    Binary(vec![0; 100_000]).write_to(&mut writer).unwrap();
    assert_eq!(writer.0, 1);
}
