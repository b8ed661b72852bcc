//! Chapter 2's name server as a program: `ch02_nameserver -zone tests/zones/google.com.zone -listen 127.0.0.1:5300`.
//!
//! Ask it with `dig -p 5300 @127.0.0.1 google.com a`, over TCP with `dig +tcp`. Ctrl-C ends it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use netprog::base::flags::Flags;
use netprog::base::{signal, trace};
use netprog::ch02_addresses::dns::authority::Authority;
use netprog::ch02_addresses::dns::nameserver::NameServer;
use netprog::ch02_addresses::dns::zone::Zone;
use netprog::ch02_addresses::dns::zone::parse::MAX_FILE;

const NAME: &str = "ch02_nameserver";

const ABOUT: &str = "\
Answers questions about the names in zone files, over UDP and TCP.
A zone file gives its own name by $ORIGIN or by the full name of its SOA record.";

fn main() -> ExitCode {
    let mut flags = Flags::new(NAME, "-zone FILE [-zone FILE …] [-listen host:port]");
    flags.about(ABOUT);
    flags.strings("zone", "a zone file to answer from");
    flags.string(
        "listen",
        "127.0.0.1:5300",
        "where to listen, for UDP and TCP; port 0 lets the system choose",
    );
    let parsed = flags.parse_or_exit();
    if parsed.strings("zone").is_empty() {
        flags.usage_error("there is no zone to answer for; name one with -zone");
    }
    if let Some(extra) = parsed.rest().first() {
        flags.usage_error(&format!("{extra:?} is no option; zone files follow -zone"));
    }
    trace::chapter("ch02");
    let _me = trace::party("name server");
    match run(parsed.strings("zone"), parsed.string("listen")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

fn run(files: &[String], listen: &str) -> Result<(), String> {
    let mut zones: Vec<Zone> = Vec::new();
    for file in files {
        let zone = read_zone(file)?;
        if zones.iter().any(|known| known.origin() == zone.origin()) {
            return Err(format!("{file}: the zone {} is there twice", zone.origin()));
        }
        zones.push(zone);
    }
    let address = resolve(listen)?;
    let stop = signal::stop_token().map_err(|error| error.to_string())?;
    let server = NameServer::bind(address, Authority::new(zones))
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let server = server.reporting(|incident| complain(&incident.to_string()));
    announce(server.address()).map_err(|error| error.to_string())?;
    server.serve(&stop).map_err(|error| error.to_string())
}

fn read_zone(file: &str) -> Result<Zone, String> {
    let failed = |error: io::Error| format!("{file}: {error}");
    // Read to the limit and not to the length the file claims: a device claims none, and does not end.
    let mut bytes = Vec::new();
    let most = MAX_FILE as u64 + 1;
    File::open(file).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_FILE {
        return Err(format!("{file}: a zone file may have {MAX_FILE} bytes, and this has more"));
    }
    let text = String::from_utf8(bytes).map_err(|error| format!("{file}: {}", error.utf8_error()))?;
    text.parse::<Zone>().map_err(|error| format!("{file}:{}: {}", error.line, error.problem))
}

/// Not eprintln!, which panics when nobody reads standard error.
fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "{NAME}: {sentence}");
}

fn resolve(listen: &str) -> Result<SocketAddr, String> {
    let mut addresses = listen.to_socket_addrs().map_err(|error| format!("{listen}: {error}"))?;
    addresses.next().ok_or_else(|| format!("{listen} has no address"))
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{NAME}: listening on {address}")?;
    out.flush()
}
