//! An address without an administrator: the router's prefix, and an interface ID of one's own (RFC 4862, Figure 2-14).
//!
//! ```text
//! MAC      00:1b:44 : 11:3a:b7
//! book     001b:44 ff:fe 11:3ab7      OUI, FFFE, NIC
//! EUI-64   021b:44 ff:fe 11:3ab7      and the U/L bit turned over (RFC 4291, appendix A): 00 becomes 02
//!
//! node                                      router            a neighbor
//!   |-- NS: has anybody fe80::21b:...? --------|------------------>|   duplicate address detection
//!   |                                          |       (silence: nobody)
//!   |-- RS: is there a router? --------------->|                   |
//!   |<------------- RA: 2600:fe56:7891:1::/64 -|                   |
//!   |-- NS: has anybody 2600:...:21b:...? -----|------------------>|
//! ```
//! The book leaves the turned bit out; every real EUI-64 address has it. It also makes such an address a name tag that
//! follows one from network to network. RFC 4941 draws the ID at random instead; then two may draw the same, and the
//! question before use is what finds out.
//!
//! Left out: lifetimes running down, the secret-keyed IDs of RFC 7217 that systems use nowadays.

use std::fmt;
use std::net::Ipv6Addr;

use super::icmp6::{AdvertisedPrefix, Message6};
use super::mac::Mac;
use crate::base::trace::{self, Kind};

/// All routers on the link.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// All nodes on the link.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// How often an ID that is taken is drawn again (RFC 4941, TEMP_IDGEN_RETRIES).
pub const RETRIES: u32 = 3;

/// The interface ID as the book makes it: OUI, FFFE, NIC.
pub fn book_interface_id(mac: Mac) -> u64 {
    let ([a, b, c], [d, e, g]) = (mac.oui(), mac.nic());
    u64::from_be_bytes([a, b, c, 0xff, 0xfe, d, e, g])
}

const UNIVERSAL_LOCAL: u64 = 0x02 << 56;

/// The interface ID of RFC 4291: the same with the U/L bit turned over.
pub fn eui64_interface_id(mac: Mac) -> u64 {
    book_interface_id(mac) ^ UNIVERSAL_LOCAL
}

/// The MAC address inside an [`eui64_interface_id`]: what anybody who sees the address knows. `None` if FFFE is not in its
/// place.
pub fn mac_of_interface_id(interface: u64) -> Option<Mac> {
    let [a, b, c, ff, fe, d, e, g] = (interface ^ UNIVERSAL_LOCAL).to_be_bytes();
    ((ff, fe) == (0xff, 0xfe)).then_some(Mac([a, b, c, d, e, g]))
}

/// The address of `interface` in the /64 of `network`.
pub fn address_in(network: Ipv6Addr, interface: u64) -> Ipv6Addr {
    let prefix = network.to_bits() >> 64 << 64;
    Ipv6Addr::from_bits(prefix | u128::from(interface))
}

/// The group in which whoever has `address` listens (RFC 4291, 2.7.1): a question reaches it, and hardly anybody else.
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let low = address.to_bits() & 0xff_ffff;
    Ipv6Addr::from_bits(0xff02_0000_0000_0000_0000_0001_ff00_0000 | low)
}

/// Where a node's interface ID comes from.
pub enum InterfaceId<'a> {
    /// From its MAC address.
    Eui64,
    /// From a source of random numbers (RFC 4941).
    Random(&'a mut dyn FnMut() -> u64),
}

/// The node has no address: somebody has every one it tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The last one it tried.
    pub address: Ipv6Addr,
    /// Whose it is.
    pub owner: Mac,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is taken by {}", self.address, self.owner)
    }
}

impl std::error::Error for Duplicate {}

/// What a node has after it joined a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its address on this link.
    pub link_local: Ipv6Addr,
    /// Its addresses in the internet; none where no router advertised a /64.
    pub global: Vec<Ipv6Addr>,
    /// How many IDs it had to give up because somebody had them.
    pub redrawn: u32,
}

/// A link, its router if it has one, and who has which address. Every message goes through its bytes.
#[derive(Clone, Debug, Default)]
pub struct Link {
    router: Option<(Ipv6Addr, Mac, Vec<AdvertisedPrefix>)>,
    owners: Vec<(Ipv6Addr, Mac, String)>,
    seen: Vec<u8>,
}

