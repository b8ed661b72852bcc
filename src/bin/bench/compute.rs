//! Workloads that send nothing: one thread computes, ours here, the peer's in a process of its own.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::scratch::Scratch;
use crate::server;

/// Does the work again and again: bytes per second, when each time gives its bytes.
pub fn rate(length: Duration, mut work: impl FnMut() -> Result<usize, String>) -> Result<f64, String> {
    let begin = Instant::now();
    let mut bytes = 0;
    while begin.elapsed() < length {
        bytes += work()?;
    }
    Ok(bytes as f64 / begin.elapsed().as_secs_f64())
}

/// The peer's subcommand does the same work on the same document, which it gets as a file, and prints bytes per second.
pub fn ask(
    program: &Path,
    subcommand: &str,
    work: &str,
    document: &[u8],
    length: Duration,
) -> Result<f64, String> {
    let folder = Scratch::new()?;
    let file = folder.write("document", document)?;
    let mut command = Command::new(program);
    command.args([subcommand, "-work", work, "-length", &format!("{}ms", length.as_millis())]);
    said_by(command.arg("-file").arg(file))
}

/// The number that the program prints before it ends.
pub fn said_by(command: &mut Command) -> Result<f64, String> {
    let (_kept, mut output) = server::keep(command)?;
    let mut said = String::new();
    output.read_to_string(&mut said).map_err(|error| format!("the peer: {error}"))?;
    said.trim().parse().map_err(|_| format!("the peer did not say how fast it was, but {said:?}"))
}
