//! Shortens a long conversation: runs of alike rows become one, and the middle of what is still too long is left out.

use crate::layout::{Look, Place, Row, size};

/// So many rows fit on two terminal pages; nobody reads a third.
pub const MAX_ROWS: usize = 60;
/// Of a conversation that is too long, its end is worth less than its beginning.
const ROWS_AT_THE_END: usize = 20;
/// From so many rows of one flow of bytes on, only the first and the last are shown. Four heartbeats are a story.
const LONG_FLOW: usize = 7;
/// From so many rows that say the same on, one stands for all.
const MANY_ALIKE: usize = 4;

/// Folds runs, then the middle.
pub fn fold(rows: Vec<Row>) -> Vec<Row> {
    leave_out_the_middle(fold_flows(fold_alike(rows)))
}

fn fold_alike(rows: Vec<Row>) -> Vec<Row> {
    fold_runs(rows, MANY_ALIKE, says_the_same, |run| {
        let mut one = run[0].clone();
        one.times = run.len();
        one.until = run[run.len() - 1].until;
        vec![one]
    })
}

fn says_the_same(a: &Row, b: &Row) -> bool {
    a.place == b.place
        && a.look == b.look
        && a.bytes == b.bytes
        && a.length == b.length
        && a.text == b.text
        // A heartbeat is told from a burst by its pause.
        && (a.look != Look::Data || b.at.saturating_sub(a.at).as_millis() < 20)
}

fn fold_flows(rows: Vec<Row>) -> Vec<Row> {
    fold_runs(
        rows,
        LONG_FLOW,
        |a, b| a.flow.is_some() && a.flow == b.flow,
        |run| {
            let last = run.len() - 1;
            vec![run[0].clone(), folded(&run[1..last]), run[last].clone()]
        },
    )
}

fn folded(run: &[Row]) -> Row {
    let (mut writes, mut written, mut reads, mut read) = (0, 0, 0, 0);
    for row in run {
        if row.look == Look::Data {
            writes += row.times;
            written += row.times * row.length;
        } else {
            reads += row.times;
            read += row.times * row.length;
        }
    }
    let text = match (writes, reads) {
        (0, reads) => format!("{reads} reads, {}", size(read)),
        (writes, 0) => format!("{writes} more messages, {}", size(written)),
        (writes, reads) => format!("{writes} more messages, {}, in {reads} reads", size(written)),
    };
    let (from, to) = run[0].flow.unwrap_or_default();
    let place = if from == to || writes == 0 { Place::Beside(to) } else { Place::Between { from, to } };
    let last = &run[run.len() - 1];
    Row {
        place,
        look: Look::Folded,
        bytes: Vec::new(),
        length: 0,
        text,
        times: 1,
        until: last.until,
        ..run[0].clone()
    }
}

/// Replaces every run of at least `least` neighbours that `belong` together by what `shorten` makes of it.
fn fold_runs(
    rows: Vec<Row>,
    least: usize,
    belong: impl Fn(&Row, &Row) -> bool,
    shorten: impl Fn(&[Row]) -> Vec<Row>,
) -> Vec<Row> {
    let mut shorter = Vec::with_capacity(rows.len());
    let mut start = 0;
    while start < rows.len() {
        let mut end = start + 1;
        while end < rows.len() && belong(&rows[end - 1], &rows[end]) {
            end += 1;
        }
        if end - start >= least {
            shorter.extend(shorten(&rows[start..end]));
        } else {
            shorter.extend_from_slice(&rows[start..end]);
        }
        start = end;
    }
    shorter
}

fn leave_out_the_middle(mut rows: Vec<Row>) -> Vec<Row> {
    if rows.len() <= MAX_ROWS {
        return rows;
    }
    let first = MAX_ROWS - ROWS_AT_THE_END - 1;
    let last = rows.len() - ROWS_AT_THE_END;
    let gap = Row {
        place: Place::Across,
        look: Look::LeftOut,
        bytes: Vec::new(),
        length: 0,
        text: format!("{} events left out", last - first),
        times: 1,
        flow: None,
        ..rows[first].clone()
    };
    rows.splice(first..last, [gap]);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{connected, note, received, sent};
    use crate::layout::lay_out;
    use std::time::Duration;

    #[test]
    fn ten_connections_of_one_party_are_one_line() {
        let mut events = Vec::new();
        for number in 0..10 {
            events.push(connected(number, "client", "server"));
        }
        let rows = lay_out(&events).rows;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].times, rows[0].until), (10, Duration::from_millis(9)));
        assert_eq!(rows[0].label(40), "connect ×10 until 9.0 ms");
    }

    #[test]
    fn a_long_transfer_shows_its_first_and_last_piece() {
        let piece = vec![7; 1000];
        let mut events = Vec::new();
        for number in 0..32 {
            events.push(sent(number, "server", "client", &piece));
            events.push(received(number, "server", "client", &piece[..600]));
            events.push(received(number, "server", "client", &piece[600..]));
        }
        let rows = lay_out(&events).rows;
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1].look, Look::Folded);
        assert_eq!(rows[1].text, "31 more messages, 30.3 KiB, in 63 reads");
        assert_eq!(rows[1].place, Place::Between { from: 0, to: 1 });
    }

    #[test]
    fn heartbeats_are_not_folded() {
        let mut events = Vec::new();
        for number in 0..5 {
            events.push(sent(number * 100, "a", "b", b"ping"));
        }
        assert_eq!(lay_out(&events).rows.len(), 5);
    }

    #[test]
    fn a_burst_of_the_same_is_one_line() {
        let mut events = Vec::new();
        for number in 0..5 {
            events.push(sent(number, "a", "b", b"ping"));
        }
        let rows = lay_out(&events).rows;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].label(60), r#""ping" 4 bytes ×5 until 4.0 ms"#);
    }

    #[test]
    fn the_middle_of_a_long_conversation_is_left_out_and_counted() {
        let mut events = Vec::new();
        for number in 0..100 {
            events.push(note(number, "a", &format!("step {number}")));
        }
        let rows = lay_out(&events).rows;
        assert_eq!(rows.len(), MAX_ROWS);
        assert_eq!(rows[39].text, "41 events left out");
        assert_eq!((rows[38].text.as_str(), rows[40].text.as_str()), ("step 38", "step 80"));
        assert_eq!(rows[59].text, "step 99");
    }
}
