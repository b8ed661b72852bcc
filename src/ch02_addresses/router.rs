//! The table every router decides by: of all prefixes that contain an address, the longest (RFC 1812, 5.2.4.3).
//!
//! ```text
//! 0.0.0.0/0       by way of 10.0.0.1      everything else
//! 10.1.0.0/16     by way of 10.0.0.2
//! 10.1.2.0/24     by way of 10.0.0.3      10.1.2.9 goes here: 24 bits fit
//! ```
//! Looked up in a list, one prefix after the other; real routers keep a trie.

use std::net::IpAddr;

use super::prefix::Prefix;

/// Prefixes, and what each leads to.
#[derive(Clone, Debug)]
pub struct RouteTable<T> {
    routes: Vec<(Prefix, T)>,
}

impl<T> Default for RouteTable<T> {
    fn default() -> RouteTable<T> {
        RouteTable { routes: Vec::new() }
    }
}

impl<T> RouteTable<T> {
    /// A table that knows no way anywhere.
    pub fn new() -> RouteTable<T> {
        RouteTable::default()
    }

    /// Sets the route of `prefix`. Gives the one it replaces.
    pub fn set(&mut self, prefix: Prefix, route: T) -> Option<T> {
        let replaced = self.remove(prefix);
        self.routes.push((prefix, route));
        replaced
    }

    /// Takes the route of `prefix` away.
    pub fn remove(&mut self, prefix: Prefix) -> Option<T> {
        let place = self.routes.iter().position(|(known, _)| *known == prefix)?;
        Some(self.routes.remove(place).1)
    }

    /// The route of exactly this prefix.
    pub fn exact(&self, prefix: Prefix) -> Option<&T> {
        self.routes.iter().find(|(known, _)| *known == prefix).map(|(_, route)| route)
    }

    /// The route for an address: that of the longest prefix it lies in.
    pub fn lookup(&self, address: IpAddr) -> Option<&(Prefix, T)> {
        let mut best: Option<&(Prefix, T)> = None;
        for route in &self.routes {
            let is_longer = best.is_none_or(|(known, _)| route.0.length() > known.length());
            if is_longer && route.0.contains(address) {
                best = Some(route);
            }
        }
        best
    }

    /// All of them, in the order they were set.
    pub fn routes(&self) -> &[(Prefix, T)] {
        &self.routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_in_whatever_order_they_came() {
        let texts = ["0.0.0.0/0", "10.1.2.0/24", "10.1.0.0/16", "::/0", "10.1.2.3"];
        for start in 0..texts.len() {
            let mut table = RouteTable::new();
            for place in 0..texts.len() {
                let text = texts[(start + place) % texts.len()];
                table.set(text.parse().unwrap(), text);
            }
            let found = |address: &str| table.lookup(address.parse().unwrap()).map(|(_, route)| *route);
            assert_eq!(found("10.1.2.3"), Some("10.1.2.3"));
            assert_eq!(found("10.1.2.4"), Some("10.1.2.0/24"));
            assert_eq!(found("10.1.3.4"), Some("10.1.0.0/16"));
            assert_eq!(found("11.0.0.0"), Some("0.0.0.0/0"));
            assert_eq!(found("2001:db8::1"), Some("::/0"));
        }
    }

    #[test]
    fn a_route_is_replaced_and_taken_away() {
        let mut table = RouteTable::new();
        let prefix = "10.0.0.0/8".parse().unwrap();
        assert_eq!((table.set(prefix, 1), table.set(prefix, 2)), (None, Some(1)));
        assert_eq!((table.exact(prefix), table.routes().len()), (Some(&2), 1));
        assert_eq!((table.remove(prefix), table.remove(prefix)), (Some(2), None));
        assert!(table.lookup("10.0.0.1".parse().unwrap()).is_none());
    }
}
