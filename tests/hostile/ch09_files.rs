//! Clients of the file server that want what is beside the root: every spelling of a step up, links, pipes and devices.
//! After each the next is served.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use netprog::base::random;
use netprog::ch09_http_server::files::{FileServer, Links};
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::PATIENCE;

/// What nobody may read: it stands beside the root.
const SECRET: &str = "beside the root";

const INSIDE: &str = "inside the root";

/// ```text
/// secret  secrets/secret
/// root/file  root/dir/file
/// root/…            what a test puts there
/// ```
struct Site {
    path: PathBuf,
    server: Option<TestServer>,
}

impl Site {
    fn new() -> Site {
        let path = std::env::temp_dir().join(format!("netprog-hostile-ch09-{:016x}", random::u64().unwrap()));
        for directory in ["secrets", "root/dir"] {
            fs::create_dir_all(path.join(directory)).unwrap();
        }
        for secret in ["secret", "secrets/secret"] {
            fs::write(path.join(secret), SECRET).unwrap();
        }
        for file in ["root/file", "root/dir/file"] {
            fs::write(path.join(file), INSIDE).unwrap();
        }
        Site { path, server: None }
    }

    fn root(&self) -> PathBuf {
        self.path.join("root")
    }

    fn serve(&mut self, links: Links) {
        let mut files = FileServer::new(self.root()).unwrap();
        files.links = links;
        self.server = Some(TestServer::new(files));
    }

