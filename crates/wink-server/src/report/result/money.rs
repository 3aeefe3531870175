//! What goods cost, and what a campaign's coupons gave.

use std::collections::BTreeMap;

use wink_core::base::{CampaignId, Cents};
use wink_core::coupon::Redemption;
use wink_core::measure::Costs;
use wink_core::offer::{Catalogue, Product};
use wink_store::Store;

use super::assigned::Assigned;
use crate::report::walk;
use crate::{Engine, Error, keys};

/// What a campaign's coupons gave, as the ledger has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CouponMoney {
    /// How often one was used.
    pub redemptions: u64,
    /// What was taken off.
    pub given: Cents,
    /// What of it came back.
    pub returned: Cents,
}

/// Reads what products cost today, and takes the shop's margins for the others.
pub(super) async fn costs<S: Store>(engine: &Engine<S>, catalogue: &Catalogue) -> Result<Costs, Error> {
    let mut by_product = BTreeMap::new();
    walk::stored(engine, keys::kind::PRODUCT, |product: Product| {
        by_product.extend(product.cost.map(|cost| (product.id, cost)));
        Ok(())
    })
    .await?;
    Ok(Costs { by_product, margins: catalogue.economics.margins.clone() })
}

/// Tells everybody's redemptions to those who are followed, and adds up those of the campaign. A redemption is what the ledger moved, line by
/// line (`wink verify` holds them together), and stays when its person is erased.
pub(super) async fn add_coupons<S: Store>(
    engine: &Engine<S>,
    campaign: &CampaignId,
    people: &mut Assigned,
) -> Result<CouponMoney, Error> {
    let mut money = CouponMoney::default();
    walk::stored(engine, keys::kind::REDEMPTION, |redemption: Redemption| {
        let is_ours = redemption.campaign == *campaign;
        if is_ours {
            money.redemptions += 1;
            money.given += redemption.amount;
            money.returned += redemption.returned();
        }
        if let Some(person) = redemption.profile.and_then(|profile| people.of(profile)) {
            person.use_coupon(&redemption, is_ours);
        }
        Ok(())
    })
    .await?;
    Ok(money)
}
