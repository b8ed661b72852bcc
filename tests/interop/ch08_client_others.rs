//! The HTTP client before Caddy, Python's servers and tinyproxy.

use std::process::Command;
use std::time::Duration;

use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::error::{HttpError, Phase};
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::multipart::Form;
use netprog::ch08_http_client::proxy::Proxies;
use netprog::ch08_http_client::url::Url;

use crate::ch08_client::{MOST, asked, client, client_with, got};
use crate::support::Program;
use crate::web::{Web, data, long_text};

// --- Caddy ----------------------------------------------------------------------------------------------------------

#[test]
#[ignore = "needs caddy and openssl"]
fn caddy_serves_files_gzip_ranges_and_redirects_over_one_connection() {
    let caddy = Web::caddy(
        "encode gzip\nredir /moved /hello.txt 308\nrespond /tell \"{method} {header.X-Y}|{http.request.body}\"",
    );
    let (client, transport) = client();
    let (response, body) = got(&client, &caddy.url("/data.bin"), &[]);
    assert_eq!((response.status.code(), body), (200, data()));
    let (response, body) = got(&client, &caddy.url("/long.txt"), &[]);
    assert_eq!((response.header.get("Content-Encoding"), response.body.length()), (None, None));
    assert_eq!(String::from_utf8(body).unwrap(), long_text());
    let (response, body) = got(&client, &caddy.url("/hello.txt"), &[("Range", "bytes=-3")]);
    assert_eq!((response.status.code(), &body[..]), (206, &b"789"[..]));
    let tag = response.header.get("ETag").unwrap().to_owned();
    assert_eq!(got(&client, &caddy.url("/hello.txt"), &[("If-None-Match", &tag)]).0.status.code(), 304);
    let (response, body) = got(&client, &caddy.url("/moved"), &[]);
    assert_eq!((response.url.path(), &body[..]), ("/hello.txt", &b"0123456789"[..]));
    for method in [Method::POST, Method::PUT] {
        for body in [Body::from("hello"), Body::stream(&b"hello"[..])] {
            for fields in [&[("X-Y", "z")][..], &[("X-Y", "z"), ("Expect", "100-continue")]] {
                let body = body.replay().unwrap_or_else(|| Body::stream(&b"hello"[..]));
                let mut response = asked(&client, method.clone(), &caddy.url("/tell"), fields, body);
                assert_eq!(response.read_all(MOST).unwrap(), format!("{method} z|hello").as_bytes());
            }
        }
    }
    let head = client.head(&caddy.url("/data.bin")).unwrap();
    assert_eq!(head.header.get("Content-Length"), Some("100000"));
    assert_eq!(transport.counts().connected, 1, "{:?}", transport.counts());
}

#[test]
#[ignore = "needs caddy and openssl"]
fn caddy_lets_the_right_user_in_and_stops_a_large_upload() {
    // `caddy hash-password --plaintext p`
    let caddy = Web::caddy(
        "basicauth /private/* {\nu $2a$14$Kob90Ydh9ojBO37B9BTKYec/QvVQXlRdjhP6kDt3nRjCF5mCtjjJe\n}\n\
         request_body {\nmax_size 1000\n}\nrespond /tell \"{http.request.body}\"",
    );
    let (client, _) = client();
    let url = caddy.url("/private/secret.txt");
    let (response, _) = got(&client, &url, &[]);
    assert_eq!(response.status.code(), 401);
    assert!(response.header.get("WWW-Authenticate").unwrap().starts_with("Basic"));
    assert_eq!(got(&client, &url.replace("//", "//u:p@"), &[]).1, b"secret");
    assert_eq!(got(&client, &url.replace("//", "//u:q@"), &[]).0.status.code(), 401);
    // It reads no more than it takes, answers, and closes. We find the answer, although we could not send all.
    let mut response =
        asked(&client, Method::POST, &caddy.url("/tell"), &[], Body::from(vec![b'x'; 50 << 20]));
    assert!(response.read_all(MOST).unwrap().len() <= 1000);
}

// --- Python ---------------------------------------------------------------------------------------------------------

/// `http.server` with a few pages: HTTP/1.0, a connection for each request, and mostly no length.
const PYTHON: &str = r#"
import email.parser, email.policy, http.server, sys, threading, time, zlib
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments): pass
    def answer(self, body, code=200, **fields):
        self.send_response(code)
        for name, value in fields.items(): self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == '/deflate': self.answer(zlib.compress(b'x' * 10000), Content_Encoding='deflate')
        elif self.path == '/raw': self.answer(zlib.compress(b'x' * 10000)[2:-4], Content_Encoding='deflate')
        elif self.path == '/slow':
            self.answer(b'begin')
            self.wfile.flush()
            time.sleep(20)
        elif self.path == '/short': self.answer(b'12345', Content_Length='10')
        elif self.path == '/moved': self.answer(b'', 302, Location='?a=b')
        else: self.answer(self.path.encode() + b' ' + self.headers.get('Cookie', '').encode(), Set_Cookie='a=b; Path=/')
    def do_POST(self):
        form = self.rfile.read(int(self.headers['Content-Length']))
        head = b'Content-Type: ' + self.headers['Content-Type'].encode() + b'\r\n\r\n'
        parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + form).get_payload()
        told = [(p.get_param('name', header='content-disposition'), p.get_filename(), p.get_payload(decode=True)) for p in parts]
        self.answer(repr(told).encode())
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print('listening on 127.0.0.1:%d' % server.server_address[1], flush=True)
server.serve_forever()
"#;

