//! Writing a block in the shortest of its three forms (RFC 1951, 3.2.3 to 3.2.7).

use super::output::Output;
use super::tables::{
    CODE_LENGTH_ORDER, CODE_LENGTHS, DISTANCE_EXTRA, DYNAMIC, END_OF_BLOCK, FIXED, FIXED_DISTANCE_LENGTHS,
    LENGTH_BASE, LENGTH_EXTRA, LITERALS, LONGEST_CODE, LONGEST_LENGTH_CODE, LONGEST_MATCH, LONGEST_STORED,
    MANY_ZEROS, REPEAT, SHORTEST_MATCH, STORED, USED_DISTANCES, USED_LITERALS, ZEROS, fixed_literal_lengths,
};
use super::words;

/// A byte as it is, or a match.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// The byte, or the match's length.
    value: u16,
    /// How far back the match is; 0 for a byte.
    distance: u16,
}

impl Symbol {
    pub fn literal(byte: u8) -> Symbol {
        Symbol { value: byte.into(), distance: 0 }
    }

    pub fn matching(length: usize, distance: usize) -> Symbol {
        Symbol { value: length as u16, distance: distance as u16 }
    }
}

/// The code of each length from 3 to 258, beginning with 0.
const LENGTH_CODE: [u8; LONGEST_MATCH - SHORTEST_MATCH + 1] = length_codes();

const fn length_codes() -> [u8; LONGEST_MATCH - SHORTEST_MATCH + 1] {
    let mut codes = [0; LONGEST_MATCH - SHORTEST_MATCH + 1];
    let (mut at, mut code) = (0, 0);
    while at < codes.len() {
        // 258 has a code of its own, though the one before could say it too.
        while code + 1 < LENGTH_BASE.len() && LENGTH_BASE[code + 1] as usize <= at + SHORTEST_MATCH {
            code += 1;
        }
        codes[at] = code as u8;
        at += 1;
    }
    codes
}

fn length_code(length: u16) -> usize {
    LENGTH_CODE[usize::from(length) - SHORTEST_MATCH].into()
}

/// The codes go by two for each power of two: the highest bit of distance − 1 and the one below choose, the rest follows.
fn distance_code(distance: u16) -> usize {
    let before = u32::from(distance) - 1;
    if before < 2 {
        return before as usize;
    }
    let highest = before.ilog2();
    (2 * highest + (before >> (highest - 1) & 1)) as usize
}

/// Two codes and their words.
struct Codes {
    literal_lengths: [u8; USED_LITERALS],
    literals: [u16; USED_LITERALS],
    distance_lengths: [u8; USED_DISTANCES],
    distances: [u16; USED_DISTANCES],
}

impl Codes {
    fn new(literal_lengths: [u8; USED_LITERALS], distance_lengths: [u8; USED_DISTANCES]) -> Codes {
        let mut codes = Codes {
            literal_lengths,
            literals: [0; USED_LITERALS],
            distance_lengths,
            distances: [0; USED_DISTANCES],
        };
        words::words(&literal_lengths, &mut codes.literals);
        words::words(&distance_lengths, &mut codes.distances);
        codes
    }

    fn fixed() -> Codes {
        let (mut literals, mut distances) = ([0; USED_LITERALS], [0; USED_DISTANCES]);
        let all = fixed_literal_lengths();
        literals.copy_from_slice(&all[..USED_LITERALS]);
        distances.copy_from_slice(&FIXED_DISTANCE_LENGTHS[..USED_DISTANCES]);
        let mut codes = Codes::new(literals, distances);
        // 286 and 287 are never written, but the words of nine bits are those they are because these two have words, too.
        let mut all_words = [0; LITERALS];
        words::words(&all, &mut all_words);
        codes.literals.copy_from_slice(&all_words[..USED_LITERALS]);
        codes
    }

    /// How many bits the symbols take that are counted here.
    fn bits(&self, counts: &Counts) -> u64 {
        let mut bits = 0;
        for (symbol, count) in counts.literals.iter().enumerate() {
            let extra = if symbol > END_OF_BLOCK { LENGTH_EXTRA[symbol - END_OF_BLOCK - 1] } else { 0 };
            bits += u64::from(*count) * u64::from(self.literal_lengths[symbol] + extra);
        }
        for (symbol, count) in counts.distances.iter().enumerate() {
            bits += u64::from(*count) * u64::from(self.distance_lengths[symbol] + DISTANCE_EXTRA[symbol]);
        }
        bits
    }
}

