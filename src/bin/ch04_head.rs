//! `ch04_head localhost:80`: asks a web server for the head of a document and prints it. Notes: `GetHeadInfo`.

use std::io::{ErrorKind, Write};
use std::process::exit;
use std::time::Duration;

use netprog::base::flags::Flags;
use netprog::base::trace;
use netprog::ch04_data::head::{Head, HeadRequest, head};

fn main() {
    trace::chapter("ch04");
    let mut flags = Flags::new("ch04_head", "[options] host:port");
    flags.about("Sends one HEAD request and prints the status line and the headers that come back.");
    flags.string("path", "/", "the document");
    flags.string("host", "", "the site's name, for servers that have several (a Host header)");
    flags.duration("timeout", Duration::from_secs(10), "for connecting, asking and reading together");
    let parsed = flags.parse_or_exit();
    let [service] = parsed.rest() else {
        // The notes' program leaves with 1 here, and with 2 for nothing; an unknown flag is ours, and 2 as everywhere.
        let text = format!("ch04_head: one host:port is required\n{}", flags.usage());
        let _ = std::io::stderr().write_all(text.as_bytes());
        exit(1);
    };
    let request = HeadRequest {
        path: parsed.string("path").to_string(),
        host: Some(parsed.string("host").to_string()).filter(|host| !host.is_empty()),
        timeout: parsed.duration("timeout"),
    };
    match head(service, &request) {
        Ok(reply) => print(&reply),
        Err(error) => fail(&error),
    }
}

fn print(reply: &Head) {
    let mut text = String::new();
    for line in reply.lines() {
        text.push_str(&line);
        text.push('\n');
    }
    // Not print!, which panics when nobody reads: `ch04_head localhost:80 | head -1`. That is no failure; a full disk is.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&error),
        _ => {}
    }
}

fn fail(error: &dyn std::fmt::Display) -> ! {
    let _ = writeln!(std::io::stderr(), "Fatal error: {error}");
    exit(1)
}
