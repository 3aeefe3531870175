//! `wink household`: who lives with whom. Opens the store itself: whoever runs a server sees no people through it.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;
use wink_api::HouseholdView;
use wink_core::base::ProfileId;
use wink_core::event::HouseholdChange;
use wink_core::profile::Full;
use wink_server::flow::households::{Said, Settled, of_person, settle};
use wink_server::flow::profiles::{self, Whom};
use wink_server::{DrawnIds, secrets};

use super::identity;
use crate::arguments::{Household, HouseholdAction};
use crate::home;
use crate::home::Clock;
use crate::terminal::say;

/// The source of what is said on the command line.
const SOURCE: &str = "command line";

pub(crate) fn run(asked: &Household) -> anyhow::Result<ExitCode> {
    home::run(async {
        let (who, data) = match &asked.action {
            HouseholdAction::Show { identity, data }
            | HouseholdAction::Join { identity, data, .. }
            | HouseholdAction::Leave { identity, data } => (identity, data),
        };
        let engine = home::open(&data.data).await?;
        let nobody = || anyhow!("nobody is known as `{who}`");
        let known = profiles::find(&engine, &Whom::Identity(identity(who)?)).await?.ok_or_else(nobody)?;
        let change = match &asked.action {
            HouseholdAction::Show { .. } => {
                let shown = of_person(&engine, &known).await?;
                let shown = shown.ok_or_else(|| anyhow!("{who} lives in no household that is known"))?;
                show(&HouseholdView::new(shown.id, &shown.household), asked.json);
                return Ok(ExitCode::SUCCESS);
            }
            HouseholdAction::Join { household, .. } => {
                let asked = wink_api::HouseholdAsked { household_id: household.clone() };
                HouseholdChange::Joined { household_id: asked.read().map_err(|error| anyhow!(error))? }
            }
            HouseholdAction::Leave { .. } => HouseholdChange::Left { household_id: None },
        };
        let now = Clock::of(&engine).await?.now();
        match settle(&engine, &DrawnIds, &said(known.cluster().asked().id, change)?, now).await? {
            Settled::Lives(Some(shown)) => {
                show(&HouseholdView::new(shown.id, &shown.household), asked.json);
            }
            Settled::Lives(None) if asked.json => say!("null"),
            Settled::Lives(None) => say!("{who} lives in no household any more"),
            Settled::Full => bail!("{Full}"),
            Settled::Homeless => bail!("{who} lives in no household that is known"),
            Settled::Nobody => return Err(nobody()),
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn said(profile: ProfileId, change: HouseholdChange) -> anyhow::Result<Said> {
    let message_id = format!("household-{:032x}", u128::from_be_bytes(secrets::random()?));
    Ok(Said { profile, change, source: SOURCE.to_owned(), message_id })
}

fn show(household: &HouseholdView, as_json: bool) {
    if as_json {
        say!("{}", json!(household));
        return;
    }
    say!("{} has {} members", household.id, household.members.len());
    for member in &household.members {
        say!("{} since {}, as {} says", member.profile, member.joined_at, member.source);
    }
}
