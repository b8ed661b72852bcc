//! Listings 6-1 to 6-8: the packets, byte for byte. Rows 6.1 to 6.8, 6.18, R.1, R.7, R.8.

use std::io::{self, Read};

use netprog::base::fault::{Chances, Faults, Faulty};
use netprog::base::random::Seeded;
use netprog::base::trace;
use netprog::ch06_tftp::error::{ErrorCode, PacketError};
use netprog::ch06_tftp::packet::{DATAGRAM_SIZE, DEFAULT_BLOCK, Mode, Opcode, Packet, Request, read_data};

fn tell(text: &str) {
    trace::note(|| text.to_string());
}

fn begin() -> trace::PartyGuard {
    trace::chapter("ch06");
    trace::party("client")
}

/// Row 6.1. Watch the numbers: operations count from 1, error codes from 0, and a code we do not know keeps its number.
#[test]
fn listing_6_1_says_what_happens() {
    let _me = begin();
    assert_eq!((DATAGRAM_SIZE, DEFAULT_BLOCK), (516, 512));
    let opcodes = [Opcode::Rrq, Opcode::Wrq, Opcode::Data, Opcode::Ack, Opcode::Error, Opcode::Oack];
    for (number, opcode) in (1u16..).zip(opcodes) {
        assert_eq!(Opcode::try_from(number), Ok(opcode));
    }
    for number in [0, 7, 256, 0xffff] {
        assert_eq!(Opcode::try_from(number), Err(PacketError::UnknownOpcode(number)));
    }
    tell("six operations, 1 to 6; anything else is an error that keeps its number");
    let codes = [
        ErrorCode::Undefined,
        ErrorCode::NotFound,
        ErrorCode::AccessViolation,
        ErrorCode::DiskFull,
        ErrorCode::IllegalOperation,
        ErrorCode::UnknownTransferId,
        ErrorCode::FileExists,
        ErrorCode::NoSuchUser,
        ErrorCode::OptionRefused,
    ];
    for (number, code) in (0u16..).zip(codes) {
        assert_eq!(ErrorCode::from(number), code);
    }
    tell("nine error codes, 0 to 8; the ninth came with options");
}

/// Rows 6.2, 6.30, R.1: a read request is 20 bytes here; no mode means octet. A name with a zero byte inside would be
/// read as a shorter one, so it cannot be written.
#[test]
fn listing_6_2_says_what_happens() {
    let _me = begin();
    let mut request = Request::new(b"/etc/shadow", Mode::Octet);
    let expected = b"\x00\x01/etc/shadow\x00octet\x00";
    assert_eq!(Packet::Rrq(request.clone()).encode().unwrap(), expected);
    assert_eq!(expected.len(), 20);
    tell("RRQ: 00 01, the name, 00, the mode, 00");
    request.mode = Vec::new();
    assert_eq!(Packet::Rrq(request.clone()).encode().unwrap(), expected);
    assert_eq!(Packet::Wrq(request.clone()).encode().unwrap()[..2], [0, 2]);
    tell("WRQ is the same with 00 02");

    request.name = b"a\0b".to_vec();
    assert_eq!(Packet::Rrq(request.clone()).encode(), Err(PacketError::NulInside("file name")));
    request.name = Vec::new();
    assert_eq!(Packet::Rrq(request.clone()).encode(), Err(PacketError::EmptyName));
    request.name = vec![b'x'; 505];
    assert_eq!(Packet::Rrq(request.clone()).encode(), Err(PacketError::RequestTooLong(514)));
    request.name = vec![b'x'; 503];
    assert_eq!(Packet::Rrq(request).encode().unwrap().len(), 512);
}

