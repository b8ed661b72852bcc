//! The file of a socket: stale or alive, its permissions, its end; and names without a file.

use crate::support::unix::until;
use netprog::base::sys::accounts::effective_ids;
use netprog::base::sys::local::{self, LONGEST_PATH, SocketType, UmaskGuard};
use netprog::base::sys::process::is_root;
use netprog::ch07_unix::socket_file::{Access, Found, PrivateDirectory, SocketFile, SocketFileError, probe};
use netprog::ch07_unix::{datagram, stream};
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-files").unwrap()
}

fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode()
}

/// A socket file whose process is gone: here, whose listener is.
fn stale(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
    assert!(path.exists(), "Rust's listener leaves its file");
    until(|| probe(path).unwrap() == Found::Stale);
}

#[test]
fn a_sockets_file_cannot_be_opened_as_a_file() {
    let place = place();
    let path = place.file("s");
    let _listener = UnixListener::bind(&path).unwrap();
    assert_eq!(
        File::open(&path).unwrap_err().raw_os_error(),
        Some(libc::ENXIO),
        "reading and writing is connecting"
    );
}

#[test]
fn binding_makes_the_file_and_takes_no_path_that_is_there() {
    let place = place();
    stale(&place.file("stale"));
    fs::write(place.file("regular"), "text").unwrap();
    let kind = |name: &str| UnixListener::bind(place.file(name)).unwrap_err().kind();
    assert_eq!((kind("stale"), kind("regular")), (ErrorKind::AddrInUse, ErrorKind::AddrInUse));
    assert_eq!(kind("no/such/directory"), ErrorKind::NotFound);
}

