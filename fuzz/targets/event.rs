//! Bytes as an event: read, accepted or refused, and what is accepted is stored and read back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_api::{EventReceived, json};
use wink_core::base::{Currency, EventId, ProfileId, Timestamp};
use wink_core::event::{Schemas, accept};
use wink_core::profile::{IdentityKey, Kept};
use wink_record::Stored;

const NOW: Timestamp = Timestamp(1_767_225_600_000);

fuzz_target!(|bytes: &[u8]| {
    // Both ways of reading refuse the same texts for the same reasons, as far as both look.
    let value = json::value(bytes);
    let sent = json::read::<EventReceived>(bytes);
    if let (Err(value), Err(sent)) = (&value, &sent) {
        assert_eq!(value, sent);
    }
    assert!(value.is_ok() || sent.is_err());
    let Ok(Ok(envelope)) = sent.map(|event| event.into_envelope("fuzz", None)) else { return };
    let currency = Currency::new("EUR").unwrap_or(Currency::NONE);
    let id = EventId::new(NOW, [7; 16]);
    if let Ok(event) = accept(&envelope, &Schemas::built_in(), currency, id, NOW) {
        let (kept, _) = Kept::new(event, ProfileId::new(NOW, [7; 16]), IdentityKey([7; 16]));
        assert_eq!(Kept::from_bytes(&kept.to_bytes()).as_ref(), Ok(&kept));
    }
});
