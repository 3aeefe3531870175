//! A store that is being restored: it lies in the directory under another name until it may be opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use wink_server::erasures::{self, Erasures, Listed};
use wink_server::secrets::Secrets;
use wink_store_fjall::{Filling, FjallStore, Options};

use crate::archive::sync_parent;
use crate::{control, home};

/// The store's own directory while it is being restored.
const UNFINISHED: &str = "store.unfinished";

/// What an earlier try left, while it makes room for the next.
const LEFT_OVER: &str = "store.left-over";

/// What is left of the key, and of the list of erasures, when whoever was writing them was killed.
const KEY_UNFINISHED: &str = "wink.unfinished";
const ERASURES_UNFINISHED: &str = "erasures.unfinished";

/// Refuses a directory with a restore that did not come to its end: people may be in it who were erased.
pub(crate) fn refuse_unfinished(directory: &Path) -> anyhow::Result<()> {
    match [UNFINISHED, LEFT_OVER].map(|name| directory.join(name)).into_iter().find(|path| path.exists()) {
        None => Ok(()),
        Some(unfinished) => bail!(
            "the restore into `{}` did not come to its end; give the same `wink restore` again, or remove `{}`",
            directory.display(),
            unfinished.display()
        ),
    }
}

/// A directory that a backup is restored into.
pub(crate) struct Restoring<'home> {
    directory: &'home Path,
}

impl<'home> Restoring<'home> {
    /// Takes a directory that holds no store. A key, a list of erasures and what a server that was killed or an earlier try left
    /// may be there.
    pub(crate) fn into(directory: &'home Path) -> anyhow::Result<Self> {
        let welcome = [
            home::KEY_FILE,
            home::ERASURES_FILE,
            home::BACKED_UP_FILE,
            control::SOCKET,
            UNFINISHED,
            LEFT_OVER,
            KEY_UNFINISHED,
            ERASURES_UNFINISHED,
        ];
        let there = if directory.exists() { Some(fs::read_dir(directory)?) } else { None };
        for entry in there.into_iter().flatten() {
            let name = entry?.file_name();
            if !welcome.iter().any(|welcome| name == *welcome) {
                bail!(
                    "`{}` is not empty, there is `{}` in it; restore into an empty directory, where only the key and the list of \
                     erasures may lie",
                    directory.display(),
                    name.display()
                );
            }
        }
        Ok(Self { directory })
    }

    /// Makes the directory, once it is known what goes into it.
    pub(crate) fn make(&self) -> anyhow::Result<()> {
        fs::create_dir_all(self.directory).with_context(|| {
            format!("`{}` cannot be made; choose another directory", self.directory.display())
        })
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.directory.join(home::KEY_FILE)
    }

    pub(crate) fn erasures(&self) -> PathBuf {
        self.directory.join(home::ERASURES_FILE)
    }

    /// Reads the key: the one named, or the one that is in the directory.
    pub(crate) fn read_key(&self, from: Option<&Path>) -> anyhow::Result<Secrets> {
        let path = self.key();
        match from {
            Some(from) => {
                let secrets = home::read_key(from)?;
                if path.exists() && fs::read(&path)? != fs::read(from)? {
                    bail!("there is another key already: `{}`; take it away first", path.display());
                }
                Ok(secrets)
            }
            None if path.exists() => home::read_key(&path),
            None => bail!(
                "there is no key: a backup does not hold it; name the copy you kept with --key, or put it at `{}`",
                path.display()
            ),
        }
    }

    /// Begins anew, whatever an earlier try left, and only then takes a copy of the key: a directory with a key in it and no sign of a
    /// restore is one in which somebody may begin a new store.
    pub(crate) fn begin(&self, key: Option<&Path>) -> anyhow::Result<Filling> {
        let [unfinished, left_over] = [UNFINISHED, LEFT_OVER].map(|name| self.directory.join(name));
        if unfinished.exists() {
            remove(&left_over)?;
            fs::rename(&unfinished, &left_over)?;
        }
        let filling = Filling::begin(unfinished, &Options::default())?;
        remove(&left_over)?;
        if let Some(key) = key {
            home::write_key(&self.key(), &fs::read(key)?)?;
        }
        Ok(filling)
    }

    /// Opens what was filled, which nobody else can.
    pub(crate) fn open(&self) -> anyhow::Result<Arc<FjallStore>> {
        Ok(Arc::new(FjallStore::open(self.directory.join(UNFINISHED), Options::default())?))
    }

    /// Puts a list of erasures beside the store.
    pub(crate) fn keep_list(&self, list: &Listed) -> anyhow::Result<Arc<Erasures>> {
        let kept = Arc::new(Erasures::open(&self.erasures())?);
        let known = erasures::read(&self.erasures())?;
        kept.list(&list.erasures)?;
        kept.list_withdrawals(&new(&list.withdrawals, &known.withdrawals))?;
        kept.list_keys(&new(&list.keys, &known.keys))?;
        Ok(kept)
    }

    /// Gives the store its name: from here on it can be opened.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        let store = self.directory.join(home::STORE_DIRECTORY);
        fs::rename(self.directory.join(UNFINISHED), &store)?;
        Ok(sync_parent(&store)?)
    }
}

/// Gives those that are not known yet. An earlier try may have listed some, and both stand in the same order.
fn new<T: Clone + PartialEq>(all: &[T], known: &[T]) -> Vec<T> {
    let same = all.iter().zip(known).take_while(|(one, other)| one == other).count();
    all.get(same..).unwrap_or_default().to_vec()
}

fn remove(directory: &Path) -> std::io::Result<()> {
    if directory.exists() { fs::remove_dir_all(directory) } else { Ok(()) }
}
