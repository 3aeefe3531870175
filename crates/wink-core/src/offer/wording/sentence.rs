//! Where sentences end. A point behind a number, an abbreviation or a letter ends none, and neither does the end of a line that was only too long.

use super::Language;

/// What is written with a point and rarely ends a sentence. What stands in a second list is a word as well, and is an abbreviation only before a number.
const GERMAN: [&[&str]; 2] = [
    &[
        "abb", "abs", "abt", "allg", "anm", "aufl", "betr", "bez", "bspw", "bzgl", "bzw", "ca", "dgl",
        "dipl", "dr", "einschl", "entspr", "evtl", "exkl", "fr", "frl", "geb", "gegr", "ges", "ggf", "ggfs",
        "hr", "hrn", "ing", "inkl", "insb", "jh", "jhd", "jhdt", "kath", "lt", "mind", "mio", "mrd", "mwst",
        "nr", "nrn", "okt", "prof", "sept", "sog", "std", "stellv", "str", "tel", "tsd", "urspr", "verg",
        "vgl", "vol", "vorm", "zit", "zzgl", "jan", "feb", "aug", "nov", "dez", "st",
    ],
    &["art", "kap", "max", "min", "mo", "di", "mi", "do", "sa", "so", "pos", "seite", "ziff"],
];
const ENGLISH: [&[&str]; 2] = [
    &[
        "approx", "dept", "dr", "est", "excl", "fig", "gen", "gov", "hon", "incl", "jr", "mr", "mrs", "ms",
        "mt", "prof", "rev", "sr", "st", "vol", "vs", "jan", "feb", "apr", "aug", "sep", "sept", "oct",
        "nov", "dec",
    ],
    &["art", "ch", "max", "min", "no", "nos", "p", "pp", "sec", "mar", "jun", "jul"],
];

/// Months, which go on after the number of their day.
const MONTHS: &[&str] = &[
    "januar",
    "jänner",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
];

/// Counts the sentences of a text: of each of its paragraphs, items and headings.
pub(super) fn count(text: &str, language: Language) -> usize {
    // Who writes no capitals at all begins no sentence with one.
    let has_capitals = text.chars().any(char::is_uppercase);
    let of = |block: &Vec<&str>| in_block(block, language, has_capitals);
    blocks(&text.replace("\r\n", "\n")).iter().map(of).sum()
}

/// Splits a text where a sentence ends whatever stands there, each piece in words.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    let (mut is_heading, mut number) = (false, 0);
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        let line = line.trim();
        let was_heading = std::mem::replace(&mut is_heading, line.starts_with('#'));
        if line.is_empty() || was_heading || is_heading || is_item(line, &mut number) {
            blocks.push(Vec::new());
        }
        if let Some(last) = blocks.last_mut() {
            last.extend(line.split_whitespace());
        }
    }
    blocks
}

/// Whether a line is one of a list; if that has numbers, behind this one. "3. Mai" at the beginning of a line is none.
fn is_item(line: &str, behind: &mut u8) -> bool {
    let Some((mark, rest)) = line.split_once(char::is_whitespace) else { return false };
    if matches!(mark, "-" | "*" | "+" | "•" | "·" | "▪" | "✓") {
        return true;
    }
    let Some(number) = mark.strip_suffix(['.', ')']).and_then(|number| number.parse::<u8>().ok()) else {
        return false;
    };
    let is_next = behind.checked_add(1) == Some(number) || number == 1;
    if !is_next || rest.split_whitespace().next().is_some_and(is_month) {
        return false;
    }
    *behind = number;
    true
}

fn is_month(word: &str) -> bool {
    let letters = word.trim_end_matches(|one: char| !one.is_alphanumeric());
    MONTHS.contains(&letters.to_lowercase().as_str())
}

fn in_block(words: &[&str], language: Language, has_capitals: bool) -> usize {
    let mut sentences = 0;
    let mut has_letters = false;
    for (place, word) in words.iter().enumerate() {
        has_letters |= word.chars().any(char::is_alphabetic);
        let next = words.get(place + 1).copied();
        if has_letters && next.is_none_or(|next| ends(word, next, language, has_capitals)) {
            sentences += 1;
            has_letters = false;
        }
    }
    sentences
}

