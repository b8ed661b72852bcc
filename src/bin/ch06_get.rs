//! Gets a file from a TFTP server. See [`netprog::ch06_tftp::client`].

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use netprog::base::cancel::Cancel;
use netprog::base::flags::Flags;
use netprog::base::show::printable;
use netprog::base::signal;
use netprog::base::trace;
use netprog::ch06_tftp::client::{self, ClientConfig, Report};
use netprog::ch06_tftp::command;
use netprog::ch06_tftp::error::TransferError;
use netprog::ch06_tftp::progress::Progress;
use netprog::ch06_tftp::target::Target;

const ABOUT: &str = "\
Gets a file by TFTP. Without a port it is 69; without a local name it is the last part of the
remote one; - is standard output. The local file appears when it is whole.

";

fn main() -> ExitCode {
    trace::chapter("ch06");
    let _me = trace::party("client");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    let (server, remote, local) = match parsed.rest() {
        [server, remote] => (server, remote, last_part(remote)),
        [server, remote, local] => (server, remote, local.as_str()),
        _ => flags.usage_error("a server and a remote file are required"),
    };
    if matches!(local, "" | "." | "..") {
        flags.usage_error(&format!("{remote:?} ends in no file name; give the local file"));
    }
    let config = command::config(&parsed).unwrap_or_else(|error| flags.usage_error(&error));
    let cancel = match signal::stop_token() {
        Ok(stop) => command::cancel(&parsed, &stop),
        Err(error) => return say(1, &error.to_string()),
    };
    let addresses = match command::server_addresses(server, &cancel) {
        Ok(addresses) => addresses,
        Err(error) => return say(1, &format!("{server}: {error}")),
    };
    let mut progress = if parsed.bool("q") { Progress::silent() } else { Progress::on_terminal() };
    let result = get(&addresses, remote, local, &config, &cancel, &mut progress);
    progress.clear();
    let result = result.map_err(|error| command::stopped_or(error, cancel.cause()));
    match result {
        Ok(_) if parsed.bool("q") => ExitCode::SUCCESS,
        Ok(report) => say(0, &format!("{remote}: {}", command::summary(&report))),
        Err(error) => say(command::exit_code(&error, cancel.cause()), &format!("{remote}: {error}")),
    }
}

fn flags() -> Flags {
    let mut flags = Flags::new("ch06_get", "[options] host[:port] remote [local]");
    flags.about(&format!("{ABOUT}{}", command::EXIT_CODES));
    command::define_flags(&mut flags);
    flags
}

fn last_part(remote: &str) -> &str {
    remote.rsplit(['/', '\\']).next().unwrap_or(remote)
}

/// Tries one address after the other, as long as nobody answers at all.
fn get(
    addresses: &[SocketAddr],
    remote: &str,
    local: &str,
    config: &ClientConfig,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Report, TransferError> {
    let mut last = TransferError::PeerFellSilent { sends: 0 };
    for address in addresses {
        let target = match local {
            "-" => standard_output(cancel),
            name => Target::create_until(Path::new(name), cancel),
        };
        let target = target.map_err(TransferError::SinkFailed)?;
        let mut bytes = 0;
        let mut watch = |done, total| {
            bytes = done;
            progress.update(done, total);
        };
        match client::get(*address, remote.as_bytes(), config, target, cancel, &mut watch) {
            Err(error) if command::said_nothing(&error, bytes) => last = error,
            result => return result,
        }
    }
    Err(last)
}

#[cfg(unix)]
fn standard_output(stop: &Cancel) -> io::Result<Target> {
    netprog::ch06_tftp::pipes::Pipe::output(stop).map(Target::writing_to)
}

#[cfg(not(unix))]
fn standard_output(_stop: &Cancel) -> io::Result<Target> {
    Ok(Target::writing_to(io::stdout()))
}

/// One line on standard error, for standard output may be the file.
fn say(code: u8, text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "ch06_get: {}", printable(text.as_bytes()));
    ExitCode::from(code)
}
