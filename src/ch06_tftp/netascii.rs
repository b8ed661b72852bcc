//! The transfer mode netascii: text whose lines end the same way on every system.
//!
//! ```text
//! on disk here     on the wire
//!   LF             0d 0a        a line ends
//!   CR             0d 00        a carriage return that ends no line
//! ```
//! A pair may lie across two blocks or two reads, so both directions keep what they know between calls: [`ToNetascii`]
//! reads local text and gives wire bytes, [`FromNetascii`] takes wire bytes and writes local text.
//!
//! What breaks the rule is passed on as it is: a CR before anything else, a lone LF, a CR at the very end. So does tftp-hpa;
//! some clients (curl) say netascii and convert nothing.
//!
//! The encoded text has another length than the file: a tsize for it is not the file's size.
//!
//! RFC 1350 section 1, RFC 764 (which defines the line end).

use std::io::{self, Read, Write};

const LF: u8 = b'\n';
const CR: u8 = b'\r';
const NUL: u8 = 0;

/// Bytes read from the file at a time. Their encoded form is at most twice as long.
const PIECE: usize = 4096;

/// Appends the wire form of `text` to `out`. Every byte stands for itself but LF and CR, so pieces may be encoded singly.
pub fn encode(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match *byte {
            LF => out.extend_from_slice(&[CR, LF]),
            CR => out.extend_from_slice(&[CR, NUL]),
            other => out.push(other),
        }
    }
}

/// Decodes wire bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The last piece ended in a CR; the next byte says what it meant.
    after_cr: bool,
}

impl Decoder {
    /// At the beginning of a text.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Appends the local form of `piece` to `out`. A CR at its end is kept until the next piece or [`Decoder::finish`].
    pub fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        for byte in piece {
            match (self.after_cr, *byte) {
                (true, LF) => out.push(LF),
                (true, NUL) => out.push(CR),
                (true, CR) => {
                    out.push(CR);
                    continue; // the second CR may itself begin a pair
                }
                (true, other) => out.extend_from_slice(&[CR, other]),
                (false, CR) => {}
                (false, other) => out.push(other),
            }
            self.after_cr = !self.after_cr && *byte == CR;
        }
    }

    /// Appends the CR the text may have ended in.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.after_cr {
            out.push(CR);
        }
        self.after_cr = false;
    }
}

/// Reads local text and gives it in wire form.
#[derive(Debug)]
pub struct ToNetascii<R> {
    text: R,
    encoded: Vec<u8>,
    /// How much of `encoded` has been given out.
    given: usize,
}

impl<R: Read> ToNetascii<R> {
    /// The wire form of what `text` reads.
    pub fn new(text: R) -> ToNetascii<R> {
        ToNetascii { text, encoded: Vec::new(), given: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut piece = [0; PIECE];
        let count = self.text.read(&mut piece)?;
        self.encoded.clear();
        self.given = 0;
        encode(&piece[..count], &mut self.encoded);
        Ok(())
    }
}

impl<R: Read> Read for ToNetascii<R> {
    /// # Errors
    /// Those of the text's reader.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.encoded.len() {
            self.refill()?;
        }
        let mut waiting = &self.encoded[self.given..];
        let count = waiting.read(buf)?;
        self.given += count;
        Ok(count)
    }
}

/// Takes text in wire form and writes it in local form. Call [`FromNetascii::finish`] at the end: a CR may be waiting.
#[derive(Debug)]
pub struct FromNetascii<W> {
    out: W,
    decoder: Decoder,
}

impl<W: Write> FromNetascii<W> {
    /// Writes the local form to `out`.
    pub fn new(out: W) -> FromNetascii<W> {
        FromNetascii { out, decoder: Decoder::new() }
    }

    /// Writes the CR the text may have ended in, flushes, and gives the writer back.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        let mut text = Vec::new();
        self.decoder.finish(&mut text);
        self.out.write_all(&text)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for FromNetascii<W> {
    /// Takes all of `buf` or fails: after an error it is not known how much of it was written.
    ///
    /// # Errors
    /// Those of the writer.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut text = Vec::with_capacity(buf.len());
        self.decoder.decode(buf, &mut text);
        self.out.write_all(&text)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(text, &mut out);
        out
    }

    fn decoded(wire: &[u8]) -> Vec<u8> {
        let mut writer = FromNetascii::new(Vec::new());
        writer.write_all(wire).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_line_end_becomes_cr_lf_and_a_carriage_return_cr_nul() {
        assert_eq!(encoded(b"a\nb\rc\r\nd\0"), b"a\r\nb\r\0c\r\0\r\nd\0");
        assert_eq!(decoded(b"a\r\nb\r\0c\r\0\r\nd\0"), b"a\nb\rc\r\nd\0");
    }

    #[test]
    fn what_breaks_the_rule_is_passed_on() {
        assert_eq!(decoded(b"a\nb"), b"a\nb");
        assert_eq!(decoded(b"\rx"), b"\rx");
        assert_eq!(decoded(b"\r\r\n"), b"\r\n");
        assert_eq!(decoded(b"end\r"), b"end\r");
        assert_eq!(decoded(b"\r\r\r"), b"\r\r\r");
    }

    /// Every text of five out of the four bytes that matter, cut at every place: it comes back.
    #[test]
    fn every_text_comes_back_however_it_is_cut() {
        for number in 0..4usize.pow(5) {
            let text: Vec<u8> =
                (0..5).map(|place| [LF, CR, NUL, b'x'][number / 4usize.pow(place) % 4]).collect();
            let wire = encoded(&text);
            for cut in 0..=wire.len() {
                let mut writer = FromNetascii::new(Vec::new());
                writer.write_all(&wire[..cut]).unwrap();
                writer.write_all(&wire[cut..]).unwrap();
                assert_eq!(writer.finish().unwrap(), text, "cut at {cut}");
            }
        }
    }

    #[test]
    fn the_wire_form_can_be_read_a_byte_at_a_time() {
        let text = b"one\ntwo\r\nthree\r".repeat(PIECE / 4);
        let mut reader = ToNetascii::new(&text[..]);
        let mut wire = Vec::new();
        let mut one = [0; 1];
        while reader.read(&mut one).unwrap() == 1 {
            wire.push(one[0]);
        }
        assert_eq!(wire, encoded(&text));
        assert_eq!(reader.read(&mut one).unwrap(), 0);
    }
}
