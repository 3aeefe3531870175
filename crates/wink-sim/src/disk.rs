//! One append-only file on a disk that forgets what was not synced.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a disk writes at once or not at all, except when power fails in the middle.
pub const SECTOR_BYTES: usize = 512;

/// A file: the bytes the operating system shows, and the bytes that would survive a power cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    written: Vec<u8>,
    synced: Vec<u8>,
}

impl Disk {
    /// Shows what a reader of the file sees.
    pub fn bytes(&self) -> &[u8] {
        &self.written
    }

    /// Appends to the file. Survives the end of the process, not a power cut.
    pub fn append(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
    }

    /// Makes everything written so far survive a power cut.
    pub fn sync(&mut self) {
        self.synced.clone_from(&self.written);
    }

    /// Cuts the file to its first `length` bytes, durably.
    pub fn truncate(&mut self, length: usize) {
        self.written.truncate(length);
        self.sync();
    }

    /// Replaces the file as a whole, durably: what a temporary file, a sync, a rename and a sync of the directory do.
    pub fn replace(&mut self, bytes: Vec<u8>) {
        self.written = bytes;
        self.sync();
    }

    /// Cuts the power: of every sector that was written and not synced, keeps it, drops it or tears it, as the seed says.
    pub fn power_cut(&mut self, seed: u64) {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut kept: Vec<u8> = Vec::with_capacity(self.written.len());
        let mut end = self.synced.len();
        for (number, new) in self.written.chunks(SECTOR_BYTES).enumerate() {
            let start = number * SECTOR_BYTES;
            let old = self.synced.get(start..).unwrap_or_default();
            let old = old.get(..SECTOR_BYTES).unwrap_or(old);
            if old == new {
                kept.extend_from_slice(new);
                continue;
            }
            let from_new = match chance.next_u32() % 3 {
                0 => new.len(),
                1 => 0,
                _ => usize::try_from(chance.next_u32()).unwrap_or(0) % new.len(),
            };
            kept.extend_from_slice(new.get(..from_new).unwrap_or(new));
            kept.extend_from_slice(old.get(from_new..).unwrap_or_default());
            // What was never written reads as zeros once a later sector makes the file longer.
            kept.resize(start + new.len(), 0);
            if 0 < from_new {
                end = end.max(start + from_new);
            }
        }
        kept.truncate(end);
        self.written = kept;
        self.sync();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_keeps_what_was_synced_and_loses_some_of_the_rest() {
        let mut lost = 0;
        for seed in 0..100 {
            let mut disk = Disk::default();
            disk.append(&[1; 700]);
            disk.sync();
            disk.append(&[2; 2_000]);
            disk.power_cut(seed);
            assert_eq!(disk.bytes()[..700], [1; 700]);
            lost += usize::from(disk.bytes() != [vec![1; 700], vec![2; 2_000]].concat());
        }
        assert!(50 < lost);
    }
}
