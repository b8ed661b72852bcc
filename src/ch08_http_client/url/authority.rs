//! Who is to be asked: `user:password@host:port`, the part of a URL between `//` and the path. RFC 3986, 3.2.
//!
//! A `Host` field and the target of `CONNECT` are the same without the user: [`Authority::host_and_port`].
//!
//! Left out: names with letters beyond ASCII, which have to be written in their ASCII form (`xn--…`); escapes in names; zone
//! ids (`[fe80::1%25eth0]`), which mean something on one machine only and are refused; address forms later than IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::error::{UrlError, without_secrets};
use super::percent::{decode, is_sub_delimiter, is_unreserved};

/// User, host and port, as far as they are there. The host is in small letters, an IPv6 address in its shortest form, so
/// that equal ones compare equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    pub(super) userinfo: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// Reads `[userinfo@]host[:port]`. A colon with no port behind it is no port.
    ///
    /// # Errors
    /// [`UrlError::BadUserinfo`], [`UrlError::BadEscape`] (in the userinfo), [`UrlError::NoHost`], [`UrlError::BadHost`],
    /// [`UrlError::BadPort`]
    pub fn parse(text: &str) -> Result<Authority, UrlError> {
        // The last `@`: what only looks like a host may be a user, and who then checks the wrong one is fooled.
        let (userinfo, rest) = match text.rsplit_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, text),
        };
        userinfo.map_or(Ok(()), check_userinfo)?;
        let (host, port) = split_port(rest)?;
        if host.is_empty() {
            return Err(UrlError::NoHost(without_secrets(text)));
        }
        Ok(Authority {
            userinfo: userinfo.map(str::to_string),
            host: read_host(host)?,
            port: read_port(port)?,
        })
    }

    /// Reads `host[:port]`, as in a `Host` field.
    ///
    /// # Errors
    /// Those of [`Authority::parse`], and [`UrlError::UserNotAllowed`].
    pub fn host_and_port(text: &str) -> Result<Authority, UrlError> {
        if text.contains('@') {
            return Err(UrlError::UserNotAllowed);
        }
        Authority::parse(text)
    }

    /// User and password as they are written, with their escapes; [`crate::ch08_http_client::auth`] takes them apart.
    pub fn userinfo(&self) -> Option<&str> {
        self.userinfo.as_deref()
    }

    /// Name or address, in small letters; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, if it is an address and no name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The port, if it is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The host with brackets around an IPv6 address, as URLs and `Host` fields have it.
    pub fn bracketed_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Authority {
    /// With user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(userinfo) = &self.userinfo {
            write!(f, "{userinfo}@")?;
        }
        f.write_str(&self.bracketed_host())?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Authority {
    /// With `xxxxx` for a password: what is printed for debugging ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.clone();
        shown.hide_password();
        write!(f, "{shown}")
    }
}

impl Authority {
    /// Puts `xxxxx` in the place of the password, if there is one.
    pub(super) fn hide_password(&mut self) {
        if let Some((user, _)) = self.userinfo.as_deref().and_then(|userinfo| userinfo.split_once(':')) {
            self.userinfo = Some(format!("{user}:xxxxx"));
        }
    }
}

fn check_userinfo(userinfo: &str) -> Result<(), UrlError> {
    let may_stand = |byte| is_unreserved(byte) || is_sub_delimiter(byte) || byte == b':' || byte == b'%';
    if !userinfo.bytes().all(may_stand) {
        return Err(UrlError::BadUserinfo);
    }
    decode(userinfo).map_err(|_| UrlError::BadUserinfo)?;
    Ok(())
}

/// `host` and what stands behind its colon; the brackets are still around an IPv6 address.
fn split_port(text: &str) -> Result<(&str, &str), UrlError> {
    let bad_host = || UrlError::BadHost(text.to_string());
    if !text.starts_with('[') {
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        // `::1` without brackets: nobody can tell where the port begins.
        return if port.contains(':') { Err(bad_host()) } else { Ok((host, port)) };
    }
    let end = text.find(']').ok_or_else(bad_host)? + 1;
    let (host, rest) = text.split_at(end);
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None if rest.is_empty() => Ok((host, "")),
        None => Err(bad_host()),
    }
}

