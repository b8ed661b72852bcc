//! Zone files, good and bad.

use super::*;

fn shown(text: &str) -> Vec<String> {
    records(text).unwrap().iter().map(|(line, record)| format!("{line}: {record}")).collect()
}

fn problem(text: &str) -> (usize, ZoneProblem) {
    let error = records(text).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn the_example_of_the_module_page() {
    let text = "\
$ORIGIN google.com.
$TTL 21599
@     59 IN SOA ns1 dns-admin ( 248440550 900 ; comment
            900 1800 60 )
            NS  ns1
mail        CNAME googlemail.l
";
    assert_eq!(
        shown(text),
        [
            "3: google.com. 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60",
            "5: google.com. 21599 IN NS ns1.google.com.",
            "6: mail.google.com. 21599 IN CNAME googlemail.l.google.com.",
        ]
    );
}

#[test]
fn time_and_class_come_in_either_order_or_not_at_all() {
    let expected = "a. 60 IN A 1.2.3.4";
    for middle in ["60 IN A", "IN 60 A", "in 1m a"] {
        assert_eq!(shown(&format!("a. {middle} 1.2.3.4")), [format!("1: {expected}")]);
    }
    assert_eq!(shown("$TTL 60\na. IN A 1.2.3.4\na. A 1.2.3.4").len(), 2);
}

#[test]
fn a_record_without_a_time_takes_it_from_the_file_or_the_one_before() {
    assert_eq!(shown("$TTL 5\na. 60 A 1.2.3.4\nb. A 1.2.3.4")[1], "3: b. 5 IN A 1.2.3.4");
    assert_eq!(shown("a. 60 A 1.2.3.4\nb. A 1.2.3.4")[1], "2: b. 60 IN A 1.2.3.4");
    assert!(shown("a. SOA b. c. 1 2 3 4 77")[0].starts_with("1: a. 77 IN SOA"));
    assert_eq!(problem("a. A 1.2.3.4"), (1, ZoneProblem::NoTtl));
}

#[test]
fn a_name_that_looks_like_a_type_a_class_or_a_number_is_a_name() {
    assert_eq!(shown("$ORIGIN x.\n$TTL 1\nA A 1.2.3.4\nIN IN A 1.2.3.4\n60 A 1.2.3.4").len(), 3);
    assert_eq!(shown("$ORIGIN x.\n$TTL 1\na NS NS\n")[0], "3: a.x. 1 IN NS NS.x.");
}

#[test]
fn an_origin_may_be_under_the_one_before() {
    let text = "$TTL 1\n$ORIGIN com.\n$origin google\n@ A 1.2.3.4\n$ORIGIN org.\n@ A 1.2.3.4\n A 1.2.3.5";
    let lines = shown(text);
    assert_eq!(lines[0], "4: google.com. 1 IN A 1.2.3.4");
    assert_eq!(lines[2], "7: org. 1 IN A 1.2.3.5");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    assert_eq!(problem("\n\na A 1.2.3.4"), (3, ZoneProblem::NoOrigin("a".to_string())));
    assert_eq!(problem("\n\n  60 A 1.2.3.4"), (3, ZoneProblem::NoOwner));
    assert_eq!(problem("$INCLUDE /etc/passwd"), (1, ZoneProblem::UnknownDirective("$INCLUDE".to_string())));
    assert_eq!(problem("$TTL 1\na. CH A 1.2.3.4"), (2, ZoneProblem::OtherClass("CH".to_string())));
    assert_eq!(problem("a. 60"), (1, ZoneProblem::FieldMissing { wanted: "a record type" }));
    assert!(matches!(problem("a. 60 60 A 1.2.3.4"), (1, ZoneProblem::FieldWrong { .. })));
    assert!(matches!(problem("$ORIGIN com. org."), (1, ZoneProblem::FieldTooMany(_))));
    assert!(matches!(problem("$ORIGIN"), (1, ZoneProblem::FieldMissing { .. })));
    assert!(matches!(problem("$TTL -1"), (1, ZoneProblem::FieldWrong { .. })));
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let long = ";".repeat(MAX_FILE + 1);
    assert!(matches!(problem(&long), (1, ZoneProblem::TooLarge { .. })));
}
