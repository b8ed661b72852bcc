//! The bench: a load generator on loopback, one workload per technique worth measuring.
//!
//! ```text
//! bench all -peer target/peers/peers        every workload, ours and the peer's in one table
//! bench echo -connections 64 -seconds 5     one workload, our server
//! bench echo -against 127.0.0.1:7           the same load on any server that echoes
//! ```
//!
//! Each server is a process of its own, so that what is measured is what a user would run. Ours and the peer's take
//! turns, round by round, and the table shows each one's median: what disturbs one round disturbs both.

mod compute;
mod connect;
mod download;
mod echo;
mod http;
mod idle;
mod json;
mod nginx;
mod proxy;
mod scratch;
mod server;
mod table;
mod tftp;
mod tlv;
mod udp_echo;
#[cfg(unix)]
mod unix_echo;
mod workloads;
mod wrk;
mod zip;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use netprog::base::flags::Flags;
use server::Side;
use table::Row;
use workloads::{Beside, WORKLOADS, Workload};

/// What the command line asks of a workload.
#[derive(Clone, Debug)]
pub struct Load {
    /// Connections at once.
    pub connections: usize,
    /// Bytes per message.
    pub size: usize,
    /// How long one round lasts.
    pub length: Duration,
}

/// More connections than one address has ports for.
const MOST_CONNECTIONS: usize = 65_535;

/// A message of a round trip is written before anything is read; more than this might not fit between the two ends, and
/// both would wait for ever.
const LARGEST_MESSAGE: usize = 1 << 20;

/// An hour, in seconds. Nothing here takes longer to show.
const LONGEST_ROUND: usize = 3600;

/// So many rounds that a median of more says nothing more.
const MOST_ROUNDS: usize = 1000;

/// What to measure and against whom.
struct Plan {
    workload: String,
    connections: Option<usize>,
    size: Option<usize>,
    length: Duration,
    rounds: usize,
    against: Option<SocketAddr>,
    peer: Option<PathBuf>,
}

fn main() -> ExitCode {
    raise_descriptor_limit();
    if let Some(outcome) = serve() {
        return outcome;
    }
    let plan = plan();
    if let Err(error) = server::end_on_signals() {
        say(&format!("bench: {error}"));
        return ExitCode::FAILURE;
    }
    match measure(&plan) {
        Ok(rows) => print(&table::render(&rows)),
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The bench starts itself again where our server is not a program of its own.
fn serve() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let outcome = match (arguments.next()?.to_str()?, arguments.next()) {
        ("serve-hello", None) => http::serve_hello(),
        ("serve-files", Some(folder)) => http::serve_files(folder.as_ref()),
        _ => return None,
    };
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    })
}

/// Not print!, which panics when nobody reads: `bench all | head -1`.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// A line on standard error, should anybody read it.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn plan() -> Plan {
    let mut flags = Flags::new(
        "bench",
        "all|echo|proxy|connect|idle|tlv|udp-echo|tftp|http-hello|http-file|http-client|json|inflate|gzip|unix-echo [options]",
    );
    flags.about("Measures our servers on loopback, beside a peer's in the same run.");
    flags.int("connections", 0, "connections at once (default: the workload's own)");
    flags.int("size", 0, "bytes per message (default: the workload's own)");
    flags.duration("length", Duration::from_secs(2), "length of one round");
    flags.int("seconds", 0, "length of one round in whole seconds");
    flags.int("rounds", 3, "rounds for each side; the table shows the median");
    flags.string("against", "", "host:port of a running server to load instead of starting ours");
    flags.string(
        "peer",
        "",
        "a program with subcommands echo, proxy, udpecho, http, files, httpclient, json and gzip to measure beside ours",
    );

    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let workload = match arguments.first() {
        Some(first) if !first.as_encoded_bytes().starts_with(b"-") => {
            arguments.remove(0).to_string_lossy().into_owned()
        }
        _ => "all".to_string(),
    };
    let parsed = flags.parse_these_or_exit(arguments);
    if workload != "all" && !WORKLOADS.iter().any(|known| known.is_called(&workload)) {
        flags.usage_error(&format!("there is no workload {workload:?}"));
    }
    if let Some(extra) = parsed.rest().first() {
        flags.usage_error(&format!("{extra:?} is one argument too many"));
    }
    let number = |name: &str, most: usize| match usize::try_from(parsed.int(name)) {
        Ok(number) if number <= most => number,
        _ => flags.usage_error(&format!("-{name} takes a number from 0 to {most}")),
    };
    let against = match parsed.string("against") {
        "" => None,
        text => match text.parse() {
            Ok(address) => Some(address),
            Err(_) => flags.usage_error(&format!("-against takes an address and a port, and got {text:?}")),
        },
    };
    let length = match number("seconds", LONGEST_ROUND) {
        0 => parsed.duration("length"),
        seconds => Duration::from_secs(seconds as u64),
    };
    Plan {
        workload,
        connections: Some(number("connections", MOST_CONNECTIONS)).filter(|count| *count > 0),
        size: Some(number("size", LARGEST_MESSAGE)).filter(|size| *size > 0),
        length,
        rounds: number("rounds", MOST_ROUNDS).max(1),
        against,
        peer: Some(parsed.string("peer")).filter(|path| !path.is_empty()).map(PathBuf::from),
    }
}

