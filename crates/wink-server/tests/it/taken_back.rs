//! What somebody takes back stands in the list beside the store before it is acknowledged, and a restored store hears it again.

use std::path::Path;
use std::sync::Arc;

use wink_core::base::{Timestamp, Value};
use wink_core::event::Identity;
use wink_core::profile::Purpose;
use wink_record::Withdrawal;
use wink_server::Engine;
use wink_server::access::{self, NewKey, Role};
use wink_server::erasures::{self, Erasures};
use wink_server::flow::again::withdraw_again;
use wink_server::flow::ingest::{Answer, Received};
use wink_server::flow::profiles::{self, Whom};
use wink_server::keys::TENANT;
use wink_server::report::verify::verify;
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::again::{backup, fill};
use super::audit::audit;
use super::counter::{MONDAY, Shop, later, open, tell, wait};
use super::said;

fn device(name: &str) -> Identity {
    Identity::new("anonymous_id", name).unwrap()
}

/// Somebody says something of newsletters on a device; the message names further devices of theirs.
fn says(state: &str, devices: &[&str], at: Timestamp) -> Received {
    let id = format!("{state}-{}-{}", devices.join("-"), at.0);
    let mut word = said::consents(&id, "somebody", "newsletter", state, at);
    word.envelope.identities = devices.iter().map(|name| device(name)).collect();
    word
}

/// The same said in their account, which no banner overrules.
fn firmly(mut word: Received) -> Received {
    let account = Value::Text("account".to_owned());
    word.envelope.properties.insert("mechanism".to_owned(), account);
    word
}

fn may<S: Store>(engine: &Engine<S>, name: &str, at: Timestamp) -> bool {
    let known = wait(profiles::find(engine, &Whom::Identity(device(name)))).unwrap().unwrap();
    known.cluster().grants(at).allow(Purpose::Newsletter)
}

fn shop_with_list(directory: &Path) -> Engine<FjallStore> {
    let store = FjallStore::open(directory.join("store"), Options::default()).unwrap();
    let engine = wait(open(store, &Shop::selling(Vec::new()), MONDAY)).unwrap();
    let list = Erasures::open(&directory.join("erasures")).unwrap();
    wait(engine.list_erasures_in(Arc::new(list))).unwrap();
    engine
}

fn hears<S: Store>(engine: &Engine<S>, word: Received) {
    assert!(matches!(wait(tell(engine, word)).unwrap(), Answer::Accepted(_)));
}

#[test]
fn what_ends_a_consent_is_listed_and_nothing_else() {
    let here = tempfile::tempdir().unwrap();
    let engine = shop_with_list(here.path());
    let listed = || erasures::read(&here.path().join("erasures")).unwrap().withdrawals;
    let minute = |minutes| later(MONDAY, minutes);
    // Nothing was granted yet, then a yes.
    hears(&engine, says("denied", &["anna"], minute(0)));
    hears(&engine, says("granted", &["anna"], minute(1)));
    // An older no than the yes ends nothing.
    hears(&engine, said::arriving(says("withdrawn", &["anna"], minute(-5)), minute(2)));
    assert_eq!(listed(), []);
    hears(&engine, says("withdrawn", &["anna"], minute(3)));
    // A second no ends nothing any more; one that a banner cannot take back is another thing.
    hears(&engine, says("denied", &["anna"], minute(4)));
    let at = |withdrawal: &Withdrawal| (withdrawal.purpose, withdrawal.at);
    assert_eq!(listed().iter().map(at).collect::<Vec<_>>(), [(Purpose::Newsletter, minute(3))]);
    hears(&engine, firmly(says("withdrawn", &["anna"], minute(5))));
    assert_eq!(listed().iter().map(at).skip(1).collect::<Vec<_>>(), [(Purpose::Newsletter, minute(5))]);
    // A yes on one device is ended by a no on another of the same person.
    hears(&engine, says("granted", &["bea", "phone"], minute(5)));
    hears(&engine, says("granted", &["tablet"], minute(5)));
    hears(&engine, says("granted", &["bea", "tablet"], minute(6)));
    hears(&engine, says("withdrawn", &["tablet"], minute(7)));
    assert!(!may(&engine, "bea", minute(8)));
    let of_both = [(Purpose::Newsletter, minute(7)); 2];
    assert_eq!(
        listed().iter().map(at).skip(2).collect::<Vec<_>>(),
        of_both,
        "an older state may know one of them"
    );
}

