//! Who may use a service: a list of networks, and a secret on the first line.
//!
//! ```text
//! accepted ──▶ its address is in a listed network? ──no──▶ closed, without a word
//!                 │ yes
//!                 ▼
//!              its first line is the token? ──no──▶ "error: not allowed\n", closed
//!                 │ yes
//!                 ▼
//!              the handler
//! ```
//! An address is a weak proof. It keeps strangers out of a service for one's own network; a token keeps out whoever does not
//! know it, and anyone who listens on the wire learns it. Encryption comes in chapter 11.
//!
//! Guide: "Security and encryption".

use std::fmt;
use std::hint::black_box;
use std::io;
use std::net::IpAddr;

use super::limits::{Limits, say_last};
use crate::base::cancel::Cancel;
use crate::base::conn::{Address, Conn};
use crate::ch02_addresses::prefix::Prefix;

/// The networks whose members may come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    networks: Vec<Prefix>,
}

impl AllowList {
    /// A list of `networks`. An empty list lets nobody in.
    pub fn new(networks: Vec<Prefix>) -> AllowList {
        AllowList { networks }
    }

    /// Whether `address` belongs to one of the networks. On a socket for both versions an IPv4 client has an IPv6 address,
    /// `::ffff:192.0.2.7`; it counts as IPv4, or every list of IPv4 networks would shut it out.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        for network in &self.networks {
            if network.contains(address) {
                return true;
            }
        }
        false
    }
}

/// Puts the list in front of a handler. Whoever is not on it is closed, without a word: there is no reason to tell a
/// stranger what stands here. Clients without an IP address (Unix sockets) are let in; file permissions are their list.
pub fn only_for<H>(list: AllowList, handler: H) -> impl Fn(Box<dyn Conn>, &Cancel) -> io::Result<()>
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()>,
{
    move |conn, cancel| match conn.peer() {
        Address::Tcp(peer) if !list.allows(peer.ip()) => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "closed, for its address is not on the list"))
        }
        _ => handler(conn, cancel),
    }
}

/// The longest token. Whoever is not known yet must not make us read much.
pub const MAX_TOKEN_BYTES: usize = 256;

/// A secret that a client says on its first line.
#[derive(Clone)]
pub struct Token {
    secret: Vec<u8>,
}

impl Token {
    /// The token `secret`.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if it is empty, longer than [`MAX_TOKEN_BYTES`], or not one line.
    pub fn new(secret: &[u8]) -> io::Result<Token> {
        let is_line = !secret.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        if secret.is_empty() || secret.len() > MAX_TOKEN_BYTES || !is_line {
            let message = format!("a token is a line of 1 to {MAX_TOKEN_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(Token { secret: secret.to_vec() })
    }

    /// Whether `given` is the token. The time it takes depends on the length of what was given and on nothing else: a
    /// comparison that stops at the first difference tells a patient stranger the token byte by byte.
    pub fn is(&self, given: &[u8]) -> bool {
        let mut difference = u8::from(given.len() != self.secret.len());
        for (index, byte) in given.iter().enumerate() {
            let wanted = self.secret[index % self.secret.len()];
            // Without the black box the compiler may find the early exit we avoid.
            difference = black_box(difference | (byte ^ wanted));
        }
        difference == 0
    }

    /// Reads a client's first line, and not a byte more. `Err` if it is not the token; the client has been told then, and
    /// only that it is not allowed.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for another line, a longer one, or none; else what reading gives.
    pub fn check(&self, conn: &mut dyn Conn, limits: &Limits) -> io::Result<()> {
        limits.arm_read(conn);
        let line = first_line(conn)?;
        if line.as_deref().is_some_and(|line| self.is(line)) {
            return Ok(());
        }
        // The client may be gone; it is refused all the same.
        let _ = say_last(conn, limits, b"error: not allowed\n");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "its first line was not the token"))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret itself belongs in no log.
        f.write_str("token")
    }
}

/// The first line without its end, `None` if it is too long or does not end. Byte by byte: what follows is the handler's.
fn first_line(conn: &mut dyn Conn) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() <= MAX_TOKEN_BYTES + 1 {
        if conn.read(&mut byte)? == 0 {
            return Ok(None);
        }
        if byte[0] == b'\n' {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
        line.push(byte[0]);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(networks: &[&str]) -> AllowList {
        AllowList::new(networks.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn an_address_is_allowed_in_a_listed_network_and_nowhere_else() {
        let list = list(&["192.0.2.0/24", "2001:db8::/32"]);
        for inside in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8:ffff::1"] {
            assert!(list.allows(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::1", "127.0.0.1", "::1"] {
            assert!(!list.allows(outside.parse().unwrap()), "{outside}");
        }
        assert!(!AllowList::default().allows("127.0.0.1".parse().unwrap()), "an empty list allows nobody");
    }

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = Token::new(b"open sesame").unwrap();
        assert!(token.is(b"open sesame"));
        for other in
            [&b""[..], b"o", b"open sesam", b"open sesame ", b"Open sesame", b"open sesameopen sesame"]
        {
            assert!(!token.is(other), "{}", other.escape_ascii());
        }
        assert_eq!(format!("{token:?}"), "token", "a secret is not printed");
    }

    #[test]
    fn a_token_that_no_first_line_could_be_is_refused() {
        for secret in [&b""[..], b"two\nlines", b"carriage\r", &[b'x'; MAX_TOKEN_BYTES + 1]] {
            assert_eq!(Token::new(secret).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        assert!(Token::new(&[b'x'; MAX_TOKEN_BYTES]).is_ok());
    }
}
