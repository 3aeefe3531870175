//! What Arrow notes of its columns in a Parquet file's metadata where Parquet has no type for them: which are durations. What is noted is a
//! flatbuffer of Arrow's `Message`; nothing in it is trusted, and what cannot be read says nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key of the note.
pub(super) const KEY: &str = "ARROW:schema";
/// `Schema` in Arrow's `MessageHeader`.
const SCHEMA: u8 = 1;
/// `Duration` in Arrow's `Type`.
const DURATION: u8 = 18;
/// In front of a message: four bytes that go on, and its length.
const PREFIX: usize = 8;

/// Lists the columns that are durations.
pub(super) fn durations(noted: &str) -> Vec<String> {
    let bytes = STANDARD.decode(noted).unwrap_or_default();
    read(bytes.get(PREFIX..).unwrap_or_default()).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<Vec<String>> {
    let buffer = Buffer(bytes);
    let message = buffer.follow(0)?;
    if buffer.byte(buffer.field(message, 1)?)? != SCHEMA {
        return None;
    }
    let schema = buffer.follow(buffer.field(message, 2)?)?;
    let fields = buffer.follow(buffer.field(schema, 1)?)?;
    let mut found = Vec::new();
    for number in 0..buffer.long(fields)? {
        let field = buffer.follow(fields.checked_add(number.checked_add(1)?.checked_mul(4)?)?)?;
        let kind = buffer.field(field, 2).and_then(|at| buffer.byte(at));
        if kind == Some(DURATION) {
            let name = buffer.follow(buffer.field(field, 0)?)?;
            let start = name.checked_add(4)?;
            let text = bytes.get(start..start.checked_add(buffer.long(name)?)?)?;
            found.push(String::from_utf8_lossy(text).into_owned());
        }
    }
    Some(found)
}

/// A flatbuffer: tables whose fields are found by an index in front of them.
struct Buffer<'a>(&'a [u8]);

impl Buffer<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    fn short(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(2)?)?;
        Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    /// The place a distance leads to.
    fn follow(&self, at: usize) -> Option<usize> {
        at.checked_add(self.long(at)?)
    }

    /// Where a field of a table stands; `None` if it has none, which means its default.
    fn field(&self, table: usize, number: usize) -> Option<usize> {
        let back = self.0.get(table..table.checked_add(4)?)?;
        let back = i64::from(i32::from_le_bytes(back.try_into().ok()?));
        let index = usize::try_from(i64::try_from(table).ok()?.checked_sub(back)?).ok()?;
        let entry = number.checked_mul(2)?.checked_add(4)?;
        if self.short(index)? <= entry {
            return None;
        }
        let distance = self.short(index.checked_add(entry)?)?;
        (distance != 0).then_some(table.checked_add(distance)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By pyarrow 26.0.1: a whole number `n`, a duration `wait` in microseconds, a time of day.
    const NOTED: &str = "/////+gAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAMAAACAAAAAPAAAAAQAAACc////AAABCRAAAAAcAAAABAAAAAAAAAACAAAAYXQAAAgADAAGAAgACAAAAAAAAgBAAAAA0P///wAAARIQAAAAHAAAAAQAAAAAAAAABAAAAHdhaXQAAAYACAAGAAYAAAAAAAIAEAAUAAgABgAHAAwAAAAQABAAAAAAAAECEAAAABwAAAAEAAAAAAAAAAEAAABuAAAACAAMAAgABwAIAAAAAAAAASAAAAAAAAAA";

    #[test]
    fn durations_are_those_that_were_written() {
        assert_eq!(durations(NOTED), ["wait"]);
    }

    #[test]
    fn a_broken_note_says_nothing_and_ends() {
        assert_eq!(durations("no base64!"), Vec::<String>::new());
        let bytes = STANDARD.decode(NOTED).unwrap();
        for end in 0..bytes.len() {
            durations(&STANDARD.encode(&bytes[..end]));
            let mut changed = bytes.clone();
            changed[end] ^= 0xff;
            durations(&STANDARD.encode(&changed));
        }
    }
}
