//! What the programs `ch06_get` and `ch06_put` have in common: flags, the server's address, what is said at the end, exit codes.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use super::client::{ClientConfig, Report};
use super::error::TransferError;
use super::options::MIN_BLOCK;
use super::packet::{MAX_BLOCK, Mode};
use super::progress::{Progress, rate};
use super::rollover::Rollover;
use super::timing::Timing;
use crate::base::cancel::{Cancel, Cause};
use crate::base::deadline::Deadline;
use crate::base::flags::{Flags, Parsed};
use crate::base::show::{bytes_count, printable};
use crate::base::signal;
use crate::ch03_tcp::address::{AddressError, Host, HostPort, Network};
use crate::ch03_tcp::resolve::{SystemResolver, addresses_of};

/// The port where TFTP servers take requests.
pub const PORT: u16 = 69;

/// The exit codes, for the usage.
pub const EXIT_CODES: &str = "\
exit codes: 0 the whole file is there; 1 trouble on this side: a file, its length, a socket, a stop
signal; 2 wrong usage; 3 no answer, a closed port, or the deadline passed; 4 the server broke the
protocol; 10 plus the number of the server's ERROR: 10 other, 11 not found, 12 access denied, 13
disk full, 14 illegal operation, 15 unknown transfer, 16 file exists, 17 no such user, 18 options
refused, 19 a number beyond 8.";

/// Adds the flags both programs have.
pub fn define_flags(flags: &mut Flags) {
    let ours = ClientConfig::default();
    flags.int("blksize", 0, "ask for blocks of this many bytes, 8 to 65464; 0 asks for none (512)");
    flags.int("windowsize", 0, "ask for this many blocks at a time, 1 to 65535; 0 asks for none (1)");
    flags.int("peer-timeout", 0, "ask for packets to be sent again after so many seconds, 1 to 255; 0: none");
    define_rollover(flags);
    flags.bool("plain", "ask for no options at all, not even the file's size");
    flags.bool("netascii", "transfer text: line ends become those of the other system");
    flags.duration("timeout", ours.timing.first, "time to wait for the first answer; later waits adapt");
    flags.int("retries", i64::from(ours.timing.sends), "send a packet this often in all before giving up");
    flags.duration("deadline", Duration::ZERO, "time for the whole transfer; 0 means no limit");
    flags.bool("q", "print nothing but errors");
}

/// Adds the flag clients and server have.
pub fn define_rollover(flags: &mut Flags) {
    flags.string("rollover", "0", "the block's number after 65535: 0, 1, or refuse files that long");
}

/// What the flag says.
///
/// # Errors
/// A sentence for a word that is none of the three.
pub fn rollover(parsed: &Parsed) -> Result<Rollover, String> {
    parsed.string("rollover").parse()
}

/// The configuration the flags ask for.
///
/// # Errors
/// A sentence about the flag whose number does not fit.
pub fn config(parsed: &Parsed) -> Result<ClientConfig, String> {
    let plain = parsed.bool("plain");
    let block_size = option(parsed, "blksize", MIN_BLOCK as i64, MAX_BLOCK as i64)?;
    let window = option(parsed, "windowsize", 1, i64::from(u16::MAX))?;
    let timeout = option(parsed, "peer-timeout", 1, i64::from(u8::MAX))?;
    if plain && (block_size.is_some() || window.is_some() || timeout.is_some()) {
        return Err("-plain asks for no options, and another flag asks for one".to_string());
    }
    let Some(sends) = u32::try_from(parsed.int("retries")).ok().filter(|sends| *sends > 0) else {
        return Err(format!("-retries {}: a packet is sent once at least", parsed.int("retries")));
    };
    let first = parsed.duration("timeout");
    if first.is_zero() {
        return Err("-timeout 0: no answer is that fast".to_string());
    }
    Ok(ClientConfig {
        mode: if parsed.bool("netascii") { Mode::Netascii } else { Mode::Octet },
        // The ranges are checked: none of these is cut.
        block_size: block_size.map(|size| size as usize),
        window: window.map(|blocks| blocks as u16),
        timeout: timeout.map(|seconds| seconds as u8),
        size: !plain,
        rollover: rollover(parsed)?,
        tell_rollover: !plain,
        timing: Timing::starting_at(first, sends),
        always_dally: false,
    })
}

/// An option's number; 0 is none.
fn option(parsed: &Parsed, name: &str, least: i64, most: i64) -> Result<Option<i64>, String> {
    let value = parsed.int(name);
    if value == 0 {
        return Ok(None);
    }
    if !(least..=most).contains(&value) {
        return Err(format!("-{name} {value}: it may be {least} to {most}"));
    }
    Ok(Some(value))
}

