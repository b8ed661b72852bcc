//! How long a TCP handshake takes, for networks that drop ICMP.
//!
//! ```text
//! us                    target
//!  ├── SYN ────────────▶ │   start
//!  │ ◀───────── SYN+ACK ─┤   stop: one line with the time in between
//!  ├── ACK, FIN ───────▶ │
//! ```
//! Book: Listings 4-21 and 4-22. Watch it: `cargo run --bin ch04_ping -- -c 5 -i 200ms localhost:80`.
//!
//! As in the book a failure that passes (a time-out) is reported and the pinging goes on, and one that stays ends it. A refusal
//! is of the second kind for Go, and so for us. The book says the program can watch a service restart; that works only
//! where a firewall drops packets meanwhile, for a machine without the service refuses.
//! [`PingOptions::refused_is_temporary`] makes it work everywhere.
//!
//! A handshake costs the target more than an ICMP echo: ask before you ping what is not yours.
//!
//! The host name is looked up for each ping, as in Go, and inside the measured time.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::base::cancel::Cancel;
use crate::base::flags::format_duration;
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::dial::Dialer;
use crate::ch03_tcp::error::OpError;

/// The flags of Listing 4-21. The default is the book's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingOptions {
    /// How many pings; zero and less mean without end.
    pub count: i64,
    /// The pause after each ping. After the last, too, as in the book.
    pub interval: Duration,
    /// How long to wait for the handshake; zero means as long as the system does.
    pub timeout: Duration,
    /// Whether a refusal is reported and the pinging goes on, as after a time-out.
    pub refused_is_temporary: bool,
}

impl Default for PingOptions {
    fn default() -> PingOptions {
        PingOptions {
            count: 3,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            refused_is_temporary: false,
        }
    }
}

/// Why the pinging ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All pings were sent.
    Counted,
    /// A failure that stays.
    Permanent,
    /// Somebody stopped it: Ctrl-C.
    Stopped,
}

/// What came of the pinging. `Display` is the line printed after Ctrl-C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Why it ended.
    pub ended: Ended,
    /// Handshakes completed.
    pub answered: u64,
    /// Handshakes that failed. One that was stopped half-way counts as neither.
    pub failed: u64,
    /// The shortest, the longest and the sum of the answered ones' times.
    pub times: Option<Times>,
}

/// The times of several handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The shortest.
    pub fastest: Duration,
    /// The longest.
    pub slowest: Duration,
    /// All together.
    pub sum: Duration,
}

impl Summary {
    fn count_answer(&mut self, time: Duration) {
        self.answered += 1;
        self.times = Some(match self.times {
            None => Times { fastest: time, slowest: time, sum: time },
            Some(times) => Times {
                fastest: times.fastest.min(time),
                slowest: times.slowest.max(time),
                sum: times.sum.saturating_add(time),
            },
        });
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sent: {} answered, {} failed",
            self.answered + self.failed,
            self.answered,
            self.failed
        )?;
        let Some(times) = self.times else { return Ok(()) };
        let average = Duration::from_nanos((times.sum.as_nanos() / u128::from(self.answered)) as u64);
        write!(f, "; fastest {}, ", format_duration(times.fastest))?;
        write!(f, "average {}, slowest {}", format_duration(average), format_duration(times.slowest))
    }
}

/// Pings `target`, a `host:port`, and writes a line per ping to `out`: its number before, its time after.
///
/// ```text
/// PING localhost:80
/// 1 369.174µs
/// 2 fail in 281.2µs: dial tcp 127.0.0.1:80: connect: connection refused
/// ```
/// # Errors
/// Those of `out` only. What happens on the network is in the lines and in the summary.
pub fn ping(
    target: &str,
    options: &PingOptions,
    out: &mut dyn Write,
    cancel: &Cancel,
) -> io::Result<Summary> {
    writeln!(out, "PING {target}")?;
    if options.count <= 0 {
        writeln!(out, "CTRL+C to stop.")?;
    }
    let mut summary = Summary { ended: Ended::Counted, answered: 0, failed: 0, times: None };
    let mut number: i64 = 0;
    while options.count <= 0 || number < options.count {
        number += 1;
        // Without the flush the number would appear together with the time, and nobody would see us wait.
        write!(out, "{number} ")?;
        out.flush()?;

        let start = Instant::now();
        let outcome = handshake(target, options.timeout, cancel);
        let time = start.elapsed();

        match outcome {
            Ok(()) => {
                writeln!(out, "{}", format_duration(time))?;
                summary.count_answer(time);
            }
            Err(_) if cancel.has_ended() => {
                writeln!(out, "stopped")?;
                summary.ended = Ended::Stopped;
                break;
            }
            Err(error) => {
                writeln!(out, "fail in {}: {error}", format_duration(time))?;
                summary.failed += 1;
                if !goes_on_after(&error, options) {
                    summary.ended = Ended::Permanent;
                    break;
                }
            }
        }
        out.flush()?;
        if cancel.sleep(options.interval).is_err() {
            summary.ended = Ended::Stopped;
            break;
        }
    }
    out.flush()?;
    Ok(summary)
}

