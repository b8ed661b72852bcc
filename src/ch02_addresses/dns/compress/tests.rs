//! Pointers: honest ones, circles, chains.

use super::*;

/// Reads the name at `at` of `message`: the name, where the reader stands, the steps.
fn read_at(message: &[u8], at: usize) -> Result<(Name, usize, usize), DnsError> {
    let mut reader = Reader::new(message);
    reader.take(at).unwrap();
    let mut names = NameReader::new(message);
    let name = names.read(&mut reader)?;
    Ok((name, reader.position(), names.steps()))
}

#[test]
fn the_picture_of_the_module_page_is_read_and_written() {
    let mut writer = Writer::new();
    writer.out.extend_from_slice(&[0; 12]);
    writer.put_name(&"google.com".parse().unwrap());
    writer.put_name(&"mail.google.com".parse().unwrap());
    writer.put_name(&"google.com".parse().unwrap());
    writer.put_name(&Name::root());
    assert_eq!(&writer.out[12..], b"\x06google\x03com\x00\x04mail\xc0\x0c\xc0\x0c\x00");
    let (name, end, steps) = read_at(&writer.out, 24).unwrap();
    assert_eq!(name.to_string(), "mail.google.com.");
    assert_eq!(end, 31);
    assert_eq!(steps, 5, "mail, the pointer, google, com, the root");
}

#[test]
fn a_pointer_never_changes_the_case_of_a_name() {
    let mut writer = Writer::new();
    writer.put_name(&"a.COM".parse().unwrap());
    writer.put_name(&"b.com".parse().unwrap());
    let (name, ..) = read_at(&writer.out, 7).unwrap();
    assert_eq!(name.to_string(), "b.com.");
}

#[test]
fn what_lies_beyond_fourteen_bits_is_not_pointed_to() {
    let mut writer = Writer::new();
    writer.out.resize(0x3fff, 0);
    writer.put_name(&"a.b".parse().unwrap());
    writer.put_name(&"c.b".parse().unwrap());
    writer.put_name(&"a.b".parse().unwrap());
    assert_eq!(&writer.out[0x3fff..], b"\x01a\x01b\x00\x01c\x01b\x00\xff\xff");
    assert_eq!(read_at(&writer.out, 0x3fff + 10).unwrap().0.to_string(), "a.b.");
}

#[test]
fn what_is_rolled_back_is_not_pointed_to() {
    let mut writer = Writer::new();
    writer.put_name(&"com".parse().unwrap());
    let before = writer.out.len();
    writer.put_name(&"a.com".parse().unwrap());
    writer.roll_back(before);
    writer.put_name(&"a.com".parse().unwrap());
    assert_eq!(writer.out, b"\x03com\x00\x01a\xc0\x00");
}

#[test]
fn a_pointer_to_itself_or_forwards_is_refused() {
    let refused = |message: &[u8], at| read_at(message, at).unwrap_err();
    assert_eq!(refused(b"\xc0\x00", 0), DnsError::PeerPointedForwards { at: 0, target: 0 });
    assert_eq!(refused(b"\xc0\x02\x00", 0), DnsError::PeerPointedForwards { at: 0, target: 2 });
    // Into its own label.
    assert_eq!(refused(b"\x01a\xc0\x00", 0), DnsError::PeerPointedForwards { at: 2, target: 0 });
    assert_eq!(refused(b"\x01a\xc0\x01", 0), DnsError::PeerPointedForwards { at: 2, target: 1 });
    // Two that point to each other.
    assert_eq!(refused(b"\xc0\x02\xc0\x00", 2), DnsError::PeerPointedForwards { at: 0, target: 2 });
    // Back, and from there forwards into the name again.
    assert_eq!(refused(b"\x01a\xc0\x04\x01b\xc0\x00", 4), DnsError::PeerPointedForwards { at: 2, target: 4 });
    // Beyond the message.
    assert_eq!(refused(b"\xff\xff", 0), DnsError::PeerPointedForwards { at: 0, target: 0x3fff });
}

#[test]
fn a_chain_of_pointers_ends_after_127() {
    // Every two bytes a pointer to the two before.
    let mut message = vec![0, 0];
    for target in 0..200u16 {
        put_u16(&mut message, 0xc000 | (2 * target));
    }
    assert!(read_at(&message, 2 * 127).is_ok());
    let error = read_at(&message, 2 * 128).unwrap_err();
    assert!(matches!(error, DnsError::PeerPointedTooOften { .. }), "{error}");
}

#[test]
fn two_leading_bits_that_mean_nothing_are_refused() {
    for byte in [0x40, 0x7f, 0x80, 0xbf] {
        assert_eq!(read_at(&[byte, 0], 0).unwrap_err(), DnsError::PeerSentUnknownLabel { byte, at: 0 });
    }
}

#[test]
fn a_name_that_grows_beyond_255_bytes_is_refused_even_by_pointers() {
    let mut message = vec![0];
    message.splice(0..0, [1, b'a'].repeat(127));
    assert!(read_at(&message, 0).is_ok());
    let at = message.len();
    message.extend_from_slice(&[1, b'b', 0xc0, 0]);
    assert!(matches!(read_at(&message, at), Err(DnsError::PeerSentLongName { .. })));
}

#[test]
fn a_name_cut_short_is_an_error_at_every_length() {
    let whole = b"\x06google\x03com\x00";
    for length in 0..whole.len() {
        let error = read_at(&whole[..length], 0).unwrap_err();
        assert!(matches!(error, DnsError::PeerStoppedInside(_)), "{length}: {error}");
    }
    assert!(matches!(read_at(b"\x00\xc0", 1), Err(DnsError::PeerStoppedInside(_))));
}

#[test]
fn the_steps_of_a_message_are_limited() {
    let message = b"\x01a\x01b\x00";
    let mut names = NameReader::new(message);
    let mut count = 0;
    let error = loop {
        match names.read(&mut Reader::new(message)) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, DnsError::PeerSentCostlyNames { steps: MAX_STEPS });
    assert_eq!(count, MAX_STEPS / 3);
}