/// The token of the whole transfer: it ends with `stop`, and at the deadline if the flags set one.
pub fn cancel(parsed: &Parsed, stop: &Cancel) -> Cancel {
    let length = parsed.duration("deadline");
    stop.child_before(if length.is_zero() { Deadline::NEVER } else { Deadline::after(length) })
}

/// The addresses behind `host:port` or `host`, in the order they are to be tried.
///
/// IPv4 comes first. Nobody refuses a datagram, so a wrong first address costs all tries, and most TFTP servers, boot
/// firmware's above all, have IPv4.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what is no address; the resolver's errors.
pub fn server_addresses(text: &str, cancel: &Cancel) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, PORT)]);
    }
    let written: HostPort = match text.parse() {
        Err(AddressError::NoPort) => format!("{text}:{PORT}").parse()?,
        parsed => parsed?,
    };
    let port = if written.port == 0 { PORT } else { written.port };
    let mut addresses = match &written.host {
        Host::Every => vec![SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port)],
        Host::Ip(ip) => vec![SocketAddr::new(*ip, port)],
        Host::Name(name) => addresses_of(Network::Tcp, name, port, &SystemResolver, cancel)?,
    };
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}

/// Whether the next address of the same host is worth a try: this one said nothing at all.
pub fn said_nothing(error: &TransferError, bytes: u64) -> bool {
    bytes == 0 && matches!(error, TransferError::PeerFellSilent { .. } | TransferError::PeerIsGone)
}

/// The error to be told where the transfer's token ended, `cause` why: a pipe that was given up then is no trouble with a file.
pub fn stopped_or(error: TransferError, cause: Option<Cause>) -> TransferError {
    match &error {
        TransferError::SourceFailed(source) | TransferError::SinkFailed(source)
            if cause.is_some()
                && matches!(source.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::TimedOut) =>
        {
            TransferError::Stopped
        }
        _ => error,
    }
}

/// The exit code for an error; `cause` is why the transfer's token ended, if it has.
pub fn exit_code(error: &TransferError, cause: Option<Cause>) -> u8 {
    match error {
        TransferError::PeerGaveError { code, .. } => match u16::from(*code) {
            number @ 0..=8 => 10 + number as u8,
            _ => 19,
        },
        TransferError::PeerFellSilent { .. } | TransferError::PeerIsGone => 3,
        TransferError::PeerBrokeRules(_) | TransferError::OptionsDoNotFit(_) => 4,
        TransferError::CannotAsk(_) => 2,
        TransferError::Stopped if cause == Some(Cause::DeadlineExceeded) => 3,
        TransferError::SourceFailed(_)
        | TransferError::SinkFailed(_)
        | TransferError::SocketFailed(_)
        | TransferError::TooManyBlocks
        | TransferError::Stopped => 1,
    }
}

/// One call of a program, as its arguments have it.
pub struct Job<'a> {
    /// The program's name.
    pub name: &'a str,
    /// Its flags, for a usage error.
    pub flags: &'a Flags,
    /// What they were given.
    pub parsed: &'a Parsed,
    /// The server, with or without a port.
    pub server: &'a str,
    /// The file that is fetched or sent, for what is said of it.
    pub file: &'a str,
}

/// What a transfer is given.
pub struct Means<'a> {
    /// The server's addresses, to be tried one after the other.
    pub addresses: &'a [SocketAddr],
    /// What the flags ask for.
    pub config: &'a ClientConfig,
    /// Ends with a stop signal, and at the deadline.
    pub cancel: &'a Cancel,
    /// To be told how far it is.
    pub progress: &'a mut Progress,
}

impl Job<'_> {
    /// Runs the transfer, and says how it went in one line on standard error: standard output may be the file.
    pub fn run(&self, transfer: impl FnOnce(Means<'_>) -> Result<Report, TransferError>) -> ExitCode {
        let config = config(self.parsed).unwrap_or_else(|error| self.flags.usage_error(&error));
        let cancel = match signal::stop_token() {
            Ok(stop) => cancel(self.parsed, &stop),
            Err(error) => return self.say(1, &error.to_string()),
        };
        let addresses = match server_addresses(self.server, &cancel) {
            Ok(addresses) => addresses,
            Err(error) => return self.say(1, &format!("{}: {error}", self.server)),
        };
        let quiet = self.parsed.bool("q");
        let mut progress = if quiet { Progress::silent() } else { Progress::on_terminal() };
        let (addresses, config) = (&addresses, &config);
        let result = transfer(Means { addresses, config, cancel: &cancel, progress: &mut progress });
        progress.clear();
        match result.map_err(|error| stopped_or(error, cancel.cause())) {
            Ok(_) if quiet => ExitCode::SUCCESS,
            Ok(report) => self.say(0, &format!("{}: {}", self.file, summary(&report))),
            Err(error) => self.say(exit_code(&error, cancel.cause()), &format!("{}: {error}", self.file)),
        }
    }

    fn say(&self, code: u8, text: &str) -> ExitCode {
        let _ = writeln!(io::stderr(), "{}: {}", self.name, printable(text.as_bytes()));
        ExitCode::from(code)
    }
}

