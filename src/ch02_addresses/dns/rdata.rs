//! What a record says, by its type.
//!
//! ```text
//! A      address 4                         AAAA   address 16
//! NS     name      CNAME  name             PTR    name
//! MX     preference 2 | name               SRV    priority 2 | weight 2 | port 2 | name
//! SOA    name | mailbox as a name | serial 4 | refresh 4 | retry 4 | expire 4 | minimum 4
//! TXT    one or more of: length 1 | bytes  CAA    flags 1 | length 1 | tag | value to the end
//! ```
//! RFC 1035 §3.3, RFC 3596 (AAAA), RFC 2782 (SRV), RFC 8659 (CAA). What we do not know stays bytes, `\# 4 0a000001`
//! (RFC 3597). DS, DNSKEY and RRSIG are in [`super::dnssec`].

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::wire::{Reader, WireError, put_block8, put_bytes, put_u8, put_u16, put_u32};

use super::compress::{NameReader, Writer};
use super::dnssec::{Dnskey, Ds, Rrsig};
use super::error::DnsError;
use super::name::{Name, NameError};
use super::record::{Class, RecordType};
use super::text::{Text, quoted};

/// The data of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RData {
    /// An IPv4 address. Listing 2-1.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A server that answers for the name and what is below it. Listing 2-3.
    Ns(Name),
    /// The name is another name for this one. Listing 2-4.
    Cname(Name),
    /// Where a zone begins, and how its copies are kept. Listing 2-2.
    Soa(Soa),
    /// The name of an address. Listing 2-6.
    Ptr(Name),
    /// A host that takes the name's mail. Listing 2-5.
    Mx(Mx),
    /// Text for whoever looks for it. Listing 2-7.
    Txt(Text),
    /// Where a service of the name runs.
    Srv(Srv),
    /// Who may issue certificates for the name.
    Caa(Caa),
    /// A digest of the key that signs the zone below.
    Ds(Ds),
    /// A key that signs a zone.
    Dnskey(Dnskey),
    /// A signature over the records of one name and type.
    Rrsig(Rrsig),
    /// Data of a type we do not know.
    Unknown {
        /// The type.
        record_type: RecordType,
        /// The data.
        bytes: Vec<u8>,
    },
}

/// Start of authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soa {
    /// The primary name server.
    pub primary: Name,
    /// The administrator's mailbox, with a dot for the at sign; see [`Soa::mailbox`].
    pub responsible: Name,
    /// The version of the zone; it grows with every change.
    pub serial: u32,
    /// Seconds after which a secondary looks for a newer version.
    pub refresh: u32,
    /// Seconds between its attempts when that failed.
    pub retry: u32,
    /// Seconds after which it stops answering from an old copy.
    pub expire: u32,
    /// Seconds for which "there is no such name" may be kept (RFC 2308 §4).
    pub minimum: u32,
}

impl Soa {
    /// `dns-admin@google.com` for `dns-admin.google.com.`: the first label is the person, dots in it included.
    pub fn mailbox(&self) -> String {
        let mut labels = self.responsible.labels();
        let person = String::from_utf8_lossy(labels.next().unwrap_or_default()).into_owned();
        let host = self.responsible.parent().unwrap_or_else(Name::root).to_string();
        format!("{person}@{}", host.trim_end_matches('.'))
    }

    /// The name under which `mailbox` is written: what stands before the at sign becomes one label.
    ///
    /// # Errors
    /// As [`Name::from_labels`]; [`NameError::EmptyLabel`] where there is no at sign.
    pub fn name_of_mailbox(mailbox: &str) -> Result<Name, NameError> {
        let Some((person, host)) = mailbox.rsplit_once('@') else {
            return Err(NameError::EmptyLabel(mailbox.to_string()));
        };
        host.parse::<Name>()?.child(person.as_bytes())
    }
}

/// Mail exchange. The lowest preference is tried first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mx {
    /// Lower is better.
    pub preference: u16,
    /// The host.
    pub exchange: Name,
}

