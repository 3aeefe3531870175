//! The conformance suite, and that everything is there after reopening.

use std::sync::Arc;

use tempfile::TempDir;
use wink_store_fjall::{FjallStore, Options};

fn make() -> (Arc<FjallStore>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = FjallStore::open(directory.path(), Options::default()).unwrap();
    (Arc::new(store), directory)
}

wink_store::suite!(make);
