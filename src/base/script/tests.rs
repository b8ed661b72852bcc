//! Scripts that are kept, and scripts that are not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::*;

/// A client of the player, whose reads end even if the player misbehaves.
fn client(player: &Player) -> TcpStream {
    let stream = TcpStream::connect(player.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut came = Vec::new();
    stream.read_to_end(&mut came).unwrap();
    came
}

#[test]
fn a_script_is_played_to_its_end() {
    let steps =
        vec![expect("ping"), reply("pong"), expect(b"bye"), Step::ExpectEnd, reply(vec![1, 2]), Step::Close];
    let player = play(steps).unwrap();
    let mut client = client(&player);
    client.write_all(b"ping").unwrap();
    let mut pong = [0; 4];
    client.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"pong");
    client.write_all(b"bye").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&mut client), [1, 2]);
    player.finish().unwrap();
}

#[test]
fn bytes_that_come_in_pieces_are_what_was_expected() {
    let player = play(vec![expect("abcdef"), expect("gh"), reply("ok")]).unwrap();
    let mut client = client(&player);
    client.set_nodelay(true).unwrap();
    for piece in ["a", "bcd", "efgh"] {
        client.write_all(piece.as_bytes()).unwrap();
    }
    assert_eq!(read_all(&mut client), b"ok");
    player.finish().unwrap();
}

