//! The loop closes here: what happens to a coupon is an event about its person like any other, so the next decision knows of it.

use std::sync::Arc;

use wink_core::base::{ProfileId, Timestamp};
use wink_core::coupon::{Redemption, Reversal};
use wink_core::event::{Body, Redeemed, Reversed};
use wink_core::feature::State;
use wink_core::profile::IdentityKey;
use wink_store::{Batch, Check, Store};

use super::own::{Cause, own_event};
use super::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// Whom to tell of: one person, loaded once for a batch.
pub(super) struct Teller {
    /// `None` if the person was erased, or is known by nothing.
    person: Option<Known>,
}

struct Known {
    profile: ProfileId,
    identity: IdentityKey,
    state: Loaded<Arc<State>>,
    unchanged: Check,
}

impl Teller {
    /// Loads the person.
    pub(super) async fn load<S: Store>(engine: &Engine<S>, id: Option<ProfileId>) -> Result<Self, Error> {
        let nobody = Self { person: None };
        let Some(id) = id else { return Ok(nobody) };
        let Some(profile) = person::profile(engine, id).await? else { return Ok(nobody) };
        let Some(identity) = profile.value.identities.first().copied() else { return Ok(nobody) };
        let state = person::state_to_change(engine, keys::state(id, identity)).await?;
        let unchanged = profile.unchanged();
        Ok(Self { person: Some(Known { profile: id, identity, state, unchanged }) })
    }

    /// Tells of a redemption, heard of at `now`.
    pub(super) fn redeemed<S: Store>(
        &mut self,
        engine: &Engine<S>,
        redemption: &Redemption,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let cause =
            Cause { what: "coupon redeemed", id: redemption.id.bytes(), named: redemption.id.to_string() };
        let body = Body::CouponRedeemed(Redeemed {
            coupon: redemption.coupon,
            order_id: redemption.order_id.clone(),
            amount: redemption.amount,
        });
        self.tell(engine, cause, redemption.at, now, body, batch);
    }

    /// Tells of a reversal.
    pub(super) fn reversed<S: Store>(
        &mut self,
        engine: &Engine<S>,
        redemption: &Redemption,
        reversal: &Reversal,
        batch: &mut Batch,
    ) {
        let cause =
            Cause { what: "coupon reversed", id: reversal.id.bytes(), named: reversal.id.to_string() };
        let body = Body::CouponReversed(Reversed {
            coupon: redemption.coupon,
            redemption: redemption.id,
            order_id: redemption.order_id.clone(),
            amount: reversal.amount(),
        });
        self.tell(engine, cause, reversal.at, reversal.at, body, batch);
    }

    fn tell<S: Store>(
        &mut self,
        engine: &Engine<S>,
        cause: Cause,
        at: Timestamp,
        now: Timestamp,
        body: Body,
        batch: &mut Batch,
    ) {
        let Some(person) = &mut self.person else { return };
        batch.checks.push(person.unchanged.clone());
        let event = own_event(cause, person.profile, person.identity, at, body).heard_at(now);
        event.append(&mut person.state, &engine.features(), batch);
    }
}
