//! Times TCP handshakes: the program of Listings 4-21 and 4-22. See [`netprog::ch04_data::ping`].

use std::io::{self, Write};
use std::process::ExitCode;

use netprog::base::flags::{Flags, Parsed};
use netprog::base::signal;
use netprog::base::trace;
use netprog::ch04_data::ping::{Ended, PingOptions, Summary, ping};

const ABOUT: &str = "\
Times TCP handshakes, for networks that drop ICMP echo.

A handshake costs the target more than an ICMP echo does, and its administrator may take many of
them for abuse. Ask for permission first, and use ICMP where it passes.

A time-out is reported and the pinging goes on; any other failure ends it with exit code 1.
Ctrl-C ends it with a summary and exit code 0.";

fn main() -> ExitCode {
    trace::chapter("ch04");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    let [target] = parsed.rest() else {
        // The book's words and exit code; it writes them to standard output.
        let _ = io::stderr().write_all(format!("host:port is required\n\n{}", flags.usage()).as_bytes());
        return ExitCode::from(1);
    };
    match run(target, &options(&parsed)) {
        Ok(Ended::Permanent) => ExitCode::from(1),
        Ok(Ended::Counted | Ended::Stopped) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ch04_ping: {error}");
            ExitCode::from(1)
        }
    }
}

fn flags() -> Flags {
    let books = PingOptions::default();
    let mut flags = Flags::new("ch04_ping", "[options] host:port");
    flags.about(ABOUT);
    flags.int("c", books.count, "number of pings: <= 0 means forever");
    flags.duration("i", books.interval, "interval between pings");
    flags.duration("W", books.timeout, "time to wait for a reply; 0 means as long as the system does");
    flags.bool("r", "go on after a refusal, to watch a service restart");
    flags
}

fn options(parsed: &Parsed) -> PingOptions {
    PingOptions {
        count: parsed.int("c"),
        interval: parsed.duration("i"),
        timeout: parsed.duration("W"),
        refused_is_temporary: parsed.bool("r"),
    }
}

fn run(target: &str, options: &PingOptions) -> io::Result<Ended> {
    let stop = signal::stop_token()?;
    let mut out = io::stdout().lock();
    let summary: Summary = ping(target, options, &mut out, &stop)?;
    if summary.ended == Ended::Stopped {
        writeln!(out, "{summary}")?;
    }
    Ok(summary.ended)
}
