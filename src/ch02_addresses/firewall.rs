//! A firewall: rules in order, and the first that fits decides (book: Internet Traffic Routing).
//!
//! ```text
//! allow tcp from any to 192.0.2.0/26 port 443     the public services
//! allow any from 10.0.0.0/8 to any                our own people
//! drop any from any to any                        the rest, without a word
//! ```
//! `drop` says nothing, so the sender waits; `reject` answers "prohibited", so it knows. Left out: state. A real one also
//! lets in what answers something that went out, as [`super::nat`] does.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::prefix::Prefix;
use crate::base::trace;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes on.
    Allow,
    /// It vanishes.
    Drop,
    /// It vanishes, and its sender is told.
    Reject,
}

/// A transport, as far as rules know one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP; it has no ports.
    Icmp,
}

/// What a firewall sees of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// From.
    pub source: IpAddr,
    /// To.
    pub destination: IpAddr,
    /// What it carries.
    pub transport: Transport,
    /// To which port; none for ICMP.
    pub port: Option<u16>,
}

/// A rule. `None` fits everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What to do with what fits.
    pub action: Action,
    /// The transport it must have.
    pub transport: Option<Transport>,
    /// Where it must come from.
    pub from: Option<Prefix>,
    /// Where it must go.
    pub to: Option<Prefix>,
    /// The port it must go to.
    pub port: Option<u16>,
}

/// A text that is no rule. We take `ACTION TRANSPORT from NETWORK to NETWORK [port NUMBER]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotARule {
    /// The word that does not fit, empty where one is missing.
    pub word: String,
    /// What should stand there.
    pub wanted: &'static str,
}

impl fmt::Display for NotARule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} came where a rule has {}", self.word, self.wanted)
    }
}

impl std::error::Error for NotARule {}

impl Rule {
    /// Whether the rule is about this packet.
    pub fn fits(&self, flow: &Flow) -> bool {
        self.transport.is_none_or(|transport| transport == flow.transport)
            && self.from.is_none_or(|from| from.contains(flow.source))
            && self.to.is_none_or(|to| to.contains(flow.destination))
            && (self.port.is_none() || self.port == flow.port)
    }
}

impl FromStr for Rule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Rule, NotARule> {
        let mut words = text.split_whitespace();
        let action = read(&mut words, "allow, drop or reject", |word| match word {
            "allow" => Some(Action::Allow),
            "drop" => Some(Action::Drop),
            "reject" => Some(Action::Reject),
            _ => None,
        })?;
        let transport = read(&mut words, "tcp, udp, icmp or any", |word| match word {
            "tcp" => Some(Some(Transport::Tcp)),
            "udp" => Some(Some(Transport::Udp)),
            "icmp" => Some(Some(Transport::Icmp)),
            "any" => Some(None),
            _ => None,
        })?;
        read(&mut words, "the word from", |word| (word == "from").then_some(()))?;
        let from = read(&mut words, "a network or any", network)?;
        read(&mut words, "the word to", |word| (word == "to").then_some(()))?;
        let to = read(&mut words, "a network or any", network)?;
        let mut port = None;
        if let Some(word) = words.next() {
            if word != "port" {
                return Err(NotARule { word: word.to_string(), wanted: "the word port, or its end" });
            }
            port = Some(read(&mut words, "a port", |word| word.parse().ok())?);
        }
        match words.next() {
            Some(word) => Err(NotARule { word: word.to_string(), wanted: "its end" }),
            None => Ok(Rule { action, transport, from, to, port }),
        }
    }
}

fn read<T>(
    words: &mut dyn Iterator<Item = &str>,
    wanted: &'static str,
    meaning: impl FnOnce(&str) -> Option<T>,
) -> Result<T, NotARule> {
    let word = words.next().unwrap_or_default();
    meaning(word).ok_or(NotARule { word: word.to_string(), wanted })
}

fn network(word: &str) -> Option<Option<Prefix>> {
    if word == "any" { Some(None) } else { word.parse().ok().map(Some) }
}

/// Rules in order.
#[derive(Clone, Debug)]
pub struct Firewall {
    rules: Vec<Rule>,
    otherwise: Action,
}

impl Firewall {
    /// Does `otherwise` with what no rule is about. [`Action::Drop`] is the safe choice: what was forgotten stays shut.
    pub fn new(rules: Vec<Rule>, otherwise: Action) -> Firewall {
        Firewall { rules, otherwise }
    }

    /// Reads a rule per line; empty lines and what stands behind `#` say nothing.
    ///
    /// # Errors
    /// [`NotARule`] for the first line that is none.
    pub fn parse(text: &str, otherwise: Action) -> Result<Firewall, NotARule> {
        let mut rules = Vec::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                rules.push(line.parse()?);
            }
        }
        Ok(Firewall { rules, otherwise })
    }

    /// What becomes of the packet, and which rule says so, counted from zero; `None`: no rule did.
    pub fn decide(&self, flow: &Flow) -> (Action, Option<usize>) {
        let number = self.rules.iter().position(|rule| rule.fits(flow));
        let action = number.map_or(self.otherwise, |number| self.rules[number].action);
        trace::note_of("firewall", || {
            let rule = number.map_or("no rule".to_string(), |number| format!("rule {number}"));
            format!("{action:?} ({rule}): {:?} {} > {}", flow.transport, flow.source, flow.destination)
        });
        (action, number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    #[test]
    fn what_is_no_rule_is_refused_at_the_word_at_fault() {
        for (text, word) in [
            ("", ""),
            ("permit tcp from any to any", "permit"),
            ("allow sctp from any to any", "sctp"),
            ("allow tcp to any", "to"),
            ("allow tcp from 10.0.0.0/33 to any", "10.0.0.0/33"),
            ("allow tcp from any to", ""),
            ("allow tcp from any to any port 65536", "65536"),
            ("allow tcp from any to any port", ""),
            ("allow tcp from any to any 80", "80"),
            ("allow tcp from any to any port 80 81", "81"),
        ] {
            assert_eq!(text.parse::<Rule>().unwrap_err().word, word, "{text:?}");
        }
    }

    #[test]
    fn words_in_any_order_never_panic() {
        let words = ["allow", "drop", "tcp", "any", "from", "to", "10.0.0.0/8", "port", "80", "#", "é"];
        let mut random = Seeded::new(235);
        for _ in 0..20_000 {
            let mut line = Vec::new();
            for _ in 0..random.below(10) {
                line.push(words[random.below(words.len() as u64) as usize]);
            }
            let _ = Firewall::parse(&line.join(" "), Action::Drop);
        }
    }

    #[test]
    fn a_rule_with_a_port_is_not_about_what_has_none() {
        let rule: Rule = "allow any from any to any port 80".parse().unwrap();
        let ping = Flow {
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            transport: Transport::Icmp,
            port: None,
        };
        assert!(!rule.fits(&ping));
    }
}
