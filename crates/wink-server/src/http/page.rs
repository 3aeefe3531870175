//! Lists in pages. A cursor is the last id of the page before, in a spelling that nobody is tempted to make up.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wink_api::{PageAsked, Problem};

use super::problem::Refused;
use crate::Error;

/// How many there are on a page if nobody says.
const LIMIT: usize = 100;

/// How many there may be on a page.
const LIMIT_MAX: usize = 500;

/// Which page is asked for.
pub(super) struct Page {
    pub(super) limit: usize,
    /// The last id of the page before.
    pub(super) after: Option<String>,
}

impl Page {
    /// Reads what was asked.
    ///
    /// # Errors
    /// If the limit is out of range, or the cursor is none of ours.
    pub(super) fn read(asked: &PageAsked) -> Result<Self, Refused> {
        let limit = asked.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            let message = format!("`limit` must be 1 to {LIMIT_MAX}");
            return Err(Refused::new(Problem::new(
                400,
                "query_malformed",
                "The query is not what was expected",
                message,
            )));
        }
        let read = |cursor: &String| {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Error::Cursor)
        };
        Ok(Self { limit, after: asked.cursor.as_ref().map(read).transpose()? })
    }

    /// Cuts what was found, one more than the limit if there is more, and names the cursor of the next page.
    pub(super) fn cut<T>(&self, mut found: Vec<T>, id: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let is_more = self.limit < found.len();
        found.truncate(self.limit);
        let last = found.last().filter(|_| is_more);
        let cursor = last.map(|last| URL_SAFE_NO_PAD.encode(id(last)));
        (found, cursor)
    }
}

/// What comes after an id.
pub(super) fn after<T>(
    parts: BTreeMap<String, T>,
    after: Option<&String>,
) -> impl Iterator<Item = (String, T)> {
    let after = after.cloned();
    parts.into_iter().skip_while(move |(id, _)| after.as_ref().is_some_and(|after| id <= after))
}
