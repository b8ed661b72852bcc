//! `ch02_dig` as a program, against `ch02_nameserver` as another.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Output;

use crate::support::{Program, run, stderr, stdout};

/// A file of this test alone, removed when dropped.
struct File(PathBuf);

impl File {
    fn new(test: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("netprog-dig-{test}-{}.zone", std::process::id()));
        std::fs::write(&path, text).unwrap();
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn serve(test: &str, zones: &[&str]) -> Program {
    let mut files = Vec::new();
    for (index, zone) in zones.iter().enumerate() {
        files.push(File::new(&format!("{test}-{index}"), zone));
    }
    let mut arguments = vec!["-listen", "127.0.0.1:0"];
    for file in &files {
        arguments.extend(["-zone", file.0.to_str().unwrap()]);
    }
    // It has read the files when it says where it listens.
    Program::start("ch02_nameserver", &arguments)
}

const SOA: &str = "@ 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60\n";

fn google() -> String {
    let mut zone = format!(
        "$ORIGIN google.com.\n{SOA}\
         @ 21599 IN NS ns1.google.com.\n\
         ns1 300 IN A 192.0.2.3\n\
         @ 299 IN A 172.217.4.46\n\
         mail 21599 IN CNAME googlemail.l.google.com.\n\
         googlemail.l 299 IN A 172.217.3.229\n\
         a 60 IN CNAME b.google.com.\n\
         b 60 IN CNAME a.google.com.\n"
    );
    for number in 0..60 {
        zone.push_str(&format!(
            "many 60 IN TXT \"record {number} of those that are too many for one datagram\"\n"
        ));
    }
    zone
}

const REVERSE: &str = "$ORIGIN 8.8.in-addr.arpa.\n\
    @ 60 IN SOA ns1.google.com. dns-admin.google.com. 1 900 900 1800 60\n\
    @ 60 IN NS ns1.google.com.\n\
    4.4 21599 IN PTR google-public-dns-b.google.com.\n";

fn dig(server: &Program, arguments: &[&str]) -> Output {
    let at = server.address().to_string();
    run("ch02_dig", &[&["-server", at.as_str()], arguments].concat())
}

#[track_caller]
fn says(output: &Output, wanted: &str) {
    assert_eq!(stdout(output), wanted, "{}", stderr(output));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

#[test]
fn question_and_answer_are_printed_as_in_the_book() {
    let server = serve("form", &[&google(), REVERSE]);
    let answer = ";QUESTION\ngoogle.com. IN A\n;ANSWER\ngoogle.com. 299 IN A 172.217.4.46\n";
    says(&dig(&server, &["google.com", "a"]), answer);
    says(&dig(&server, &["google.com."]), answer);
    says(&dig(&server, &["-tcp", "google.com", "A"]), answer);
    says(&dig(&server, &["-norecurse", "-noedns", "google.com", "TYPE1"]), answer);
    says(
        &dig(&server, &["mail.google.com", "a"]),
        ";QUESTION\nmail.google.com. IN A\n;ANSWER\n\
         mail.google.com. 21599 IN CNAME googlemail.l.google.com.\n\
         googlemail.l.google.com. 299 IN A 172.217.3.229\n",
    );
    says(&dig(&server, &["-short", "mail.google.com"]), "googlemail.l.google.com.\n172.217.3.229\n");
    says(
        &dig(&server, &["-x", "8.8.4.4"]),
        ";QUESTION\n4.4.8.8.in-addr.arpa. IN PTR\n;ANSWER\n\
         4.4.8.8.in-addr.arpa. 21599 IN PTR google-public-dns-b.google.com.\n",
    );
    let whole = stdout(&dig(&server, &["-full", "google.com"]));
    assert!(whole.contains("rcode NOERROR") && whole.contains("AA"), "{whole}");
}

#[test]
fn a_name_that_does_not_exist_is_an_answer_and_is_named_on_standard_error() {
    let server = serve("nxdomain", &[&google()]);
    let output = dig(&server, &["nothing.google.com"]);
    says(&output, ";QUESTION\nnothing.google.com. IN A\n;ANSWER\n");
    assert!(stderr(&output).contains("NXDOMAIN"), "{}", stderr(&output));
    let output = dig(&server, &["example.org"]);
    assert!(stderr(&output).contains("REFUSED") && output.status.code() == Some(0), "{}", stderr(&output));
}

#[test]
fn an_answer_too_long_for_a_datagram_comes_whole_over_tcp() {
    let server = serve("many", &[&google()]);
    for extra in [&[][..], &["-noedns"], &["-tcp"]] {
        let output = dig(&server, &[extra, &["-short", "many.google.com", "txt"]].concat());
        assert_eq!(stdout(&output).lines().count(), 60, "{extra:?} {}", stderr(&output));
    }
}

#[test]
fn without_a_reply_the_exit_code_is_nine_as_with_dig() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap().to_string();
    let output = run("ch02_dig", &["-server", &at, "-timeout", "30ms", "-tries", "2", "google.com"]);
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(stdout(&output), "");
    assert_eq!(stderr(&output), "ch02_dig: no server had answered in time; 2 questions were sent\n");
    drop(silent);
    let output = run("ch02_dig", &["-server", &at, "google.com"]);
    assert_eq!(output.status.code(), Some(9), "{}", stderr(&output));
}

#[test]
fn a_walk_prints_its_steps_and_then_the_answer() {
    let owner = serve("owner", &[&google()]);
    let com = serve(
        "com",
        &[&format!(
            "$ORIGIN com.\n{SOA}@ 60 IN NS ns\nns 60 IN A 192.0.2.2\ngoogle 60 IN NS ns1.google\nns1.google 60 IN A 192.0.2.3\n"
        )],
    );
    let root = serve(
        "root",
        &[&format!(
            "$ORIGIN .\n{SOA}@ 60 IN NS ns\nns 60 IN A 192.0.2.1\ncom 60 IN NS ns.com\nns.com 60 IN A 192.0.2.2\n"
        )],
    );
    let root_at = root.address().to_string();
    let at_com = format!("192.0.2.2={}", com.address());
    let at_owner = format!("192.0.2.3={}", owner.address());
    let begin = ["-trace", "-root", &root_at, "-place", &at_com, "-place", &at_owner];
    let output = run("ch02_dig", &[&begin[..], &["google.com"]].concat());
    let wanted = format!(
        ";STEP 1: google.com. IN A? to {}, for .\ncom. NS ns.com.\nns.com. A 192.0.2.2\n\
         ;STEP 2: google.com. IN A? to {}, for com.\ngoogle.com. NS ns1.google.com.\nns1.google.com. A 192.0.2.3\n\
         ;STEP 3: google.com. IN A? to {}, for google.com.\n;the answer\n\
         ;QUESTION\ngoogle.com. IN A\n;ANSWER\ngoogle.com. 299 IN A 172.217.4.46\n",
        root.address(),
        com.address(),
        owner.address()
    );
    says(&output, &wanted);
    let output = run("ch02_dig", &[&begin[..], &["-short", "mail.google.com"]].concat());
    says(&output, "googlemail.l.google.com.\n172.217.3.229\n");
    let output = run("ch02_dig", &[&begin[..], &["nothing.google.com"]].concat());
    assert_eq!(output.status.code(), Some(0), "that there is nothing is an answer");
    assert!(stdout(&output).ends_with(";no such name\n") && stderr(&output).contains("does not exist"));
    let output = run("ch02_dig", &[&begin[..], &["a.google.com"]].concat());
    // The server that has the whole circle calls it a failure of its own, SERVFAIL, and nobody else can be asked.
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("none of the servers named for google.com."), "{}", stderr(&output));
}

#[test]
fn help_is_on_standard_output_and_wrong_usage_is_two() {
    let output = run("ch02_dig", &["-h"]);
    assert!(
        stdout(&output).starts_with("usage: ch02_dig [options] NAME [TYPE]\n") && output.status.success()
    );
    for (arguments, sentence) in [
        (&[][..], "which name?"),
        (&["a", "b", "c"], "\"c\" is too much"),
        (&["google.com", "nonsense"], "\"nonsense\" is no record type"),
        (&["google.com", "axfr"], "AXFR is no question for one reply"),
        (&["a..b"], "is no domain name"),
        (&["-server", "nowhere", "a"], "\"nowhere\" is no ADDRESS or ADDRESS:PORT"),
        (&["-x", "google.com"], "-x takes an IP address"),
        (&["-x", "8.8.4.4", "a"], "is too much"),
        (&["-tries", "0", "a"], "-tries takes 1 to 10"),
        (&["-place", "192.0.2.1", "a"], "-place takes IP=ADDRESS:PORT"),
        (&["-timeout", "5", "a"], "duration"),
    ] {
        let output = run("ch02_dig", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(sentence), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("usage: ch02_dig"), "{}", stderr(&output));
    }
}
