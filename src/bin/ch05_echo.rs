//! A UDP echo: Listing 5-1 as a program. `ch05_echo -a 127.0.0.1:7000`, then `nc -u 127.0.0.1 7000`.

use std::io::{self, Write};
use std::process::ExitCode;

use netprog::base::flags::Flags;
use netprog::base::show::printable;
use netprog::base::{signal, trace};
use netprog::ch05_udp::echo::{BOOKS_BUFFER, LARGEST_BUFFER, echo};
use netprog::ch05_udp::open_socket::bind;

const NAME: &str = "ch05_echo";

const ABOUT: &str = "\
Sends every datagram back to where it came from, up to the buffer's size. Ctrl-C ends it.

Datagrams from ports 7, 13, 17 and 19 are not answered: two services that answer everything
would answer each other for ever.";

fn main() -> ExitCode {
    trace::chapter("ch05");
    let _me = trace::party("server");
    let mut flags = Flags::new(NAME, "[options]");
    flags.about(ABOUT);
    flags.string("a", "127.0.0.1:0", "host:port to listen on; port 0 is any free one");
    flags.int("size", BOOKS_BUFFER as i64, "the buffer in bytes; the rest of a datagram is cut off");
    let parsed = flags.parse_or_exit();
    if let Some(extra) = parsed.rest().first() {
        flags.usage_error(&format!("{extra:?} is one argument too many; the address goes behind -a"));
    }
    let buffer = match usize::try_from(parsed.int("size")) {
        Ok(size) if (1..=LARGEST_BUFFER).contains(&size) => size,
        _ => flags.usage_error(&format!("-size takes 1 to {LARGEST_BUFFER}, not {}", parsed.int("size"))),
    };
    match run(parsed.string("a"), buffer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{NAME}: {}", printable(error.to_string().as_bytes()));
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str, buffer: usize) -> io::Result<()> {
    let socket = bind(address)?;
    let stop = signal::stop_token()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{NAME}: listening on {}", socket.local_addr()?)?;
    out.flush()?;
    drop(out);
    echo(&socket, &stop, buffer)
}
