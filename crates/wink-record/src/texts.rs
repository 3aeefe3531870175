//! A table of texts: names and keys that a record repeats are written once and pointed to.

use std::collections::BTreeMap;

use crate::message::{Damaged, unknown};

/// Collects texts while a record is written.
#[derive(Default)]
pub(crate) struct Texts {
    listed: Vec<String>,
    places: BTreeMap<String, u32>,
}

impl Texts {
    /// Tells the place of a text, listing it if it is new.
    pub(crate) fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
        self.listed.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    /// Gives the table to store.
    pub(crate) fn into_listed(self) -> Vec<String> {
        self.listed
    }
}

/// Reads a text out of a stored table.
pub(crate) fn text<'a>(what: &'static str, texts: &'a [String], place: u32) -> Result<&'a str, Damaged> {
    let found = usize::try_from(place).ok().and_then(|place| texts.get(place));
    found.map(String::as_str).ok_or_else(|| unknown(what, "text", place))
}
