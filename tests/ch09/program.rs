//! Listings 9-18 to 9-20 as a program: its flags, its routes, and its end. Every request comes from a process of its own.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;

use netprog::base::random;
use netprog::base::trace;

use crate::files::book_files;
use crate::serving::{begin, client};
use crate::support::http::Raw;
use crate::support::{Program, run, stderr, stdout};

/// Starts the program on the book's files.
fn start(options: &[&str]) -> Program {
    let files = book_files();
    let mut arguments = vec!["-listen", "127.0.0.1:0", "-files", files.to_str().unwrap()];
    arguments.extend(options);
    let program = Program::start("ch09_server", &arguments);
    trace::name(&program.address().to_string(), "ch09_server");
    program
}

/// Listing 9-18: the four flags and their defaults. A certificate without its key is a mistake; both ask for TLS, which
/// there is not yet, and a server that quietly spoke in the clear would be worse than none.
///
/// Watch: exit code 2 for what is asked wrongly, 1 for what cannot be done. Row 9.45.
#[test]
fn listing_9_18_the_flags_and_what_is_wrong_with_them() {
    let _me = begin("shell");
    let help = run("ch09_server", &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for (flag, default) in [("-listen", "127.0.0.1:8080"), ("-cert", ""), ("-key", ""), ("-files", "./files")]
    {
        let text = stdout(&help);
        assert!(text.contains(flag) && text.contains(default), "{flag}: {text}");
    }
    let cases: [(&[&str], i32, &str); 5] = [
        (&["-listen", "127.0.0.1:0", "-files", "/no/such/directory"], 1, "/no/such/directory"),
        (&["-cert", "cert.pem"], 2, "-cert and -key belong together"),
        (&["-cert", "cert.pem", "-key", "key.pem"], 1, "TLS comes with chapter 11"),
        (&["tests/files"], 2, "the directory follows -files"),
        (&["-connections", "0"], 2, "-connections is 1 to 100000"),
    ];
    for (arguments, code, words) in cases {
        let output = run("ch09_server", arguments);
        let complaint = stderr(&output);
        trace::note(|| format!("{}: exit code {code}", arguments.join(" ")));
        assert_eq!(output.status.code(), Some(code), "{complaint}");
        assert!(complaint.starts_with("ch09_server: ") && complaint.contains(words), "{complaint}");
    }
}

/// Listing 9-19: three routes. Files lie under `/static/`, except hidden ones; `/2` is one page, and `/` is for the rest.
///
/// Watch: the icon is answered with the page, a POST with 405. Rows 9.44, 9.45.
#[test]
fn listing_9_19_the_routes_of_the_program() {
    let _me = begin("browser");
    let program = start(&["-access-log"]);
    let url = format!("http://{}", program.address());
    let (client, transport) = client();
    for (path, code, file) in [
        ("/", 200, "index.html"),
        ("/static/style.css", 200, "style.css"),
        ("/static/hiking.svg", 200, "hiking.svg"),
        ("/favicon.ico", 200, "index.html"),
        ("/2", 200, "index2.html"),
        ("/2/", 200, "index.html"),
        ("/static/.secret", 404, ""),
        ("/static/.dir/secret", 404, ""),
        ("/static/nothing", 404, ""),
    ] {
        let mut response = client.get(&format!("{url}{path}")).unwrap();
        let body = response.read_all(1 << 20).unwrap();
        trace::note(|| format!("{path}: {}, {} bytes", response.status, body.len()));
        assert_eq!(response.status.code(), code, "{path}");
        if !file.is_empty() {
            assert!(body == fs::read(book_files().join(file)).unwrap(), "{path}");
        }
    }
    assert_eq!(transport.counts().connected, 1, "each answer was read to its end");
    let refused = client.post(&url, "text/plain", "x").unwrap();
    assert_eq!((refused.status.code(), refused.header.get("Allow")), (405, Some("GET, HEAD")));
    let log = program.stop_by("INT").stderr;
    assert!(log.contains("\"GET /static/style.css HTTP/1.1\" 200 177"), "{log}");
    assert!(!log.contains("push failed"), "over HTTP/1 there is nothing to report: {log}");
}

/// A directory with one file far larger than what the system keeps for a connection.
struct Large(PathBuf);

impl Large {
    const SIZE: u64 = 32 << 20;

    fn new() -> Large {
        let path = std::env::temp_dir().join(format!("netprog-ch09-large-{:016x}", random::u64().unwrap()));
        fs::create_dir(&path).unwrap();
        fs::File::create(path.join("large.bin")).unwrap().set_len(Large::SIZE).unwrap();
        Large(path)
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Listing 9-20: Ctrl-C in the middle of a download. The rest of the file comes, then the program ends with 0.
///
/// Watch: from the signal on nobody new is let in. Row 9.50.
#[test]
fn ctrl_c_lets_a_download_finish() {
    let _me = begin("client");
    let directory = Large::new();
    let files = directory.0.to_str().unwrap();
    let program = Program::start("ch09_server", &["-listen", "127.0.0.1:0", "-files", files]);
    let address = program.address();
    trace::name(&address.to_string(), "ch09_server");
    let mut idle = Raw::connect(address);
    trace::name(&idle.stream().local_addr().unwrap().to_string(), "idle client");
    idle.send("GET /2 HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(idle.answer().code, 404, "there is no such page in this directory");

    let mut response = client().0.get(&format!("http://{address}/static/large.bin")).unwrap();
    let mut first = [0; 1000];
    response.body.read_exact(&mut first).unwrap();
    trace::note(|| "1,000 bytes are here; the server gets its signal".to_owned());
    crate::support::signal(program.id(), "INT");
    idle.assert_closed();
    assert!(TcpStream::connect(address).is_err(), "nobody new");
    let rest = std::io::copy(&mut response.body, &mut std::io::sink()).unwrap();
    trace::note(|| format!("{rest} bytes more, all there are"));
    assert_eq!(rest + 1000, Large::SIZE);
    let ended = program.wait();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.ends_with("Server gracefully shutdown\n"), "{}", ended.stderr);
}
