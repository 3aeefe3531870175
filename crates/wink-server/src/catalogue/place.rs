//! Which value stands at a line and column of a TOML text.

use toml_edit::{Document, Item, TableLike, Value};

/// Names the keys and places that lead to what stands there; as far as it is known.
pub(super) fn steps(text: &str, line: usize, column: usize) -> Vec<String> {
    let Some(byte) = byte(text, line, column) else { return Vec::new() };
    // Where a file begins, its first key does too; what is said there is said of the whole.
    let document = if byte == 0 { None } else { Document::parse(text).ok() };
    document.and_then(|document| in_table(document.as_table(), byte)).unwrap_or_default()
}

fn byte(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.nth(line.checked_sub(1)?)?;
    let characters = text.get(start..)?.chars().take(column.checked_sub(1)?);
    Some(start + characters.map(char::len_utf8).sum::<usize>())
}

fn in_table(table: &dyn TableLike, byte: usize) -> Option<Vec<String>> {
    table.iter().find_map(|(key, item)| {
        let is_key = table.key(key).and_then(|key| key.span()).is_some_and(|span| span.contains(&byte));
        let inside = in_item(item, byte).or_else(|| is_key.then(Vec::new))?;
        Some(under(key.to_owned(), inside))
    })
}

fn in_item(item: &Item, byte: usize) -> Option<Vec<String>> {
    let inside = match item {
        Item::None => None,
        Item::Value(value) => return in_value(value, byte),
        Item::Table(table) => in_table(table, byte),
        Item::ArrayOfTables(tables) => tables.iter().enumerate().find_map(|(index, table)| {
            let is_here = table.span().is_some_and(|span| span.contains(&byte));
            let inside = in_table(table, byte).or_else(|| is_here.then(Vec::new))?;
            Some(under(index.to_string(), inside))
        }),
    };
    inside.or_else(|| item.span().is_some_and(|span| span.contains(&byte)).then(Vec::new))
}

fn in_value(value: &Value, byte: usize) -> Option<Vec<String>> {
    let inside = match value {
        Value::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(index, value)| Some(under(index.to_string(), in_value(value, byte)?))),
        Value::InlineTable(table) => in_table(table, byte),
        _ => None,
    };
    inside.or_else(|| value.span().is_some_and(|span| span.contains(&byte)).then(Vec::new))
}

fn under(step: String, mut steps: Vec<String>) -> Vec<String> {
    steps.insert(0, step);
    steps
}
