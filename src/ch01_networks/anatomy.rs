//! A frame for people: every header with every field named, and a hexdump that shows which layer each byte belongs to.
//!
//! ```text
//! Ethernet header    bytes 0 to 13
//!     0 to 5    destination        00:00:5e:00:53:02
//! …
//! 0000  00 00 5e 00 53 02 00 00  5e 00 53 01 08 00        |..^.S...^.S...  |  Ethernet header
//! 0000                                             45 00  |              E.|  IPv4 header
//! 0010  00 4e 00 01 40 00 40 06  9f 34 c0 00 02 0a c6 33  |.N..@.@..4.....3|
//! ```

use std::ops::Range;

use super::ethernet::{self, FCS};
use super::field::Field;
use super::wrap::{self, Unwrapped, WrapError};
use crate::base::show;

/// A stretch of a frame that one layer wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is: `IPv4 header`.
    pub name: &'static str,
    /// Its bytes within the frame.
    pub at: Range<usize>,
    /// Its fields, their places counted from the part's first byte.
    pub fields: Vec<Field>,
}

/// The parts of a frame that holds a TCP segment, in order and without gaps.
///
/// # Errors
/// As [`wrap::unwrap`].
pub fn parts(frame: &[u8]) -> Result<Vec<Part>, WrapError> {
    let opened = wrap::unwrap(frame)?;
    let Unwrapped { ip, tcp, data, padding, .. } = &opened;
    let segment = tcp.length() + data.len();
    let ip_at = ethernet::HEADER;
    let tcp_at = ip_at + ip.length();
    // It was unwrapped, so these bytes are there.
    let sum_at = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let mut parts = Vec::new();
    let mut add = |name, length: usize, fields| {
        let start = parts.last().map_or(0, |part: &Part| part.at.end);
        if length > 0 {
            parts.push(Part { name, at: start..start + length, fields });
        }
    };
    add("Ethernet header", ethernet::HEADER, opened.frame.fields());
    add("IPv4 header", ip.length(), ip.fields(segment, sum_at(ip_at + 10)));
    add("TCP header", tcp.length(), tcp.fields(sum_at(tcp_at + 16)));
    add("data", data.len(), lines(data));
    add(
        "padding",
        *padding,
        vec![Field::new("zeros", 0..*padding, format!("{padding} bytes, to reach 64 in all"))],
    );
    let fcs = &frame[frame.len() - FCS..];
    let value = format!("{:#010x}, lowest byte first", u32::from_le_bytes([fcs[0], fcs[1], fcs[2], fcs[3]]));
    add("Ethernet footer", FCS, vec![Field::new("frame check sequence", 0..FCS, value)]);
    Ok(parts)
}

/// The lines of the data, as fields: of a protocol in text this is what people want to see.
fn lines(data: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut start = 0;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        fields.push(Field::new("line", start..end, show::escaped(line, LINE)));
        start = end;
    }
    fields
}

/// Of a longer line only the beginning is shown.
const LINE: usize = 60;

/// The parts with their fields, a line each, aligned.
///
/// # Errors
/// As [`wrap::unwrap`].
pub fn fields(frame: &[u8]) -> Result<String, WrapError> {
    let mut text = String::new();
    for part in parts(frame)? {
        let Range { start, end } = part.at;
        let count = end - start;
        text.push_str(&format!("{:<18} {count} bytes, {}\n", part.name, place(start, end)));
        for field in part.fields {
            let at = place(start + field.at.start, start + field.at.end);
            text.push_str(&format!("  {at:<12} {:<21} {}\n", field.name, field.value));
        }
    }
    Ok(text)
}

fn place(start: usize, end: usize) -> String {
    if end - start == 1 { format!("{start}") } else { format!("{start} to {}", end - 1) }
}

/// A hexdump in which a line holds bytes of one part only, each byte in the column its offset gives it.
///
/// # Errors
/// As [`wrap::unwrap`].
pub fn hexdump(frame: &[u8]) -> Result<String, WrapError> {
    let mut text = String::new();
    for part in parts(frame)? {
        let mut name = part.name;
        let mut start = part.at.start;
        while start < part.at.end {
            let row = start / ROW * ROW;
            let end = part.at.end.min(row + ROW);
            let line = dump_line(row, start, &frame[start..end]);
            text.push_str(format!("{line}  {name}").trim_end());
            text.push('\n');
            start = end;
            name = "";
        }
    }
    Ok(text)
}

/// Bytes in a full line.
const ROW: usize = 16;

