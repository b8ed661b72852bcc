//! The records with which DNS Security signs what a zone says (RFC 4034). It proves who said it; it hides nothing.
//!
//! ```text
//! DNSKEY  flags 2 | protocol 1 = 3 | algorithm 1 | public key
//! DS      key tag 2 | algorithm 1 | digest type 1 | digest            (in the zone above)
//! RRSIG   type covered 2 | algorithm 1 | labels 1 | original TTL 4 | expiration 4 | inception 4
//!         | key tag 2 | signer's name | signature
//! ```
//! Book: "Domain Name System Security Extensions". Left out: making and checking signatures, which takes RSA or elliptic
//! curves; and NSEC, the proof that a name does not exist.

use std::fmt;

use crate::base::base64;
use crate::base::calendar::Timestamp;
use crate::base::wire::{Reader, WireError, put_u8, put_u16, put_u32};

use super::compress::{NameReader, Writer};
use super::error::DnsError;
use super::name::Name;
use super::rdata::hex;
use super::record::RecordType;

/// A zone's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dnskey {
    /// Bit 256: it signs the zone. Bit 1: it is the zone's entry, which the DS record above names.
    pub flags: u16,
    /// Always 3.
    pub protocol: u8,
    /// 8 is RSA with SHA-256, 13 P-256 with SHA-256, 15 Ed25519.
    pub algorithm: u8,
    /// The key, in the algorithm's own form.
    pub public_key: Vec<u8>,
}

impl Dnskey {
    /// The number by which a signature or a DS record names the key (RFC 4034, appendix B). It is a sum, not a digest: two
    /// keys can have the same.
    pub fn key_tag(&self) -> u16 {
        let mut data = Vec::new();
        self.encode(&mut data);
        if self.algorithm == 1 {
            // The oldest algorithm takes two bytes of the modulus instead (appendix B.1).
            let end = data.len().saturating_sub(3);
            return data.get(end..end + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
        }
        let mut sum = 0u32;
        for (index, byte) in data.iter().enumerate() {
            // At most 65,535 bytes, so the sum stays below 2³².
            sum += if index % 2 == 0 { u32::from(*byte) << 8 } else { u32::from(*byte) };
        }
        sum += sum >> 16;
        (sum & 0xffff) as u16
    }

    /// Reads the fields.
    ///
    /// # Errors
    /// [`WireError::EndedInside`].
    pub fn decode(data: &mut Reader<'_>) -> Result<Dnskey, WireError> {
        Ok(Dnskey {
            flags: data.u16()?,
            protocol: data.u8()?,
            algorithm: data.u8()?,
            public_key: data.rest().to_vec(),
        })
    }

    /// Appends the fields.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_u16(out, self.flags);
        put_u8(out, self.protocol);
        put_u8(out, self.algorithm);
        out.extend_from_slice(&self.public_key);
    }
}

impl fmt::Display for Dnskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = base64::encode(&self.public_key);
        write!(f, "{} {} {} {key}", self.flags, self.protocol, self.algorithm)
    }
}

/// Delegation signer: the zone above vouches for a key of the zone below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ds {
    /// The tag of the key.
    pub key_tag: u16,
    /// The key's algorithm.
    pub algorithm: u8,
    /// 2 is SHA-256.
    pub digest_type: u8,
    /// The digest of the zone's name and the key.
    pub digest: Vec<u8>,
}

impl Ds {
    /// Reads the fields.
    ///
    /// # Errors
    /// [`WireError::EndedInside`].
    pub fn decode(data: &mut Reader<'_>) -> Result<Ds, WireError> {
        Ok(Ds {
            key_tag: data.u16()?,
            algorithm: data.u8()?,
            digest_type: data.u8()?,
            digest: data.rest().to_vec(),
        })
    }

    /// Appends the fields.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_u16(out, self.key_tag);
        put_u8(out, self.algorithm);
        put_u8(out, self.digest_type);
        out.extend_from_slice(&self.digest);
    }
}

impl fmt::Display for Ds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = hex(&self.digest).to_uppercase();
        write!(f, "{} {} {} {digest}", self.key_tag, self.algorithm, self.digest_type)
    }
}

