//! Reading a backup, and checking on the way that it is what was written.

use std::io::Read;

use prost::Message;
use wink_store::{Effect, Head, LANES, Lane, Position, Version};

use crate::error::Damage;
use crate::format::{About, Counts, Piece, Seal};
use crate::frame::{FramesRead, Kind};

/// What a whole backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What it says about itself.
    pub about: About,
    /// How many of each thing.
    pub counts: Counts,
    /// The version of the last commit in it.
    pub version: Version,
}

/// Reads a backup to its seal. `take` gets every piece, with the byte where it ends, in an order that fills an empty store; if it
/// fails, so does the reading.
///
/// Until this returns, nobody knows whether the backup is whole: what was taken is worth nothing before.
///
/// # Errors
/// With what `take` says, or [`Damage`]: a backup that was cut off, changed, or holds a journal whose chain is broken.
pub fn read<E: From<Damage>>(
    from: impl Read,
    mut take: impl FnMut(&About, Vec<Effect>, u64) -> Result<(), E>,
) -> Result<Backup, E> {
    let mut frames = FramesRead::begin(from)?;
    let (Kind::About, payload) = frames.next()? else {
        return Err(frames.damaged("it does not say what it is").into());
    };
    let about = About::decode(payload.as_slice()).map_err(|error| frames.damaged(&error.to_string()))?;
    let mut counts = Counts::default();
    let mut lanes = Lanes::default();
    loop {
        let begins_at = frames.at;
        let (kind, payload) = frames.next()?;
        let damaged = |what: &str| Damage::Damaged { at: begins_at, what: what.to_owned() };
        match kind {
            Kind::About => return Err(damaged("it begins again").into()),
            Kind::Piece => {
                let piece = Piece::decode(payload.as_slice()).map_err(|error| damaged(&error.to_string()))?;
                let mut effects = Vec::with_capacity(piece.things.len());
                for thing in piece.things {
                    let effect = thing.effect().ok_or_else(|| damaged("a thing of an unknown sort"))?;
                    counts.count(&effect);
                    lanes.follow(&effect).map_err(|what| damaged(&what))?;
                    effects.push(effect);
                }
                take(&about, effects, frames.at)?;
            }
            Kind::Seal => {
                let seal = Seal::decode(payload.as_slice()).map_err(|error| damaged(&error.to_string()))?;
                if seal.counts != counts {
                    return Err(damaged("the seal counts other things than there are").into());
                }
                frames.end()?;
                return Ok(Backup { about, counts, version: Version(seal.version) });
            }
        }
    }
}

/// The end of every lane so far.
struct Lanes([Head; LANES as usize]);

impl Default for Lanes {
    fn default() -> Self {
        Self([Head::default(); LANES as usize])
    }
}

impl Lanes {
    /// Insists that an entry follows the one before it in its lane.
    fn follow(&mut self, effect: &Effect) -> Result<(), String> {
        let Effect::Append { lane, entry } = effect else { return Ok(()) };
        let lane: Lane = *lane;
        let Some(head) = self.0.get_mut(usize::from(lane.number())) else { return Ok(()) };
        entry.verify(&head.hash, lane, Position(head.next)).map_err(|error| error.to_string())?;
        *head = Head { next: entry.position.0.saturating_add(1), hash: entry.header.hash };
        Ok(())
    }
}
