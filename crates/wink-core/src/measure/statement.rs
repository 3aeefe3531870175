//! The statement of a campaign: what it changed, in money, against the people it was withheld from; what it wasted, what it harmed, and
//! what to do. Every figure is an estimate with an interval, or says why there is none.

use wink_stats::experiment::{
    Better, Guardrail, Proportion, SampleRatio, Verdict, cuped, effect_on_takers, proportion_difference,
    sample_ratio,
};
use wink_stats::{Error, Interval, Moments, PEOPLE_MIN, mean_difference};

use super::advice::{Facts, Rule, Thresholds, advise};
use super::first_day::FirstDay;
use super::sums::{ArmTally, Tally};
use super::{CostSource, Harm};

/// The level of all intervals.
pub const LEVEL: f64 = 0.95;

/// What was spent before takes at least a twentieth of the variance off, or the plain difference is told: a smaller gain is not worth
/// the longer explanation.
const VARIANCE_LEFT_MAX: f64 = 0.95;

/// Which share was to be held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotShare {
    /// This one, in basis points, all the time.
    Fixed(u16),
    /// It was changed while people were assigned. Then it is not known how many were to be in each arm; and whoever came while few were held
    /// out has more weight in the offered arm than in the other, so a difference of both may be one of the times at which people came.
    Changed,
}

/// How the lots fell.
#[derive(Clone, Debug, PartialEq)]
pub enum Lots {
    /// As the test says.
    Tested(SampleRatio),
    /// There is nothing to test them against.
    ShareChanged,
    /// Too few people, or nobody is to be held out.
    Untested(Error),
}

/// What the offer changed in contribution per person, in cents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Increment {
    /// The difference that is told: the adjusted one where that helps, else the plain one.
    pub told: Interval,
    /// The plain difference (Welch 1947).
    pub plain: Interval,
    /// Which part of the variance is left once what was spent before is taken off, if the difference that is told is adjusted (CUPED).
    pub variance_left: Option<f64>,
    /// The plain difference since the moment of the assignment, the rest of its day included.
    pub since: Option<Interval>,
    /// What speaks against leaving the day of the assignment out.
    pub first_day: FirstDay,
}

/// Discount that went to people who would have bought anyway.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waste {
    /// Which share of the discount.
    pub share: Interval,
    /// How much, in cents.
    pub cents: Interval,
}

/// How long it took who reacted, in milliseconds. Descriptive: nobody knows when they would have bought without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// How many reacted.
    pub people: u64,
    /// A quarter was as quick.
    pub first_quartile_ms: i64,
    /// Half was as quick.
    pub median_ms: i64,
    /// Three quarters were as quick.
    pub third_quartile_ms: i64,
}

/// What is known of something the offer must not make more of.
#[derive(Clone, Debug, PartialEq)]
pub struct Guarded {
    /// What.
    pub harm: Harm,
    /// How many more people may do it, as a share.
    pub margin: f64,
    /// Which share of each arm did, of those whom it concerns: offered, held out; `None` for an arm too small to tell of.
    pub shares: [Option<f64>; 2],
    /// The verdict, and the change with the interval it rests on; or why there is none.
    pub judged: Result<(Verdict, Interval), Error>,
}

/// Everything that is said about a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// How the lots fell.
    pub lots: Lots,
    /// What it changed for each person.
    pub increment: Result<Increment, Error>,
    /// The same for everybody offered whose window is over, in cents.
    pub total: Option<Interval>,
    /// The difference of what people had contributed by the end of each day of the window, in cents, what telling them of the campaign had cost by
    /// then taken off; only the days of which it can be said. The last is the plain difference.
    pub course: Vec<(u16, Interval)>,
    /// By how much more people bought, as a share.
    pub buys: Result<Interval, Error>,
    /// How much more each person paid, in cents.
    pub sales: Result<Interval, Error>,
    /// What coupons took off in the window, net of what came back, in cents; `None` for too few who used one to tell of.
    pub discount: Option<f64>,
    /// What it wasted.
    pub waste: Result<Waste, Error>,
    /// How quick people were.
    pub reaction: Option<Reaction>,
    /// What it must not make more of.
    pub guarded: Vec<Guarded>,
    /// Which share of what was paid has its cost from each of [`CostSource::ALL`]; `None` for too few buyers to tell of.
    pub costs: Option<[f64; CostSource::ALL.len()]>,
    /// The rule that gives the advice.
    pub advice: Rule,
}

impl Statement {
    /// Makes the statement from the sums of both arms.
    pub fn of(tally: &Tally, share: LotShare, thresholds: &Thresholds) -> Self {
        let Tally { offered, held_out } = tally;
        let lots = lots(offered.assigned, held_out.assigned, share);
        let increment = increment(offered, held_out);
        let guarded: Vec<Guarded> = Harm::ALL
            .into_iter()
            .zip(thresholds.harm_margins)
            .map(|(harm, margin)| guarded(harm, margin, offered, held_out))
            .collect();
        let buys = proportion_difference(&offered.buyers, &held_out.buyers, LEVEL);
        let waste = waste(offered, held_out);
        let facts = Facts {
            lots_mismatch: matches!(&lots, Lots::Tested(ratio) if ratio.is_mismatch()),
            share_changed: lots == Lots::ShareChanged,
            guardrail_breached: guarded
                .iter()
                .any(|guarded| matches!(guarded.judged, Ok((Verdict::Breached, _)))),
            effect: increment.as_ref().ok().map(|increment| increment.told),
            first_day_decides: increment.as_ref().is_ok_and(|increment| increment.first_day.decides()),
            without: shown(&held_out.contribution.y()),
            buys: buys.clone().ok(),
            wasted: waste.as_ref().ok().map(|waste| waste.share),
        };
        Self {
            lots,
            total: increment.as_ref().ok().map(|increment| times(increment.told, offered.measured())),
            increment,
            course: course(offered, held_out),
            buys,
            sales: mean_difference(&offered.sales, &held_out.sales, LEVEL),
            discount: Some(offered.discount).filter(|_| PEOPLE_MIN <= offered.redeemers.did),
            waste,
            reaction: reaction(&offered.reactions_ms),
            guarded,
            costs: cost_shares(tally),
            advice: advise(&facts, thresholds),
        }
    }
}

