//! The graph itself; the book's topologies are tested beside [`shapes`](crate::ch01_networks::shapes).

use super::*;

fn square() -> Net {
    let mut net = Net::new(&["a", "b", "c", "d"]);
    for (one, other) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")] {
        net.cable(one, other);
    }
    net
}

#[test]
fn a_message_takes_the_way_with_the_fewest_links_and_goes_round_a_failure() {
    let mut net = square();
    assert_eq!(net.path("a", "b"), Some(vec!["a".into(), "b".into()]));
    assert_eq!(net.hops("a", "c"), Some(vec!["b".into()]));
    net.fail("b");
    assert_eq!(net.hops("a", "c"), Some(vec!["d".into()]));
    assert_eq!(net.send("a", "c", b"x").outcome, Outcome::Accepted);
    net.repair("b");
    net.cut("b", "a");
    assert_eq!(net.hops("a", "b"), Some(vec!["d".into(), "c".into()]));
}

#[test]
fn without_a_way_around_a_message_ends_where_the_failure_is() {
    let mut net = square();
    net.cut("d", "a");
    net.fail("b");
    let delivery = net.send("a", "d", b"x");
    assert_eq!((delivery.outcome, delivery.legs.len()), (Outcome::LostAt("b".into()), 1));
    assert_eq!(net.send("b", "a", b"x").outcome, Outcome::LostAt("b".into()));
    assert_eq!(net.parts(), [vec!["a".to_string()], vec!["c".into(), "d".into()]]);
}

#[test]
fn strangers_and_islands_have_no_way_and_oneself_is_no_step_away() {
    let mut net = square();
    net.cable("x", "y");
    assert_eq!(net.path("a", "x"), None);
    assert_eq!(net.send("a", "x", b"").outcome, Outcome::NoWay);
    assert_eq!(net.send("a", "nobody", b"").outcome, Outcome::NoWay);
    assert_eq!(net.path("a", "a"), Some(vec!["a".into()]));
    assert_eq!(net.hops("a", "a"), Some(Vec::new()));
}

#[test]
fn a_one_way_link_carries_nothing_back() {
    let mut net = Net::new(&[]);
    net.one_way("a", "b");
    assert!(net.path("a", "b").is_some() && net.path("b", "a").is_none());
    assert_eq!(net.parts().len(), 2);
    assert_eq!(net.to_string(), "a ─▶ b\n");
}

#[test]
fn the_picture_has_every_link_once_and_marks_what_is_down() {
    let mut net = square();
    net.shared(&["a", "c", "e"]);
    net.fail("e");
    assert_eq!(net.to_string(), "a ── b ── c ── d ── a\n══ a ══ c ══ e× ══\n");
}

#[test]
fn an_empty_network_has_no_parts_and_costs_nothing() {
    let net = Net::new(&[]);
    assert!(net.parts().is_empty() && net.to_string().is_empty());
    assert_eq!(net.cost(), Cost { links: 0, ports: 0, most_ports: 0 });
}
