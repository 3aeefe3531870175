//! `wink explain`: why a decision is what it is, in plain words.

use std::process::ExitCode;

use wink_api::DecisionView;
use wink_core::base::DecisionId;
use wink_core::decision::{Decision, Explanation};

use crate::arguments::Explain;
use crate::terminal::say;
use crate::{home, terminal};

pub(crate) fn run(asked: &Explain) -> anyhow::Result<ExitCode> {
    let id = DecisionId::parse(&asked.decision)?;
    home::run(async {
        let engine = home::open(&asked.data.data).await?;
        let (decision, explanation) = wink_server::report::explain::explain(&engine, id).await?;
        if asked.json {
            let catalogue = engine.catalogue_of(decision.catalogue).await?;
            terminal::json(&DecisionView::new(&decision, &catalogue, None, true))?;
        } else {
            print(&decision, &explanation);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints a decision for people.
pub(crate) fn print(decision: &Decision, explanation: &Explanation) {
    say!("{}", explanation.headline);
    say!(
        "{} for {} at {}, channel {}, catalogue {}, engine {}",
        decision.id,
        decision.person.profile,
        decision.now,
        decision.ask.channel.name(),
        decision.catalogue,
        decision.engine,
    );
    say!("\nKnown of the person:");
    for known in &explanation.known {
        say!("  {known}");
    }
    let mut table = terminal::table();
    table.set_header(["candidate", "worth", "chosen with", "why not"]);
    for line in &explanation.candidates {
        let score = line.score.as_deref().unwrap_or("-");
        table.add_row([&line.what, score, &line.probability, line.why_not.as_deref().unwrap_or("")]);
    }
    say!("\n{table}");
}
