//! Who sends again what a link has damaged: on a cable nobody at layer 2, over the air the sender's radio.
//!
//! ```text
//! Ethernet   frame ─▶ damaged ─▶ FCS wrong: dropped.  TCP, far away, notices after a while
//! wireless   frame ─▶ damaged ─▶ FCS wrong: dropped.  No ACK: the radio sends it again, at once
//! ```
//!
//! Resending at the link is a matter of cost, not of trust: bit errors on a cable are so rare that waiting for TCP is
//! cheaper, over the air so frequent that TCP would mostly wait. The ends must check in both cases.
//!
//! Book: "The Hierarchical Layers of the OSI Reference Model", layer 2.

use super::ethernet::Frame;
use crate::base::random::Seeded;
use crate::base::trace::{self, Kind};

/// How often a radio tries before it gives up: the customary short retry limit of IEEE 802.11.
pub const RADIO_TRIES: u32 = 7;

/// A link between two neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Nobody resends.
    Ethernet,
    /// The receiver acknowledges every frame, and the sender resends.
    Wireless,
}

/// What a link made of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The frame, if it arrived whole.
    pub frame: Option<Frame>,
    /// How often it was sent.
    pub tries: u32,
}

/// Carries a frame's bytes over a link that damages one of them with the given probability per try.
pub fn carry(medium: Medium, frame: &[u8], damage: f64, random: &mut Seeded) -> Carried {
    let most = if medium == Medium::Wireless { RADIO_TRIES } else { 1 };
    for tries in 1..=most {
        let mut arrived = frame.to_vec();
        let is_damaged = random.chance(damage) && !arrived.is_empty();
        if is_damaged {
            let bit = random.below(arrived.len() as u64 * 8) as usize;
            arrived[bit / 8] ^= 1 << (bit % 8);
        }
        trace::between_with(Kind::Sent, "sender", "receiver", &arrived, || format!("try {tries}"));
        match Frame::decode(&arrived) {
            Ok(frame) => {
                if medium == Medium::Wireless {
                    trace::between_with(Kind::Sent, "receiver", "sender", &[], || "ACK".to_string());
                }
                return Carried { frame: Some(frame), tries };
            }
            Err(error) => trace::note_of("receiver", || format!("drops it: {error}")),
        }
    }
    Carried { frame: None, tries: most }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch01_networks::ethernet::{IPV4, Mac};

    fn frame() -> Vec<u8> {
        let (destination, source) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
        Frame { destination, source, ether_type: IPV4, payload: vec![5; 60] }.encode().unwrap()
    }

    fn whole(medium: Medium, damage: f64) -> u32 {
        let mut random = Seeded::new(7);
        (0..1_000).map(|_| u32::from(carry(medium, &frame(), damage, &mut random).frame.is_some())).sum()
    }

    #[test]
    fn a_radio_that_resends_loses_far_less_than_a_cable_that_is_as_bad() {
        let (cable, radio) = (whole(Medium::Ethernet, 0.3), whole(Medium::Wireless, 0.3));
        assert!((650..750).contains(&cable), "{cable}");
        assert!(radio >= 997, "{radio}: 0.3 to the seventh is 0.0002");
    }

    #[test]
    fn a_good_link_needs_one_try_and_a_hopeless_one_is_given_up() {
        let mut random = Seeded::new(8);
        assert_eq!(carry(Medium::Wireless, &frame(), 0.0, &mut random).tries, 1);
        for (medium, tries) in [(Medium::Ethernet, 1), (Medium::Wireless, RADIO_TRIES)] {
            assert_eq!(carry(medium, &frame(), 1.0, &mut random), Carried { frame: None, tries });
        }
    }
}
