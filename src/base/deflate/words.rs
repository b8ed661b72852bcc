//! Making a Huffman code from counts: the shorter a word, the more often its symbol occurs, and none is longer than allowed.

use super::tables::LITERALS;

/// The lengths of the words, by symbol; length 0 for symbols that do not occur.
///
/// Two symbols at least get a word, even if they do not occur: a code of one word leaves bits without meaning, which RFC
/// 1951 allows for distances only, and which some decoders do not take even there.
pub fn lengths(counts: &[u32], longest: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut leaves = Vec::with_capacity(LITERALS);
    for (symbol, count) in counts.iter().enumerate() {
        if *count > 0 {
            leaves.push((*count, symbol));
        }
    }
    let mut symbol = 0;
    while leaves.len() < 2 {
        if counts[symbol] == 0 {
            leaves.push((1, symbol));
        }
        symbol += 1;
    }
    leaves.sort_unstable();
    let mut of_length = depths(&leaves);
    shorten(&mut of_length, longest);
    let mut length = of_length.len() - 1;
    for (_, symbol) in leaves {
        while of_length[length] == 0 {
            length -= 1;
        }
        of_length[length] -= 1;
        lengths[symbol] = length as u8;
    }
}

/// How many leaves are how deep in Huffman's tree. The leaves come sorted, and pairs grow heavier as they are made, so the two
/// lightest of all are always at the front of one of two queues.
fn depths(leaves: &[(u32, usize)]) -> Vec<usize> {
    let mut weights: Vec<u32> = leaves.iter().map(|(count, _)| *count).collect();
    let nodes = 2 * leaves.len() - 1;
    let mut parents = vec![0; nodes];
    let (mut leaf, mut pair) = (0, leaves.len());
    for parent in leaves.len()..nodes {
        let mut weight = 0;
        for _ in 0..2 {
            let is_leaf = leaf < leaves.len() && (pair == parent || weights[leaf] <= weights[pair]);
            let lightest = if is_leaf { &mut leaf } else { &mut pair };
            weight += weights[*lightest];
            parents[*lightest] = parent;
            *lightest += 1;
        }
        weights.push(weight);
    }
    // A parent stands behind its children, the root last.
    let mut depth = vec![0; nodes];
    let mut of_length = vec![0; leaves.len().max(16)];
    for node in (0..nodes - 1).rev() {
        depth[node] = depth[parents[node]] + 1;
        if node < leaves.len() {
            of_length[depth[node]] += 1;
        }
    }
    of_length
}

/// Brings words that are too long to the longest length, then makes room for them: one of them goes beside a shorter word,
/// and both become one bit longer than that was.
fn shorten(of_length: &mut Vec<usize>, longest: usize) {
    let too_long: usize = of_length[longest + 1..].iter().sum();
    of_length.truncate(longest + 1);
    of_length[longest] += too_long;
    let mut taken: usize = 0;
    for (length, count) in of_length.iter().enumerate().skip(1) {
        taken += count << (longest - length);
    }
    while taken > 1 << longest {
        of_length[longest] -= 1;
        let mut shorter = longest - 1;
        while of_length[shorter] == 0 {
            shorter -= 1;
        }
        of_length[shorter] -= 1;
        of_length[shorter + 1] += 2;
        taken -= 1;
    }
}

/// The words themselves, turned round as the stream wants them (RFC 1951, 3.2.2), by symbol.
pub fn words(lengths: &[u8], words: &mut [u16]) {
    let mut of_length = [0_u16; 17];
    for length in lengths {
        of_length[usize::from(*length)] += 1;
    }
    of_length[0] = 0;
    let mut next = [0_u16; 17];
    for length in 1..16 {
        next[length + 1] = (next[length] + of_length[length]) << 1;
    }
    for (word, length) in words.iter_mut().zip(lengths) {
        if *length > 0 {
            let number = &mut next[usize::from(*length)];
            *word = number.reverse_bits() >> (16 - length);
            *number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    fn room_taken(lengths: &[u8]) -> u64 {
        lengths.iter().filter(|length| **length > 0).map(|length| 1_u64 << (32 - length)).sum()
    }

    #[test]
    fn a_frequent_symbol_has_a_short_word() {
        let mut made = [0; 5];
        lengths(&[8, 1, 0, 2, 4], 15, &mut made);
        assert_eq!(made, [1, 3, 0, 3, 2]);
        let mut turned = [0; 5];
        words(&made, &mut turned);
        // 0, 110, –, 111, 10 as they are written; their bits go out highest first.
        assert_eq!(turned, [0b0, 0b011, 0, 0b111, 0b01]);
    }

    #[test]
    fn a_symbol_alone_gets_company() {
        for only in 0..3 {
            let mut counts = [0; 4];
            counts[only] = 7;
            let mut made = [0; 4];
            lengths(&counts, 15, &mut made);
            assert_eq!(room_taken(&made), 1 << 32);
            assert_eq!(made[only], 1);
        }
        let mut made = [0; 4];
        lengths(&[0; 4], 15, &mut made);
        assert_eq!(made, [1, 1, 0, 0]);
    }

    #[test]
    fn counts_like_fibonacci_s_make_no_word_longer_than_allowed() {
        let mut counts = vec![1, 1];
        while counts.len() < 32 {
            counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
        }
        for longest in [5, 7, 15] {
            let mut made = [0; 32];
            lengths(&counts, longest, &mut made);
            assert!(made.iter().all(|length| (1..=longest as u8).contains(length)), "{made:?}");
            assert_eq!(room_taken(&made), 1 << 32, "{made:?}");
        }
    }

    #[test]
    fn whatever_the_counts_the_words_use_up_their_room() {
        let mut random = Seeded::new(3);
        for _ in 0..500 {
            let used = 1 + random.below(286);
            let mut counts = vec![0; 286];
            for _ in 0..used {
                let shift = random.below(16);
                counts[random.below(286) as usize] = 1 + random.below(1 << shift) as u32;
            }
            let mut made = vec![0; 286];
            lengths(&counts, 15, &mut made);
            assert_eq!(room_taken(&made), 1 << 32);
            assert!(made.iter().all(|length| *length <= 15));
        }
    }
}