/// Rows 6.3, 6.4, 6.18: each way a request can be wrong has an error of its own, and only the bytes that came count.
#[test]
fn listing_6_3_says_what_happens() {
    let _me = begin();
    let request = |bytes: &[u8]| match Packet::decode(bytes) {
        Ok(Packet::Rrq(request)) => Ok(request),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    let good = request(b"\x00\x01f\xff\x00OcTeT\x00").unwrap();
    assert_eq!(good.name, b"f\xff", "a name is bytes");
    assert_eq!(good.mode, b"OcTeT", "its case is kept");
    assert_eq!(good.transfer_mode(), Ok(Mode::Octet), "and does not matter");
    tell("OcTeT is octet");

    assert!(matches!(request(b""), Err(PacketError::Short(_))));
    assert!(matches!(request(b"\x00"), Err(PacketError::Short(_))));
    assert_eq!(request(b"\x00\x09f\x00octet\x00"), Err(PacketError::UnknownOpcode(9)));
    assert_eq!(request(b"\x00\x01"), Err(PacketError::NoNul("file name")));
    assert_eq!(request(b"\x00\x01f"), Err(PacketError::NoNul("file name")));
    assert_eq!(request(b"\x00\x01\x00octet\x00"), Err(PacketError::EmptyName));
    assert_eq!(request(b"\x00\x01f\x00"), Err(PacketError::NoNul("mode")));
    assert_eq!(request(b"\x00\x01f\x00\x00"), Err(PacketError::EmptyMode));
    assert_eq!(request(b"\x00\x01f\x00octet"), Err(PacketError::NoNul("mode")));
    tell(
        "a request one byte short is no request; the book's server takes it, for its buffer is full of zeros",
    );
    let mail = request(b"\x00\x01f\x00mail\x00").unwrap().transfer_mode();
    assert_eq!(mail, Err(PacketError::UnsupportedMode(b"mail".to_vec())));
}

/// Row R.7: options are pairs, each once, in a request of 512 bytes at most.
#[test]
fn options_are_pairs_and_each_comes_once() {
    let decode = |tail: &[u8]| {
        let mut bytes = b"\x00\x02f\x00octet\x00".to_vec();
        bytes.extend_from_slice(tail);
        Packet::decode(&bytes).map(|packet| packet.encode().unwrap() == bytes)
    };
    assert_eq!(decode(b"blksize\x001428\x00odd\x00\x00"), Ok(true));
    assert_eq!(decode(b"blksize\x00"), Err(PacketError::OptionWithoutValue(b"blksize".to_vec())));
    assert_eq!(decode(b"blksize\x0014"), Err(PacketError::NoNul("option's value")));
    assert_eq!(decode(b"blk"), Err(PacketError::NoNul("option")));
    assert_eq!(decode(b"a\x001\x00A\x002\x00"), Err(PacketError::OptionTwice(b"A".to_vec())));
    assert_eq!(decode(&[b'x'; 600]), Err(PacketError::RequestTooLong(610)));
    assert_eq!(
        Packet::decode(b"\x00\x06tsize\x0075352\x00"),
        Ok(Packet::Oack(vec![(b"tsize".to_vec(), b"75352".to_vec())]))
    );
}

/// Row 6.5: 768 bytes are a block of 516 and one of 260, however the source hands them out.
#[test]
fn listing_6_4_says_what_happens() {
    let _me = begin();
    let mut file = vec![0; 768];
    Seeded::new(64).fill(&mut file);
    let mut whole = file.as_slice();
    let first = read_data(&mut whole, 1, DEFAULT_BLOCK).unwrap();
    let second = read_data(&mut whole, 2, DEFAULT_BLOCK).unwrap();
    assert_eq!((first.len(), second.len()), (516, 260));
    assert_eq!((&first[..4], &second[..4]), (&[0, 3, 0, 1][..], &[0, 3, 0, 2][..]));
    assert_eq!([&first[4..], &second[4..]].concat(), file);
    tell("768 bytes: DATA 1 with 512, DATA 2 with 256, which says that this was all");

    // A reader that gives less than asked for, and is interrupted.
    let chances = Chances { short: 0.7, interrupted: 0.3, ..Chances::default() };
    let mut stuttering = Faulty::new(file.as_slice(), Faults::seeded(5, chances), Faults::none());
    assert_eq!(read_data(&mut stuttering, 1, DEFAULT_BLOCK).unwrap(), first);
    assert_eq!(read_data(&mut stuttering, 2, DEFAULT_BLOCK).unwrap(), second);

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::PermissionDenied))
        }
    }
    let error = read_data(&mut Broken, 1, DEFAULT_BLOCK).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