/// Service location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower is tried first.
    pub priority: u16,
    /// Among equals, how large a share it takes.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host.
    pub target: Name,
}

/// Certification authority authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caa {
    /// 128 forbids an authority that does not know the tag to go on.
    pub flags: u8,
    /// `issue`, `issuewild`, `iodef`.
    pub tag: Vec<u8>,
    /// The authority, or where to report.
    pub value: Vec<u8>,
}

impl RData {
    /// The type of such data.
    pub fn record_type(&self) -> RecordType {
        match self {
            RData::A(_) => RecordType::A,
            RData::Aaaa(_) => RecordType::AAAA,
            RData::Ns(_) => RecordType::NS,
            RData::Cname(_) => RecordType::CNAME,
            RData::Soa(_) => RecordType::SOA,
            RData::Ptr(_) => RecordType::PTR,
            RData::Mx(_) => RecordType::MX,
            RData::Txt(_) => RecordType::TXT,
            RData::Srv(_) => RecordType::SRV,
            RData::Caa(_) => RecordType::CAA,
            RData::Ds(_) => RecordType::DS,
            RData::Dnskey(_) => RecordType::DNSKEY,
            RData::Rrsig(_) => RecordType::RRSIG,
            RData::Unknown { record_type, .. } => *record_type,
        }
    }

    /// Reads data of a type. `data` holds the record's data and no more.
    ///
    /// # Errors
    /// [`DnsError::PeerLiedAboutLength`] if the fields end before or behind the data; as [`NameReader::read`] for names.
    pub fn decode<'a>(
        record_type: RecordType,
        class: Class,
        data: &mut Reader<'a>,
        names: &mut NameReader<'a>,
    ) -> Result<RData, DnsError> {
        let announced = data.remaining();
        let lied = |source: WireError| DnsError::PeerLiedAboutLength { record_type, announced, source };
        let fields = match decode_fields(record_type, class, data, names) {
            Err(DnsError::PeerStoppedInside(source)) => Err(lied(source)),
            other => other,
        }?;
        data.clone().finish().map_err(lied)?;
        Ok(fields)
    }

    /// Appends the two bytes of length and the data.
    ///
    /// # Errors
    /// [`DnsError::WeWroteTooLong`].
    pub fn encode_with_length(&self, writer: &mut Writer) -> Result<(), DnsError> {
        let start = writer.out.len();
        put_u16(&mut writer.out, 0xffff);
        self.encode(writer)?;
        let length = writer.out.len() - start - 2;
        let Ok(fits) = u16::try_from(length) else {
            return Err(WireError::TooLong { length, most: usize::from(u16::MAX) }.into());
        };
        writer.out[start..start + 2].copy_from_slice(&fits.to_be_bytes());
        Ok(())
    }

    fn encode(&self, writer: &mut Writer) -> Result<(), DnsError> {
        match self {
            RData::A(address) => writer.out.extend_from_slice(&address.octets()),
            RData::Aaaa(address) => writer.out.extend_from_slice(&address.octets()),
            RData::Ns(name) | RData::Cname(name) | RData::Ptr(name) => writer.put_name(name),
            RData::Soa(soa) => encode_soa(soa, writer),
            RData::Mx(mx) => {
                put_u16(&mut writer.out, mx.preference);
                writer.put_name(&mx.exchange);
            }
            RData::Txt(text) => text.encode(&mut writer.out)?,
            RData::Srv(srv) => {
                put_u16(&mut writer.out, srv.priority);
                put_u16(&mut writer.out, srv.weight);
                put_u16(&mut writer.out, srv.port);
                writer.put_name_in_full(&srv.target);
            }
            RData::Caa(caa) => {
                put_u8(&mut writer.out, caa.flags);
                put_block8(&mut writer.out, |out| put_bytes(out, &caa.tag))?;
                writer.out.extend_from_slice(&caa.value);
            }
            RData::Ds(ds) => ds.encode(&mut writer.out),
            RData::Dnskey(key) => key.encode(&mut writer.out),
            RData::Rrsig(signature) => signature.encode(writer),
            RData::Unknown { bytes, .. } => writer.out.extend_from_slice(bytes),
        }
        Ok(())
    }
}

