//! Where the response goes: standard output, or a file that is there whole or not at all.

use std::io::{self, Read, Write};
use std::path::Path;

use netprog::base::flags::Parsed;
use netprog::base::show::printable;
use netprog::ch06_tftp::progress::Progress;
use netprog::ch06_tftp::target::Target;
use netprog::ch08_http_client::codec;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::multipart::base_name;
use netprog::ch08_http_client::request::Response;

use crate::exit::Failure;

/// Bytes read and written at a time.
const BUFFER: usize = 64 * 1024;

pub fn write(parsed: &Parsed, mut response: Response) -> Result<(), Failure> {
    if parsed.bool("f") && response.status.code() >= 400 {
        return Err(Failure::Status(response.status));
    }
    let name = file_name(parsed, &response)?;
    let mut target = match &name {
        None => Target::writing_to(io::stdout()),
        Some(name) => Target::create(Path::new(name)).map_err(Failure::Write)?,
    };
    if parsed.bool("i") || parsed.bool("I") {
        target.write_all(&head(&response)).map_err(Failure::Write)?;
    }
    let quiet = parsed.bool("s") || parsed.bool("v") || name.is_none();
    let mut progress = if quiet { Progress::silent() } else { Progress::on_terminal() };
    let copied = copy(&mut response, &mut target, &mut progress);
    progress.clear();
    // Standard output may have got a part; a file is dropped with what it had.
    if copied.is_err() && name.is_none() {
        let _ = target.flush();
    }
    copied?;
    target.commit().map_err(Failure::Write)
}

/// The file of `-o` or `-O`; none for standard output.
fn file_name(parsed: &Parsed, response: &Response) -> Result<Option<String>, Failure> {
    if !parsed.bool("O") {
        return Ok(Some(parsed.string("o").to_owned()).filter(|name| name != "-"));
    }
    // The URL after redirects is the server's choice: nothing in it may lead out of this folder.
    let path = response.url.decoded_path().map_err(|error| Failure::Http(HttpError::Url(error)))?;
    let last = base_name(&path);
    if last.is_empty() || last.contains('\0') {
        return Err(Failure::Usage("the URL ends in no file name; give one with -o".to_owned()));
    }
    Ok(Some(last.to_owned()))
}

fn copy(response: &mut Response, target: &mut Target, progress: &mut Progress) -> Result<(), Failure> {
    let total = response.body.length();
    let mut buf = vec![0; BUFFER];
    let mut done = 0;
    loop {
        let count = response.body.read(&mut buf).map_err(|error| Failure::Http(HttpError::from_io(error)))?;
        if count == 0 {
            return Ok(());
        }
        target.write_all(&buf[..count]).map_err(Failure::Write)?;
        if total.is_none() {
            // A length nobody knows is a stream somebody may watch.
            target.flush().map_err(Failure::Write)?;
        }
        done += count as u64;
        progress.update(done, total);
    }
}

/// The head: the status line and the fields in order, without those that decoding the body has taken away.
fn head(response: &Response) -> Vec<u8> {
    let mut text =
        format!("{} {} {}\r\n", response.version, response.status.code(), response.reason).into_bytes();
    codec::write_fields(&mut text, &response.header);
    text
}

/// Prints the lines of a head on standard error, each behind `mark`; what a terminal would act upon is escaped.
pub fn show(mark: char, head: &[u8]) {
    let mut text = String::new();
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        text.push_str(&format!("{mark} {}\n", printable(line)));
    }
    // The blank line's own end makes one empty line too many.
    say(text.strip_suffix(&format!("{mark} \n")).unwrap_or(&text).trim_end_matches('\n'));
}

/// Lines on standard error. Where nobody takes them the transfer goes on.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