/// Row 6.6: the payload is not copied, and may be empty; 3 bytes are too few, 517 too many.
#[test]
fn listing_6_5_says_what_happens() {
    let _me = begin();
    let mut datagram = vec![0, 3, 0xff, 0xff];
    assert_eq!(Packet::decode(&datagram), Ok(Packet::Data { block: 0xffff, payload: b"" }));
    datagram.resize(516, b'x');
    let Ok(Packet::Data { payload, .. }) = Packet::decode_within(&datagram, DEFAULT_BLOCK) else {
        panic!("a full block");
    };
    assert_eq!(payload.as_ptr(), datagram[4..].as_ptr(), "borrowed");
    tell("the payload is the datagram's own bytes from the fifth on");
    assert!(matches!(Packet::decode(&datagram[..3]), Err(PacketError::Short(_))));
    datagram.push(b'x');
    let too_long = Packet::decode_within(&datagram, DEFAULT_BLOCK);
    assert_eq!(too_long, Err(PacketError::BlockTooLong { length: 513, most: 512 }));
}

/// Row 6.7: four bytes; more are ignored, fewer are none.
#[test]
fn listing_6_6_says_what_happens() {
    let _me = begin();
    let ack = Packet::Ack { block: 42 };
    assert_eq!(ack.encode().unwrap(), [0, 4, 0, 42]);
    assert_eq!(Packet::decode(&[0, 4, 0, 42, 9, 9]), Ok(ack));
    assert!(matches!(Packet::decode(&[0, 4, 0]), Err(PacketError::Short(_))));
    tell("ACK 42 is 00 04 00 2a");
}

/// Row 6.8: an ERROR has a code, words, and a zero byte.
#[test]
fn listing_6_7_says_what_happens() {
    let _me = begin();
    let error = Packet::Error { code: ErrorCode::FileExists, message: b"there is one".to_vec() };
    let bytes = error.encode().unwrap();
    assert_eq!(bytes, b"\x00\x05\x00\x06there is one\x00");
    assert_eq!(bytes.len(), 5 + 12);
    tell("ERROR 6 in words that end with a zero byte");
    let nul = Packet::Error { code: ErrorCode::Undefined, message: b"a\0b".to_vec() };
    assert_eq!(nul.encode(), Err(PacketError::NulInside("message")));
}

/// Row 6.8: no words is fine, no zero byte is not.
#[test]
fn listing_6_8_says_what_happens() {
    let _me = begin();
    let decoded = Packet::decode(b"\x00\x05\x00\x06there is one\x00tail");
    assert_eq!(decoded, Ok(Packet::Error { code: ErrorCode::FileExists, message: b"there is one".to_vec() }));
    let silent = Packet::decode(b"\x00\x05\x03\xe7\x00");
    assert_eq!(silent, Ok(Packet::Error { code: ErrorCode::Other(999), message: Vec::new() }));
    assert_eq!(Packet::decode(b"\x00\x05\x00\x06words"), Err(PacketError::NoNul("message")));
    tell("words without a zero byte are refused; a code nobody defined is kept");
}

/// Row 6.4: arbitrary bytes are a packet or an error, and a packet's bytes are that packet.
#[test]
fn arbitrary_bytes_decode_or_are_refused_and_what_decodes_comes_back() {
    let mut random = Seeded::new(6);
    let mut packets = 0;
    for _ in 0..50_000 {
        let mut bytes = vec![0; random.below(40) as usize];
        random.fill(&mut bytes);
        // Small bytes make opcodes and zero bytes likely.
        for byte in &mut bytes {
            *byte %= 8;
        }
        if let Ok(packet) = Packet::decode(&bytes) {
            packets += 1;
            let again = packet.encode().unwrap();
            assert_eq!(Packet::decode(&again), Ok(packet));
            assert!(bytes.starts_with(&again), "but for a tail: {bytes:?}");
        }
    }
    assert!(packets > 500, "{packets}");
}
