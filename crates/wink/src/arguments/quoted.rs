//! Names in arguments that hold several: apart by commas, or by the signs of `COL=VALUE:CONTROL`. A name that holds such a sign itself stands in
//! double quotes, as in a CSV file: `"a,b"`; a double quote in it is written twice. Elsewhere than at its beginning a quote is part of the name.

use std::str::FromStr;

/// Names apart by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List(Vec<String>);

impl FromStr for List {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = Vec::new();
        let mut rest = text;
        loop {
            let (name, behind) = name(rest, &[','])?;
            names.push(name);
            match behind.strip_prefix(',') {
                Some(next) => rest = next,
                None => return Ok(Self(names)),
            }
        }
    }
}

/// All names of an argument that may be said several times.
pub(crate) fn names(lists: &[List]) -> Vec<String> {
    lists.iter().flat_map(|list| list.0.iter().cloned()).collect()
}

/// Reads a name up to one of these signs or the end, and gives what follows, with the sign.
///
/// # Errors
/// Says so if a quote is not closed, or something else follows it.
pub(crate) fn name<'a>(text: &'a str, ends: &[char]) -> Result<(String, &'a str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(ends).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return Ok((name.to_owned(), rest));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let Some((before, behind)) = rest.split_once('"') else {
            return Err(format!(
                "`{text}` begins with a double quote that is not closed; a name that begins with one is written as \"\"\"name\""
            ));
        };
        name.push_str(before);
        match behind.strip_prefix('"') {
            Some(next) => {
                name.push('"');
                rest = next;
            }
            None if behind.is_empty() || behind.starts_with(ends) => return Ok((name, behind)),
            None => {
                return Err(format!("in `{text}` something follows the closing quote: `{behind}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_hold_what_keeps_names_apart() {
        let check = |text: &str, wanted: &[&str]| {
            let list: List = text.parse().unwrap();
            assert_eq!(names(&[list]), wanted, "{text}");
        };
        check("a,b", &["a", "b"]);
        check("\"a,b\",c", &["a,b", "c"]);
        check("c,\"a \"\"x\"\", b\"", &["c", "a \"x\", b"]);
        check("27\" screen,b", &["27\" screen", "b"]);
        check("", &[""]);
        check("\"\",a,", &["", "a", ""]);
        for (text, why) in [("\"a,b", "not closed"), ("\"a\"b,c", "follows the closing quote: `b,c`")] {
            let error = text.parse::<List>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