fn measure(plan: &Plan) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for workload in WORKLOADS {
        let named = workload.is_called(&plan.workload);
        if !named && plan.workload != "all" {
            continue;
        }
        if let Some(program) = workload.needs.filter(|program| server::installed(program).is_none()) {
            say(&format!("{} is left out: {program} is not installed", workload.name));
            continue;
        }
        let load = Load {
            connections: plan.connections.unwrap_or(workload.connections),
            size: plan.size.unwrap_or(workload.size),
            length: plan.length,
        };
        rows.push(measure_workload(workload, &load, plan)?);
        // With a size or a number of one's own, the workload's further lines would repeat the first.
        if named && workload.name == plan.workload && (plan.connections.is_some() || plan.size.is_some()) {
            break;
        }
    }
    if rows.is_empty() { Err("nothing was measured".to_string()) } else { Ok(rows) }
}

fn measure_workload(workload: &Workload, load: &Load, plan: &Plan) -> Result<Row, String> {
    let ours = match plan.against {
        Some(address) => Side::Running(address),
        None => Side::Ours,
    };
    let sides = [Some(ours), peer_of(workload, plan), nginx_of(workload, plan)];
    let mut rounds: [Vec<f64>; 3] = Default::default();
    for round in 1..=plan.rounds {
        say(&format!("{} at {}, {} bytes: round {round}", workload.name, load.connections, load.size));
        for (side, rounds) in sides.iter().zip(&mut rounds) {
            if let Some(side) = side {
                rounds.push((workload.round)(load, side)?);
            }
        }
    }
    let [mut ours, peer, nginx] = rounds;
    let median = |mut rounds: Vec<f64>| (!rounds.is_empty()).then(|| table::median(&mut rounds));
    Ok(Row {
        workload: workload.name,
        connections: load.connections,
        size: load.size,
        unit: workload.unit,
        ours: table::median(&mut ours),
        peer: median(peer),
        nginx: median(nginx),
    })
}

/// Who is measured beside us: the program of the command line, or tftpd-hpa where it is installed.
fn peer_of(workload: &Workload, plan: &Plan) -> Option<Side> {
    let program = plan.peer.clone()?;
    match workload.beside {
        Beside::Nobody => None,
        Beside::Peer | Beside::PeerAndNginx => Some(Side::Peer(program)),
        Beside::Tftpd => server::installed(tftp::PEER).map(Side::Peer),
    }
}

/// nginx, where it is installed and a peer was asked for.
fn nginx_of(workload: &Workload, plan: &Plan) -> Option<Side> {
    plan.peer.as_ref().filter(|_| workload.beside == Beside::PeerAndNginx)?;
    nginx::installed().map(Side::Nginx)
}

/// Ten thousand connections are ten thousand descriptors, here as in the server.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    {
        use netprog::base::sys::process;
        // Where the limit stays low the connections beyond it fail with a message of their own.
        let _ = process::raise_descriptor_limit();
    }
}
