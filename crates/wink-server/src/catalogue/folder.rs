//! Reads the texts of a catalogue folder. Understands none of them.

use std::path::Path;

use super::{Files, Finding};

/// The most bytes of all files together: a version is stored in one batch, and that holds at most 1 MiB.
const BYTES_MAX: usize = 768 * 1024;

/// How far folders are searched for misplaced files; deeper ones are somebody else's.
const DEPTH_MAX: usize = 3;

/// Reads every `*.toml` under `folder` by relative path. Other files, and names that begin with a dot, are left alone.
pub(super) fn texts(folder: &Path) -> (Files, Vec<Finding>) {
    let mut reading = Reading { files: Files::new(), findings: Vec::new(), bytes: 0 };
    reading.folder(folder, "", 1);
    (reading.files, reading.findings)
}

/// Says that files are too large together, if they are.
pub(super) fn too_large(files: &Files) -> Option<Finding> {
    let mut bytes = 0_usize;
    let last = files.iter().find(|(_, text)| {
        bytes = bytes.saturating_add(text.len());
        BYTES_MAX < bytes
    });
    last.map(|(name, _)| Finding::of_file(name, larger()))
}

fn larger() -> String {
    format!("with this file the catalogue is larger than {BYTES_MAX} bytes")
}

struct Reading {
    files: Files,
    findings: Vec<Finding>,
    bytes: usize,
}

impl Reading {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(prefix, folder, &error),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => return self.unreadable(prefix, folder, &error),
            };
            let Some(name) = path.file_name() else { continue };
            let name = format!("{prefix}{}", name.to_string_lossy());
            if name.rsplit('/').next().is_some_and(|last| last.starts_with('.')) {
                continue;
            }
            // Follows links: mounted configuration is made of them.
            if path.is_dir() {
                if depth < DEPTH_MAX {
                    self.folder(&path, &format!("{name}/"), depth + 1);
                }
            } else if name.ends_with(".toml") {
                self.file(&path, name);
            }
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                return self
                    .findings
                    .push(Finding::of_file(&name, format!("the file cannot be read: {error}")));
            }
        };
        self.bytes = self.bytes.saturating_add(bytes.len());
        if BYTES_MAX < self.bytes {
            return self.findings.push(Finding::of_file(&name, larger()));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.files.insert(name, text);
            }
            Err(error) => {
                let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or(&[]);
                let (line, column) = super::file::place(&String::from_utf8_lossy(valid), valid.len());
                let message = "the text is not UTF-8 from here on".to_owned();
                self.findings.push(Finding {
                    file: name,
                    line,
                    column,
                    message,
                    fix: Some("save the file as UTF-8".to_owned()),
                });
            }
        }
    }

    fn unreadable(&mut self, prefix: &str, folder: &Path, error: &std::io::Error) {
        let name = if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
        self.findings.push(Finding::of_file(&name, format!("the folder cannot be read: {error}")));
    }
}
