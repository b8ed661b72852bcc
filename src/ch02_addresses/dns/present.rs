//! A message as text: the form of the book's Listings 2-1 to 2-7.
//!
//! ```text
//! id 4660                          the header: the book leaves these four lines out
//! opcode QUERY
//! rcode NOERROR
//! flags QR RD RA
//! ;QUESTION
//! google.com. IN A
//! ;ANSWER
//! google.com. 299 IN A 172.217.4.46
//! ;AUTHORITY                       empty sections keep their title
//! ;ADDITIONAL
//! ```
//! [`parse`] reads the same text back. It is the form of the web page the book's author used, not that of the `dig` program, which says the same with tabs and
//! `;; ANSWER SECTION:`.

use super::edns::Edns;
use super::message::{Header, Message, Opcode, Question, Rcode};
use super::name::Name;
use super::record::{Record, RecordType};
use super::zone::error::{ZoneError, ZoneProblem};
use super::zone::fields::{Fields, rdata};
use super::zone::scan::entries;

/// The whole message, one line per fact, a newline after each.
pub fn message(message: &Message) -> String {
    let mut text = head(message);
    text.push_str(&question_and_answer(message));
    push_section(&mut text, ";AUTHORITY", &message.authority);
    push_section(&mut text, ";ADDITIONAL", &message.additional);
    text
}

/// Question and answer section: what the book's listings show.
pub fn question_and_answer(message: &Message) -> String {
    let mut text = String::from(";QUESTION\n");
    for question in &message.questions {
        text.push_str(&format!("{question}\n"));
    }
    push_section(&mut text, ";ANSWER", &message.answers);
    text
}

fn push_section(text: &mut String, title: &str, records: &[Record]) {
    text.push_str(title);
    text.push('\n');
    for record in records {
        text.push_str(&format!("{record}\n"));
    }
}

fn head(message: &Message) -> String {
    let header = &message.header;
    let mut text = format!("id {}\nopcode {}\nrcode {}\n", header.id, header.opcode, header.rcode);
    // Without flags the line is just `flags`.
    text.push_str(format!("flags {}", flags(header)).trim_end());
    text.push('\n');
    if let Some(edns) = &message.edns {
        text.push_str(&format!("edns {}\n", edns.version));
        if edns.dnssec_ok {
            text.push_str("eflags DO\n");
        }
        text.push_str(&format!("payload {}\n", edns.udp_size));
    }
    text
}

// --- and back -------------------------------------------------------------------------------------------------------

/// The message that [`message`] or [`question_and_answer`] shows as `text`. Without the lines of the header it is an
/// answer with id 0. Empty lines, and comments behind a blank, are passed over.
///
/// # Errors
/// A [`ZoneError`], for the lines of records are those of zone files.
pub fn parse(text: &str) -> Result<Message, ZoneError> {
    let mut message = Message::query(0, Question::new(Name::root(), RecordType::A));
    message.questions.clear();
    message.header.is_response = true;
    let mut section = Part::Header;
    for (index, line) in text.lines().enumerate() {
        if let Some(next) = Part::of_title(line.trim_end()) {
            section = next;
            continue;
        }
        let problem = |problem| ZoneError { line: index + 1, problem };
        for entry in entries(line).map_err(|error| problem(error.problem))? {
            let fields = Fields::new(&entry.words, None);
            take_line(&mut message, section, fields).map_err(problem)?;
        }
    }
    Ok(message)
}

#[derive(Clone, Copy)]
enum Part {
    Header,
    Question,
    Answer,
    Authority,
    Additional,
}

impl Part {
    fn of_title(line: &str) -> Option<Part> {
        match line {
            ";QUESTION" => Some(Part::Question),
            ";ANSWER" => Some(Part::Answer),
            ";AUTHORITY" => Some(Part::Authority),
            ";ADDITIONAL" => Some(Part::Additional),
            _ => None,
        }
    }
}

fn take_line(message: &mut Message, part: Part, fields: Fields<'_>) -> Result<(), ZoneProblem> {
    match part {
        Part::Header => return take_header(message, fields),
        Part::Question => message.questions.push(question(fields)?),
        Part::Answer => message.answers.push(record(fields)?),
        Part::Authority => message.authority.push(record(fields)?),
        Part::Additional => message.additional.push(record(fields)?),
    }
    Ok(())
}

fn question(mut fields: Fields<'_>) -> Result<Question, ZoneProblem> {
    let name = fields.name()?;
    let class = fields.parsed("a class")?;
    let record_type = fields.parsed("a record type")?;
    fields.finish()?;
    Ok(Question { name, record_type, class })
}

fn record(mut fields: Fields<'_>) -> Result<Record, ZoneProblem> {
    let name = fields.name()?;
    let ttl = fields.seconds("a time to live")?;
    let class = fields.parsed("a class")?;
    let record_type = fields.parsed("a record type")?;
    Ok(Record { name, class, ttl, data: rdata(record_type, fields)? })
}

