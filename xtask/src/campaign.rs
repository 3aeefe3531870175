//! `cargo xtask campaign`: what continuous integration does for moments, for as long as somebody has. Half of the time goes to the fuzz
//! targets; then the tests that draw are repeated, in rounds of a new seed each, with more kills and more cases than a test run has. What a
//! round proves is written to `evidence/`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::evidence::{self, Told};
use crate::{bench, fuzz, shell, test};

/// How long it takes if nobody says.
const MINUTES: &str = "30";

/// The tests that do something else or more in every round, by a part of their names: processes killed, power cuts, properties, coupons,
/// looks at the past, changed payloads of QR codes, guessed codes and the times of wrong ones, keys asked again, prices, dates,
/// tills without a line.
const DRAWN: [&str; 16] = [
    "crash_what_was_acknowledged_is_there_after_every_kill",
    "after_power_cuts_nothing_acknowledged_is_lost_and_nothing_counts_twice",
    "property::",
    "every_life_goes_as_the_model_says",
    "of_contested_coupons_none_is_redeemed_twice",
    "what_arrives_after_an_instant_never_changes_what_was_known_at_it",
    "a_payload_with_a_single_bit_changed_is_refused",
    "of_random_codes_none_is_a_coupon",
    "a_code_that_is_not_valid_asks_the_store_for_as_much_whatever_the_reason",
    "a_thousand_addresses_wait_alone_and_together",
    "timing_codes_that_are_not_valid_are_answered_at_the_same_time",
    "every_key_is_one_answer_whatever_is_sent_again",
    "histories_of_any_kind_are_measured_as_looking_at_every_slot_says",
    "what_ran_out_is_not_given_again_before_its_days_are_over",
    "every_offer_says_that_it_was_personalised",
    "tills_that_cannot_ask_lose_no_more_than_their_leases",
];

/// What a round has more of. All of it together stays within the twenty minutes after which a test is taken for one that hangs.
const MORE: [(&str, &str); 9] = [
    ("WINK_TEST_KILLS", "600"),
    ("PROPTEST_CASES", "2000"),
    ("WINK_TEST_PROBES", "50000"),
    ("WINK_TEST_PAYLOADS", "1000"),
    ("WINK_TEST_GUESSES", "1000000"),
    ("WINK_TEST_PAIRS", "20000"),
    ("WINK_TEST_TRIPLES", "10000"),
    ("WINK_TEST_DECISIONS", "100000"),
    ("WINK_TEST_TILLS", "5000"),
];

/// The crate whose tests need the data, the clients and the binary.
const NEEDS_ALL: &str = "wink";

/// Runs until the time is over, or something is found.
///
/// # Errors
/// Fails with what was found; a failed round tells its seed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let minutes = args.value("--minutes").unwrap_or(MINUTES);
    let time = Duration::from_secs(60 * minutes.parse::<u64>().context("`--minutes` is not a whole number")?);
    let package = args.value("--package");
    let environment = match package {
        Some(package) if package != NEEDS_ALL => None,
        _ => Some(test::Environment::prepare(false)?),
    };
    // Before a round writes: what it writes is no change of what it ran.
    let machine = bench::machine()?;
    let begun = Instant::now();
    // One crate is asked for after a change of it; what reads foreign bytes has a command of its own.
    if package.is_none() {
        fuzz::within(time / 2)?;
    }
    let mut rounds = 0;
    // At least one, however little time there was.
    while rounds == 0 || begun.elapsed() < time {
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let mut call =
            shell::cargo(["nextest", "run", "--workspace", "--locked", "--success-output", "immediate"]);
        if let Some(package) = package {
            // The workspace as a whole, so that nothing is compiled with other features than it was for the tests.
            call.args(["--lib", "--test", "it", "--filterset", &format!("package({package})")]);
        }
        let wanted = DRAWN.iter().filter(|drawn| args.words.is_empty() || is_wanted(args, drawn));
        call.args(wanted).envs(MORE).env("WINK_TEST_SEED", seed.to_string());
        if let Some(environment) = &environment {
            environment.apply(&mut call);
        }
        rounds += 1;
        println!(
            "\nround {rounds} with WINK_TEST_SEED={seed} {}",
            MORE.map(|(name, value)| format!("{name}={value}")).join(" ")
        );
        let told = listen(&mut call).with_context(|| format!("round {rounds}, seed {seed}"))?;
        evidence::keep(&told, seed, &machine)?;
    }
    println!("\ncampaign: nothing found in {} min, {rounds} rounds", begun.elapsed().as_secs() / 60);
    Ok(())
}

fn is_wanted(args: &Args, drawn: &str) -> bool {
    args.words.iter().any(|word| drawn.contains(word.as_str()))
}

/// Runs tests with their output on the screen, and gathers what they say they proved.
fn listen(call: &mut Command) -> Result<Vec<Told>> {
    let mut running =
        call.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("could not start cargo")?;
    let stderr = running.stderr.take().context("cargo has no standard error")?;
    let mut told = Vec::new();
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        eprintln!("{line}");
        told.extend(Told::read(&line));
    }
    let status = running.wait()?;
    if !status.success() {
        bail!("the tests failed ({status})");
    }
    Ok(told)
}
