//! `ch06_tftp` before the clients people have: tftp-hpa, curl, atftp, busybox. Gets and puts, with options and without,
//! at the sizes where a block ends, and one file beyond the 65,535th block.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use netprog::base::random::Seeded;

use crate::support::{Program, output_of};

const SIZES: [usize; 6] = [0, 1, 511, 512, 513, 75_352];

/// 80,079 blocks of 512 bytes: the numbers wrap.
const LONG: usize = 41_000_000;

/// A server with a directory, and a directory for what clients fetch.
struct Bench {
    path: PathBuf,
    server: Program,
}

impl Bench {
    fn new(name: &str, sizes: &[usize]) -> Bench {
        let path = std::env::temp_dir().join(format!("netprog-interop-ch06-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("root")).unwrap();
        fs::create_dir_all(path.join("here")).unwrap();
        for size in sizes {
            let mut bytes = vec![0; *size];
            Seeded::new(*size as u64).fill(&mut bytes);
            fs::write(path.join(format!("root/f{size}")), bytes).unwrap();
        }
        let root = path.join("root");
        let server = Program::start(
            "ch06_tftp",
            &["-a", "127.0.0.1:0", "-root", &root.to_string_lossy(), "-write", "-timeout", "2s"],
        );
        Bench { path, server }
    }

    fn port(&self) -> String {
        self.server.address().port().to_string()
    }

    fn url(&self, name: &str) -> String {
        format!("tftp://{}/{name}", self.server.address())
    }

    /// Runs a client in the directory for what is fetched. Its words; tftp-hpa says there what its exit code does not.
    fn client(&self, program: &str, arguments: &[&str]) -> String {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(self.path.join("here"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let output = output_of(child);
        let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
        words.push_str(&String::from_utf8_lossy(&output.stderr));
        words
    }

    fn same(&self, one: &str, other: &str, words: &str) {
        let read = |name: &str| {
            fs::read(self.path.join(name)).unwrap_or_else(|error| panic!("{name}: {error}; {words}"))
        };
        assert!(read(one) == read(other), "{one} and {other} differ: {words}");
    }

    fn got(&self, size: usize, words: &str) {
        self.same(&format!("root/f{size}"), "here/out", words);
        fs::remove_file(self.path.join("here/out")).unwrap();
    }

    fn was_put(&self, size: usize, words: &str) {
        self.same(&format!("root/f{size}"), "root/new", words);
        fs::remove_file(self.path.join("root/new")).unwrap();
    }

    fn file(&self, size: usize) -> String {
        Path::new("../root").join(format!("f{size}")).to_string_lossy().into_owned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Row R.15.
#[test]
#[ignore = "needs tftp"]
fn tftp_hpa_gets_and_puts() {
    let bench = Bench::new("hpa", &SIZES);
    let port = bench.port();
    for size in SIZES {
        let name = format!("f{size}");
        let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "binary", "-c", "get", &name, "out"]);
        bench.got(size, &words);
        let file = bench.file(size);
        let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "binary", "-c", "put", &file, "new"]);
        bench.was_put(size, &words);
    }
    let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "binary", "-c", "get", "none", "out"]);
    assert!(words.contains("Error code 1: there is no such file"), "{words}");
    let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "binary", "-c", "put", "../root/f1", "f1"]);
    assert!(words.contains("Error code 6: a file of this name exists"), "{words}");
    let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "binary", "-c", "get", "../here/out", "x"]);
    assert!(words.contains("Error code 2:"), "{words}");
}

/// Row R.2: its default mode is netascii, converted on both sides.
#[test]
#[ignore = "needs tftp"]
fn tftp_hpa_gets_and_puts_text() {
    let bench = Bench::new("text", &[]);
    fs::write(bench.path.join("root/text"), "one\ntwo\r\nthree\r".repeat(200)).unwrap();
    let port = bench.port();
    let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "ascii", "-c", "get", "text", "out"]);
    bench.same("root/text", "here/out", &words);
    let words = bench.client("tftp", &["127.0.0.1", &port, "-m", "ascii", "-c", "put", "out", "back"]);
    bench.same("root/text", "root/back", &words);
}

