//! The servers under load, each a child process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use netprog::base::{signal, thread};

/// Whose server is measured.
#[derive(Clone, Debug)]
pub enum Side {
    /// Ours, started for the round.
    Ours,
    /// The peer's program, started for the round.
    Peer(PathBuf),
    /// One that runs already.
    Running(SocketAddr),
}

/// A server for one round; a child is killed when the round is over.
#[derive(Debug)]
pub struct Server {
    child: Option<Kept>,
    address: SocketAddr,
}

/// The child that runs; there is one at a time. Here and not in [`Kept`], so that who ends the bench finds it.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// From here on SIGINT and SIGTERM end the bench with exit code 1, and its server first: one left behind would go on for good.
///
/// # Errors
/// The system's, when it has no thread or handler to give.
pub fn end_on_signals() -> std::io::Result<()> {
    let stop = signal::stop_token()?;
    thread::spawn("stop", move || {
        stop.wait();
        let mut child = running();
        kill(&mut child);
        // With the lock held: no round starts another server now.
        std::process::exit(1)
    })?;
    Ok(())
}

impl Side {
    /// A server that echoes.
    pub fn start_echo(&self) -> Result<Server, String> {
        match self {
            Side::Running(address) => Ok(Server { child: None, address: *address }),
            Side::Ours => {
                start(ours("ch03_serve").args(["-max", "20000", "-idle", "0", "echo", "127.0.0.1:0"]))
            }
            Side::Peer(program) => start(Command::new(program).arg("echo")),
        }
    }

    /// A server that echoes datagrams.
    pub fn start_udp_echo(&self) -> Result<Server, String> {
        match self {
            Side::Running(address) => Ok(Server { child: None, address: *address }),
            Side::Ours => start(&mut ours("ch05_echo")),
            Side::Peer(program) => start(Command::new(program).arg("udpecho")),
        }
    }

    /// A proxy before `upstream`. A running server must have been given its upstream by whoever started it.
    pub fn start_proxy(&self, upstream: SocketAddr) -> Result<Server, String> {
        let upstream = upstream.to_string();
        match self {
            Side::Running(_) => {
                Err("a running proxy cannot be told where to send; start it from here".to_string())
            }
            Side::Ours => start(ours("ch04_proxy").args(["127.0.0.1:0", &upstream])),
            Side::Peer(program) => start(Command::new(program).args(["proxy", "-to", &upstream])),
        }
    }
}

/// A server's process, killed when this is dropped or the bench is ended.
#[derive(Debug)]
pub struct Kept {
    number: u32,
}

impl Drop for Kept {
    fn drop(&mut self) {
        kill(&mut running());
    }
}

/// Starts a server without input and complaints, and gives its output.
pub fn keep(command: &mut Command) -> Result<(Kept, ChildStdout), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut place = running();
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child =
        spawned.map_err(|error| format!("{program} did not start ({error}); build it first: make bench"))?;
    let (kept, output) = (Kept { number: child.id() }, child.stdout.take());
    *place = Some(child);
    drop(place);
    let output = output.ok_or_else(|| format!("{program} has no output"))?;
    Ok((kept, output))
}

/// One of our programs: it stands beside this one.
pub fn ours(name: &str) -> Command {
    let bench = std::env::current_exe().unwrap_or_default();
    Command::new(bench.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The address at the end of a server's line `… listening on ADDRESS`, or `listening ADDRESS` as the peer has it.
pub fn listening(program: &str, output: &mut impl BufRead) -> Result<SocketAddr, String> {
    let mut line = String::new();
    let read = output.read_line(&mut line);
    match (read, line.split_whitespace().last().and_then(|word| word.parse().ok())) {
        (Ok(_), Some(address)) => Ok(address),
        _ => Err(format!("{program} did not say where it listens, but {line:?}")),
    }
}

/// Starts the command and waits for the line that says where it listens.
fn start(command: &mut Command) -> Result<Server, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (kept, output) = keep(command)?;
    let address = listening(&program, &mut BufReader::new(output))?;
    Ok(Server { child: Some(kept), address })
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory in bytes, of a child, where the system tells it (Linux).
    pub fn resident_bytes(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.as_ref()?.number)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kibibytes * 1024.0)
    }
}
