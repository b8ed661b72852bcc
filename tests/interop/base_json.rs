//! JSON before another judge: Python's `json` reads what we print, and prints what we read.

use std::io::Write;
use std::process::{Command, Stdio};

use netprog::base::json::{self, Format, Object, Value};
use netprog::base::random::Seeded;

use crate::support::{output_of, stderr, stdout};

/// Reads a document per line and prints each again: floats in Python's digits, strings escaped down to ASCII.
const AGAIN: &str = "
import json, sys
for line in sys.stdin.buffer:
    print(json.dumps(json.loads(line), separators=(',', ':')))
";

/// Says for each line, a document in hexadecimal, whether Python takes it.
const VERDICTS: &str = "
import json, sys
def constant(name): raise ValueError(name)
for line in sys.stdin:
    try:
        json.loads(bytes.fromhex(line).decode('utf-8'), parse_constant=constant)
        print('taken')
    except (ValueError, RecursionError):
        print('refused')
";

fn python(program: &str, input: Vec<u8>) -> String {
    let mut command = Command::new("python3");
    command.args(["-c", program]).env("PYTHONIOENCODING", "utf-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("python3 starts");
    let mut stdin = child.stdin.take().expect("piped");
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = output_of(child);
    assert!(output.status.success(), "{}", stderr(&output));
    writing.join().unwrap().unwrap();
    stdout(&output)
}

fn text(random: &mut Seeded) -> String {
    let one = |random: &mut Seeded| char::from_u32(random.below(0x1_1000) as u32).unwrap_or('🐹');
    (0..random.below(12)).map(|_| if random.chance(0.5) { one(random) } else { '"' }).collect()
}

fn value(random: &mut Seeded, depth: u32) -> Value {
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => Value::from(random.chance(0.5)),
        2 => Value::from(random.next_u64() as i64),
        3 => Value::try_from(f64::from_bits(random.next_u64())).unwrap_or_default(),
        4 => Value::from(text(random)),
        5 => (0..random.below(5)).map(|_| value(random, depth - 1)).collect::<Vec<_>>().into(),
        _ => {
            let mut object = Object::new();
            for _ in 0..random.below(5) {
                object.insert(text(random), value(random, depth - 1));
            }
            object.into()
        }
    }
}

/// Floats in the digits that both sides print the same: as a float's bits.
fn with_bits_for_floats(value: &mut Value) {
    match value {
        Value::Number(number) if number.to_i64().is_err() => {
            *value = Value::from(format!("{:x}", number.to_f64().expect("it was finite").to_bits()));
        }
        // Python reads -0 as the integer 0 and so loses the sign.
        Value::Number(number) if number.as_str() == "-0" => *value = Value::from(0),
        Value::Array(items) => items.iter_mut().for_each(with_bits_for_floats),
        Value::Object(object) => object.iter_mut().for_each(|(_, value)| with_bits_for_floats(value)),
        _ => {}
    }
}

#[test]
#[ignore = "needs python3"]
fn python_reads_what_we_print_and_we_read_what_python_prints() {
    let mut random = Seeded::new(3);
    let values: Vec<Value> = (0..2_000).map(|_| value(&mut random, 4)).collect();
    for format in [Format::COMPACT, Format::AS_GO] {
        let mut input = Vec::new();
        for value in &values {
            input.extend(format.to_vec(value));
            input.push(b'\n');
        }
        let output = python(AGAIN, input);
        assert_eq!(output.lines().count(), values.len());
        for (ours, theirs) in values.iter().zip(output.lines()) {
            let (mut ours, mut theirs) = (ours.clone(), json::parse_text(theirs).expect(theirs));
            with_bits_for_floats(&mut ours);
            with_bits_for_floats(&mut theirs);
            assert_eq!(ours, theirs);
        }
    }
}

/// Python takes lone surrogates, and control characters only if asked; where it differs the case is left out.
#[test]
#[ignore = "needs python3"]
fn python_takes_what_we_take_and_refuses_what_we_refuse() {
    let mut random = Seeded::new(4);
    let (mut input, mut ours) = (String::new(), Vec::new());
    while ours.len() < 20_000 {
        let mut bytes = json::to_string(&value(&mut random, 3)).into_bytes();
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(3) {
            0 => bytes[at] = b"[]{},:\"\\0-.eu "[random.below(14) as usize],
            1 => bytes.insert(at, random.below(256) as u8),
            _ => drop(bytes.remove(at)),
        }
        let verdict = match json::parse(&bytes) {
            Ok(_) => "taken",
            Err(error) if matches!(error.kind, json::JsonErrorKind::LoneSurrogate { .. }) => continue,
            Err(_) => "refused",
        };
        for byte in &bytes {
            input.push_str(&format!("{byte:02x}"));
        }
        input.push('\n');
        ours.push((verdict, bytes));
    }
    let theirs = python(VERDICTS, input.into_bytes());
    let taken = ours.iter().filter(|(verdict, _)| *verdict == "taken").count();
    assert!(taken > 500 && ours.len() - taken > 500, "{taken}: one side is hardly tried");
    for ((verdict, bytes), theirs) in ours.iter().zip(theirs.lines()) {
        assert_eq!(*verdict, theirs, "{}", String::from_utf8_lossy(bytes));
    }
}
