//! Tables and their entries: reads a value in the wanted shape, or reports what is wrong and goes on.

use std::ops::{Range, RangeInclusive};

use toml_edit::{Item, TableLike, Value};
use wink_core::base::expression::{Declarations, Expression, nearest};
use wink_core::base::{Cents, Timestamp, Zone};

use super::file::File;
use super::literal::{self, NotDecimal};

/// A table of a file.
pub(super) struct Section<'a> {
    file: &'a File<'a>,
    table: &'a dyn TableLike,
    /// Where it begins.
    at: Range<usize>,
    /// How messages call it: `[economics]`; empty for the file itself.
    title: &'static str,
}

impl<'a> Section<'a> {
    /// Takes the whole file.
    pub(super) fn root(file: &'a File<'a>, table: &'a dyn TableLike) -> Self {
        Self { file, table, at: 0..0, title: "" }
    }

    /// Where it begins, for what is wrong with it as a whole.
    pub(super) fn at(&self) -> &Range<usize> {
        &self.at
    }

    pub(super) fn file(&self) -> &'a File<'a> {
        self.file
    }

    /// Reports every key that is not `known`.
    pub(super) fn only(&self, known: &[&str]) {
        for (key, item) in self.table.iter() {
            if known.contains(&key) {
                continue;
            }
            let at = self
                .table
                .key(key)
                .and_then(|key| key.span())
                .or_else(|| item.span())
                .unwrap_or_else(|| self.at.clone());
            let place = if self.title.is_empty() { String::new() } else { format!(" in `{}`", self.title) };
            let fix = match nearest(key, known.iter().copied()) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("use {}", list(known)),
            };
            self.file.report(&at, format!("`{key}` is not a known key{place}"), Some(fix));
        }
    }

    /// Finds an entry that may be missing.
    pub(super) fn optional(&self, name: &'static str) -> Option<Entry<'a>> {
        let item = self.table.get(name)?;
        let at = item.span().or_else(|| self.table.key(name).and_then(|key| key.span()));
        Some(Entry {
            file: self.file,
            name: name.to_owned(),
            item,
            at: at.unwrap_or_else(|| self.at.clone()),
        })
    }

    /// Finds an entry by a name that is known only here.
    pub(super) fn optional_named(&self, name: &str) -> Option<Entry<'a>> {
        self.entries().find(|(entry, _)| entry.name == name).map(|(entry, _)| entry)
    }

    /// Finds an entry that must be there.
    pub(super) fn required(&self, name: &'static str) -> Option<Entry<'a>> {
        let entry = self.optional(name);
        if entry.is_none() {
            let place = if self.title.is_empty() { String::new() } else { format!(" in `{}`", self.title) };
            self.file.report(&self.at, format!("`{name}` is missing{place}"), None);
        }
        entry
    }

    /// Lists all entries, for tables whose keys are free.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Entry<'a>, Range<usize>)> {
        self.table.iter().map(|(name, item)| {
            let key_at = self.table.key(name).and_then(|key| key.span()).unwrap_or_else(|| self.at.clone());
            let at = item.span().unwrap_or_else(|| key_at.clone());
            (Entry { file: self.file, name: name.to_owned(), item, at }, key_at)
        })
    }
}

/// A key with its value.
pub(super) struct Entry<'a> {
    file: &'a File<'a>,
    pub(super) name: String,
    item: &'a Item,
    pub(super) at: Range<usize>,
}

impl<'a> Entry<'a> {
    /// Reports something wrong with the value.
    pub(super) fn refuse<T>(&self, message: impl Into<String>, fix: Option<String>) -> Option<T> {
        self.file.report(&self.at, message, fix);
        None
    }

    /// Tells which file it stands in.
    pub(super) fn file(&self) -> &'a File<'a> {
        self.file
    }

    /// Reports something wrong at a place inside the value.
    pub(super) fn report_at(&self, at: &Range<usize>, message: impl Into<String>, fix: Option<String>) {
        self.file.report(at, message, fix);
    }

