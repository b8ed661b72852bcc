//! Tests of tokens.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

const SOON: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn the_first_cause_sticks() {
    let cancelled = Cancel::after(LONG);
    cancelled.cancel();
    assert_eq!(cancelled.cause(), Some(Cause::Cancelled));

    let expired = Cancel::new().child_before(Deadline::at(Instant::now()));
    expired.cancel();
    assert_eq!(expired.cause(), Some(Cause::DeadlineExceeded));
}

#[test]
fn a_parent_ends_its_children_and_a_child_leaves_its_parent_alone() {
    let root = Cancel::new();
    let (one, two) = (root.child(), root.child());
    let below = one.child();
    one.cancel();
    assert_eq!(below.cause(), Some(Cause::Cancelled));
    assert_eq!((root.cause(), two.cause()), (None, None));
    root.cancel();
    assert_eq!(two.cause(), Some(Cause::Cancelled));
    assert_eq!(root.child().cause(), Some(Cause::Cancelled), "born to an ended parent");
}

#[test]
fn a_child_that_has_not_been_told_yet_gives_its_parents_cause_after_the_deadline_too() {
    let parent = Cancel::after(SOON * 2);
    let mut children = Vec::new();
    children.resize_with(16, || parent.child());
    let (told, heard) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    // The callbacks run in no order: those behind this one, most of the children's, have to wait for it.
    let _blocks = parent.on_end(move |_| {
        told.send(()).unwrap();
        let _ = gate.recv();
    });
    let token = parent.clone();
    let canceller = thread::spawn(move || token.cancel());
    heard.recv_timeout(LONG).unwrap();
    while !parent.deadline().has_passed() {
        thread::sleep(Duration::from_millis(1));
    }
    for child in &children {
        assert_eq!(child.cause(), parent.cause());
    }
    drop(release);
    canceller.join().unwrap();
}

#[test]
fn a_grandchild_hears_of_it_though_nobody_holds_the_token_between() {
    let root = Cancel::new();
    let grandchild = root.child().child();
    root.cancel();
    assert_eq!(grandchild.cause(), Some(Cause::Cancelled));
}

#[test]
fn the_earlier_deadline_holds_down_the_tree() {
    let root = Cancel::after(SOON);
    let child = root.child_before(Deadline::after(LONG));
    assert_eq!(child.deadline(), root.deadline());
    assert_eq!(child.wait(), Cause::DeadlineExceeded);
}

#[test]
fn a_deadline_runs_callbacks_though_nobody_looks_at_the_token() {
    let (told, heard) = mpsc::channel();
    let token = Cancel::after(SOON);
    let _registration = token.on_end(move |cause| told.send(cause).unwrap());
    assert_eq!(heard.recv_timeout(LONG), Ok(Cause::DeadlineExceeded));
}

#[test]
fn a_sleeper_wakes_at_once_when_cancelled() {
    let token = Cancel::new();
    let sleeper = token.clone();
    let begin = Instant::now();
    let thread = thread::spawn(move || sleeper.sleep(LONG));
    token.cancel();
    assert_eq!(thread.join().unwrap(), Err(Cause::Cancelled));
    assert!(begin.elapsed() < LONG / 2);
}

#[test]
fn an_undisturbed_sleep_lasts_its_whole_length() {
    let begin = Instant::now();
    assert_eq!(Cancel::new().sleep(SOON), Ok(()));
    assert!(begin.elapsed() >= SOON);
}

#[test]
fn a_callback_runs_once_at_once_or_not_at_all() {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = |count: &Arc<AtomicUsize>| {
        let count = Arc::clone(count);
        move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let token = Cancel::new();
    drop(token.on_end(counting(&count)));
    let _kept = token.on_end(counting(&count));
    token.cancel();
    token.cancel();
    assert_eq!(count.load(Ordering::SeqCst), 1, "the dropped one did not run, the kept one once");
    let _late = token.on_end(counting(&count));
    assert_eq!(count.load(Ordering::SeqCst), 2, "on an ended token it runs at once");
}

#[test]
fn a_callback_may_look_at_its_token() {
    let token = Cancel::new();
    let inner = token.clone();
    let (told, heard) = mpsc::channel();
    let _registration = token.on_end(move |_| told.send(inner.cause()).unwrap());
    token.cancel();
    assert_eq!(heard.recv_timeout(LONG), Ok(Some(Cause::Cancelled)));
}

#[test]
fn a_dropped_child_leaves_nothing_with_its_parent() {
    let root = Cancel::new();
    for _ in 0..1000 {
        drop(root.child());
    }
    assert!(root.node.lock().callbacks.is_empty());
}

#[test]
fn causes_become_error_kinds_that_nobody_retries() {
    assert_eq!(io::Error::from(Cause::Cancelled).kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(io::Error::from(Cause::DeadlineExceeded).kind(), io::ErrorKind::TimedOut);
}
