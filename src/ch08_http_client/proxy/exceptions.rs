//! Who is asked without a proxy: the list in `NO_PROXY`, separated by commas or spaces.
//!
//! | entry | who |
//! |---|---|
//! | `*` | everybody |
//! | `example.com` | the host, and every host below it |
//! | `.example.com`, `*.example.com` | every host below it, not itself |
//! | `10.0.0.1`, `::1`, `[::1]` | the address |
//! | `10.0.0.0/8`, `fd00::/8` | every address in the network |
//! | `example.com:8080`, `10.0.0.1:80`, `[::1]:80` | the same on one port |
//!
//! These are Go's rules. Addresses are those in URLs: a name is not looked up, whatever its addresses are. An entry that is none
//! of these matches nothing. With the environment's settings this machine is excepted too: `localhost` and the loopback
//! addresses, which a proxy would take for its own.

use std::net::IpAddr;

use crate::ch02_addresses::prefix::Prefix;
use crate::ch08_http_client::url::Url;

/// A list of hosts and networks.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    entries: Vec<Entry>,
    this_machine: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    who: Who,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
enum Who {
    Everybody,
    Network(Prefix),
    /// This host unless `below_only`, and all below it. In small letters.
    Host {
        name: String,
        below_only: bool,
    },
}

impl Exceptions {
    /// Reads a list.
    pub fn parse(list: &str) -> Exceptions {
        let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Exceptions { entries: entries.filter_map(entry).collect(), this_machine: false }
    }

    /// The same list and this machine.
    #[must_use]
    pub fn and_this_machine(self) -> Exceptions {
        Exceptions { this_machine: true, ..self }
    }

    /// Another list. This machine stays excepted if it was.
    #[must_use]
    pub fn with_list(self, list: &str) -> Exceptions {
        Exceptions { this_machine: self.this_machine, ..Exceptions::parse(list) }
    }

    /// Whether the URL's host is on the list.
    pub fn contains(&self, url: &Url) -> bool {
        // `example.com.` is the same host, written to the root of all names.
        let host = url.host().trim_end_matches('.');
        let address = url.ip().map(|address| address.to_canonical());
        if self.this_machine && (host == "localhost" || address.is_some_and(|address| address.is_loopback()))
        {
            return true;
        }
        self.entries.iter().any(|entry| {
            let same_port = entry.port.is_none() || entry.port == url.port_or_default();
            same_port && entry.who.is(host, address)
        })
    }
}

impl Who {
    fn is(&self, host: &str, address: Option<IpAddr>) -> bool {
        match self {
            Who::Everybody => true,
            Who::Network(network) => address.is_some_and(|address| network.contains(address)),
            Who::Host { name, below_only } => match host.strip_suffix(name.as_str()) {
                Some("") => !below_only,
                // `notexample.com` ends in `example.com` and is not below it.
                Some(above) => above.ends_with('.') && address.is_none(),
                None => false,
            },
        }
    }
}

fn entry(text: &str) -> Option<Entry> {
    if text == "*" {
        return Some(Entry { who: Who::Everybody, port: None });
    }
    // First the forms with many colons.
    if let Ok(network) = text.parse() {
        return Some(Entry { who: Who::Network(network), port: None });
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
            (host, Some(port.parse().ok()?))
        }
        _ => (text, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(Entry { who: Who::Network(address.to_string().parse().ok()?), port });
    }
    let name = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let below_only = name.starts_with('.');
    let name = name.trim_matches('.').to_ascii_lowercase();
    if name.is_empty() || name.contains(['/', ':', '[', '*']) {
        return None;
    }
    Some(Entry { who: Who::Host { name, below_only }, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(list: &str, url: &str) -> bool {
        Exceptions::parse(list).contains(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_name_stands_for_itself_and_all_below_it() {
        for list in ["example.com", "EXAMPLE.com.", "a,example.com", "a, example.com ,b", "a example.com"] {
            assert!(has(list, "http://example.com/"), "{list}");
            assert!(has(list, "https://www.Example.com./"), "{list}");
            assert!(!has(list, "http://notexample.com/"), "{list}");
            assert!(!has(list, "http://example.com.evil/"), "{list}");
        }
    }

    #[test]
    fn a_dot_in_front_leaves_the_name_itself_out() {
        for list in [".example.com", "*.example.com"] {
            assert!(has(list, "http://a.b.example.com/"), "{list}");
            assert!(!has(list, "http://example.com/"), "{list}");
        }
        assert!(has("*", "http://anybody/") && has("x,*", "http://10.0.0.1/"));
    }

    #[test]
    fn addresses_and_networks_are_compared_as_addresses() {
        assert!(has("10.0.0.0/8", "http://10.1.2.3/") && !has("10.0.0.0/8", "http://11.0.0.1/"));
        assert!(has("10.0.0.0/8", "http://[::ffff:10.0.0.1]/"));
        assert!(has("fd00::/8", "http://[fd12::1]/") && !has("fd00::/8", "http://[fe80::1]/"));
        assert!(has("::1", "http://[0:0::1]/") && has("[::1]", "http://[::1]:99/"));
        assert!(has("0.0.0.0/0", "http://1.2.3.4/") && !has("0.0.0.0/0", "http://name/"));
        // The end of an address is no name.
        assert!(!has("3.4", "http://1.2.3.4/"));
    }

    #[test]
    fn a_port_limits_the_entry_to_it() {
        assert!(has("example.com:8080", "http://www.example.com:8080/"));
        assert!(!has("example.com:8080", "http://example.com/"));
        assert!(has("example.com:443", "https://example.com/"));
        assert!(has("10.0.0.1:80", "http://10.0.0.1/") && !has("10.0.0.1:80", "https://10.0.0.1/"));
        assert!(has("[::1]:80", "http://[::1]/") && !has("[::1]:81", "http://[::1]/"));
    }

    #[test]
    fn what_is_no_entry_matches_nothing() {
        for list in ["", ",,", ".", "*.", "a:b", "10.0.0.0/33", "[::1", "*example.com", "http://example.com"]
        {
            assert!(!has(list, "http://example.com/") && !has(list, "http://10.0.0.1/"), "{list}");
        }
    }
}
