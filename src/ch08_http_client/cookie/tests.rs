//! Cookies as servers write them, as clients read them, and what is refused on either side.

use super::*;
use crate::base::random::Seeded;

fn refused(cookie: &Cookie) -> CookieError {
    cookie.set_cookie_value().unwrap_err()
}

#[test]
fn a_cookie_with_every_attribute_is_written_and_read_again() {
    let cookie = Cookie {
        path: Some("/docs".to_string()),
        domain: Some("example.com".to_string()),
        expires: Some(Timestamp::date(2009, 1, 23).unwrap().at(1, 23, 23).unwrap()),
        max_age: Some(3600),
        secure: true,
        http_only: true,
        same_site: Some(SameSite::Lax),
        ..Cookie::new("id", "a3fWa")
    };
    let text = cookie.set_cookie_value().unwrap();
    assert_eq!(
        text,
        "id=a3fWa; Path=/docs; Domain=example.com; Expires=Fri, 23 Jan 2009 01:23:23 GMT; Max-Age=3600; HttpOnly; \
         Secure; SameSite=Lax"
    );
    assert_eq!(Cookie::parse(&text), Ok(cookie));
}

#[test]
fn a_server_writes_no_cookie_that_would_be_read_otherwise() {
    for name in ["", "a b", "a=b", "a;b", "a\r\nX: y", "ä", "a\"", "a,b", "(a)"] {
        assert_eq!(refused(&Cookie::new(name, "v")), CookieError::BadName(name.to_string()));
    }
    for value in ["a b", "a;b", "a,b", "a\"b", "\"a", "\"", "a\\b", "a\r\nX: y", "ä", "\"a b\""] {
        assert_eq!(refused(&Cookie::new("n", value)), CookieError::BadValue("n".to_string()), "{value}");
    }
    for value in ["", "\"\"", "\"abc\"", "a=b==", "!#$%&'()*+-./:<=>?@[]^_`{|}~"] {
        assert_eq!(Cookie::new("n", value).set_cookie_value().unwrap(), format!("n={value}"));
    }
    for path in ["", "a", "/a;b", "/a\r\n", "/ä", "/a "] {
        let cookie = Cookie { path: Some(path.to_string()), ..Cookie::new("n", "v") };
        assert_eq!(refused(&cookie), CookieError::BadAttribute(path.to_string()));
    }
    for domain in ["", ".example.com", "a..b", "a;b", "a b", "a.", "ä.de"] {
        let cookie = Cookie { domain: Some(domain.to_string()), ..Cookie::new("n", "v") };
        assert_eq!(refused(&cookie), CookieError::BadAttribute(domain.to_string()));
    }
    let long = Cookie::new("n", "v".repeat(MAX_COOKIE_BYTES));
    assert_eq!(refused(&long), CookieError::TooLong(MAX_COOKIE_BYTES + 1));
}

#[test]
fn a_prefix_of_the_name_promises_attributes() {
    let whole = Cookie { secure: true, path: Some("/".to_string()), ..Cookie::new("__Host-id", "v") };
    assert!(whole.set_cookie_value().is_ok());
    for broken in [
        Cookie { secure: false, ..whole.clone() },
        Cookie { path: None, ..whole.clone() },
        Cookie { path: Some("/a".to_string()), ..whole.clone() },
        Cookie { domain: Some("example.com".to_string()), ..whole.clone() },
        Cookie::new("__Secure-id", "v"),
        Cookie::new("__SECURE-id", "v"),
    ] {
        assert_eq!(refused(&broken), CookieError::BrokenPromise(broken.name.clone()));
    }
    assert!(Cookie { secure: true, ..Cookie::new("__Secure-id", "v") }.keeps_its_promise());
    assert!(!Cookie { secure: true, ..Cookie::new("", "__Secure-id=v") }.keeps_its_promise());
    assert!(Cookie::new("__Secur", "v").keeps_its_promise());
    assert!(Cookie::new("__Host_ä", "v").keeps_its_promise());
}

#[test]
fn a_client_reads_what_no_server_should_write() {
    let pair = |text: &str| Cookie::parse(text).map(|cookie| (cookie.name, cookie.value)).unwrap();
    let owned = |name: &str, value: &str| (name.to_string(), value.to_string());
    assert_eq!(pair("a=b"), owned("a", "b"));
    assert_eq!(pair(" a \t= b c ;x"), owned("a", "b c"));
    assert_eq!(pair("a==b="), owned("a", "=b="));
    assert_eq!(pair("a=\"b, c\""), owned("a", "\"b, c\""));
    assert_eq!(pair("lonely"), owned("", "lonely"));
    assert_eq!(pair("=b"), owned("", "b"));
    assert_eq!(pair("a="), owned("a", ""));
    assert_eq!(pair("ä=ö; secure"), owned("ä", "ö"));
    assert_eq!(pair("a=b\tc"), owned("a", "b\tc"));
}

