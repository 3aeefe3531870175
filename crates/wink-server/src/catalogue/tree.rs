//! TOML as plain values and back: the shape in which a catalogue is shown, sent and compared.

use std::collections::BTreeMap;

use toml_edit::{Array, ArrayOfTables, Document, InlineTable, Item, Table, TableLike};
use wink_core::base::Value;

/// Named values.
pub(super) type Fields = BTreeMap<String, Value>;

/// Reads a text; nothing if it is not TOML.
pub(super) fn of_text(text: &str) -> Option<Fields> {
    Document::parse(text).ok().map(|document| of_table(document.as_table()))
}

/// Reads a table.
pub(super) fn of_table(table: &dyn TableLike) -> Fields {
    table.iter().map(|(key, item)| (key.to_owned(), of_item(item))).collect()
}

/// Reads whatever stands behind a key. A time becomes its text.
pub(super) fn of_item(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => of_value(value),
        Item::Table(table) => Value::Map(of_table(table)),
        Item::ArrayOfTables(tables) => {
            Value::List(tables.iter().map(|table| Value::Map(of_table(table))).collect())
        }
    }
}

fn of_value(value: &toml_edit::Value) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => Value::Text(text.value().clone()),
        Toml::Integer(whole) => Value::Int(*whole.value()),
        Toml::Float(number) => Value::Float(*number.value()),
        Toml::Boolean(yes) => Value::Bool(*yes.value()),
        Toml::Datetime(time) => Value::Text(time.value().to_string()),
        Toml::Array(values) => Value::List(values.iter().map(of_value).collect()),
        Toml::InlineTable(table) => Value::Map(of_table(table)),
    }
}

/// Says that a value has no spelling in TOML, with the steps that lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoSpelling(pub(super) Vec<String>);

impl NoSpelling {
    fn under(mut self, step: impl Into<String>) -> Self {
        self.0.insert(0, step.into());
        self
    }
}

/// Writes fields into a table. What says the same stays as it is written, comments and all; what is not sent goes.
pub(super) fn write(table: &mut dyn TableLike, fields: &Fields, order: &[&str]) -> Result<(), NoSpelling> {
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !fields.contains_key(key)).collect();
    for key in gone {
        table.remove(&key);
    }
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(usize::MAX);
    let mut keys: Vec<&String> = fields.keys().collect();
    keys.sort_by_key(|key| place(key));
    for key in keys {
        let Some(value) = fields.get(key) else { continue };
        match table.get_mut(key) {
            Some(item) => overwrite(item, value).map_err(|error| error.under(key))?,
            None => {
                let value = spelled(value).map_err(|error| error.under(key))?;
                table.insert(key, Item::Value(value));
            }
        }
    }
    Ok(())
}

fn overwrite(item: &mut Item, value: &Value) -> Result<(), NoSpelling> {
    if of_item(item) == *value {
        return Ok(());
    }
    if let (Some(table), Value::Map(fields)) = (item.as_table_like_mut(), value) {
        return write(table, fields, &[]);
    }
    let mut new = spelled(value)?;
    if let Item::Value(old) = item {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
    Ok(())
}

fn spelled(value: &Value) -> Result<toml_edit::Value, NoSpelling> {
    Ok(match value {
        Value::Null => return Err(NoSpelling(Vec::new())),
        Value::Bool(yes) => (*yes).into(),
        Value::Int(whole) => (*whole).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(values) => {
            let mut array = Array::new();
            for (index, value) in values.iter().enumerate() {
                array.push(spelled(value).map_err(|error| error.under(index.to_string()))?);
            }
            array.into()
        }
        Value::Map(fields) => {
            let mut table = InlineTable::new();
            for (key, value) in fields {
                table.insert(key, spelled(value).map_err(|error| error.under(key))?);
            }
            table.into()
        }
    })
}

/// Writes a list of tables that have an `id`, in the order sent. One that was there keeps its comments.
pub(super) fn write_tables(old: ArrayOfTables, sent: &[Value], order: &[&str]) -> Result<Item, NoSpelling> {
    let mut left: Vec<Table> = old.into_iter().collect();
    let mut tables = ArrayOfTables::new();
    for (index, value) in sent.iter().enumerate() {
        let Value::Map(fields) = value else {
            // Not a table: written as it is, so that reading it says what is wrong.
            return spelled(&Value::List(sent.to_vec())).map(Item::Value);
        };
        let known = left.iter().position(|table| {
            fields.contains_key("id") && table.get("id").map(of_item).as_ref() == fields.get("id")
        });
        let mut table = known.map_or_else(Table::new, |known| left.remove(known));
        write(&mut table, fields, order).map_err(|error| error.under(index.to_string()))?;
        forget_position(&mut table);
        tables.push(table);
    }
    Ok(Item::ArrayOfTables(tables))
}

/// Lets a table stand where its parent puts it: an old place in the file could tear it from its own offer.
fn forget_position(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        if let Item::Table(inner) = item {
            forget_position(inner);
        }
    }
}
