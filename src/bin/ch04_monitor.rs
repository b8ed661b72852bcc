//! A proxy that shows what passes: `ch04_monitor 127.0.0.1:8080 localhost:8000`. Book: Listings 4-19 and 4-20, and the
//! exercise to tell the directions apart.
//!
//! ```text
//! 15:04:05.123456 #1 = 127.0.0.1:41512
//! 15:04:05.123501 #1 > 18 bytes "HEAD / HTTP/1.0\r\n\r\n"     from the client
//! 15:04:05.124377 #1 < 204 bytes "HTTP/1.0 200 OK\r\n…"       from the upstream
//! 15:04:05.124391 #1 < end
//! ```
//! What shows must not hold up what is shown. The messages go through a queue to a thread that prints; when the queue is full
//! because nobody reads our output, they are dropped and counted, and when the output is closed the traffic goes on.

use std::io::{self, Read, Write};
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use netprog::base::calendar::Timestamp;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnRead, Listener};
use netprog::base::deadline::Deadline;
use netprog::base::flags::{Flags, Parsed};
use netprog::base::serve::{Incident, ServeConfig, serve};
use netprog::base::show::{escaped, hexdump};
use netprog::base::thread::Group;
use netprog::base::{signal, trace};
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::listen::listen as tcp_listen;
use netprog::ch04_data::proxy::{End, Proxy, relay};

const ABOUT: &str = "\
Listens on the first address, connects each client to the second, and prints
what passes: > from the client, < from the upstream, # the connection. The
times are UTC.";

/// Messages that may wait to be printed. With 256 bytes shown of each that is a quarter of a megabyte.
const QUEUE: usize = 1024;

/// How long the printer may take for what is left when the proxy has stopped: nobody may be reading.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn main() {
    let mut flags = Flags::new("ch04_monitor", "[options] listen-address upstream-address");
    flags.about(ABOUT);
    flags.bool("hex", "show bytes in hexadecimal, not as text");
    flags.int("cap", 256, "bytes shown of each message");
    flags.int("max", 1024, "clients served at once; more wait");
    flags.duration("timeout", Duration::from_secs(5), "time for connecting to the upstream");
    flags.duration("idle", Duration::from_secs(600), "silence in both directions that ends it; 0 for never");
    flags.duration("grace", Duration::from_secs(2), "time for clients to finish after Ctrl-C");
    let parsed = flags.parse_or_exit();
    let [listen, upstream] = parsed.rest() else {
        flags.usage_error("a listen address and an upstream address are required");
    };
    let idle = Some(parsed.duration("idle")).filter(|idle| !idle.is_zero());
    let proxy = Proxy { upstream: upstream.clone(), dial_timeout: parsed.duration("timeout"), idle };
    let printer = Group::new();
    let outcome = start_screen(&flags, &parsed, &printer)
        .and_then(|screen| run(listen, proxy, screen, serve_config(&flags, &parsed)));
    printer.join(Deadline::after(LAST_WORDS));
    if let Err(error) = outcome {
        complain(&error.to_string());
        exit(1);
    }
}

fn serve_config(flags: &Flags, parsed: &Parsed) -> ServeConfig {
    ServeConfig {
        name: "monitor",
        max_connections: above_zero(flags, parsed, "max"),
        grace: parsed.duration("grace"),
        report: Box::new(|incident: &Incident| complain(&incident.to_string())),
        ..ServeConfig::default()
    }
}

fn above_zero(flags: &Flags, parsed: &Parsed, name: &str) -> usize {
    match usize::try_from(parsed.int(name)) {
        Ok(number) if number > 0 => number,
        _ => flags.usage_error(&format!("-{name} takes a number above zero")),
    }
}

fn run(listen: &str, proxy: Proxy, screen: Screen, config: ServeConfig) -> io::Result<()> {
    trace::chapter("ch04");
    let stop = signal::stop_token()?;
    let listener = tcp_listen(Network::Tcp, listen)?;
    let mut out = io::stdout();
    writeln!(out, "ch04_monitor: listening on {}", listener.local())?;
    out.flush()?;
    let count = AtomicU64::new(0);
    serve(Arc::new(listener), config, &stop, move |client, cancel| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        handle(client, cancel, &proxy, &screen, number)
    })?;
    Ok(())
}

