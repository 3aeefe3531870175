//! How hard a text is to read, by the length of its words and sentences.

use unicode_normalization::UnicodeNormalization;

use super::normal::is_invisible;
use super::{Language, sentence};

/// How hard a text is to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readability {
    /// Sentences.
    pub sentences: usize,
    /// Words.
    pub words: usize,
    /// Syllables, counted by groups of vowels.
    pub syllables: usize,
    /// Reading ease: 0 hard, 100 easy, and beyond both. For English by Flesch, "A new readability yardstick", 1948; for German by Amstad, "Wie
    /// verständlich sind unsere Zeitungen?", 1978.
    pub ease: f64,
    /// For German, the school year it is for: the first Wiener Sachtextformel of Bamberger and Vanecek, "Lesen, Verstehen, Lernen, Schreiben",
    /// 1984.
    pub school_year: Option<f64>,
}

/// There is no word in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no word in the text")]
pub struct NotEnough;

/// Tells how hard a text is to read. The same letters count alike in whichever of Unicode's forms they are stored, and a line break within a
/// paragraph is none.
///
/// # Errors
/// If there is no word in it.
pub fn readability(text: &str, language: Language) -> Result<Readability, NotEnough> {
    let text: String = text.nfc().filter(|one| !is_invisible(*one)).collect();
    let words: Vec<&str> = text
        .split(|one: char| !(one.is_alphanumeric() || one == '\'' || one == '\u{2019}'))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .collect();
    if words.is_empty() {
        return Err(NotEnough);
    }
    let sentences = sentence::count(&text, language).max(1);
    let lengths: Vec<usize> = words.iter().map(|word| syllables(word, language)).collect();
    let all: usize = lengths.iter().sum();
    let (per_sentence, per_word) = (ratio(words.len(), sentences), ratio(all, words.len()));
    let (ease, school_year) = match language {
        Language::English => (206.835 - 1.015 * per_sentence - 84.6 * per_word, None),
        Language::German => {
            let share = |count: usize| 100.0 * ratio(count, words.len());
            let many = share(lengths.iter().filter(|length| 3 <= **length).count());
            let one = share(lengths.iter().filter(|length| **length == 1).count());
            let long = share(words.iter().filter(|word| 6 < word.chars().count()).count());
            let year = 0.1935 * many + 0.1672 * per_sentence + 0.1297 * long - 0.0327 * one - 0.875;
            (180.0 - per_sentence - 58.5 * per_word, Some(year))
        }
    };
    Ok(Readability { sentences, words: words.len(), syllables: all, ease, school_year })
}

#[expect(clippy::cast_precision_loss, reason = "a text has far fewer than 2^53 words")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Counts syllables: groups of vowels. In German two vowels are one only where they are a diphthong; in English a last silent e is none.
fn syllables(word: &str, language: Language) -> usize {
    // The u of "qu" is no vowel of its own.
    let letters: Vec<char> =
        word.to_lowercase().replace("qu", "q").chars().filter(|one| one.is_alphabetic()).collect();
    let is_vowel = |one: &char| "aeiouyäöüàáâèéêëíîïóôúû".contains(*one);
    let mut count = 0;
    let mut before: Option<char> = None;
    for one in &letters {
        if is_vowel(one) {
            let goes_on = before.is_some_and(|last| match language {
                Language::German => matches!(
                    (last, *one),
                    ('a' | 'e', 'i' | 'u' | 'y')
                        | ('ä' | 'o', 'u' | 'i')
                        | ('i', 'e')
                        | ('a', 'a')
                        | ('e', 'e')
                        | ('o', 'o')
                ),
                Language::English => true,
            });
            if !goes_on {
                count += 1;
            }
            // A diphthong is over after two letters.
            before = if goes_on && language == Language::German { None } else { Some(*one) };
        } else {
            before = None;
        }
    }
    let is_silent = language == Language::English
        && 1 < count
        && letters.ends_with(&['e'])
        && !letters.ends_with(&['l', 'e'])
        && letters.iter().rev().nth(1).is_some_and(|one| !is_vowel(one));
    (count - usize::from(is_silent)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn counted(language: Language, words: &[(&str, usize)]) {
        for (word, expected) in words {
            assert_eq!(syllables(word, language), *expected, "{word}");
        }
    }

    #[test]
    fn syllables_are_counted() {
        counted(
            Language::German,
            &[
                ("Haus", 1),
                ("Gutschein", 2),
                ("Kaffee", 2),
                ("gültig", 2),
                ("Familie", 3),
                ("Bestellung", 3),
                ("Theater", 3),
                ("ist", 1),
                ("Bequeme", 3),
                ("Qualität", 3),
                ("erquickt", 2),
                ("Quelle", 2),
            ],
        );
        counted(
            Language::English,
            &[
                ("coupon", 2),
                ("valid", 2),
                ("price", 1),
                ("table", 2),
                ("the", 1),
                ("used", 2),
                ("reading", 2),
                ("queen", 1),
                ("quality", 3),
                ("unique", 2),
            ],
        );
    }

    #[test]
    fn the_formulas_are_those_of_their_papers() {
        let german =
            readability("Der Gutschein gilt bis Freitag. Danach gilt der normale Preis.", Language::German)
                .unwrap();
        // 10 words, 2 sentences, 15 syllables: 180 - 5 - 58.5 × 1.5.
        assert_eq!((german.words, german.sentences, german.syllables), (10, 2, 15));
        assert!((german.ease - 87.25).abs() < 1e-9, "{german:?}");
        // 10 % of three syllables, 60 % of one, 30 % longer than six letters.
        let year = 0.1935 * 10.0 + 0.1672 * 5.0 + 0.1297 * 30.0 - 0.0327 * 60.0 - 0.875;
        assert!((german.school_year.unwrap() - year).abs() < 1e-9, "{german:?} {year}");
        let english = readability("The cat sat on the mat.", Language::English).unwrap();
        assert!((english.ease - (206.835 - 1.015 * 6.0 - 84.6)).abs() < 1e-9, "{english:?}");
    }

    #[test]
    fn one_text_counts_alike_however_it_is_stored() {
        let text = "Für Stammkundinnen überarbeitet: sämtliche früheren Vereinbarungen über Lieferzeiten.";
        let composed = readability(text, Language::German);
        let decomposed: String = text.nfd().collect();
        assert_ne!(decomposed, text);
        assert_eq!(readability(&decomposed, Language::German), composed);
        let hyphens = text.replace("kund", "\u{ad}kun\u{ad}d").replace("Liefer", "Liefer\u{200b}");
        assert_eq!(readability(&hyphens, Language::German), composed);
    }

    #[test]
    fn without_a_word_nothing_is_said() {
        for text in ["", "  ", "123 %", "…!"] {
            assert_eq!(readability(text, Language::German), Err(NotEnough));
        }
    }
}
