//! Every type from text.

use super::*;
use crate::ch02_addresses::dns::zone::scan::entries;

/// The data in `text`, which begins with its type; names are under example.com.
fn read(text: &str) -> Result<RData, ZoneProblem> {
    let origin: Name = "example.com".parse().unwrap();
    let entry = entries(text).unwrap().remove(0);
    let mut fields = Fields::new(&entry.words, Some(&origin));
    let record_type = fields.parsed("a record type")?;
    rdata(record_type, fields)
}

#[test]
fn every_type_is_read_as_it_is_written() {
    let lines = [
        "A 172.217.4.46",
        "AAAA 2001:db8::1",
        "NS ns1.google.com.",
        "CNAME googlemail.l.google.com.",
        "PTR google-public-dns-b.google.com.",
        "SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60",
        "MX 10 aspmx.l.google.com.",
        r#"TXT "v=spf1 include:_spf.google.com ~all" "" "a \"b\" \\ \255""#,
        "SRV 1 2 5060 sip.example.com.",
        "CAA 128 issue \"pki.goog; a=b\"",
        "DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
        "DNSKEY 256 3 13 AQID",
        "RRSIG A 13 2 300 20330518033320 19700101000000 60485 example.com. AQID",
        "TYPE65280 \\# 2 01ff",
        "TYPE65280 \\# 0",
    ];
    for line in lines {
        let data = read(line).unwrap_or_else(|problem| panic!("{line}: {problem}"));
        assert_eq!(format!("{} {data}", data.record_type()), line);
    }
}

#[test]
fn names_without_a_dot_are_under_the_origin() {
    assert_eq!(read("MX 10 mail").unwrap().to_string(), "10 mail.example.com.");
    assert_eq!(read("NS @").unwrap().to_string(), "example.com.");
}

#[test]
fn without_an_origin_only_whole_names_are_taken() {
    for (text, is_whole) in [("a.b.", true), (".", true), ("a.b", false), ("@", false), (r"a\.", false)] {
        assert_eq!(whole_name(text).is_ok(), is_whole, "{text}");
    }
}

#[test]
fn digits_may_be_spread_over_words() {
    assert_eq!(read("DS 1 2 3 ( 2bb1\n 83 )").unwrap().to_string(), "1 2 3 2BB183");
    assert_eq!(read("DNSKEY 256 3 13 AQ ID").unwrap().to_string(), "256 3 13 AQID");
}

#[test]
fn data_of_a_known_type_may_be_given_as_bytes_but_must_be_such_data() {
    assert_eq!(read("A \\# 4 0a000001").unwrap().to_string(), "10.0.0.1");
    assert_eq!(read("NS \\# 3 016100").unwrap().to_string(), "a.");
    for line in ["A \\# 3 0a0000", "NS \\# 2 c000", "A \\# 4 0a00", "A \\# 4 0a00000", "A \\# 4 0a00000g"] {
        assert!(matches!(read(line), Err(ZoneProblem::FieldWrong { .. })), "{line}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |line: &str| read(line).unwrap_err().to_string();
    assert_eq!(wrong("A"), "the record ends where an IPv4 address should be");
    assert_eq!(wrong("A 1.2.3"), "\"1.2.3\" stands where an IPv4 address should be");
    assert_eq!(wrong("A 1.2.3.4 5"), "the record is over, and then comes \"5\"");
    assert_eq!(wrong("MX mail"), "\"mail\" stands where a preference should be");
    assert_eq!(wrong("MX 65536 mail"), "\"65536\" stands where a preference should be");
    assert!(wrong("NS a..b").contains("empty label"));
    assert!(wrong("HINFO a b").contains("\\# LENGTH HEX"));
    assert!(wrong("TXT \"\\300\"").contains("a string"));
    assert!(wrong(&format!("TXT {}", "x".repeat(256))).contains("255"));
    assert!(wrong("RRSIG A 1 1 1 20331318033320 0 1 a. AQID").contains("a moment"));
    assert!(wrong("DNSKEY 256 3 13 AQI").contains("base64"));
    assert!(matches!(read("TXT"), Err(ZoneProblem::FieldMissing { .. })));
}

#[test]
fn seconds_may_have_units_and_never_pass_thirty_one_bits() {
    for (text, value) in [
        ("0", 0),
        ("3600", 3600),
        ("1h", 3600),
        ("1H30m", 5400),
        ("1w1d1s", 691_201),
        ("2147483647", 0x7fff_ffff),
    ] {
        assert_eq!(seconds(text), Some(value), "{text}");
    }
    for text in ["", "h", "1x", "-1", "+1", "1hm", "2147483648", "99999999999999999999999", "9999999w", "1 h"]
    {
        assert_eq!(seconds(text), None, "{text}");
    }
}
