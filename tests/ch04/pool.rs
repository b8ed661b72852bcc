//! Connections used more than once.

use super::peers::*;
use crate::support::PATIENCE;
use netprog::base::cancel::Cancel;
use netprog::base::conn::Conn;
use netprog::base::connect::connect;
use netprog::base::deadline::{Clock, Deadline, FakeClock};
use netprog::base::sys::options::unread_bytes;
use netprog::ch04_data::pool::{Pool, PoolConfig, PoolCounts};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn pool_of(address: SocketAddr, config: PoolConfig) -> Pool {
    Pool::new(config, move || Ok(Box::new(connect(address, Deadline::after(PATIENCE), &Cancel::new())?)))
}

#[test]
fn many_requests_over_a_pool_take_fewer_connections() {
    let server = ping_server();
    let pool = pool_of(server.socket_addr(), PoolConfig::default());
    for round in 0..10 {
        let mut conn = pool.get().unwrap();
        assert_eq!(conn.was_idle(), round > 0);
        exchange(&mut *conn, b"ping", b"pong");
        conn.put();
    }
    assert_eq!(pool.counts(), PoolCounts { dialled: 1, reused: 9, dead: 0, reaped: 0 });
    drop(pool);
    assert_eq!(server.stop().unwrap().accepted, 1, "ten requests, one connection");
}

#[test]
fn a_dead_idle_connection_and_one_with_stray_bytes_are_evicted() {
    let listener = listen();
    let pool = pool_of(listener.socket_addr(), PoolConfig::default());
    let (one, two) = (pool.get().unwrap(), pool.get().unwrap());
    let (peer, mut other_peer) = (listener.accept_tcp().unwrap(), listener.accept_tcp().unwrap());
    drop(peer);
    other_peer.write_all(b"stray").unwrap();
    until("the FIN arrives", || one.tcp().unwrap().peek(&mut [0; 1]).unwrap() == 0);
    until("the bytes arrive", || unread_bytes(two.tcp().unwrap()).unwrap() == 5);
    one.put();
    two.put();
    assert_eq!(pool.idle(), 2);
    let fresh = pool.get().unwrap();
    assert!(!fresh.was_idle());
    assert_eq!(pool.counts(), PoolCounts { dialled: 3, reused: 0, dead: 2, reaped: 0 });
}

#[test]
fn a_connection_idle_for_too_long_is_reaped_and_a_full_pool_drops_the_oldest() {
    let hand = FakeClock::new();
    let config = PoolConfig { clock: Clock::Fake(hand.clone()), ..PoolConfig::default() };
    let limit = config.max_idle_time;
    let listener = listen();
    let pool = pool_of(listener.socket_addr(), config);
    let (one, two, three) = (pool.get().unwrap(), pool.get().unwrap(), pool.get().unwrap());
    let mut first_peer = listener.accept_tcp().unwrap();
    first_peer.set_deadline(Deadline::after(PATIENCE));
    one.put();
    hand.advance(limit / 2);
    two.put();
    three.put();
    assert_eq!((pool.idle(), pool.counts().reaped), (2, 1), "room for two");
    assert_eq!(first_peer.read(&mut [0; 1]).unwrap(), 0, "the first one was closed");
    hand.advance(limit - Duration::from_nanos(1));
    assert_eq!(pool.reap(), 0);
    hand.advance(Duration::from_nanos(1));
    assert_eq!((pool.reap(), pool.idle()), (2, 0));
}

#[test]
fn a_connection_that_is_not_put_back_is_closed() {
    let listener = listen();
    let pool = pool_of(listener.socket_addr(), PoolConfig::default());
    let broken_off = pool.get().unwrap();
    let mut peer = listener.accept_tcp().unwrap();
    drop(broken_off);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(pool.idle(), 0);
}

#[test]
fn a_deadline_of_the_last_use_does_not_follow_a_connection_out_of_the_pool() {
    let server = ping_server();
    let pool = pool_of(server.socket_addr(), PoolConfig::default());
    let mut conn = pool.get().unwrap();
    conn.set_deadline(Deadline::at(Instant::now()));
    conn.put();
    let mut conn = pool.get().unwrap();
    assert!(conn.was_idle());
    exchange(&mut *conn, b"ping", b"pong");
}