fn take_header(message: &mut Message, mut fields: Fields<'_>) -> Result<(), ZoneProblem> {
    let header = &mut message.header;
    let key = fields.word("a line of the header")?;
    match key.text.as_str() {
        "id" => header.id = fields.parsed("an id")?,
        "opcode" => header.opcode = opcode(&fields.word("an opcode")?.text)?,
        "rcode" => header.rcode = rcode(&fields.word("a response code")?.text)?,
        "flags" => return take_flags(header, fields),
        "edns" => message.edns.get_or_insert_with(Edns::default).version = fields.parsed("a version")?,
        "payload" => message.edns.get_or_insert_with(Edns::default).udp_size = fields.parsed("a size")?,
        "eflags" => {
            let word = fields.word("DO")?;
            message.edns.get_or_insert_with(Edns::default).dnssec_ok = word.text == "DO";
        }
        _ => return Err(unknown("id, opcode, rcode, flags, edns, eflags or payload", &key.text)),
    }
    fields.finish()
}

fn take_flags(header: &mut Header, mut fields: Fields<'_>) -> Result<(), ZoneProblem> {
    *header = Header { opcode: header.opcode, rcode: header.rcode, ..Header::query(header.id) };
    while fields.peek().is_some() {
        let word = fields.word("a flag")?;
        let flag = match word.text.as_str() {
            "QR" => &mut header.is_response,
            "AA" => &mut header.authoritative,
            "TC" => &mut header.truncated,
            "RD" => &mut header.recursion_desired,
            "RA" => &mut header.recursion_available,
            "AD" => &mut header.authentic_data,
            "CD" => &mut header.checking_disabled,
            other => return Err(unknown("a flag", other)),
        };
        *flag = true;
    }
    Ok(())
}

/// By trying them all: there are sixteen.
fn opcode(word: &str) -> Result<Opcode, ZoneProblem> {
    (0..16).map(Opcode).find(|code| code.to_string() == word).ok_or_else(|| unknown("an opcode", word))
}

fn rcode(word: &str) -> Result<Rcode, ZoneProblem> {
    (0..4096).map(Rcode).find(|code| code.to_string() == word).ok_or_else(|| unknown("a response code", word))
}

fn unknown(wanted: &'static str, word: &str) -> ZoneProblem {
    ZoneProblem::FieldWrong { wanted, word: word.to_string() }
}

/// The flags that are set, in the order of the wire: `QR AA RD`.
pub fn flags(header: &Header) -> String {
    let mut words = Vec::new();
    for (is_set, word) in flag_words(header) {
        if is_set {
            words.push(word);
        }
    }
    words.join(" ")
}

fn flag_words(header: &Header) -> [(bool, &'static str); 7] {
    [
        (header.is_response, "QR"),
        (header.authoritative, "AA"),
        (header.truncated, "TC"),
        (header.recursion_desired, "RD"),
        (header.recursion_available, "RA"),
        (header.authentic_data, "AD"),
        (header.checking_disabled, "CD"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str = "\
id 4660
opcode QUERY
rcode BADVERS
flags QR AA RD
edns 0
eflags DO
payload 1232
;QUESTION
google.com. IN MX
;ANSWER
google.com. 599 IN MX 10 aspmx.l.google.com.
google.com. 299 IN TXT \"a \\\"b\\\" ;\\255\" \"\"
;AUTHORITY
google.com. 59 IN SOA ns1.google.com. dns-admin.google.com. 248440550 900 900 1800 60
;ADDITIONAL
a\\.b.google.com. 5 CLASS32 TYPE65280 \\# 2 0aff
";

    #[test]
    fn a_message_is_written_as_it_was_read() {
        let read = parse(REPLY).unwrap();
        assert_eq!(message(&read), REPLY);
        assert_eq!(read.answers.len(), 2);
        assert_eq!(read.header.rcode, Rcode::BADVERS);
    }

    #[test]
    fn the_same_message_goes_over_the_wire() {
        let read = parse(REPLY).unwrap();
        assert_eq!(Message::decode(&read.encode().unwrap()), Ok(read));
    }

    #[test]
    fn without_a_header_it_is_an_answer() {
        let read =
            parse(";QUESTION\ngoogle.com. IN A\n;ANSWER\ngoogle.com. 299 IN A 172.217.4.46\n").unwrap();
        assert!(read.header.is_response);
        assert_eq!(question_and_answer(&read).lines().count(), 4);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let line_of = |text: &str| parse(text).unwrap_err().line;
        assert_eq!(line_of("id 65536"), 1);
        assert_eq!(line_of("id 1\nrcode FINE"), 2);
        assert_eq!(line_of("flags QR XX"), 1);
        assert_eq!(line_of(";QUESTION\ngoogle.com IN A"), 2);
        assert_eq!(line_of(";ANSWER\n\ngoogle.com. IN A 1.2.3.4"), 3);
        assert_eq!(line_of(";ANSWER\ngoogle.com. 1 IN A 1.2.3.4 5"), 2);
    }
}
