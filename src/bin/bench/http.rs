//! HTTP: what a server answers, ours, Go's or nginx; and what a client asks of one fixed server.
//!
//! Our two servers are here too, in a process of their own as `bench serve-hello` and `bench serve-files FOLDER`. They are as
//! plain as the peer's: a handler, and the server's defaults.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::thread;
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::listen::listen;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::pool::PoolLimits;
use netprog::ch08_http_client::transport::{Transport, TransportConfig};
use netprog::ch09_http_server::files::FileServer;
use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use netprog::ch09_http_server::server::Server as HttpServer;

use crate::Load;
use crate::compute::said_by;
use crate::nginx;
use crate::scratch::Scratch;
use crate::server::{self, Server, Side};
use crate::{download, wrk};

const GREETING: &[u8] = b"Hello, world!\n";

/// Requests per second for a greeting of fourteen bytes, on connections that are kept.
pub fn hello(load: &Load, side: &Side) -> Result<f64, String> {
    let server = match side {
        Side::Running(address) => Server::running(*address),
        Side::Ours => server::start(server::this_program()?.arg("serve-hello"))?,
        Side::Peer(program) => server::start(Command::new(program).arg("http"))?,
        Side::Nginx(program) => nginx::start(program, Scratch::new()?)?,
    };
    wrk::requests(load, server.address(), "/")
}

/// Requests per second for a file of the load's size.
pub fn small_file(load: &Load, side: &Side) -> Result<f64, String> {
    let server = start_files(load.size, side)?;
    wrk::requests(load, server.address(), FILE)
}

/// Bytes per second of a file of the load's size. Not by `wrk`: it reads eight kilobytes at a time, and the row would say how
/// fast it does so.
pub fn large_file(load: &Load, side: &Side) -> Result<f64, String> {
    let server = start_files(load.size, side)?;
    download::bytes(load, server.address(), FILE)
}

const FILE: &str = "/file.bin";

/// A server with one file.
fn start_files(size: usize, side: &Side) -> Result<Server, String> {
    let folder = Scratch::new()?;
    folder.fill(&FILE[1..], size as u64)?;
    match side {
        Side::Running(_) => Err("a running server has files of its own; start it from here".to_string()),
        Side::Ours => {
            server::start_with(server::this_program()?.arg("serve-files").arg(folder.path()), folder)
        }
        Side::Peer(program) => {
            let mut command = Command::new(program);
            server::start_with(command.args(["files", "-root"]).arg(folder.path()), folder)
        }
        Side::Nginx(program) => nginx::start(program, folder),
    }
}

/// Requests per second that a client makes, one after another on each of its connections. The server is nginx for both sides,
/// or ours where there is no nginx.
pub fn client(load: &Load, side: &Side) -> Result<f64, String> {
    let server = match (side, nginx::installed()) {
        (Side::Running(address), _) => Server::running(*address),
        (_, Some(program)) => nginx::start(&program, Scratch::new()?)?,
        (_, None) => server::start(server::this_program()?.arg("serve-hello"))?,
    };
    let address = server.address();
    match side {
        Side::Peer(program) => {
            let mut command = Command::new(program);
            command.args(["httpclient", "-to", &address.to_string()]);
            command.args(["-connections", &load.connections.to_string()]);
            said_by(command.args(["-length", &format!("{}ms", load.length.as_millis())]))
        }
        _ => requests(load, address),
    }
}

// --- our client -----------------------------------------------------------------------------------------------------

fn requests(load: &Load, address: SocketAddr) -> Result<f64, String> {
    let pool = PoolLimits { per_host: load.connections, ..PoolLimits::default() };
    let transport = Transport::new(TransportConfig { pool, ..TransportConfig::default() });
    let client = Client { transport: Arc::new(transport), ..Client::default() };
    let url = format!("http://{address}/");
    let begin = Instant::now();
    let mut threads = Vec::new();
    for number in 0..load.connections {
        let (client, url, length) = (client.clone(), url.clone(), load.length);
        let running = thread::spawn("client", move || request_until(&client, &url, begin, length));
        threads.push(running.map_err(|error| format!("client {number}: {error}"))?);
    }
    let mut all = 0;
    for running in threads {
        all += running.join().map_err(|_| "a client panicked")??;
    }
    Ok(all as f64 / begin.elapsed().as_secs_f64())
}

fn request_until(client: &Client, url: &str, begin: Instant, length: Duration) -> Result<u64, String> {
    let mut count = 0;
    while begin.elapsed() < length {
        let mut response = client.get(url).map_err(|error| format!("a client: {error}"))?;
        let body = response.read_all(1 << 20).map_err(|error| format!("a client: {error}"))?;
        if body != GREETING {
            return Err(format!("a client got {} bytes that are not the greeting", body.len()));
        }
        count += 1;
    }
    Ok(count)
}

// --- our servers ----------------------------------------------------------------------------------------------------

fn greet(response: &mut dyn ResponseWriter, _: &mut Request) {
    response.header().set("Content-Type", "text/plain");
    // A client that has gone misses its greeting.
    let _ = response.write_all(GREETING);
}

/// Serves the greeting until it is killed.
pub fn serve_hello() -> Result<(), String> {
    serve(greet)
}

/// Serves the files in `folder` until it is killed.
pub fn serve_files(folder: &Path) -> Result<(), String> {
    serve(FileServer::new(folder).map_err(|error| format!("{}: {error}", folder.display()))?)
}

fn serve(handler: impl Handler + 'static) -> Result<(), String> {
    let listener = listen(Network::Tcp, "127.0.0.1:0").map_err(|error| error.to_string())?;
    println!("listening on {}", listener.socket_addr());
    let server = HttpServer { max_connections: 20_000, ..HttpServer::new(handler) };
    Err(server.serve(Arc::new(listener), &Cancel::new()).to_string())
}
