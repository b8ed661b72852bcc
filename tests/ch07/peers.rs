//! Who is at the other end: Listing 7-13, first half.

use crate::support::PATIENCE;
use crate::support::unix::{PathProgram, connect};
use netprog::base::sys::accounts::effective_ids;
use netprog::base::sys::peer;
use netprog::ch07_unix::creds::{CredsError, peer_groups, peer_of};
use netprog::ch07_unix::socket_file::PrivateDirectory;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-peers").unwrap()
}

#[test]
fn both_ends_of_a_connection_know_process_user_and_group() {
    let place = place();
    let listener = UnixListener::bind(place.file("s")).unwrap();
    let client = connect(&place.file("s"));
    let (server, _) = listener.accept().unwrap();
    let (user, group) = effective_ids();
    for end in [&client, &server] {
        let found = peer_of(end).unwrap();
        assert_eq!((found.user, found.group), (user, group));
        if cfg!(target_os = "linux") {
            assert_eq!(found.process, Some(std::process::id() as i32));
            assert!(found.to_string().starts_with(&format!("process {}, user {user}", std::process::id())));
        }
    }
}

#[test]
fn a_tcp_peer_is_refused_though_linux_gives_it_numbers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(matches!(peer_of(&client), Err(CredsError::NotLocal)));
    assert!(matches!(peer_groups(&client), Err(CredsError::NotLocal)));
    if cfg!(target_os = "linux") {
        let raw = peer::credentials(&client).unwrap();
        assert_eq!(
            (raw.process, raw.user, raw.group),
            (0, u32::MAX, u32::MAX),
            "nobody, who may be somebody's -1"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_without_a_peer_has_nobody_to_tell_about() {
    let unconnected = UnixDatagram::unbound().unwrap();
    assert!(matches!(peer_of(&unconnected), Err(CredsError::NoPeer)));
}

#[cfg(target_os = "linux")]
#[test]
fn the_groups_of_the_peers_process_are_those_the_kernel_has() {
    let (one, _other) = UnixStream::pair().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    let mut wanted: Vec<u32> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut found = peer_groups(&one).unwrap();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted);
}

/// The program has the number that connecting to it tells, until it ends; afterwards the number stays, and only the
/// descriptor knows.
#[cfg(target_os = "linux")]
#[test]
fn credentials_outlive_their_process_and_a_descriptor_of_it_knows_its_end() {
    use netprog::ch07_unix::creds::PeerProcess;
    use std::time::Duration;
    let place = place();
    let path = place.file("s");
    let program = PathProgram::start("ch07_echo", &[path.to_str().unwrap()]);
    let client = connect(&path);
    let number = Some(program.id() as i32);
    assert_eq!(peer_of(&client).unwrap().process, number);
    let process = PeerProcess::of(&client).unwrap();
    assert!(!process.wait_for_its_end(Duration::ZERO).unwrap());
    drop(program);
    assert!(process.wait_for_its_end(PATIENCE).unwrap());
    assert_eq!(peer_of(&client).unwrap().process, number, "as it was when the connection was made");
}

/// The server's credentials are those of the one who called `listen`, whoever accepts.
#[cfg(target_os = "linux")]
#[test]
fn credentials_are_fixed_at_listen_and_not_at_accept() {
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};
    let place = place();
    let path = place.file("s");
    let listener = UnixListener::bind(&path).unwrap();
    let script = "exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" -inherited";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(crate::support::program("ch07_echo"));
    command.stdin(Stdio::from(OwnedFd::from(listener)));
    let program = PathProgram::start_command(&mut command);
    let client = connect(&path);
    let found = peer_of(&client).unwrap().process;
    assert_eq!(found, Some(std::process::id() as i32), "ours, for we listened");
    assert_ne!(found, Some(program.id() as i32));
}
