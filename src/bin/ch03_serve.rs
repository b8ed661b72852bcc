//! Chapter 3's small services as a program: `ch03_serve echo 127.0.0.1:7000`.
//!
//! Try it with `nc`, `telnet` or `curl telnet://…`; `NETPROG_TRACE=ch03` shows what moves. Ctrl-C lets the connections
//! finish within the grace and ends.

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use netprog::base::cancel::Cancel;
use netprog::base::conn::{Address, Conn};
use netprog::base::flags::{Flags, Parsed};
use netprog::base::serve::{ServeConfig, serve};
use netprog::base::{show, signal, thread, trace};
use netprog::ch02_addresses::prefix::Prefix;
use netprog::ch03_tcp::access::{AllowList, only_for};
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::broadcast::Hub;
use netprog::ch03_tcp::daytime;
use netprog::ch03_tcp::echo::{echo, serve_one_at_a_time};
use netprog::ch03_tcp::hello::{UDP_ANSWER, hello};
use netprog::ch03_tcp::limits::Limits;
use netprog::ch03_tcp::lines::{MAX_LINE_BYTES, upper_lines};
use netprog::ch03_tcp::listen::listen;
use netprog::ch03_tcp::sink::Sink;
use netprog::ch03_tcp::udp_twin::serve_datagrams;

const NAME: &str = "ch03_serve";

/// Lines longer than this are no lines any more, and every client may make us keep one.
const LARGEST_LINE: i64 = 1 << 20;

/// How long the UDP side may take to print its last datagram after Ctrl-C, whatever the grace.
const LAST_PRINTING: Duration = Duration::from_millis(100);

const ABOUT: &str = "\
services:
  echo          what comes goes back
  echo-serial   the same, one client after the other
  daytime       the date and the time, then the end
  upper         every line in upper case
  sink          prints what comes, answers nothing
  hello         reads once, answers once
  chat          what one client says every client hears

Without an address it listens on 127.0.0.1 and a port the system picks; :7000 is port 7000 on every address.";

fn flags() -> Flags {
    let mut flags = Flags::new(NAME, "[options] SERVICE [host:port]");
    flags.about(ABOUT);
    let limits = Limits::default();
    flags.int("max", 1024, "connections served at once; more wait");
    flags.duration(
        "idle",
        limits.idle.unwrap_or_default(),
        "how long a client may be silent; 0 means for ever",
    );
    flags.duration("grace", Duration::from_secs(2), "how long connections may take to finish after Ctrl-C");
    flags.strings("allow", "only clients of this network, such as 192.0.2.0/24");
    flags.bool("udp", "serve over UDP (daytime, sink, hello)");
    flags.int("line", MAX_LINE_BYTES as i64, "the longest line in bytes (upper, chat)");
    flags
}

/// What to serve, and how.
struct Plan {
    service: Service,
    address: String,
    udp: bool,
    limits: Limits,
    max_connections: usize,
    grace: Duration,
    allow: Option<AllowList>,
    max_line: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Service {
    Echo,
    EchoSerial,
    Daytime,
    Upper,
    Sink,
    Hello,
    Chat,
}

const SERVICES: [(&str, Service); 7] = [
    ("echo", Service::Echo),
    ("echo-serial", Service::EchoSerial),
    ("daytime", Service::Daytime),
    ("upper", Service::Upper),
    ("sink", Service::Sink),
    ("hello", Service::Hello),
    ("chat", Service::Chat),
];

impl Service {
    fn name(self) -> &'static str {
        for (name, service) in SERVICES {
            if service == self {
                return name;
            }
        }
        NAME
    }
}

/// The plan in the arguments, or a sentence about what is wrong with them.
fn plan(parsed: &Parsed) -> Result<Plan, String> {
    let (wanted, address) = match parsed.rest() {
        [service] => (service, "127.0.0.1:0"),
        [service, address] => (service, address.as_str()),
        [] => return Err("no service was named".to_string()),
        _ => return Err("there is one service and one address, after the options".to_string()),
    };
    let Some((_, service)) = SERVICES.into_iter().find(|(name, _)| name == wanted) else {
        return Err(format!("there is no service {wanted:?}"));
    };
    let udp = parsed.bool("udp");
    if udp && !matches!(service, Service::Daytime | Service::Sink | Service::Hello) {
        return Err(format!("{wanted} is not served over UDP"));
    }
    Ok(Plan {
        service,
        address: address.to_string(),
        udp,
        limits: Limits {
            idle: Some(parsed.duration("idle")).filter(|idle| !idle.is_zero()),
            ..Limits::default()
        },
        max_connections: usize::try_from(number(parsed, "max", i64::MAX)?).unwrap_or(usize::MAX),
        grace: parsed.duration("grace"),
        allow: allow_list(parsed.strings("allow"))?,
        max_line: usize::try_from(number(parsed, "line", LARGEST_LINE)?).unwrap_or(MAX_LINE_BYTES),
    })
}

fn number(parsed: &Parsed, flag: &str, most: i64) -> Result<i64, String> {
    let value = parsed.int(flag);
    if value < 1 || value > most {
        return Err(format!("-{flag} takes a number from 1 to {most}, not {value}"));
    }
    Ok(value)
}

