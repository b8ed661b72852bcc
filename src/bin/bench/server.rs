//! The servers under load, each a child process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use netprog::base::{signal, thread};

use crate::scratch::{self, Scratch};

/// Whose server is measured.
#[derive(Clone, Debug)]
pub enum Side {
    /// Ours, started for the round.
    Ours,
    /// The peer's program, started for the round.
    Peer(PathBuf),
    /// nginx, started for the round.
    Nginx(PathBuf),
    /// One that runs already.
    Running(SocketAddr),
}

/// A server for one round; a child is killed when the round is over.
#[derive(Debug)]
pub struct Server {
    child: Option<Kept>,
    address: SocketAddr,
    /// What it serves; dropped after the child.
    _folder: Option<Scratch>,
}

/// A child, and what ends it more gently than a kill where that is needed.
struct Running {
    child: Child,
    stop: Option<Command>,
}

/// The children that run. Here and not in [`Kept`], so that who ends the bench finds them.
static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    fn end(mut self) {
        let told = self
            .stop
            .as_mut()
            .map(|stop| stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status());
        if !matches!(told, Some(Ok(status)) if status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// From here on SIGINT and SIGTERM end the bench with exit code 1, and its children first: one left behind would go on for good.
///
/// # Errors
/// The system's, when it has no thread or handler to give.
pub fn end_on_signals() -> std::io::Result<()> {
    let stop = signal::stop_token()?;
    thread::spawn("stop", move || {
        stop.wait();
        let mut children = running();
        for child in children.drain(..) {
            child.end();
        }
        scratch::remove_all();
        // With the lock held: no round starts another child now.
        std::process::exit(1)
    })?;
    Ok(())
}

impl Side {
    /// A server that echoes.
    pub fn start_echo(&self) -> Result<Server, String> {
        match self {
            Side::Running(address) => Ok(Server::running(*address)),
            Side::Ours => {
                start(ours("ch03_serve").args(["-max", "20000", "-idle", "0", "echo", "127.0.0.1:0"]))
            }
            Side::Peer(program) | Side::Nginx(program) => start(Command::new(program).arg("echo")),
        }
    }

    /// A server that echoes datagrams.
    pub fn start_udp_echo(&self) -> Result<Server, String> {
        match self {
            Side::Running(address) => Ok(Server::running(*address)),
            Side::Ours => start(&mut ours("ch05_echo")),
            Side::Peer(program) | Side::Nginx(program) => start(Command::new(program).arg("udpecho")),
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
            Side::Peer(program) | Side::Nginx(program) => {
                start(Command::new(program).args(["proxy", "-to", &upstream]))
            }
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
        let mut children = running();
        if let Some(at) = children.iter().position(|running| running.child.id() == self.number) {
            children.swap_remove(at).end();
        }
    }
}

/// Starts a program without input and complaints, and gives its output.
pub fn keep(command: &mut Command) -> Result<(Kept, ChildStdout), String> {
    keep_until(command, None)
}

/// As [`keep`], for a program that `stop` tells to end.
pub fn keep_and_stop_by(command: &mut Command, stop: Command) -> Result<(Kept, ChildStdout), String> {
    keep_until(command, Some(stop))
}

fn keep_until(command: &mut Command, stop: Option<Command>) -> Result<(Kept, ChildStdout), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut children = running();
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child =
        spawned.map_err(|error| format!("{program} did not start ({error}); build it first: make bench"))?;
    let (kept, output) = (Kept { number: child.id() }, child.stdout.take());
    children.push(Running { child, stop });
    drop(children);
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

/// This program, to be started again as a server.
pub fn this_program() -> Result<Command, String> {
    std::env::current_exe().map(Command::new).map_err(|error| format!("where is this program? {error}"))
}

/// Where a program is that the system has, `None` if it has not. Servers stand where not everybody's search path leads.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Starts the command and waits for the line that says where it listens.
pub fn start(command: &mut Command) -> Result<Server, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (kept, output) = keep(command)?;
    let address = listening(&program, &mut BufReader::new(output))?;
    Ok(Server { child: Some(kept), address, _folder: None })
}

/// As [`start`], for a server whose files are in `folder`, which goes after it.
pub fn start_with(command: &mut Command, folder: Scratch) -> Result<Server, String> {
    Ok(Server { _folder: Some(folder), ..start(command)? })
}

impl Server {
    /// One that runs already.
    pub fn running(address: SocketAddr) -> Server {
        Server { child: None, address, _folder: None }
    }

    /// A child that serves `folder`, which goes after it.
    pub fn kept_with(kept: Kept, address: SocketAddr, folder: Scratch) -> Server {
        Server { child: Some(kept), address, _folder: Some(folder) }
    }

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
