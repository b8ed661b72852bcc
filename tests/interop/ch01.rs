//! Chapter 1 before another judge: tshark reads what `ch01_layers` wrote. `make interop` runs it where tshark is there.

use std::process::{Command, Stdio};

use crate::support::{output_of, run, stderr, stdout};

/// tshark over `file` with every checksum checked.
fn tshark(file: &str, more: &[&str]) -> String {
    let checks = ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "eth.check_fcs:TRUE"];
    let mut command = Command::new("tshark");
    command.args(["-n", "-r", file]);
    for check in checks {
        command.args(["-o", check]);
    }
    let child = command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = output_of(child.expect("tshark starts"));
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// Rows 1.16 and 1.17: ten frames, no warning, FCS and checksums right, the request readable.
#[test]
#[ignore = "needs tshark"]
fn tshark_reads_our_capture_without_a_warning() {
    let file = std::env::temp_dir().join(format!("netprog-interop-ch01-{}.pcap", std::process::id()));
    let file = file.to_string_lossy().into_owned();
    let output = run("ch01_layers", &["-pcap", &file, "GET", "/index.html", "/second"]);
    assert!(output.status.success(), "{}", stderr(&output));

    // Below "warning" Wireshark has "chat" and "note", with which it tells that a connection begins and ends.
    let expert =
        tshark(&file, &["-Y", "_ws.expert.severity >= 0x00600000", "-T", "fields", "-e", "_ws.expert"]);
    let status =
        ["-T", "fields", "-e", "eth.fcs.status", "-e", "ip.checksum.status", "-e", "tcp.checksum.status"];
    let status = tshark(&file, &status);
    let requests = ["-Y", "http.request", "-T", "fields", "-e", "http.request.uri", "-e", "http.host"];
    let requests = tshark(&file, &requests);
    let responses =
        tshark(&file, &["-Y", "http.response.code == 200", "-T", "fields", "-e", "http.file_data"]);
    let stream = tshark(&file, &["-q", "-z", "follow,tcp,ascii,0"]);
    let _ = std::fs::remove_file(&file);

    assert_eq!(expert.trim(), "", "warnings or errors");
    assert_eq!(status.lines().count(), 14);
    assert!(status.lines().all(|line| line == "1\t1\t1"), "1 is good, 0 bad, 2 unchecked:\n{status}");
    assert_eq!(requests, "/index.html\texample.org\n/second\texample.org\n");
    assert_eq!(responses.lines().count(), 2, "{responses}");
    assert!(stream.contains("GET /second HTTP/1.1") && stream.contains("You asked for /second."), "{stream}");
}
