//! A code that people type: 15 symbols of chance and one that checks them. The same number can be printed as 24 digits, for scanners that know
//! bars only.

use std::fmt;

use crate::alphabet::{symbol, typed_value};
use crate::clean::is_clean;

/// The symbols of a code, its check symbol counted. 75 bits of chance: with ten million codes alive and a hundred wrong tries a second, somebody
/// hits one within 30 days with a probability of 7e-8.
pub const SYMBOLS: usize = 16;

/// The symbols that are chance.
const DATA: usize = SYMBOLS - 1;

/// The digits of 75 bits.
const NUMBER_DIGITS: usize = 23;

/// The bytes a code is made from; the last five bits are not used.
pub const CODE_BYTES: usize = 10;

/// A code. Whoever knows it may use the coupon, so it is shown on purpose only: [`fmt::Debug`] does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; DATA]);

impl Code {
    /// Makes a code from bytes nobody can guess, such as a keyed hash gives. `None` if it would spell a word that no shop prints: take others.
    pub fn new(bytes: [u8; CODE_BYTES]) -> Option<Self> {
        let [front @ .., _, _, _, _, _] = bits(&bytes);
        let mut data = [0; DATA];
        for (value, five) in data.iter_mut().zip(front.chunks_exact(5)) {
            *value = five.iter().fold(0, |value, bit| value << 1 | bit);
        }
        let code = Self(data);
        is_clean(&code.symbols()).then_some(code)
    }

    /// Reads a code as somebody typed it: letters of any size, with spaces, hyphens or nothing in between, and with the letters that look like
    /// digits in place of these. Or as 24 digits. `None` if it is no code: one symbol is wrong, two are interchanged, or it is something else.
    pub fn read(typed: &str) -> Option<Self> {
        // Longer than any spelling of a code: not worth looking through.
        if 4 * SYMBOLS < typed.len() {
            return None;
        }
        let written = || typed.chars().filter(|symbol| !is_between(*symbol));
        match written().count() {
            SYMBOLS => Self::from_symbols(written()),
            digits if digits == NUMBER_DIGITS + 1 => Self::from_digits(written()),
            _ => None,
        }
    }

    fn from_symbols(typed: impl Iterator<Item = char>) -> Option<Self> {
        let values = typed.map(typed_value).collect::<Option<Vec<u8>>>()?;
        let (check, data) = values.split_last()?;
        let code = Self(data.try_into().ok()?);
        (code.check() == *check).then_some(code)
    }

    fn from_digits(typed: impl Iterator<Item = char>) -> Option<Self> {
        let digits = typed.map(|digit| digit.to_digit(10)).collect::<Option<Vec<u32>>>()?;
        let (check, number) = digits.split_last()?;
        if luhn(number) != *check {
            return None;
        }
        let number = number.iter().fold(0_u128, |number, digit| number * 10 + u128::from(*digit));
        if 1_u128 << (5 * DATA) <= number {
            return None;
        }
        let mut data = [0; DATA];
        for (place, value) in data.iter_mut().rev().enumerate() {
            *value = u8::try_from(number >> (5 * place) & 31).ok()?;
        }
        Some(Self(data))
    }

    /// Gives the bytes by which a code is looked up; hashed under a key, never stored as they are.
    pub fn bytes(&self) -> [u8; DATA] {
        self.0
    }

    /// Spells it as 24 digits, the last of which checks the others by the Luhn formula (ISO/IEC 7812-1, Annex B): an even number, as Code 128
    /// packs two into one symbol.
    pub fn digits(&self) -> String {
        let number = self.0.iter().fold(0_u128, |number, value| number << 5 | u128::from(*value));
        let number = format!("{number:023}");
        let digits: Vec<u32> = number.chars().filter_map(|digit| digit.to_digit(10)).collect();
        format!("{number}{}", luhn(&digits))
    }

    fn symbols(&self) -> [u8; SYMBOLS] {
        let mut all = [self.check(); SYMBOLS];
        all.iter_mut().zip(self.0).for_each(|(place, value)| *place = value);
        all
    }

    /// The check symbol: the sum of every symbol times its own power of a primitive element of GF(2⁵), as in a Reed-Solomon code (Reed and
    /// Solomon 1960) of distance 2. The powers differ, so it notices every single wrong symbol and every two that are interchanged.
    fn check(&self) -> u8 {
        let mut sum = 0;
        for value in self.0 {
            sum = doubled(sum ^ value);
        }
        sum
    }
}