/// What the program says at the end: `75352 bytes in 0.012 s, 6 MiB/s, 148 blocks of 512`.
pub fn summary(report: &Report) -> String {
    let Report { totals, elapsed, options, .. } = report;
    let block = options.agreed().block_size;
    let mut text = format!(
        "{} bytes in {:.3} s, {}/s, {} blocks of {block}",
        totals.bytes,
        elapsed.as_secs_f64(),
        bytes_count(rate(totals.bytes, *elapsed)),
        totals.blocks,
    );
    if totals.resent > 0 {
        text.push_str(&format!(", {} packets sent again", totals.resent));
    }
    if report.fell_back {
        text.push_str(", without the options it refused");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::error::ErrorCode;
    use super::*;

    fn parsed(arguments: &[&str]) -> Parsed {
        let mut flags = Flags::new("test", "");
        define_flags(&mut flags);
        flags.parse(arguments).unwrap()
    }

    #[test]
    fn without_flags_only_the_size_is_asked_for() {
        let config = config(&parsed(&[])).unwrap();
        assert_eq!((config.block_size, config.window, config.timeout, config.size), (None, None, None, true));
        assert_eq!((config.mode, config.timing.sends), (Mode::Octet, 6));
    }

    #[test]
    fn numbers_at_the_edges_are_taken_and_those_beyond_refused() {
        for (flag, good, bad) in [
            ("-blksize", ["8", "65464"], ["7", "65465"]),
            ("-windowsize", ["1", "65535"], ["-1", "65536"]),
            ("-peer-timeout", ["1", "255"], ["-1", "256"]),
            ("-retries", ["1", "4294967295"], ["0", "4294967296"]),
        ] {
            for value in good {
                assert!(config(&parsed(&[flag, value])).is_ok(), "{flag} {value}");
            }
            for value in bad {
                let error = config(&parsed(&[flag, value])).unwrap_err();
                assert!(error.starts_with(&format!("{flag} {value}: ")), "{error}");
            }
        }
        assert!(config(&parsed(&["-timeout", "0s"])).is_err());
        assert!(config(&parsed(&["-plain", "-blksize", "1024"])).is_err());
    }

    #[test]
    fn a_port_that_is_not_written_is_69() {
        let cancel = Cancel::new();
        let first = |text: &str| server_addresses(text, &cancel).map(|all| all[0].to_string());
        assert_eq!(first("192.0.2.1").unwrap(), "192.0.2.1:69");
        assert_eq!(first("192.0.2.1:6969").unwrap(), "192.0.2.1:6969");
        assert_eq!(first("::1").unwrap(), "[::1]:69");
        assert_eq!(first("[::1]:6969").unwrap(), "[::1]:6969");
        assert_eq!(first("localhost:6969").unwrap(), "127.0.0.1:6969");
        assert_eq!(first("localhost").unwrap(), "127.0.0.1:69");
        assert!(first("a:b:c").is_err() && first("host:99999").is_err());
    }

    #[test]
    fn every_error_has_its_exit_code() {
        let peers =
            |number: u16| TransferError::PeerGaveError { code: ErrorCode::from(number), message: Vec::new() };
        for (number, code) in [(0, 10), (1, 11), (8, 18), (9, 19), (300, 19)] {
            assert_eq!(exit_code(&peers(number), None), code);
        }
        assert_eq!(exit_code(&TransferError::PeerFellSilent { sends: 1 }, None), 3);
        assert_eq!(exit_code(&TransferError::Stopped, Some(Cause::DeadlineExceeded)), 3);
        assert_eq!(exit_code(&TransferError::Stopped, Some(Cause::Cancelled)), 1);
        assert_eq!(exit_code(&TransferError::SinkFailed(io::ErrorKind::StorageFull.into()), None), 1);
    }
}
