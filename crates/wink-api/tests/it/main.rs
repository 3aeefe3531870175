//! What real clients sent to a recorder, held against what Wink makes of it.

#[cfg(test)]
mod segment;