    /// Sends a request line as it stands, and gives the whole answer.
    fn ask(&self, target: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.server.as_ref().unwrap().address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"].concat();
        stream.write_all(&request).unwrap();
        // A server that refuses without reading all of it may have reset the connection.
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[track_caller]
    fn assert_status(&self, target: &[u8], codes: &[&str]) {
        let answer = self.ask(target);
        let shown = String::from_utf8_lossy(target);
        assert!(!answer.contains(SECRET), "{shown} gave the secret away");
        let code = answer.get(9..12).unwrap_or("none");
        assert!(codes.contains(&code), "{shown}: {answer}");
        assert!(self.ask(b"/file").ends_with(INSIDE), "after {shown} the next is served");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.close();
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[test]
fn no_spelling_of_a_step_up_leads_out_of_the_root() {
    let mut site = Site::new();
    site.serve(Links::Inside);
    let absolute = site.path.join("secret");
    let ups: [&str; 14] = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "..%00",
        "...",
        "....",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "\u{ff0e}\u{ff0e}",
        "..;",
        "..%20",
        "%u002e%u002e",
    ];
    let slashes = ["/", "%2f", "%2F", "\\", "%5c", "//", "/./", "%252f", "%c0%af", "\u{2215}", "%00/"];
    let mut tried = 0;
    for up in ups {
        for slash in slashes {
            for (before, after) in [
                ("/", "secret"),
                ("/dir/", "secret"),
                ("/dir/x/", "secrets/secret"),
                ("/file/", "secret"),
                ("//", "secrets/secret"),
            ] {
                let target = format!("{before}{}{after}", format!("{up}{slash}").repeat(4));
                let answer = site.ask(target.as_bytes());
                let code = answer.get(9..12).unwrap_or("none").to_owned();
                assert!(!answer.contains(SECRET), "{target} gave the secret away");
                assert!(["400", "404", "301"].contains(&code.as_str()), "{target}: {answer}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 770);
    for target in [absolute.to_string_lossy().into_owned(), format!("/{}", absolute.display())] {
        site.assert_status(target.as_bytes(), &["404"]);
    }
    site.assert_status(format!("file://{}", absolute.display()).as_bytes(), &["400"]);
    site.assert_status(format!("http://test{}", absolute.display()).as_bytes(), &["404"]);
    site.assert_status(b"http://test/../../secret", &["404"]);
    site.assert_status(b"../secret", &["400"]);
}

#[test]
fn steps_that_stay_inside_are_taken() {
    let mut site = Site::new();
    site.serve(Links::Inside);
    for target in
        ["/dir/../file", "/dir/%2e%2e/file", "/../../file", "/./dir//../dir/file", "/nothing/../file"]
    {
        assert!(site.ask(target.as_bytes()).ends_with(INSIDE), "{target}");
    }
}

#[test]
fn bytes_no_name_has_are_refused() {
    let mut site = Site::new();
    fs::write(site.root().join("a\\b"), SECRET).unwrap();
    site.serve(Links::Inside);
    for target in [
        "/file%00",
        "/file%00.html",
        "/%00",
        "/dir%5cfile",
        "/a%5cb",
        "/file%0a",
        "/file%0d%0aX:%20y",
        "/file%7f",
    ] {
        site.assert_status(target.as_bytes(), &["404"]);
    }
    for target in [&b"/%ff"[..], b"/%c0%ae", b"/\xff", b"/%", b"/%4", b"/%zz", b"/fi\x00le", b"/a\tb"] {
        site.assert_status(target, &["400"]);
    }
    let long = format!("/{}", "a".repeat(300));
    site.assert_status(long.as_bytes(), &["404"]);
    site.assert_status("/a".repeat(3000).as_bytes(), &["404"]);
    site.assert_status("/..".repeat(2000).as_bytes(), &["301"]);
}

#[test]
fn a_link_is_followed_as_far_as_the_policy_says() {
    let mut site = Site::new();
    let root = site.root();
    symlink("file", root.join("near")).unwrap();
    symlink(root.join("dir"), root.join("near-dir")).unwrap();
    symlink("../secret", root.join("far")).unwrap();
    symlink(site.path.join("secrets"), root.join("far-dir")).unwrap();
    symlink("/etc", root.join("etc")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nothing", root.join("dangling")).unwrap();
    // A sister whose name begins with the root's: as text it starts the same way.
    fs::create_dir(site.path.join("rootless")).unwrap();
    fs::write(site.path.join("rootless/secret"), SECRET).unwrap();
    symlink("../rootless", root.join("sister")).unwrap();
    symlink("../root", root.join("round")).unwrap();

    site.serve(Links::Inside);
    for target in ["/near", "/near-dir/file", "/round/round/file"] {
        assert!(site.ask(target.as_bytes()).ends_with(INSIDE), "{target}");
    }
    let outside = [
        "/far",
        "/far-dir/",
        "/far-dir/secret",
        "/etc/passwd",
        "/etc",
        "/sister/secret",
        "/far-dir/../file/x",
    ];
    for target in outside.iter().chain(&["/loop", "/loop/x", "/dangling"]) {
        site.assert_status(target.as_bytes(), &["404"]);
    }
    // What is kept from the client looks like what is not there.
    let without_date =
        |answer: String| answer.lines().filter(|line| !line.starts_with("Date")).collect::<String>();
    assert_eq!(without_date(site.ask(b"/far")), without_date(site.ask(b"/nothing")));

    site.serve(Links::Never);
    for target in ["/near", "/near-dir/file", "/round/file", "/far", "/sister/secret", "/loop"] {
        site.assert_status(target.as_bytes(), &["404"]);
    }
    assert!(site.ask(b"/dir/file").ends_with(INSIDE));

    site.serve(Links::Anywhere);
    for target in ["/far", "/far-dir/secret", "/sister/secret"] {
        assert!(site.ask(target.as_bytes()).ends_with(SECRET), "{target}");
    }
    site.assert_status(b"/../secret", &["404"]);
}

#[test]
fn an_index_that_leads_out_is_not_replaced_by_a_list() {
    let mut site = Site::new();
    symlink("../../secret", site.root().join("dir/index.html")).unwrap();
    site.serve(Links::Inside);
    site.assert_status(b"/dir/", &["404"]);
}

/// Opening a pipe waits for somebody who writes into it, and a read of /dev/zero never ends.
#[test]
fn pipes_devices_and_sockets_are_no_files() {
    let mut site = Site::new();
    let root = site.root();
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    symlink("/dev/zero", root.join("zero")).unwrap();
    site.serve(Links::Anywhere);
    for target in ["/pipe", "/socket", "/zero"] {
        site.assert_status(target.as_bytes(), &["404"]);
    }
}

#[test]
fn names_that_are_no_text_are_listed_and_harm_nobody() {
    let mut site = Site::new();
    for name in [&b"\xff\xfe"[..], b"a\nb", b"<b>\"'&", b"\x1b[31m", b"c:d", b"x\\y"] {
        fs::write(site.root().join("dir").join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    site.serve(Links::Inside);
    let answer = site.ask(b"/dir/");
    let links: Vec<&str> =
        answer.split("<li><a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links, ["%1B%5B31m", "%3Cb%3E%22&#39;&amp;", "a%0Ab", "c%3Ad", "file", "%FF%FE"]);
    for link in ["%1B%5B31m", "%3Cb%3E%22'&", "a%0Ab", "c%3Ad"] {
        assert!(site.ask(format!("/dir/{link}").as_bytes()).starts_with("HTTP/1.1 200 "), "{link}");
    }
    // Text is what a path is here; this one is not.
    site.assert_status(b"/dir/%FF%FE", &["400"]);
}

#[test]
fn ranges_and_conditions_by_the_thousand_cost_no_more_than_the_file() {
    let mut site = Site::new();
    fs::write(site.root().join("large"), vec![b'x'; 1_000_000]).unwrap();
    site.serve(Links::Inside);
    let many = vec!["0-"; 1500].join(",");
    let tiny = (0..1300).map(|first| format!("{}-{}", first * 2, first * 2)).collect::<Vec<_>>().join(",");
    let tags = vec!["\"a\""; 2000].join(",");
    for fields in [
        format!("Range: bytes={many}"),
        format!("Range: bytes={tiny}"),
        format!("If-None-Match: {tags}"),
        format!("If-None-Match: {}", "\"".repeat(5000)),
        format!("If-None-Match: {}", ",".repeat(5000)),
        format!("Range: bytes=0-{}", "9".repeat(5000)),
        format!("Range: bytes={}", ",".repeat(5000)),
        format!("If-Range: {}\r\nRange: bytes=0-0", "W/".repeat(2000)),
    ] {
        let target = b"/large HTTP/1.1\r\n".to_vec();
        let answer = site.ask(&[target, fields.into_bytes(), b"\r\nX: ".to_vec()].concat());
        assert!(answer.starts_with("HTTP/1.1 20"), "{}", &answer[..answer.len().min(200)]);
        assert!(answer.len() < 1_001_000, "{} bytes", answer.len());
    }
}

/// While one thread exchanges a directory and a link to the outside, as fast as it can, no request gets the secret.
#[test]
fn a_link_that_is_put_in_between_look_and_open_is_found() {
    let mut site = Site::new();
    let root = site.root();
    let (door, inside, outside) = (root.join("door"), root.join("dir"), site.path.join("secrets"));
    fs::write(inside.join("secret"), INSIDE).unwrap();
    site.serve(Links::Inside);
    let (told, heard) = std::sync::mpsc::channel::<()>();
    let exchanger = std::thread::spawn(move || {
        let next = door.with_file_name("next");
        let mut targets = [&inside, &outside].into_iter().cycle();
        while heard.try_recv().is_err() {
            symlink(targets.next().unwrap(), &next).unwrap();
            fs::rename(&next, &door).unwrap();
        }
    });
    for _ in 0..300 {
        assert!(!site.ask(b"/door/secret").contains(SECRET));
    }
    told.send(()).unwrap();
    crate::support::join(exchanger);
}
