//! Extension mechanisms for DNS: a record of type OPT that holds nothing about a name, but about the message (RFC 6891).
//!
//! ```text
//! name .  | type 41 | class = largest datagram I take | TTL = upper 8 bits of the code, version 8, flags 16 | options
//! ```
//! A message has at most one, in the additional section. Ours keeps it beside the sections, as [`Edns`].

use crate::base::wire::{Reader, put_block16, put_bytes, put_u16, put_u32};

use super::compress::Writer;
use super::error::DnsError;
use super::record::RecordType;

/// The largest datagram of those who say nothing (RFC 1035 §4.2.1).
pub const PLAIN_UDP_SIZE: u16 = 512;

/// What we say we take, and send at most: it fits IPv6's smallest link in one piece, so that no fragment is lost or forged.
pub const OUR_UDP_SIZE: u16 = 1232;

/// The flag "send me signatures".
const DNSSEC_OK: u32 = 0x8000;

/// What an OPT record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edns {
    /// The largest datagram its sender takes, in bytes.
    pub udp_size: u16,
    /// The version of the extensions; there is only 0.
    pub version: u8,
    /// Whether signatures are wanted.
    pub dnssec_ok: bool,
    /// Options by number. We know none and answer none.
    pub options: Vec<(u16, Vec<u8>)>,
}

impl Default for Edns {
    fn default() -> Edns {
        Edns { udp_size: OUR_UDP_SIZE, version: 0, dnssec_ok: false, options: Vec::new() }
    }
}

impl Edns {
    /// The largest datagram one may send to this peer: less than 512 is not believed (RFC 6891 §6.2.3).
    pub fn datagram_limit(&self) -> usize {
        usize::from(self.udp_size.max(PLAIN_UDP_SIZE))
    }

    /// Reads the record behind its name and type. Also gives the upper bits of the response code.
    ///
    /// # Errors
    /// [`DnsError::PeerStoppedInside`], [`DnsError::PeerLiedAboutLength`].
    pub fn decode(reader: &mut Reader<'_>) -> Result<(Edns, u8), DnsError> {
        let udp_size = reader.u16()?;
        let bits = reader.u32()?;
        let mut data = reader.block16()?;
        let announced = data.remaining();
        let mut options = Vec::new();
        while !data.is_empty() {
            let lied =
                |source| DnsError::PeerLiedAboutLength { record_type: RecordType::OPT, announced, source };
            let number = data.u16().map_err(lied)?;
            options.push((number, data.block16().map_err(lied)?.rest().to_vec()));
        }
        let edns =
            Edns { udp_size, version: (bits >> 16 & 0xff) as u8, dnssec_ok: bits & DNSSEC_OK != 0, options };
        Ok((edns, (bits >> 24) as u8))
    }

    /// Appends the record, with the upper bits of the response code.
    ///
    /// # Errors
    /// [`DnsError::WeWroteTooLong`].
    pub fn encode(&self, upper_code: u8, writer: &mut Writer) -> Result<(), DnsError> {
        let flags = if self.dnssec_ok { DNSSEC_OK } else { 0 };
        let out = &mut writer.out;
        out.push(0);
        put_u16(out, RecordType::OPT.0);
        put_u16(out, self.udp_size);
        put_u32(out, u32::from(upper_code) << 24 | u32::from(self.version) << 16 | flags);
        put_block16(out, |out| {
            for (number, bytes) in &self.options {
                put_u16(out, *number);
                put_block16(out, |out| put_bytes(out, bytes))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
