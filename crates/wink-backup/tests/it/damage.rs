//! A backup that is not what was written.

use std::io::{self, Write};

use wink_backup::{Backup, Counts, Damage, Error};
use wink_sim::SimStore;
use wink_store::Effect;

use crate::shelf::{about, backup, everything, shelf};

fn read(bytes: &[u8]) -> Result<Backup, Damage> {
    wink_backup::read(bytes, |_, _, _| Ok(()))
}

#[test]
fn a_backup_cut_off_anywhere_is_refused() {
    let bytes = backup(&shelf());
    read(&bytes).unwrap();
    for length in 0..bytes.len() {
        match read(&bytes[..length]) {
            Err(Damage::NotABackup) => assert!(length < 8, "{length}"),
            Err(Damage::CutOff { .. }) => assert!(8 <= length, "{length}"),
            other => panic!("cut at {length}: {other:?}"),
        }
    }
}

#[test]
fn a_backup_with_any_bit_flipped_is_refused() {
    let bytes = backup(&shelf());
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let refused = read(&changed).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("backup"), "{said}");
        match refused {
            Damage::NotABackup => assert!(at / 8 < 6),
            Damage::OtherFormat { .. } => assert!((6..8).contains(&(at / 8))),
            Damage::Damaged { .. } | Damage::CutOff { .. } => assert!(8 <= at / 8),
            Damage::Read(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_backup_with_something_behind_it_is_refused() {
    let bytes = [backup(&shelf()).as_slice(), b"x"].concat();
    assert!(matches!(read(&bytes), Err(Damage::Damaged { what, .. }) if what.contains("follows the seal")));
    assert!(matches!(read(b"winkbk02"), Err(Damage::OtherFormat { found }) if found == "02"));
    assert!(matches!(read(b"something else"), Err(Damage::NotABackup)));
}

#[test]
fn a_journal_that_does_not_hold_together_is_refused_even_under_right_checksums() {
    let (effects, version) = everything(&shelf());
    let forged = |change: fn(&mut Effect) -> bool| {
        let mut effects = effects.clone();
        assert!(effects.iter_mut().any(change));
        read(&backup(&SimStore::filled(effects, version))).unwrap_err().to_string()
    };
    let payload = forged(|effect| match effect {
        Effect::Append { entry, .. } if entry.body.is_some() => {
            entry.body.as_mut().unwrap().payload.push(1);
            true
        }
        _ => false,
    });
    assert!(payload.contains("the payload is not the one that was committed"), "{payload}");
    let chain = forged(|effect| match effect {
        Effect::Append { entry, .. } => {
            entry.header.key = [77; 16];
            true
        }
        _ => false,
    });
    assert!(chain.contains("the hash chain is broken"), "{chain}");
}

/// A disk with little room.
struct Small(usize);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_full_and_a_person_who_stops_are_told_apart() {
    let store = shelf();
    let full = wink_backup::write(&store, &about(), Small(500), |_: &Counts| true).unwrap_err();
    assert!(matches!(&full, Error::Write(error) if error.kind() == io::ErrorKind::StorageFull), "{full}");
    let (mut effects, version) = everything(&store);
    let large = effects.iter_mut().find_map(|effect| match effect {
        Effect::Put { record, .. } => Some(&mut record.bytes),
        _ => None,
    });
    *large.unwrap() = vec![0; 1 << 20];
    let large = SimStore::filled(effects, version);
    let mut bytes = Vec::new();
    let stopped = wink_backup::write(&large, &about(), &mut bytes, |_| false).unwrap_err();
    assert!(matches!(stopped, Error::Stopped), "{stopped}");
    assert!(matches!(read(&bytes), Err(Damage::CutOff { .. })), "what was written so far is no backup");
}
