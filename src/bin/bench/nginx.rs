//! nginx, started in the foreground with a configuration of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{available_parallelism, sleep};
use std::time::{Duration, Instant};

use crate::scratch::Scratch;
use crate::server::{self, Server};

/// How long it may take to come up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program, where it is installed.
pub fn installed() -> Option<PathBuf> {
    server::installed("nginx")
}

/// Serves the greeting at `/` and the files of `folder` beside it.
pub fn start(program: &Path, folder: Scratch) -> Result<Server, String> {
    // It takes no port of the system's choice, so one that was free a moment ago is taken.
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("no free port: {error}"))?;
    let configuration = folder.write("nginx.conf", configuration(address, folder.path()).as_bytes())?;
    let nginx = || {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&configuration).args(["-e", "/dev/null"]);
        command
    };
    let mut stop = nginx();
    stop.args(["-s", "stop"]);
    // Its workers outlive it if it is killed; told to stop, it ends them first.
    let kept = server::keep_and_stop_by(&mut nginx(), stop)?.0;
    wait_for(address)?;
    Ok(Server::kept_with(kept, address, folder))
}

/// Every setting a tutorial on making it fast names: as many workers as cores, no log, sendfile, connections kept for good.
fn configuration(address: SocketAddr, folder: &Path) -> String {
    let workers = available_parallelism().map_or(1, usize::from);
    let folder = folder.display();
    // Started by root it would drop to a user who may not enter the folder; started by somebody else the line is ignored.
    format!(
        "daemon off; user root; worker_processes {workers}; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 16384; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300s;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen {address};
        root {folder};
        default_type text/plain;
        location = / {{ return 200 \"Hello, world!\\n\"; }}
    }}
}}
"
    )
}

/// Until it answers: then its workers run, and it has said in its file whom to stop.
fn wait_for(address: SocketAddr) -> Result<(), String> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if answers(address).is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    Err(format!("nginx did not answer at {address}"))
}

fn answers(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    stream.read_exact(&mut [0; 12])
}
