//! Credentials and challenges, there and back, and from peers that get them wrong.

use super::*;
use crate::base::random::Seeded;

fn parsed(value: &str) -> (String, String) {
    let basic = Basic::parse(value).unwrap();
    (basic.user, basic.password)
}

fn owned(user: &str, password: &str) -> (String, String) {
    (user.to_string(), password.to_string())
}

#[test]
fn the_userinfo_of_a_url_becomes_an_authorization_field() {
    let value = |userinfo: &str| Basic::from_userinfo(userinfo).map(|basic| basic.header_value());
    assert_eq!(value("u:p").unwrap(), "Basic dTpw");
    assert_eq!(value("u").unwrap(), "Basic dTo=");
    assert_eq!(value("u%40h:p%3A:q").unwrap(), Basic::new("u@h", "p::q").unwrap().header_value());
    assert_eq!(value("u%3Ax:p"), Err(AuthError::ColonInUser));
    assert_eq!(value("u:%0d%0a"), Err(AuthError::Control));
    assert_eq!(value("u:%ff"), Err(AuthError::BadUserinfo));
    assert_eq!(value("u:%zz"), Err(AuthError::BadUserinfo));
}

#[test]
fn the_examples_of_rfc_7617_are_written_and_read() {
    for (user, password, value) in [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123\u{a3}", "Basic dGVzdDoxMjPCow=="),
    ] {
        assert_eq!(Basic::new(user, password).unwrap().header_value(), value);
        assert_eq!(parsed(value), owned(user, password));
    }
}

#[test]
fn a_server_reads_credentials_and_the_first_colon_ends_the_name() {
    assert_eq!(parsed("basic dTpw"), owned("u", "p"));
    assert_eq!(parsed("BASIC   dTpw "), owned("u", "p"));
    assert_eq!(parsed(&format!("Basic {}", base64::encode(b"u:p:q"))), owned("u", "p:q"));
    assert_eq!(parsed(&format!("Basic {}", base64::encode(b":"))), owned("", ""));
}

#[test]
fn what_is_no_basic_credentials_is_refused() {
    let error = |value: &str| Basic::parse(value).unwrap_err();
    assert_eq!(error("Bearer abc"), AuthError::NotBasic("Bearer".to_string()));
    assert_eq!(error(""), AuthError::NotBasic(String::new()));
    assert_eq!(error("Basic\tdTpw"), AuthError::NotBasic("Basic\tdTpw".to_string()));
    assert_eq!(error("Basic"), AuthError::NoColon);
    assert!(matches!(error("Basic dTpw!"), AuthError::NotBase64(_)));
    assert!(matches!(error("Basic dT pw"), AuthError::NotBase64(_)));
    assert_eq!(error(&format!("Basic {}", base64::encode(b"up"))), AuthError::NoColon);
    assert_eq!(error(&format!("Basic {}", base64::encode(b"u:\xff"))), AuthError::NotUtf8);
    assert_eq!(error(&format!("Basic {}", base64::encode(b"u:p\n"))), AuthError::Control);
}

#[test]
fn user_and_password_must_both_be_right_and_neither_is_shown() {
    let basic = Basic::new("gopher", "secret").unwrap();
    assert!(basic.is("gopher", "secret"));
    for (user, password) in
        [("gopher", "secre"), ("gopher", "secrets"), ("Gopher", "secret"), ("", ""), ("gopher", "")]
    {
        assert!(!basic.is(user, password), "{user} {password}");
    }
    assert!(same_secret(b"", b"") && !same_secret(b"", b"\0"));
    assert_eq!(format!("{basic:?}"), "Basic \"gopher\":xxxxx");
}

#[test]
fn a_server_asks_with_a_realm_and_a_client_reads_it() {
    let challenge = Challenge::basic("the \"gophers\" \\ ä").unwrap();
    let text = challenge.to_string();
    assert_eq!(text, "Basic realm=\"the \\\"gophers\\\" \\\\ ä\", charset=\"UTF-8\"");
    assert_eq!(Challenge::parse_list(&text).unwrap(), [challenge]);
    assert!(matches!(Challenge::basic("a\r\nX: y"), Err(AuthError::BadRealm(_))));
}

#[test]
fn the_basic_challenge_is_found_among_others() {
    let text =
        ", Negotiate, NTLM YWJj==,Digest realm=\"a, Basic realm=b\" , nonce = x,,bAsIc Realm=\"c\",Foo a=1";
    let list = Challenge::parse_list(text).unwrap();
    let schemes: Vec<&str> = list.iter().map(|challenge| challenge.scheme.as_str()).collect();
    assert_eq!(schemes, ["Negotiate", "NTLM", "Digest", "bAsIc", "Foo"]);
    assert_eq!(list[1].token.as_deref(), Some("YWJj=="));
    assert_eq!(list[2].realm(), Some("a, Basic realm=b"));
    assert_eq!(list[2].parameter("nonce"), Some("x"));
    let basic = list.iter().find(|challenge| challenge.is_basic()).unwrap();
    assert_eq!(basic.realm(), Some("c"));
    assert_eq!(Challenge::parse_list(&list[1].to_string()).unwrap(), list[1..2]);
    assert_eq!(Challenge::parse_list(" ,").unwrap(), []);
}

#[test]
fn what_is_no_challenge_is_refused() {
    for text in [
        "=",
        "Basic realm=\"a",
        "Basic realm=\"a\" b",
        "Basic realm=\"a\\",
        "\"a\"",
        "Basic ä",
        "a b c",
        "Basic\tx",
    ] {
        assert!(matches!(Challenge::parse_list(text), Err(AuthError::BadChallenge(_))), "{text}");
    }
}

#[test]
fn damaged_challenges_never_panic_and_what_is_read_is_read_again_the_same() {
    let mut random = Seeded::new(7617);
    let pieces = ["Basic", " ", "realm", "=", "\"", "\\", ",", "a", "ä", "=="];
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.below(12) {
            text.push_str(pieces[random.below(pieces.len() as u64) as usize]);
        }
        let _ = Basic::parse(&text);
        for challenge in Challenge::parse_list(&text).unwrap_or_default() {
            assert_eq!(Challenge::parse_list(&challenge.to_string()), Ok(vec![challenge]), "{text}");
        }
    }
}
