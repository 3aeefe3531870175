//! A file that is there whole or not at all: it has another name while it is written.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// A file that is being written beside where it will be. Dropped before it is finished, it is taken away again, and what was there stays.
pub(crate) struct Unfinished {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl Unfinished {
    /// Begins a file; what has its name stays until it is finished. Whoever computes long begins before, so that a place where nothing can be
    /// written is known at once.
    ///
    /// # Errors
    /// Fails if nothing can be written there.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        ensure!(!path.is_dir(), "`{}` cannot be written: it is a directory", path.display());
        let mut beside = path.as_os_str().to_owned();
        beside.push(".unfinished");
        let beside = PathBuf::from(beside);
        let file =
            File::create(&beside).with_context(|| format!("`{}` cannot be written", path.display()))?;
        Ok(Self { path: path.to_owned(), beside, file })
    }

    /// The file, to be written.
    ///
    /// # Errors
    /// Fails if the system has no more handles.
    pub(crate) fn file(&self) -> anyhow::Result<File> {
        Ok(self.file.try_clone()?)
    }

    /// Gives the file its name, in the place of what had it.
    ///
    /// # Errors
    /// Fails if it cannot be put on the disk.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let cannot = || format!("`{}` cannot be written", self.path.display());
        self.file.flush().and_then(|()| self.file.sync_all()).with_context(cannot)?;
        std::fs::rename(&self.beside, &self.path).with_context(cannot)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name there is nothing left; and that a part cannot be removed is not what went wrong.
        let _left_behind = std::fs::remove_file(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_not_finished_leaves_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores.csv");
        fs::write(&path, "before").unwrap();
        let begun = Unfinished::create(&path).unwrap();
        begun.file().unwrap().write_all(b"half").unwrap();
        drop(begun);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        let begun = Unfinished::create(&path).unwrap();
        begun.file().unwrap().write_all(b"whole").unwrap();
        begun.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left over");
        for nowhere in [directory.path().to_owned(), directory.path().join("none/scores.csv")] {
            let error = Unfinished::create(&nowhere).err().unwrap();
            assert!(error.to_string().contains("cannot be written"), "{error:#}");
        }
    }
}
