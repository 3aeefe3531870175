//! Ascending numbers as steps, ascending names as what each adds to the one before.

/// Reads numbers of which the first was written, and the steps from one to the next.
pub(crate) fn steps_from(steps: &[i64]) -> impl Iterator<Item = i64> + '_ {
    steps.iter().scan(0_i64, |number, step| {
        *number = number.wrapping_add(*step);
        Some(*number)
    })
}

/// Writes names: how many bytes each shares with the one before, how many it adds, and those.
pub(crate) fn names_to(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = "";
    for name in names {
        let shared = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count().min(255);
        let shared = (0..=shared).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
        let added = name.as_bytes().get(shared..).unwrap_or_default();
        bytes.push(u8::try_from(shared).unwrap_or(0));
        bytes.push(u8::try_from(added.len()).unwrap_or(u8::MAX));
        bytes.extend(added);
        before = name;
    }
    bytes
}

/// Reads them back; nothing if the bytes are cut or no text.
pub(crate) fn names_from(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    while let [shared, added, rest @ ..] = bytes {
        let before = names.last().map_or("", String::as_str);
        let (new, rest) = rest.split_at_checked(usize::from(*added))?;
        names.push(format!("{}{}", before.get(..usize::from(*shared))?, std::str::from_utf8(new).ok()?));
        bytes = rest;
    }
    bytes.is_empty().then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        let names = ["", "FROZEN", "FROZEN PIZZA", "FRÖSCHE", "FRÜCHTE", "ZÄ"];
        assert_eq!(names_from(&names_to(&names)).unwrap(), names);
        let bytes = names_to(&["FROZEN", "FROZEN PIZZA"]);
        assert_eq!(bytes.len(), 2 + 6 + 2 + 6);
        assert_eq!(names_from(&bytes[..bytes.len() - 1]), None);
        assert_eq!(names_from(&[9, 1, b'x']), None);
    }

    #[test]
    fn numbers_follow_from_the_first_and_the_steps() {
        let numbers = [i64::MIN, -3, 4, 4, i64::MAX];
        let steps = [i64::MIN, i64::MAX - 2, 7, 0, i64::MAX - 4];
        assert_eq!(steps_from(&steps).collect::<Vec<_>>(), numbers);
    }
}
