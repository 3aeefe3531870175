//! The members of a segment as a file, page by page: only who has granted what the segment is for, and is in it now.

use wink_core::base::Timestamp;
use wink_store::Store;

use super::members::{self, Found};
use crate::flow::page::{LIMIT_MAX, Page};
use crate::flow::profiles;
use crate::{Engine, Error};

/// A file on its way.
#[derive(Clone, Debug)]
pub struct Export {
    segment: String,
    /// The namespace of the identity that is handed out with each, if any.
    namespace: Option<String>,
    now: Timestamp,
    cursor: Option<String>,
    is_over: bool,
}

/// A member as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The pseudonym.
    pub profile: String,
    /// Since when they are a member, as far as anybody looked.
    pub since: Timestamp,
    /// What the shop knows them by in the namespace asked for, if it does.
    pub identity: Option<String>,
}

impl Export {
    /// Begins the file of a segment at `now`; with the identity of a namespace, if one is named.
    pub fn new(segment: String, namespace: Option<String>, now: Timestamp) -> Self {
        Self { segment, namespace, now, cursor: None, is_over: false }
    }

    /// Reads the next members; `None` after the last.
    ///
    /// # Errors
    /// If there is no such segment any more, or the store cannot be read.
    pub async fn next<S: Store>(&mut self, engine: &Engine<S>) -> Result<Option<Vec<Line>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let page = Page { limit: LIMIT_MAX, cursor: self.cursor.take() };
        let found = members::list(engine, &self.segment, &page, self.now).await?;
        self.is_over = found.next_cursor.is_none();
        self.cursor = found.next_cursor;
        let mut lines = Vec::with_capacity(found.items.len());
        for member in found.items.into_iter().filter(|member| member.granted) {
            lines.push(self.line(engine, member).await?);
        }
        Ok(Some(lines))
    }

    async fn line<S: Store>(&self, engine: &Engine<S>, member: Found) -> Result<Line, Error> {
        let identity = match &self.namespace {
            None => None,
            Some(namespace) => {
                let vault = profiles::vault(engine, &member.person).await?;
                let known = vault.identities.into_iter().find(|known| known.namespace() == namespace);
                known.map(|known| known.value().to_owned())
            }
        };
        Ok(Line { profile: member.person.asked().id.to_string(), since: member.since, identity })
    }
}
