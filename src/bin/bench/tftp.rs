//! A file by TFTP: our client fetches 64 MiB from our server, and from tftpd-hpa where that is installed.

use std::io::BufReader;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Load;
use crate::scratch::Scratch;
use crate::server::{Kept, Side, keep, listening, ours};

/// What one round fetches.
const FILE_BYTES: u64 = 64 << 20;

/// Fetched first and not timed: when it is there, the server is up.
const SMALL: &str = "small";
const LARGE: &str = "large";

/// The other server. It knows no windows and answers such a request block by block.
pub const PEER: &str = "in.tftpd";

/// Bytes per second, a block at a time.
pub fn lockstep(load: &Load, side: &Side) -> Result<f64, String> {
    round(load, side, 1)
}

/// Bytes per second, sixteen blocks at a time (RFC 7440).
pub fn windowed(load: &Load, side: &Side) -> Result<f64, String> {
    round(load, side, 16)
}

fn round(load: &Load, side: &Side, window: u32) -> Result<f64, String> {
    let folder = Scratch::new()?;
    folder.write(SMALL, b"ready")?;
    folder.fill(LARGE, FILE_BYTES)?;
    let server = TftpServer::start(side, folder.path())?;
    fetch(&server.address, SMALL, load.size, window)?;
    let begin = Instant::now();
    fetch(&server.address, LARGE, load.size, window)?;
    Ok(FILE_BYTES as f64 / begin.elapsed().as_secs_f64())
}

fn fetch(address: &SocketAddr, file: &str, block: usize, window: u32) -> Result<(), String> {
    let status = ours("ch06_get")
        .args(["-q", "-blksize", &block.to_string(), "-windowsize", &window.to_string()])
        .args([&address.to_string(), file, "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("ch06_get did not start ({error}); build it first: make bench"))?;
    if status.success() { Ok(()) } else { Err(format!("ch06_get ended with {status}")) }
}

struct TftpServer {
    _child: Kept,
    address: SocketAddr,
}

impl TftpServer {
    fn start(side: &Side, folder: &Path) -> Result<TftpServer, String> {
        match side {
            Side::Running(_) => {
                Err("a running TFTP server has files of its own; start it from here".to_string())
            }
            Side::Ours => TftpServer::start_ours(folder),
            Side::Peer(program) | Side::Nginx(program) => TftpServer::start_peer(program, folder),
        }
    }

    fn start_ours(folder: &Path) -> Result<TftpServer, String> {
        let (child, output) = keep(ours("ch06_tftp").args(["-a", "127.0.0.1:0", "-root"]).arg(folder))?;
        let mut output = BufReader::new(output);
        let address = listening("ch06_tftp", &mut output)?;
        // It tells of every request; somebody must listen.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Ok(TftpServer { _child: child, address })
    }

    /// It takes no port of the system's choice, so one that was free a moment ago is taken.
    fn start_peer(program: &Path, folder: &Path) -> Result<TftpServer, String> {
        let free = UdpSocket::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
        let address = free.map_err(|error| format!("no free port: {error}"))?;
        let mut command = Command::new(program);
        // It prints nothing, so its output need not be read.
        let (child, _output) = keep(command.args(["-L", "-a", &address.to_string(), "-s"]).arg(folder))?;
        Ok(TftpServer { _child: child, address })
    }
}