#[test]
fn a_restored_store_hears_every_no_again_once_and_as_of_then() {
    let here = tempfile::tempdir().unwrap();
    let engine = shop_with_list(here.path());
    let minute = |minutes| later(MONDAY, minutes);
    for person in ["anna", "bea", "clara", "emma", "finn"] {
        hears(&engine, says("granted", &[person], minute(1)));
    }
    hears(&engine, says("withdrawn", &["clara"], minute(2)));
    let bytes = backup(&engine);
    hears(&engine, says("withdrawn", &["anna"], minute(3)));
    hears(&engine, says("granted", &["dora"], minute(3)));
    hears(&engine, says("withdrawn", &["dora"], minute(4)));
    // Emma says it on a device that was not hers yet, and Finn says it twice, the second time so that no banner takes it back.
    hears(&engine, says("granted", &["emma-new", "x"], minute(4)));
    hears(&engine, says("granted", &["emma", "emma-new"], minute(5)));
    hears(&engine, says("withdrawn", &["emma-new"], minute(6)));
    hears(&engine, says("withdrawn", &["finn"], minute(6)));
    hears(&engine, firmly(says("withdrawn", &["finn"], minute(7))));
    // The same message again is no new word, though it comes after a yes.
    hears(&engine, says("granted", &["bea"], minute(8)));
    let again = says("withdrawn", &["clara"], minute(2));
    assert!(matches!(wait(tell(&engine, again)).unwrap(), Answer::Duplicate(_)));
    let list = erasures::read(&here.path().join("erasures")).unwrap().withdrawals;
    assert_eq!(list.len(), 7, "clara's, anna's and dora's one, two of emma's profiles, two of finn's");

    let restored = fill(&bytes, &here.path().join("restored"));
    let now = minute(60);
    assert_eq!(["anna", "bea", "clara"].map(|person| may(&restored, person, now)), [true, true, false]);
    assert_eq!(
        wait(withdraw_again(&restored, &list, now)).unwrap(),
        4,
        "clara's is known, dora and a device of emma's are nobody"
    );
    assert_eq!(wait(withdraw_again(&restored, &list, now)).unwrap(), 0, "once is enough");
    assert_eq!(["anna", "bea", "clara"].map(|person| may(&restored, person, now)), [false, true, false]);
    assert_eq!(wait(verify(&restored)).unwrap().findings, Vec::<String>::new());
    assert_eq!(audit(&restored), Ok(()));
    // It counts as of when it was said: an older yes that comes late is overruled, a newer one is not.
    hears(&restored, said::arriving(says("granted", &["anna"], minute(2)), now));
    assert!(!may(&restored, "anna", now));
    for person in ["anna", "finn"] {
        hears(&restored, says("granted", &[person], minute(61)));
    }
    assert_eq!(
        ["anna", "emma", "finn"].map(|person| may(&restored, person, minute(62))),
        [true, false, false]
    );
}

#[test]
fn keys_that_ended_end_again_and_no_later_than_they_did() {
    let here = tempfile::tempdir().unwrap();
    let engine = shop_with_list(here.path());
    let new = |name: &str| NewKey {
        tenant: TENANT,
        role: Role::Shop,
        name: name.to_owned(),
        store: None,
        origins: Vec::new(),
        rate: None,
    };
    let made = ["kept", "revoked", "replaced"].map(|name| {
        let store = &engine.store;
        wait(access::create(store, &new(name), MONDAY)).unwrap()
    });
    let bytes = backup(&engine);
    let minute = |minutes| later(MONDAY, minutes);
    let revoked = wait(access::revoke(&engine.store, made[1].0, None, minute(1))).unwrap();
    let (_, _, replaced) =
        wait(access::rotate(&engine.store, made[2].0, None, 10 * 60_000, minute(1))).unwrap();
    let ends = [revoked, replaced];

    let restored = fill(&bytes, &here.path().join("restored"));
    let good = |store: &FjallStore, at| {
        made.each_ref().map(|(_, token)| wait(access::find(store, token, at)).unwrap().is_some())
    };
    assert_eq!(good(&restored.store, minute(5)), [true, true, true]);
    assert_eq!(wait(access::end_again(&restored.store, &ends, minute(5))).unwrap(), 1);
    assert_eq!(good(&restored.store, minute(5)), [true, false, true], "the replaced one has its overlap");
    assert_eq!(good(&restored.store, minute(11)), [true, false, false]);
    assert_eq!(wait(access::end_again(&restored.store, &ends, minute(12))).unwrap(), 0, "once is enough");
    assert_eq!(good(&engine.store, minute(5)), good(&restored.store, minute(5)));
}
