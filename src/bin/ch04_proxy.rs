//! A TCP proxy: `ch04_proxy 127.0.0.1:8080 localhost:8000`. Everything a client sends goes to the upstream, every reply
//! back, each direction until its own end. Book: Listings 4-14 to 4-18.

use std::io::Write;
use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use netprog::base::conn::Listener;
use netprog::base::flags::{Flags, Parsed};
use netprog::base::serve::{Incident, ServeConfig, serve};
use netprog::base::{signal, trace};
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::listen::listen as tcp_listen;
use netprog::ch04_data::proxy::Proxy;

const ABOUT: &str = "\
Listens on the first address and connects each client to the second. A client
may finish sending and still receives the whole reply. Bulk data moves inside
the kernel where the system can do that. Ctrl-C stops: no new clients, and
those being served get -grace to finish.";

fn main() {
    let mut flags = Flags::new("ch04_proxy", "[options] listen-address upstream-address");
    flags.about(ABOUT);
    flags.int("max", 1024, "clients served at once; more wait");
    flags.duration("timeout", Duration::from_secs(5), "time for connecting to the upstream");
    flags.duration("idle", Duration::from_secs(600), "silence in both directions that ends it; 0 for never");
    flags.duration("grace", Duration::from_secs(2), "time for clients to finish after Ctrl-C");
    let parsed = flags.parse_or_exit();
    let [listen, upstream] = parsed.rest() else {
        flags.usage_error("a listen address and an upstream address are required");
    };
    let config = serve_config(&flags, &parsed);
    let idle = Some(parsed.duration("idle")).filter(|idle| !idle.is_zero());
    let proxy = Proxy { upstream: upstream.clone(), dial_timeout: parsed.duration("timeout"), idle };
    if let Err(error) = run(listen, proxy, config) {
        eprintln_unless_closed(&format!("ch04_proxy: {error}"));
        exit(1);
    }
}

fn serve_config(flags: &Flags, parsed: &Parsed) -> ServeConfig {
    let max_connections = match usize::try_from(parsed.int("max")) {
        Ok(max) if max > 0 => max,
        _ => flags.usage_error("-max takes a number above zero"),
    };
    ServeConfig {
        name: "proxy",
        max_connections,
        grace: parsed.duration("grace"),
        report: Box::new(|incident: &Incident| eprintln_unless_closed(&format!("ch04_proxy: {incident}"))),
        ..ServeConfig::default()
    }
}

fn run(listen: &str, proxy: Proxy, config: ServeConfig) -> std::io::Result<()> {
    trace::chapter("ch04");
    let stop = signal::stop_token()?;
    let listener = tcp_listen(Network::Tcp, listen)?;
    let mut out = std::io::stdout();
    writeln!(out, "ch04_proxy: listening on {}", listener.local())?;
    out.flush()?;
    serve(Arc::new(listener), config, &stop, move |client, cancel| {
        proxy.handle(client, cancel)?;
        Ok(())
    })?;
    Ok(())
}

/// `eprintln!` panics when nobody reads standard error any more, and a proxy must not end for that.
fn eprintln_unless_closed(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