fn decode_fields<'a>(
    record_type: RecordType,
    class: Class,
    data: &mut Reader<'a>,
    names: &mut NameReader<'a>,
) -> Result<RData, DnsError> {
    Ok(match record_type {
        // In Chaosnet an address is something else.
        RecordType::A if class.is_internet() => RData::A(Ipv4Addr::from_bits(data.u32()?)),
        RecordType::AAAA if class.is_internet() => RData::Aaaa(decode_v6(data)?),
        RecordType::NS => RData::Ns(names.read(data)?),
        RecordType::CNAME => RData::Cname(names.read(data)?),
        RecordType::PTR => RData::Ptr(names.read(data)?),
        RecordType::SOA => RData::Soa(decode_soa(data, names)?),
        RecordType::MX => RData::Mx(Mx { preference: data.u16()?, exchange: names.read(data)? }),
        RecordType::TXT => RData::Txt(Text::decode(data)?),
        RecordType::SRV => RData::Srv(Srv {
            priority: data.u16()?,
            weight: data.u16()?,
            port: data.u16()?,
            target: names.read(data)?,
        }),
        RecordType::CAA => RData::Caa(Caa {
            flags: data.u8()?,
            tag: data.block8()?.rest().to_vec(),
            value: data.rest().to_vec(),
        }),
        RecordType::DS => RData::Ds(Ds::decode(data)?),
        RecordType::DNSKEY => RData::Dnskey(Dnskey::decode(data)?),
        RecordType::RRSIG => RData::Rrsig(Rrsig::decode(data, names)?),
        _ => RData::Unknown { record_type, bytes: data.rest().to_vec() },
    })
}

fn decode_v6(data: &mut Reader<'_>) -> Result<Ipv6Addr, WireError> {
    Ok(Ipv6Addr::from(data.array::<16>()?))
}

fn decode_soa<'a>(data: &mut Reader<'a>, names: &mut NameReader<'a>) -> Result<Soa, DnsError> {
    Ok(Soa {
        primary: names.read(data)?,
        responsible: names.read(data)?,
        serial: data.u32()?,
        refresh: data.u32()?,
        retry: data.u32()?,
        expire: data.u32()?,
        minimum: data.u32()?,
    })
}

fn encode_soa(soa: &Soa, writer: &mut Writer) {
    writer.put_name(&soa.primary);
    writer.put_name(&soa.responsible);
    for number in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
        put_u32(&mut writer.out, number);
    }
}

impl fmt::Display for RData {
    /// As a zone file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RData::A(address) => write!(f, "{address}"),
            RData::Aaaa(address) => write!(f, "{address}"),
            RData::Ns(name) | RData::Cname(name) | RData::Ptr(name) => write!(f, "{name}"),
            RData::Soa(soa) => write!(
                f,
                "{} {} {} {} {} {} {}",
                soa.primary, soa.responsible, soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum
            ),
            RData::Mx(mx) => write!(f, "{} {}", mx.preference, mx.exchange),
            RData::Txt(text) => write!(f, "{text}"),
            RData::Srv(srv) => write!(f, "{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target),
            RData::Caa(caa) => {
                write!(f, "{} {} {}", caa.flags, String::from_utf8_lossy(&caa.tag), quoted(&caa.value))
            }
            RData::Ds(ds) => write!(f, "{ds}"),
            RData::Dnskey(key) => write!(f, "{key}"),
            RData::Rrsig(signature) => write!(f, "{signature}"),
            RData::Unknown { bytes, .. } => {
                write!(f, "\\# {}", bytes.len())?;
                if bytes.is_empty() { Ok(()) } else { write!(f, " {}", hex(bytes)) }
            }
        }
    }
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests;
