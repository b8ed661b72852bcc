//! The six basic topologies of the book and two hybrids, built of [`Net`]s.
//!
//! ```text
//! point-to-point   A ── B                          daisy chain   C ── D ── E ── F
//!
//! bus   H   I   J                  ring   N ─▶ O ─▶ P        star   A   B        mesh   A ── B
//!     ══╧═══╧═══╧══                       ▲         │                 \ /               │ ╲╱ │
//!       K   L   M                         R ◀────── Q               switch              │ ╱╲ │
//!                                                                     / \               C ── D
//!                                                                    C   D
//! ```
//!
//! Book: Figures 1-1 to 1-7.

use super::topology::Net;

/// Two nodes and one link (Figure 1-1).
pub fn point_to_point(one: &str, other: &str) -> Net {
    daisy_chain(&[one, other])
}

/// Each node joined to the next (Figure 1-2).
pub fn daisy_chain(names: &[&str]) -> Net {
    let mut net = Net::new(names);
    for pair in names.windows(2) {
        net.cable(pair[0], pair[1]);
    }
    net
}

/// One link that all share (Figure 1-3); a radio channel is of this kind, too.
pub fn bus(names: &[&str]) -> Net {
    let mut net = Net::new(names);
    net.shared(names);
    net
}

/// Each node sends to the next only, the last to the first (Figure 1-4).
pub fn ring(names: &[&str]) -> Net {
    let mut net = Net::new(names);
    close_ring(&mut net, names);
    net
}

fn close_ring(net: &mut Net, names: &[&str]) {
    for (index, name) in names.iter().enumerate() {
        net.one_way(name, names[(index + 1) % names.len()]);
    }
}

/// Every node joined to one in the middle (Figure 1-5).
pub fn star(middle: &str, names: &[&str]) -> Net {
    let mut net = Net::new(&[middle]);
    for name in names {
        net.cable(middle, name);
    }
    net
}

/// Every node joined to every other (Figure 1-6).
pub fn mesh(names: &[&str]) -> Net {
    let mut net = Net::new(names);
    for (index, one) in names.iter().enumerate() {
        for other in &names[index + 1..] {
            net.cable(one, other);
        }
    }
    net
}

/// Rings of which the first node is joined to one in the middle (Figure 1-7, left).
pub fn star_ring(middle: &str, rings: &[&[&str]]) -> Net {
    let mut net = Net::new(&[middle]);
    for ring in rings {
        close_ring(&mut net, ring);
        if let Some(first) = ring.first() {
            net.cable(middle, first);
        }
    }
    net
}

/// Stars, given as their middle and its nodes, whose middles share a bus (Figure 1-7, right).
pub fn star_bus(stars: &[(&str, &[&str])]) -> Net {
    let middles: Vec<&str> = stars.iter().map(|(middle, _)| *middle).collect();
    let mut net = bus(&middles);
    for (middle, names) in stars {
        for name in *names {
            net.cable(middle, name);
        }
    }
    net
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch01_networks::topology::Cost;

    const SIX: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

    #[test]
    fn each_topology_has_the_links_its_definition_says() {
        let costs = [
            (point_to_point("A", "B"), 1, 2, 1),
            (daisy_chain(&SIX), 5, 10, 2),
            (bus(&SIX), 1, 6, 1),
            (ring(&SIX), 6, 12, 2),
            (star("switch", &SIX), 6, 12, 6),
            (mesh(&SIX), 15, 30, 5),
        ];
        for (net, links, ports, most_ports) in costs {
            assert_eq!(net.cost(), Cost { links, ports, most_ports }, "{net}");
        }
    }

    #[test]
    fn the_figures_are_drawn_from_the_links() {
        assert_eq!(daisy_chain(&SIX[2..]).to_string(), "C ── D ── E ── F\n");
        assert_eq!(ring(&SIX[..3]).to_string(), "A ─▶ B ─▶ C ─▶ A\n");
        assert_eq!(bus(&SIX[..3]).to_string(), "══ A ══ B ══ C ══\n");
        assert_eq!(star("switch", &SIX[..3]).to_string(), "switch ── A\nswitch ── B\nswitch ── C\n");
        assert_eq!(mesh(&SIX[..3]).to_string(), "A ── B ── C ── A\n");
    }

    #[test]
    fn no_nodes_make_no_network() {
        for net in [daisy_chain(&[]), ring(&[]), mesh(&[]), star_ring("hub", &[&[]]), star_bus(&[])] {
            assert!(net.parts().len() <= 1);
        }
    }

    #[test]
    fn every_topology_is_one_piece_while_all_nodes_work() {
        let hybrid = star_ring("hub", &[&SIX[..3], &SIX[3..]]);
        let tree = star_bus(&[("switch 1", &SIX[..3]), ("switch 2", &SIX[3..])]);
        for net in [daisy_chain(&SIX), bus(&SIX), ring(&SIX), star("s", &SIX), mesh(&SIX), hybrid, tree] {
            assert_eq!(net.parts().len(), 1, "{net}");
        }
    }
}
