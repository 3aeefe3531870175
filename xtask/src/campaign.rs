//! `cargo xtask campaign`: what continuous integration does for moments, for as long as somebody has. Half of the time goes to the fuzz
//! targets; then the tests that draw are repeated, in rounds of a new seed each, with more kills and more cases than a test run has.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};

use crate::args::Args;
use crate::{fuzz, shell, test};

/// How long it takes if nobody says.
const MINUTES: &str = "30";

/// The tests that do something else or more in every round, by a part of their names: processes killed, power cuts, properties, coupons,
/// looks at the past, changed payloads of QR codes, tills without a line.
const DRAWN: [&str; 8] = [
    "crash_what_was_acknowledged_is_there_after_every_kill",
    "after_power_cuts_nothing_acknowledged_is_lost_and_nothing_counts_twice",
    "property::",
    "every_life_goes_as_the_model_says",
    "of_contested_coupons_none_is_redeemed_twice",
    "what_arrives_after_an_instant_never_changes_what_was_known_at_it",
    "a_payload_with_a_single_bit_changed_is_refused",
    "tills_that_cannot_ask_lose_no_more_than_their_leases",
];

/// What a round has more of. All of it together stays within the twenty minutes after which a test is taken for one that hangs.
const MORE: [(&str, &str); 5] = [
    ("WINK_TEST_KILLS", "600"),
    ("PROPTEST_CASES", "2000"),
    ("WINK_TEST_PROBES", "50000"),
    ("WINK_TEST_PAYLOADS", "1000"),
    ("WINK_TEST_TILLS", "5000"),
];

/// Runs until the time is over, or something is found.
///
/// # Errors
/// Fails with what was found; a failed round tells its seed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let minutes = args.value("--minutes").unwrap_or(MINUTES);
    let time = Duration::from_secs(60 * minutes.parse::<u64>().context("`--minutes` is not a whole number")?);
    let environment = test::Environment::prepare(false)?;
    let begun = Instant::now();
    fuzz::within(time / 2)?;
    let mut rounds = 0;
    // At least one, however little time there was.
    while rounds == 0 || begun.elapsed() < time {
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let mut call = shell::cargo(["nextest", "run", "--workspace", "--locked"]);
        call.args(DRAWN).envs(MORE).env("WINK_TEST_SEED", seed.to_string());
        rounds += 1;
        println!(
            "\nround {rounds} with WINK_TEST_SEED={seed} {}",
            MORE.map(|(name, value)| format!("{name}={value}")).join(" ")
        );
        shell::run(environment.apply(&mut call)).with_context(|| format!("round {rounds}, seed {seed}"))?;
    }
    println!("\ncampaign: nothing found in {} min, {rounds} rounds", begun.elapsed().as_secs() / 60);
    Ok(())
}
