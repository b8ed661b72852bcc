//! Asks a name server and prints what it says in the form of Listings 2-1 to 2-7; with `-trace` walks from the root.
//!
//! ```text
//! $ ch02_dig -server 127.0.0.1:5300 google.com a
//! ;QUESTION
//! google.com. IN A
//! ;ANSWER
//! google.com. 299 IN A 172.217.4.46
//! ```
//! Exit codes: 0 for a reply, be it that the name does not exist; 9 if no server replied, as the system's `dig` has it;
//! 1 for other errors; 2 for wrong usage. A reply that is an error is named on standard error.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::flags::{Flags, Parsed};
use netprog::base::trace;
use netprog::ch02_addresses::dns::exchange::{Manner, Reply};
use netprog::ch02_addresses::dns::framing::PORT;
use netprog::ch02_addresses::dns::iterative::{Outcome, Places, Step, Walk, Walker, WalkerConfig};
use netprog::ch02_addresses::dns::message::{Question, Rcode};
use netprog::ch02_addresses::dns::name::Name;
use netprog::ch02_addresses::dns::present;
use netprog::ch02_addresses::dns::record::{Record, RecordType};
use netprog::ch02_addresses::dns::referral::Meaning;
use netprog::ch02_addresses::dns::resolve_error::ResolveError;
use netprog::ch02_addresses::dns::resolver::{Resolver, ResolverConfig};
use netprog::ch02_addresses::dns::{reverse, system};

/// What `dig` says when no server replied.
const NO_REPLY: u8 = 9;

fn flags() -> Flags {
    let mut flags = Flags::new("ch02_dig", "[options] NAME [TYPE]");
    flags.about(
        "Asks a name server and prints question and answer. TYPE is A unless given.\n\
         Exit codes: 0 a reply came (also: no such name), 9 none came, 1 another error, 2 wrong usage.",
    );
    flags.string("server", "", "ask this server, ADDRESS or ADDRESS:PORT; else those of /etc/resolv.conf");
    flags.bool("tcp", "ask over TCP from the start");
    flags.string("x", "", "ask for the name of this address (PTR); no NAME then");
    flags.duration(
        "timeout",
        Duration::from_secs(2),
        "how long to wait for a reply; each further try waits twice as long",
    );
    flags.int("tries", 3, "how often to ask each server, 1 to 10");
    flags.bool("short", "print the data of the answer only, a record a line");
    flags.bool("full", "print the whole message with its header");
    flags.bool("norecurse", "do not ask the server to ask others");
    flags.bool("noedns", "ask without EDNS, for at most 512 bytes by UDP");
    flags.bool("trace", "walk from the root server down, step by step");
    flags.string("root", "", "with -trace: begin at these servers, ADDRESS[:PORT],…; else at the thirteen");
    flags.strings("place", "with -trace: IP=ADDRESS:PORT, the server that records put at IP is found there");
    flags
}

