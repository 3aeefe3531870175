//! The golden file: a backup as it was written first. It is never changed; a new format gets a new file, and this one must still be read.

use std::path::PathBuf;

use wink_backup::Damage;

use crate::shelf::{about, backup, everything, shelf};

fn hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    bytes.chunks(32).map(line).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_backup_is_written_and_read_as_ever() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/backup-v1.hex");
    let store = shelf();
    let written = hex(&backup(&store));
    if !path.exists() && std::env::var_os("WINK_BLESS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask bless` writes a new one", path.display()));
    assert_eq!(written, golden, "a backup is no longer written as it was");
    let mut effects = Vec::new();
    let read = wink_backup::read(bytes(&golden).as_slice(), |_, piece, _| -> Result<(), Damage> {
        effects.extend(piece);
        Ok(())
    })
    .unwrap();
    assert_eq!((effects, read.version), everything(&store));
    assert_eq!(read.about, about());
}
