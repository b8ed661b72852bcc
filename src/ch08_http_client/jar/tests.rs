//! What a jar keeps, for whom, how long, and in which order; and how servers try to get more.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// Seconds on a clock that the tests move.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_000_000_000 + seconds, 0)
}

/// Sets what must be kept.
fn set(jar: &Jar, from: &str, values: &[&str]) {
    assert_eq!(jar.set_from(&url(from), values, at(0)), []);
}

/// Sets one cookie that must not be kept.
fn refused(jar: &Jar, from: &str, value: &str) -> CookieError {
    let mut errors = jar.set_from(&url(from), &[value], at(0));
    assert_eq!(errors.len(), 1, "{value} from {from}");
    errors.remove(0)
}

fn header(jar: &Jar, to: &str) -> String {
    header_at(jar, to, 0)
}

fn header_at(jar: &Jar, to: &str, seconds: i64) -> String {
    jar.cookie_header(&url(to), at(seconds)).unwrap_or_default()
}

#[test]
fn a_cookie_without_attributes_goes_back_to_its_host_and_folder_only() {
    let jar = Jar::new();
    set(&jar, "http://shop.example.com/cart/add?x", &["id=1"]);
    assert_eq!(header(&jar, "http://shop.example.com/cart"), "id=1");
    assert_eq!(header(&jar, "http://SHOP.example.com:8080/cart/pay#f"), "id=1");
    assert_eq!(header(&jar, "http://shop.example.com./cart"), "id=1");
    assert_eq!(header(&jar, "https://shop.example.com/cart"), "id=1");
    assert_eq!(jar.cookie_header(&url("http://shop.example.com/"), at(0)), None);
    assert_eq!(header(&jar, "http://shop.example.com/cart2"), "");
    assert_eq!(header(&jar, "http://example.com/cart"), "");
    assert_eq!(header(&jar, "http://a.shop.example.com/cart"), "");
}

#[test]
fn a_cookie_with_a_domain_goes_to_all_its_hosts() {
    let jar = Jar::new();
    set(&jar, "http://shop.example.com", &["a=1; Domain=example.com", "b=2; Domain=.Shop.Example.com"]);
    assert_eq!(header(&jar, "http://shop.example.com"), "a=1; b=2");
    assert_eq!(header(&jar, "http://example.com"), "a=1");
    assert_eq!(header(&jar, "http://x.y.example.com"), "a=1");
    assert_eq!(header(&jar, "http://badexample.com"), "");
}

#[test]
fn nobody_sets_cookies_for_others_or_for_strangers() {
    let jar = Jar::new();
    for domain in ["other.com", "a.example.com", "ample.com", "example.com.", "com.example"] {
        let error = refused(&jar, "http://example.com", &format!("a=1; Domain={domain}"));
        assert!(matches!(error, CookieError::ForeignDomain { .. }), "{domain}: {error:?}");
    }
    assert_eq!(
        refused(&jar, "http://x.co.uk", "a=1; Domain=co.uk"),
        CookieError::PublicSuffix("co.uk".into())
    );
    assert_eq!(
        refused(&jar, "http://example.com", "a=1; Domain=.com"),
        CookieError::PublicSuffix("com".into())
    );
    assert!(matches!(refused(&jar, "http://1.2.3.4", "a=1; Domain=3.4"), CookieError::ForeignDomain { .. }));
    assert!(jar.is_empty());

    let jar = Jar::with_suffixes(|domain| domain == "example.com");
    assert_eq!(
        refused(&jar, "http://a.example.com", "a=1; Domain=example.com"),
        CookieError::PublicSuffix("example.com".into())
    );
}

#[test]
fn addresses_and_localhost_keep_their_cookies_to_themselves() {
    for host in ["127.0.0.1", "[::1]", "localhost", "github.io"] {
        let jar = Jar::new();
        let domain = host.trim_matches(['[', ']']);
        set(&jar, &format!("http://{host}:8080/"), &["a=1", &format!("b=2; Domain={domain}")]);
        assert_eq!(header(&jar, &format!("http://{host}/")), "a=1; b=2", "{host}");
        if !host.starts_with('[') {
            assert_eq!(header(&jar, &format!("http://x.{host}/")), "", "{host}");
        }
    }
}

#[test]
fn the_longest_path_comes_first_and_then_what_was_created_first() {
    let jar = Jar::new();
    set(
        &jar,
        "http://h.example/a/b/c",
        &["one=1; Path=/", "two=2; Path=/a/b", "three=3; Path=/a", "four=4; Path=/"],
    );
    assert_eq!(header(&jar, "http://h.example/a/b"), "two=2; three=3; one=1; four=4");
    // Setting it again changes the value and not the place.
    set(&jar, "http://h.example/", &["one=9", "two=0"]);
    assert_eq!(header(&jar, "http://h.example/a/b"), "two=2; three=3; one=9; four=4; two=0");
    assert_eq!(jar.len(), 5);
}

#[test]
fn cookies_end_when_they_said_they_would() {
    let jar = Jar::new();
    let values = [
        "session=1",
        "minute=2; Max-Age=60",
        "expires=3; Expires=Sun, 09 Sep 2001 01:46:50 GMT",
        "both=4; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "old=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "none=6; Max-Age=0",
        "long=7; Max-Age=99999999999999999999",
    ];
    set(&jar, "http://h.example/", &values);
    assert_eq!(header(&jar, "http://h.example/"), "session=1; minute=2; expires=3; both=4; long=7");
    assert_eq!(header_at(&jar, "http://h.example/", 9), "session=1; minute=2; expires=3; both=4; long=7");
    assert_eq!(header_at(&jar, "http://h.example/", 10), "session=1; minute=2; both=4; long=7");
    assert_eq!(header_at(&jar, "http://h.example/", 60), "session=1; long=7");
    assert_eq!(header_at(&jar, "http://h.example/", LONGEST_SECONDS - 1), "session=1; long=7");
    assert_eq!(header_at(&jar, "http://h.example/", LONGEST_SECONDS), "session=1");
    assert_eq!(jar.len(), 1);
}

