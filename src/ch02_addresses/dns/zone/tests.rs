//! Sets, cuts, names that exist, zones that contradict themselves.

use super::*;

const HEAD: &str = "$ORIGIN example.com.\n$TTL 60\n@ SOA ns admin 1 2 3 4 30\n@ NS ns\n";

fn zone(rest: &str) -> Zone {
    format!("{HEAD}{rest}").parse().unwrap()
}

fn problem(rest: &str) -> (usize, ZoneProblem) {
    let error = format!("{HEAD}{rest}").parse::<Zone>().unwrap_err();
    (error.line, error.problem)
}

fn name(text: &str) -> Name {
    Name::relative_to(text, &"example.com".parse().unwrap()).unwrap()
}

#[test]
fn a_set_stands_together_in_the_order_of_the_file() {
    let zone = zone("a A 3.3.3.3\na TXT x\na A 1.1.1.1\na A 2.2.2.2\na A 3.3.3.3\n");
    let addresses: Vec<String> =
        zone.set(&name("A"), RecordType::A).iter().map(|record| record.data.to_string()).collect();
    assert_eq!(addresses, ["3.3.3.3", "1.1.1.1", "2.2.2.2"], "the second 3.3.3.3 is the first");
    assert_eq!(zone.set(&name("a"), RecordType::TXT).len(), 1);
    assert!(zone.set(&name("a"), RecordType::MX).is_empty());
    assert_eq!(zone.record_count(), 6);
}

#[test]
fn a_set_has_one_time_to_live_the_least() {
    let zone = zone("a 50 A 1.1.1.1\na 40 A 2.2.2.2\na 70 TXT x\n");
    assert!(zone.set(&name("a"), RecordType::A).iter().all(|record| record.ttl == 40));
    assert_eq!(zone.set(&name("a"), RecordType::TXT)[0].ttl, 70);
}

#[test]
fn a_name_exists_if_one_below_it_does() {
    let zone = zone("a.b.c A 1.1.1.1\nbc A 1.1.1.1\n");
    for exists in ["@", "c", "b.c", "a.b.c", "B.C", "bc"] {
        assert!(zone.exists(&name(exists)), "{exists}");
    }
    for missing in ["b", "x.a.b.c", "x.c", "d", "a.c"] {
        assert!(!zone.exists(&name(missing)), "{missing}");
    }
}

#[test]
fn the_zone_ends_at_the_highest_cut() {
    let zone = zone("corp NS ns.corp\nns.corp A 1.1.1.1\ndeep.corp NS ns.deep.corp\n");
    assert_eq!(zone.cut_above(&name("x.deep.corp")), Some(name("corp")));
    assert_eq!(zone.cut_above(&name("corp")), Some(name("corp")));
    assert_eq!(zone.cut_above(&name("@")), None, "the apex has NS records and is no cut");
    assert_eq!(zone.cut_above(&name("corporate")), None);
    assert_eq!(zone.cut_above(&"other.org".parse().unwrap()), None);
}

#[test]
fn no_is_kept_for_as_long_as_the_last_field_says() {
    assert_eq!(zone("").soa().ttl, 60);
    assert_eq!(zone("").negative_soa().ttl, 30);
}

#[test]
fn a_zone_that_contradicts_itself_is_refused_with_the_line() {
    assert_eq!(problem("@ SOA ns admin 2 2 3 4 30\n"), (5, ZoneProblem::NotOneSoa));
    assert!(matches!(problem("a.org. A 1.1.1.1\n"), (5, ZoneProblem::OutsideZone { .. })));
    assert_eq!(problem("a A 1.1.1.1\na CNAME b\n"), (6, ZoneProblem::CnameNotAlone(name("a"))));
    assert_eq!(problem("a CNAME b\na TXT x\n"), (6, ZoneProblem::CnameNotAlone(name("a"))));
    assert_eq!(problem("a CNAME b\na CNAME c\n"), (6, ZoneProblem::CnameNotAlone(name("a"))));
    let no_soa = "$TTL 1\na.com. NS b.com.\n\n".parse::<Zone>().unwrap_err();
    assert_eq!((no_soa.line, no_soa.problem), (3, ZoneProblem::NotOneSoa));
    let no_ns = "$TTL 1\na.com. SOA b.com. c.com. 1 2 3 4 5\n".parse::<Zone>().unwrap_err();
    assert!(matches!(no_ns.problem, ZoneProblem::NoNameServer(_)));
    assert!("".parse::<Zone>().is_err());
}

#[test]
fn the_signature_of_a_cname_may_stand_beside_it() {
    let zone = zone("a CNAME b\na RRSIG CNAME 13 3 60 20330518033320 0 1 @ AQID\n");
    assert_eq!(zone.records(&name("a")).len(), 2);
}

#[test]
fn a_name_with_too_many_records_is_refused() {
    let mut lines = String::new();
    for index in 0..=MAX_AT_NAME {
        lines.push_str(&format!("a A 10.0.{}.{}\n", index / 256, index % 256));
    }
    assert!(matches!(problem(&lines), (_, ZoneProblem::TooLarge { .. })));
}