impl Link {
    /// A link without a router.
    pub fn new() -> Link {
        Link::default()
    }

    /// Plugs in a router that advertises `prefixes`.
    pub fn add_router(&mut self, mac: Mac, prefixes: Vec<AdvertisedPrefix>) {
        let address = address_in(LINK_LOCAL, eui64_interface_id(mac));
        self.owners.push((address, mac, "router".to_string()));
        self.router = Some((address, mac, prefixes));
    }

    /// The types of the messages so far: 133 to 136.
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// A node joins: it makes itself a link-local address, asks for a router, and makes an address of every prefix.
    ///
    /// # Errors
    /// [`Duplicate`]. An EUI-64 address that is taken is given up at once, since it would come out the same again (RFC
    /// 4862, 5.4.5); a random ID is drawn anew [`RETRIES`] times.
    pub fn join(&mut self, name: &str, mac: Mac, mut id: InterfaceId<'_>) -> Result<Joined, Duplicate> {
        let mut redrawn = 0;
        let link_local = self.claim(name, mac, LINK_LOCAL, &mut id, &mut redrawn)?;
        let mut global = Vec::new();
        for prefix in self.solicit(name, mac, link_local) {
            // RFC 4862, 5.5.3: prefix and interface ID must make 128 bits; fe80::/10 is not the router's to give.
            let is_usable =
                prefix.autonomous && prefix.length == 64 && !prefix.network.is_unicast_link_local();
            if !is_usable {
                trace::note_of(name, || format!("no address of {}/{}", prefix.network, prefix.length));
                continue;
            }
            global.push(self.claim(name, mac, prefix.network, &mut id, &mut redrawn)?);
        }
        Ok(Joined { link_local, global, redrawn })
    }

    /// Makes an address in `network` and asks whether anybody has it, until nobody has.
    fn claim(
        &mut self,
        name: &str,
        mac: Mac,
        network: Ipv6Addr,
        id: &mut InterfaceId<'_>,
        redrawn: &mut u32,
    ) -> Result<Ipv6Addr, Duplicate> {
        let mut tries_left = RETRIES;
        loop {
            let interface = match id {
                InterfaceId::Eui64 => eui64_interface_id(mac),
                InterfaceId::Random(draw) => draw(),
            };
            let address = address_in(network, interface);
            let Some(owner) = self.owner_says(name, address) else {
                trace::note_of(name, || format!("nobody answers: {address} is mine"));
                self.owners.push((address, mac, name.to_string()));
                return Ok(address);
            };
            if matches!(id, InterfaceId::Eui64) || tries_left == 0 {
                return Err(Duplicate { address, owner });
            }
            tries_left -= 1;
            *redrawn += 1;
            trace::note_of(name, || format!("{address} is taken by {owner}: another one"));
        }
    }

    /// Duplicate address detection: a solicitation from `::`, and the owner's advertisement if there is one.
    fn owner_says(&mut self, name: &str, address: Ipv6Addr) -> Option<Mac> {
        let question = Message6::NeighborSolicitation { target: address, mac: None };
        let (group, nobody) = (solicited_node(address), Ipv6Addr::UNSPECIFIED);
        let asked =
            self.deliver((name, "all nodes"), (nobody, group), &question, "NS: has anybody this address?")?;
        let Message6::NeighborSolicitation { target, .. } = asked else { return None };
        let (_, mac, owner) = self.owners.iter().find(|(taken, ..)| *taken == target)?.clone();
        let answer = Message6::NeighborAdvertisement { target, mac: Some(mac) };
        match self.deliver((&owner, name), (target, ALL_NODES), &answer, "NA: I have") {
            Some(Message6::NeighborAdvertisement { mac, .. }) => mac,
            _ => None,
        }
    }

    /// Asks for a router, and gives the prefixes it advertises.
    fn solicit(&mut self, name: &str, mac: Mac, from: Ipv6Addr) -> Vec<AdvertisedPrefix> {
        let question = Message6::RouterSolicitation { mac: Some(mac) };
        let listener = if self.router.is_some() { "router" } else { "all routers" };
        self.deliver((name, listener), (from, ALL_ROUTERS), &question, "RS: is there a router?");
        let Some((address, mac, prefixes)) = self.router.clone() else {
            trace::note_of(name, || "no router answers: no address beyond this link".to_string());
            return Vec::new();
        };
        let answer = Message6::RouterAdvertisement { lifetime: 1800, mac: Some(mac), prefixes };
        match self.deliver(
            ("router", name),
            (address, ALL_NODES),
            &answer,
            "RA: I am, and these are our networks",
        ) {
            Some(Message6::RouterAdvertisement { prefixes, .. }) => prefixes,
            _ => Vec::new(),
        }
    }