/// Row R.16. With options curl 7.88 fails on an empty file, against every server.
#[test]
#[ignore = "needs curl"]
fn curl_gets_and_puts_with_options_and_without() {
    let bench = Bench::new("curl", &SIZES);
    let ways: [&[&str]; 3] = [&["--tftp-no-options"], &[], &["--tftp-blksize", "1428"]];
    for size in SIZES {
        for way in ways {
            let url = bench.url(&format!("f{size}"));
            if size > 0 || way == ways[0] {
                let words = bench.client("curl", &[&["-sS", "-o", "out", &url], way].concat());
                bench.got(size, &words);
            }
            let (file, url) = (bench.file(size), bench.url("new"));
            let words = bench.client("curl", &[&["-sS", "-T", &file, &url], way].concat());
            bench.was_put(size, &words);
        }
    }
    let words = bench.client("curl", &["-sS", "-o", "out", &bench.url("/etc/passwd")]);
    assert!(words.contains("(69)"), "access violation: {words}");
    let words = bench.client("curl", &["-sS", "-o", "out", &bench.url("none")]);
    assert!(words.contains("(68)"), "not found: {words}");
}

/// Row R.17.
#[test]
#[ignore = "needs atftp"]
fn atftp_gets_and_puts_with_windows_and_without() {
    let bench = Bench::new("atftp", &SIZES);
    let port = bench.port();
    let ways: [&[&str]; 3] = [
        &[],
        &["--option", "blksize 1428", "--option", "tsize 0"],
        &["--option", "windowsize 8", "--option", "blksize 1428"],
    ];
    for size in SIZES {
        for way in ways {
            let name = format!("f{size}");
            let get = ["-g", "-r", &name, "-l", "out", "127.0.0.1", &port];
            let words = bench.client("atftp", &[way, &get].concat());
            bench.got(size, &words);
            let file = bench.file(size);
            let put = ["-p", "-l", &file, "-r", "new", "127.0.0.1", &port];
            let words = bench.client("atftp", &[way, &put].concat());
            bench.was_put(size, &words);
        }
    }
}

#[test]
#[ignore = "needs busybox"]
fn busybox_gets_and_puts() {
    let bench = Bench::new("busybox", &SIZES);
    let port = bench.port();
    for size in SIZES {
        for blksize in ["512", "1428", "65464"] {
            let name = format!("f{size}");
            let get = ["tftp", "-g", "-b", blksize, "-r", &name, "-l", "out", "127.0.0.1", &port];
            let words = bench.client("busybox", &get);
            bench.got(size, &words);
            let file = bench.file(size);
            let put = ["tftp", "-p", "-b", blksize, "-l", &file, "-r", "new", "127.0.0.1", &port];
            let words = bench.client("busybox", &put);
            bench.was_put(size, &words);
        }
    }
}

/// Row 6.19: everybody follows from 65,535 to 0, in both directions.
#[test]
#[ignore = "needs tftp, curl, atftp and busybox"]
fn everybody_follows_the_wrap_both_ways() {
    let bench = Bench::new("wrap", &[LONG]);
    let (port, name, file) = (bench.port(), format!("f{LONG}"), bench.file(LONG));
    let url = bench.url(&name);
    let clients: [(&str, &[&str], &[&str]); 4] = [
        (
            "tftp",
            &["127.0.0.1", &port, "-m", "binary", "-c", "get", &name, "out"],
            &["127.0.0.1", &port, "-m", "binary", "-c", "put", &file, "new"],
        ),
        ("curl", &["-sS", "-o", "out", &url], &["-sS", "-T", &file, &bench.url("new")]),
        (
            "atftp",
            &["-g", "-r", &name, "-l", "out", "127.0.0.1", &port],
            &["-p", "-l", &file, "-r", "new", "127.0.0.1", &port],
        ),
        (
            "busybox",
            &["tftp", "-g", "-r", &name, "-l", "out", "127.0.0.1", &port],
            &["tftp", "-p", "-l", &file, "-r", "new", "127.0.0.1", &port],
        ),
    ];
    for (program, get, put) in clients {
        bench.got(LONG, &bench.client(program, get));
        bench.was_put(LONG, &bench.client(program, put));
    }
}
