//! A progress bar for a terminal: how much, how fast, how much longer.
//!
//! ```text
//!  42 % [########············]  12.3 MiB   4.1 MiB/s  4 s left      the size is known (tsize)
//!  12.3 MiB   4.1 MiB/s                                             it is not
//! ```
//! A line is drawn over the one before it, ten times a second at most: a fast transfer has a hundred thousand blocks a
//! second, and a terminal is slower than a network. Where the output is no terminal, nothing is drawn.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::base::deadline::Clock;
use crate::base::show::bytes_count;

/// Time between two drawings.
const PERIOD: Duration = Duration::from_millis(100);
/// Characters in the bar.
const BAR: u64 = 20;
/// Back to the line's beginning, and away with what stands there.
const ERASE: &str = "\r\x1b[K";

/// A bar, or nothing that takes the same calls.
pub struct Progress {
    out: Option<Box<dyn Write>>,
    clock: Clock,
    start: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    /// Draws nothing.
    pub fn silent() -> Progress {
        Progress::drawing_on(None, Clock::System)
    }

    /// Draws on standard error if that is a terminal: standard output may be the file.
    pub fn on_terminal() -> Progress {
        let stderr = io::stderr();
        if !stderr.is_terminal() {
            return Progress::silent();
        }
        Progress::drawing_on(Some(Box::new(stderr)), Clock::System)
    }

    /// Draws on `out`, by the clock given.
    pub fn drawing_on(out: Option<Box<dyn Write>>, clock: Clock) -> Progress {
        let start = clock.now();
        Progress { out, clock, start, drawn: None }
    }

    /// The time since the bar was made.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.start)
    }

    /// So many bytes are done, of so many if that is known. Draws if the last drawing is a while ago.
    pub fn update(&mut self, done: u64, total: Option<u64>) {
        if self.out.is_none() {
            return;
        }
        let now = self.clock.now();
        if self.drawn.is_some_and(|drawn| now.saturating_duration_since(drawn) < PERIOD) {
            return;
        }
        self.drawn = Some(now);
        let line = line(done, total, self.elapsed());
        self.put(&format!("{ERASE}{line}"));
    }

    /// Takes the bar away, so that the next line begins at the margin.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            self.put(ERASE);
        }
    }

    /// A terminal that is gone is no reason to end the transfer: the bar ends.
    fn put(&mut self, text: &str) {
        let Some(out) = &mut self.out else { return };
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.out = None;
        }
    }
}

/// The text of the bar. A peer's size may be a lie: more than all of it is shown as all of it.
pub fn line(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let rate = rate(done, elapsed);
    let speed = format!("{:>10}  {:>10}/s", bytes_count(done), bytes_count(rate));
    let Some(total) = total.filter(|total| *total > 0) else { return speed };
    // 128 bits: a size of 2^64 bytes times 100 must not overflow.
    let part = |whole: u64| (u128::from(done.min(total)) * u128::from(whole) / u128::from(total)) as u64;
    let full = part(BAR) as usize;
    let bar = format!("{}{}", "#".repeat(full), "·".repeat(BAR as usize - full));
    let left = match total.saturating_sub(done).checked_div(rate) {
        Some(seconds) => format!("  {seconds} s left"),
        None => String::new(),
    };
    format!("{:>3} % [{bar}] {speed}{left}", part(100))
}

/// Bytes per second so far.
pub fn rate(done: u64, elapsed: Duration) -> u64 {
    let micros = elapsed.as_micros().max(1);
    u64::try_from(u128::from(done) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::deadline::FakeClock;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn the_line_has_percent_amount_rate_and_time_left() {
        let text = line(512 * 1024, Some(2 * 1024 * 1024), Duration::from_secs(2));
        assert_eq!(text, " 25 % [#####···············]    512 KiB     256 KiB/s  6 s left");
        assert_eq!(line(1024, None, Duration::from_secs(1)), "     1 KiB       1 KiB/s");
    }

    #[test]
    fn sizes_that_lie_break_nothing() {
        assert!(line(10, Some(5), Duration::from_secs(1)).starts_with("100 % [####################]"));
        assert!(line(u64::MAX, Some(u64::MAX), Duration::ZERO).starts_with("100 %"));
        assert!(line(0, Some(u64::MAX), Duration::ZERO).starts_with("  0 %"));
        assert!(!line(5, Some(0), Duration::ZERO).contains('%'));
    }

    #[test]
    fn a_line_is_drawn_ten_times_a_second_at_most_and_over_the_last() {
        let (screen, hand) = (Screen::default(), FakeClock::new());
        let mut bar = Progress::drawing_on(Some(Box::new(screen.clone())), Clock::Fake(hand.clone()));
        for block in 0..1000 {
            bar.update(block * 512, Some(512_000));
        }
        assert_eq!(screen.text().matches(ERASE).count(), 1);
        hand.advance(PERIOD);
        bar.update(512_000, Some(512_000));
        assert_eq!(screen.text().matches(ERASE).count(), 2);
        bar.clear();
        bar.clear();
        assert!(screen.text().ends_with(ERASE) && screen.text().matches(ERASE).count() == 3);
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        let mut bar = Progress::silent();
        bar.update(1, Some(2));
        bar.clear();
        assert!(bar.drawn.is_none());
    }
}
