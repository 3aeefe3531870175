//! `wink replay`: every stored decision again.

use std::process::ExitCode;

use serde::Serialize;
use wink_server::report::replay::{under_catalogue_in_force, verify};
use wink_server::report::totals;

use crate::arguments::Replay;
use crate::terminal::say;
use crate::{home, terminal};

#[derive(Serialize)]
struct Verified {
    decisions: u64,
    same: u64,
    different: Vec<String>,
    other_engine: u64,
}

#[derive(Serialize)]
struct Moved {
    decisions: u64,
    still_offered: u64,
    no_longer_offered: u64,
    newly_offered: u64,
    other_engine: u64,
}

pub(crate) fn run(replay: &Replay) -> anyhow::Result<ExitCode> {
    home::run(async {
        let engine = home::open(&replay.data.data).await?;
        if !replay.verify {
            let moved = under_catalogue_in_force(&engine).await?;
            let moved = Moved {
                decisions: moved.decisions,
                still_offered: moved.still_offered,
                no_longer_offered: moved.no_longer_offered,
                newly_offered: moved.newly_offered,
                other_engine: moved.other_engine,
            };
            if replay.json {
                terminal::json(&moved)?;
            } else {
                say!(
                    "{} decisions under the catalogue in force: {} offers stay, {} go, {} come",
                    moved.decisions,
                    moved.still_offered,
                    moved.no_longer_offered,
                    moved.newly_offered
                );
                tell_left_alone(moved.other_engine);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let total = totals::verdicts(&engine).await?.decisions;
        let bar = terminal::progress(total, "deciding again", replay.json);
        let replayed = verify(&engine, |done| bar.set_position(done)).await?;
        bar.finish_and_clear();
        let all_same = replayed.different.is_empty();
        terminal::verdict(all_same);
        if replay.json {
            terminal::json(&Verified {
                decisions: replayed.decisions,
                same: replayed.same,
                different: replayed.different.iter().map(ToString::to_string).collect(),
                other_engine: replayed.other_engine,
            })?;
        } else {
            say!("{} decisions made again, {} the same to the byte", replayed.decisions, replayed.same);
            for id in replayed.different.iter().take(10) {
                say!("  {id} differs");
            }
            tell_left_alone(replayed.other_engine);
        }
        Ok(if all_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn tell_left_alone(other_engine: u64) {
    if 0 < other_engine {
        say!("{other_engine} were made by another version of the deciding code and left alone");
    }
}
