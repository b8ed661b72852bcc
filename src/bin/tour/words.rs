//! Words in the room there is: cut, or broken into lines.

/// `text`, or its beginning and `…`.
pub fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_string();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    if room > 0 {
        short.push('…');
    }
    short
}

/// Whether the text is a figure, whose columns stand under those of the notes around it: it has wider gaps than prose.
pub fn is_figure(text: &str) -> bool {
    text.trim_end().contains("  ")
}

/// The text in lines of at most `room` characters, broken between words where they are short enough. A figure that has
/// room keeps its gaps.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(4);
    if is_figure(text) && text.trim_end().chars().count() <= room {
        return vec![text.trim_end().to_string()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_string();
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut line));
        }
        while word.chars().count() > room {
            let rest = word.chars().skip(room).collect();
            lines.push(word.chars().take(room).collect());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// [`wrap`], and what does not fit into `most` lines is cut.
pub fn wrap_most(text: &str, room: usize, most: usize) -> Vec<String> {
    let mut lines = wrap(text, room);
    if lines.len() > most {
        let rest = lines[most - 1..].join(" ");
        lines.truncate(most - 1);
        lines.push(cut(&rest, room.max(4)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_keeps_its_gaps_where_it_has_room_and_prose_has_none_to_keep() {
        assert_eq!(wrap("mask     255.0.0.0 ", 20), ["mask     255.0.0.0"]);
        assert_eq!(wrap("mask     255.0.0.0", 12), ["mask", "255.0.0.0"]);
        assert_eq!(wrap("a mask", 20), ["a mask"]);
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken() {
        assert_eq!(wrap("ab abcdefghij c", 5), ["ab", "abcde", "fghij", "c"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap_most("one two three four", 5, 2), ["one", "two …"]);
    }
}