#[test]
fn what_is_no_cookie_at_all_is_refused() {
    for text in ["", ";", "=", " = ; Path=/", "  ;Secure"] {
        assert_eq!(Cookie::parse(text), Err(CookieError::Empty), "{text:?}");
    }
    for text in ["a=b\0", "a=b\r\nX: y", "a=b; Path=/\u{7f}", "\u{1}", "a\n=b"] {
        assert_eq!(Cookie::parse(text), Err(CookieError::Control), "{text:?}");
    }
    let most = format!("n={}", "v".repeat(MAX_COOKIE_BYTES - 1));
    assert!(Cookie::parse(&most).is_ok());
    assert_eq!(Cookie::parse(&(most + "v")), Err(CookieError::TooLong(MAX_COOKIE_BYTES + 1)));
}

#[test]
fn attributes_are_read_in_any_letters_and_the_last_one_counts() {
    let cookie =
        Cookie::parse("a=b; PATH=/x; path=/y;SECURE ; httponly=no; sameSITE=strict; Unknown=1").unwrap();
    assert_eq!(cookie.path.as_deref(), Some("/y"));
    assert!(cookie.secure && cookie.http_only);
    assert_eq!(cookie.same_site, Some(SameSite::Strict));
    let cookie =
        Cookie::parse("a=b; Path=/x; Path=y; SameSite=Lax; SameSite=what; Domain=.A.Example; Domain=")
            .unwrap();
    assert_eq!((cookie.path, cookie.same_site, cookie.domain), (None, None, None));
    let cookie = Cookie::parse("a=b; Domain=.Sub.EXAMPLE.com").unwrap();
    assert_eq!(cookie.domain.as_deref(), Some("sub.example.com"));
    let long = format!("a=b; Path=/x; Path=/{}", "y".repeat(MAX_ATTRIBUTE_BYTES));
    assert_eq!(Cookie::parse(&long).unwrap().path.as_deref(), Some("/x"));
}

#[test]
fn a_max_age_is_digits_and_never_overflows() {
    let age = |text: &str| Cookie::parse(&format!("a=b; Max-Age={text}")).unwrap().max_age;
    assert_eq!(age("3600"), Some(3600));
    assert_eq!(age("-5"), Some(-5));
    assert_eq!(age("0"), Some(0));
    assert_eq!(age("000000000000000000000001"), Some(1));
    assert_eq!(age("99999999999999999999999"), Some(i64::MAX));
    assert_eq!(age("-99999999999999999999999"), Some(-i64::MAX));
    for text in ["", "-", "+5", "1.5", "5s", "--5", "0x10", "٣"] {
        assert_eq!(age(text), None, "{text}");
    }
    let cookie = Cookie::parse("a=b; Max-Age=5; Max-Age=x; Expires=never").unwrap();
    assert_eq!((cookie.max_age, cookie.expires), (Some(5), None));
}

#[test]
fn a_server_reads_the_pairs_of_a_cookie_field() {
    let pairs = parse_cookie_header("a=1; b=\"two\";c==3;; lonely ; a=4; =");
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("a", "1"), ("b", "\"two\""), ("c", "=3"), ("", "lonely"), ("a", "4")]);
    assert!(parse_cookie_header("").is_empty());
}

#[test]
fn an_error_names_the_cookie_and_not_its_value() {
    let error = refused(&Cookie::new("session", "top secret")).to_string();
    assert_eq!(error, "the value of cookie \"session\" has a forbidden character");
    let error = CookieError::ForeignDomain { domain: "b.com\n".to_string(), host: "a.com".to_string() };
    assert_eq!(
        error.to_string(),
        "host \"a.com\" set a cookie for \"b.com\\n\", to which it does not belong"
    );
}

#[test]
fn damaged_fields_never_panic_and_what_is_written_is_read_again() {
    let mut random = Seeded::new(6265);
    let pieces = [
        "a",
        "=",
        ";",
        " ",
        "Path",
        "/",
        "Max-Age",
        "-",
        "99",
        "Expires",
        "1 Jan 70 0:0:0",
        ":",
        "Domain",
        ".",
        "__Host-",
        "Secure",
        "ä",
        "\"",
        "\t",
        ",",
    ];
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.below(16) {
            text.push_str(pieces[random.below(pieces.len() as u64) as usize]);
        }
        parse_cookie_date(&text);
        parse_cookie_header(&text);
        let Ok(cookie) = Cookie::parse(&text) else { continue };
        if let Ok(written) = cookie.set_cookie_value() {
            let read = Cookie::parse(&written).unwrap();
            // A negative age and none at all are the same: it has ended.
            let max_age = cookie.max_age.map(|seconds| seconds.max(0));
            assert_eq!(read, Cookie { max_age, ..cookie }, "{text}");
        }
    }
}