fn dump_line(row: usize, start: usize, bytes: &[u8]) -> String {
    let (mut hex, mut ascii) = (String::new(), String::new());
    for column in 0..ROW {
        if column == ROW / 2 {
            hex.push(' ');
        }
        let byte = (row + column).checked_sub(start).and_then(|index| bytes.get(index));
        match byte {
            Some(byte) => hex.push_str(&format!(" {byte:02x}")),
            None => hex.push_str("   "),
        }
        ascii.push(match byte {
            Some(byte @ b' '..=b'~') => char::from(*byte),
            Some(_) => '.',
            None => ' ',
        });
    }
    format!("{row:04x} {hex}  |{ascii}|")
}

/// How the layers lie around the data, as a picture: a line per layer with the lengths.
///
/// # Errors
/// As [`wrap::unwrap`].
pub fn picture(frame: &[u8]) -> Result<String, WrapError> {
    let opened = wrap::unwrap(frame)?;
    let (ip, tcp) = (opened.ip.length(), opened.tcp.length());
    let data = opened.data.len();
    let (segment, packet) = (tcp + data, ip + tcp + data);
    let inside = format!(" data {data:>4} ");
    let mut text = format!("{:41}|{inside}|           data     {data:>4} bytes\n", "application");
    text.push_str(&format!(
        "{:28}| TCP {tcp:>4}   |{inside}|           segment  {segment:>4} bytes\n",
        "transport"
    ));
    text.push_str(&format!(
        "{:15}| IPv4 {ip:>4}  | TCP {tcp:>4}   |{inside}|           packet   {packet:>4} bytes\n",
        "internet"
    ));
    text.push_str(&format!(
        "{:6}| Eth {:>2} | IPv4 {ip:>4}  | TCP {tcp:>4}   |{inside}| FCS {:>2} |  frame    {:>4} bytes\n",
        "link",
        ethernet::HEADER,
        FCS,
        frame.len()
    ));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch01_networks::exchange::{CLIENT, SERVER};
    use crate::ch01_networks::tcp_header::TcpHeader;

    fn frame(data: &[u8]) -> Vec<u8> {
        wrap::wrap(&CLIENT, &SERVER, &TcpHeader::default(), 1, data).unwrap().frame
    }

    #[test]
    fn the_parts_cover_the_frame_without_a_gap_and_their_fields_cover_them() {
        for data in [&b""[..], b"x", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let frame = frame(data);
            let mut next = 0;
            for part in parts(&frame).unwrap() {
                assert_eq!(part.at.start, next, "{}", part.name);
                next = part.at.end;
                let mut covered = 0;
                for field in &part.fields {
                    assert!(field.at.start <= covered, "{}: a gap before {}", part.name, field.name);
                    covered = covered.max(field.at.end);
                }
                assert_eq!(covered, part.at.len(), "{}", part.name);
            }
            assert_eq!(next, frame.len());
        }
    }

    #[test]
    fn the_hexdump_holds_every_byte_once_in_its_column() {
        let frame = frame(b"GET / HTTP/1.1\r\n\r\n");
        let dump = hexdump(&frame).unwrap();
        let mut seen = vec![None; frame.len()];
        for line in dump.lines() {
            let row = usize::from_str_radix(&line[..4], 16).unwrap();
            assert_eq!(line.find('|'), Some(56), "{line}");
            for column in 0..ROW {
                let at = 6 + column * 3 + usize::from(column >= 8);
                if let Ok(byte) = u8::from_str_radix(&line[at..at + 2], 16) {
                    assert_eq!(seen[row + column].replace(byte), None, "{line}");
                }
            }
        }
        let back: Vec<u8> = seen.into_iter().map(Option::unwrap).collect();
        assert_eq!(back, frame);
        assert!(dump.lines().next().unwrap().ends_with("Ethernet header"));
    }

    #[test]
    fn a_frame_that_is_none_has_no_anatomy() {
        assert!(fields(b"no frame").is_err() && hexdump(&[]).is_err() && picture(&[0; 64]).is_err());
    }

    #[test]
    fn the_picture_has_a_line_per_layer_and_its_walls_stand_above_each_other() {
        let text = picture(&frame(&[b'x'; 100])).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[3].ends_with("frame     158 bytes"), "{text}");
        let wall = |line: &str| line.rfind("| ").is_some() && line.find("| data") == lines[0].find("| data");
        assert!(lines.iter().all(|line| wall(line)), "{text}");
    }
}
