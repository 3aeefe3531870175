//! Which claims stand beside the value that shows them: sentences and values of a text, found once for all its findings.

use std::collections::BTreeMap;

/// Where the sentences of a text end, and where its values stand.
pub(super) struct Values<'a> {
    /// The bytes that end a sentence, in order.
    ends: Vec<usize>,
    /// From where to where each value stands, by its name, in order.
    by_name: BTreeMap<&'a str, Vec<(usize, usize)>>,
    length: usize,
}

impl<'a> Values<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut by_name: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
        let mut behind = 0;
        while let Some(begin) = text.get(behind..).and_then(|rest| rest.find("{{")).map(|at| behind + at) {
            let rest = text.get(begin + 2..).unwrap_or_default();
            // What is left open is no value, and neither is all that follows.
            let Some(length) = rest.find("}}") else { break };
            let inner = rest.get(..length).unwrap_or_default();
            // Of braces within braces the innermost hold the name.
            let skipped = inner.rfind("{{").map_or(0, |at| at + 2);
            let name = inner.get(skipped..).unwrap_or_default();
            behind = begin + length + 4;
            by_name.entry(name.trim()).or_default().push((begin + skipped, behind));
        }
        // Without a value nothing is shown, wherever sentences end.
        let ends = if by_name.is_empty() { Vec::new() } else { ends(text) };
        Self { ends, by_name, length: text.len() }
    }

    /// Tells whether the sentence that a claim begins in has the value.
    pub(super) fn show(&self, name: &str, at: usize) -> bool {
        let Some(places) = self.by_name.get(name) else { return false };
        let next = self.ends.partition_point(|end| *end < at);
        let from = next.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| end + 1);
        // A rule may look further than the sentence in which it begins.
        let to = self.ends.get(next).copied().unwrap_or(self.length);
        let first = places.partition_point(|(begin, _)| *begin < from);
        places.get(first).is_some_and(|(_, end)| *end <= to)
    }

    /// Tells whether a value of this name stands at a byte.
    pub(super) fn is_at(&self, name: &str, at: usize) -> bool {
        let Some(places) = self.by_name.get(name) else { return false };
        let behind = places.partition_point(|(begin, _)| *begin <= at);
        behind.checked_sub(1).and_then(|last| places.get(last)).is_some_and(|(_, end)| at < *end)
    }

    /// Tells whether any value stands at a byte.
    pub(super) fn is_any_at(&self, at: usize) -> bool {
        self.by_name.keys().any(|name| self.is_at(name, at))
    }
}

/// A point between digits or inside a value's name ends no sentence.
fn ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let is_end = |(at, byte): &(usize, &u8)| {
        matches!(byte, b'.' | b'!' | b'?' | b'\n') && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace)
    };
    bytes.iter().enumerate().filter(is_end).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_shows_what_is_in_its_sentence() {
        let text = "Eins {{a}} hier. Zwei {{ b.c }} da! Drei {{a";
        let values = Values::of(text);
        let shown = |name: &str, word: &str| values.show(name, text.find(word).unwrap());
        assert!(shown("a", "Eins") && shown("a", "hier") && shown("b.c", "Zwei") && shown("b.c", "da"));
        assert!(!shown("a", "Zwei") && !shown("b.c", "Eins") && !shown("a", "Drei") && !shown("c", "Eins"));
    }
}