fn goes_on_after(error: &OpError, options: &PingOptions) -> bool {
    // While a service starts or stops, a handshake may also be accepted and reset at once.
    let refused = matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset);
    error.is_temporary() || (refused && options.refused_is_temporary)
}

/// Connects to `target` and closes the connection.
fn handshake(target: &str, timeout: Duration, cancel: &Cancel) -> Result<(), OpError> {
    let timeout = if timeout.is_zero() { None } else { Some(timeout) };
    Dialer { timeout, ..Dialer::default() }.dial_before(Network::Tcp, target, cancel).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const SWIFT: PingOptions = PingOptions {
        count: 2,
        interval: Duration::from_millis(5),
        timeout: Duration::from_secs(20),
        refused_is_temporary: false,
    };

    fn ping_lines(target: &str, options: &PingOptions) -> (Summary, Vec<String>) {
        let mut out = Vec::new();
        let summary = ping(target, options, &mut out, &Cancel::new()).unwrap();
        let text = String::from_utf8(out).unwrap();
        (summary, text.lines().map(str::to_string).collect())
    }

    #[test]
    fn the_defaults_are_the_books() {
        let second = Duration::from_secs(1);
        let books =
            PingOptions { count: 3, interval: second, timeout: 5 * second, refused_is_temporary: false };
        assert_eq!(PingOptions::default(), books);
    }

    #[test]
    fn a_listening_port_is_timed_and_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let begin = Instant::now();
        let (summary, lines) = ping_lines(&target, &SWIFT);
        assert!(begin.elapsed() >= 2 * SWIFT.interval, "it pauses after the last one too");
        assert_eq!((summary.ended, summary.answered, summary.failed), (Ended::Counted, 2, 0));
        assert_eq!((lines.len(), lines[0].as_str()), (3, format!("PING {target}").as_str()));
        assert!(lines[1].starts_with("1 ") && lines[1].ends_with('s'), "{lines:?}");
        assert!(lines[2].starts_with("2 "), "{lines:?}");
    }

    #[test]
    fn a_refusal_ends_the_pinging_unless_it_is_declared_temporary() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        drop(listener);
        let (summary, lines) = ping_lines(&target, &SWIFT);
        assert_eq!((summary.ended, summary.failed, lines.len()), (Ended::Permanent, 1, 2));
        assert!(lines[1].starts_with("1 fail in "), "{lines:?}");

        let patient = PingOptions { refused_is_temporary: true, ..SWIFT };
        let (summary, lines) = ping_lines(&target, &patient);
        assert_eq!((summary.ended, summary.failed, lines.len()), (Ended::Counted, 2, 3));
    }

    #[test]
    fn a_target_that_is_no_address_is_a_permanent_failure() {
        for target in ["localhost", "localhost:", "localhost:99999", "127.0.0.1:no-such-service", ""] {
            let (summary, lines) = ping_lines(target, &SWIFT);
            assert_eq!((summary.ended, lines.len()), (Ended::Permanent, 2), "{target}: {lines:?}");
        }
    }

    #[test]
    fn a_stop_before_the_start_pings_once_and_says_so() {
        let cancel = Cancel::new();
        cancel.cancel();
        let mut out = Vec::new();
        let forever = PingOptions { count: 0, ..SWIFT };
        let summary = ping("127.0.0.1:1", &forever, &mut out, &cancel).unwrap();
        assert_eq!(summary.ended, Ended::Stopped);
        assert_eq!(String::from_utf8(out).unwrap(), "PING 127.0.0.1:1\nCTRL+C to stop.\n1 stopped\n");
    }

    #[test]
    fn an_output_that_breaks_ends_it_with_the_outputs_error() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = ping("127.0.0.1:1", &SWIFT, &mut Broken, &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn the_summary_counts_and_averages() {
        let mut summary = Summary { ended: Ended::Stopped, answered: 0, failed: 1, times: None };
        assert_eq!(summary.to_string(), "1 sent: 0 answered, 1 failed");
        for micros in [100, 300, 200] {
            summary.count_answer(Duration::from_micros(micros));
        }
        let expected = "4 sent: 3 answered, 1 failed; fastest 100µs, average 200µs, slowest 300µs";
        assert_eq!(summary.to_string(), expected);
    }
}