    /// Reads a text that says something.
    pub(super) fn text(&self) -> Option<&'a str> {
        let Some(text) = self.item.as_str() else {
            return self.refuse(format!("`{}` must be a text, this is {}", self.name, kind(self.item)), None);
        };
        if text.trim().is_empty() {
            return self.refuse(format!("`{}` is empty", self.name), None);
        }
        Some(text)
    }

    /// Reads a list of texts with their places. What says nothing or stands twice is reported and left out.
    pub(super) fn texts(&self) -> Option<Vec<(&'a str, Range<usize>)>> {
        let Some(array) = self.item.as_array() else {
            let message = format!("`{}` must be a list of texts, this is {}", self.name, kind(self.item));
            return self.refuse(message, None);
        };
        let mut texts: Vec<(&str, Range<usize>)> = Vec::new();
        for value in array {
            let at = value.span().unwrap_or_else(|| self.at.clone());
            match value.as_str() {
                Some(text) if texts.iter().any(|(other, _)| *other == text) => {
                    let message = format!("`{text}` stands twice in `{}`", self.name);
                    self.file.report(&at, message, Some("leave one out".to_owned()));
                }
                Some(text) if !text.trim().is_empty() => texts.push((text, at)),
                _ => {
                    self.file.report(&at, format!("`{}` must hold texts that are not empty", self.name), None)
                }
            }
        }
        Some(texts)
    }

    /// Reads a list of whole numbers.
    pub(super) fn wholes(&self) -> Option<Vec<i64>> {
        let numbers = self.item.as_array().and_then(|array| array.iter().map(Value::as_integer).collect());
        numbers.or_else(|| self.refuse(format!("`{}` must be a list of whole numbers", self.name), None))
    }

    /// Reads a yes or no.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.item.as_bool() {
            Some(flag) => Some(flag),
            None => {
                self.refuse(format!("`{}` is {}, expected true or false", self.name, kind(self.item)), None)
            }
        }
    }

    /// Reads a text, a number, or true or false.
    pub(super) fn scalar(&self) -> Option<wink_core::base::Value> {
        use wink_core::base::Value as Plain;
        match self.item.as_value() {
            Some(Value::String(text)) => Some(Plain::Text(text.value().clone())),
            Some(Value::Integer(number)) => Some(Plain::Int(*number.value())),
            Some(Value::Float(number)) if number.value().is_finite() => Some(Plain::Float(*number.value())),
            Some(Value::Boolean(flag)) => Some(Plain::Bool(*flag.value())),
            _ => {
                let found = kind(self.item);
                self.refuse(
                    format!("`{}` must be a text, a number, true or false, this is {found}", self.name),
                    None,
                )
            }
        }
    }

    /// Reads a whole number in a range.
    pub(super) fn whole(&self, allowed: RangeInclusive<i64>) -> Option<i64> {
        let Some(value) = self.item.as_integer() else {
            return self.refuse(
                format!("`{}` must be a whole number, this is {}", self.name, kind(self.item)),
                None,
            );
        };
        if allowed.contains(&value) {
            return Some(value);
        }
        let (from, to) = allowed.into_inner();
        let name = &self.name;
        let message = match to {
            i64::MAX => format!("`{name}` must be at least {from}, this is {value}"),
            _ => format!("`{name}` must be {from} to {to}, this is {value}"),
        };
        self.refuse(message, None)
    }

    /// Reads a finite number.
    pub(super) fn number(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a weight of more than 53 bits means nothing else")]
        let number = self.item.as_float().or_else(|| self.item.as_integer().map(|whole| whole as f64));
        match number {
            Some(number) if number.is_finite() => Some(number),
            Some(number) => {
                self.refuse(format!("`{}` must be a finite number, this is {number}", self.name), None)
            }
            None => {
                self.refuse(format!("`{}` must be a number, this is {}", self.name, kind(self.item)), None)
            }
        }
    }

    /// Reads a percentage with up to two decimals as basis points.
    pub(super) fn percent(&self, allowed: RangeInclusive<i64>) -> Option<u16> {
        let (from, to) = (*allowed.start(), *allowed.end());
        let spelled = match self.item {
            Item::Value(Value::Integer(_) | Value::Float(_)) => self.file.cut(&self.at).replace('_', ""),
            _ => {
                return self
                    .refuse(format!("`{}` must be a number, this is {}", self.name, kind(self.item)), None);
            }
        };
        match literal::decimal(&spelled, 2) {
            Ok(value) if (from * 100..=to * 100).contains(&value) => u16::try_from(value).ok(),
            Err(NotDecimal::Decimals) => {
                self.refuse(format!("`{}` has at most 2 decimals, this is {spelled}", self.name), None)
            }
            Err(NotDecimal::Digits) => self.refuse(
                format!("`{}` is not written in plain digits: {spelled}", self.name),
                Some("write it like `12.5`".to_owned()),
            ),
            Ok(_) | Err(NotDecimal::TooLarge) => {
                self.refuse(format!("`{}` must be {from} to {to}, this is {spelled}", self.name), None)
            }
        }
    }

    /// Reads an amount in the shop's currency, with up to `places` decimals, as a count of the smallest place.
    ///
    /// `"1.50"` and `1.50` are the same: the digits count as they are written, and no float is ever made of them.
    fn decimal(&self, places: usize) -> Option<i64> {
        let spelled = match self.item {
            Item::Value(Value::String(text)) => text.value().clone(),
            Item::Value(Value::Integer(_) | Value::Float(_)) => self.file.cut(&self.at).replace('_', ""),
            _ => {
                let fix = Some(format!("write it like {}", self.example()));
                return self
                    .refuse(format!("`{}` must be an amount, this is {}", self.name, kind(self.item)), fix);
            }
        };
        match literal::decimal(&spelled, places) {
            Ok(value) if 0 <= value => Some(value),
            Ok(_) => self.refuse(format!("`{}` must not be negative, this is {spelled}", self.name), None),
            Err(NotDecimal::Decimals) => {
                let allowed =
                    if places == 0 { "no decimals".to_owned() } else { format!("at most {places} decimals") };
                self.refuse(format!("`{}` has {allowed}, this is {spelled}", self.name), None)
            }
            Err(NotDecimal::Digits) => {
                let how = if places == 0 { "digits" } else { "digits and a dot" };
                let fix = format!("write {how}, without currency or spaces, like {}", self.example());
                self.refuse(format!("`{}` is not an amount: {spelled}", self.name), Some(fix))
            }
            Err(NotDecimal::TooLarge) => {
                self.refuse(format!("`{}` is too large: {spelled}", self.name), None)
            }
        }
    }

    /// Spells an amount as the shop would.
    fn example(&self) -> String {
        format!("`\"{}\"`", self.file.currency().of(Cents(150)).plain())
    }

    /// Reads an amount.
    pub(super) fn amount(&self) -> Option<Cents> {
        let currency = self.file.currency();
        let amount = Cents(self.decimal(currency.places())?);
        if Cents::MOST < amount {
            return self
                .refuse(format!("`{}` is too large: {}", self.name, currency.of(amount).plain()), None);
        }
        Some(amount)
    }

    /// Reads an amount above zero.
    pub(super) fn positive_amount(&self) -> Option<Cents> {
        let amount = self.amount()?;
        if amount == Cents::ZERO {
            return self.refuse(format!("`{}` must be more than 0", self.name), None);
        }
        Some(amount)
    }

    /// Reads a cost, to a hundredth of a minor unit, in minor units.
    pub(super) fn cost_cents(&self) -> Option<f64> {
        let hundredths = self.decimal(self.file.currency().places() + 2)?;
        if Cents::MOST.0 < hundredths / 100 {
            return self.refuse(format!("`{}` is too large for a cost", self.name), None);
        }
        #[expect(clippy::cast_precision_loss, reason = "within ten million million")]
        let hundredths = hundredths as f64;
        Some(hundredths / 100.0)
    }

    /// Reads an instant, or a date as its midnight on the shop's clock; quoted or not.
    pub(super) fn time(&self, zone: &Zone) -> Option<Timestamp> {
        let fix = || {
            Some("write a date like `2026-03-01`, which is midnight on the shop's clock, or `2026-03-01T09:30:00Z`".to_owned())
        };
        let spelled = match self.item {
            Item::Value(Value::String(text)) => text.value().clone(),
            Item::Value(Value::Datetime(time)) => time.value().to_string(),
            _ => {
                return self
                    .refuse(format!("`{}` must be a time, this is {}", self.name, kind(self.item)), fix());
            }
        };
        let is_date = spelled.len() == 10 && !spelled.contains(['T', 't', ' ', ':']);
        let time = if is_date {
            let day = Timestamp::parse(&format!("{spelled}T00:00:00Z")).ok();
            day.and_then(|midnight| zone.instant(midnight.day(), 0))
        } else {
            Timestamp::parse(&spelled).ok()
        };
        match time {
            Some(time) => Some(time),
            None => self.refuse(format!("`{}` is not a time: {spelled}", self.name), fix()),
        }
    }

    /// Compiles a rule; a problem is reported at its character inside the string.
    pub(super) fn rule(&self, declarations: &Declarations) -> Option<Expression> {
        let Some(source) = self.item.as_str() else {
            return self.refuse(format!("`{}` must be a text, this is {}", self.name, kind(self.item)), None);
        };
        match Expression::compile(source, declarations) {
            Ok(expression) => Some(expression),
            Err(problem) => {
                let start = self.at.start + literal::place_inside(self.file.cut(&self.at), problem.at.start);
                self.file.report(&(start..start), problem.message, problem.fix);
                None
            }
        }
    }

    /// Reads a table.
    pub(super) fn section(&self, title: &'static str) -> Option<Section<'a>> {
        match self.item.as_table_like() {
            Some(table) => Some(Section { file: self.file, table, at: self.at.clone(), title }),
            None => {
                self.refuse(format!("`{}` must be a table, this is {}", self.name, kind(self.item)), None)
            }
        }
    }

    /// Reads a list of tables, written as `[[…]]` or inline.
    pub(super) fn sections(&self, title: &'static str) -> Option<Vec<Section<'a>>> {
        let section = |table: &'a dyn TableLike, span: Option<Range<usize>>| Section {
            file: self.file,
            table,
            at: span.unwrap_or_else(|| self.at.clone()),
            title,
        };
        match self.item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|table| section(table, table.span())).collect())
            }
            Item::Value(Value::Array(values)) => {
                let mut sections = Vec::new();
                for value in values {
                    let Some(table) = value.as_inline_table() else {
                        let at = value.span().unwrap_or_else(|| self.at.clone());
                        self.file.report(&at, format!("`{}` must hold tables", self.name), None);
                        return None;
                    };
                    sections.push(section(table, value.span()));
                }
                Some(sections)
            }
            _ => self.refuse(
                format!("`{}` must be a list of tables, this is {}", self.name, kind(self.item)),
                None,
            ),
        }
    }
}

fn kind(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
        Item::Value(Value::String(_)) => "a text",
        Item::Value(Value::Integer(_)) => "a whole number",
        Item::Value(Value::Float(_)) => "a number",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a time",
        Item::Value(Value::Array(_)) => "a list",
    }
}

/// Lists words: "`a`, `b` or `c`".
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
