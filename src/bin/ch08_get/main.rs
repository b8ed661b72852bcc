//! A small curl: `ch08_get -L -o page.html http://www.example.com/`.
//!
//! The flags are curl's where both have one. `NETPROG_TRACE=all` shows every read and write.

mod ask;
mod exit;
mod output;
mod verbose;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use netprog::base::deadline::Deadline;
use netprog::base::flags::{Flags, Parsed};
use netprog::base::show::printable;
use netprog::base::{signal, trace};
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::proxy::Proxies;
use netprog::ch08_http_client::redirect::{MOST_REDIRECTS, Redirects};
use netprog::ch08_http_client::transport::{Transport, TransportConfig};
use netprog::ch08_http_client::url::Url;

use exit::Failure;

const NAME: &str = "ch08_get";

const ABOUT: &str = "\
Sends one HTTP request and writes the body of the response to standard output. Without a scheme the
URL is an http one. The proxy is that of -x, else of HTTP_PROXY and NO_PROXY.

";

fn main() -> ExitCode {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let flags = flags();
    let parsed = flags.parse_or_exit();
    let [url] = parsed.rest() else { flags.usage_error("one URL is required, behind the flags") };
    if let Err(sentence) = check(&parsed) {
        flags.usage_error(&sentence);
    }
    match run(&parsed, url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !parsed.bool("s") {
                let sentence = printable(failure.to_string().as_bytes());
                let _ = writeln!(std::io::stderr(), "{NAME}: {}{sentence}", shown(url));
            }
            failure.code()
        }
    }
}

fn flags() -> Flags {
    let mut flags = Flags::new(NAME, "[options] URL");
    flags.about(&format!("{ABOUT}{}", exit::CODES));
    flags.string("X", "", "method; by default GET, POST with -d and -F, HEAD with -I");
    flags.strings("H", "field, 'Name: value'; 'Name:' takes one away");
    flags.strings("d", "data of a form; @FILE sends a file as it is, @- standard input");
    flags.strings("F", "part of a multipart form: name=value, or name=@FILE[;type=TYPE][;filename=NAME]");
    flags.string("u", "", "user:password");
    flags.bool("L", "follow redirects, ten at most");
    flags.string("o", "-", "file to write; it appears when it is whole");
    flags.bool("O", "write to a file with the last name of the URL's path");
    flags.bool("I", "ask for the head alone, and write it");
    flags.bool("i", "write the head before the body");
    flags.bool("v", "show both heads on standard error, passwords hidden");
    flags.bool("f", "fail for a status of 400 and more, and write nothing");
    flags.bool("s", "no progress bar and no messages");
    flags.string("x", "", "proxy, http://[user:password@]host:port");
    flags.bool("p", "ask the proxy for a tunnel");
    flags.duration("m", Duration::ZERO, "time for everything; 0 means no limit");
    flags
}

fn check(parsed: &Parsed) -> Result<(), String> {
    if parsed.bool("O") && parsed.was_given("o") {
        return Err("-o and -O both name the file; choose one".to_owned());
    }
    if !parsed.strings("d").is_empty() && !parsed.strings("F").is_empty() {
        return Err("-d and -F are two forms; choose one".to_owned());
    }
    if parsed.bool("p") && !parsed.was_given("x") {
        return Err("-p needs a proxy, -x".to_owned());
    }
    Ok(())
}

fn run(parsed: &Parsed, url: &str) -> Result<(), Failure> {
    let url = full_url(url).map_err(|error| Failure::Http(HttpError::Url(error)))?;
    let stop = signal::stop_token().map_err(Failure::Local)?;
    let limit = Some(parsed.duration("m")).filter(|limit| !limit.is_zero());
    let cancel = stop.child_before(Deadline::from(limit));
    let mut asked = ask::request(parsed, url)?;
    asked.request.cancel = cancel;
    let client = client(parsed, asked.decode)?;
    let response = client.send(asked.request).map_err(Failure::Http)?;
    output::write(parsed, response)
}

/// The URL for a message, without its password. One that cannot be read may have it anywhere, and its error quotes what is wrong.
fn shown(url: &str) -> String {
    full_url(url).map_or(String::new(), |url| format!("{}: ", url.redacted()))
}

fn full_url(url: &str) -> Result<Url, netprog::ch08_http_client::url::UrlError> {
    if url.contains("://") { Url::parse(url) } else { Url::parse(&format!("http://{url}")) }
}

fn client(parsed: &Parsed, decode: bool) -> Result<Client, Failure> {
    let proxies = match parsed.string("x") {
        "" => Proxies::from_environment(),
        proxy => {
            let proxy = full_url(proxy).map_err(|error| Failure::Usage(format!("-x: {error}")))?;
            Proxies::fixed(&proxy).map_err(Failure::Http)?.tunnelling(parsed.bool("p"))
        }
    };
    let mut config = TransportConfig { proxies, decode, ..TransportConfig::default() };
    if parsed.bool("v") {
        config.observer = Some(Arc::new(verbose::show));
    }
    let transport = Arc::new(Transport::new(config));
    let redirects = if parsed.bool("L") { Redirects::Follow(MOST_REDIRECTS) } else { Redirects::Never };
    Ok(Client { transport, redirects, ..Client::default() })
}
