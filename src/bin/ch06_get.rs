//! Gets a file from a TFTP server. See [`netprog::ch06_tftp::client`].

use std::io;
use std::path::Path;
use std::process::ExitCode;

use netprog::base::cancel::Cancel;
use netprog::base::flags::Flags;
use netprog::base::trace;
use netprog::ch06_tftp::client::{self, Report};
use netprog::ch06_tftp::command::{self, Means};
use netprog::ch06_tftp::error::TransferError;
use netprog::ch06_tftp::target::Target;

const NAME: &str = "ch06_get";

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
    let job = command::Job { name: NAME, flags: &flags, parsed: &parsed, server, file: remote };
    job.run(|means| get(remote, local, means))
}

fn flags() -> Flags {
    let mut flags = Flags::new(NAME, "[options] host[:port] remote [local]");
    flags.about(&format!("{ABOUT}{}", command::EXIT_CODES));
    command::define_flags(&mut flags);
    flags
}

fn last_part(remote: &str) -> &str {
    remote.rsplit(['/', '\\']).next().unwrap_or(remote)
}

/// Tries one address after the other, as long as nobody answers at all.
fn get(remote: &str, local: &str, means: Means<'_>) -> Result<Report, TransferError> {
    let Means { addresses, config, cancel, progress } = means;
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
