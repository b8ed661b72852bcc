//! The program `ch08_get` before real servers, and beside curl.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use netprog::base::random::Seeded;

use crate::support::{output_of, program, stderr, stdout};
use crate::web::{Web, data};

fn ran(command: &mut Command) -> Output {
    command.env_remove("HTTP_PROXY").env_remove("http_proxy").stdin(Stdio::null());
    output_of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
}

fn ours(arguments: &[&str]) -> Output {
    ran(Command::new(program("ch08_get")).args(arguments))
}

fn curls(arguments: &[&str]) -> Output {
    ran(Command::new("curl").args(["-sS", "--noproxy", "*"]).args(arguments))
}

/// A hundred megabytes, compared byte by byte by somebody else.
#[test]
#[ignore = "needs nginx, caddy, openssl and cmp"]
fn a_hundred_megabytes_arrive_as_they_are() {
    for web in [Web::nginx(""), Web::caddy("")] {
        let (source, copy) = (web.file("large.bin"), web.file("copy.bin"));
        let mut block = vec![0; 1 << 20];
        Seeded::new(100).fill(&mut block);
        let mut file = File::create(&source).unwrap();
        for number in 0..100u64 {
            block[..8].copy_from_slice(&number.to_be_bytes());
            file.write_all(&block).unwrap();
        }
        drop(file);
        let (source, copy) = (source.to_str().unwrap(), copy.to_str().unwrap());
        let output = ours(&["-o", copy, &web.url("/large.bin")]);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
        let output = ran(Command::new("cmp").args([source, copy]));
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        fs::remove_file(copy).unwrap();
    }
}

/// The same arguments, the same body, and the same exit code.
#[test]
#[ignore = "needs nginx, openssl and curl"]
fn what_curl_gets_we_get() {
    let nginx = Web::nginx(
        "location = /tell { return 200 \"$request_method|$content_type|$content_length|$http_x|$http_authorization\"; }\n\
         location = /moved { return 302 /tell; }\nlocation = /kept { return 307 /tell; }\n\
         location = /loop { return 302 /loop; }\nlocation = /no { return 500 no; }\nlocation = /cut { return 444; }\n\
         location /private/ { auth_basic gophers; auth_basic_user_file ROOT/../users; }\n\
         location /small/ { dav_methods PUT; client_max_body_size 1k; }",
    );
    let upload = nginx.file("../upload");
    fs::write(&upload, data()).unwrap();
    let upload = format!("@{}", upload.to_str().unwrap());
    let cases: [(&[&str], &str); 25] = [
        (&[], "/hello.txt"),
        (&[], "/data.bin"),
        (&[], "/empty.txt"),
        (&[], "/nothing"),
        (&["-f"], "/nothing"),
        (&["-f"], "/no"),
        (&[], "/no"),
        (&[], "/cut"),
        (&[], "/moved"),
        (&["-L"], "/moved"),
        (&["-L", "-d", "a=b"], "/moved"),
        (&["-L", "-d", "a=b"], "/kept"),
        (&["-d", "a=b", "-d", "c=d"], "/tell"),
        (&["-d", ""], "/tell"),
        (&["-X", "DELETE"], "/tell"),
        (&["-X", "PUT", "-d", "x"], "/tell"),
        (&["-H", "X: y"], "/tell"),
        (&["-H", "X:", "-H", "Content-Type: a/b", "-d", "x"], "/tell"),
        (&["-u", "user:p"], "/tell"),
        (&["-u", "user:p:ä"], "/private/secret.txt"),
        (&["-u", "user:q"], "/private/secret.txt"),
        (&["-H", "Range: bytes=1-3"], "/hello.txt"),
        (&["-L"], "/sub"),
        (&["-X", "PUT", "-d", &upload], "/small/x"),
        (&[], "/hello.txt?query#fragment"),
    ];
    for (arguments, path) in cases {
        let url = nginx.url(path);
        let all = [arguments, &[url.as_str()]].concat();
        let (ours, theirs) = (ours(&all), curls(&all));
        assert_eq!(
            ours.status.code(),
            theirs.status.code(),
            "{all:?}: {} / {}",
            stderr(&ours),
            stderr(&theirs)
        );
        assert!(ours.stdout == theirs.stdout, "{all:?}: {} / {}", stdout(&ours), stdout(&theirs));
    }
    for (url, code) in [
        ("http://127.0.0.1:1/", 7),
        ("http://no.such.host.invalid/", 6),
        ("gopher+x://h/", 1),
        ("http://[::1/", 3),
        ("http://h:99999/", 3),
    ] {
        assert_eq!(ours(&[url]).status.code(), Some(code), "{url}");
        assert_eq!(curls(&[url]).status.code(), Some(code), "curl {url}");
    }
    // The system takes the connection, and nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let codes = (ours(&["-m", "300ms", &url]).status.code(), curls(&["-m", "0.3", &url]).status.code());
    assert_eq!(codes, (Some(28), Some(28)));
}
