//! Shapes of networks: Figures 1-1 to 1-7.

use super::words::*;
use netprog::ch01_networks::bandwidth::Rate;
use netprog::ch01_networks::ethernet::Mac;
use netprog::ch01_networks::shapes;
use netprog::ch01_networks::switch::Star;
use netprog::ch01_networks::topology::{Net, Outcome};

/// Row 1.1, Figure 1-1: two nodes, one link, nobody between them.
/// Watch: the only arrow.
#[test]
fn point_to_point_has_one_link_and_nobody_in_between() {
    chapter();
    let net = shapes::point_to_point("A", "B");
    println!("{net}{}", net.cost());
    assert_eq!(net.cost().links, 1);
    assert_eq!((net.hops("A", "B"), net.hops("B", "A")), (Some(Vec::new()), Some(Vec::new())));
    let delivery = net.send("A", "B", b"hello");
    assert_eq!((delivery.outcome, delivery.legs.len()), (Outcome::Accepted, 1));
}

/// Row 1.2, Figure 1-2: from C to F a message crosses D and E. n nodes need n - 1 links, and every cut makes two pieces.
/// Watch: the message handed from node to node; then the cut between D and E.
#[test]
fn in_a_daisy_chain_every_node_passes_on_and_every_cut_divides() {
    chapter();
    let net = shapes::daisy_chain(&["C", "D", "E", "F"]);
    println!("{net}{}", net.cost());
    assert_eq!(net.hops("C", "F"), Some(words("D E")));
    assert_eq!(net.cost().links, 3);
    assert_eq!(net.send("C", "F", b"hello").legs.len(), 3);
    for (one, other, left, right) in
        [("C", "D", "C", "D E F"), ("D", "E", "C D", "E F"), ("E", "F", "C D E", "F")]
    {
        let mut broken = net.clone();
        broken.cut(one, other);
        assert_eq!(broken.parts(), [words(left), words(right)]);
    }
}

/// Row 1.3, Figure 1-3: H sends to L. I, J, K and M hear it as well and ignore it; L alone accepts.
/// Watch: one arrow, four notes.
#[test]
fn on_a_bus_all_hear_and_one_accepts() {
    chapter();
    let net = shapes::bus(&["H", "I", "J", "K", "L", "M"]);
    println!("{net}{}", net.cost());
    let delivery = net.send("H", "L", b"for L only");
    assert_eq!(delivery.outcome, Outcome::Accepted);
    assert_eq!(delivery.legs.len(), 1);
    assert_eq!((delivery.legs[0].to.as_str(), &delivery.legs[0].overheard), ("L", &words("I J K M")));
    // The cable is shared by all: as long as it holds, a dead station harms nobody else.
    let mut one_dead = net.clone();
    one_dead.fail("J");
    assert_eq!(one_dead.parts(), [words("H I K L M")]);
}

/// Row 1.4, Figure 1-4: a ring with one direction. N reaches R through O, P and Q; a dead P ends it; a slow Q slows O to N,
/// whose way leads through it, and not N to O.
/// Watch: the message go round; then end at P.
#[test]
fn a_ring_goes_one_way_and_one_node_can_end_or_slow_it() {
    chapter();
    let mut ring = shapes::ring(&["N", "O", "P", "Q", "R"]);
    println!("{ring}{}", ring.cost());
    assert_eq!(ring.hops("N", "R"), Some(words("O P Q")));
    assert_eq!(ring.hops("O", "N"), Some(words("P Q R")), "back is the long way round");
    assert_eq!(ring.send("N", "R", b"hello").outcome, Outcome::Accepted);

    ring.set_rate("Q", Rate::megabits(10));
    assert_eq!(ring.rate("O", "N"), Some(Rate::megabits(10)));
    assert_eq!(ring.rate("N", "O"), Some(Rate::gigabits(1)));

    ring.fail("P");
    let delivery = ring.send("N", "R", b"hello");
    assert_eq!(delivery.outcome, Outcome::LostAt("P".into()));
    assert_eq!(delivery.legs.len(), 2, "N to O, O to P");
    assert_eq!(ring.parts().len(), 4, "nobody can both reach and be reached");
}

/// Row 1.5, Figure 1-5: the only hop is the one in the middle. A leaf's failure is its own; the middle's is everybody's.
/// Watch: every message pass the switch.
#[test]
fn in_a_star_the_middle_is_the_only_hop_and_the_only_loss_that_matters() {
    chapter();
    let net = shapes::star("switch", &["A", "B", "C", "D"]);
    println!("{net}{}", net.cost());
    assert_eq!(net.hops("A", "D"), Some(words("switch")));
    assert_eq!(net.send("A", "D", b"hello").outcome, Outcome::Accepted);
    let mut without_leaf = net.clone();
    without_leaf.fail("B");
    assert_eq!(without_leaf.parts(), [words("switch A C D")]);
    let mut without_middle = net.clone();
    without_middle.fail("switch");
    assert_eq!(without_middle.parts().len(), 4);
    assert_eq!(without_middle.send("A", "D", b"hello").outcome, Outcome::LostAt("switch".into()));
    // Another node is one more cable, and nobody else notices.
    let larger = shapes::star("switch", &["A", "B", "C", "D", "E"]);
    assert_eq!(larger.cost().links, net.cost().links + 1);
}

