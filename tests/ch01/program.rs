//! `ch01_layers` as a child process.

use super::words::*;
use crate::support::{run, stderr, stdout};
use netprog::ch01_networks::wrap::unwrap;

/// Row 1.16, the program: every field of every layer, by name.
#[test]
fn the_program_shows_every_layer_and_field() {
    let output = run("ch01_layers", &["GET", "/index.html"]);
    assert!(output.status.success());
    let text = stdout(&output);
    for part in [
        "frame     105 bytes",
        "0 to 5       destination           00:00:5e:00:53:02",
        "header checksum       0xb643",
        "flags                 PSH+ACK",
        r#""Host: example.org\r\n""#,
        "frame check sequence  0x1e705f5c",
        "|  Ethernet header",
        "|  Ethernet footer",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let post = stdout(&run("ch01_layers", &["-host", "a.test", "POST", "/a", "/b"]));
    assert!(
        post.contains("POST /a HTTP/1.1") && post.contains("POST /b HTTP/1.1") && post.contains("a.test")
    );
    assert!(stdout(&run("ch01_layers", &["/only/a/path"])).contains("GET /only/a/path HTTP/1.1"));
}

#[test]
fn the_program_explains_itself_and_refuses_what_it_does_not_understand() {
    let help = run("ch01_layers", &["--help"]);
    assert!(help.status.success() && stdout(&help).starts_with("usage: ch01_layers"));
    for (arguments, part) in [
        (&["-nonsense"][..], "no flag"),
        (&["-pcap"], "-pcap"),
        (&["-pcap="], "-pcap"),
        (&["-client", "here"], "no IPv4 address"),
        (&["-host", "a\r\nEvil: b"], "no request line"),
        (&["GET", "/a b"], "no request line"),
    ] {
        let output = run("ch01_layers", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(part), "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
}

/// A directory of the test's own, gone with it.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("netprog-ch01-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_program_writes_a_capture_of_the_whole_conversation() {
    let scratch = Scratch::new("capture");
    let file = scratch.file("talk.pcap");
    std::fs::write(&file, "an older one").unwrap();
    let output = run("ch01_layers", &["-pcap", &file]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("10 frames written to"));
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(bytes[..4], [0xa1, 0xb2, 0xc3, 0xd4]);
    let (mut at, mut frames) = (24, 0);
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
        assert!(unwrap(&bytes[at + 16..at + 16 + length]).is_ok());
        at += 16 + length;
        frames += 1;
    }
    assert_eq!((frames, scratch.names()), (10, words("talk.pcap")));
}

#[test]
fn a_capture_that_cannot_be_written_leaves_nothing_behind() {
    let scratch = Scratch::new("nowhere");
    let missing = scratch.file("missing/talk.pcap");
    for (file, part) in
        [(missing.as_str(), "missing"), (&scratch.file(""), "netprog-ch01"), ("/dev/full", "/dev/full")]
    {
        if file == "/dev/full" && !std::path::Path::new(file).exists() {
            continue;
        }
        let output = run("ch01_layers", &["-pcap", file]);
        let words = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{file}: {words}");
        assert!(words.starts_with("ch01_layers: ") && words.contains(part), "{words}");
        assert_eq!((words.lines().count(), stdout(&output).len()), (1, 0), "{words}");
    }
    assert!(scratch.names().is_empty());
}