fn python() -> (Program, impl Fn(&str) -> String) {
    let program = Program::start_command(Command::new("python3").args(["-c", PYTHON]));
    let address = program.address();
    (program, move |path: &str| format!("http://{address}{path}"))
}

#[test]
#[ignore = "needs python3"]
fn python_s_http_1_0_closes_to_end_its_bodies() {
    let (_python, url) = python();
    let (mut client, transport) = client();
    client.jar = Some(Default::default());
    let (response, body) = got(&client, &url("/a?b"), &[]);
    assert_eq!((response.version.to_string().as_str(), &body[..]), ("HTTP/1.0", &b"/a?b "[..]));
    assert_eq!(got(&client, &url("/moved"), &[]).1, b"/moved?a=b a=b");
    assert_eq!(got(&client, &url("/deflate"), &[]).1, vec![b'x'; 10000]);
    assert_eq!(got(&client, &url("/raw"), &[]).1, vec![b'x'; 10000]);
    assert!(client.get(&url("/short")).unwrap().read_all(MOST).is_err());
    assert_eq!((transport.counts().reused, transport.counts().returned), (0, 0));
    client.timeout = Some(Duration::from_millis(500));
    let error = client.get(&url("/slow")).unwrap().read_all(MOST).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseBody }), "{error:?}");
}

#[test]
#[ignore = "needs python3"]
fn python_reads_our_form_over_the_wire() {
    let (_python, url) = python();
    let (client, _) = client();
    let mut form = Form::new().unwrap();
    form.field("größe", "a\r\n--b");
    form.file("file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/hello.txt")).unwrap();
    let media_type = form.content_type();
    let mut response = client.post(&url("/"), &media_type, form.into_body()).unwrap();
    let told = String::from_utf8(response.read_all(MOST).unwrap()).unwrap();
    assert_eq!(told, r"[('größe', None, b'a\r\n--b'), ('file', 'hello.txt', b'Hello, world!\n')]");
}

// --- a proxy --------------------------------------------------------------------------------------------------------

#[test]
#[ignore = "needs tinyproxy, caddy and openssl"]
fn tinyproxy_reads_our_requests_and_makes_tunnels() {
    let (proxy, caddy) = (
        Web::tinyproxy(),
        Web::caddy(
            "encode gzip\nrespond /tell \"{header.Proxy-Authorization}|{header.Authorization}|{http.request.body}\"",
        ),
    );
    let with = |user: &str, tunnel| {
        let at = Url::parse(&proxy.url("/").replace("//", &format!("//{user}@"))).unwrap();
        let proxies = Proxies::fixed(&at).unwrap().tunnelling(tunnel);
        client_with(|config| config.proxies = proxies)
    };
    for tunnel in [false, true] {
        let (client, transport) = with("u:p", tunnel);
        for _ in 0..2 {
            assert_eq!(got(&client, &caddy.url("/data.bin"), &[]).1, data(), "tunnel: {tunnel}");
            assert_eq!(got(&client, &caddy.url("/long.txt"), &[]).1, long_text().into_bytes());
            let url = caddy.url("/tell").replace("//", "//x:y@");
            let mut response = asked(&client, Method::POST, &url, &[], Body::stream(&b"hello"[..]));
            assert_eq!(response.read_all(MOST).unwrap(), b"|Basic eDp5|hello", "tunnel: {tunnel}");
        }
        if tunnel {
            assert_eq!(transport.counts().connected, 1, "{:?}", transport.counts());
        }
    }
    let (client, _) = with("u:wrong", false);
    assert_eq!(
        got(&client, &caddy.url("/hello.txt"), &[]).0.status.code(),
        401,
        "this proxy has 401 for 407"
    );
    let (client, _) = with("u:wrong", true);
    let error = client.get(&caddy.url("/hello.txt")).unwrap_err();
    assert!(matches!(error, HttpError::TunnelRefused { .. }), "{error:?}");
    let (client, _) = with("u:p", true);
    let error = client.get("http://127.0.0.1:1/").unwrap_err();
    assert!(matches!(error, HttpError::TunnelRefused { .. }), "{error:?}");
}
