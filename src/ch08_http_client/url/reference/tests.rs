//! Every example of RFC 3986, 5.4, and references that are meant badly.

use super::*;

const BASE: &str = "http://a/b/c/d;p?q";

/// RFC 3986, 5.4.1.
const NORMAL: [(&str, &str); 23] = [
    ("g:h", "g:h"),
    ("g", "http://a/b/c/g"),
    ("./g", "http://a/b/c/g"),
    ("g/", "http://a/b/c/g/"),
    ("/g", "http://a/g"),
    ("//g", "http://g"),
    ("?y", "http://a/b/c/d;p?y"),
    ("g?y", "http://a/b/c/g?y"),
    ("#s", "http://a/b/c/d;p?q#s"),
    ("g#s", "http://a/b/c/g#s"),
    ("g?y#s", "http://a/b/c/g?y#s"),
    (";x", "http://a/b/c/;x"),
    ("g;x", "http://a/b/c/g;x"),
    ("g;x?y#s", "http://a/b/c/g;x?y#s"),
    ("", "http://a/b/c/d;p?q"),
    (".", "http://a/b/c/"),
    ("./", "http://a/b/c/"),
    ("..", "http://a/b/"),
    ("../", "http://a/b/"),
    ("../g", "http://a/b/g"),
    ("../..", "http://a/"),
    ("../../", "http://a/"),
    ("../../g", "http://a/g"),
];

/// RFC 3986, 5.4.2, with `http:g` as a strict parser has it.
const ABNORMAL: [(&str, &str); 19] = [
    ("../../../g", "http://a/g"),
    ("../../../../g", "http://a/g"),
    ("/./g", "http://a/g"),
    ("/../g", "http://a/g"),
    ("g.", "http://a/b/c/g."),
    (".g", "http://a/b/c/.g"),
    ("g..", "http://a/b/c/g.."),
    ("..g", "http://a/b/c/..g"),
    ("./../g", "http://a/b/g"),
    ("./g/.", "http://a/b/c/g/"),
    ("g/./h", "http://a/b/c/g/h"),
    ("g/../h", "http://a/b/c/h"),
    ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
    ("g;x=1/../y", "http://a/b/c/y"),
    ("g?y/./x", "http://a/b/c/g?y/./x"),
    ("g?y/../x", "http://a/b/c/g?y/../x"),
    ("g#s/./x", "http://a/b/c/g#s/./x"),
    ("g#s/../x", "http://a/b/c/g#s/../x"),
    ("http:g", "http:g"),
];

#[test]
fn the_normal_examples_of_rfc_3986() {
    for (reference, whole) in NORMAL {
        assert_eq!(resolve(BASE, reference).unwrap(), whole, "{reference:?}");
    }
}

#[test]
fn the_abnormal_examples_of_rfc_3986() {
    for (reference, whole) in ABNORMAL {
        assert_eq!(resolve(BASE, reference).unwrap(), whole, "{reference:?}");
    }
}

#[test]
fn a_base_without_a_path_gets_a_slash_and_its_fragment_is_forgotten() {
    assert_eq!(resolve("http://a", "g").unwrap(), "http://a/g");
    assert_eq!(resolve("http://a?q", "../g").unwrap(), "http://a/g");
    assert_eq!(resolve("http://a?q#f", "").unwrap(), "http://a?q");
    assert_eq!(resolve("http://a/b#f", "?y").unwrap(), "http://a/b?y");
    assert_eq!(resolve("http://u:p@a:8/b/", "c?").unwrap(), "http://u:p@a:8/b/c?");
    assert_eq!(resolve("http://a/b//c", "d").unwrap(), "http://a/b//d");
    assert_eq!(resolve("http://a/b//c", "../d").unwrap(), "http://a/b/d");
}

#[test]
fn a_uri_needs_no_host_and_a_path_does_not_become_one() {
    let mail = Reference::split("mailto:gopher@example.com?subject=x").unwrap();
    assert_eq!((mail.scheme, mail.authority, mail.path), (Some("mailto"), None, "gopher@example.com"));
    assert_eq!(mail.query, Some("subject=x"));
    assert_eq!(resolve("urn:a:b", "#c").unwrap(), "urn:a:b#c");
    assert_eq!(resolve("urn:a", "b").unwrap(), "urn:b");
    assert_eq!(resolve("x:/a", "/.//evil").unwrap(), "x:/.//evil");
    assert_eq!(resolve("http://a/b", "/.//evil").unwrap(), "http://a//evil");
}

#[test]
fn a_colon_in_a_first_segment_makes_a_scheme_or_an_error() {
    assert_eq!(resolve(BASE, "./x:y").unwrap(), "http://a/b/c/x:y");
    assert_eq!(resolve(BASE, "a/x:y").unwrap(), "http://a/b/c/a/x:y");
    assert_eq!(resolve(BASE, "?x:y").unwrap(), "http://a/b/c/d;p?x:y");
    assert_eq!(resolve(BASE, ":y"), Err(UrlError::EmptyScheme(":y".to_string())));
    for scheme in ["1a", "a_b", "ä", "a b", "%41", "+a"] {
        let error = resolve(BASE, &format!("{scheme}:y")).unwrap_err();
        assert_eq!(error, UrlError::BadScheme(scheme.to_string()));
    }
    assert!(matches!(resolve("a/b", "c"), Err(UrlError::NoScheme(_))));
}

#[test]
fn dots_are_removed_as_rfc_3986_shows_it() {
    assert_eq!(remove_dot_segments("/a/b/c/./../../g"), "/a/g");
    assert_eq!(remove_dot_segments("mid/content=5/../6"), "mid/6");
    assert_eq!(remove_dot_segments("/a/%2e%2e/b"), "/a/%2e%2e/b");
    assert_eq!(remove_dot_segments("a//../b/."), "a/b/");
}

#[test]
fn no_reference_climbs_above_the_root_or_keeps_a_step() {
    let pieces = ["..", ".", "", "a", "..."];
    for number in 0..5usize.pow(6) {
        let mut path = String::new();
        for place in 0..6 {
            path.push('/');
            path.push_str(pieces[number / 5usize.pow(place) % 5]);
        }
        let removed = remove_dot_segments(&path);
        assert!(removed.starts_with('/'), "{path} became {removed}");
        assert!(
            !removed.split('/').any(|segment| segment == "." || segment == ".."),
            "{path} became {removed}"
        );
        assert_eq!(remove_dot_segments(&removed), removed);
    }
}
