//! Dialling: Listings 3-3 to 3-8.
//!
//! This file is long because the dialling listings share their resolvers and silent listeners.

use super::resolvers::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::{Cancel, Cause};
use netprog::base::conn::{Address, Conn, ConnRead, ConnWrite, Listener};
use netprog::base::deadline::Deadline;
use netprog::base::serve::{self, ServeConfig};
use netprog::base::trace;
use netprog::ch03_tcp::address::{AddressError, HostPort, Network};
use netprog::ch03_tcp::dial::{Dialer, dial, dial_timeout};
use netprog::ch03_tcp::error::{Failure, OpError, Operation, Step, is_temporary, is_timeout};
use netprog::ch03_tcp::fan_out::{FanOutError, dial_any};
use netprog::ch03_tcp::listen::listen;
use netprog::ch03_tcp::race::race;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The book's five seconds, scaled down.
const SHORT: Duration = Duration::from_millis(50);

/// A port of 127.0.0.1 where nobody listens, and nobody will: it is a client's own, and the client is kept.
struct Refusing {
    address: SocketAddr,
    _pair: (TcpListener, TcpStream),
}

fn refusing() -> Refusing {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    Refusing { address: client.local_addr().expect("it is bound"), _pair: (listener, client) }
}

/// A listener on 127.0.0.1 whose backlog is full: to connect to it is to wait, as for a host that does not exist. The book
/// dials 10.0.0.0 for that, which some networks do answer. Nobody accepts, and the clients that fill it are kept.
#[cfg(unix)]
struct Silent {
    address: SocketAddr,
    _listener: TcpListener,
    _clients: Vec<std::os::fd::OwnedFd>,
}

#[cfg(unix)]
fn silent() -> Silent {
    use netprog::base::sys::socket;
    let loopback: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let fd = socket::tcp_socket(&loopback).expect("a socket");
    socket::listen(&fd, &loopback, false, 0).expect("it listens");
    let listener = TcpListener::from(fd);
    let address = listener.local_addr().expect("it is bound");
    let mut clients = Vec::new();
    for _ in 0..4 {
        let client = socket::tcp_socket(&address).expect("a socket");
        socket::set_nonblocking(&client, true).expect("an open socket");
        socket::start_connect(&client, &address).expect("a connect under way");
        clients.push(client);
    }
    Silent { address, _listener: listener, _clients: clients }
}

/// A listener on `::1` with the port of `v4`, where IPv6 is to be had and the port is free.
fn twin_on_v6(v4: SocketAddr) -> Option<TcpListener> {
    TcpListener::bind(("::1", v4.port())).ok()
}

/// Listing 3-3: dial, send, close. Row 3.19.
///
/// Watch: the client's FIN is the handler's end of stream; the handler's drop is the FIN back; then the listener stops and
/// every thread has been joined.
#[test]
fn listing_3_3_closing_the_client_ends_its_handler() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let server = serve::start(listener, ServeConfig::default(), move |mut conn, _| {
        let mut received = Vec::new();
        let mut buf = [0; 1024];
        loop {
            let count = conn.read(&mut buf)?;
            if count == 0 {
                trace::note(|| "read gave zero: the client has finished".into());
                let _ = told.lock().expect("no panic in here").send(received);
                return Ok(());
            }
            received.extend_from_slice(&buf[..count]);
        }
    });
    let server = server.expect("a thread");

    let _me = trace::party("client");
    let mut conn = dial(Network::Tcp, &server.socket_addr().to_string()).expect("the server listens");
    conn.write_all(b"hello").expect("the server reads");
    conn.finish().expect("the FIN goes out");
    let mut rest = Vec::new();
    conn.read_to_end(&mut rest).expect("the server closes in order");
    assert!(rest.is_empty(), "the handler's FIN came, and nothing before it");
    drop(conn);

    assert_eq!(heard.recv_timeout(PATIENCE).expect("the handler ended"), b"hello");
    let served = server.stop().expect("the loop ends well");
    assert_eq!((served.accepted, served.drained), (1, true));
}

/// A listener whose `accept` plays a list of errors, last one first.
struct Failing(Mutex<Vec<io::Error>>);

impl Listener for Failing {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        let next = self.0.lock().expect("no panic in here").pop();
        Err(next.expect("the loop has ended by now"))
    }
    fn local(&self) -> Address {
        Address::Memory("failing".into())
    }
    fn stop(&self) {}
}

