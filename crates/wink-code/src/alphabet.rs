//! Crockford's base 32: digits and capitals without I, L, O and U, so that nothing looks like something else.

/// The symbols by value.
pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Gives the symbol of a value; only the lowest five bits count.
pub(crate) fn symbol(value: u8) -> char {
    ALPHABET.get(usize::from(value & 31)).map_or('0', |symbol| char::from(*symbol))
}

/// Gives the value of a symbol as it is printed, in no other spelling.
pub(crate) fn value(symbol: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|known| *known == symbol)?;
    u8::try_from(place).ok()
}

/// Gives the value of a symbol as somebody typed it: small letters count, and so do the letters that look like a digit.
pub(crate) fn typed_value(symbol: char) -> Option<u8> {
    match symbol.to_ascii_uppercase() {
        'O' => Some(0),
        'I' | 'L' => Some(1),
        other => u8::try_from(other).ok().and_then(value),
    }
}

/// Spells bytes, the most significant bit first; the last symbol is filled up with zeros.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut held, mut bits) = (0_u16, 0);
    for byte in bytes {
        held = held << 8 | u16::from(*byte);
        bits += 8;
        while 5 <= bits {
            bits -= 5;
            text.push(symbol(low_byte(held >> bits)));
        }
        held &= (1 << bits) - 1;
    }
    if 0 < bits {
        text.push(symbol(low_byte(held << (5 - bits))));
    }
    text
}

/// Reads what [`encode`] spelled, and nothing else: no small letter, no symbol too many, no bit in the filling. Two texts never are the same
/// bytes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u16, 0);
    for symbol in text.bytes() {
        held = held << 5 | u16::from(value(symbol)?);
        bits += 5;
        if 8 <= bits {
            bits -= 8;
            bytes.push(low_byte(held >> bits));
            held &= (1 << bits) - 1;
        }
    }
    let is_filling = bits < 5 && held == 0;
    is_filling.then_some(bytes)
}

fn low_byte(word: u16) -> u8 {
    let [_, low] = word.to_be_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_spelled_in_one_way_and_read_back() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|place| place.wrapping_mul(151) ^ 0x5a).collect();
            let text = encode(&bytes);
            assert_eq!(decode(&text).as_ref(), Some(&bytes), "{text}");
            assert_ne!(decode(&format!("{text}0")), Some(bytes), "{length}: a symbol too many");
        }
        assert_eq!(decode("ZZ"), None, "bits in the filling");
        assert_eq!(decode("00000000"), Some(vec![0; 5]));
        assert_eq!(decode("000000000"), None, "a symbol that adds nothing");
        assert_eq!(decode("zW"), None, "a small letter");
    }
}
