//! Open files handed to another process, and a listener that somebody else opened.

use crate::support::unix::{PathProgram, connect};
use netprog::base::sys::ancillary::MOST_DESCRIPTORS;
use netprog::ch07_unix::inherited::{InheritError, Inherited, adopt, count};
use netprog::ch07_unix::pass_fd::{PassError, receive_descriptors, send_descriptors};
use netprog::ch07_unix::socket_file::PrivateDirectory;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

fn open_files() -> (PrivateDirectory, File, File) {
    let place = PrivateDirectory::new("netprog-fds").unwrap();
    let mut one = File::create_new(place.file("one")).unwrap();
    one.write_all(b"first").unwrap();
    let reader = File::open(place.file("one")).unwrap();
    (place, one, reader)
}

#[test]
fn a_file_opened_here_is_read_there_from_one_position() {
    let (_place, _file, mut reader) = open_files();
    let (ours, theirs) = UnixStream::pair().unwrap();
    send_descriptors(&ours, b"take this", &[reader.as_fd()]).unwrap();
    let mut buffer = [0; 16];
    let passed = receive_descriptors(&theirs, &mut buffer, 1).unwrap();
    assert_eq!((&buffer[..passed.length], passed.descriptors.len()), (&b"take this"[..], 1));
    let mut there = File::from(passed.descriptors.into_iter().next().unwrap());
    let mut three = [0; 3];
    there.read_exact(&mut three).unwrap();
    assert_eq!((&three, reader.stream_position().unwrap()), (b"fir", 3), "two descriptors, one position");
}

#[test]
fn a_connection_lives_on_in_the_process_it_was_handed_to() {
    let (client, server) = UnixStream::pair().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    send_descriptors(&ours, b".", &[server.as_fd()]).unwrap();
    drop(server);
    let passed = receive_descriptors(&theirs, &mut [0; 1], 1).unwrap();
    let mut server = UnixStream::from(passed.descriptors.into_iter().next().unwrap());
    server.write_all(b"still here").unwrap();
    let mut text = [0; 10];
    (&client).read_exact(&mut text).unwrap();
    assert_eq!(&text, b"still here");
    drop(server);
    assert_eq!((&client).read(&mut text).unwrap(), 0, "the last one has let go");
}

#[test]
fn descriptors_beyond_the_room_are_refused_and_closed() {
    let (_place, _file, reader) = open_files();
    let (watched, end) = UnixStream::pair().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    send_descriptors(&ours, b"x", &[reader.as_fd(), end.as_fd(), end.as_fd(), end.as_fd()]).unwrap();
    drop(end);
    let error = receive_descriptors(&theirs, &mut [0; 8], 1).unwrap_err();
    assert!(matches!(error, PassError::TooMany { most: 1 }), "{error}");
    assert_eq!((&watched).read(&mut [0]).unwrap(), 0, "none of them is left open anywhere");
}

