//! Where words begin in a run of letters that somebody spelled out with one blank between all of them, as `L E T Z T E C H A N C E`.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::patterns;

/// Shorter words are found in nearly every run.
const LETTERS_MIN: usize = 3;

/// Longer runs are no words; to part them takes as many steps as they have letters, times [`WORD_MAX`].
const RUN_MAX: usize = 400;

/// No word of the rules is longer.
const WORD_MAX: usize = 30;

/// What a letter costs that is of no word the rules know; a word costs one, so that few long words are better than many short ones.
const UNKNOWN: usize = 3;

/// Tells at which letters a new word begins, if the run is read as words the rules know with as few letters between them as possible. The first is none.
pub(super) fn beginnings(run: &[char]) -> Vec<usize> {
    if run.len() < 2 * LETTERS_MIN || RUN_MAX < run.len() {
        return Vec::new();
    }
    let letters: Vec<String> = run.iter().map(|one| one.to_lowercase().collect()).collect();
    // For each end: what the best reading up to there costs, where its last piece begins, and whether that is a known word.
    let mut best = vec![(0, 0, true)];
    for end in 1..=letters.len() {
        let unknown = best.last().map_or(0, |(cost, ..)| cost + UNKNOWN);
        let mut here = (unknown, end - 1, false);
        for begin in end.saturating_sub(WORD_MAX)..=end.saturating_sub(LETTERS_MIN) {
            let word: String = letters.get(begin..end).unwrap_or_default().concat();
            let cost = best.get(begin).map_or(usize::MAX, |(cost, ..)| cost + 1);
            if cost < here.0 && words().contains(word.as_str()) {
                here = (cost, begin, true);
            }
        }
        best.push(here);
    }
    let (mut begins, mut end, mut was_word) = (Vec::new(), letters.len(), true);
    while let Some((_, begin, is_word)) = best.get(end).copied().filter(|_| 0 < end) {
        // Letters of no word are one piece.
        if (is_word || was_word) && end < letters.len() {
            begins.push(end);
        }
        (end, was_word) = (begin, is_word);
    }
    begins
}

/// The words the rules are written with, and those of their examples.
fn words() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let all = patterns::texts().flat_map(|text| {
            text.replace(r"\b", " ")
                .replace(r"\w", " ")
                .replace(r"\s", " ")
                .replace(r"\d", " ")
                .to_lowercase()
                .split(|one: char| !one.is_alphabetic())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        all.filter(|word| LETTERS_MIN <= word.chars().count()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_parted_where_words_of_the_rules_begin() {
        for (run, wanted) in [
            ("LETZTECHANCE", "LETZTE CHANCE"),
            ("JETZTZUSCHLAGEN", "JETZT ZUSCHLAGEN"),
            ("NURNOCHHEUTE", "NUR NOCH HEUTE"),
            ("lastchance", "last chance"),
            ("XYLETZTECHANCEQQ", "XY LETZTE CHANCE QQ"),
            ("XYZQ", "XYZQ"),
        ] {
            let letters: Vec<char> = run.chars().collect();
            let begins = beginnings(&letters);
            let parted: String = letters
                .iter()
                .enumerate()
                .flat_map(|(at, one)| begins.contains(&at).then_some(' ').into_iter().chain([*one]))
                .collect();
            assert_eq!(parted, wanted);
        }
        assert!(beginnings(&vec!['x'; 100_000]).is_empty());
    }
}
