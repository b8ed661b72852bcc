//! JSON: how fast a document becomes a value, and the value a document again. Nothing is sent; one thread computes.

use std::hint::black_box;

use netprog::base::json::{self, Format, Object, Value};
use netprog::base::random::Seeded;

use crate::Load;
use crate::compute::{ask, rate};
use crate::server::Side;

/// Bytes per second from text to a value, and the value dropped again.
pub fn parse(load: &Load, side: &Side) -> Result<f64, String> {
    let text = document(load.size);
    if let Side::Peer(program) = side {
        return ask(program, "json", "parse", &text, load.length);
    }
    rate(load.length, || {
        let value = json::parse(&text).map_err(|error| error.to_string())?;
        black_box(value);
        Ok(text.len())
    })
}

/// Bytes per second from a value to text.
pub fn print(load: &Load, side: &Side) -> Result<f64, String> {
    let text = document(load.size);
    if let Side::Peer(program) = side {
        return ask(program, "json", "print", &text, load.length);
    }
    let value = json::parse(&text).map_err(|error| error.to_string())?;
    rate(load.length, || Ok(black_box(Format::AS_GO.to_vec(&value)).len()))
}

/// About `size` bytes of what services send: records with numbers, times, texts in several scripts, some escapes.
fn document(size: usize) -> Vec<u8> {
    const TEXTS: [&str; 6] = [
        "Mop the floors in both kitchens and clean the dishes before the guests arrive",
        "Grüße aus Köln, und noch ein Satz über Straßen",
        "ゴーファーは穴を掘るのが好きです",
        "She said \"no\" and left.\n\tThen it was quiet.",
        "C:\\gophers\\burrow <b>&amp;</b>",
        "🐹 with 😀",
    ];
    let mut random = Seeded::new(8);
    let mut records = Vec::new();
    let mut length = 0;
    while length < size {
        let float = Value::try_from(random.below(1 << 40) as f64 / 4096.0).unwrap_or_default();
        let scores: Vec<Value> = (0..random.below(8)).map(|_| Value::from(random.below(100_000))).collect();
        let record = Value::from(Object::from([
            ("id", Value::from(random.next_u64() >> 12)),
            ("description", Value::from(TEXTS[random.below(6) as usize])),
            ("complete", Value::from(random.chance(0.5))),
            ("due", Value::from("2026-11-23T18:25:54.123456Z")),
            ("price", float),
            (
                "owner",
                Value::from(Object::from([
                    ("First", Value::from("Adam")),
                    ("Last", Value::from("Woodbeck")),
                    ("manager", Value::Null),
                ])),
            ),
            ("scores", Value::from(scores)),
        ]));
        length += json::to_string(&record).len() + 1;
        records.push(record);
    }
    json::to_string(&Value::from(records)).into_bytes()
}