#[test]
fn descriptors_nobody_asked_for_do_not_come_in() {
    let (watched, end) = UnixStream::pair().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    send_descriptors(&ours, b"x", &[end.as_fd()]).unwrap();
    drop(end);
    assert_eq!(theirs.read(&mut [0; 8]).unwrap(), 1, "a plain read takes the byte");
    assert_eq!((&watched).read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_message_carries_253_descriptors_and_a_byte_at_least() {
    let (_place, _file, reader) = open_files();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let many: Vec<BorrowedFd<'_>> = vec![reader.as_fd(); MOST_DESCRIPTORS];
    send_descriptors(&ours, b"x", &many).unwrap();
    let passed = receive_descriptors(&theirs, &mut [0; 8], MOST_DESCRIPTORS).unwrap();
    assert_eq!(passed.descriptors.len(), MOST_DESCRIPTORS);
    let more = vec![reader.as_fd(); MOST_DESCRIPTORS + 1];
    assert!(matches!(send_descriptors(&ours, b"x", &more), Err(PassError::CannotCarry { .. })));
    assert!(matches!(send_descriptors(&ours, b"", &many[..1]), Err(PassError::CannotCarry { bytes: 0, .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_received_does_not_leak_into_programs_started_later() {
    use std::os::fd::AsRawFd;
    let (_place, _file, reader) = open_files();
    let (ours, theirs) = UnixStream::pair().unwrap();
    send_descriptors(&ours, b"x", &[reader.as_fd()]).unwrap();
    let passed = receive_descriptors(&theirs, &mut [0; 1], 1).unwrap();
    let number = passed.descriptors[0].as_raw_fd();
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    let flags = i32::from_str_radix(flags, 8).unwrap();
    assert_ne!(flags & libc::O_CLOEXEC, 0);
}

#[test]
fn the_end_of_the_stream_brings_no_descriptors() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(ours);
    let passed = receive_descriptors(&theirs, &mut [0; 8], 4).unwrap();
    assert_eq!((passed.length, passed.descriptors.len()), (0, 0));
}

// --- inherited listeners --------------------------------------------------------------------------------------------

#[test]
fn an_adopted_descriptor_must_listen_for_streams() {
    let place = PrivateDirectory::new("netprog-adopt").unwrap();
    let unix = UnixListener::bind(place.file("s")).unwrap();
    // As a manager has it that waits for many sockets at once.
    unix.set_nonblocking(true).unwrap();
    let Ok(Inherited::Unix(unix)) = adopt(OwnedFd::from(unix), 3) else { panic!("it listens") };
    let client = UnixStream::connect(place.file("s")).unwrap();
    unix.accept().unwrap();
    drop(client);
    let late = std::thread::spawn(move || unix.accept().map(|_| ()));
    std::thread::yield_now();
    let _client = UnixStream::connect(place.file("s")).unwrap();
    late.join().unwrap().expect("accept waits");
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(matches!(adopt(OwnedFd::from(tcp), 3), Ok(Inherited::Tcp(_))));

    let (connected, _other) = UnixStream::pair().unwrap();
    assert!(matches!(adopt(OwnedFd::from(connected), 7), Err(InheritError::NotAListener { descriptor: 7 })));
    let (_place, file, _) = open_files();
    let error = adopt(OwnedFd::from(file), 3).unwrap_err();
    assert!(error.to_string().starts_with("descriptor 3 is no socket"), "{error}");
}

#[test]
fn the_environment_is_taken_only_if_it_speaks_of_this_process() {
    let with = |pid: &str, fds: &str| {
        let (pid, fds) = (pid.to_string(), fds.to_string());
        count(move |name| Some(if name == "LISTEN_PID" { pid.clone() } else { fds.clone() }), 42)
    };
    assert_eq!(with("42", "2").unwrap(), 2);
    assert_eq!(with("41", "2").unwrap(), 0, "inherited further than meant");
    assert_eq!(count(|_| None, 42).unwrap(), 0);
    for (pid, fds) in [("42", "many"), ("42", "-1"), ("42", "65"), ("x", "1"), ("42", "99999999999")] {
        assert!(matches!(with(pid, fds), Err(InheritError::BadVariable { .. })), "{pid} {fds}");
    }
}

/// Clients who connect while nobody accepts are served by the program that adopts the listener, and by its successor.
#[test]
fn a_listener_outlives_the_programs_that_serve_it() {
    let place = PrivateDirectory::new("netprog-inherit").unwrap();
    let path = place.file("s");
    let listener = UnixListener::bind(&path).unwrap();
    for _ in 0..2 {
        let mut early = connect(&path);
        early.write_all(b"early").unwrap();
        let script = "exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" -inherited";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(crate::support::program("ch07_echo"));
        command.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
        let program = PathProgram::start_command(&mut command);
        assert_eq!(program.place, path.display().to_string());
        let mut back = [0; 5];
        early.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"early");
        drop(early);
        drop(program);
        assert!(path.exists(), "the file is the manager's");
    }
}