/// One client: both its directions pass a tap.
fn handle(
    client: Box<dyn Conn>,
    cancel: &Cancel,
    proxy: &Proxy,
    screen: &Screen,
    number: u64,
) -> io::Result<()> {
    screen.show(&format!("#{number} = {}\n", client.peer()));
    let upstream = proxy.dial_upstream(cancel)?;
    let mut client = End::of(client)?;
    let mut upstream = End::of(Box::new(upstream))?;
    client.reader = Tap::before(client.reader, screen, format!("#{number} >"));
    upstream.reader = Tap::before(upstream.reader, screen, format!("#{number} <"));
    relay(client, upstream, proxy.idle, cancel)?;
    Ok(())
}

// --- the tap --------------------------------------------------------------------------------------------------------

/// Shows what a reader reads and changes nothing about it. It has no descriptor to offer, so the proxy copies in user space:
/// bytes that stay in the kernel cannot be shown.
struct Tap {
    inner: Box<dyn ConnRead>,
    screen: Screen,
    heading: String,
}

impl Tap {
    fn before(inner: Box<dyn ConnRead>, screen: &Screen, heading: String) -> Box<dyn ConnRead> {
        Box::new(Tap { inner, screen: screen.clone(), heading })
    }
}

impl Read for Tap {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let outcome = self.inner.read(buf);
        match &outcome {
            Ok(0) => self.screen.show(&format!("{} end\n", self.heading)),
            Ok(count) => self.screen.show_bytes(&self.heading, &buf[..*count]),
            // Only a direction that is silent while the other is busy.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            Err(error) => self.screen.show(&format!("{} {error}\n", self.heading)),
        }
        outcome
    }
}

impl ConnRead for Tap {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.inner.set_read_deadline(deadline);
    }
}

// --- the screen -----------------------------------------------------------------------------------------------------

/// Takes messages for the printer and never waits for it.
#[derive(Clone)]
struct Screen {
    queue: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    in_hex: bool,
    cap: usize,
}

impl Screen {
    fn show_bytes(&self, heading: &str, bytes: &[u8]) {
        let count = bytes.len();
        let word = if count == 1 { "byte" } else { "bytes" };
        if !self.in_hex {
            self.show(&format!("{heading} {count} {word} {}\n", escaped(bytes, self.cap)));
            return;
        }
        let shown = &bytes[..count.min(self.cap)];
        let rest = count - shown.len();
        let more = if rest > 0 { format!("… {rest} more\n") } else { String::new() };
        self.show(&format!("{heading} {count} {word}\n{}{more}", hexdump(shown)));
    }

    fn show(&self, text: &str) {
        let Timestamp { hour, minute, second, nanos, .. } = Timestamp::now();
        let time = format!("{hour:02}:{minute:02}:{second:02}.{:06}", nanos / 1_000);
        if self.queue.try_send(format!("{time} {text}")).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn start_screen(flags: &Flags, parsed: &Parsed, printer: &Group) -> io::Result<Screen> {
    let (queue, messages) = sync_channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let uncounted = Arc::clone(&dropped);
    printer.spawn("printer", 256 * 1024, move || print_all(&messages, &uncounted))?;
    Ok(Screen { queue, dropped, in_hex: parsed.bool("hex"), cap: above_zero(flags, parsed, "cap") })
}

/// Prints until nobody can send any more. After the first failure it only empties the queue.
fn print_all(messages: &Receiver<String>, dropped: &AtomicU64) {
    let mut out = io::stdout();
    let mut is_open = true;
    for message in messages {
        if !is_open {
            continue;
        }
        let missing = match dropped.swap(0, Ordering::Relaxed) {
            0 => String::new(),
            count => format!("({count} messages are missing here: the output was too slow)\n"),
        };
        let written = out.write_all(format!("{missing}{message}").as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            complain(&format!("the output is gone, the traffic goes on: {error}"));
            is_open = false;
        }
    }
}

/// `eprintln!` panics when nobody reads standard error any more, and a proxy must not end for that.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "ch04_monitor: {text}");
}
