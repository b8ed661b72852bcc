//! Text from a client, made harmless for the place in a page where it goes. Which characters do harm depends on the place.
//!
//! ```text
//! <p>HERE</p>  <p title="HERE">      html        &  <  >  '  "
//! <p title=HERE>                     unquoted    these, and spaces, = and `, which would end it
//! <a href="/find?q=HERE">            url_query   all but letters, digits and -._~
//! <a href="HERE">                    link        by scheme: javascript: runs whatever its characters are
//! <script>f("HERE")</script>         js_string   quotes, backslashes, line ends, and </ , which ends the script
//! ```
//! Go's `html/template` finds the place by reading the page and picks the escaping. We have no template engine: who
//! writes a page names the place. What goes into a URL inside an attribute is escaped twice, for the inner place first.
//!
//! Book: "Handlers", Listings 9-2, 9-4 and 9-7.

use crate::ch08_http_client::url::percent::encode_query;

/// For text between tags and for attributes in quotes: five characters, as Go's `html.EscapeString`.
pub fn html(text: &str) -> String {
    replaced(text, entity)
}

/// As [`html`], with what Go's template engine escapes besides: `+`, which begins a character in the old UTF-7, and NUL,
/// which HTML cannot have and which becomes U+FFFD.
pub fn template(text: &str) -> String {
    replaced(text, |character| match character {
        '+' => Some("&#43;"),
        '\0' => Some("\u{fffd}"),
        other => entity(other),
    })
}

/// For an attribute without quotes. Better to write the quotes: an empty text here is no value at all.
pub fn unquoted(text: &str) -> String {
    replaced(text, |character| match character {
        '\0' => Some("&#xfffd;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\x0b' => Some("&#11;"),
        '\x0c' => Some("&#12;"),
        '\r' => Some("&#13;"),
        ' ' => Some("&#32;"),
        '+' => Some("&#43;"),
        '=' => Some("&#61;"),
        '`' => Some("&#96;"),
        other => entity(other),
    })
}

/// For a value in a query. Everything but letters, digits and `-._~` is percent-encoded, so the result also stands in an
/// attribute as it is.
pub fn url_query(text: &str) -> String {
    // As a template writes it; a form would write the space as a plus.
    encode_query(text).replace('+', "%20")
}

/// For a whole link in a quoted attribute. `None` if following it could run code: only `http`, `https`, `mailto` and
/// links without a scheme pass.
pub fn link(url: &str) -> Option<String> {
    // Browsers skip these before they look for the scheme: `java\nscript:` is one.
    let seen: String = url.chars().filter(|character| !character.is_control() && *character != ' ').collect();
    let scheme = match seen.find([':', '/', '?', '#']) {
        Some(end) if seen[end..].starts_with(':') => Some(seen[..end].to_ascii_lowercase()),
        _ => None,
    };
    let passes = scheme.is_none_or(|scheme| ["http", "https", "mailto"].contains(&scheme.as_str()));
    passes.then(|| html(url))
}

/// For a string literal, between single or double quotes, in a script. The quotes are the caller's.
pub fn js_string(text: &str) -> String {
    replaced(text, |character| match character {
        '\0' => Some("\\u0000"),
        '\t' => Some("\\t"),
        '\n' => Some("\\n"),
        '\x0b' => Some("\\u000b"),
        '\x0c' => Some("\\f"),
        '\r' => Some("\\r"),
        '"' => Some("\\u0022"),
        '&' => Some("\\u0026"),
        '\'' => Some("\\u0027"),
        '+' => Some("\\u002b"),
        '/' => Some("\\/"),
        '<' => Some("\\u003c"),
        '>' => Some("\\u003e"),
        '\\' => Some("\\\\"),
        '`' => Some("\\u0060"),
        // Line ends in JavaScript before 2019, and so the end of a string.
        '\u{2028}' => Some("\\u2028"),
        '\u{2029}' => Some("\\u2029"),
        _ => None,
    })
}

fn entity(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\'' => Some("&#39;"),
        '"' => Some("&#34;"),
        _ => None,
    }
}

fn replaced(text: &str, by: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match by(character) {
            Some(replacement) => out.push_str(replacement),
            None => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_characters_have_entities_and_the_template_knows_two_more() {
        assert_eq!(html("<world> & 'x' \"y\" ä+\0"), "&lt;world&gt; &amp; &#39;x&#39; &#34;y&#34; ä+\0");
        assert_eq!(template("<1+1>\0"), "&lt;1&#43;1&gt;\u{fffd}");
        assert_eq!(html("&lt;"), "&amp;lt;", "what looks escaped is text too");
    }

    #[test]
    fn nothing_ends_an_attribute_without_quotes() {
        let escaped = unquoted("a onclick=alert(1)\t\n\x0c\r`'\"><b>&");
        assert!(
            !escaped.contains(['\t', '\n', '\x0c', '\r', ' ', '=', '`', '\'', '"', '<', '>']),
            "{escaped}"
        );
    }

    #[test]
    fn a_value_in_a_query_ends_neither_the_value_nor_the_attribute() {
        assert_eq!(url_query("a b&c=d+e\"'<ä"), "a%20b%26c%3Dd%2Be%22%27%3C%C3%A4");
    }

    #[test]
    fn a_link_that_runs_code_is_refused_however_it_is_written() {
        for bad in [
            "javascript:alert(1)",
            "JavaScript:x",
            " java\nscript:x",
            "data:text/html,x",
            "vbscript:x",
            "\u{1}javascript:x",
            ":x",
        ] {
            assert_eq!(link(bad), None, "{bad:?}");
        }
        for good in ["https://a/b?c=d:e", "/a:b", "a/b:c", "?a:b", "#a:b", "HTTP://a", "mailto:a@b", ""] {
            assert_eq!(link(good).as_deref(), Some(good));
        }
        assert_eq!(link("/a?b&c=\"").as_deref(), Some("/a?b&amp;c=&#34;"));
        assert_eq!(link("/a b").as_deref(), Some("/a b"), "what passes stays the link it was");
    }

    #[test]
    fn a_string_in_a_script_ends_neither_the_string_nor_the_script() {
        let escaped = js_string("\";alert('x')//</script><!--\\\u{2028}`${x}`\n");
        assert!(!escaped.contains(['"', '\'', '<', '>', '`', '\n', '\u{2028}']), "{escaped}");
        assert_eq!(js_string("</script>\\"), "\\u003c\\/script\\u003e\\\\");
    }

    #[test]
    fn the_escaping_of_one_place_is_the_hole_of_another() {
        assert_eq!(html("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(html("x onclick=alert(1)"), "x onclick=alert(1)");
    }
}
