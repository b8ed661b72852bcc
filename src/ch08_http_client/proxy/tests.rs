//! Which proxy a request goes through, and which it does not.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn from(variables: &[(&str, &str)]) -> Proxies {
    Proxies::from_variables(|name| {
        variables.iter().find(|variable| variable.0 == name).map(|variable| variable.1.to_string())
    })
}

/// Where a request to the URL goes first.
fn via(proxies: &Proxies, text: &str) -> String {
    proxies.for_url(&url(text)).unwrap().map_or("directly".to_string(), |proxy| proxy.at.authority())
}

fn bad(proxies: &Proxies, text: &str) -> (String, String) {
    match proxies.for_url(&url(text)) {
        Err(HttpError::BadProxy { setting, why }) => (setting, why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_scheme_has_its_variable_and_capital_letters_come_first() {
    let proxies =
        from(&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "b:2"), ("https_proxy", "http://c/path")]);
    assert_eq!(via(&proxies, "http://example.com/"), "a:1");
    assert_eq!(via(&proxies, "https://example.com/"), "c:80");
    assert_eq!(via(&proxies, "ftp://example.com/"), "directly");
    let proxies = from(&[("HTTP_PROXY", ""), ("http_proxy", "[::1]:2"), ("ALL_PROXY", "http://d")]);
    assert_eq!(via(&proxies, "http://example.com/"), "[::1]:2");
    assert_eq!(via(&proxies, "https://example.com/"), "directly");
    assert_eq!(via(&Proxies::none(), "http://example.com/"), "directly");
}

#[cfg(not(windows))]
#[test]
fn a_cgi_program_does_not_take_a_strangers_field_for_its_proxy() {
    let proxies = from(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil"), ("https_proxy", "b:1")]);
    assert_eq!(via(&proxies, "http://example.com/"), "directly");
    assert_eq!(via(&proxies, "https://example.com/"), "b:1");
    let proxies = from(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil"), ("http_proxy", "good:1")]);
    assert_eq!(via(&proxies, "http://example.com/"), "good:1");
}

#[test]
fn this_machine_is_asked_directly_unless_the_proxy_is_fixed() {
    let environment = from(&[("HTTP_PROXY", "http://a:1"), ("NO_PROXY", "example.org")]);
    let fixed = Proxies::fixed(&url("http://a:1")).unwrap();
    for local in
        ["http://localhost:8080/", "http://127.9.9.9/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"]
    {
        assert_eq!(via(&environment, local), "directly", "{local}");
        assert_eq!(via(&fixed, local), "a:1", "{local}");
        assert_eq!(via(&environment.clone().except(""), local), "directly", "{local}");
        assert_eq!(via(&fixed.clone().except("*"), local), "directly", "{local}");
    }
    assert_eq!(via(&environment, "http://www.example.org/"), "directly");
    assert_eq!(via(&environment.except(""), "http://www.example.org/"), "a:1");
}

#[test]
fn the_user_of_the_proxy_becomes_credentials_that_nobody_prints() {
    let proxy = Proxy::from_url(&url("http://u:p%40ss@a:1")).unwrap();
    assert_eq!(proxy.authorization.as_deref(), Some("Basic dTpwQHNz"));
    assert_eq!(format!("{proxy:?}"), "http://a:1, with credentials");
    assert_eq!(Proxy::from_url(&url("http://a:1")).unwrap().authorization, None);
}

#[test]
fn tunnelling_is_asked_for() {
    let proxies = Proxies::fixed(&url("http://a:1")).unwrap();
    let tunnel = |proxies: &Proxies| proxies.for_url(&url("http://x/")).unwrap().unwrap().tunnel;
    assert!(!tunnel(&proxies));
    assert!(tunnel(&proxies.clone().tunnelling(true)));
    assert!(!tunnel(&proxies.tunnelling(true).tunnelling(false)));
}

#[test]
fn a_bad_setting_is_an_error_of_the_requests_that_need_it_and_shows_no_password() {
    let proxies = from(&[("HTTP_PROXY", "socks5://u:secret@a:1"), ("NO_PROXY", "example.org")]);
    let (setting, why) = bad(&proxies, "http://example.com/");
    assert_eq!(setting, "socks5://u:xxxxx@a:1");
    assert_eq!(why, "only proxies of http:// are taken, and this is one of socks5://");
    assert_eq!(via(&proxies, "http://example.org/"), "directly");
    assert_eq!(via(&proxies, "https://example.com/"), "directly");
    for text in ["https://u:secret@a:1", "http://u:se cret@", "u:secret@a:99999", "http://u:sec%0aret@a:1"] {
        let (setting, why) = bad(&from(&[("HTTP_PROXY", text)]), "http://example.com/");
        assert!(!setting.contains("cret") && !why.contains("cret"), "{setting}: {why}");
    }
    assert!(matches!(Proxies::fixed(&url("https://a:1")), Err(HttpError::BadProxy { .. })));
}
