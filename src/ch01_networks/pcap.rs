//! Writes packets in the file format of tcpdump and Wireshark (pcap, version 2.4).
//!
//! ```text
//! file    magic a1b2c3d4 | 2 | 4 | time zone 0 | 0 | longest packet | link: Ethernet with 4 bytes of FCS
//! packet  seconds | microseconds | bytes kept | bytes there were | the bytes          (16 bytes, then the frame)
//! ```
//!
//! Numbers are in the writer's byte order, and the magic number tells which that is; ours is the network's.
//!
//! Book: chapters 1 and 3 send their readers to Wireshark. Left out: reading, and pcapng, which came after.

use std::io::{self, Write};
use std::time::Duration;

use crate::base::wire::{put_u16, put_u32};

const MAGIC: u32 = 0xa1b2_c3d4;
/// The longest frame we say is in the file. Readers allocate this much, and refuse files that promise more than 256 KiB.
pub const MAX_FRAME: usize = 65_535;
/// Link type 1 is Ethernet. The upper bits tell readers that frames have an FCS of two 16-bit words.
const ETHERNET_WITH_FCS: u32 = 2 << 28 | 1 << 26 | 1;

/// A frame, and when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Time since 1970-01-01 UTC; the file keeps microseconds.
    pub at: Duration,
    /// The frame with its FCS.
    pub frame: Vec<u8>,
}

/// Writes a file of `packets`, in the order given.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a frame of more than [`MAX_FRAME`] bytes or a time after the year 2106, which the
/// file's 32 bits of seconds do not reach; else the writer's own.
pub fn write(out: &mut dyn Write, packets: &[Captured]) -> io::Result<()> {
    out.write_all(&file_header())?;
    for packet in packets {
        out.write_all(&packet_header(packet)?)?;
        out.write_all(&packet.frame)?;
    }
    out.flush()
}

fn file_header() -> Vec<u8> {
    let mut header = Vec::with_capacity(24);
    put_u32(&mut header, MAGIC);
    put_u16(&mut header, 2);
    put_u16(&mut header, 4);
    put_u32(&mut header, 0);
    put_u32(&mut header, 0);
    put_u32(&mut header, MAX_FRAME as u32);
    put_u32(&mut header, ETHERNET_WITH_FCS);
    header
}

fn packet_header(packet: &Captured) -> io::Result<Vec<u8>> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let length = packet.frame.len();
    if length > MAX_FRAME {
        return Err(invalid(format!("a frame of {length} bytes; a file takes at most {MAX_FRAME}")));
    }
    let seconds = u32::try_from(packet.at.as_secs())
        .map_err(|_| invalid(format!("{} seconds do not fit into 32 bits", packet.at.as_secs())))?;
    let mut header = Vec::with_capacity(16);
    put_u32(&mut header, seconds);
    put_u32(&mut header, packet.at.subsec_micros());
    put_u32(&mut header, length as u32);
    put_u32(&mut header, length as u32);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::wire::Reader;

    #[test]
    fn a_file_is_a_header_and_then_each_packet_behind_its_own() {
        let at = Duration::new(1_600_000_000, 123_456_789);
        let packets = [Captured { at, frame: vec![7; 64] }, Captured { at, frame: vec![8; 3] }];
        let mut file = Vec::new();
        write(&mut file, &packets).unwrap();
        let mut reader = Reader::new(&file);
        assert_eq!(reader.u32(), Ok(0xa1b2_c3d4));
        assert_eq!(reader.take(16).map(<[u8]>::len), Ok(16));
        assert_eq!(reader.u32(), Ok(0x2400_0001));
        for (length, byte) in [(64, 7), (3, 8)] {
            assert_eq!((reader.u32(), reader.u32()), (Ok(1_600_000_000), Ok(123_456)));
            assert_eq!((reader.u32(), reader.u32()), (Ok(length), Ok(length)));
            assert_eq!(reader.take(length as usize), Ok(&vec![byte; length as usize][..]));
        }
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        for (at, length) in [(Duration::from_secs(1 << 32), 1), (Duration::ZERO, MAX_FRAME + 1)] {
            let packet = Captured { at, frame: vec![0; length] };
            let error = write(&mut Vec::new(), &[packet]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
