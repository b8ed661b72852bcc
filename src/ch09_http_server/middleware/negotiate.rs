//! Whether a client takes gzip: the field `Accept-Encoding` (RFC 9110, 12.5.3).
//!
//! ```text
//! gzip, deflate, br            yes
//! gzip;q=0.5, identity         no: it likes the plain bytes better
//! gzip;q=0, *                  no: named and refused
//! *                            yes
//! (no field)                   no: it may, but most that say nothing cannot
//! ```

use crate::ch08_http_client::header::Header;

/// Whether gzip is acceptable and not less wanted than no coding at all.
pub fn accepts_gzip(header: &Header) -> bool {
    let mut gzip = None;
    let mut any = None;
    let mut plain = 0;
    for element in header.elements("Accept-Encoding") {
        let mut parts = element.split(';');
        let coding = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let weight = parts.find_map(weight_of).unwrap_or(1_000);
        match coding.as_str() {
            // RFC 9110, 8.4.1.3: the same coding by its old name.
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = Some(weight),
            "identity" => plain = weight,
            _ => {}
        }
    }
    let weight = gzip.or(any).unwrap_or(0);
    weight > 0 && weight >= plain
}

/// A weight in thousandths; what is no number refuses the coding, which is always safe.
fn weight_of(parameter: &str) -> Option<u32> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("1", true) if fraction.bytes().all(|byte| byte == b'0') => Some(1_000),
        ("0", true) => format!("{fraction:0<3}").parse().ok(),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_decide_and_a_refusal_is_a_refusal() {
        #[rustfmt::skip]
        let cases = [
            ("gzip", true), ("gzip, deflate, br", true), ("GZIP;Q=0.001", true), ("x-gzip", true), ("*", true), ("br, *;q=0.1", true),
            ("gzip;q=0.5, identity;q=0.5", true), ("gzip ; q=1.000", true), ("deflate, gzip;q=0.8;x=y", true),
            ("", false), ("br", false), ("gzip;q=0", false), ("gzip;q=0.000, *", false), ("*;q=0", false), ("identity", false),
            ("gzip;q=0.5, identity", false), ("gzip;q=x", false), ("gzip;q=-1", false), ("gzip;q=2", false), ("gzip;q=1.001", false),
            ("gzip;q=0.1234", false), ("gzipped", false), ("gzip;q=", false),
        ];
        for (value, accepts) in cases {
            assert_eq!(accepts_gzip(&Header::from([("Accept-Encoding", value)])), accepts, "{value:?}");
        }
        assert!(!accepts_gzip(&Header::new()));
        assert!(accepts_gzip(&Header::from([("Accept-Encoding", "br"), ("accept-encoding", "gzip")])));
    }
}
