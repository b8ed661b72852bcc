//! A resolver that does the walking: from a root server down to the one that knows (row 2.41).
//!
//! ```text
//!   www.example.com. A?  --> a root server     "ask the servers of com., at 192.0.2.2"
//!   www.example.com. A?  --> a server of com.  "ask the servers of example.com., at 192.0.2.3"
//!   www.example.com. A?  --> a server of example.com.   "198.51.100.80"
//! ```
//! Servers' names come with addresses (glue) where one could not find them otherwise; where they do not, the walker looks
//! them up, by a walk of its own. A server that does not do what its parent says is passed over. Everything a stranger's
//! servers could draw out is bounded: questions in all, walks within walks, aliases, time.
//!
//! Watch it run: `ch02_dig -trace`. What a reply means: [`super::referral`].
//!
//! We left out caching what was learnt on the way (each walk begins at the root, so that it can be watched), asking with
//! no more of the name than a server needs (RFC 9156), and choosing the server that was fastest last time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::alias::{Answer, Chain, host_address, records_at};
use super::exchange::{self, ExchangeError, Manner, Reply};
use super::framing::PORT;
use super::message::{Question, Rcode};
use super::name::Name;
use super::record::RecordType;
use super::referral::{self, Delegation, MAX_ADDRESSES, Meaning};
use super::resolve_error::ResolveError;
use crate::base::cancel::{Cancel, Cause};
use crate::base::deadline::Deadline;
use crate::base::random::{self, Seeded};
use crate::base::trace;

/// How many questions one walk may take, those for servers' addresses included. Honest names take under ten. Without it
/// one question to us could make us send thousands (the NXNSAttack of 2020).
pub const MAX_QUESTIONS: usize = 64;

/// How deep walks for servers' addresses may stand within each other.
pub const MAX_DEPTH: usize = 3;

/// How many servers without glue we look up for one zone.
pub const MAX_WITHOUT_GLUE: usize = 3;

/// How often each server of a zone is asked.
const ROUNDS: usize = 2;

/// The thirteen root servers, a to m, by their IPv4 addresses.
pub const ROOT_SERVERS: [Ipv4Addr; 13] = [
    Ipv4Addr::new(198, 41, 0, 4),
    Ipv4Addr::new(170, 247, 170, 2),
    Ipv4Addr::new(192, 33, 4, 12),
    Ipv4Addr::new(199, 7, 91, 13),
    Ipv4Addr::new(192, 203, 230, 10),
    Ipv4Addr::new(192, 5, 5, 241),
    Ipv4Addr::new(192, 112, 36, 4),
    Ipv4Addr::new(198, 97, 190, 53),
    Ipv4Addr::new(192, 36, 148, 17),
    Ipv4Addr::new(192, 58, 128, 30),
    Ipv4Addr::new(193, 0, 14, 129),
    Ipv4Addr::new(199, 7, 83, 42),
    Ipv4Addr::new(202, 12, 27, 33),
];

/// Where a server that a record names by its address is really found. Records have no ports: a server is at port 53. A
/// laboratory that runs the root, a top-level domain and an owner's server on one machine says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Places {
    moved: BTreeMap<IpAddr, SocketAddr>,
}

impl Places {
    /// Everyone at his address, port 53.
    pub fn as_written() -> Places {
        Places::default()
    }

    /// The same, but `address` is found at `place`.
    pub fn moved(mut self, address: IpAddr, place: SocketAddr) -> Places {
        self.moved.insert(address, place);
        self
    }

    /// Where to ask. `None` for an address no stranger's server can have: a record with this machine's own would make
    /// us send questions to its services.
    pub fn of(&self, address: IpAddr) -> Option<SocketAddr> {
        if let Some(place) = self.moved.get(&address) {
            return Some(*place);
        }
        let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        let strange =
            address.is_loopback() || address.is_unspecified() || address.is_multicast() || broadcast;
        if strange { None } else { Some(SocketAddr::new(address, PORT)) }
    }
}

/// How a walk is made.
#[derive(Clone, Debug)]
pub struct WalkerConfig {
    /// Servers of the root, asked in this order.
    pub roots: Vec<SocketAddr>,
    /// Where the others are found.
    pub places: Places,
    /// EDNS and TCP; recursion is never asked for.
    pub manner: Manner,
    /// How long to wait for one server.
    pub wait: Duration,
    /// How long a walk may take.
    pub total: Duration,
}

