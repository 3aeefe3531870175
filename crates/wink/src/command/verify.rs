//! `wink verify`: does the store hold together?

use std::process::ExitCode;

use serde::Serialize;
use wink_server::report::verify::verify;

use crate::arguments::Verify;
use crate::import::summary::BalanceView;
use crate::terminal::say;
use crate::{home, terminal};

#[derive(Serialize)]
struct Answer {
    sound: bool,
    entries: u64,
    redacted: u64,
    movements: u64,
    points_moved: u64,
    states: u64,
    decisions: u64,
    balance: BalanceView,
    state_hash: String,
    findings: Vec<String>,
}

pub(crate) fn run(asked: &Verify) -> anyhow::Result<ExitCode> {
    home::run(async {
        let engine = home::open(&asked.data.data).await?;
        let bar = terminal::progress(0, "reading everything", asked.json);
        let verified = verify(&engine).await?;
        bar.finish_and_clear();
        let sound = verified.findings.is_empty();
        let answer = Answer {
            sound,
            entries: verified.entries,
            redacted: verified.redacted,
            movements: verified.movements,
            points_moved: verified.points_moved,
            states: verified.states,
            decisions: verified.decisions,
            balance: BalanceView::from(verified.balance),
            state_hash: verified.state_hash.hex(),
            findings: verified.findings,
        };
        terminal::verdict(sound);
        if asked.json {
            terminal::json(&answer)?;
        } else {
            print(&answer);
        }
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn print(answer: &Answer) {
    say!("journal    {} entries chained, {} redacted", answer.entries, answer.redacted);
    say!("ledger     {} movements agree with budgets and coupons", answer.movements);
    say!("points     {} movements agree with what people hold and orders earned", answer.points_moved);
    say!("decisions  {} are as they were made", answer.decisions);
    say!("features   {} states are what their events give", answer.states);
    let balance = &answer.balance;
    say!(
        "balance    {} received = {} accepted + {} duplicate + {} dead + {} refused",
        balance.received,
        balance.accepted,
        balance.duplicate,
        balance.dead,
        balance.refused
    );
    say!("state      {}", answer.state_hash);
    for finding in &answer.findings {
        say!("WRONG      {finding}");
    }
    let verdict =
        if answer.sound { "the store is sound" } else { "the store is not sound; restore a back-up" };
    say!("{verdict}");
}
