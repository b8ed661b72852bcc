//! The table: one line per workload, in Markdown, so that it can stand in a page as it is.

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Messages there and back, per second.
    RoundTrips,
    /// Bytes per second.
    Bytes,
    /// Connections per second.
    Connections,
    /// Requests answered per second.
    Requests,
    /// Payloads per second.
    Payloads,
    /// Resident bytes per connection: here less is better.
    Memory,
}

/// One measured workload.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub workload: &'static str,
    /// Connections at once.
    pub connections: usize,
    /// Bytes per message.
    pub size: usize,
    /// What the numbers count.
    pub unit: Unit,
    /// Our median.
    pub ours: f64,
    /// The peer's median.
    pub peer: Option<f64>,
    /// That of nginx.
    pub nginx: Option<f64>,
}

/// The value in the middle; between two, their mean. Zero of nothing.
pub fn median(rounds: &mut [f64]) -> f64 {
    rounds.sort_by(f64::total_cmp);
    match rounds.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => rounds[odd / 2],
        even => (rounds[even / 2 - 1] + rounds[even / 2]) / 2.0,
    }
}

/// The table as text.
pub fn render(rows: &[Row]) -> String {
    let titles =
        ["workload", "connections", "bytes", "ours", "peer", "nginx", "unit", "ours / peer", "ours / nginx"];
    let mut lines = vec![titles.map(str::to_string)];
    for row in rows {
        let other = |other: Option<f64>| other.map_or("–".to_string(), |other| number(row.unit, other));
        let ratio =
            |other: Option<f64>| other.map_or("–".to_string(), |other| format!("{:.2}", row.ours / other));
        lines.push([
            row.workload.to_string(),
            row.connections.to_string(),
            row.size.to_string(),
            number(row.unit, row.ours),
            other(row.peer),
            other(row.nginx),
            unit(row.unit).to_string(),
            ratio(row.peer),
            ratio(row.nginx),
        ]);
    }
    let mut widths = [0; 9];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (width, cell) in widths.iter().zip(line) {
            text.push_str(&format!("| {cell:<width$} "));
        }
        text.push_str("|\n");
        if index == 0 {
            for width in widths {
                text.push_str(&format!("|{}", "-".repeat(width + 2)));
            }
            text.push_str("|\n");
        }
    }
    text
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::RoundTrips => "round trips/s",
        Unit::Bytes => "MB/s",
        Unit::Connections => "connections/s",
        Unit::Requests => "requests/s",
        Unit::Payloads => "payloads/s",
        Unit::Memory => "KiB/connection (less is better)",
    }
}

fn number(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Bytes => format!("{:.0}", value / 1e6),
        Unit::Memory => format!("{:.1}", value / 1024.0),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn a_row_without_a_peer_has_dashes_and_one_with_a_peer_its_ratio() {
        let row = Row {
            workload: "echo",
            connections: 1,
            size: 64,
            unit: Unit::RoundTrips,
            ours: 300.0,
            peer: Some(200.0),
            nginx: Some(400.0),
        };
        let alone = Row { peer: None, nginx: None, ..row.clone() };
        let text = render(&[row, alone]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].contains("| 300 ") && lines[2].contains("| 1.50 "), "{text}");
        assert!(lines[2].contains("| 0.75 "), "{text}");
        assert!(lines[3].contains("| –"), "{text}");
    }
}
