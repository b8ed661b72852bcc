//! Daytime: one line with the date and the time, then the end (RFC 867; port 13, TCP and UDP).
//!
//! ```text
//! Sun Aug 29 17:25:19 UTC 2010\r\n
//! ```
//! Over TCP a client only connects; what it sends is thrown away. Over UDP any datagram, an empty one too, is answered
//! with a datagram. The RFC leaves the form of the line open: this is what `date` prints, in UTC.
//!
//! Notes: "A Daytime server".

use std::io;
use std::time::SystemTime;

use super::limits::{Limits, say_last};
use crate::base::calendar::Timestamp;
use crate::base::conn::Conn;

/// The line that says `now`.
pub fn line(now: SystemTime) -> Vec<u8> {
    format!("{}\r\n", Timestamp::from(now).unix_date()).into_bytes()
}

/// Tells a client the time.
///
/// # Errors
/// The write's.
pub fn daytime(mut conn: Box<dyn Conn>, limits: &Limits) -> io::Result<()> {
    say_last(&mut *conn, limits, &line(SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn the_line_has_the_form_in_the_heading() {
        let then = UNIX_EPOCH + Duration::from_secs(1_283_102_719);
        assert_eq!(line(then), b"Sun Aug 29 17:25:19 UTC 2010\r\n");
        assert_eq!(line(UNIX_EPOCH), b"Thu Jan  1 00:00:00 UTC 1970\r\n");
    }
}
