//! Chapter 7's servers with nc, socat and setpriv. `make interop` runs these.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::unix::PathProgram;
use netprog::base::sys::process::is_root;
use netprog::ch07_unix::socket_file::PrivateDirectory;

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-interop").unwrap()
}

/// Runs a command with `input` on its standard input, and gives what it prints.
fn tool(command: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(command)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command} did not start: {error}"));
    // A peer that is denied may be gone before it has taken its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    crate::support::stdout(&crate::support::output_of(child))
}

fn echo(kind: &str, path: &Path) -> PathProgram {
    PathProgram::start("ch07_echo", &["-type", kind, path.to_str().unwrap()])
}

#[test]
#[ignore = "needs nc"]
fn nc_is_echoed_over_a_stream_and_by_datagrams() {
    let place = place();
    let path = place.file("s");
    let stream = echo("stream", &path);
    assert_eq!(tool("nc", &["-N", "-U", "-w", "20", path.to_str().unwrap()], "to and fro\n"), "to and fro\n");
    drop(stream);
    let _datagram = echo("datagram", &path);
    // nc binds a file of its own for the answer, and leaves a second after the last byte.
    assert_eq!(
        tool("nc", &["-u", "-U", "-w", "1", path.to_str().unwrap()], "one datagram\n"),
        "one datagram\n"
    );
}

#[test]
#[ignore = "needs nc"]
fn nc_is_refused_by_a_server_of_records() {
    let place = place();
    let path = place.file("s");
    let _records = echo("seqpacket", &path);
    assert_eq!(
        tool("nc", &["-U", "-w", "5", path.to_str().unwrap()], "hello\n"),
        "",
        "another type of socket"
    );
}

#[test]
#[ignore = "needs socat"]
fn socat_is_echoed_over_every_type() {
    let place = place();
    let path = place.file("s");
    let name = path.display();
    let mine = place.file("mine");
    for (kind, address) in [
        ("stream", format!("UNIX-CONNECT:{name}")),
        ("datagram", format!("UNIX-SENDTO:{name},bind={}", mine.display())),
        ("seqpacket", format!("UNIX-CONNECT:{name},socktype=5")),
    ] {
        let program = echo(kind, &path);
        assert_eq!(
            tool("socat", &["-t", "1", "-", &address], "round it goes\n"),
            "round it goes\n",
            "{kind}"
        );
        assert_eq!(program.stop_by("TERM").0, Some(0), "{kind}");
        assert!(!path.exists(), "{kind}");
    }
}

#[test]
#[ignore = "needs socat"]
fn our_clients_are_echoed_by_socat_over_records() {
    use netprog::ch07_unix::seqpacket::{Received, Records};
    let place = place();
    let path = place.file("s");
    let address = format!("UNIX-LISTEN:{},socktype=5", path.display());
    let mut socat = Command::new("socat").args([&address, "EXEC:cat"]).stdin(Stdio::null()).spawn().unwrap();
    let begin = std::time::Instant::now();
    let client = loop {
        match Records::connect(&path) {
            Ok(client) => break client,
            Err(error) => assert!(begin.elapsed() < crate::support::PATIENCE, "{error}"),
        }
        std::thread::yield_now();
    };
    client.socket().set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    client.send(b"ping").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::Record { length: 4, whole: 4 });
    drop(client);
    let _ = socat.kill();
    let _ = socat.wait();
}

/// What nc is told by the group service, as a process of this user, this group and these further groups.
fn told(policy: &str, user: &str, group: &str, further: &str, input: &str) -> String {
    let place = place();
    // Others must be able to enter; who may connect is then up to the file.
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let path = place.file("creds.sock");
    let name = path.to_str().unwrap();
    let arguments = ["-socket", name, "-mode", "0666", "-policy", policy, "users", "staff"];
    let _service = PathProgram::start("ch07_creds", &arguments);
    let groups =
        if further.is_empty() { "--clear-groups".to_string() } else { format!("--groups={further}") };
    let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
    tool("setpriv", &[&user, &group, &groups, "nc", "-N", "-U", "-w", "10", name], input)
}

#[test]
#[ignore = "needs setpriv and nc, as root"]
fn each_policy_asks_another_group_of_the_same_process() {
    if !is_root() {
        return;
    }
    let (welcome, denied) = ("Welcome\n", "Access denied\n");
    // staff is 50 and users 100 on Debian; root's account is in neither.
    for (policy, group, further, answer) in [
        ("effective", "50", "", welcome),
        ("effective", "65534", "50", denied),
        ("process", "50", "", welcome),
        ("process", "65534", "100", welcome),
        ("process", "65534", "", denied),
        ("account", "50", "50,100", denied),
    ] {
        assert_eq!(
            told(policy, "0", group, further, ""),
            answer,
            "{policy}: group {group}, further {further:?}"
        );
    }
    assert_eq!(told("effective", "65534", "50", "", ""), welcome, "another user in the right group");
    assert_eq!(told("account", "65534", "50", "50", ""), denied, "an account in no such group");
}

#[test]
#[ignore = "needs setpriv and nc, as root"]
fn the_mode_of_the_file_keeps_others_out_without_any_code() {
    if !is_root() {
        return;
    }
    let place = place();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let path = place.file("creds.sock");
    let name = path.to_str().unwrap();
    let service =
        PathProgram::start("ch07_creds", &["-socket", name, "-mode", "0660", "-group", "staff", "staff"]);
    let as_nobody = |group: &str| {
        let group = format!("--regid={group}");
        tool("setpriv", &["--reuid=65534", &group, "--clear-groups", "nc", "-N", "-U", "-w", "10", name], "")
    };
    assert_eq!(as_nobody("50"), "Welcome\n");
    assert_eq!(as_nobody("100"), "", "cannot even connect");
    drop(service);
}

#[test]
#[ignore = "needs setpriv and nc, as root"]
fn privileges_dropped_after_connecting_are_not_seen() {
    if !is_root() {
        return;
    }
    let place = place();
    let path = place.file("creds.sock");
    let name = path.to_str().unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // socat connects as root and then becomes nobody.
    let address = format!("UNIX-CONNECT:{name}");
    let mut socat = Command::new("socat")
        .args([&address, "SYSTEM:id -u; cat,su=nobody"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let (mut conn, _) = listener.accept().unwrap();
    let mut first = [0; 6];
    conn.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    conn.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"65534\n", "whoever writes here is nobody by now");
    let peer = netprog::ch07_unix::creds::peer_of(&conn).unwrap();
    assert_eq!(peer.user, 0, "as it was at connect");
    drop(conn);
    let _ = socat.kill();
    let _ = socat.wait();
}