#[test]
fn a_mismatch_names_the_step_and_shows_both_sides() {
    let player = play(vec![reply("hello"), expect("GET /\r\n")]).unwrap();
    let mut client = client(&player);
    // The first bytes alone must be enough: a script that waited for the length it wants would wait for ever.
    client.write_all(b"GOT\n").unwrap();
    assert_eq!(read_all(&mut client), b"hello", "a script that failed hangs up");
    let error = player.finish().unwrap_err();
    assert_eq!(error.to_string(), r#"script, step 2: wanted "GET /\r\n", came "GOT\n""#);
    assert!(matches!(error, ScriptError::Unexpected { step: 2, .. }));
}

#[test]
fn a_peer_that_ends_inside_what_was_expected_is_told_from_one_that_says_something_else() {
    let player = play(vec![expect("whole")]).unwrap();
    let mut client = client(&player);
    client.write_all(b"who").unwrap();
    drop(client);
    let error = player.finish().unwrap_err();
    assert_eq!(error.to_string(), r#"script, step 1: wanted "whole", came "who" and the end of the stream"#);
}

#[test]
fn bytes_where_the_end_was_expected_are_shown() {
    let player = play(vec![expect("a"), Step::ExpectEnd]).unwrap();
    client(&player).write_all(b"ab").unwrap();
    let error = player.finish().unwrap_err();
    assert_eq!(error.to_string(), r#"script, step 2: wanted the end of the stream, came "b""#);
}

#[test]
fn a_step_after_closing_is_the_scripts_own_mistake() {
    let player = play(vec![Step::Close, reply("x")]).unwrap();
    let _client = client(&player);
    let error = player.finish().unwrap_err();
    assert!(matches!(&error, ScriptError::Broken { step: 2, doing: "reply", .. }), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_reset_is_a_reset_and_what_was_sent_before_it_arrives() {
    let player = play(vec![reply("last"), Step::Reset]).unwrap();
    let mut client = client(&player);
    let mut last = [0; 4];
    client.read_exact(&mut last).unwrap();
    let error = client.read(&mut last).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    player.finish().unwrap();
}

#[test]
fn a_finished_script_still_reads() {
    let player = play(vec![reply("done"), Step::Finish, expect("thanks"), Step::ExpectEnd]).unwrap();
    let mut client = client(&player);
    assert_eq!(read_all(&mut client), b"done");
    client.write_all(b"thanks").unwrap();
    drop(client);
    player.finish().unwrap();
}

#[test]
fn a_held_connection_stays_open_until_finish_and_the_script_goes_on() {
    let player = play(vec![Step::Hold, reply("released")]).unwrap();
    let mut client = client(&player);
    client.write_all(b"never read before the reply").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    client.set_read_timeout(Some(LIMIT)).unwrap();
    player.finish().unwrap();
    let mut came = [0; 8];
    client.read_exact(&mut came).unwrap();
    assert_eq!(&came, b"released");
}

#[test]
fn a_gate_keeps_the_script_from_going_on() {
    let (open, gate) = mpsc::channel();
    let player = play(vec![Step::WaitFor(gate), reply("now"), Step::Close]).unwrap();
    let mut client = client(&player);
    client.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    client.set_read_timeout(Some(LIMIT)).unwrap();
    open.send(()).unwrap();
    assert_eq!(read_all(&mut client), b"now");
    player.finish().unwrap();
}

#[test]
fn pieces_and_drips_arrive_whole_and_a_drip_takes_its_time() {
    let every = Duration::from_millis(10);
    let drip = Step::Drip { bytes: b"drip".to_vec(), every };
    let player = play(vec![Step::ReplyInPieces(b"pieces".to_vec(), 4), drip, Step::Close]).unwrap();
    let begin = Instant::now();
    assert_eq!(read_all(&mut client(&player)), b"piecesdrip");
    assert!(begin.elapsed() >= every * 3, "three pauses lie between four bytes");
    player.finish().unwrap();
}

#[test]
fn a_drip_the_other_side_has_had_enough_of_is_done() {
    let endless = Step::Drip { bytes: vec![b'.'; 100_000], every: Duration::from_millis(1) };
    let player = play(vec![endless, Step::ExpectGone]).unwrap();
    let mut client = client(&player);
    client.read_exact(&mut [0; 2]).unwrap();
    drop(client);
    player.finish().unwrap();
}

#[test]
fn the_same_script_is_played_as_a_client() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let player =
        dial(listener.local_addr().unwrap(), vec![reply("ping"), expect("pong"), Step::ExpectEnd]).unwrap();
    let (mut server, from) = listener.accept().unwrap();
    assert_eq!(from, player.address());
    let mut ping = [0; 4];
    server.read_exact(&mut ping).unwrap();
    server.write_all(b"pong").unwrap();
    drop(server);
    player.finish().unwrap();
}

#[test]
fn a_second_client_is_not_served() {
    let player = play(vec![reply("one"), Step::Hold]).unwrap();
    let mut first = client(&player);
    first.read_exact(&mut [0; 3]).unwrap();
    let second = TcpStream::connect(player.address());
    assert_eq!(second.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    player.finish().unwrap();
}

#[test]
fn a_player_dropped_by_a_failing_test_lets_everybody_go() {
    let waiting_for_a_client = play(vec![reply("x")]).unwrap();
    let address = waiting_for_a_client.address();
    drop(waiting_for_a_client);
    assert!(
        TcpStream::connect(address).and_then(|mut s| s.read(&mut [0; 1])).map_or(true, |count| count == 0)
    );

    let waiting_for_bytes = play(vec![reply("x"), expect("never sent")]).unwrap();
    let mut client = client(&waiting_for_bytes);
    client.read_exact(&mut [0; 1]).unwrap();
    drop(waiting_for_bytes);
    assert_eq!(read_all(&mut client), b"");
}
#[test]
fn scripts_do_not_disturb_each_other() {
    let mut clients = Vec::new();
    for number in 0..8 {
        clients.push(thread::spawn(move || {
            let player = play(vec![expect(vec![number]), reply(vec![number]), Step::ExpectEnd]).unwrap();
            let mut client = client(&player);
            client.write_all(&[number]).unwrap();
            let mut echo = [0];
            client.read_exact(&mut echo).unwrap();
            drop(client);
            player.finish().unwrap();
            echo[0]
        }));
    }
    for (number, thread) in clients.into_iter().enumerate() {
        assert_eq!(usize::from(thread.join().unwrap()), number);
    }
}

#[test]
fn in_the_trace_the_player_is_the_peer() {
    trace::capture();
    let player = play(vec![expect("script-trace-ping"), reply("script-trace-pong")]).unwrap();
    let mut client = client(&player);
    client.write_all(b"script-trace-ping").unwrap();
    assert_eq!(read_all(&mut client), b"script-trace-pong");
    player.finish().unwrap();
    let sent = |event: &trace::Event| event.kind == Kind::Sent && event.bytes == b"script-trace-pong";
    let events = trace::captured();
    let pong = events.iter().find(|event| sent(event)).unwrap();
    assert_eq!(pong.from, "peer");
}
