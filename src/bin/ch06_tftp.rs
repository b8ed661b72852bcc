//! Listing 6-11, the TFTP server as a program: `ch06_tftp -a 127.0.0.1:6969 -p payload.svg`, or with a directory,
//! `ch06_tftp -a 127.0.0.1:6969 -root DIR -write`.
//!
//! Ask it with `curl -o out tftp://127.0.0.1:6969/any`. Ctrl-C ends it. Port 69 wants the right to it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use netprog::base::flags::{Flags, Parsed};
use netprog::base::show::printable;
use netprog::base::{log, signal, trace};
use netprog::ch06_tftp::command;
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::server::{Server, ServerConfig};
use netprog::ch06_tftp::timing::Timing;

const NAME: &str = "ch06_tftp";

const ABOUT: &str = "\
Serves files by TFTP: one file under every name (-p), or the files of a directory (-root).
There is no authentication: whoever reaches the port gets the files, and with -write adds some.";

/// What `-largest` stands for unless it is given: a gibibyte, so that one client cannot fill most disks.
const LARGEST: i64 = 1 << 30;

/// The largest payload, which is kept in memory.
const MOST_PAYLOAD: u64 = 256 << 20;

fn main() -> ExitCode {
    let mut flags = Flags::new(NAME, "[-a host:port] [-p FILE | -root DIR [-write]] [options]");
    flags.about(ABOUT);
    flags.string("a", "127.0.0.1:69", "listen address; port 0 lets the system choose");
    flags.string("p", "payload.svg", "file to serve to clients, whatever they ask for");
    flags.string("root", "", "directory to serve instead");
    flags.bool("write", "let clients put new files into the directory");
    flags.int("largest", LARGEST, "bytes of the largest file that is taken");
    command::define_rollover(&mut flags);
    flags.int("max", 64, "transfers at once");
    flags.duration("timeout", Duration::from_secs(6), "wait for an answer before sending again");
    flags.int("retries", 10, "sends of a packet before giving up");
    let parsed = flags.parse_or_exit();
    if let Err(sentence) = check(&parsed) {
        flags.usage_error(&sentence);
    }
    trace::chapter("ch06");
    let _me = trace::party("server");
    match run(&parsed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Not eprintln!, which panics when nobody reads.
            let _ = writeln!(io::stderr(), "{NAME}: {}", printable(sentence.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

fn check(parsed: &Parsed) -> Result<(), String> {
    if let Some(extra) = parsed.rest().first() {
        return Err(format!("{extra:?} is no option; the file follows -p"));
    }
    if parsed.was_given("p") && parsed.was_given("root") {
        return Err("-p serves one file, -root a directory; choose one".to_string());
    }
    if parsed.bool("write") && !parsed.was_given("root") {
        return Err("-write needs a directory, -root".to_string());
    }
    if !(1..=10_000).contains(&parsed.int("max")) {
        return Err("-max is 1 to 10000".to_string());
    }
    if !(1..=255).contains(&parsed.int("retries")) {
        return Err("-retries is 1 to 255".to_string());
    }
    command::rollover(parsed)?;
    if parsed.int("largest") < 0 {
        return Err("-largest is 0 or more".to_string());
    }
    if parsed.duration("timeout").is_zero() {
        return Err("-timeout is more than nothing".to_string());
    }
    Ok(())
}

fn run(parsed: &Parsed) -> Result<(), String> {
    let mut config = ServerConfig::new(files(parsed)?, log::standard().clone());
    // The ranges were checked.
    config.max_transfers = usize::try_from(parsed.int("max")).unwrap_or(1);
    let sends = u32::try_from(parsed.int("retries")).unwrap_or(1);
    config.timing = Timing::starting_at(parsed.duration("timeout"), sends);
    config.rollover = command::rollover(parsed)?;
    let address = resolve(parsed.string("a"))?;
    let stop = signal::stop_token().map_err(|error| error.to_string())?;
    let server =
        Server::bind(address, config).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    announce(server.address()).map_err(|error| error.to_string())?;
    server.serve(&stop).map_err(|error| error.to_string())
}

fn files(parsed: &Parsed) -> Result<Files, String> {
    if parsed.was_given("root") {
        let root = parsed.string("root");
        let largest = u64::try_from(parsed.int("largest")).unwrap_or(0);
        let directory = Directory::new(Path::new(root), parsed.bool("write"), largest);
        return directory.map(Files::Directory).map_err(|error| format!("{root}: {error}"));
    }
    let payload = parsed.string("p");
    let bytes = read_payload(Path::new(payload)).map_err(|error| format!("{payload}: {error}"))?;
    Ok(Files::Payload(bytes.into()))
}

/// The file as a whole. Some files have no end: `/dev/zero` would fill the memory.
fn read_payload(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_PAYLOAD + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_PAYLOAD {
        let words = "more than 256 MiB, which is too much to keep in memory; serve its directory with -root";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(bytes)
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
