//! Which way is the better one depends on what one counts (book: Routing Protocols).
//!
//! ```text
//!            10 Mbit/s
//!     A ------------------- D       by hops: A D            one hop
//!     |                     |       by bandwidth: A B C D   three hops of 1000 Mbit/s
//!     B ------------------- C
//!          1000 Mbit/s each
//! ```
//! Every router that knows the whole map finds the cheapest way by itself (Dijkstra 1959, as OSPF does). The cost of a
//! link is 1, or a reference bandwidth divided by the link's.

use std::collections::BTreeMap;
use std::fmt;

use crate::base::trace;

/// A link of this bandwidth costs 1, and faster ones cost no less. In Mbit/s.
pub const REFERENCE_MBITS: u32 = 100_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Links, each as good as any (RIP).
    Hops,
    /// Narrow links cost more (OSPF).
    Bandwidth,
}

impl Metric {
    fn cost(self, mbits: u32) -> u64 {
        match self {
            Metric::Hops => 1,
            Metric::Bandwidth => u64::from((REFERENCE_MBITS / mbits.max(1)).max(1)),
        }
    }
}

/// A way through the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The routers from the first to the last.
    pub routers: Vec<String>,
    /// What its links cost together.
    pub cost: u64,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (cost {})", self.routers.join(" > "), self.cost)
    }
}

/// Routers and the links between them.
#[derive(Clone, Debug, Default)]
pub struct Map {
    links: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Map {
    /// A map without routers.
    pub fn new() -> Map {
        Map::default()
    }

    /// A link both ways. It replaces one that was there.
    pub fn link(&mut self, one: &str, other: &str, mbits: u32) {
        self.links.entry(one.to_string()).or_default().insert(other.to_string(), mbits);
        self.links.entry(other.to_string()).or_default().insert(one.to_string(), mbits);
    }

    /// The link fails.
    pub fn cut(&mut self, one: &str, other: &str) {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(neighbors) = self.links.get_mut(from) {
                neighbors.remove(to);
            }
        }
    }

    /// The cheapest way, `None` if there is none. Of equally cheap ones it is always the same.
    pub fn way(&self, from: &str, to: &str, metric: Metric) -> Option<Way> {
        let before = self.cheapest_ways(from, metric);
        let (cost, _) = before.get(to)?;
        let mut routers = vec![to.to_string()];
        let mut here = to;
        while here != from {
            let (_, previous) = before.get(here)?;
            here = previous.as_str();
            routers.push(here.to_string());
        }
        routers.reverse();
        let way = Way { routers, cost: *cost };
        trace::note_of(from, || format!("by {metric:?}: {way}"));
        Some(way)
    }

    /// For every router that can be reached: the cost, and the router before it.
    fn cheapest_ways(&self, from: &str, metric: Metric) -> BTreeMap<String, (u64, String)> {
        let mut open: BTreeMap<(u64, String), String> = BTreeMap::new();
        let mut done: BTreeMap<String, (u64, String)> = BTreeMap::new();
        open.insert((0, from.to_string()), from.to_string());
        while let Some(((cost, router), previous)) = open.pop_first() {
            if done.contains_key(&router) {
                continue; // a cheaper way to it was found before
            }
            done.insert(router.clone(), (cost, previous));
            let Some(neighbors) = self.links.get(&router) else { continue };
            for (neighbor, mbits) in neighbors {
                let total = cost.saturating_add(metric.cost(*mbits));
                open.entry((total, neighbor.clone())).or_insert_with(|| router.clone());
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_is_zero_from_itself_and_an_island_is_nowhere() {
        let mut map = Map::new();
        map.link("a", "b", 10);
        assert_eq!(map.way("a", "a", Metric::Hops), Some(Way { routers: vec!["a".into()], cost: 0 }));
        assert_eq!(map.way("a", "island", Metric::Hops), None);
        map.cut("b", "a");
        assert_eq!(map.way("a", "b", Metric::Hops), None);
    }

    #[test]
    fn a_link_without_bandwidth_is_dear_and_not_a_division_by_zero() {
        let mut map = Map::new();
        map.link("a", "b", 0);
        assert_eq!(map.way("a", "b", Metric::Bandwidth).unwrap().cost, u64::from(REFERENCE_MBITS));
        map.link("a", "b", u32::MAX);
        assert_eq!(map.way("a", "b", Metric::Bandwidth).unwrap().cost, 1);
    }
}
