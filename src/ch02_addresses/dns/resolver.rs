//! A stub resolver: asks a server that does the walking, and remembers what it said.
//!
//! ```text
//!   resolve("mail.google.com.", A)
//!     cache?  --yes--> answer
//!     server 1, server 2 wait 1 s each  --silence--> wait 2 s each  --silence--> 4 s each  --> TimedOut
//!     CNAME without the address it leads to  --> the same for the name it leads to, 8 times at most
//! ```
//! A server that is silent, unreachable or says it cannot (SERVFAIL, REFUSED) makes us ask the next. That a name does not
//! exist is an answer, and final.
//!
//! Watch it run: `ch02_dig`. [`super::iterative`] does the walking itself.
//!
//! We left out the search list, `/etc/hosts`, and the order of addresses (RFC 6724).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::alias::{Answer, Chain, host_address, records_at};
use super::cache::{self, Cache, Known};
use super::exchange::{self, ExchangeError, Manner, Reply};
use super::message::{Question, Rcode};
use super::name::Name;
use super::record::RecordType;
use super::resolve_error::ResolveError;
use super::system;
use crate::base::cancel::{Cancel, Cause};
use crate::base::deadline::{Clock, Deadline};
use crate::base::trace;

/// How a resolver asks.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// Whom to ask, in this order.
    pub servers: Vec<SocketAddr>,
    /// How each question is asked.
    pub manner: Manner,
    /// How long to wait for a server in the first round. Each further round waits twice as long.
    pub first_wait: Duration,
    /// How often each server is asked before we give up.
    pub rounds: u32,
    /// How long a lookup may take in all, aliases included.
    pub total: Duration,
    /// How many names and types to remember; 0 for none.
    pub cache: usize,
}

impl Default for ResolverConfig {
    /// No server; 1 s, 2 s and 4 s for each server; 15 s in all; a cache of [`cache::DEFAULT_CAPACITY`].
    fn default() -> ResolverConfig {
        ResolverConfig {
            servers: Vec::new(),
            manner: Manner::default(),
            first_wait: Duration::from_secs(1),
            rounds: 3,
            total: Duration::from_secs(15),
            cache: cache::DEFAULT_CAPACITY,
        }
    }
}

/// A stub resolver with its cache. Threads may share it.
pub struct Resolver {
    config: ResolverConfig,
    cache: Mutex<Cache>,
}

impl Resolver {
    /// A resolver with an empty cache.
    pub fn new(config: ResolverConfig) -> Resolver {
        Resolver::with_clock(config, Clock::System)
    }

    /// The same with a clock of one's own for the cache.
    pub fn with_clock(config: ResolverConfig, clock: Clock) -> Resolver {
        let cache = Mutex::new(Cache::new(clock, config.cache));
        Resolver { config, cache }
    }

    /// A resolver that asks the servers of `/etc/resolv.conf`.
    ///
    /// # Errors
    /// [`ResolveError::System`] if it cannot be read or names no server.
    pub fn of_the_system() -> Result<Resolver, ResolveError> {
        let servers = system::servers().map_err(ResolveError::System)?;
        Ok(Resolver::new(ResolverConfig { servers, ..ResolverConfig::default() }))
    }

    /// The records of `name` and `kind`, through aliases.
    ///
    /// # Errors
    /// See [`ResolveError`].
    pub fn resolve(&self, name: &Name, kind: RecordType, cancel: &Cancel) -> Result<Answer, ResolveError> {
        let deadline = Deadline::after(self.config.total).earlier(cancel.deadline());
        let mut walk = Chain::new(name.clone(), kind);
        loop {
            self.follow_cached(&mut walk)?;
            if walk.is_done() {
                return Ok(walk.into_answer());
            }
            let question = Question::new(walk.name.clone(), kind);
            let reply = self.ask_all(&question, Accept::Answers, deadline, cancel)?;
            self.take_reply(&mut walk, &reply)?;
            if walk.is_done() {
                return Ok(walk.into_answer());
            }
        }
    }

    /// What the servers say to one question, word for word: their refusals count as replies, nothing comes from the cache
    /// and aliases are not followed. This is what `dig` shows.
    ///
    /// # Errors
    /// [`ResolveError::NoServers`], [`ResolveError::TimedOut`], [`ResolveError::Unreachable`],
    /// [`ResolveError::ServerMisbehaved`], [`ResolveError::Cancelled`], [`ResolveError::System`].
    pub fn ask(&self, question: &Question, cancel: &Cancel) -> Result<Reply, ResolveError> {
        let deadline = Deadline::after(self.config.total).earlier(cancel.deadline());
        self.ask_all(question, Accept::Anything, deadline, cancel)
    }