/// How often each symbol occurs in a block.
struct Counts {
    literals: [u32; USED_LITERALS],
    distances: [u32; USED_DISTANCES],
}

impl Counts {
    fn of(symbols: &[Symbol]) -> Counts {
        let mut counts = Counts { literals: [0; USED_LITERALS], distances: [0; USED_DISTANCES] };
        counts.literals[END_OF_BLOCK] = 1;
        for symbol in symbols {
            if symbol.distance == 0 {
                counts.literals[usize::from(symbol.value)] += 1;
            } else {
                counts.literals[END_OF_BLOCK + 1 + length_code(symbol.value)] += 1;
                counts.distances[distance_code(symbol.distance)] += 1;
            }
        }
        counts
    }

    fn codes(&self) -> Codes {
        let (mut literals, mut distances) = ([0; USED_LITERALS], [0; USED_DISTANCES]);
        words::lengths(&self.literals, LONGEST_CODE, &mut literals);
        words::lengths(&self.distances, LONGEST_CODE, &mut distances);
        Codes::new(literals, distances)
    }
}

/// Two codes as they stand before their block: the lengths of their words, themselves compressed.
struct Preface {
    literals: usize,
    distances: usize,
    /// The lengths, with repetitions: a symbol, its extra bits, and how many those are.
    lengths: Vec<(u8, u8, u8)>,
    /// How many lengths of the code for these are given.
    given: usize,
    code_lengths: [u8; CODE_LENGTHS],
}

impl Preface {
    fn of(codes: &Codes) -> Preface {
        let literals = used(&codes.literal_lengths, 257);
        let distances = used(&codes.distance_lengths, 1);
        let row = [&codes.literal_lengths[..literals], &codes.distance_lengths[..distances]].concat();
        let lengths = repetitions(&row);
        let mut counts = [0; CODE_LENGTHS];
        for (symbol, _, _) in &lengths {
            counts[usize::from(*symbol)] += 1;
        }
        let mut code_lengths = [0; CODE_LENGTHS];
        words::lengths(&counts, LONGEST_LENGTH_CODE, &mut code_lengths);
        let mut given = CODE_LENGTHS;
        while given > 4 && code_lengths[CODE_LENGTH_ORDER[given - 1]] == 0 {
            given -= 1;
        }
        Preface { literals, distances, lengths, given, code_lengths }
    }

    fn bits(&self) -> u64 {
        let mut bits = 14 + 3 * self.given as u64;
        for (symbol, _, extra_bits) in &self.lengths {
            bits += u64::from(self.code_lengths[usize::from(*symbol)] + extra_bits);
        }
        bits
    }

    fn write(&self, output: &mut Output) {
        output.put((self.literals - 257) as u64, 5);
        output.put((self.distances - 1) as u64, 5);
        output.put((self.given - 4) as u64, 4);
        for symbol in &CODE_LENGTH_ORDER[..self.given] {
            output.put(self.code_lengths[*symbol].into(), 3);
        }
        let mut code = [0; CODE_LENGTHS];
        words::words(&self.code_lengths, &mut code);
        for (symbol, extra, extra_bits) in &self.lengths {
            let at = usize::from(*symbol);
            output.put(code[at].into(), self.code_lengths[at].into());
            output.put((*extra).into(), (*extra_bits).into());
        }
    }
}

/// How many lengths must be given: the zeros at the end need not be.
fn used(lengths: &[u8], least: usize) -> usize {
    let last = lengths.iter().rposition(|length| *length > 0);
    last.map_or(0, |last| last + 1).max(least)
}

fn repetitions(row: &[u8]) -> Vec<(u8, u8, u8)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < row.len() {
        let length = row[at];
        let mut run = row[at..].iter().take_while(|next| **next == length).count();
        at += run;
        if length > 0 {
            found.push((length, 0, 0));
            run -= 1;
        }
        while run >= 3 {
            let (symbol, least, most, extra_bits) = match length {
                0 if run >= 11 => (MANY_ZEROS, 11, 138, 7),
                0 => (ZEROS, 3, 10, 3),
                _ => (REPEAT, 3, 6, 2),
            };
            let times = run.min(most);
            found.push((symbol, (times - least) as u8, extra_bits));
            run -= times;
        }
        for _ in 0..run {
            found.push((length, 0, 0));
        }
    }
    found
}

