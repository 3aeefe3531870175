//! CloudEvents, sent with the real SDKs in all modes.

use serde_json::json;

use crate::segment::key;
use crate::wink::{Server, verified};
use crate::{real_client, sample, stored};

#[test]
fn the_sdks_send_in_every_mode_and_the_same_event_counts_once() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let key = key(store.path(), "shop");
    let server = Server::start_with_keys(store.path());
    let host = format!("http://{}", server.address);
    for (script, wanted) in [
        ("cloudevents_node.mjs", json!([[1, 0], [1, 0], [0, 1]])),
        ("cloudevents_python.py", json!([[1, 0], [1, 0], [1, 1]])),
    ] {
        let report = real_client::run(script, &[&host, &key, "anna"]);
        let answers = report["answers"].as_array().unwrap();
        let counts = answers.iter().map(|answer| json!([answer["accepted"], answer["duplicate"]]));
        assert_eq!(json!(counts.collect::<Vec<_>>()), wanted, "{script}: {report}");
    }
    server.stop().fine();
    let balance = json!({ "received": 7, "accepted": 5, "duplicate": 2, "dead": 0, "refused": 0 });
    assert_eq!(verified(store.path())["balance"], balance);
    let events = stored::read(store.path()).events;
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event.says == "order 3998"), "{events:?}");
}