impl Default for WalkerConfig {
    /// The thirteen, in random order, 1.5 s for each server, 20 s in all.
    fn default() -> WalkerConfig {
        let mut roots = ROOT_SERVERS.map(|address| SocketAddr::new(address.into(), PORT)).to_vec();
        // Without randomness the first one is asked first; that is no harm.
        Seeded::new(random::u64().unwrap_or(0)).shuffle(&mut roots);
        WalkerConfig {
            roots,
            places: Places::as_written(),
            manner: Manner::default(),
            wait: Duration::from_millis(1500),
            total: Duration::from_secs(20),
        }
    }
}

/// One question of a walk and what came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whose server was asked.
    pub zone: Name,
    /// Where it is.
    pub server: SocketAddr,
    /// What it was asked.
    pub question: Question,
    /// What it said, if anything.
    pub reply: Option<Reply>,
    /// What we took it for.
    pub outcome: Outcome,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server replied.
    Replied(Meaning),
    /// It did not: why.
    Failed(String),
}

/// A walk that is over.
#[derive(Debug)]
pub struct Walk {
    /// Every question, in order.
    pub steps: Vec<Step>,
    /// Where it led.
    pub outcome: Result<Answer, ResolveError>,
}

/// Walks from the root.
#[derive(Clone, Debug, Default)]
pub struct Walker {
    config: WalkerConfig,
}

impl Walker {
    /// A walker.
    pub fn new(config: WalkerConfig) -> Walker {
        Walker { config }
    }

    /// Finds the records of `name` and `kind`, through aliases. Errors stand in [`Walk::outcome`], beside the steps that
    /// led to them.
    pub fn walk(&self, name: &Name, kind: RecordType, cancel: &Cancel) -> Walk {
        let deadline = Deadline::after(self.config.total).earlier(cancel.deadline());
        let mut journey = Journey { config: &self.config, deadline, cancel, steps: Vec::new() };
        let outcome = journey.resolve(name, kind, 0);
        Walk { steps: journey.steps, outcome }
    }
}

/// What the walks within a walk share.
struct Journey<'a> {
    config: &'a WalkerConfig,
    deadline: Deadline,
    cancel: &'a Cancel,
    steps: Vec<Step>,
}