/// A signature over all records of one name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rrsig {
    /// The type of the signed records.
    pub type_covered: RecordType,
    /// As in [`Dnskey::algorithm`].
    pub algorithm: u8,
    /// The labels of the name that was signed: fewer than the record's own when a wildcard made it.
    pub labels: u8,
    /// The time to live when it was signed; caches count theirs down.
    pub original_ttl: u32,
    /// Seconds since 1970, modulo 2³², from which it no longer holds.
    pub expiration: u32,
    /// From which it holds.
    pub inception: u32,
    /// The key that signed.
    pub key_tag: u16,
    /// The zone that signed.
    pub signer: Name,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Rrsig {
    /// Reads the fields.
    ///
    /// # Errors
    /// [`DnsError::PeerStoppedInside`]; as [`NameReader::read`].
    pub fn decode<'a>(data: &mut Reader<'a>, names: &mut NameReader<'a>) -> Result<Rrsig, DnsError> {
        Ok(Rrsig {
            type_covered: RecordType(data.u16()?),
            algorithm: data.u8()?,
            labels: data.u8()?,
            original_ttl: data.u32()?,
            expiration: data.u32()?,
            inception: data.u32()?,
            key_tag: data.u16()?,
            signer: names.read(data)?,
            signature: data.rest().to_vec(),
        })
    }

    /// Appends the fields; the signer's name in full (RFC 4034 §3.1.7).
    pub fn encode(&self, writer: &mut Writer) {
        put_u16(&mut writer.out, self.type_covered.0);
        put_u8(&mut writer.out, self.algorithm);
        put_u8(&mut writer.out, self.labels);
        for number in [self.original_ttl, self.expiration, self.inception] {
            put_u32(&mut writer.out, number);
        }
        put_u16(&mut writer.out, self.key_tag);
        writer.put_name_in_full(&self.signer);
        writer.out.extend_from_slice(&self.signature);
    }
}

impl fmt::Display for Rrsig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {} {} {} {} {} {}",
            self.type_covered,
            self.algorithm,
            self.labels,
            self.original_ttl,
            stamp(self.expiration),
            stamp(self.inception),
            self.key_tag,
            self.signer,
            base64::encode(&self.signature)
        )
    }
}

/// `20330518033320`: a moment as a zone file has it, in UTC.
fn stamp(seconds: u32) -> String {
    let text = Timestamp::from_unix(i64::from(seconds), 0).rfc3339();
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and its digest in RFC 4034 §5.4.
    const KEY: &str = "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx\
                       egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";

    #[test]
    fn the_key_tag_is_the_one_rfc_4034_gives() {
        let public_key = base64::decode(KEY).unwrap();
        let key = Dnskey { flags: 256, protocol: 3, algorithm: 5, public_key };
        assert_eq!(key.key_tag(), 60_485);
        assert_eq!(key.to_string(), format!("256 3 5 {KEY}"));
    }

    #[test]
    fn the_oldest_algorithm_takes_its_tag_from_the_modulus() {
        let key =
            Dnskey { flags: 256, protocol: 3, algorithm: 1, public_key: vec![1, 3, 0xaa, 0x12, 0x34, 0xbb] };
        assert_eq!(key.key_tag(), 0x1234);
        let short = Dnskey { flags: 0, protocol: 0, algorithm: 1, public_key: vec![] };
        assert_eq!(short.key_tag(), 0);
    }

    #[test]
    fn a_signature_is_written_with_its_moments() {
        let signature = Rrsig {
            type_covered: RecordType::A,
            algorithm: 13,
            labels: 2,
            original_ttl: 300,
            expiration: 2_000_000_000,
            inception: 0,
            key_tag: 60_485,
            signer: "example.com.".parse().unwrap(),
            signature: vec![1, 2, 3],
        };
        let text = "A 13 2 300 20330518033320 19700101000000 60485 example.com. AQID";
        assert_eq!(signature.to_string(), text);
        let mut writer = Writer::new();
        signature.encode(&mut writer);
        let mut names = NameReader::new(&writer.out);
        assert_eq!(Rrsig::decode(&mut Reader::new(&writer.out), &mut names), Ok(signature));
    }

    #[test]
    fn a_delegation_signer_is_written_with_its_digest() {
        let ds = Ds { key_tag: 60_485, algorithm: 5, digest_type: 1, digest: vec![0x2b, 0xb1, 0x83] };
        assert_eq!(ds.to_string(), "60485 5 1 2BB183");
    }
}