/// Listing 3-4: an error that is not temporary ends a loop, a temporary one does not. Row 3.21.
///
/// Watch: the loop asks the book's question, and three errors pass before the fourth ends it.
#[test]
#[cfg(unix)]
fn listing_3_4_only_an_error_that_is_not_temporary_ends_the_loop() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let mut errors = Vec::new();
    for code in [libc::EACCES, libc::ECONNABORTED, libc::EMFILE, libc::EINTR] {
        errors.push(io::Error::from_raw_os_error(code));
    }
    let listener = Failing(Mutex::new(errors));
    let mut temporary = 0;
    let last = loop {
        let Err(cause) = listener.accept() else { continue };
        let error = OpError::new(Operation::Accept, Step::Accept, Network::Tcp, listener.local(), cause);
        if !error.is_temporary() {
            break error;
        }
        trace::note(|| format!("temporary, goes on: {error}"));
        temporary += 1;
    };
    trace::note(|| format!("not temporary, ends: {last}"));
    assert_eq!((temporary, last.kind()), (3, ErrorKind::PermissionDenied));
}

/// Listing 3-5: a dialler with a time-out, and a mocked DNS server that times out at once. Row 3.23.
///
/// Watch: the error is a timeout although no time passed: what an error is does not depend on how long it took.
#[test]
fn listing_3_5_a_mocked_dns_timeout_is_a_timeout_that_takes_no_time() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let dns = move |host: &str, _: &Cancel| {
        count.fetch_add(1, Ordering::SeqCst);
        trace::note(|| format!("the mocked DNS does not know {host} in time"));
        Err(io::Error::new(ErrorKind::TimedOut, "the DNS server did not answer"))
    };
    let timeout = Duration::from_secs(300);
    let dialer = Dialer { timeout: Some(timeout), resolver: Arc::new(dns), ..Dialer::default() };
    let begin = Instant::now();
    let error = dialer.dial(Network::Tcp, "service.example:http").expect_err("DNS is mocked");
    assert!(error.is_timeout() && error.is_temporary(), "{error}");
    assert_eq!((error.step, error.cancel_cause()), (Step::Lookup, None));
    assert!(begin.elapsed() < timeout / 2);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// Listing 3-5 without the mock: nobody answers, and `dial_timeout` returns after its time. Row 3.23.
///
/// Watch: the lower bound is exact, for a time-out never comes early.
#[test]
#[cfg(unix)]
fn listing_3_5_a_dial_without_an_answer_ends_after_its_timeout() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let server = silent();
    trace::name(&server.address.to_string(), "silent server");
    let begin = Instant::now();
    let outcome = dial_timeout(Network::Tcp, &server.address.to_string(), SHORT);
    let error = outcome.expect_err("nobody answers");
    assert!(error.is_timeout(), "{error}");
    assert!(begin.elapsed() >= SHORT && begin.elapsed() < PATIENCE);
}

/// Listing 3-6: the same with a deadline on a token. Row 3.25.
///
/// Watch: both the error and the token say why, and they agree.
#[test]
#[cfg(unix)]
fn listing_3_6_a_deadline_on_the_token_ends_the_dial() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let server = silent();
    trace::name(&server.address.to_string(), "silent server");
    let cancel = Cancel::new().child_before(Deadline::after(SHORT));
    let begin = Instant::now();
    let outcome = Dialer::default().dial_before(Network::Tcp, &server.address.to_string(), &cancel);
    let error = outcome.expect_err("nobody answers");
    assert!(error.is_timeout() && begin.elapsed() >= SHORT, "{error}");
    assert_eq!(error.cancel_cause(), Some(Cause::DeadlineExceeded));
    assert_eq!(cancel.cause(), Some(Cause::DeadlineExceeded));
}