/// Tells an arm's mean, if it is large enough to say nothing about anybody in it.
pub fn shown(arm: &Moments) -> Option<f64> {
    arm.mean().filter(|_| PEOPLE_MIN <= arm.count())
}

/// Tells which share of an arm did something, if it is as large.
pub fn shown_share(arm: &Proportion) -> Option<f64> {
    arm.share().filter(|_| PEOPLE_MIN <= arm.people())
}

fn lots(offered: u64, held_out: u64, share: LotShare) -> Lots {
    let LotShare::Fixed(basis_points) = share else { return Lots::ShareChanged };
    let held_out_share = f64::from(basis_points) / 10_000.0;
    match sample_ratio(&[offered, held_out], &[1.0 - held_out_share, held_out_share]) {
        Ok(ratio) => Lots::Tested(ratio),
        Err(error) => Lots::Untested(error),
    }
}

fn increment(offered: &ArmTally, held_out: &ArmTally) -> Result<Increment, Error> {
    let plain = mean_difference(&offered.contribution.y(), &held_out.contribution.y(), LEVEL)?;
    let since = mean_difference(&offered.since, &held_out.since, LEVEL).ok();
    let adjusted = cuped(&offered.contribution, &held_out.contribution, LEVEL)
        .ok()
        .filter(|adjusted| adjusted.variance_left <= VARIANCE_LEFT_MAX);
    let told = adjusted.map_or(plain, |adjusted| adjusted.effect);
    Ok(Increment {
        told,
        plain,
        variance_left: adjusted.map(|adjusted| adjusted.variance_left),
        since,
        first_day: FirstDay::of(offered, told, since),
    })
}

/// Each day's interval is for a look at that day alone.
fn course(offered: &ArmTally, held_out: &ArmTally) -> Vec<(u16, Interval)> {
    let days = offered.by_day.iter().zip(&held_out.by_day);
    let said = |(day, (offered, held_out))| Some((day, mean_difference(offered, held_out, LEVEL).ok()?));
    (1..).zip(days).filter_map(said).collect()
}

/// Of those who used a coupon, the share who bought because of the offer is θ of [`effect_on_takers`]: the difference of the purchase rates
/// over the rate of use. All others would have bought anyway, and 1 − θ of the discount went to them, if a discount of theirs was worth as
/// much as any. The share is held between nothing and everything.
fn waste(offered: &ArmTally, held_out: &ArmTally) -> Result<Waste, Error> {
    let moved = effect_on_takers(&offered.bought, &held_out.bought.y(), LEVEL)?;
    let others = |share: f64| (1.0 - share).clamp(0.0, 1.0);
    let share =
        Interval { estimate: others(moved.estimate), lower: others(moved.upper), upper: others(moved.lower) };
    let cents = |share: f64| share * offered.discount;
    let cents =
        Interval { estimate: cents(share.estimate), lower: cents(share.lower), upper: cents(share.upper) };
    Ok(Waste { share, cents })
}

fn guarded(harm: Harm, margin: f64, offered: &ArmTally, held_out: &ArmTally) -> Guarded {
    let arm = |tally: &ArmTally| tally.harms.get(harm as usize).copied().unwrap_or_default();
    let (offered, held_out) = (arm(offered), arm(held_out));
    let guardrail = Guardrail { better: Better::Lower, margin, level: LEVEL };
    Guarded {
        harm,
        margin,
        shares: [shown_share(&offered), shown_share(&held_out)],
        judged: guardrail.judge_shares(&offered, &held_out),
    }
}

/// Quartiles by the nearest rank, of at least as many as are ever told of.
fn reaction(reactions_ms: &[i64]) -> Option<Reaction> {
    let people = u64::try_from(reactions_ms.len()).ok().filter(|people| PEOPLE_MIN <= *people)?;
    let mut sorted = reactions_ms.to_vec();
    sorted.sort_unstable();
    let quartile =
        |quarters: usize| sorted.get((sorted.len() * quarters).div_ceil(4).saturating_sub(1)).copied();
    Some(Reaction {
        people,
        first_quartile_ms: quartile(1)?,
        median_ms: quartile(2)?,
        third_quartile_ms: quartile(3)?,
    })
}

fn cost_shares(tally: &Tally) -> Option<[f64; CostSource::ALL.len()]> {
    let few_buyers = tally.offered.buyers.did + tally.held_out.buyers.did < PEOPLE_MIN;
    if few_buyers {
        return None;
    }
    let mut sums = tally.offered.paid_by_source;
    sums.iter_mut().zip(tally.held_out.paid_by_source).for_each(|(sum, paid)| *sum += paid);
    let all: f64 = sums.iter().sum();
    (0.0 < all).then(|| sums.map(|sum| sum / all))
}

#[expect(clippy::cast_precision_loss, reason = "people are far fewer than 2^53")]
fn times(interval: Interval, people: u64) -> Interval {
    let many = people as f64;
    Interval {
        estimate: interval.estimate * many,
        lower: interval.lower * many,
        upper: interval.upper * many,
    }
}