    /// Sends a message: into bytes, over the link, out of bytes.
    fn deliver(
        &mut self,
        (from, to): (&str, &str),
        (source, destination): (Ipv6Addr, Ipv6Addr),
        message: &Message6,
        meaning: &str,
    ) -> Option<Message6> {
        let bytes = message.encode(source, destination);
        self.seen.push(bytes[0]);
        trace::between_with(Kind::Sent, from, to, &bytes, || {
            format!("{meaning} ({source} to {destination})")
        });
        trace::between_with(Kind::Received, from, to, &bytes, || meaning.to_string());
        Message6::decode(&bytes, source, destination).ok()
    }
}

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

/// Figure 2-14 for any MAC address, in both forms.
pub fn figure(mac: Mac) -> String {
    let written = |id: u64| {
        let bytes = id.to_be_bytes().map(|byte| format!("{byte:02x}"));
        format!("{} {} {}", bytes[..3].join(":"), bytes[3..5].join(":"), bytes[5..].join(":"))
    };
    let (book, real) = (written(book_interface_id(mac)), written(eui64_interface_id(mac)));
    format!("MAC      {mac}\nbook     {book}\nEUI-64   {real}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    const MAC: Mac = Mac([0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb7]);
    const OTHER: Mac = Mac([0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb8]);

    fn prefix(network: &str, length: u8, autonomous: bool) -> AdvertisedPrefix {
        AdvertisedPrefix { network: network.parse().unwrap(), length, autonomous, valid_seconds: 86_400 }
    }

    #[test]
    fn every_mac_is_found_again_in_its_eui64_and_rarely_in_a_random_id() {
        let mut random = Seeded::new(227);
        for _ in 0..1_000 {
            let mut mac = Mac([0; 6]);
            random.fill(&mut mac.0);
            assert_eq!(mac_of_interface_id(eui64_interface_id(mac)), Some(mac));
            assert_eq!(eui64_interface_id(mac) ^ book_interface_id(mac), 0x0200_0000_0000_0000);
        }
        assert_eq!(mac_of_interface_id(0x0123_4567_89ab_cdef), None);
    }

    #[test]
    fn only_an_autonomous_64_makes_an_address() {
        let mut link = Link::new();
        link.add_router(
            OTHER,
            vec![
                prefix("2001:db8:1::", 64, false),
                prefix("2001:db8:2::", 63, true),
                prefix("fe80::", 64, true),
                prefix("2001:db8:3::", 64, true),
            ],
        );
        let joined = link.join("node", MAC, InterfaceId::Eui64).unwrap();
        assert_eq!(joined.global, ["2001:db8:3::21b:44ff:fe11:3ab7".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn the_same_mac_twice_is_found_out_and_not_repaired() {
        let mut link = Link::new();
        link.join("one", MAC, InterfaceId::Eui64).unwrap();
        let refused = link.join("two", MAC, InterfaceId::Eui64).unwrap_err();
        assert_eq!((refused.owner, refused.address.to_string().as_str()), (MAC, "fe80::21b:44ff:fe11:3ab7"));
    }

    #[test]
    fn a_source_that_always_gives_the_same_number_gives_up_in_the_end() {
        let mut link = Link::new();
        link.join("one", MAC, InterfaceId::Random(&mut || 7)).unwrap();
        let mut drawn = 0;
        let mut stuck = || {
            drawn += 1;
            7
        };
        assert!(link.join("two", OTHER, InterfaceId::Random(&mut stuck)).is_err());
        assert_eq!(drawn, 1 + RETRIES);
    }

    #[test]
    fn the_group_for_a_question_has_the_last_24_bits() {
        let address = "2001:db8::21b:44ff:fe11:3ab7".parse().unwrap();
        assert_eq!(solicited_node(address).to_string(), "ff02::1:ff11:3ab7");
    }
}
