//! Products come in as rows of a file: each is answered for by its line, and those that are right are put, some at a time.

use wink_core::base::Timestamp;
use wink_core::offer::Product;
use wink_store::Store;

use super::products::{AT_ONCE, Put, put, try_put};
use crate::rows::{Format, Row, Rows, Wrong};
use crate::{Engine, Error};

/// How an import is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Changes nothing, and tells what would be changed.
    pub dry_run: bool,
    /// Stops at the first wrong row. What stood before it is put.
    pub strict: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were read, right or wrong.
    pub rows: u64,
    /// Rows that were wrong.
    pub wrong: u64,
    /// What became of the others.
    pub put: Put,
}

/// A wrong row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRow {
    /// The line in which it begins, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// An import while it runs.
pub struct Import {
    rows: Rows,
    manner: Manner,
    began: Timestamp,
    waiting: Vec<Product>,
    tally: Tally,
    is_stopped: bool,
}

impl Import {
    /// Begins one. All that it changes is told to have changed at that instant.
    pub fn new(format: Format, manner: Manner, began: Timestamp) -> Self {
        let waiting = Vec::with_capacity(AT_ONCE);
        Self { rows: Rows::new(format), manner, began, waiting, tally: Tally::default(), is_stopped: false }
    }

    /// Takes the next piece of the file; returns the wrong rows in it. Keep pieces small: as many rows can be wrong.
    ///
    /// # Errors
    /// If the store cannot be read or takes no writes.
    pub async fn feed<S: Store>(&mut self, engine: &Engine<S>, piece: &[u8]) -> Result<Vec<WrongRow>, Error> {
        let rows = self.rows.feed(piece);
        self.take(engine, rows).await
    }

    /// Ends the file: what waits is put.
    ///
    /// # Errors
    /// If the store cannot be read or takes no writes.
    pub async fn finish<S: Store>(&mut self, engine: &Engine<S>) -> Result<Vec<WrongRow>, Error> {
        let rows = self.rows.finish();
        let wrong = self.take(engine, rows).await?;
        self.put(engine).await?;
        Ok(wrong)
    }

    /// Tells how far it is. What waits to be put is in `rows` only.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Tells whether a wrong row has ended it.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    async fn take<S: Store>(&mut self, engine: &Engine<S>, rows: Vec<Row>) -> Result<Vec<WrongRow>, Error> {
        let mut wrong_rows = Vec::new();
        for Row { line, read } in rows {
            if self.is_stopped {
                break;
            }
            self.tally.rows += 1;
            match read {
                Ok(product) => self.waiting.push(product),
                Err(wrong) => {
                    self.tally.wrong += 1;
                    self.is_stopped = self.manner.strict;
                    wrong_rows.push(WrongRow { line, wrong });
                }
            }
            if AT_ONCE <= self.waiting.len() {
                self.put(engine).await?;
            }
        }
        Ok(wrong_rows)
    }

    async fn put<S: Store>(&mut self, engine: &Engine<S>) -> Result<(), Error> {
        let waiting = std::mem::take(&mut self.waiting);
        self.tally.put += match self.manner.dry_run {
            true => try_put(engine, &waiting).await?,
            false => put(engine, &waiting, self.began).await?,
        };
        Ok(())
    }
}
