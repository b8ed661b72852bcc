//! Names and lengths of time that several tests need.

use netprog::base::trace::{self, PartyGuard};

pub fn client() -> PartyGuard {
    chapter();
    trace::party("client")
}

/// For the models, whose parties all live in the test's thread.
pub fn chapter() {
    trace::chapter("ch01");
}

/// A line of a figure, for the terminal and for the tour.
pub fn say(who: &str, text: &str) {
    println!("{who}: {text}");
    trace::note_of(who, || text.to_string());
}

pub fn words(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_string).collect()
}
