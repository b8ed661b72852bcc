//! Finds the largest UDP payload that reaches a host in one piece: `ch05_mtu HOST:PORT`, where a UDP echo answers.
//!
//! Exit codes: 0 a size was found, 1 nobody answers or the system says no, 2 the arguments make no sense.

use std::io::{self, Write};
use std::process::ExitCode;

use netprog::base::show::printable;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    complain("\"don't fragment\" is set from here on Linux only");
    ExitCode::FAILURE
}

/// One line on standard error, whatever was given as a host. It must not panic when nobody reads it, as eprintln! would.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "ch05_mtu: {}", printable(message.as_bytes()));
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, Write};
    use std::net::{SocketAddr, ToSocketAddrs};
    use std::process::ExitCode;

    use super::complain;
    use netprog::base::flags::{Flags, Parsed};
    use netprog::base::trace;
    use netprog::ch05_udp::mtu::IpVersion;
    use netprog::ch05_udp::probe::{ProbeOptions, probe};
    use netprog::ch05_udp::search::Found;

    const ABOUT: &str = "\
Finds the largest UDP payload that reaches HOST in one piece. A UDP echo must answer there:
cargo run --bin ch05_echo -- -a 0.0.0.0:7000, for instance.

Only the way there is measured. A size is given up when a router refuses it, or when nothing
comes back after several tries.";

    pub fn main() -> ExitCode {
        trace::chapter("ch05");
        let _me = trace::party("client");
        let flags = flags();
        let parsed = flags.parse_or_exit();
        let [target] = parsed.rest() else {
            flags.usage_error("it takes one HOST:PORT, after the options");
        };
        let options = match options(&parsed) {
            Ok(options) => options,
            Err(mistake) => flags.usage_error(&mistake),
        };
        if parsed.bool("4") && parsed.bool("6") {
            flags.usage_error("-4 and -6 exclude each other");
        }
        match run(target, &parsed, options) {
            Ok(Found::Largest { .. }) => ExitCode::SUCCESS,
            Ok(Found::Nobody) => {
                complain(&format!("nobody answers at {target}"));
                ExitCode::FAILURE
            }
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        }
    }

    fn flags() -> Flags {
        let defaults = ProbeOptions::default();
        let mut flags = Flags::new("ch05_mtu", "[options] HOST:PORT");
        flags.about(ABOUT);
        flags.bool("4", "over IPv4 only");
        flags.bool("6", "over IPv6 only");
        flags.duration("W", defaults.wait, "time to wait for each answer");
        flags.int("n", i64::from(defaults.tries), "tries for each size before it is given up");
        flags
    }

    fn options(parsed: &Parsed) -> Result<ProbeOptions, String> {
        let wait = parsed.duration("W");
        if wait.is_zero() {
            return Err("-W takes a time longer than zero".to_string());
        }
        match u32::try_from(parsed.int("n")) {
            Ok(tries @ 1..=100) => Ok(ProbeOptions { wait, tries }),
            _ => Err(format!("-n takes 1 to 100, not {}", parsed.int("n"))),
        }
    }

    fn run(target: &str, parsed: &Parsed, options: ProbeOptions) -> Result<Found, String> {
        let address = resolve(target, parsed)?;
        let mut out = io::stdout().lock();
        let told = |error: io::Error| format!("{target}: {error}");
        writeln!(out, "ch05_mtu: {target} ({address}) over {}", IpVersion::of(address.ip())).map_err(told)?;
        let report = probe(address, options, |step| {
            // Nobody may be reading; the exit code says what was found all the same.
            let _ = writeln!(out, "{step}");
            let _ = out.flush();
        })
        .map_err(told)?;
        if report.found != Found::Nobody {
            writeln!(out, "{report}").map_err(told)?;
        }
        Ok(report.found)
    }

    /// The first address of the wanted version.
    fn resolve(target: &str, parsed: &Parsed) -> Result<SocketAddr, String> {
        let mut found = target.to_socket_addrs().map_err(|error| format!("{target}: {error}"))?;
        let wanted = |address: &SocketAddr| match IpVersion::of(address.ip()) {
            IpVersion::V4 => !parsed.bool("6"),
            IpVersion::V6 => !parsed.bool("4"),
        };
        found.find(wanted).ok_or_else(|| format!("{target} has no address of the version asked for"))
    }
}
