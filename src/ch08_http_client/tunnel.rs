//! A way through a proxy that does not read what goes over it. RFC 9110, 9.3.6.
//!
//! ```text
//! client ── CONNECT www.example.com:443 HTTP/1.1 ──▶ proxy
//!        ◀── HTTP/1.1 200 OK, fields, blank line ──
//!        ◀── bytes of www.example.com ── and back ──▶
//! ```
//! What the fields say of a body does not count: what follows the blank line is the tunnel's.

use std::io::{BufReader, Read};

use super::codec;
use super::error::{HttpError, MessageError, Phase};
use super::exchange::MOST_INFORMATIONAL;
use super::message::ResponseHead;
use super::observer::Event;
use super::transport::TransportConfig;
use crate::base::cancel::Cancel;
use crate::base::conn::Conn;

/// Sends `head`, which asks the proxy at the other end of `conn` for a tunnel, and gives the head of its answer. Reads byte by byte,
/// so that nothing of the tunnel's is read.
///
/// # Errors
/// [`HttpError::Response`] with what is wrong with the answer, [`MessageError::HeadCutShort`] if the proxy closes;
/// [`HttpError::TooManyInformational`], [`HttpError::TimedOut`], [`HttpError::Cancelled`].
pub fn ask(
    conn: &mut dyn Conn,
    head: &[u8],
    config: &TransportConfig,
    cancel: &Cancel,
) -> Result<ResponseHead, HttpError> {
    let failed = |error: MessageError| HttpError::during(Phase::Handshake, error, cancel.cause());
    config.tell(Event::RequestHead(head));
    conn.write_all(head).map_err(|error| failed(error.into()))?;
    let mut one_by_one = BufReader::with_capacity(1, conn as &mut dyn Read);
    for _ in 0..=MOST_INFORMATIONAL {
        let answer = codec::read_response_head(&mut one_by_one, config.limits).map_err(failed)?;
        let Some(answer) = answer else { return Err(failed(MessageError::HeadCutShort { got: 0 })) };
        config.tell(Event::ResponseHead(&answer));
        if !answer.status.is_informational() {
            return Ok(answer);
        }
    }
    Err(HttpError::TooManyInformational { limit: MOST_INFORMATIONAL })
}