impl Journey<'_> {
    /// From alias to alias, each from the root.
    fn resolve(&mut self, name: &Name, kind: RecordType, depth: usize) -> Result<Answer, ResolveError> {
        let mut chain = Chain::new(name.clone(), kind);
        while !chain.is_done() {
            let (zone, reply) = self.descend(&chain.name.clone(), kind, depth)?;
            take_reply(&mut chain, &zone, &reply)?;
        }
        Ok(chain.into_answer())
    }

    /// From the root to the zone that answers for `name`: that zone, and its server's reply.
    fn descend(
        &mut self,
        name: &Name,
        kind: RecordType,
        depth: usize,
    ) -> Result<(Name, Reply), ResolveError> {
        let question = Question::new(name.clone(), kind);
        let mut zone = Name::root();
        let mut servers = self.config.roots.clone();
        // Each referral leads at least one label down, so there is an end.
        loop {
            let (meaning, reply) = self.ask_zone(&zone, &servers, &question)?;
            let Meaning::Referral(delegation) = meaning else { return Ok((zone, reply)) };
            servers = self.servers_of(&delegation, depth)?;
            zone = delegation.zone;
        }
    }

    /// The reply of the zone's first server that answers for it.
    fn ask_zone(
        &mut self,
        zone: &Name,
        servers: &[SocketAddr],
        question: &Question,
    ) -> Result<(Meaning, Reply), ResolveError> {
        let mut lame = Vec::new();
        for _ in 0..ROUNDS {
            for server in servers {
                if lame.contains(server) {
                    continue;
                }
                match self.ask(zone, *server, question)? {
                    Some((Meaning::Lame(_), _)) => lame.push(*server),
                    Some(useful) => return Ok(useful),
                    None => {}
                }
            }
        }
        if lame.is_empty() && !servers.is_empty() {
            return Err(ResolveError::TimedOut { questions: self.steps.len() });
        }
        Err(ResolveError::LameDelegation { zone: zone.clone() })
    }

    /// Asks one server. `None` if it does not reply.
    fn ask(
        &mut self,
        zone: &Name,
        server: SocketAddr,
        question: &Question,
    ) -> Result<Option<(Meaning, Reply)>, ResolveError> {
        if self.steps.len() >= MAX_QUESTIONS {
            return Err(ResolveError::TooManyQuestions { limit: MAX_QUESTIONS });
        }
        if self.deadline.has_passed() {
            return Err(ResolveError::TimedOut { questions: self.steps.len() });
        }
        trace::note(|| {
            format!(
                "ask {}, a server of {zone}, for {} {}",
                trace::name_of(&server.to_string()),
                question.name,
                question.record_type
            )
        });
        let until = self.deadline.earlier(Deadline::after(self.config.wait));
        let manner = Manner { recursion: false, ..self.config.manner.clone() };
        let asked = exchange::ask(server, question, &manner, until, self.cancel);
        let mut step = Step {
            zone: zone.clone(),
            server,
            question: question.clone(),
            reply: None,
            outcome: Outcome::Failed(String::new()),
        };
        let (outcome, result) = match asked {
            Ok(reply) => {
                let meaning = referral::meaning(zone, question, &reply.message);
                trace::note(|| told(&meaning));
                step.reply = Some(reply.clone());
                (Outcome::Replied(meaning.clone()), Ok(Some((meaning, reply))))
            }
            Err(error) => (Outcome::Failed(error.to_string()), self.failed(error)),
        };
        step.outcome = outcome;
        self.steps.push(step);
        result
    }

    /// Whether one server's failure ends the whole walk.
    fn failed<T>(&self, error: ExchangeError) -> Result<Option<T>, ResolveError> {
        match error {
            ExchangeError::Cancelled(Cause::DeadlineExceeded) => {
                Err(ResolveError::TimedOut { questions: self.steps.len() + 1 })
            }
            ExchangeError::Cancelled(cause) => Err(ResolveError::Cancelled(cause)),
            ExchangeError::System(source) => Err(ResolveError::System(source)),
            _ => Ok(None),
        }
    }

    /// Where the zone's servers are: by glue, or by a walk for the address of one of them.
    fn servers_of(&mut self, delegation: &Delegation, depth: usize) -> Result<Vec<SocketAddr>, ResolveError> {
        let mut places = Vec::new();
        for (_, address) in &delegation.glue {
            places.extend(self.config.places.of(*address));
        }
        let lame = || ResolveError::LameDelegation { zone: delegation.zone.clone() };
        if !places.is_empty() {
            return Ok(places);
        }
        if depth >= MAX_DEPTH {
            return Err(lame());
        }
        // A server inside the zone it serves cannot be found without glue: to ask for it, one must ask it.
        let outside = delegation.hosts.iter().filter(|host| !host.is_subdomain_of(&delegation.zone));
        for host in outside.take(MAX_WITHOUT_GLUE) {
            trace::note(|| format!("{host} came without an address: a walk for that first"));
            match self.resolve(host, RecordType::A, depth + 1) {
                Ok(answer) => {
                    let addresses = answer.records.iter().filter_map(|record| host_address(&record.data));
                    places.extend(
                        addresses.take(MAX_ADDRESSES).filter_map(|address| self.config.places.of(address)),
                    );
                }
                Err(error @ (ResolveError::Cancelled(_) | ResolveError::TooManyQuestions { .. })) => {
                    return Err(error);
                }
                Err(_) => {}
            }
            if !places.is_empty() {
                return Ok(places);
            }
        }
        Err(lame())
    }
}

/// Goes as far as the reply of a server of `zone` may lead.
fn take_reply(chain: &mut Chain, zone: &Name, reply: &Reply) -> Result<(), ResolveError> {
    chain.server = Some(reply.server);
    let begin = chain.name.clone();
    while chain.name.is_subdomain_of(zone) {
        let records = records_at(&reply.message, &chain.name, chain.kind);
        if records.is_empty() {
            break;
        }
        chain.take(records)?;
        if chain.is_done() {
            return Ok(());
        }
    }
    let ours = chain.name.is_subdomain_of(zone);
    if reply.message.header.rcode == Rcode::NXDOMAIN && ours {
        return Err(ResolveError::NameError { name: chain.name.clone() });
    }
    if chain.name == begin {
        return Err(ResolveError::NoData { name: chain.name.clone(), kind: chain.kind });
    }
    Ok(()) // an alias: where it leads is the next walk
}

fn told(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Answer => "it has the answer".to_string(),
        Meaning::Referral(delegation) => format!("it refers us to the servers of {}", delegation.zone),
        Meaning::NoSuchName => "it says there is no such name".to_string(),
        Meaning::NoSuchRecord => "it says there is no such record".to_string(),
        Meaning::Lame(why) => format!("it {why}: the next server"),
    }
}