#[test]
fn a_cookie_that_has_ended_takes_its_predecessor_away() {
    let jar = Jar::new();
    set(&jar, "http://h.example/", &["a=1; Path=/", "b=2"]);
    set(&jar, "http://h.example/", &["a=; Path=/; Max-Age=0"]);
    assert_eq!(header(&jar, "http://h.example/"), "b=2");
    // Another path is another cookie.
    set(&jar, "http://h.example/x/y", &["b=; Max-Age=-1"]);
    assert_eq!(header(&jar, "http://h.example/"), "b=2");
}

#[test]
fn secure_cookies_come_and_go_over_https_only_and_nobody_hides_them() {
    let jar = Jar::new();
    assert_eq!(refused(&jar, "http://127.0.0.1/", "a=1; Secure"), CookieError::NotSecure("a".into()));
    set(&jar, "https://www.example.com/app/", &["id=1; Secure; Domain=example.com; Path=/app"]);
    assert_eq!(header(&jar, "http://www.example.com/app"), "");
    assert_eq!(header(&jar, "https://www.example.com/app"), "id=1");
    for (from, value) in [
        ("http://www.example.com/", "id=evil; Path=/app"),
        ("http://www.example.com/", "id=evil; Path=/app/deeper"),
        ("http://other.example.com/", "id=evil; Domain=example.com; Path=/app"),
        ("http://www.example.com/", "id=; Domain=example.com; Path=/app; Max-Age=0"),
    ] {
        assert_eq!(refused(&jar, from, value), CookieError::HidesSecure("id".into()), "{value}");
    }
    set(&jar, "http://www.example.com/", &["id=open; Path=/"]);
    assert_eq!(header(&jar, "https://www.example.com/app"), "id=1; id=open");
    set(&jar, "https://www.example.com/", &["id=; Secure; Domain=example.com; Path=/app; Max-Age=0"]);
    assert_eq!(header(&jar, "https://www.example.com/app"), "id=open");
}

#[test]
fn names_with_a_promise_are_kept_only_with_what_they_promise() {
    let jar = Jar::new();
    let from = "https://www.example.com/";
    for value in [
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure",
        "__Host-a=1; Secure; Path=/; Domain=www.example.com",
        "__Secure-a=1",
        "__secure-a=1",
        "=__Host-a=1; Secure",
    ] {
        assert!(matches!(refused(&jar, from, value), CookieError::BrokenPromise(_)), "{value}");
    }
    set(&jar, from, &["__Host-a=1; Secure; Path=/", "__Secure-b=2; Secure; Domain=example.com"]);
    assert_eq!(header(&jar, from), "__Host-a=1; __Secure-b=2");
}

#[test]
fn one_domain_cannot_push_out_the_others() {
    let jar = Jar::new();
    set(&jar, "http://good.example/", &["keep=1"]);
    set(&jar, "https://flood.example/", &["secure=1; Secure"]);
    for number in 0..MOST_PER_DOMAIN {
        set(&jar, "http://flood.example/", &[&format!("n{number}=x")]);
        // What is used stays longer.
        assert!(header(&jar, "https://flood.example/").contains("secure=1"));
    }
    assert_eq!(jar.len(), MOST_PER_DOMAIN + 1);
    assert_eq!(header(&jar, "http://good.example/"), "keep=1");
    assert!(header(&jar, "https://flood.example/").starts_with("secure=1; n1=x; n2=x"));
}

#[test]
fn the_jar_has_an_end_and_what_was_used_last_stays() {
    let jar = Jar::new();
    set(&jar, "http://first.example/", &["a=1"]);
    set(&jar, "http://second.example/", &["b=2"]);
    assert_eq!(header(&jar, "http://first.example/"), "a=1");
    for host in 0..MOST_IN_ALL / MOST_PER_DOMAIN {
        let values: Vec<String> = (0..MOST_PER_DOMAIN).map(|number| format!("n{number}=x")).collect();
        let values: Vec<&str> =
            values.iter().map(String::as_str).take(MOST_PER_DOMAIN - usize::from(host == 0)).collect();
        set(&jar, &format!("http://h{host}.example/"), &values);
    }
    assert_eq!(jar.len(), MOST_IN_ALL);
    assert_eq!(header(&jar, "http://first.example/"), "a=1");
    assert_eq!(header(&jar, "http://second.example/"), "");
}

#[test]
fn one_bad_cookie_does_not_spoil_the_others() {
    let jar = Jar::new();
    let errors =
        jar.set_from(&url("http://h.example/"), &["a=1", "b=\r\nX: y", "", "c=3", "nameless"], at(0));
    assert_eq!(errors, [CookieError::Control, CookieError::Empty]);
    assert_eq!(header(&jar, "http://h.example/"), "a=1; c=3; nameless");
    assert_eq!(format!("{jar:?}"), "Jar(3 cookies)");
    jar.clear();
    assert!(jar.is_empty());
}

#[test]
fn threads_share_a_jar() {
    let jar = Jar::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let jar = &jar;
            scope.spawn(move || {
                set(jar, &format!("http://h{number}.example/"), &["a=1"]);
                assert_eq!(header(jar, &format!("http://h{number}.example/")), "a=1");
            });
        }
    });
    assert_eq!(jar.len(), 8);
}
