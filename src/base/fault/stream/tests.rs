//! Faults of streams, planned and seeded.

use super::*;
use crate::base::pipe;
use std::time::Instant;

fn reader(bytes: &[u8], reads: Faults) -> Faulty<io::Cursor<Vec<u8>>> {
    Faulty::new(io::Cursor::new(bytes.to_vec()), reads, Faults::none())
}

/// What each of the first calls gave, until the end of the stream.
fn outcomes(stream: &mut impl Read) -> Vec<Result<usize, io::ErrorKind>> {
    let mut outcomes = Vec::new();
    loop {
        let outcome = stream.read(&mut [0; 10]).map_err(|error| error.kind());
        outcomes.push(outcome);
        if outcome == Ok(0) || outcomes.len() == 200 {
            return outcomes;
        }
    }
}

#[test]
fn a_plan_is_followed_call_by_call_and_then_calls_pass() {
    let plan = vec![
        Fault::Short(3),
        Fault::Interrupted,
        Fault::Pass,
        Fault::Error(io::ErrorKind::TimedOut),
        Fault::Short(0),
    ];
    let mut stream = reader(&[7; 20], Faults::planned(plan));
    let wanted = [
        Ok(3),
        Err(io::ErrorKind::Interrupted),
        Ok(10),
        Err(io::ErrorKind::TimedOut),
        Ok(1), // never zero, which would be the end
        Ok(6),
        Ok(0),
    ];
    assert_eq!(outcomes(&mut stream), wanted);
}

#[test]
fn a_failed_call_loses_no_bytes() {
    let plan = vec![Fault::Interrupted, Fault::Short(1), Fault::Interrupted, Fault::Short(2)];
    let mut stream = reader(b"abcdef", Faults::planned(plan));
    let mut all = [0; 6];
    stream.read_exact(&mut all).unwrap();
    assert_eq!(&all, b"abcdef");
}

#[test]
fn a_reset_comes_after_exactly_so_many_bytes_and_stays() {
    let mut stream = reader(b"abcdef", Faults::every(Fault::Short(3)).reset_after(4));
    let mut came = Vec::new();
    let error = stream.read_to_end(&mut came).unwrap_err();
    assert_eq!((came.as_slice(), error.kind()), (b"abcd".as_slice(), io::ErrorKind::ConnectionReset));
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn an_end_cuts_the_stream_inside_a_message() {
    let mut stream = reader(b"abcdef", Faults::none().end_after(4));
    let error = stream.read_exact(&mut [0; 6]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let mut sink = Faulty::new(Vec::new(), Faults::none(), Faults::none().end_after(4));
    assert_eq!(sink.write_all(b"abcdef").unwrap_err().kind(), io::ErrorKind::WriteZero);
    assert_eq!(sink.into_inner(), b"abcd");
}

#[test]
fn short_writes_and_interruptions_do_not_stop_write_all() {
    let chances = Chances { short: 0.6, interrupted: 0.3, ..Chances::default() };
    for seed in 0..20 {
        let mut sink = Faulty::new(Vec::new(), Faults::none(), Faults::seeded(seed, chances.clone()));
        sink.write_all(b"every byte arrives once and in order").unwrap();
        assert_eq!(sink.into_inner(), b"every byte arrives once and in order", "seed {seed}");
    }
}

#[test]
fn the_same_seed_misbehaves_in_the_same_way_and_another_in_another() {
    let chances = Chances { short: 0.4, interrupted: 0.2, would_block: 0.2, ..Chances::default() };
    let run = |seed| outcomes(&mut reader(&[1; 300], Faults::seeded(seed, chances.clone())));
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert!(run(1).contains(&Err(io::ErrorKind::WouldBlock)));
    assert!(run(1).contains(&Err(io::ErrorKind::Interrupted)));
}

#[test]
fn a_delay_is_waited_and_the_bytes_still_come() {
    let length = Duration::from_millis(15);
    let mut stream = reader(b"slow", Faults::planned(vec![Fault::Delay(length)]));
    let begin = Instant::now();
    assert_eq!(stream.read(&mut [0; 9]).unwrap(), 4);
    assert!(begin.elapsed() >= length);
}

#[test]
fn a_faulty_connection_is_a_connection_and_its_halves_are_faulty_too() {
    let (left, mut right) = pipe::pair_named("faulty", "sound", 64);
    let faulty = Faulty::new(left, Faults::every(Fault::Short(1)), Faults::none().reset_after(2));
    assert_eq!(faulty.peer(), Address::Memory("sound".into()));
    let conn: Box<dyn Conn> = Box::new(faulty);
    let (mut reader, mut writer) = conn.split().unwrap();
    right.write_all(b"ab").unwrap();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
    assert_eq!(writer.write(b"xyz").unwrap(), 2);
    assert_eq!(writer.write(b"z").unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
    reader.set_read_deadline(Deadline::after(Duration::from_millis(5)));
    assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    writer.finish().unwrap();
    let mut came = Vec::new();
    right.read_to_end(&mut came).unwrap();
    assert_eq!(came, b"xy");
}
