//! Finds the word somebody probably meant.

/// Finds the candidate nearest to `word`: one that ends in `.word`, else the one with the fewest typing slips, if they are few.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().collect();
    let slips_max = (word.len() / 3).clamp(1, 4);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().collect();
        let is_last_part =
            letters.strip_suffix(word.as_slice()).is_some_and(|rest| rest.last() == Some(&'.'));
        let slips = if is_last_part { 0 } else { slips(&word, &letters) };
        if slips <= slips_max && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment) from one word to the other.
fn slips(from: &[char], to: &[char]) -> usize {
    let mut row_before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut previous_from = None;
    for (typed, letter) in from.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(typed + 1);
        let mut previous_to = None;
        for (meant, other) in to.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&row, meant) + usize::from(letter != other);
            let mut fewest = replaced.min(at(&row, meant + 1) + 1).min(at(&next, meant) + 1);
            let swapped = previous_from == Some(other) && previous_to == Some(letter);
            if swapped && 1 <= meant {
                fewest = fewest.min(at(&row_before, meant - 1) + 1);
            }
            next.push(fewest);
            previous_to = Some(other);
        }
        row_before = std::mem::replace(&mut row, next);
        previous_from = Some(letter);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        let names = ["feature.recency_days", "feature.orders_56d", "context.channel"];
        let check = |word: &str| nearest(word, names.into_iter());
        assert_eq!(check("feature.recency_day"), Some("feature.recency_days"));
        assert_eq!(check("feature.recnecy_days"), Some("feature.recency_days"));
        assert_eq!(check("recency_days"), Some("feature.recency_days"));
        assert_eq!(check("chanel"), None);
        assert_eq!(check("context.chanel"), Some("context.channel"));
        assert_eq!(check("weather"), None);
        assert_eq!(check(""), None);
    }

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        let count =
            |from: &str, to: &str| slips(&from.chars().collect::<Vec<_>>(), &to.chars().collect::<Vec<_>>());
        assert_eq!(count("ab", "ba"), 1);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("kitten", "sitting"), 3);
    }
}
