//! Tables a model is trained on: what somebody else wrote into CSV or Parquet, and the features that belong to each row.

mod read;
mod write;

pub(crate) use read::Table;
pub(crate) use write::write;

/// What a feature says in a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing that may be told.
    Nothing,
    /// A number.
    Number(f64),
    /// Shares by name, as JSON.
    Shares(String),
}

/// A column of features.
pub(crate) struct Column {
    /// The feature's name.
    pub(crate) name: String,
    /// Whether its cells are shares rather than numbers.
    pub(crate) is_shares: bool,
}