/// Times the primitive element, modulo x⁵ + x² + 1.
fn doubled(value: u8) -> u8 {
    let twice = value << 1;
    if twice & 0b10_0000 == 0 { twice } else { twice ^ 0b10_0101 }
}

fn bits(bytes: &[u8; CODE_BYTES]) -> [u8; 8 * CODE_BYTES] {
    let mut bits = [0; 8 * CODE_BYTES];
    let all = bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1));
    bits.iter_mut().zip(all).for_each(|(bit, value)| *bit = value);
    bits
}

fn luhn(digits: &[u32]) -> u32 {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => digit * 2 / 10 + digit * 2 % 10,
        _ => *digit,
    });
    (10 - weighed.sum::<u32>() % 10) % 10
}

fn is_between(symbol: char) -> bool {
    symbol.is_whitespace() || matches!(symbol, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}')
}

impl fmt::Display for Code {
    /// Spells it in four groups of four.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, value) in self.symbols().into_iter().enumerate() {
            if place != 0 && place % 4 == 0 {
                out.write_str("-")?;
            }
            write!(out, "{}", symbol(value))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::ALPHABET;

    fn code(seed: u8) -> Code {
        (0..=u8::MAX)
            .find_map(|turn| {
                Code::new(std::array::from_fn(|place| {
                    let place = u8::try_from(place).unwrap_or(0);
                    seed.wrapping_mul(29)
                        .wrapping_add(turn)
                        .wrapping_add(place.wrapping_mul(place).wrapping_mul(73))
                        ^ place << 3
                }))
            })
            .unwrap()
    }

    #[test]
    fn a_code_is_read_however_it_is_written() {
        for seed in 0..=u8::MAX {
            let code = code(seed);
            let printed = code.to_string();
            assert_eq!(printed.len(), 19);
            let plain = printed.replace('-', "");
            for typed in [
                printed.clone(),
                printed.to_lowercase(),
                printed.replace('-', " "),
                plain.replace('0', "o").replace('1', "l"),
                plain.replace('0', "O").replace('1', "I"),
                format!("  {plain}\t"),
                code.digits(),
            ] {
                assert_eq!(Code::read(&typed), Some(code), "{typed}");
            }
        }
    }

    #[test]
    fn every_wrong_symbol_and_every_two_interchanged_are_noticed() {
        for seed in 0..32 {
            let right: Vec<u8> = code(seed).to_string().bytes().filter(|byte| *byte != b'-').collect();
            let is_refused = |bytes: Vec<u8>| Code::read(&String::from_utf8(bytes).unwrap()).is_none();
            for place in 0..SYMBOLS {
                for other in ALPHABET.iter().filter(|other| **other != right[place]) {
                    let mut wrong = right.clone();
                    wrong[place] = *other;
                    assert!(is_refused(wrong), "symbol {place}");
                }
                for with in (0..place).filter(|with| right[*with] != right[place]) {
                    let mut wrong = right.clone();
                    wrong.swap(place, with);
                    assert!(is_refused(wrong), "symbols {place} and {with}");
                }
            }
        }
    }

    #[test]
    fn every_wrong_digit_is_noticed() {
        let right = code(3).digits();
        assert_eq!(right.len(), 24);
        for (place, digit) in right.char_indices() {
            for other in ('0'..='9').filter(|other| *other != digit) {
                let wrong: String =
                    right.char_indices().map(|(at, own)| if at == place { other } else { own }).collect();
                assert_eq!(Code::read(&wrong), None, "{wrong}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        for typed in
            ["", "TEA10", "7K3M", "UUUU-UUUU-UUUU-UUUU", "999999999999999999999993", &"0".repeat(1_000)]
        {
            assert_eq!(Code::read(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_code_that_spells_a_word_is_not_made() {
        // `S`, `E`, `X`, and then zeros.
        let values = [25, 14, 29_u8];
        let number =
            values.iter().fold(0_u128, |number, value| number << 5 | u128::from(*value)) << (80 - 15);
        let bytes = number.to_be_bytes();
        assert_eq!(Code::new(bytes[6..].try_into().unwrap()), None);
    }

    #[test]
    fn a_code_is_not_in_what_is_printed_for_debugging() {
        let code = code(1);
        assert!(!format!("{code:?}").contains(&code.to_string()[..4]));
    }
}
