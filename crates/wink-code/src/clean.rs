//! Words that no shop prints on a coupon. Whoever makes codes draws again where one is found.

use crate::alphabet::symbol;

/// Words in German and English, as they look in the alphabet of codes: `V` is read as U, `0` as O, `1` as I or L.
const WORDS: &[&str] = &[
    "ARSCH", "ASS", "BVMS", "C0CK", "CVM", "CVNT", "D1CK", "DEPP", "F1CK", "FAG", "FCK", "FETT", "F0TZE",
    "FVCK", "FVT", "GE11", "H1T1ER", "HEX", "HVRE", "1D10T", "JVDE", "KACK", "KKK", "M1ST", "M0RD", "NAZ1",
    "N1GG", "NVTTE", "P1SS", "P0RN", "PVTA", "SAV", "SCHWV", "SEX", "SH1T", "S1VT", "SS", "T0D", "T0T",
    "T1TTEN", "VAG1NA", "88", "1488",
];

/// Tells whether none of the words is in a row of symbols, spelled with digits or not.
pub(crate) fn is_clean(symbols: &[u8]) -> bool {
    let text: String = symbols.iter().map(|value| looks_like(symbol(*value))).collect();
    !WORDS.iter().any(|word| text.contains(word))
}

/// Gives the symbol that another is read as.
fn looks_like(symbol: char) -> char {
    match symbol {
        '3' => 'E',
        '4' => 'A',
        '5' => 'S',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::typed_value;

    #[test]
    fn a_word_is_found_in_whatever_way_it_is_spelled() {
        let values = |text: &str| text.chars().filter_map(typed_value).collect::<Vec<u8>>();
        for word in ["XXSEX", "5EX", "nazi", "ar5ch", "4RSCH", "D1CKX", "sh1t"] {
            assert!(!is_clean(&values(word)), "{word}");
        }
        assert!(is_clean(&values("TEAQW7K2")));
    }
}