/// Whether a sentence ends with a word that another follows.
fn ends(word: &str, next: &str, language: Language, has_capitals: bool) -> bool {
    let is_around = |one: char| "\"'”“’‘»«›‹„)]}*_".contains(one);
    let word = word.trim_matches(is_around);
    let begins = next.trim_start_matches(|one| is_around(one) || one == '(' || one == '[').chars().next();
    let goes_on = has_capitals && begins.is_some_and(char::is_lowercase);
    let name = word.trim_end_matches(['.', '!', '?', '…', ':', ';']);
    match word.get(name.len()..).unwrap_or_default() {
        "" => false,
        ":" | ";" => true,
        "." => !goes_on && !is_open(name.trim_start_matches(['(', '[']), next, language),
        _ => !goes_on,
    }
}

/// Whether a point behind a word does not end a sentence, though what follows could begin one.
fn is_open(name: &str, next: &str, language: Language) -> bool {
    let letters = name.chars().filter(|one| one.is_alphabetic()).count();
    if letters == 0 {
        // "Am 3. Mai"; but in English no number has a point of its own, and in German no year.
        let is_short = matches!(name.len(), 1 | 2) && name.chars().all(|one| one.is_ascii_digit());
        let is_date = name.contains('.') && next.starts_with(|one: char| one.is_ascii_digit());
        return language == Language::German && (is_short || is_date || is_month(next));
    }
    let [always, before_number] = if language == Language::German { GERMAN } else { ENGLISH };
    // "z. B.", "U.S." and "Dipl.-Ing." are known by their last part. The English "I" is a word.
    let last = name.rsplit(['.', '-']).next().unwrap_or(name).to_lowercase();
    let is_letter = last.chars().count() == 1
        && last.chars().all(char::is_alphabetic)
        && !(language == Language::English && name == "I");
    is_letter
        || always.contains(&last.as_str())
        || (before_number.contains(&last.as_str()) && next.starts_with(|one: char| one.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn counted(language: Language, texts: &[(&str, usize)]) {
        for (text, expected) in texts {
            assert_eq!(count(text, language), *expected, "{text}");
        }
    }

    #[test]
    fn points_within_a_sentence_end_none() {
        counted(
            Language::German,
            &[
                (
                    "Am 3. Mai zahlen Sie bei Dr. Meier z. B. nur 1.234,50 Euro statt des früheren Preises, d. h. Sie erhalten ca. 10 \
                     v. H. Nachlass auf Ihre Bestellung.",
                    1,
                ),
                ("Das gilt z.B. für Tee, inkl. MwSt. und zzgl. Versand.", 1),
                ("Bis zum 30.11. um 23.59 Uhr auf www.example.com oder per Mail an tee@example.com.", 1),
                ("Die 2. Ausgabe kostet 2.5 Punkte. Sie gilt ab Nr. 7 der Liste.", 2),
                ("Gültig bis 2027. Danach gilt der normale Preis!", 2),
                ("Gültig bis 30.11. Danach gilt der normale Preis!", 2),
                ("Wirklich?! Ja... vielleicht. „Gut!“ sagte er.", 3),
                ("Zahlbar am\n3. Mai oder am\n1. Juni bei i. A. Meier.", 1),
                ("So ist es so. Und so bleibt es.", 2),
                ("wir haben geöffnet. kommt vorbei.", 2),
                ("Heute: Tee; morgen: Kaffee.", 4),
            ],
        );
        counted(
            Language::English,
            &[
                (
                    "Please visit www.example.com for e.g. the U.S. catalogue, version 2.5, which lists every available product.",
                    1,
                ),
                ("Mr. Smith paid approx. 2.5 times as much (incl. VAT) at 5 p.m. on Nov. 30.", 1),
                ("It costs 5. That is all. Is No. 7 free?", 3),
                ("So did I. Then we left.", 2),
            ],
        );
    }

    #[test]
    fn a_line_that_was_too_long_goes_on_in_the_next() {
        let text = "Die neuen Bedingungen gelten für alle Bestellungen,\nab dem Monatswechsel.\nSie ersetzen die\nalten.";
        counted(
            Language::German,
            &[
                (text, 2),
                (&text.replace('\n', "\r\n"), 2),
                ("# Neue Bedingungen\nSie gelten ab morgen.", 2),
                ("Neue Bedingungen\n\nSie gelten\nab morgen.", 2),
                ("Neue Bedingungen\r\n\r\nSie gelten\r\nab morgen.", 2),
                ("Wir haben:\n- Tee\n- Kaffee und\n  Kakao\n1. Brot\n2) Käse", 5),
                ("", 0),
                ("12. 13.", 0),
            ],
        );
    }
}
