//! Listening and accepting: Listings 3-1 and 3-2.

use super::resolvers::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, Listener};
use netprog::base::serve::{self, Incident, ServeConfig};
use netprog::base::trace;
use netprog::ch03_tcp::address::Network;
use netprog::ch03_tcp::dial::{dial, dial_timeout};
use netprog::ch03_tcp::error::Step;
use netprog::ch03_tcp::listen::{listen, listen_with};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

/// Incidents of a server, for a test to look at.
fn reporting() -> (ServeConfig, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let report = move |incident: &Incident| {
        let _ = told.lock().expect("no panic in here").send(incident.to_string());
    };
    (ServeConfig { name: "ch03", report: Box::new(report), ..ServeConfig::default() }, heard)
}

/// Listing 3-1: a listener on 127.0.0.1 with a port that the system picks. Row 3.13.
///
/// Watch: the port asked for is 0, the port that `local` tells is not.
#[test]
fn listing_3_1_port_zero_becomes_a_free_port() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let listener = listen(Network::Tcp, "127.0.0.1:0").expect("a free port");
    let bound = listener.socket_addr();
    trace::note(|| format!("asked for 127.0.0.1:0 and is bound to {bound}"));
    assert_eq!(bound.ip(), Ipv4Addr::LOCALHOST);
    assert_ne!(bound.port(), 0);
}

/// Listing 3-2: the accept loop. Each client has a thread; one whose handler panics is closed, and nobody else notices.
/// Row 3.18.
///
/// Watch: both handlers meet at a barrier, which one after the other they could not.
#[test]
fn listing_3_2_each_client_has_a_handler_of_its_own() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let (config, incidents) = reporting();
    let together = Arc::new(Barrier::new(2));
    let meeting = Arc::clone(&together);
    let server = serve::start(listener, config, move |mut conn, _| {
        let mut first = [0];
        conn.read_exact(&mut first)?;
        trace::note(|| format!("handler of {} waits for the other handler", conn.peer()));
        meeting.wait();
        assert_ne!(first, *b"p", "the client asked for a panic");
        conn.write_all(b"served")
    });
    let server = server.expect("a thread");
    let address = server.socket_addr().to_string();

    let client = |name: &'static str, asks: &'static [u8; 1]| {
        let address = address.clone();
        thread::spawn(move || {
            let _me = trace::party(name);
            trace::chapter("ch03");
            let mut conn = dial(Network::Tcp, &address).expect("the server listens");
            conn.write_all(asks).expect("the server reads");
            let mut answer = String::new();
            let _ = conn.read_to_string(&mut answer);
            answer
        })
    };
    let calm = client("client 1", b"c");
    let unlucky = client("client 2", b"p");
    assert_eq!(join(calm), "served");
    assert_eq!(join(unlucky), "", "the panic dropped the connection, and that closed it");
    let incident = incidents.recv_timeout(PATIENCE).expect("the panic was reported");
    assert!(incident.contains("asked for a panic"), "{incident}");
    assert_eq!(server.stop().expect("the loop ends well").accepted, 2);
}

/// Row 3.14.
#[test]
fn a_bound_port_is_not_given_away_twice_and_the_error_names_it() {
    let listener = listen(Network::Tcp, "127.0.0.1:0").expect("a free port");
    let address = listener.socket_addr().to_string();
    let error = listen(Network::Tcp, &address).expect_err("the port is taken");
    assert_eq!((error.step, error.kind()), (Step::Bind, ErrorKind::AddrInUse));
    assert!(error.to_string().starts_with(&format!("listen tcp {address}: ")), "{error}");
    drop(listener);
    listen(Network::Tcp, &address).expect("dropping the listener gave the port back");
}