    /// The addresses of a host, IPv4 first. An address in text form is its own answer, and `localhost` is this machine
    /// (RFC 6761, section 6.3); neither is asked for.
    ///
    /// # Errors
    /// As [`Resolver::resolve`]. A name with addresses of one kind only is no error.
    pub fn lookup_addresses(&self, host: &str, cancel: &Cancel) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        let bare = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if bare == "localhost" || bare.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let bad = |source| ResolveError::BadName { text: host.to_string(), source };
        let name: Name = host.parse().map_err(bad)?;
        let mut addresses = Vec::new();
        let mut missing = None;
        for kind in [RecordType::A, RecordType::AAAA] {
            match self.resolve(&name, kind, cancel) {
                Ok(answer) => {
                    addresses.extend(answer.records.iter().filter_map(|record| host_address(&record.data)));
                }
                Err(error @ (ResolveError::NoData { .. } | ResolveError::NameError { .. })) => {
                    missing = Some(error);
                }
                // One kind is known: the other's failure need not take it away.
                Err(error) if addresses.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        match missing {
            Some(error) if addresses.is_empty() => Err(error),
            _ => Ok(addresses),
        }
    }

    /// How many entries the cache has.
    pub fn cached(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- the cache ----------------------------------------------------------------------------------------------------

    /// Goes as far as the cache leads.
    fn follow_cached(&self, walk: &mut Chain) -> Result<(), ResolveError> {
        while !walk.is_done() {
            let found = self.find_cached(walk);
            match found {
                Some(Known::Records(records)) => walk.take(records)?,
                Some(Known::NoName) => return Err(ResolveError::NameError { name: walk.name.clone() }),
                Some(Known::NoRecords) => {
                    return Err(ResolveError::NoData { name: walk.name.clone(), kind: walk.kind });
                }
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// The records asked for, or else an alias.
    fn find_cached(&self, walk: &Chain) -> Option<Known> {
        let mut cache = self.lock();
        let found =
            cache.find(&walk.name, walk.kind).or_else(|| match cache.find(&walk.name, RecordType::CNAME) {
                Some(Known::Records(alias)) => Some(Known::Records(alias)),
                _ => None,
            });
        if found.is_some() {
            trace::note(|| format!("{} {} is in the cache", walk.name, walk.kind));
        }
        found
    }

    /// Goes as far as the reply leads, and keeps what it says.
    fn take_reply(&self, walk: &mut Chain, reply: &Reply) -> Result<(), ResolveError> {
        walk.server = Some(reply.server);
        let begin = walk.name.clone();
        loop {
            let records = records_at(&reply.message, &walk.name, walk.kind);
            if records.is_empty() {
                break;
            }
            // What ANY gives is of many types, and perhaps not all there is (RFC 8482).
            if walk.kind != RecordType::ANY {
                self.lock().put_records(&records);
            }
            walk.take(records)?;
            if walk.is_done() {
                return Ok(());
            }
        }
        let seconds = cache::negative_seconds(&reply.message);
        if reply.message.header.rcode == Rcode::NXDOMAIN {
            // RFC 6604: the code speaks of the last alias.
            self.lock().put_no_name(&walk.name, seconds);
            return Err(ResolveError::NameError { name: walk.name.clone() });
        }
        if walk.name != begin {
            return Ok(()); // an alias, and nothing of where it leads: the next question
        }
        self.lock().put_no_records(&walk.name, walk.kind, seconds);
        Err(ResolveError::NoData { name: walk.name.clone(), kind: walk.kind })
    }

    // --- the servers --------------------------------------------------------------------------------------------------

    /// Asks one server after the other, in rounds that wait longer and longer.
    fn ask_all(
        &self,
        question: &Question,
        accept: Accept,
        deadline: Deadline,
        cancel: &Cancel,
    ) -> Result<Reply, ResolveError> {
        let mut left = self.config.servers.clone();
        let mut last = ResolveError::NoServers;
        let mut wait = self.config.first_wait;
        let mut questions = 0;
        for _ in 0..self.config.rounds.max(1) {
            for server in left.clone() {
                if deadline.has_passed() {
                    return Err(last);
                }
                questions += 1;
                let until = deadline.earlier(Deadline::after(wait));
                match self.ask_server(server, question, accept, until, cancel) {
                    Ok(reply) => return Ok(reply),
                    Err(Refusal::Final(error)) => return Err(error),
                    Err(Refusal::Silence) => last = ResolveError::TimedOut { questions },
                    Err(Refusal::No(error)) => {
                        // It would say the same a moment later.
                        left.retain(|other| *other != server);
                        last = error;
                    }
                }
            }
            wait = wait.saturating_mul(2);
        }
        Err(last)
    }

    fn ask_server(
        &self,
        server: SocketAddr,
        question: &Question,
        accept: Accept,
        until: Deadline,
        cancel: &Cancel,
    ) -> Result<Reply, Refusal> {
        let reply = exchange::ask(server, question, &self.config.manner, until, cancel);
        let reply = reply.map_err(|error| refusal(server, error))?;
        match (reply.message.header.rcode, accept) {
            (Rcode::NOERROR | Rcode::NXDOMAIN, _) | (_, Accept::Anything) => Ok(reply),
            (rcode, Accept::Answers) => Err(Refusal::No(ResolveError::ServerFailed { server, rcode })),
        }
    }
}

/// Which replies end the asking.
#[derive(Clone, Copy)]
enum Accept {
    /// Those that say something of the name; after others the next server is asked.
    Answers,
    /// The first.
    Anything,
}

/// Why one server gave nothing.
enum Refusal {
    /// Nobody else need be asked.
    Final(ResolveError),
    /// Another may know.
    No(ResolveError),
    /// It may answer the next time.
    Silence,
}

fn refusal(server: SocketAddr, error: ExchangeError) -> Refusal {
    trace::note(|| format!("{}: {error}", trace::name_of(&server.to_string())));
    match error {
        // The token's own deadline is a time limit like the others.
        ExchangeError::Cancelled(Cause::DeadlineExceeded) | ExchangeError::Silent { .. } => Refusal::Silence,
        ExchangeError::Cancelled(cause) => Refusal::Final(ResolveError::Cancelled(cause)),
        ExchangeError::Unreachable(source) => Refusal::No(ResolveError::Unreachable { server, source }),
        ExchangeError::Misbehaved(what) => Refusal::No(ResolveError::ServerMisbehaved { server, what }),
        ExchangeError::System(source) => Refusal::Final(ResolveError::System(source)),
    }
}
