//! One text with what was found in it.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use wink_core::base::Currency;

use super::Finding;

/// A file while it is read. Findings gather inside, so that reading goes on behind each.
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    /// What amounts in it are in: the shop's currency, once that is read.
    currency: Cell<Currency>,
    findings: RefCell<Vec<Finding>>,
}

impl<'a> File<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text, currency: Cell::new(Currency::NONE), findings: RefCell::new(Vec::new()) }
    }

    /// Says what amounts in it are in.
    pub(super) fn in_currency(self, currency: Currency) -> Self {
        self.currency.set(currency);
        self
    }

    /// Learns what amounts from here on are in, from the file itself.
    pub(super) fn counts_in(&self, currency: Currency) {
        self.currency.set(currency);
    }

    pub(super) fn currency(&self) -> Currency {
        self.currency.get()
    }

    /// Reports something wrong at these bytes.
    pub(super) fn report(&self, at: &Range<usize>, message: impl Into<String>, fix: Option<String>) {
        let (line, column) = place(self.text, at.start);
        let finding = Finding { file: self.name.to_owned(), line, column, message: message.into(), fix };
        self.findings.borrow_mut().push(finding);
    }

    /// Cuts these bytes out.
    pub(super) fn cut(&self, at: &Range<usize>) -> &'a str {
        self.text.get(at.clone()).unwrap_or("")
    }

    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        place(self.text, at.start).0
    }

    pub(super) fn is_clean(&self) -> bool {
        self.findings.borrow().is_empty()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }
}

/// Counts the line and the column in characters of a byte, both from 1.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