fn read_host(text: &str) -> Result<String, UrlError> {
    let bad_host = || UrlError::BadHost(text.to_string());
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| bad_host());
    }
    if !text.bytes().all(|byte| is_unreserved(byte) || is_sub_delimiter(byte)) {
        return Err(bad_host());
    }
    Ok(text.to_ascii_lowercase())
}

fn read_port(text: &str) -> Result<Option<u16>, UrlError> {
    if text.is_empty() {
        return Ok(None);
    }
    // `parse` alone would take "+80".
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits => Ok(Some(port)),
        _ => Err(UrlError::BadPort(text.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, String, Option<u16>) {
        let Authority { userinfo, host, port } = Authority::parse(text).unwrap();
        (userinfo, host, port)
    }

    #[test]
    fn user_host_and_port_are_found_and_written_again() {
        assert_eq!(parsed("example.com"), (None, "example.com".into(), None));
        assert_eq!(parsed("EXAMPLE.com:80"), (None, "example.com".into(), Some(80)));
        assert_eq!(parsed("u:p@h:1"), (Some("u:p".into()), "h".into(), Some(1)));
        assert_eq!(parsed("u%40x:p%3a:q@h:"), (Some("u%40x:p%3a:q".into()), "h".into(), None));
        assert_eq!(parsed("@h"), (Some("".into()), "h".into(), None));
        assert_eq!(parsed("[2001:DB8:0::1]:8080"), (None, "2001:db8::1".into(), Some(8080)));
        for text in ["h", "u@h", ":@h:0", "u:p@[::1]:65535", "a_b.c~d", "127.0.0.1:1", "[::ffff:10.0.0.1]"] {
            assert_eq!(Authority::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_address_is_told_from_a_name() {
        assert_eq!(Authority::parse("[::1]:80").unwrap().ip(), Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(Authority::parse("10.0.0.1").unwrap().ip(), Some("10.0.0.1".parse().unwrap()));
        assert_eq!(Authority::parse("10.0.0.1.example").unwrap().ip(), None);
    }

    #[test]
    fn no_host_is_no_authority() {
        for text in ["", ":80", "u:p@", "u:p@:80"] {
            let error = Authority::parse(text).unwrap_err();
            assert!(matches!(error, UrlError::NoHost(_)), "{text}: {error:?}");
            assert!(!error.to_string().contains("u:p"), "{error}");
        }
    }

    #[test]
    fn hosts_nobody_can_ask_are_quoted() {
        for text in [
            "a b",
            "a%20b",
            "ä.de",
            "a\\b",
            "::1",
            "[::1",
            "[::1]x",
            "[1.2.3.4]",
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "[v1.x]",
            "[]",
            "a[b]",
            "a:b:80",
            "h\n",
            "<h>",
        ] {
            let error = Authority::parse(text).unwrap_err();
            assert!(matches!(error, UrlError::BadHost(_)), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn a_port_is_a_number_up_to_65535() {
        for port in ["65536", "+80", "-1", "8o", "80 ", "99999999999999999999", "٣"] {
            let error = Authority::parse(&format!("h:{port}")).unwrap_err();
            assert_eq!(error, UrlError::BadPort(port.to_string()));
            assert!(Authority::parse(&format!("[::1]:{port}")).is_err());
        }
        assert_eq!(parsed("h:0080").2, Some(80));
    }

    #[test]
    fn a_bad_password_is_refused_and_not_shown() {
        for userinfo in ["u:p@q", "u:p q", "u:%zz", "ü", "u:p[", "a/b"] {
            let error = Authority::parse(&format!("{userinfo}@h")).unwrap_err();
            assert_eq!(error, UrlError::BadUserinfo, "{userinfo}");
        }
        assert_eq!(Authority::host_and_port("u@h"), Err(UrlError::UserNotAllowed));
        assert_eq!(format!("{:?}", Authority::parse("u:secret@h").unwrap()), "u:xxxxx@h");
    }
}
