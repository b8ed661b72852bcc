//! `wrk`, a load generator for HTTP: it says how many requests per second a server answers.

use std::io::Read;
use std::net::SocketAddr;
use std::process::Command;
use std::thread::available_parallelism;

use crate::Load;
use crate::server;

/// The program.
pub const PROGRAM: &str = "wrk";

/// Requests per second: one in flight on each connection, all of them kept, and as many threads as there are cores.
pub fn requests(load: &Load, address: SocketAddr, path: &str) -> Result<f64, String> {
    let cores = available_parallelism().map_or(1, usize::from);
    // It takes whole seconds only.
    let seconds = load.length.as_secs_f64().ceil().max(1.0);
    let mut command = Command::new(PROGRAM);
    command.args(["--threads", &cores.min(load.connections).to_string()]);
    command.args(["--connections", &load.connections.to_string()]);
    command.args(["--timeout", "30s", "--duration", &format!("{seconds}s")]);
    let (_kept, mut output) = server::keep(command.arg(format!("http://{address}{path}")))?;
    let mut said = String::new();
    output.read_to_string(&mut said).map_err(|error| format!("{PROGRAM}: {error}"))?;
    rate(&said)
}

/// Reads its report. Errors in it fail the round: a server that refuses is fast.
fn rate(said: &str) -> Result<f64, String> {
    let of = |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    for complaint in ["Socket errors:", "Non-2xx or 3xx responses:"] {
        if let Some(what) = of(complaint) {
            return Err(format!("{PROGRAM}: {complaint} {what}"));
        }
    }
    let requests = of("Requests/sec:").and_then(|number| number.parse().ok());
    requests.ok_or_else(|| format!("{PROGRAM} did not say how fast it was, but {said:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let said = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 1 connections\n  \
            100 requests in 1.00s, 1.50MB read\nRequests/sec:  98765.43\nTransfer/sec:      1.50GB\n";
        assert_eq!(rate(said), Ok(98765.43));
    }

    #[test]
    fn a_report_with_errors_fails_the_round() {
        for complaint in
            ["Socket errors: connect 0, read 3, write 0, timeout 0", "Non-2xx or 3xx responses: 7"]
        {
            let said = format!("  {complaint}\nRequests/sec: 1.0\nTransfer/sec: 1.0KB\n");
            assert!(rate(&said).unwrap_err().contains(complaint));
        }
        assert!(rate("unable to connect").is_err());
    }
}