/// Writes one block, in whichever form is shortest. `raw` is what the symbols stand for, if it is still there.
pub fn write(output: &mut Output, symbols: &[Symbol], raw: Option<&[u8]>, last: bool) {
    let counts = Counts::of(symbols);
    let (own, fixed) = (counts.codes(), Codes::fixed());
    let preface = Preface::of(&own);
    let own_bits = preface.bits() + own.bits(&counts);
    let fixed_bits = fixed.bits(&counts);
    if let Some(raw) = raw {
        let pieces = raw.len().div_ceil(LONGEST_STORED).max(1) as u64;
        let stored_bits = u64::from(output.padding(3)) + 32 + (pieces - 1) * 40 + 8 * raw.len() as u64;
        if stored_bits < own_bits.min(fixed_bits) {
            return write_stored(output, raw, last);
        }
    }
    if fixed_bits <= own_bits {
        output.put((FIXED << 1 | u32::from(last)).into(), 3);
        write_symbols(output, symbols, &fixed);
    } else {
        output.put((DYNAMIC << 1 | u32::from(last)).into(), 3);
        preface.write(output);
        write_symbols(output, symbols, &own);
    }
}

/// Writes bytes as they are, as many blocks as their number takes; none at all are one empty block.
pub fn write_stored(output: &mut Output, raw: &[u8], last: bool) {
    let mut left = raw;
    loop {
        let (piece, rest) = left.split_at(left.len().min(LONGEST_STORED));
        output.put((STORED << 1 | u32::from(last && rest.is_empty())).into(), 3);
        output.align();
        let length = piece.len() as u16;
        output.bytes.extend_from_slice(&length.to_le_bytes());
        output.bytes.extend_from_slice(&(!length).to_le_bytes());
        output.bytes.extend_from_slice(piece);
        if rest.is_empty() {
            return;
        }
        left = rest;
    }
}

fn write_symbols(output: &mut Output, symbols: &[Symbol], codes: &Codes) {
    for symbol in symbols {
        let value = usize::from(symbol.value);
        if symbol.distance == 0 {
            output.put(codes.literals[value].into(), codes.literal_lengths[value].into());
            continue;
        }
        // A length and a distance with all extra bits are 48 bits at most: put at once.
        let code = length_code(symbol.value);
        let (word, mut count) = (
            codes.literals[END_OF_BLOCK + 1 + code],
            u32::from(codes.literal_lengths[END_OF_BLOCK + 1 + code]),
        );
        let mut bits = u64::from(word) | u64::from(symbol.value - LENGTH_BASE[code]) << count;
        count += u32::from(LENGTH_EXTRA[code]);

        let code = distance_code(symbol.distance);
        bits |= u64::from(codes.distances[code]) << count;
        count += u32::from(codes.distance_lengths[code]);
        let extra_bits = u32::from(DISTANCE_EXTRA[code]);
        let extra = (u32::from(symbol.distance) - 1) & ((1 << extra_bits) - 1);
        bits |= u64::from(extra) << count;
        output.put(bits, count + extra_bits);
    }
    output.put(codes.literals[END_OF_BLOCK].into(), codes.literal_lengths[END_OF_BLOCK].into());
}

#[cfg(test)]
mod tests {
    use super::super::tables::DISTANCE_BASE;
    use super::*;

    #[test]
    fn every_length_and_distance_has_the_code_whose_range_holds_it() {
        for length in 3..=258 {
            let code = length_code(length);
            let extra = length - LENGTH_BASE[code];
            assert!(extra < 1 << LENGTH_EXTRA[code], "{length}");
        }
        assert_eq!(length_code(258), 28);
        for distance in 1..=32768 {
            let code = distance_code(distance);
            let extra = distance - DISTANCE_BASE[code];
            assert!(u32::from(extra) < 1 << DISTANCE_EXTRA[code], "{distance}");
            assert_eq!(u32::from(extra), (u32::from(distance) - 1) & ((1 << DISTANCE_EXTRA[code]) - 1));
        }
    }

    #[test]
    fn runs_of_lengths_are_cut_into_repetitions_a_decoder_takes() {
        assert_eq!(repetitions(&[5]), [(5, 0, 0)]);
        assert_eq!(repetitions(&[5; 4]), [(5, 0, 0), (REPEAT, 0, 2)]);
        assert_eq!(repetitions(&[0; 2]), [(0, 0, 0), (0, 0, 0)]);
        assert_eq!(repetitions(&[0; 10]), [(ZEROS, 7, 3)]);
        assert_eq!(repetitions(&[0; 140]), [(MANY_ZEROS, 127, 7), (0, 0, 0), (0, 0, 0)]);
        assert_eq!(repetitions(&[4, 4, 4, 4, 4, 4, 4, 4]), [(4, 0, 0), (REPEAT, 3, 2), (4, 0, 0)]);
    }
}