/// Row 1.5: the switch learns. The first frame is heard by all; the answer, and everything after it, by its receiver alone.
/// Watch: how many arrows leave the switch for each frame.
#[test]
fn a_switch_floods_what_it_does_not_know_and_learns_from_who_sends() {
    chapter();
    let mut star = Star::new(&["A", "B", "C", "D"]);
    let address = |star: &Star, name: &str| star.address(name).unwrap();
    let (a, b) = (address(&star, "A"), address(&star, "B"));
    let first = star.send("A", b, b"are you there?");
    assert_eq!((first.accepted, first.ignored), (words("B"), words("C D")));
    let answer = star.send("B", a, b"yes");
    assert_eq!((answer.accepted, answer.ignored), (words("A"), Vec::new()));
    let second = star.send("A", b, b"good");
    assert_eq!((second.accepted, second.ignored), (words("B"), Vec::new()));
    let all = star.send("C", Mac::BROADCAST, b"everybody");
    assert_eq!((all.accepted, all.ignored), (words("A B D"), Vec::new()));
}

/// Row 1.6, Figure 1-6: every node has a cable to every other, n(n - 1)/2 of them, so no node's loss concerns two others.
/// Watch: a message goes straight; with its cable cut it goes round by another node.
#[test]
fn a_mesh_survives_any_loss_and_pays_for_it() {
    chapter();
    let names = ["S", "T", "U", "V", "W"];
    let net = shapes::mesh(&names);
    println!("{net}{}", net.cost());
    for lost in names {
        let mut damaged = net.clone();
        damaged.fail(lost);
        assert_eq!(damaged.parts().len(), 1);
        for one in names.iter().filter(|one| **one != lost) {
            for other in names.iter().filter(|other| **other != lost) {
                assert_eq!(damaged.hops(one, other), Some(Vec::new()), "{one} to {other} without {lost}");
            }
        }
    }
    let mut cut = net.clone();
    cut.cut("S", "W");
    assert_eq!(net.send("S", "W", b"straight").legs.len(), 1);
    assert_eq!(cut.send("S", "W", b"round").legs.len(), 2);

    for count in [2, 5, 10, 50] {
        let names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let cost = shapes::mesh(&names).cost();
        assert_eq!((cost.links, cost.most_ports), (count * (count - 1) / 2, count - 1));
        println!("{count:>3} nodes: mesh {cost}; star {}", shapes::star("switch", &names).cost());
    }
}

/// Row 1.7, Figure 1-7: three rings around a hub. Without the hub each ring goes on by itself; one node's failure stops one
/// ring.
/// Watch: a message from ring to ring; then, without the hub, within one.
#[test]
fn a_star_ring_without_its_middle_is_rings_that_still_work() {
    chapter();
    let mut net: Net =
        shapes::star_ring("hub", &[&["A1", "A2", "A3"], &["B1", "B2", "B3"], &["C1", "C2", "C3"]]);
    println!("{net}{}", net.cost());
    assert_eq!(net.hops("A2", "B2"), Some(words("A3 A1 hub B1")));
    assert_eq!(net.send("A2", "B2", b"to another ring").outcome, Outcome::Accepted);

    net.fail("hub");
    assert_eq!(net.parts(), [words("A1 A2 A3"), words("B1 B2 B3"), words("C1 C2 C3")]);
    assert_eq!(net.send("A2", "B2", b"to another ring").outcome, Outcome::LostAt("hub".into()));
    assert_eq!(net.send("A2", "A1", b"within the ring").outcome, Outcome::Accepted);

    net.repair("hub");
    net.fail("B2");
    assert_eq!(net.parts()[0], words("hub A1 A2 A3 B1 C1 C2 C3"), "only B3, behind B2, is out of reach");
    let mut one_large = shapes::ring(&["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"]);
    one_large.fail("B2");
    assert_eq!(one_large.parts().len(), 8, "in a single ring the same failure stops everybody");
}

/// Row 1.7, Figure 1-7: stars on a common bus. A middle that fails takes its own star down and no other.
/// Watch: the bus between the two switches, and who overhears there.
#[test]
fn a_star_bus_loses_one_star_at_a_time() {
    chapter();
    let mut net =
        shapes::star_bus(&[("switch 1", &["A", "B"]), ("switch 2", &["C", "D"]), ("switch 3", &["E", "F"])]);
    println!("{net}{}", net.cost());
    let delivery = net.send("A", "D", b"hello");
    assert_eq!((delivery.outcome, delivery.legs.len()), (Outcome::Accepted, 3));
    assert_eq!(delivery.legs[1].overheard, ["switch 3"], "the middle leg is the bus");
    net.fail("switch 2");
    assert_eq!(net.parts().len(), 3, "{:?}", net.parts());
    assert_eq!(net.send("A", "F", b"hello").outcome, Outcome::Accepted);
    assert_eq!(net.send("A", "D", b"hello").outcome, Outcome::LostAt("switch 2".into()));
}
