//! How much a proof tries, and what it says of itself: a test run tries a share, `cargo xtask campaign` all of it, and gathers the lines.

/// Reads how much a campaign asks for; `usual` in a test run.
pub(crate) fn asked(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What chance is drawn from: another seed in each round of a campaign.
pub(crate) fn seed() -> u64 {
    asked("WINK_TEST_SEED", 1)
}

/// Says what was tried: which promises it is about, the proof, and its counts. `cargo xtask campaign` keeps such lines in `evidence/`.
pub(crate) fn tell(promises: &str, proof: &str, counts: &[(&str, String)]) {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name}={count}")).collect();
    println!("evidence {promises} {proof} {}", counts.join(" "));
}
