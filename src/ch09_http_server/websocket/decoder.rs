//! From bytes to messages, without a connection: whoever has bytes feeds them, in pieces of any length.
//!
//! ```text
//!           head of a data frame            last byte of a frame with FIN
//! Nothing ───────────────────────▶ Message ──────────────────────────────▶ Nothing, and a message comes out
//!    │                                │ continuation: stay
//!    └── ping, pong, close: between any two frames, and out at once ──┘
//! ```
//! What a message costs is what has come of it: a frame that announces a terabyte and sends nothing takes no memory. Text is judged
//! as it comes, so that a message that cannot become UTF-8 any more is not read to its end.

use super::Message;
use super::error::{CloseCode, CloseReason, Violation};
use super::frame::{self, Head, MOST_HEAD, Opcode, Role};

/// Empty frames in a row that a message may have. They cost the sender two bytes each and bring the message no nearer to its
/// end, so without a bound they are a way to keep a thread for ever.
pub const MOST_EMPTY: u32 = 1000;

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// To be answered.
    Ping(Vec<u8>),
    /// An answer.
    Pong(Vec<u8>),
    /// The peer's last frame.
    Close(CloseReason),
}

/// The state between two pieces.
#[derive(Debug)]
pub struct Decoder {
    /// The sender's role.
    from: Role,
    /// Bytes of a message taken.
    limit: usize,
    /// The head under way, if its frame has not begun.
    head: Vec<u8>,
    frame: Option<Frame>,
    /// The payload of a control frame under way.
    control: Vec<u8>,
    message: Option<Partial>,
    empty_in_a_row: u32,
}

/// A frame whose head has come.
#[derive(Debug)]
struct Frame {
    head: Head,
    /// Bytes of its payload that have come.
    got: u64,
}

/// A message whose end has not come.
#[derive(Debug)]
struct Partial {
    is_text: bool,
    bytes: Vec<u8>,
    /// How many of them are known to be whole characters.
    checked: usize,
}

impl Decoder {
    /// Of what somebody in the role `from` sends, messages of at most `limit` bytes.
    pub fn new(from: Role, limit: usize) -> Decoder {
        Decoder {
            from,
            limit,
            head: Vec::with_capacity(MOST_HEAD),
            frame: None,
            control: Vec::new(),
            message: None,
            empty_in_a_row: 0,
        }
    }

    /// Takes bytes from the front of `input`, up to the next event or all of them.
    ///
    /// # Errors
    /// The rule the sender broke. Nothing sensible comes out afterwards.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Violation> {
        loop {
            if self.frame.is_none() && !self.feed_head(input)? {
                return Ok(None);
            }
            let Some(frame) = self.frame.as_mut() else { return Ok(None) };
            let left = frame.head.length - frame.got;
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
            let (piece, rest) = input.split_at(count);
            *input = rest;
            let (head, place) = (frame.head, frame.got);
            frame.got += count as u64;
            let is_whole = frame.got == head.length;
            self.take_payload(head, place, piece)?;
            if !is_whole {
                return Ok(None);
            }
            self.frame = None;
            if let Some(event) = self.end_frame(head)? {
                return Ok(Some(event));
            }
        }
    }

    /// Whether a head is complete.
    fn feed_head(&mut self, input: &mut &[u8]) -> Result<bool, Violation> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            self.head.push(*byte);
            if let Some((head, _)) = Head::decode(&self.head, self.from)? {
                self.head.clear();
                self.begin_frame(head)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn begin_frame(&mut self, head: Head) -> Result<(), Violation> {
        match (head.opcode, &self.message) {
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Violation::MessageNotFinished),
            (Opcode::Continuation, None) => return Err(Violation::NothingToContinue),
            (Opcode::Text | Opcode::Binary, None) => {
                let is_text = head.opcode == Opcode::Text;
                self.message = Some(Partial { is_text, bytes: Vec::new(), checked: 0 });
                self.empty_in_a_row = 0;
            }
            _ => {}
        }
        if !head.opcode.is_control() {
            self.check_size(head)?;
        }
        self.frame = Some(Frame { head, got: 0 });
        Ok(())
    }

    /// Refuses a message by what its frame announces, before the bytes come.
    fn check_size(&mut self, head: Head) -> Result<(), Violation> {
        let so_far = self.message.as_ref().map_or(0, |message| message.bytes.len());
        let room = self.limit.saturating_sub(so_far) as u64;
        if head.length > room {
            return Err(Violation::TooBig { limit: self.limit });
        }
        self.empty_in_a_row = if head.length == 0 { self.empty_in_a_row + 1 } else { 0 };
        if self.empty_in_a_row > MOST_EMPTY {
            return Err(Violation::EmptyFragments { limit: MOST_EMPTY });
        }
        Ok(())
    }

    fn take_payload(&mut self, head: Head, place: u64, piece: &[u8]) -> Result<(), Violation> {
        let bytes = match self.message.as_mut() {
            Some(message) if !head.opcode.is_control() => &mut message.bytes,
            _ => &mut self.control,
        };
        let start = bytes.len();
        bytes.extend_from_slice(piece);
        if let Some(key) = head.mask {
            frame::mask(&mut bytes[start..], key, place);
        }
        match self.message.as_mut() {
            Some(message) if message.is_text && !head.opcode.is_control() => message.check(),
            _ => Ok(()),
        }
    }

    fn end_frame(&mut self, head: Head) -> Result<Option<Event>, Violation> {
        match head.opcode {
            Opcode::Ping => Ok(Some(Event::Ping(std::mem::take(&mut self.control)))),
            Opcode::Pong => Ok(Some(Event::Pong(std::mem::take(&mut self.control)))),
            Opcode::Close => {
                let payload = std::mem::take(&mut self.control);
                close_reason(&payload).map(|reason| Some(Event::Close(reason)))
            }
            _ if !head.fin => Ok(None),
            _ => match self.message.take() {
                Some(message) => message.finish().map(|message| Some(Event::Message(message))),
                None => Err(Violation::NothingToContinue),
            },
        }
    }
}

impl Partial {
    /// Judges what has come since the last time. A character may be cut by the end of a piece: up to three bytes wait.
    fn check(&mut self) -> Result<(), Violation> {
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }

    fn finish(self) -> Result<Message, Violation> {
        if !self.is_text {
            return Ok(Message::Binary(self.bytes));
        }
        match String::from_utf8(self.bytes) {
            Ok(text) => Ok(Message::Text(text)),
            // The message ends inside a character.
            Err(_) => Err(Violation::NotUtf8),
        }
    }
}

/// What a Close frame says (RFC 6455, 5.5.1): nothing, or a code and words.
fn close_reason(payload: &[u8]) -> Result<CloseReason, Violation> {
    let Some((code, words)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => Ok(CloseReason { code: None, words: String::new() }),
            _ => Err(Violation::CloseCutShort),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode(code).may_be_sent() {
        return Err(Violation::BadCloseCode { code });
    }
    let words = std::str::from_utf8(words).map_err(|_| Violation::CloseNotUtf8)?;
    Ok(CloseReason { code: Some(CloseCode(code)), words: words.to_owned() })
}

#[cfg(test)]
mod tests;
