//! The `Date` field. Every response has one, and it changes once a second.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::base::calendar::Timestamp;

/// Calls `with` the present time in HTTP's form. Each thread keeps the text for the second it was made in, so that a busy
/// server formats no dates and no thread waits for another.
pub fn with_date<T>(with: impl FnOnce(&str) -> T) -> T {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(made_in, text)| {
        if *made_in != second || text.is_empty() {
            *text = Timestamp::from(now).http_date();
            *made_in = second;
        }
        with(text)
    })
}
