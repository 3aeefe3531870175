//! What the store refuses to open, and how it says so.

use std::fs;
use std::path::Path;

use wink_store::Error;
use wink_store_fjall::{FjallStore, Options};

use crate::work::{batch, commit, open, stored};

fn refused(directory: &Path) -> Error {
    FjallStore::open(directory, Options::default()).unwrap_err()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_second_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let error = refused(directory.path());
    let expected = format!("another Wink process uses `{}`; end it first, or ", directory.path().display());
    assert!(matches!(&error, Error::Closed(said) if said.starts_with(&expected)), "{error}");
    commit(&store, batch(0, 0));
    drop(store);
    assert_eq!(stored(&open(directory.path()), 0), 1);
}

#[test]
fn an_older_copy_of_the_engine_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let older = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    commit(&store, batch(5, 0));
    commit(&store, batch(6, 0));
    drop(store);
    copy(&directory.path().join("engine"), older.path());
    let store = open(directory.path());
    commit(&store, batch(6, 1));
    commit(&store, batch(6, 2));
    drop(store);
    fs::remove_dir_all(directory.path().join("engine")).unwrap();
    copy(older.path(), &directory.path().join("engine"));
    let Error::Damaged(text) = refused(directory.path()) else { panic!("it was opened") };
    let expected = "lane 6 ends before position 1, but everything before position 3 was acknowledged";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_journal_cut_short_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in 0..50 {
        commit(&store, batch(5, number));
    }
    drop(store);
    let journal = fs::read_dir(directory.path().join("engine"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jnl"))
        .unwrap();
    let file = fs::File::options().write(true).open(journal).unwrap();
    file.set_len(20_000).unwrap();
    drop(file);
    let Error::Damaged(text) = refused(directory.path()) else { panic!("it was opened") };
    assert!(text.starts_with("lane 5 ends before position "), "{text}");
    assert!(text.contains("everything before position 50 was acknowledged"), "{text}");
}

#[test]
fn a_missing_or_damaged_checkpoint_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    commit(&open(directory.path()), batch(5, 0));
    let heads = directory.path().join("heads");
    let sound = fs::read(&heads).unwrap();
    fs::remove_file(&heads).unwrap();
    assert!(matches!(refused(directory.path()), Error::Damaged(text) if text.ends_with("is missing")));
    fs::write(&heads, &sound[1..]).unwrap();
    assert!(
        matches!(refused(directory.path()), Error::Damaged(text) if text.ends_with("is not what was written"))
    );
    fs::write(&heads, &sound).unwrap();
    assert_eq!(stored(&open(directory.path()), 5), 1);
}

#[test]
fn a_missing_engine_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    commit(&open(directory.path()), batch(5, 0));
    fs::remove_dir_all(directory.path().join("engine")).unwrap();
    assert!(matches!(refused(directory.path()), Error::Damaged(_)));
}

#[test]
fn a_directory_whose_creation_was_cut_off_is_created_again() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    fs::remove_file(directory.path().join("engine/version")).unwrap();
    commit(&open(directory.path()), batch(0, 0));
    assert_eq!(stored(&open(directory.path()), 0), 1);
}

#[test]
fn a_newer_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let engine = fjall::Database::builder(directory.path().join("engine")).open().unwrap();
    let meta = engine.keyspace("meta", fjall::KeyspaceCreateOptions::default).unwrap();
    meta.insert("format", 2_u32.to_be_bytes()).unwrap();
    engine.persist(fjall::PersistMode::SyncAll).unwrap();
    drop((meta, engine));
    let Error::Closed(text) = refused(directory.path()) else { panic!("it was opened") };
    assert!(text.contains("was written by a newer Wink; it has format 2, this Wink reads up to 1"), "{text}");
}