#[test]
fn a_probe_tells_alive_stale_nothing_and_no_socket_apart() {
    let place = place();
    let at = |name: &str| probe(&place.file(name)).unwrap();
    let stream = UnixListener::bind(place.file("stream")).unwrap();
    stream.set_nonblocking(true).unwrap();
    let _datagram = UnixDatagram::bind(place.file("datagram")).unwrap();
    let not_listening = local::socket(SocketType::Stream).unwrap();
    let address = SocketAddr::from_pathname(place.file("bound")).unwrap();
    local::bind(&not_listening, &address, 0o600).unwrap();
    stale(&place.file("stale"));
    fs::write(place.file("regular"), "").unwrap();
    std::os::unix::fs::symlink(place.file("stream"), place.file("link")).unwrap();

    assert_eq!((at("stream"), at("datagram"), at("bound")), (Found::Alive, Found::Alive, Found::Alive));
    assert_eq!((at("stale"), at("missing")), (Found::Stale, Found::Nothing));
    assert_eq!((at("regular"), at("link")), (Found::NotASocket, Found::NotASocket));
    assert_eq!(stream.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the server has seen no client");
}

#[test]
fn a_stale_file_is_replaced_and_a_live_one_is_left_alone() {
    let place = place();
    let path = place.file("s");
    stale(&path);
    let (listener, file) = stream::listen_unix(&path, Access::default()).unwrap();
    let second = stream::listen_unix(&path, Access::default()).unwrap_err();
    assert!(matches!(second, SocketFileError::Locked { .. }), "{second}");
    drop((listener, file));
    assert!(
        !path.exists() && fs::read_dir(place.path()).unwrap().next().is_none(),
        "neither file nor lock is left"
    );

    let _other = UnixListener::bind(&path).unwrap();
    let alive = stream::listen_unix(&path, Access::default()).unwrap_err();
    assert!(matches!(alive, SocketFileError::Alive { .. }), "{alive}");
    assert_eq!(std::io::Error::from(alive).kind(), ErrorKind::AddrInUse);
    assert!(UnixStream::connect(&path).is_ok(), "still served");
}

#[test]
fn what_is_no_socket_stays_where_it_is() {
    let place = place();
    let path = place.file("precious");
    fs::write(&path, "text").unwrap();
    let error = stream::listen_unix(&path, Access::default()).unwrap_err();
    assert!(matches!(error, SocketFileError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "text");
}

#[test]
fn unlinking_a_live_socket_lets_a_second_server_orphan_the_first() {
    let place = place();
    let path = place.file("s");
    let first = UnixListener::bind(&path).unwrap();
    first.set_nonblocking(true).unwrap();
    fs::remove_file(&path).unwrap();
    let second = UnixListener::bind(&path).unwrap();
    let _client = UnixStream::connect(&path).unwrap();
    assert!(second.accept().is_ok());
    assert_eq!(first.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "listens, and nobody can reach it");
}

#[test]
fn the_guard_removes_its_own_file_and_not_a_successors() {
    let place = place();
    let path = place.file("s");
    let (_socket, file) = SocketFile::bind(SocketType::Stream, &path, Access::default()).unwrap();
    fs::remove_file(&path).unwrap();
    let _successor = UnixListener::bind(&path).unwrap();
    drop(file);
    assert_eq!(probe(&path).unwrap(), Found::Alive);
}

#[test]
fn rusts_own_listener_never_removes_its_file_and_the_guard_does() {
    let place = place();
    stale(&place.file("left"));
    let (listener, file) = stream::listen_unix(&place.file("removed"), Access::default()).unwrap();
    drop(listener);
    assert!(file.path().exists());
    drop(file);
    assert!(place.file("left").exists() && !place.file("removed").exists());
}

#[test]
fn the_mode_is_0660_and_the_type_stays_socket_whatever_chmod_says() {
    let place = place();
    let path = place.file("s");
    let (_socket, file) =
        SocketFile::bind(SocketType::Stream, &path, Access { mode: 0o660, group: None }).unwrap();
    assert_eq!(mode_of(&path), 0o140_660);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    fs::set_permissions(file.path(), Permissions::from_mode(0o100_600)).unwrap();
    assert_eq!(mode_of(&path), 0o140_600, "chmod cannot make another kind of file of it");
}

#[test]
fn a_file_made_closed_is_open_to_nobody_else_for_a_moment() {
    let place = place();
    let made = |name: &str, mode: u32| {
        let socket = local::socket(SocketType::Stream).unwrap();
        let path = place.file(name);
        local::bind(&socket, &SocketAddr::from_pathname(&path).unwrap(), mode).unwrap();
        mode_of(&path) & 0o777
    };
    // What bind itself makes, before any chmod. The umask can only take away.
    assert_eq!(made("closed", 0o600) & 0o177, 0);
    assert_eq!(made("no-one", 0), 0);
    let guard = UmaskGuard::set(0o077);
    let _listener = UnixListener::bind(place.file("umask")).unwrap();
    drop(guard);
    assert_eq!(
        mode_of(&place.file("umask")) & 0o777,
        0o700,
        "the portable way: the umask of the whole process"
    );
    assert_eq!(mode_of(place.path()) & 0o777, 0o700, "and a directory nobody else may enter");
}

#[test]
fn connecting_needs_the_write_bit_and_nothing_else() {
    let place = place();
    let path = place.file("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let connect_with = |mode| {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        UnixStream::connect(&path).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(connect_with(0o222), Ok(()));
    // Root is asked for no permission at all.
    let without = if is_root() { Ok(()) } else { Err(ErrorKind::PermissionDenied) };
    assert_eq!(connect_with(0o444), without);
}

#[test]
fn the_group_of_the_file_is_changed_and_its_owner_kept() {
    let place = place();
    let path = place.file("s");
    let (user, group) = effective_ids();
    // Root may give it to any group; anybody else only to one of its own.
    let wanted = if is_root() { 100 } else { group };
    let (_socket, file) =
        SocketFile::bind(SocketType::Stream, &path, Access { mode: 0o660, group: Some(wanted) }).unwrap();
    let metadata = fs::symlink_metadata(file.path()).unwrap();
    use std::os::unix::fs::MetadataExt;
    assert_eq!((metadata.uid(), metadata.gid()), (user, wanted));
    if !is_root() {
        drop(file);
        let foreign = SocketFile::bind(SocketType::Stream, &path, Access { mode: 0o660, group: Some(0) });
        assert_eq!(std::io::Error::from(foreign.unwrap_err()).kind(), ErrorKind::PermissionDenied);
        assert!(!path.exists(), "a file half made is removed");
    }
}

#[test]
fn a_path_has_107_bytes_at_most_and_no_zero() {
    let place = place();
    let room = LONGEST_PATH - place.path().as_os_str().len() - 1;
    let (fits, too_long) = (place.file(&"x".repeat(room)), place.file(&"x".repeat(room + 1)));
    assert!(UnixListener::bind(&fits).is_ok());
    assert_eq!(UnixListener::bind(&too_long).unwrap_err().kind(), ErrorKind::InvalidInput);
    let ours = stream::listen_unix(&too_long, Access::default()).unwrap_err();
    assert!(ours.to_string().contains("a socket's path has at most"), "{ours}");
    assert_eq!(UnixListener::bind("a\0b").unwrap_err().kind(), ErrorKind::InvalidInput);
    let zero = stream::listen_unix(&place.file("a\0b"), Access::default()).unwrap_err();
    assert_eq!(std::io::Error::from(zero).kind(), ErrorKind::InvalidInput);
    if cfg!(target_os = "linux") {
        assert_eq!(LONGEST_PATH, 107);
    }
}

#[test]
fn a_private_directory_goes_with_everything_in_it() {
    let place = place();
    let path = place.path().to_path_buf();
    stale(&place.file("s"));
    assert_ne!(path, self::place().path(), "each is new");
    drop(place);
    assert!(!path.exists());
}

#[test]
fn a_client_of_another_type_is_told_so() {
    let place = place();
    let _listener = UnixListener::bind(place.file("stream")).unwrap();
    let _datagram = UnixDatagram::bind(place.file("datagram")).unwrap();
    let wrong = UnixDatagram::unbound().unwrap().connect(place.file("stream")).unwrap_err();
    assert_eq!(wrong.raw_os_error(), Some(libc::EPROTOTYPE));
    let wrong = UnixStream::connect(place.file("datagram")).unwrap_err();
    assert_eq!(wrong.raw_os_error(), Some(libc::EPROTOTYPE));
    let made = [SocketType::Stream, SocketType::Datagram]
        .map(|kind| local::type_of(&local::socket(kind).unwrap()).unwrap());
    assert_eq!(made, [Some(SocketType::Stream), Some(SocketType::Datagram)]);
}

#[test]
fn a_stale_datagram_socket_is_replaced_too() {
    let place = place();
    let path = place.file("s");
    drop(UnixDatagram::bind(&path).unwrap());
    until(|| probe(&path).unwrap() == Found::Stale);
    let (socket, _file) = datagram::bind(&path, Access::default()).unwrap();
    assert_eq!(probe(&path).unwrap(), Found::Alive);
    drop(socket);
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_has_no_file_and_vanishes_with_its_socket() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("netprog-{:016x}", netprog::base::random::u64().unwrap());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(UnixListener::bind_addr(&address).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert!(UnixStream::connect_addr(&address).is_ok(), "no permission is asked for");
    assert!(!Path::new(&name).exists());
    drop(listener);
    let refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    until(|| UnixStream::connect_addr(&address).is_err_and(refused));
    assert!(UnixListener::bind_addr(&address).is_ok(), "at once, nothing to clean up");

    assert!(SocketAddr::from_abstract_name([b'x'; 107]).is_ok());
    assert_eq!(SocketAddr::from_abstract_name([b'x'; 108]).unwrap_err().kind(), ErrorKind::InvalidInput);
    let chosen = UnixDatagram::bind("").unwrap().local_addr().unwrap();
    assert_eq!(chosen.as_abstract_name().map(<[u8]>::len), Some(5), "an empty path: the system picks a name");
}
