//! The documents browser clients of the family ask for before they send anything: where to send to, and that nobody else is told.

use serde_json::{Value as Json, json};

/// Answers `GET /v1/projects/{write_key}/settings`: one destination, Wink. `api_host` is host and path without a scheme.
pub fn segment_settings(write_key: &str, protocol: &str, api_host: &str) -> Json {
    json!({
        "integrations": { "Segment.io": { "apiKey": write_key, "apiHost": api_host, "protocol": protocol } },
        "plan": { "track": { "__default": { "enabled": true, "integrations": {} } } },
        "enabledMiddleware": {},
    })
}

/// Answers `GET /sourceConfig/`: a source without destinations in the browser.
pub fn source_config(write_key: &str, updated_at: &str) -> Json {
    json!({
        "source": {
            "id": "wink",
            "name": "Wink",
            "writeKey": write_key,
            "enabled": true,
            "workspaceId": "wink",
            "destinations": [],
            "connections": [],
            "config": { "statsCollection": { "errors": { "enabled": false }, "metrics": { "enabled": false } } },
            "dataplanes": {},
        },
        "updatedAt": updated_at,
    })
}
