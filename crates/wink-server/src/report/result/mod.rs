//! The result of one campaign, in money: loads who was assigned and what they did, and lets the core make the statement. Changes nothing.
//!
//! Who was assigned stands in the wallets, and what they spent before in their states. What they did since is read from the
//! journal, in the lanes of the assigned people: it is the only place that knows of single orders, and of what came back.

mod assigned;
mod journal;
mod lots;
mod money;
mod notes;
mod view;

use wink_core::base::{Currency, Timestamp};
use wink_core::measure::{ArmTally, LotShare, Statement, Tally, Thresholds, outcome_days};
use wink_core::offer::Campaign;
use wink_store::Store;

pub use money::CouponMoney;

use crate::{Engine, Error};

/// The result of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignResult {
    /// The campaign, as the catalogue in force has it.
    pub campaign: Campaign,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Until when it was counted.
    pub at: Timestamp,
    /// The sums of the arms.
    pub tally: Tally,
    /// What its coupons gave, as the ledger has it: to everybody, whether their window is over or not, and to people who were erased since.
    pub coupons: CouponMoney,
    /// From where on something counts.
    pub thresholds: Thresholds,
    /// What is said.
    pub statement: Statement,
}

impl CampaignResult {
    /// Tells the arms: offered, held out.
    pub fn arms(&self) -> [&ArmTally; 2] {
        [&self.tally.offered, &self.tally.held_out]
    }
}

/// Reads the result of a campaign of the catalogue in force, as it stands at `now`. `progress` is told how many entries of the journal were read.
///
/// # Errors
/// If the store cannot be read, no catalogue is in force, or it has no such campaign.
pub async fn read<S: Store>(
    engine: &Engine<S>,
    id: &str,
    now: Timestamp,
    progress: impl Fn(u64) + Send + Sync,
) -> Result<CampaignResult, Error> {
    let catalogue = engine.catalogue()?;
    let campaign = catalogue.campaigns.iter().find(|campaign| campaign.id.as_str() == id);
    let campaign = campaign.ok_or_else(|| Error::NotFound { what: "campaign", name: id.to_owned() })?;
    let mut people = assigned::load(engine, &catalogue, &campaign.id).await?;
    let coupons = money::add_coupons(engine, &campaign.id, &mut people).await?;
    let costs = money::costs(engine, &catalogue).await?;
    journal::hear(engine, &mut people, &costs, progress).await?;
    let share = match people.first_at() {
        Some(first) => lots::share(engine, campaign, first).await?,
        None => LotShare::Fixed(campaign.holdout_basis_points),
    };
    let mut tally = Tally::default();
    for person in people.all() {
        tally.assign(person.arm);
        if outcome_days(person.at, now).is_some() {
            tally.add(person);
        }
    }
    let thresholds = Thresholds::default();
    Ok(CampaignResult {
        campaign: campaign.clone(),
        currency: catalogue.shop.currency,
        at: now,
        statement: Statement::of(&tally, share, &thresholds),
        tally,
        coupons,
        thresholds,
    })
}
