//! `wink decide`: one person, now.

use std::process::ExitCode;

use anyhow::anyhow;
use wink_api::DecisionView;
use wink_core::base::{Cents, DecisionId};
use wink_core::coupon::issue;
use wink_core::decision::{Ask, Issue, explain};
use wink_core::offer::Channel;
use wink_server::flow::decide::{Question, ask, try_out};
use wink_server::secrets::random;

use super::{identity, time};
use crate::arguments::Decide;
use crate::command::explain::print;
use crate::home::Clock;
use crate::terminal::say;
use crate::{home, terminal};

pub(crate) fn run(decide: &Decide) -> anyhow::Result<ExitCode> {
    let channel = Channel::parse(&decide.channel).ok_or_else(|| {
        let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.name()).collect();
        anyhow!("`{}` is not a channel; there are {}", decide.channel, channels.join(", "))
    })?;
    let at = time(decide.at.as_deref())?;
    let identity = identity(&decide.identity)?;
    home::run(async {
        let engine = home::open(&decide.data.data).await?;
        let now = at.unwrap_or(Clock::of(&engine).await?.now());
        let question = Question {
            identity,
            ask: Ask {
                channel,
                placement: decide.placement.clone(),
                cart: decide.cart_cents.map(Cents),
                issue: Issue::Now,
            },
            now,
            id: DecisionId::new(now, random()?),
            seed: u64::from_le_bytes(random()?),
            once: None,
        };
        let decision = match decide.dry_run {
            true => try_out(&engine, &question).await?,
            false => ask(&engine, &question).await?,
        };
        let decision =
            decision.ok_or_else(|| anyhow!("nobody is known as `{}`; no offer", decide.identity))?;
        let catalogue = engine.catalogue_of(decision.catalogue).await?;
        let explanation = explain(&decision, &catalogue);
        if decide.json {
            let issued = if decide.dry_run { None } else { issue(&decision, &catalogue) };
            let coupon = issued.map(|effect| effect.coupon.id.to_string());
            terminal::json(&DecisionView::new(&decision, &catalogue, coupon, true))?;
        } else {
            print(&decision, &explanation);
            if decide.dry_run {
                say!("\nThis was a dry run: nothing is issued, reserved or stored.");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