fn allow_list(texts: &[String]) -> Result<Option<AllowList>, String> {
    let mut networks = Vec::new();
    for text in texts {
        let network: Prefix = text.parse().map_err(|error| format!("-allow {text:?}: {error}"))?;
        networks.push(network);
    }
    Ok(if networks.is_empty() { None } else { Some(AllowList::new(networks)) })
}

fn main() -> ExitCode {
    trace::chapter("ch03");
    let _me = trace::party(NAME);
    let flags = flags();
    let plan = match plan(&flags.parse_or_exit()) {
        Ok(plan) => plan,
        Err(mistake) => flags.usage_error(&mistake),
    };
    let outcome = if plan.udp { run_udp(plan) } else { run_tcp(plan) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run_tcp(plan: Plan) -> io::Result<()> {
    let listener = Arc::new(listen(Network::Tcp, &plan.address)?);
    let stop = signal::stop_token()?;
    // What it needs first, the announcement then: who reads that we listen may come at once.
    let handler = handler(&plan)?;
    announce(&plan, listener.socket_addr())?;
    let config = ServeConfig {
        name: plan.service.name(),
        max_connections: plan.max_connections,
        grace: plan.grace,
        report: Box::new(|incident| complain(&incident.to_string())),
        ..ServeConfig::default()
    };
    let guarded: Handler = match plan.allow {
        Some(list) => Box::new(only_for(list, handler)),
        None => handler,
    };
    match plan.service {
        Service::EchoSerial => serve_one_at_a_time(listener, config, &stop, guarded)?,
        _ => serve(listener, config, &stop, guarded)?,
    };
    Ok(())
}

type Handler = Box<dyn Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync>;

fn handler(plan: &Plan) -> io::Result<Handler> {
    let (limits, max_line) = (plan.limits, plan.max_line);
    Ok(match plan.service {
        Service::Echo | Service::EchoSerial => Box::new(move |conn, _| echo(conn, &limits)),
        Service::Daytime => Box::new(move |conn, _| daytime::daytime(conn, &limits)),
        Service::Upper => Box::new(move |conn, _| upper_lines(conn, &limits, max_line)),
        Service::Sink => {
            let sink = printing_sink();
            Box::new(move |conn, _| sink.take(conn, &limits))
        }
        Service::Hello => Box::new(move |conn, _| hello(conn, &limits, &show_greeting)),
        Service::Chat => {
            let hub = Hub::start()?;
            Box::new(move |conn, _| hub.serve(conn, &limits, max_line))
        }
    })
}

fn run_udp(plan: Plan) -> io::Result<()> {
    let socket = bind_udp(&plan.address)?;
    let stop = signal::stop_token()?;
    announce(&plan, socket.local_addr()?)?;
    let grace = plan.grace;
    let (told, heard) = mpsc::channel();
    let service_stop = stop.clone();
    // In a thread of its own: when our output is full and nobody reads it, printing blocks, and nothing wakes it.
    thread::spawn(plan.service.name(), move || {
        let served = catch_unwind(AssertUnwindSafe(|| answer_datagrams(&plan, &socket, &service_stop)));
        let _ = told.send(served.unwrap_or_else(|_| Err(io::Error::other("the service panicked"))));
        service_stop.cancel();
    })?;
    stop.wait();
    heard.recv_timeout(grace.max(LAST_PRINTING)).unwrap_or(Ok(()))
}

fn answer_datagrams(plan: &Plan, socket: &UdpSocket, stop: &Cancel) -> io::Result<()> {
    let sink = printing_sink();
    serve_datagrams(socket, stop, |from, bytes| {
        if plan.allow.as_ref().is_some_and(|list| !list.allows(from.ip())) {
            return None;
        }
        match plan.service {
            Service::Daytime => Some(daytime::line(SystemTime::now())),
            Service::Hello => {
                show_greeting(&Address::Tcp(from), bytes);
                Some(UDP_ANSWER.to_vec())
            }
            _ => {
                if let Err(error) = sink.take_datagram(bytes) {
                    complain(&error.to_string());
                }
                None
            }
        }
    })
}

/// A UDP socket on the first address of `text` that takes it.
fn bind_udp(text: &str) -> io::Result<UdpSocket> {
    let with_address = |error: io::Error| io::Error::new(error.kind(), format!("listen udp {text}: {error}"));
    let addresses: Vec<SocketAddr> = text.to_socket_addrs().map_err(with_address)?.collect();
    UdpSocket::bind(&addresses[..]).map_err(with_address)
}

fn announce(plan: &Plan, address: SocketAddr) -> io::Result<()> {
    let over = if plan.udp { " over UDP" } else { "" };
    let mut out = io::stdout().lock();
    writeln!(out, "{NAME}: {} listening on {address}{over}", plan.service.name())?;
    out.flush()
}

fn printing_sink() -> Sink {
    let out = io::stdout();
    let escape = out.is_terminal();
    Sink::printing(Box::new(out), escape)
}

fn show_greeting(from: &Address, bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // Nobody may be reading our output; the clients are answered all the same.
    let _ = writeln!(out, "received {} from {from}", show::escaped(bytes, bytes.len()));
    let _ = out.flush();
}

/// One line on standard error. It must not panic when nobody reads it, as eprintln! would.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "{NAME}: {message}");
}
