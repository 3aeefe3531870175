//! Messages of clients that were made for other products: taken in one by one. Such a client throws away what was answered with 200, so one
//! that cannot be read is kept as a dead letter.

use wink_api::ItemAnswered;
use wink_core::event::{EVENT_BYTES_MAX, Envelope, Rejection};
use wink_store::Store;

use super::events::{item_of, refused};
use super::problem::Refused;
use super::service::Caller;
use crate::DrawnIds;
use crate::access::{Vouched, vouched};
use crate::flow::ingest::{Answer, Received, ingest, refuse};
use crate::flow::unread::{Unread, keep_unread};

/// A message, as sent and as far as it could be read.
pub(super) struct Message {
    /// Its bytes.
    pub(super) original: Vec<u8>,
    /// What it says, or why that is not known.
    pub(super) envelope: Result<Envelope, String>,
}

/// Takes messages in and says what became of each, in order. When this returns, all are durable or accounted for.
pub(super) async fn take<S: Store>(
    caller: &Caller<S>,
    messages: Vec<Message>,
) -> Result<Vec<ItemAnswered>, Refused> {
    let engine = caller.engine.as_ref();
    let mut items: Vec<Option<ItemAnswered>> = vec![None; messages.len()];
    let (mut received, mut places) = (Vec::new(), Vec::new());
    let (mut unread, mut too_large) = (Vec::new(), 0);
    for (place, (message, item)) in messages.into_iter().zip(&mut items).enumerate() {
        let Message { mut original, envelope } = message;
        if EVENT_BYTES_MAX < original.len() {
            too_large += 1;
            let why = format!("the event has {} bytes; at most {EVENT_BYTES_MAX}", original.len());
            *item = Some(refused("event_too_large", why));
            continue;
        }
        match envelope.and_then(|envelope| vouched(caller.access.role, envelope, caller.now)) {
            Ok(Vouched { envelope, is_whole }) => {
                places.push(place);
                // Kept as a letter, it would hold a name under which nobody finds it.
                if !is_whole {
                    original.clear();
                }
                let is_vouched = !caller.access.role.is_publishable();
                received.push(Received { envelope, original, at: caller.now, is_vouched });
            }
            Err(why) => {
                let rejection = Rejection::Malformed(why);
                *item = Some(item_of(Answer::Dead(rejection.clone())));
                unread.push(Unread {
                    source: caller.access.name.clone(),
                    original,
                    rejection,
                    at: caller.now,
                });
            }
        }
    }
    if 0 < too_large {
        refuse(engine, too_large).await?;
    }
    keep_unread(engine, &unread).await?;
    for (place, answer) in places.into_iter().zip(ingest(engine, &DrawnIds, received).await?) {
        if let Some(item) = items.get_mut(place) {
            *item = Some(item_of(answer));
        }
    }
    Ok(items.into_iter().flatten().collect())
}
