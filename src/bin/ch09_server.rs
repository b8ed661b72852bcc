//! Listings 9-18 to 9-20, the web server as a program: `ch09_server -listen 127.0.0.1:8080 -files tests/files`, then a browser at
//! <http://127.0.0.1:8080/>. Ctrl-C lets the answers under way finish.
//!
//! Beside the book's routes there are `/ws`, which echoes what a WebSocket sends, and `/events`, which tells the time every second.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::flags::{Flags, Parsed};
use netprog::base::show::printable;
use netprog::base::{log, signal, trace};
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::listen::listen;
use netprog::ch08_http_client::header::Header;
use netprog::ch08_http_client::method::Method;
use netprog::ch09_http_server::events;
use netprog::ch09_http_server::files::{self, FileServer};
use netprog::ch09_http_server::handler::{Request, ResponseWriter, SharedHandler};
use netprog::ch09_http_server::methods::Methods;
use netprog::ch09_http_server::middleware;
use netprog::ch09_http_server::mux::Mux;
use netprog::ch09_http_server::server::{Server, ServerError};
use netprog::ch09_http_server::websocket::{self, Options};

const NAME: &str = "ch09_server";

const ABOUT: &str = "\
Serves a page with its style sheet and picture: index.html at /, index2.html at /2, and every file
under /static/ except those whose names begin with a dot. /ws echoes a WebSocket, /events tells
the time. With a certificate and a key it would speak TLS, and with that HTTP/2; those come with
chapter 11.";

/// What the page needs beside itself, by the paths a browser asks for.
const PUSHED: [&str; 2] = ["/static/style.css", "/static/hiking.svg"];

fn main() -> ExitCode {
    let mut flags = Flags::new(NAME, "[-listen host:port] [-files DIR] [options]");
    flags.about(ABOUT);
    flags.string("listen", "127.0.0.1:8080", "listen address; port 0 lets the system choose");
    flags.string("cert", "", "certificate");
    flags.string("key", "", "private key");
    flags.string("files", "./files", "static file directory");
    flags.bool("access-log", "a line on standard error for every request");
    flags.bool("gzip", "compress what is worth it, for clients that take it");
    flags.int("connections", 1024, "connections at once; more wait");
    flags.duration("idle", Duration::from_secs(60), "how long a client may think between two requests");
    flags.duration("header", Duration::from_secs(30), "how long the head of a request may take");
    flags.duration("grace", Duration::from_secs(30), "after Ctrl-C, how long answers may take to finish");
    let parsed = flags.parse_or_exit();
    if let Err(sentence) = check(&parsed) {
        flags.usage_error(&sentence);
    }
    trace::chapter("ch09");
    let _me = trace::party("server");
    match run(&parsed) {
        Ok(()) => {
            log::standard().println("Server gracefully shutdown");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            // Not eprintln!, which panics when nobody reads.
            let _ = writeln!(io::stderr(), "{NAME}: {}", printable(sentence.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

fn check(parsed: &Parsed) -> Result<(), String> {
    if let Some(extra) = parsed.rest().first() {
        return Err(format!("{extra:?} is no option; the directory follows -files"));
    }
    if parsed.string("cert").is_empty() != parsed.string("key").is_empty() {
        return Err("-cert and -key belong together".to_string());
    }
    if !(1..=100_000).contains(&parsed.int("connections")) {
        return Err("-connections is 1 to 100000".to_string());
    }
    Ok(())
}

/// Listing 9-19 and 9-20. The book waits for its signal also where nothing could be bound, and so for ever; here that is an error.
fn run(parsed: &Parsed) -> Result<(), String> {
    if !parsed.string("cert").is_empty() {
        return Err("-cert and -key: TLS comes with chapter 11; without them the server speaks in the clear"
            .to_string());
    }
    let directory = parsed.string("files");
    let root = FileServer::new(directory).map_err(|error| format!("-files {directory}: {error}"))?;
    let stop = signal::stop_token().map_err(|error| format!("no way to hear of Ctrl-C: {error}"))?;
    let address = parsed.string("listen");
    let listener = listen(Network::Tcp, address)
        .map_err(|error| format!("cannot listen on {address}: {}", error.cause))?;
    let address = listener.socket_addr();
    let mut handler: SharedHandler = Arc::new(routes(Path::new(directory), root, &stop));
    if parsed.bool("gzip") {
        handler = middleware::gzip(handler);
    }
    if parsed.bool("access-log") {
        handler = middleware::access_log(log::standard().clone(), handler);
    }
    let server = Server {
        idle_timeout: Some(parsed.duration("idle")),
        read_header_timeout: Some(parsed.duration("header")),
        max_connections: usize::try_from(parsed.int("connections")).unwrap_or(usize::MAX),
        grace: parsed.duration("grace"),
        handler,
        ..Server::default()
    };
    log::standard().println(&format!("Serving files in {directory:?} over {address}"));
    announce(address).map_err(|error| format!("nobody learns where: {error}"))?;
    match server.serve(Arc::new(listener), &stop) {
        ServerError::Closed => Ok(()),
        error => Err(error.to_string()),
    }
}

/// Listing 9-19. The default route answers every path that no other takes, `/favicon.ico` among them.
fn routes(directory: &Path, root: FileServer, stop: &Cancel) -> Mux {
    let mut mux = Mux::new();
    let statics = middleware::restrict_prefix(".", Arc::new(root));
    mux.handle("/static/", middleware::strip_prefix("/static/", statics));
    mux.handle("/", page(directory, "index.html", &PUSHED));
    mux.handle("/2", page(directory, "index2.html", &[]));
    mux.handle("/ws", until(stop, Arc::new(websocket::echo_handler(Options::default()))));
    mux.handle("/events", until(stop, Arc::new(events::clock_handler(Duration::from_secs(1)))));
    mux
}

/// A stop waits for answers under way. One that would never end by itself ends with `stop`.
fn until(stop: &Cancel, next: SharedHandler) -> SharedHandler {
    let stop = stop.clone();
    middleware::handler_fn(move |response, request| {
        request.cancel = request.cancel.child();
        let theirs = request.cancel.clone();
        let _leaving = stop.on_end(move |_| theirs.cancel());
        next.serve(response, request);
    })
}

/// One page, and what it needs. Pushing goes before serving: a client that has the page already asks.
fn page(directory: &Path, name: &str, pushed: &'static [&'static str]) -> SharedHandler {
    let path = directory.join(name);
    let show = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        for target in pushed {
            match response.push(target, &Header::new()) {
                // HTTP/1 cannot, and says so; what can be pushed to, and refuses, is worth a line.
                Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                    log::standard().println_with("push failed", &[("target", target), ("error", &error)]);
                }
                _ => {}
            }
        }
        files::serve_file(response, request, &path);
    };
    Arc::new(Methods::new().on_fn(Method::GET, show).head_by_get())
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{NAME}: listening on {address}")?;
    out.flush()
}