/// Listing 3-7: somebody cancels the token while the dial waits. Row 3.27.
///
/// Watch: the resolver tells when the dial is under way, the cancel frees it, and its thread can be joined: it has not merely
/// been forgotten.
#[test]
#[cfg(unix)]
fn listing_3_7_cancelling_the_token_frees_the_dialler() {
    let _me = trace::party("canceller");
    trace::chapter("ch03");
    let server = silent();
    trace::name(&server.address.to_string(), "silent server");
    let cancel = Cancel::new();
    let token = cancel.clone();
    let (told, under_way) = mpsc::sync_channel(1);
    let resolver = move |_: &str, _: &Cancel| {
        let _ = told.send(());
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    };
    let port = server.address.port();
    let dialler = thread::spawn(move || {
        let _me = trace::party("client");
        trace::chapter("ch03");
        let dialer = Dialer { resolver: Arc::new(resolver), ..Dialer::default() };
        dialer.dial_before(Network::Tcp, &format!("silent.example:{port}"), &token).map(drop)
    });
    under_way.recv_timeout(PATIENCE).expect("the dial has begun");
    trace::note(|| "cancels".into());
    cancel.cancel();
    let error = join(dialler).expect_err("nobody answers");
    assert_eq!(error.cancel_cause(), Some(Cause::Cancelled));
    assert!(!error.is_timeout());
    assert_eq!(cancel.cause(), Some(Cause::Cancelled));
}

/// Listing 3-8: ten diallers, the first to connect calls the others off. Row 3.28.
///
/// Watch: `info threads` shows dialler-1 to dialler-10; ten reports come back. Losers may have connected too: the kernel
/// completes handshakes up to the backlog though the listener accepts one client only.
#[test]
fn listing_3_8_the_first_of_ten_diallers_wins() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let address = listener.socket_addr().to_string();
    let server = thread::spawn(move || {
        let _me = trace::party("server");
        trace::chapter("ch03");
        // A single client is accepted, and closed.
        listener.accept().map(drop)
    });
    let _me = trace::party("client");
    let cancel = Cancel::after(Duration::from_secs(10));
    let addresses = [address.as_str(); 10];
    let won = dial_any(&Dialer::default(), Network::Tcp, &addresses, &cancel).expect("somebody answers");
    trace::note(|| format!("dialler {} retrieved the resource", won.id));
    assert_eq!(won.losers.len(), 9, "ten diallers have come back");
    let mut ids = vec![won.id];
    for loser in won.losers {
        ids.push(loser.id);
        let called_off = loser.error.and_then(|error| error.cancel_cause());
        assert!(matches!(called_off, None | Some(Cause::Cancelled)));
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    join(server).expect("one client came");
}

/// Listing 3-8 where nine wait for servers that never answer: all nine are called off when the tenth connects. Row 3.28.
#[test]
#[cfg(unix)]
fn listing_3_8_diallers_that_still_wait_are_called_off() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let deaf = silent();
    trace::name(&deaf.address.to_string(), "silent server");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (deaf_address, good) = (deaf.address.to_string(), listener.local_addr().expect("bound").to_string());
    let mut addresses = [deaf_address.as_str(); 10];
    addresses[6] = &good;
    let won = dial_any(&Dialer::default(), Network::Tcp, &addresses, &Cancel::new()).expect("one answers");
    assert_eq!((won.id, won.losers.len()), (7, 9));
    for loser in won.losers {
        let error = loser.error.expect("nobody else can connect");
        assert_eq!(error.cancel_cause(), Some(Cause::Cancelled), "dialler {}", loser.id);
    }
}

/// Listing 3-8 with nobody answering: it ends at its deadline. The book's first version waited for ever. Row 3.29.
#[test]
#[cfg(unix)]
fn listing_3_8_with_nobody_answering_the_fan_out_ends_at_its_deadline() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let server = silent();
    trace::name(&server.address.to_string(), "silent server");
    let address = server.address.to_string();
    let cancel = Cancel::after(SHORT);
    let begin = Instant::now();
    let outcome = dial_any(&Dialer::default(), Network::Tcp, &[address.as_str(); 10], &cancel);
    assert!(matches!(outcome, Err(FanOutError::Ended(Cause::DeadlineExceeded))), "{outcome:?}");
    assert!(begin.elapsed() >= SHORT && begin.elapsed() < PATIENCE);
    assert_eq!(cancel.cause(), Some(Cause::DeadlineExceeded));
}

