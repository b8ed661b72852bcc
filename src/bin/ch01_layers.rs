//! Shows HTTP requests as they go over an Ethernet: every layer, every field, every byte. With `-pcap` it writes the whole
//! conversation, handshake to FIN, as a file for Wireshark. See [`netprog::ch01_networks::wrap`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use netprog::base::flags::{Flags, Parsed};
use netprog::base::trace;
use netprog::ch01_networks::anatomy;
use netprog::ch01_networks::exchange::{self, CLIENT, SERVER, Step};
use netprog::ch01_networks::pcap;
use netprog::ch01_networks::request::Request;
use netprog::ch01_networks::wrap::{End, unwrap};

const ABOUT: &str = "\
Shows an HTTP request wrapped for its way over an Ethernet: the layers, every field, every byte.
METHOD is GET unless given, a path is / unless given. Nothing is sent.

  ch01_layers GET /index.html
  ch01_layers -pcap talk.pcap GET /a /b      then: wireshark talk.pcap";

fn main() -> ExitCode {
    trace::chapter("ch01");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    if parsed.was_given("pcap") && parsed.string("pcap").is_empty() {
        flags.usage_error("flag -pcap needs the name of a file");
    }
    let ends = ends(&parsed).unwrap_or_else(|error| flags.usage_error(&error));
    let steps = conversation(&parsed, ends).unwrap_or_else(|error| flags.usage_error(&error));
    match run(&parsed, &steps) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough: `ch01_layers | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ch01_layers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn flags() -> Flags {
    let mut flags = Flags::new("ch01_layers", "[options] [METHOD path...]");
    flags.about(ABOUT);
    flags.string("pcap", "", "write the whole conversation to this file");
    flags.string("host", "example.org", "the request's Host header");
    let address = |end: End| SocketAddrV4::new(end.ip, end.port).to_string();
    flags.string("client", &address(CLIENT), "IPv4 address and port of the client");
    flags.string("server", &address(SERVER), "IPv4 address and port of the server");
    flags
}

fn ends(parsed: &Parsed) -> Result<(End, End), String> {
    let mut ends = (CLIENT, SERVER);
    for (name, end) in [("client", &mut ends.0), ("server", &mut ends.1)] {
        let text = parsed.string(name);
        let address: SocketAddrV4 = text.parse().map_err(|_| {
            format!("flag -{name}: {text:?} is no IPv4 address and port such as 192.0.2.1:80")
        })?;
        (end.ip, end.port) = (*address.ip(), address.port());
    }
    Ok(ends)
}

fn conversation(parsed: &Parsed, (client, server): (End, End)) -> Result<Vec<Step>, String> {
    let (method, paths) = match parsed.rest() {
        [] => ("GET", Vec::new()),
        // A path begins with a slash, and no method does.
        [first, ..] if first.starts_with('/') => ("GET", parsed.rest().to_vec()),
        [method, paths @ ..] => (method.as_str(), paths.to_vec()),
    };
    let paths = if paths.is_empty() { vec!["/".to_string()] } else { paths };
    let mut requests = Vec::new();
    for path in &paths {
        requests.push(Request::new(method, path, parsed.string("host")));
    }
    let turns = exchange::turns(&requests).map_err(|error| error.to_string())?;
    exchange::exchange(client, server, &turns).map_err(|error| error.to_string())
}

fn run(parsed: &Parsed, steps: &[Step]) -> io::Result<()> {
    let path = parsed.string("pcap");
    if !path.is_empty() {
        write_capture(Path::new(path), steps)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for step in steps.iter().filter(|step| step.data > 0 && step.from == exchange::Side::Client) {
        show(&mut out, step)?;
    }
    if !path.is_empty() {
        writeln!(out, "{} frames written to {path}", steps.len())?;
    }
    out.flush()
}

fn show(out: &mut dyn Write, step: &Step) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let opened = unwrap(&step.frame).map_err(invalid)?;
    let data = String::from_utf8_lossy(&opened.data);
    writeln!(out, "{}\n", data.lines().next().unwrap_or_default())?;
    writeln!(out, "{}", anatomy::picture(&step.frame).map_err(invalid)?)?;
    writeln!(out, "{}", anatomy::fields(&step.frame).map_err(invalid)?)?;
    writeln!(out, "{}", anatomy::hexdump(&step.frame).map_err(invalid)?)
}

// --- the file -----------------------------------------------------------------------------------------------------------

/// Writes the file beside its place and then moves it there, so that no failure leaves half a file, or takes away the one
/// that was there.
fn write_capture(path: &Path, steps: &[Step]) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let packets = exchange::captured(steps, start);
    // A pipe or a device (/dev/stdout) cannot be replaced by a file; it is written to as it is.
    if path.exists() && !path.is_file() {
        let mut file = File::options().write(true).open(path).map_err(named)?;
        return pcap::write(&mut file, &packets).map_err(named);
    }
    let place = place_of(path).map_err(named)?;
    let (beside, file) = create_beside(&place).map_err(named)?;
    let written = finish(file, &packets).and_then(|()| fs::rename(&beside, &place));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(named)
}

/// Where the file is to be: behind a symbolic link, its target. A file that may not be written is not replaced either.
fn place_of(path: &Path) -> io::Result<PathBuf> {
    if !path.exists() {
        return Ok(path.to_path_buf());
    }
    File::options().write(true).open(path)?;
    fs::canonicalize(path)
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "that is no name of a file"));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    Ok((beside, file))
}

fn finish(file: File, packets: &[pcap::Captured]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    pcap::write(&mut out, packets)
}
