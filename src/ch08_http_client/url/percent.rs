//! Percent-encoding: a byte that may not stand in some part of a URL is written as `%` and two hexadecimal digits.
//!
//! ```text
//! "a b&c/ä"    as one segment of a path    a%20b&c%2F%C3%A4
//!              as a value of a query       a+b%26c%2F%C3%A4
//! ```
//! What may stand depends on the part: `&` means nothing in a path and separates pairs in a query. So a text is encoded
//! before it is put in, and decoded after the parts are taken apart, never the other way round. RFC 3986, 2.

use super::error::UrlError;

/// Characters that mean nothing anywhere (RFC 3986, 2.3).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Characters that mean something in some parts and nothing in others (RFC 3986, 2.2).
pub(super) fn is_sub_delimiter(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}

/// The text as one segment of a path; a slash in it is escaped.
pub fn encode_segment(text: impl AsRef<[u8]>) -> String {
    encode(text.as_ref(), |byte| is_unreserved(byte) || is_sub_delimiter(byte) || b":@".contains(&byte))
}

/// The text as a path; its slashes separate segments and stay.
pub fn encode_path(text: impl AsRef<[u8]>) -> String {
    encode(text.as_ref(), |byte| is_unreserved(byte) || is_sub_delimiter(byte) || b":@/".contains(&byte))
}

/// The text as a key or value in a query, as HTML forms write it: a space is `+`, only letters, digits and `-._~` stay.
pub fn encode_query(text: impl AsRef<[u8]>) -> String {
    encode(text.as_ref(), |byte| is_unreserved(byte) || byte == b' ').replace(' ', "+")
}

/// The text as a user name or password; a colon in it is escaped, because the first colon ends the name.
pub fn encode_userinfo(text: impl AsRef<[u8]>) -> String {
    encode(text.as_ref(), |byte| is_unreserved(byte) || is_sub_delimiter(byte))
}

fn encode(bytes: &[u8], may_stand: fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if may_stand(*byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The bytes the text stands for. A `+` is a plus.
///
/// # Errors
/// [`UrlError::BadEscape`]
pub fn decode(text: &str) -> Result<Vec<u8>, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'%' {
            bytes.push(*byte);
            rest = after;
            continue;
        }
        let [high, low, after @ ..] = after else { return Err(bad_escape(rest)) };
        let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else {
            return Err(bad_escape(rest));
        };
        bytes.push(high << 4 | low);
        rest = after;
    }
    Ok(bytes)
}

/// The text the escapes stand for. A `+` is a plus.
///
/// # Errors
/// [`UrlError::BadEscape`], [`UrlError::NotUtf8`]
pub fn decode_text(text: &str) -> Result<String, UrlError> {
    String::from_utf8(decode(text)?).map_err(|_| UrlError::NotUtf8(text.to_string()))
}

/// The key or value of a query: a `+` is a space. Bytes that are no UTF-8 become U+FFFD, as in the forms of browsers.
///
/// # Errors
/// [`UrlError::BadEscape`]
pub fn decode_query(text: &str) -> Result<String, UrlError> {
    let bytes = decode(&text.replace('+', " "))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn bad_escape(rest: &[u8]) -> UrlError {
    UrlError::BadEscape(String::from_utf8_lossy(&rest[..rest.len().min(3)]).into_owned())
}

/// A part of a URL as it may be sent. Its escapes stay as they are written; visible characters that no URL may have but
/// people and programs write all the same are escaped. Square brackets stay: queries have them everywhere, and every server
/// takes them.
///
/// # Errors
/// [`UrlError::Control`], [`UrlError::Space`]: sent on as they are, they would end a request line or a header.
pub(super) fn sendable(part: &str) -> Result<String, UrlError> {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            0..=0x1f | 0x7f => return Err(UrlError::Control(part.to_string())),
            b' ' => return Err(UrlError::Space(part.to_string())),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                text.push_str(&format!("%{byte:02X}"));
            }
            other => text.push(char::from(other)),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_escapes_what_would_mean_something_there() {
        let text = "a b&c=d/e?f#g:h@i;j+k%ä~";
        assert_eq!(encode_segment(text), "a%20b&c=d%2Fe%3Ff%23g:h@i;j+k%25%C3%A4~");
        assert_eq!(encode_path(text), "a%20b&c=d/e%3Ff%23g:h@i;j+k%25%C3%A4~");
        assert_eq!(encode_query(text), "a+b%26c%3Dd%2Fe%3Ff%23g%3Ah%40i%3Bj%2Bk%25%C3%A4~");
        assert_eq!(encode_userinfo(text), "a%20b&c=d%2Fe%3Ff%23g%3Ah%40i;j+k%25%C3%A4~");
    }

    #[test]
    fn every_byte_comes_back_from_every_encoding() {
        let bytes: Vec<u8> = (0..=255).collect();
        for text in
            [encode_segment(&bytes), encode_path(&bytes), encode_userinfo(&bytes), encode_query(&bytes)]
        {
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        }
        assert_eq!(decode(&encode_segment(&bytes)).unwrap(), bytes);
        assert_eq!(decode(&encode_userinfo(&bytes)).unwrap(), bytes);
        assert_eq!(decode(&encode_query(&bytes).replace('+', "%20")).unwrap(), bytes);
        assert_eq!(decode_query(&encode_query("1 + 1 = 2 % ä")).unwrap(), "1 + 1 = 2 % ä");
    }

    #[test]
    fn digits_of_escapes_may_be_small_and_plus_is_a_space_in_queries_only() {
        assert_eq!(decode_text("%c3%A4+%2b").unwrap(), "ä++");
        assert_eq!(decode_query("%c3%A4+%2b").unwrap(), "ä +");
    }

    #[test]
    fn a_percent_sign_without_two_digits_is_quoted() {
        for (text, shown) in
            [("%", "%"), ("a%2", "%2"), ("%zz", "%zz"), ("100%!x", "%!x"), ("%%41", "%%4"), ("%+1", "%+1")]
        {
            assert_eq!(decode(text), Err(UrlError::BadEscape(shown.to_string())), "{text}");
        }
        assert!(matches!(decode("%ä"), Err(UrlError::BadEscape(_))));
    }

    #[test]
    fn escapes_that_are_no_utf8_are_refused_as_text_and_replaced_in_queries() {
        assert_eq!(decode("%ff").unwrap(), [0xff]);
        assert_eq!(decode_text("%ff"), Err(UrlError::NotUtf8("%ff".to_string())));
        assert_eq!(decode_query("%ff").unwrap(), "\u{fffd}");
    }
}
