//! Puts a file on a TFTP server. See [`netprog::ch06_tftp::client`].

use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use netprog::base::cancel::Cancel;
use netprog::base::flags::Flags;
use netprog::base::trace;
use netprog::ch06_tftp::client::{self, Report};
use netprog::ch06_tftp::command::{self, Means};
use netprog::ch06_tftp::error::TransferError;
use netprog::ch06_tftp::pipes::Pipe;

const NAME: &str = "ch06_put";

const ABOUT: &str = "\
Puts a file on a TFTP server. Without a port it is 69; without a remote name it is the last part
of the local one; - is standard input, and needs a remote name.

";

fn main() -> ExitCode {
    trace::chapter("ch06");
    let _me = trace::party("client");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    let (server, local, remote) = match parsed.rest() {
        [server, local] => (server, local, last_part(local)),
        [server, local, remote] => (server, local, remote.as_str()),
        _ => flags.usage_error("a server and a local file are required"),
    };
    if matches!(remote, "" | "-" | "." | "..") {
        flags.usage_error(&format!("{local:?} ends in no file name; give the remote one"));
    }
    let job = command::Job { name: NAME, flags: &flags, parsed: &parsed, server, file: local };
    job.run(|means| put(local, remote, means))
}

fn flags() -> Flags {
    let mut flags = Flags::new(NAME, "[options] host[:port] local [remote]");
    flags.about(&format!("{ABOUT}{}", command::EXIT_CODES));
    command::define_flags(&mut flags);
    flags
}

fn last_part(local: &str) -> &str {
    local.rsplit('/').next().unwrap_or(local)
}

/// Tries one address after the other, as long as nobody answers at all: until then nothing of the file has been read.
fn put(local: &str, remote: &str, means: Means<'_>) -> Result<Report, TransferError> {
    let Means { addresses, config, cancel, progress } = means;
    let (mut source, size) = open(local, cancel).map_err(TransferError::SourceFailed)?;
    let mut last = TransferError::PeerFellSilent { sends: 0 };
    for address in addresses {
        let mut answered = false;
        let mut watch = |done, total| {
            answered = true;
            progress.update(done, total);
        };
        match client::put(*address, remote.as_bytes(), config, &mut *source, size, cancel, &mut watch) {
            Err(error) if !answered && command::said_nothing(&error, 0) => last = error,
            result => return result,
        }
    }
    Err(last)
}

/// The file, and its size if it is one: a pipe's is not known. A pipe that stays silent is waited for until `stop` ends.
fn open(local: &str, stop: &Cancel) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if local == "-" {
        return Ok((standard_input(stop)?, None));
    }
    let source = Pipe::read(Path::new(local), stop)?;
    let metadata = source.file().metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a directory"));
    }
    let size = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(source), size))
}

#[cfg(unix)]
fn standard_input(stop: &Cancel) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(Pipe::input(stop)?))
}

#[cfg(not(unix))]
fn standard_input(_stop: &Cancel) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(io::stdin()))
}
