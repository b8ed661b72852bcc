//! Limits, escapes, case, order.

use std::collections::HashSet;

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn the_book_s_long_example_has_its_parents() {
    let mut current = name("sub3.sub2.sub1.domain.com");
    let mut seen = vec![current.to_string()];
    while let Some(parent) = current.parent() {
        assert!(current.is_subdomain_of(&parent));
        assert!(!parent.is_subdomain_of(&current));
        seen.push(parent.to_string());
        current = parent;
    }
    assert_eq!(
        seen,
        [
            "sub3.sub2.sub1.domain.com.",
            "sub2.sub1.domain.com.",
            "sub1.domain.com.",
            "domain.com.",
            "com.",
            "."
        ]
    );
}

#[test]
fn the_last_dot_may_be_left_out_and_is_always_written() {
    assert_eq!(name("google.com"), name("google.com."));
    assert_eq!(name("google.com").to_string(), "google.com.");
    assert_eq!(name(".").to_string(), ".");
    assert_eq!(name("google.com").as_wire(), b"\x06google\x03com\x00");
}

#[test]
fn a_label_has_at_most_63_bytes() {
    assert_eq!(name(&"a".repeat(63)).label_count(), 1);
    assert_eq!("a".repeat(64).parse::<Name>(), Err(NameError::LabelTooLong { length: 64 }));
}

#[test]
fn a_name_has_at_most_255_bytes_with_lengths_and_root() {
    let three = format!("{0}.{0}.{0}", "a".repeat(63));
    let longest = format!("{three}.{}", "b".repeat(61));
    assert_eq!(name(&longest).as_wire().len(), 255);
    assert_eq!(format!("{three}.{}", "b".repeat(62)).parse::<Name>(), Err(NameError::NameTooLong));
    assert_eq!(name(&"a.".repeat(127)).label_count(), 127);
    assert_eq!("a.".repeat(128).parse::<Name>(), Err(NameError::NameTooLong));
    assert_eq!(name(&longest).child(b"c"), Err(NameError::NameTooLong));
}

#[test]
fn no_label_is_empty_but_the_root() {
    for text in ["", "..", ".com", "a..b", "a.."] {
        assert_eq!(text.parse::<Name>(), Err(NameError::EmptyLabel(text.to_string())), "{text:?}");
    }
}

#[test]
fn escapes_stand_for_what_would_mean_something_else() {
    let odd = name(r"a\.b\\c\032\000\255.com");
    assert_eq!(odd.labels().next(), Some(&b"a.b\\c \x00\xff"[..]));
    assert_eq!(odd.label_count(), 2);
    assert_eq!(odd.to_string(), r"a\.b\\c\032\000\255.com.");
    assert_eq!(name(r"\@\;\(\)\$").to_string(), r"\@\;\(\)\$.");
    for text in ["a\\", "a\\25", "a\\256", "a\\2x5"] {
        assert_eq!(text.parse::<Name>(), Err(NameError::BadEscape(text.to_string())), "{text:?}");
    }
}

#[test]
fn every_byte_in_a_label_comes_back_from_its_text() {
    for byte in 0..=255u8 {
        let one = Name::from_labels([[b'x', byte]]).unwrap();
        assert_eq!(name(&one.to_string()).as_wire(), one.as_wire(), "{byte}");
    }
}

#[test]
fn case_is_kept_and_does_not_count() {
    let (one, two) = (name("Google.COM"), name("google.com"));
    assert_eq!(one, two);
    assert_eq!(one.to_string(), "Google.COM.");
    assert_eq!(one.to_lowercase().to_string(), "google.com.");
    assert!(HashSet::from([one]).contains(&two));
    // Only ASCII letters have case: [ and { differ in the same bit as A and a.
    assert_ne!(name("["), name("{"));
}

#[test]
fn a_dot_inside_a_label_is_no_border() {
    assert_ne!(name(r"a\.b"), name("a.b"));
    assert!(!name(r"www\.example.com").is_subdomain_of(&name("example.com")));
    // On the wire, 01 61 in one label looks like the label "a".
    assert_ne!(Name::from_labels([&b"x\x01a"[..]]).unwrap(), name("x.a"));
}

#[test]
fn below_means_whole_labels() {
    assert!(name("maps.google.com").is_subdomain_of(&name("GOOGLE.com")));
    assert!(name("google.com").is_subdomain_of(&name("google.com")));
    assert!(name("google.com").is_subdomain_of(&Name::root()));
    assert!(!name("notgoogle.com").is_subdomain_of(&name("google.com")));
    assert!(!name("com").is_subdomain_of(&name("google.com")));
}

#[test]
fn relative_names_go_under_the_origin() {
    let origin = name("google.com");
    assert_eq!(Name::relative_to("@", &origin), Ok(origin.clone()));
    assert_eq!(Name::relative_to("ns1", &origin), Ok(name("ns1.google.com")));
    assert_eq!(Name::relative_to("ns1.", &origin), Ok(name("ns1")));
    assert_eq!(Name::relative_to(r"ns1\.", &origin), Ok(name(r"ns1\..google.com")));
    assert_eq!(Name::relative_to(".", &origin), Ok(Name::root()));
    assert!(Name::relative_to(&"a.".repeat(126), &origin).is_ok());
    assert_eq!(Name::relative_to(&format!("{}a", "a.".repeat(126)), &origin), Err(NameError::NameTooLong));
}

#[test]
fn the_order_is_the_one_of_rfc_4034() {
    // Its example, §6.1.
    let order = [
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        r"\001.z.example.",
        "*.z.example.",
        r"\200.z.example.",
    ];
    let mut names: Vec<Name> = order.iter().rev().map(|text| name(text)).collect();
    names.sort();
    assert_eq!(names, order.map(name));
}