/// Row 3.15. Nothing, a colon, port 0: all addresses, a random port. On a listener for both versions an IPv4 client has an
/// IPv6 address.
#[test]
#[cfg(unix)]
fn a_listener_without_a_host_takes_both_ip_versions() {
    for address in ["", ":", ":0"] {
        let listener = listen(Network::Tcp, address).expect("a free port");
        let bound = listener.socket_addr();
        assert!(bound.ip().is_unspecified() && bound.port() != 0);

        let _v4 = dial(Network::Tcp4, &format!("127.0.0.1:{}", bound.port())).expect("it takes IPv4");
        let seen = listener.accept_tcp().expect("a client came").peer().socket_addr().expect("TCP").ip();
        assert_eq!(seen.to_canonical(), Ipv4Addr::LOCALHOST);
        if has_ipv6() {
            assert_eq!(seen.to_string(), "::ffff:127.0.0.1");
            let _v6 = dial(Network::Tcp6, &format!("[::1]:{}", bound.port())).expect("it takes IPv6");
            let seen = listener.accept_tcp().expect("a client came").peer().to_string();
            assert!(seen.starts_with("[::1]:"), "{seen}");
        }
    }
}

/// Row 3.15: a service name stands for its port, here one that may be taken or forbidden; either way the number is 80.
#[test]
fn a_service_name_stands_for_its_port_when_listening() {
    let bound = match listen(Network::Tcp, "127.0.0.1:http") {
        Ok(listener) => listener.socket_addr().to_string(),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::AddrInUse), "{error}");
            error.address
        }
    };
    assert_eq!(bound, "127.0.0.1:80");
}

/// Row 3.16.
#[test]
#[cfg(unix)]
fn tcp4_and_tcp6_keep_to_their_version() {
    let v4 = listen(Network::Tcp4, ":0").expect("a free port").socket_addr();
    assert!(v4.is_ipv4());
    if !has_ipv6() {
        return;
    }
    let v6 = listen(Network::Tcp6, ":0").expect("a free port");
    let port = v6.socket_addr().port();
    assert!(v6.socket_addr().is_ipv6());
    // On the very same port an IPv4 client finds nobody, unless another program has it there.
    match TcpListener::bind(("0.0.0.0", port)) {
        Ok(free) => drop(free),
        Err(_) => return,
    }
    let error = dial(Network::Tcp4, &format!("127.0.0.1:{port}")).expect_err("it takes IPv6 only");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    dial(Network::Tcp6, &format!("[::1]:{port}")).expect("IPv6 it takes");
}

/// Row 3.17: without it the accepting thread could never be joined.
#[test]
fn stopping_a_listener_frees_the_thread_that_accepts() {
    let listener = Arc::new(listen(Network::Tcp, "127.0.0.1:").expect("a free port"));
    let accepting = Arc::clone(&listener);
    let (told, under_way) = mpsc::channel();
    let thread = thread::spawn(move || {
        told.send(()).expect("the test waits");
        accepting.accept().map(drop)
    });
    under_way.recv_timeout(PATIENCE).expect("the thread runs");
    listener.stop();
    assert_eq!(join(thread).expect_err("it was stopped").kind(), ErrorKind::ConnectionAborted);
    let address = listener.socket_addr().to_string();
    assert!(dial_timeout(Network::Tcp, &address, PATIENCE).is_err(), "nobody is let in any more");
}

/// Row N2.3: a host with addresses of both versions is listened to on one of them, the IPv4 one.
#[test]
fn a_named_host_is_listened_to_on_one_address_and_ipv4_comes_first() {
    let both = knows(&["::1", "127.0.0.1"]);
    let listener = listen_with(Network::Tcp, "localhost:0", &*both, &Cancel::new()).expect("a free port");
    let bound = listener.socket_addr();
    assert_eq!(bound.ip(), Ipv4Addr::LOCALHOST);
    let elsewhere = dial(Network::Tcp, &format!("[::1]:{}", bound.port()));
    assert!(elsewhere.is_err(), "on ::1 nobody listens");

    let real = listen(Network::Tcp, "localhost:0").expect("every machine knows localhost");
    assert!(real.socket_addr().ip().is_loopback());
}

/// Row N4.7.
#[test]
#[cfg(target_os = "linux")]
fn ports_below_1024_need_leave_and_the_error_says_which_port() {
    match listen(Network::Tcp, "127.0.0.1:daytime") {
        // Root, a container that lowered the limit, or a machine that still tells the time: nothing to show here.
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AddrInUse => {}
        Err(error) => {
            assert_eq!((error.step, error.kind()), (Step::Bind, ErrorKind::PermissionDenied));
            assert_eq!(error.to_string(), "listen tcp 127.0.0.1:13: bind: permission denied");
        }
    }
}