/// Where everybody refuses there is nothing to wait for: the fan-out ends long before its deadline, with the last refusal.
#[test]
fn a_fan_out_that_everybody_refuses_ends_at_once() {
    let nobody = refusing();
    let address = nobody.address.to_string();
    let cancel = Cancel::after(Duration::from_secs(300));
    let begin = Instant::now();
    let outcome = dial_any(&Dialer::default(), Network::Tcp, &[address.as_str(); 10], &cancel);
    let Err(FanOutError::AllFailed(last)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(last.kind(), ErrorKind::ConnectionRefused);
    assert!(begin.elapsed() < PATIENCE);
    assert_eq!(cancel.cause(), None);
}

/// Row 3.20: names for hosts and ports, brackets around IPv6.
#[test]
fn hosts_and_ports_may_be_names_and_ipv6_stands_in_brackets() {
    let parsed: HostPort = "[2001:ed27::1]:https".parse().expect("the book's address");
    assert_eq!((parsed.host.to_string().as_str(), parsed.port), ("2001:ed27::1", 443));

    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let port = listener.socket_addr().port();
    let conn = dial(Network::Tcp4, &format!("localhost:{port}")).expect("localhost is known and listens");
    assert_eq!(conn.peer(), Address::Tcp(listener.socket_addr()));
}

/// Row 3.20: several addresses of one version are tried in their order.
#[test]
#[cfg(target_os = "linux")] // All of 127.0.0.0/8 is this machine.
fn the_addresses_of_a_host_are_tried_in_order_until_one_answers() {
    let listener = listen(Network::Tcp, "127.3.0.3:").expect("a free port");
    let address = format!("three.example:{}", listener.socket_addr().port());
    let three = knows(&["127.3.0.1", "127.3.0.2", "127.3.0.3", "127.3.0.4"]);
    let dialer = Dialer { resolver: three, ..Dialer::default() };
    let conn = dialer.dial(Network::Tcp, &address).expect("the third answers");
    assert_eq!(conn.peer().socket_addr(), Some(listener.socket_addr()));

    drop((conn, listener));
    let error = dialer.dial(Network::Tcp, &address).expect_err("nobody listens any more");
    assert!(error.address.starts_with("127.3.0.1:"), "the first one's error: {error}");
    assert_eq!(error.others.len(), 3, "and the others' beside it");
}

/// Row N4.12: what telnet shows as `Trying ::1...` and then `Trying 127.0.0.1...`.
#[test]
fn a_server_on_ipv4_only_is_reached_though_the_name_gives_ipv6_first() {
    let _me = trace::party("server");
    trace::chapter("ch03");
    let listener = listen(Network::Tcp4, "127.0.0.1:").expect("a free port");
    let _me = trace::party("client");
    let address = format!("localhost:{}", listener.socket_addr().port());
    let never = Duration::from_secs(600);
    for head_start in [None, Some(never)] {
        let dialer = Dialer { resolver: knows(&["::1", "127.0.0.1"]), head_start, ..Dialer::default() };
        let begin = Instant::now();
        let conn = dialer.dial(Network::Tcp, &address).expect("the second address answers");
        assert_eq!(conn.peer(), Address::Tcp(listener.socket_addr()));
        assert!(begin.elapsed() < PATIENCE, "a refusal ends the head start at once");
    }
}

/// Row 3.24: IPv4 is silent, IPv6 gets its turn after the head start and wins; the loser has ended when the dial returns.
#[test]
#[cfg(unix)]
fn the_other_ip_version_wins_when_the_first_does_not_answer() {
    let _me = trace::party("client");
    trace::chapter("ch03");
    let first = silent();
    trace::name(&first.address.to_string(), "silent 127.0.0.1");
    let Some(second) = twin_on_v6(first.address) else { return };
    let dialer = Dialer {
        resolver: knows(&["127.0.0.1", "::1"]),
        head_start: Some(SHORT),
        timeout: Some(Duration::from_secs(300)),
        ..Dialer::default()
    };
    let begin = Instant::now();
    let address = format!("both.example:{}", first.address.port());
    let conn = dialer.dial(Network::Tcp, &address).expect("::1 answers");
    assert_eq!(conn.peer().socket_addr(), second.local_addr().ok());
    assert!(begin.elapsed() >= SHORT && begin.elapsed() < PATIENCE);
}

/// Row 3.24: `race` gives any second address its turn after the head start, whatever its version.
#[test]
#[cfg(unix)]
fn a_second_address_of_the_same_version_starts_after_the_head_start() {
    use netprog::base::connect::connect;
    let dead = silent();
    let live = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addresses = [dead.address, live.local_addr().expect("bound")];
    let begin = Instant::now();
    let conn =
        race(&addresses, SHORT, &Cancel::new(), |address, token| connect(*address, Deadline::NEVER, token));
    let conn = conn.expect("the second answers");
    assert_eq!(conn.peer(), Address::Tcp(addresses[1]));
    assert!(begin.elapsed() >= SHORT);
}

/// Row 3.24: a healthy first address has no rival; nobody knocks at the second.
#[test]
fn a_first_address_that_answers_is_not_raced() {
    let first = listen(Network::Tcp4, "127.0.0.1:").expect("a free port");
    let Some(second) = twin_on_v6(first.socket_addr()) else { return };
    second.set_nonblocking(true).expect("an open socket");
    let head_start = Some(Duration::from_secs(600));
    let dialer = Dialer { resolver: knows(&["127.0.0.1", "::1"]), head_start, ..Dialer::default() };
    let conn = dialer.dial(Network::Tcp, &format!("both.example:{}", first.socket_addr().port()));
    assert_eq!(conn.expect("the first answers").peer(), Address::Tcp(first.socket_addr()));
    assert_eq!(second.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
}

/// The time-out holds for the lookup too, and an answer that comes too late is not used. Row 3.25's stalled dial.
#[test]
fn a_stalled_lookup_uses_up_the_time_of_the_whole_dial() {
    let stalled = |_: &str, cancel: &Cancel| {
        cancel.wait();
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    };
    let dialer = Dialer { resolver: Arc::new(stalled), timeout: Some(SHORT), ..Dialer::default() };
    let error = dialer.dial(Network::Tcp, "stalled.example:80").expect_err("the time is over");
    assert_eq!((error.step, error.cancel_cause()), (Step::Lookup, Some(Cause::DeadlineExceeded)));
}

/// Row 3.26: the token goes to whoever may cancel, such as the thread that watches for Ctrl-C; one call ends every dial below.
#[test]
#[cfg(unix)]
fn a_token_handed_to_a_watcher_cancels_every_dial_below_it() {
    let server = silent();
    let stop = Cancel::new();
    let mut diallers = Vec::new();
    let started = Arc::new(Barrier::new(4));
    for _ in 0..3 {
        let (token, address, started) = (stop.child(), server.address.to_string(), Arc::clone(&started));
        diallers.push(thread::spawn(move || {
            started.wait();
            Dialer::default().dial_before(Network::Tcp, &address, &token).map(drop)
        }));
    }
    let watcher = stop.clone();
    let ctrl_c = thread::spawn(move || {
        started.wait();
        watcher.cancel();
    });
    join(ctrl_c);
    for dialler in diallers {
        let error = join(dialler).expect_err("nobody answers");
        assert_eq!(error.cancel_cause(), Some(Cause::Cancelled));
    }
}

/// Row 3.30: nothing, cancelled, or out of time; and the first cause stays.
#[test]
fn a_token_has_no_cause_or_one_that_stays() {
    assert_eq!(Cancel::new().cause(), None);
    let cancelled = Cancel::after(Duration::from_secs(300));
    cancelled.cancel();
    assert_eq!(cancelled.cause(), Some(Cause::Cancelled));
    let expired = Cancel::after(Duration::from_millis(1));
    assert_eq!(expired.wait(), Cause::DeadlineExceeded);
    expired.cancel();
    assert_eq!(expired.cause(), Some(Cause::DeadlineExceeded), "too late to be cancelled");
}

/// Row 3.21: which of the system's errors are timeouts, and which are temporary.
#[test]
#[cfg(unix)]
fn timeouts_and_temporary_errors_are_told_by_kind_and_number() {
    let cases = [
        (libc::EAGAIN, true, true),
        (libc::ETIMEDOUT, true, true),
        (libc::EINTR, false, true),
        (libc::EMFILE, false, true),
        (libc::ENFILE, false, true),
        (libc::ECONNREFUSED, false, false),
        (libc::EACCES, false, false),
    ];
    for (code, timeout, temporary) in cases {
        let error = io::Error::from_raw_os_error(code);
        assert_eq!((is_timeout(&error), is_temporary(&error)), (timeout, temporary), "{error}");
    }
}

/// Row 3.22.
#[test]
#[cfg(target_os = "linux")]
fn a_failed_dial_says_what_was_tried_where_and_why() {
    use std::error::Error;
    let nobody = refusing();
    let address = nobody.address.to_string();
    let error = dial(Network::Tcp, &address).expect_err("nobody listens");
    assert_eq!(error.to_string(), format!("dial tcp {address}: connect: connection refused"));
    assert_eq!(
        (error.operation, error.network, error.address.as_str()),
        (Operation::Dial, Network::Tcp, &*address)
    );
    let source = error.source().expect("the cause").downcast_ref::<io::Error>().expect("the system's");
    assert_eq!(source.kind(), ErrorKind::ConnectionRefused);
}

/// Rows N4.4 and 3.22: address, connect, read and write fail each in its own way, and the error says in which.
#[test]
fn four_points_of_failure_are_four_different_errors() {
    let address = dial(Network::Tcp, "127.0.0.1").expect_err("there is no port");
    let inner = address.cause.get_ref().and_then(|inner| inner.downcast_ref::<AddressError>());
    assert_eq!((address.step, inner), (Step::Address, Some(&AddressError::NoPort)));

    let nobody = refusing();
    let connect = dial(Network::Tcp, &nobody.address.to_string()).expect_err("nobody listens");
    assert_eq!((connect.step, connect.failure()), (Step::Connect, Failure::Connection));

    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let mut conn = dial(Network::Tcp, &listener.socket_addr().to_string()).expect("it listens");
    conn.set_read_deadline(Deadline::after(Duration::from_millis(1)));
    let cause = conn.read(&mut [0]).expect_err("nobody writes");
    let read = OpError::reading(&conn, cause);
    assert_eq!((read.step, read.failure()), (Step::Read, Failure::Timeout));
    assert_eq!(read.source_address, conn.local().socket_addr());
    let both = format!("{}->{}", conn.local(), conn.peer());
    assert!(read.to_string().contains(&both), "{read}");

    conn.interrupter().interrupt();
    let cause = conn.write(b"late").expect_err("it was interrupted");
    let write = OpError::writing(&conn, cause);
    assert_eq!((write.step, write.failure()), (Step::Write, Failure::Connection));
}

/// Row N3.13: a handler's error is the network's or its own, and it makes a difference whether to try again.
#[test]
fn a_slow_network_and_a_wrong_program_are_told_apart() {
    let answers_nonsense = || -> io::Result<()> {
        let bad = "teapot".parse::<u16>();
        bad.map(drop).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    };
    let wrong = answers_nonsense().expect_err("a teapot is no number");
    assert_eq!((Failure::of(&wrong), is_temporary(&wrong)), (Failure::Application, false));

    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let mut conn = dial(Network::Tcp, &listener.socket_addr().to_string()).expect("it listens");
    conn.set_read_deadline(Deadline::after(Duration::from_millis(1)));
    let slow = conn.read(&mut [0]).expect_err("nobody writes");
    assert_eq!((Failure::of(&slow), is_temporary(&slow)), (Failure::Timeout, true));
}

/// Row N4.1: both ends send sixteen mebibytes at the same time, far more than the buffers hold; if either had to wait for the
/// other to finish first, neither would.
#[test]
fn a_connection_carries_both_directions_at_once() {
    const LENGTH: usize = 16 << 20;
    fn send_and_receive(conn: Box<dyn Conn>, byte: u8) -> Vec<u8> {
        let (mut reader, mut writer) = conn.split().expect("TCP can be split");
        let sender = thread::spawn(move || {
            writer.write_all(&vec![byte; LENGTH]).expect("the peer reads");
            writer.finish().expect("the FIN goes out");
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).expect("the peer finishes in order");
        join(sender);
        received
    }
    let listener = listen(Network::Tcp, "127.0.0.1:").expect("a free port");
    let client = dial(Network::Tcp, &listener.socket_addr().to_string()).expect("it listens");
    let accepted = listener.accept().expect("a client came");
    let server = thread::spawn(move || send_and_receive(accepted, b's'));
    let client = thread::spawn(move || send_and_receive(Box::new(client), b'c'));
    assert!(join(client) == vec![b's'; LENGTH]);
    assert!(join(server) == vec![b'c'; LENGTH]);
}