fn main() -> ExitCode {
    trace::chapter("ch02");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    let wish = match Wish::of(&parsed) {
        Ok(wish) => wish,
        Err(message) => flags.usage_error(&message),
    };
    let outcome = if parsed.bool("trace") { wish.walk() } else { wish.ask() };
    match outcome {
        Ok(text) => print(&text),
        Err(Failure { error, text }) => {
            print(&text);
            complain(&error.to_string());
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Not print!, which panics when nobody reads: `ch02_dig … | head -1`.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Not eprintln!, which panics when nobody reads standard error.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "ch02_dig: {message}");
}

fn exit_code(error: &ResolveError) -> u8 {
    match error {
        ResolveError::TimedOut { .. } | ResolveError::Unreachable { .. } => NO_REPLY,
        _ => 1,
    }
}

/// What came before it went wrong, and what went wrong.
struct Failure {
    error: ResolveError,
    text: String,
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Failure {
        Failure { error, text: String::new() }
    }
}

/// What the arguments ask for.
struct Wish {
    question: Question,
    /// Empty: the system's.
    servers: Vec<SocketAddr>,
    roots: Vec<SocketAddr>,
    places: Places,
    manner: Manner,
    timeout: Duration,
    tries: u32,
    short: bool,
    full: bool,
}

impl Wish {
    fn of(parsed: &Parsed) -> Result<Wish, String> {
        let mut servers = Vec::new();
        if !parsed.string("server").is_empty() {
            servers.push(address(parsed.string("server"))?);
        }
        let mut roots = Vec::new();
        for word in parsed.string("root").split(',').filter(|word| !word.is_empty()) {
            roots.push(address(word)?);
        }
        let mut places = Places::as_written();
        for text in parsed.strings("place") {
            let (written, found) = place(text)?;
            places = places.moved(written, found);
        }
        let tries = u32::try_from(parsed.int("tries")).ok().filter(|tries| (1..=10).contains(tries));
        let mut manner =
            Manner { recursion: !parsed.bool("norecurse"), tcp: parsed.bool("tcp"), ..Manner::default() };
        if parsed.bool("noedns") {
            manner.edns = None;
        }
        Ok(Wish {
            question: question(parsed.string("x"), parsed.rest())?,
            servers,
            roots,
            places,
            manner,
            timeout: parsed.duration("timeout"),
            tries: tries.ok_or("-tries takes 1 to 10")?,
            short: parsed.bool("short"),
            full: parsed.bool("full"),
        })
    }

    // --- one question -------------------------------------------------------------------------------------------------

    fn ask(&self) -> Result<String, Failure> {
        let mut servers = self.servers.clone();
        if servers.is_empty() {
            servers = system::servers().map_err(ResolveError::System)?;
        }
        let resolver = Resolver::new(ResolverConfig {
            // The tries end it.
            total: Duration::MAX,
            servers,
            manner: self.manner.clone(),
            first_wait: self.timeout,
            rounds: self.tries,
            cache: 0,
        });
        let reply = resolver.ask(&self.question, &Cancel::new())?;
        Ok(self.shown(&reply))
    }

    fn shown(&self, reply: &Reply) -> String {
        let rcode = reply.message.header.rcode;
        if rcode != Rcode::NOERROR {
            complain(&format!("the server {} says {rcode}", reply.server));
        }
        if self.short {
            return short(&reply.message.answers);
        }
        if self.full {
            present::message(&reply.message)
        } else {
            present::question_and_answer(&reply.message)
        }
    }

    // --- a walk -------------------------------------------------------------------------------------------------------

    fn walk(&self) -> Result<String, Failure> {
        let mut config = WalkerConfig {
            places: self.places.clone(),
            manner: self.manner.clone(),
            wait: self.timeout,
            total: self.timeout.saturating_mul(20),
            ..WalkerConfig::default()
        };
        if !self.roots.is_empty() {
            config.roots.clone_from(&self.roots);
        }
        let walk = Walker::new(config).walk(&self.question.name, self.question.record_type, &Cancel::new());
        let mut text = self.steps(&walk);
        match walk.outcome {
            Ok(answer) if self.short => Ok(short(&answer.records)),
            Ok(answer) => {
                text.push_str(&format!(";QUESTION\n{}\n;ANSWER\n", self.question));
                for record in &answer.records {
                    text.push_str(&format!("{record}\n"));
                }
                Ok(text)
            }
            // That there is nothing is an answer.
            Err(error @ (ResolveError::NameError { .. } | ResolveError::NoData { .. })) => {
                complain(&error.to_string());
                Ok(text)
            }
            Err(error) => Err(Failure { error, text }),
        }
    }

    fn steps(&self, walk: &Walk) -> String {
        let mut text = String::new();
        for (index, step) in walk.steps.iter().enumerate() {
            if !self.short {
                text.push_str(&shown_step(index + 1, step));
            }
        }
        text
    }
}

fn shown_step(number: usize, step: &Step) -> String {
    let mut text = format!(";STEP {number}: {}? to {}, for {}\n", step.question, step.server, step.zone);
    match &step.outcome {
        Outcome::Failed(why) => text.push_str(&format!(";no reply: {why}\n")),
        Outcome::Replied(Meaning::Lame(why)) => text.push_str(&format!(";of no use: it {why}\n")),
        Outcome::Replied(Meaning::NoSuchName) => text.push_str(";no such name\n"),
        Outcome::Replied(Meaning::NoSuchRecord) => text.push_str(";no such record\n"),
        Outcome::Replied(Meaning::Answer) => text.push_str(";the answer\n"),
        Outcome::Replied(Meaning::Referral(delegation)) => {
            for host in &delegation.hosts {
                text.push_str(&format!("{} NS {host}\n", delegation.zone));
            }
            for (host, address) in &delegation.glue {
                let kind = if address.is_ipv4() { RecordType::A } else { RecordType::AAAA };
                text.push_str(&format!("{host} {kind} {address}\n"));
            }
        }
    }
    text
}

fn short(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        text.push_str(&format!("{}\n", record.data));
    }
    text
}

// --- arguments --------------------------------------------------------------------------------------------------------

fn question(reversed: &str, rest: &[String]) -> Result<Question, String> {
    if !reversed.is_empty() {
        let address: IpAddr =
            reversed.parse().map_err(|_| format!("-x takes an IP address, not {reversed:?}"))?;
        if let Some(extra) = rest.first() {
            return Err(format!("-x asks for a name by itself; {extra:?} is too much"));
        }
        return Ok(Question::new(reverse::reverse_name(address), RecordType::PTR));
    }
    let (name, kind) = match rest {
        [name] => (name, RecordType::A),
        [name, kind] => (name, kind.parse().map_err(|error| format!("{error}"))?),
        [] => return Err("which name?".to_string()),
        [.., extra] => return Err(format!("a name and a type are enough; {extra:?} is too much")),
    };
    let name: Name = name.parse().map_err(|error| format!("{name:?} is no domain name: {error}"))?;
    if [RecordType::OPT, RecordType::AXFR, RecordType::IXFR].contains(&kind) {
        return Err(format!("{kind} is no question for one reply"));
    }
    Ok(Question::new(name, kind))
}

/// `192.0.2.1`, `192.0.2.1:5300`, `::1`, `[::1]:5300`.
fn address(word: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = word.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    match bare.parse::<IpAddr>() {
        Ok(address) => Ok(SocketAddr::new(address, PORT)),
        Err(_) => Err(format!("{word:?} is no ADDRESS or ADDRESS:PORT")),
    }
}

fn place(text: &str) -> Result<(IpAddr, SocketAddr), String> {
    let wanted = || format!("-place takes IP=ADDRESS:PORT, not {text:?}");
    let (written, found) = text.split_once('=').ok_or_else(wanted)?;
    Ok((written.parse().map_err(|_| wanted())?, address(found).map_err(|_| wanted())?))
}
