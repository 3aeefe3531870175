//! The hesitation pack held against shoppers whose intent is known, and against real sessions.

mod fit;
mod real;
mod shoppers;

use fit::{Row, area, logistic};
use shoppers::Moment;
use wink_core::base::Timestamp;
use wink_core::feature::{Catalogue, How, Score, Term};
use wink_sim::shop::Settings;

/// What the weights were fitted on.
const FITTED_ON: Settings =
    Settings { seed: 2026, people: 1_000, days: 60, from: Timestamp(1_767_225_600_000) };

/// Others, to see whether it holds of them too.
const HELD_AGAINST: Settings = Settings { seed: 2027, people: 500, ..FITTED_ON };

/// Weights are written in thousandths; more than this apart they are not what was fitted.
const ROUNDING: f64 = 0.001;

fn score<'a>(catalogue: &'a Catalogue, name: &str) -> &'a Score {
    let definition = catalogue.definitions().iter().find(|definition| definition.name == name).unwrap();
    match &definition.how {
        How::Scored(score) => score,
        other => panic!("{name} is {other:?}"),
    }
}

/// What a term counts of a value.
fn counted(term: &Term, value: f64) -> f64 {
    (value / f64::from(term.unit)).clamp(0.0, f64::from(term.at_most))
}

fn rows(catalogue: &Catalogue, score: &Score, moments: &[Moment], holds: fn(&Moment) -> f64) -> Vec<Row> {
    let row = |moment: &Moment| {
        let value = |term: &Term| {
            counted(term, moment.view.number(catalogue.slot(&term.feature).unwrap()).unwrap_or(0.0))
        };
        Row { values: score.terms.iter().map(value).collect(), holds: holds(moment) }
    };
    moments.iter().map(row).collect()
}

/// Fits a score anew, prints it, and tells how far each weight that is written is from it.
fn off(catalogue: &Catalogue, name: &str, moments: &[Moment], holds: fn(&Moment) -> f64) -> Vec<f64> {
    let score = score(catalogue, name);
    let fitted = logistic(&rows(catalogue, score, moments, holds));
    println!("{name}, fitted on {} moments: {:+.3}", moments.len(), fitted[0]);
    for (term, weight) in score.terms.iter().zip(&fitted[1..]) {
        println!("  {weight:+.3} {} (unit {}, at most {})", term.feature, term.unit, term.at_most);
    }
    let written = [score.intercept].into_iter().chain(score.terms.iter().map(|term| term.weight));
    written.zip(&fitted).map(|(written, fitted)| (f64::from(written) / 1_000.0 - fitted).abs()).collect()
}

/// Splits moments into fifths by what a score says, and tells of each what it says and what holds, on average.
fn fifths(mut said: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    said.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mean = |some: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        some.iter().map(of).sum::<f64>() / some.len() as f64
    };
    said.chunks(said.len().div_ceil(5))
        .map(|some| (mean(some, |pair| pair.0), mean(some, |pair| pair.1)))
        .collect()
}

fn said(catalogue: &Catalogue, name: &str, moments: &[Moment], holds: fn(&Moment) -> f64) -> Vec<(f64, f64)> {
    let slot = catalogue.slot(name).unwrap();
    moments.iter().filter_map(|moment| Some((moment.view.number(slot)?, holds(moment)))).collect()
}

#[test]
fn the_weights_are_what_simulated_shoppers_give_and_hold_of_others() {
    let catalogue = Catalogue::built_in();
    let bought: fn(&Moment) -> f64 = |moment| f64::from(u8::from(moment.bought));
    let unsure: fn(&Moment) -> f64 = |moment| moment.uncertainty;
    let moments = shoppers::moments(&catalogue, FITTED_ON);
    let off =
        [off(&catalogue, "readiness", &moments, bought), off(&catalogue, "uncertainty", &moments, unsure)];
    assert!(
        off.iter().flatten().all(|off| *off <= ROUNDING),
        "what is written is not what is fitted: {off:?}"
    );
    let others = shoppers::moments(&catalogue, HELD_AGAINST);
    let readiness = said(&catalogue, "readiness", &others, bought);
    assert_eq!(readiness.len(), others.len(), "somebody is there, so it is known");
    let tells_apart = area(readiness.iter().map(|(said, bought)| (*said, 0.5 < *bought)).collect());
    println!(
        "readiness tells buyers of {} other moments apart with an AUC of {tells_apart:.3}",
        others.len()
    );
    assert!(0.82 < tells_apart, "{tells_apart}");
    for (name, holds, off_by) in [("readiness", bought, 0.06), ("uncertainty", unsure, 0.04)] {
        let fifths = fifths(said(&catalogue, name, &others, holds));
        println!("{name} said and true, by fifths: {fifths:.3?}");
        assert!(fifths.iter().all(|(said, holds)| (said - holds).abs() < off_by), "{name}: {fifths:?}");
    }
}
