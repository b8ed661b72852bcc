//! Every type over the wire and as text.

use super::*;

/// Data over the wire and back, and what was on the wire.
fn over_the_wire(data: &RData) -> (RData, Vec<u8>) {
    let mut writer = Writer::new();
    data.encode_with_length(&mut writer).unwrap();
    let mut reader = Reader::new(&writer.out);
    let mut names = NameReader::new(&writer.out);
    let mut block = reader.block16().unwrap();
    let read = RData::decode(data.record_type(), Class::IN, &mut block, &mut names).unwrap();
    reader.finish().unwrap();
    (read, writer.out.clone())
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn soa() -> Soa {
    Soa {
        primary: name("ns1.google.com"),
        responsible: name("dns-admin.google.com"),
        serial: 248_440_550,
        refresh: 900,
        retry: 900,
        expire: 1800,
        minimum: 60,
    }
}

#[test]
fn every_type_comes_back_from_the_wire_and_reads_as_in_a_zone_file() {
    let cases = [
        (RData::A(Ipv4Addr::new(172, 217, 4, 46)), "172.217.4.46"),
        (RData::Aaaa("2001:db8::1".parse().unwrap()), "2001:db8::1"),
        (RData::Ns(name("ns1.google.com")), "ns1.google.com."),
        (RData::Cname(name("googlemail.l.google.com")), "googlemail.l.google.com."),
        (RData::Ptr(name("google-public-dns-b.google.com")), "google-public-dns-b.google.com."),
        (RData::Soa(soa()), "ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60"),
        (RData::Mx(Mx { preference: 10, exchange: name("aspmx.l.google.com") }), "10 aspmx.l.google.com."),
        (RData::Txt(Text::new(b"docuSign=05958488")), "\"docuSign=05958488\""),
        (
            RData::Srv(Srv { priority: 1, weight: 2, port: 5060, target: name("sip.example.com") }),
            "1 2 5060 sip.example.com.",
        ),
        (
            RData::Caa(Caa { flags: 128, tag: b"issue".to_vec(), value: b"pki.goog".to_vec() }),
            "128 issue \"pki.goog\"",
        ),
        (RData::Unknown { record_type: RecordType(65_280), bytes: vec![1, 0xff] }, "\\# 2 01ff"),
        (RData::Unknown { record_type: RecordType(65_280), bytes: vec![] }, "\\# 0"),
    ];
    for (data, text) in cases {
        assert_eq!(over_the_wire(&data).0, data);
        assert_eq!(data.to_string(), text);
    }
}

#[test]
fn the_wire_form_of_a_mail_exchange_byte_by_byte() {
    #[rustfmt::skip]
    let expected = [
        0x00, 0x09,                  // nine bytes of data
        0x00, 0x0a,                  // preference 10
        0x02, b'm', b'x', 0x02, b'd', b'e', // mx.de
        0x00,
    ];
    let data = RData::Mx(Mx { preference: 10, exchange: name("mx.de") });
    // Two labels of two: three and three bytes, and the root.
    assert_eq!(over_the_wire(&data).1, expected);
}

#[test]
fn the_mailbox_of_the_soa_gets_its_at_sign_back() {
    assert_eq!(soa().mailbox(), "dns-admin@google.com");
    let dotted = Soa { responsible: name(r"first\.last.example.com"), ..soa() };
    assert_eq!(dotted.mailbox(), "first.last@example.com");
    for mailbox in ["dns-admin@google.com", "first.last@example.com"] {
        let responsible = Soa::name_of_mailbox(mailbox).unwrap();
        assert_eq!(Soa { responsible, ..soa() }.mailbox(), mailbox);
    }
    assert!(Soa::name_of_mailbox("nobody").is_err());
    assert_eq!(Soa { responsible: Name::root(), ..soa() }.mailbox(), "@");
}

#[test]
fn a_length_that_is_not_the_data_s_is_a_lie() {
    let lies: [(RecordType, &[u8]); 9] = [
        (RecordType::A, &[1, 2, 3]),
        (RecordType::A, &[1, 2, 3, 4, 5]),
        (RecordType::AAAA, &[0; 15]),
        (RecordType::NS, &[1, b'a', 0, 0]),
        (RecordType::MX, &[0, 10]),
        (RecordType::TXT, &[]),
        (RecordType::TXT, &[3, b'a']),
        (RecordType::CAA, &[0, 9, b'x']),
        (RecordType::SOA, &[0, 0, 1, 2, 3]),
    ];
    for (record_type, bytes) in lies {
        let mut names = NameReader::new(bytes);
        let error = RData::decode(record_type, Class::IN, &mut Reader::new(bytes), &mut names).unwrap_err();
        let DnsError::PeerLiedAboutLength { announced, .. } = error else { panic!("{error}") };
        assert_eq!(announced, bytes.len());
    }
}

#[test]
fn a_name_cannot_be_read_beyond_its_data() {
    // The data ends inside the label; the message does not.
    let message = [0, 2, 3, b'a', b'b', b'c', 0];
    let mut reader = Reader::new(&message);
    let mut block = reader.block16().unwrap();
    let error = RData::decode(RecordType::NS, Class::IN, &mut block, &mut NameReader::new(&message));
    assert!(matches!(error, Err(DnsError::PeerLiedAboutLength { .. })));
}

#[test]
fn in_another_class_an_address_is_just_bytes() {
    let bytes = [1, 2];
    let data =
        RData::decode(RecordType::A, Class::CH, &mut Reader::new(&bytes), &mut NameReader::new(&bytes));
    assert!(matches!(data, Ok(RData::Unknown { .. })));
    let bytes = [127, 0, 0, 1];
    let flushed = Class(Class::IN.0 | Class::TOP_BIT);
    let data = RData::decode(RecordType::A, flushed, &mut Reader::new(&bytes), &mut NameReader::new(&bytes));
    assert_eq!(data, Ok(RData::A(Ipv4Addr::LOCALHOST)));
}

#[test]
fn data_too_long_for_its_length_is_not_written() {
    let long = RData::Unknown { record_type: RecordType(65_280), bytes: vec![0; 65_536] };
    assert!(matches!(long.encode_with_length(&mut Writer::new()), Err(DnsError::WeWroteTooLong(_))));
    let tag = RData::Caa(Caa { flags: 0, tag: vec![b'a'; 256], value: vec![] });
    assert!(matches!(tag.encode_with_length(&mut Writer::new()), Err(DnsError::WeWroteTooLong(_))));
}
