//! Whole URLs: there and back, what is sent of them, and what is refused.

use super::*;
use crate::base::random::Seeded;

const FULL: &str =
    "http://user:pass%3Aword@example.com:8080/a/path%20and/more%2fless?key=va%20lue&x=y+z#frag%23ment";

#[test]
fn the_full_pattern_is_taken_apart_and_comes_back_as_it_went() {
    let url = Url::parse(FULL).unwrap();
    assert_eq!(url.scheme(), "http");
    assert_eq!(url.userinfo(), Some("user:pass%3Aword"));
    assert_eq!(url.host(), "example.com");
    assert_eq!(url.port(), Some(8080));
    assert_eq!(url.path(), "/a/path%20and/more%2fless");
    assert_eq!(url.decoded_path().unwrap(), "/a/path and/more/less");
    assert_eq!(url.query(), Some("key=va%20lue&x=y+z"));
    assert_eq!(url.fragment(), Some("frag%23ment"));
    assert_eq!(url.to_string(), FULL);
    assert_eq!(url.request_target(), "/a/path%20and/more%2fless?key=va%20lue&x=y+z");
    assert_eq!(url.host_header(), "example.com:8080");
    assert_eq!(url.target().pairs().first("key"), Some("va lue"));
}

#[test]
fn every_part_but_scheme_and_host_may_be_missing() {
    for mask in 0..64 {
        let part = |bit: u32, text: &'static str| if mask >> bit & 1 == 1 { text } else { "" };
        let text = format!(
            "x+y.z-1://{}{}{}{}{}{}",
            part(0, "u:p@"),
            if mask >> 1 & 1 == 1 { "[2001:db8::1]" } else { "h" },
            part(2, ":1"),
            part(3, "/p//q/../;a=b,c"),
            part(4, "?"),
            part(5, "#f?/"),
        );
        match Url::parse(&text) {
            Ok(url) => assert_eq!(url.to_string(), text),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn an_empty_path_is_sent_as_a_slash_and_a_fragment_is_not_sent() {
    for (text, target) in [
        ("http://h", "/"),
        ("http://h/", "/"),
        ("http://h?q", "/?q"),
        ("http://h#f", "/"),
        ("http://h/?#f", "/?"),
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!(url.request_target(), target, "{text}");
        assert_eq!(url.to_string(), text);
    }
}

#[test]
fn the_schemes_own_port_is_left_out_of_the_host_field_and_no_other() {
    for (text, host, port) in [
        ("http://h", "h", 80),
        ("http://h:80", "h", 80),
        ("http://h:443", "h:443", 443),
        ("https://h", "h", 443),
        ("HTTPS://H:443", "h", 443),
        ("https://[::1]:80", "[::1]:80", 80),
        ("http://[::1]:", "[::1]", 80),
        ("http://u:p@h:8080", "h:8080", 8080),
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!((url.host_header().as_str(), url.port_or_default()), (host, Some(port)), "{text}");
    }
    assert_eq!(Url::parse("gopher://h").unwrap().port_or_default(), None);
    assert_eq!(Url::parse("gopher://h:80").unwrap().host_header(), "h:80");
}

#[test]
fn equal_urls_are_equal_however_their_letters_are_written() {
    let same = |one: &str, two: &str| Url::parse(one).unwrap() == Url::parse(two).unwrap();
    assert!(same("HTTP://EXAMPLE.com:080/A", "http://example.COM:80/A"));
    assert!(same("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"));
    assert!(!same("http://h/A", "http://h/a"));
    let origin = |one: &str, two: &str| Url::parse(one).unwrap().same_origin(&Url::parse(two).unwrap());
    assert!(origin("http://u@h/a", "http://H:80/b?c"));
    assert!(!origin("http://h", "https://h"));
    assert!(!origin("http://h", "http://h:81"));
    assert!(!origin("http://h", "http://h."));
}

#[test]
fn links_are_followed_from_a_whole_url() {
    let base = Url::parse("http://u:p@h:8/a/b?q#f").unwrap();
    for (link, whole) in [
        ("c", "http://u:p@h:8/a/c"),
        ("?x", "http://u:p@h:8/a/b?x"),
        ("", "http://u:p@h:8/a/b?q"),
        ("//other/x", "http://other/x"),
        ("https://OTHER/./x/../y", "https://other/y"),
        ("/ä b".trim_end_matches(" b"), "http://u:p@h:8/%C3%A4"),
    ] {
        assert_eq!(base.join(link).unwrap().to_string(), whole, "{link}");
    }
    assert!(matches!(base.join("mailto:x"), Err(UrlError::NoHost(_))));
    assert!(matches!(base.join("http:c"), Err(UrlError::NoHost(_))));
    assert!(matches!(base.join("///c"), Err(UrlError::NoHost(_))));
    assert!(matches!(base.join("/a b"), Err(UrlError::Space(_))));
}

#[test]
fn parts_can_be_put_in_and_cannot_break_out() {
    let mut url = Url::parse("http://u:p@h/a?b#c").unwrap();
    assert_eq!(url.with_path("x/y?z#%20").unwrap().to_string(), "http://u:p@h/x/y%3Fz%23%20?b#c");
    assert_eq!(url.with_path(&percent::encode_path("/50% & ä")).unwrap().path(), "/50%25%20&%20%C3%A4");
    assert!(matches!(url.with_path("/a\r\n"), Err(UrlError::Control(_))));
    assert!(matches!(url.with_path("/50%"), Err(UrlError::BadEscape(_))));
    url.set_query(Some("k=v#w")).unwrap();
    assert_eq!(url.to_string(), "http://u:p@h/a?k=v%23w#c");
    assert!(url.set_query(Some("a b")).is_err());
    assert_eq!(url.query(), Some("k=v%23w"));
    url.set_query(None).unwrap();
    url.set_fragment(Some("a#b")).unwrap();
    assert_eq!(url.to_string(), "http://u:p@h/a#a%23b");
    url.set_fragment(None).unwrap();
    assert_eq!(url.without_userinfo().to_string(), "http://h/a");
}

#[test]
fn what_is_no_url_is_refused_with_the_reason() {
    type Check = fn(&UrlError) -> bool;
    let cases: [(&str, Check); 22] = [
        ("", |e| matches!(e, UrlError::NoScheme(_))),
        ("example.com/a", |e| matches!(e, UrlError::NoScheme(_))),
        ("//h/a", |e| matches!(e, UrlError::NoScheme(_))),
        ("/a?b:c", |e| matches!(e, UrlError::NoScheme(_))),
        ("://h", |e| matches!(e, UrlError::EmptyScheme(_))),
        ("1http://h", |e| matches!(e, UrlError::BadScheme(_))),
        (" http://h", |e| matches!(e, UrlError::BadScheme(_))),
        ("ht\ntp://h", |e| matches!(e, UrlError::BadScheme(_))),
        ("localhost:8080", |e| matches!(e, UrlError::NoHost(_))),
        ("http:/h", |e| matches!(e, UrlError::NoHost(_))),
        ("http:///a", |e| matches!(e, UrlError::NoHost(_))),
        ("http://?a", |e| matches!(e, UrlError::NoHost(_))),
        ("http://h:x/", |e| matches!(e, UrlError::BadPort(_))),
        ("http://h:65536/", |e| matches!(e, UrlError::BadPort(_))),
        ("http://a b/", |e| matches!(e, UrlError::BadHost(_))),
        ("http://good.example\\@evil.example/", |e| matches!(e, UrlError::BadUserinfo)),
        ("http://a@b@c/", |e| matches!(e, UrlError::BadUserinfo)),
        ("http://h/%", |e| matches!(e, UrlError::BadEscape(_))),
        ("http://h/#%zz", |e| matches!(e, UrlError::BadEscape(_))),
        ("http://h/a b", |e| matches!(e, UrlError::Space(_))),
        ("http://h/?a\u{7f}", |e| matches!(e, UrlError::Control(_))),
        ("http://h/\r\nHost: evil", |e| matches!(e, UrlError::Control(_))),
    ];
    for (text, is_expected) in cases {
        let error = Url::parse(text).expect_err(text);
        assert!(is_expected(&error), "{text:?}: {error:?}");
        assert!(!error.to_string().chars().any(char::is_control), "{text:?}: {error}");
    }
}

#[test]
fn no_error_and_no_debug_output_shows_a_password() {
    let mut shown = format!("{:?}", Url::parse("http://u:secret@h/a").unwrap());
    assert_eq!(shown, "http://u:xxxxx@h/a");
    for text in [
        "//u:secret@h",
        "http:/u:secret@h",
        "http://u:secret@",
        "http://u:secret@h h/",
        "http://u:secret@h:x",
    ] {
        shown += &Url::parse(text).unwrap_err().to_string();
    }
    for text in ["http://u:secret@h/ x", "http://u:secret %@h/", "://u:secret@h", "http://u:secret@h/%"] {
        shown += &format!("{:?}", Url::parse(text).unwrap_err());
    }
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn an_error_names_what_came() {
    let message = |text: &str| Url::parse(text).unwrap_err().to_string();
    assert_eq!(message("http://h:99999/"), "\"99999\" is no port; it is a number up to 65535");
    assert_eq!(message("http://h/a%2"), "\"%2\" is no escape: % and two hexadecimal digits");
    assert_eq!(message("/a"), "\"/a\" has no scheme; a URL begins like http://");
    assert!(message(&format!("http://{}!>", "a".repeat(9000))).len() < 200);
}

#[test]
fn damaged_urls_never_panic_and_what_is_read_is_read_again_the_same() {
    let mut random = Seeded::new(8);
    let pieces = [
        "http", ":", "//", "/", "?", "#", "@", "[", "]", "::1", "%", "%2e", "..", ".", "h", "ä", " ", "\n",
        "80", "&", "=", ";", "\\",
    ];
    for round in 0..20_000 {
        let mut text = if round % 2 == 0 { String::new() } else { "http://h".to_string() };
        for _ in 0..random.below(12) {
            text.push_str(pieces[random.below(pieces.len() as u64) as usize]);
        }
        let base = Url::parse("http://a/b/c?d").unwrap();
        for url in [Url::parse(&text), base.join(&text)].into_iter().flatten() {
            assert_eq!(Url::parse(&url.to_string()).as_ref(), Ok(&url), "{text}");
            assert!(Target::parse(&url.request_target()).is_ok(), "{text}");
            assert!(Authority::host_and_port(&url.host_header()).is_ok(), "{text}");
        }
    }
}
