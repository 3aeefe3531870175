//! How well do effects rank people? Qini, AUUC and uplift among the first, as the library scikit-uplift defines them.

use crate::Error;
use crate::error::{at_least, finite, same_length};

/// Fewer people with the rarer outcome on one side, and the curve is drawn by chance: the side's rate is then known to no better
/// than a tenth of itself (its relative standard error is 1/√n).
pub const OUTCOMES_MIN: u64 = 100;

/// People in the order of their effect, the highest first, with what the trial gave them and what came of it.
#[derive(Clone, Debug)]
pub struct Ranking {
    ordered: Vec<Person>,
}

#[derive(Clone, Copy, Debug)]
struct Person {
    effect: f64,
    treated: bool,
    hit: bool,
}

/// What was counted among the first so many.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    treated: f64,
    control: f64,
    hits_treated: f64,
    hits_control: f64,
}

impl Ranking {
    /// Ranks people the effects were not learned from. Outcomes are 0 or 1.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`], and [`Error::NotEnoughData`] if either side has fewer than
    /// [`OUTCOMES_MIN`] of either outcome.
    pub fn new(effects: &[f64], treated: &[bool], outcomes: &[f64]) -> Result<Self, Error> {
        same_length("the treatments", effects.len(), treated.len())?;
        same_length("the outcomes", effects.len(), outcomes.len())?;
        finite("an effect", effects)?;
        if let Some(value) = outcomes.iter().find(|outcome| **outcome != 0.0 && **outcome != 1.0) {
            return Err(Error::OutOfRange { what: "an outcome", value: *value, must: "0 or 1" });
        }
        let people = effects.iter().zip(treated).zip(outcomes);
        let mut ordered: Vec<Person> = people
            .map(|((effect, treated), outcome)| Person {
                effect: *effect,
                treated: *treated,
                hit: *outcome == 1.0,
            })
            .collect();
        refuse_rare(&ordered)?;
        // As scikit-uplift does: a stable sort, then the other way round.
        ordered.sort_by(|a, b| a.effect.total_cmp(&b.effect));
        ordered.reverse();
        Ok(Self { ordered })
    }

    /// The Qini curve (Radcliffe 2007, "Using control groups to target on predicted lift"): for the first so many people, the
    /// additional outcomes of the treated. One point wherever the effect changes; the first is (0, 0).
    pub fn qini_curve(&self) -> Vec<(f64, f64)> {
        self.curve(Sums::qini, |person| person.effect)
    }

    /// The uplift curve (Gutierrez and Gérardy 2017, "Causal inference and uplift modelling", section 4.1).
    pub fn uplift_curve(&self) -> Vec<(f64, f64)> {
        self.curve(Sums::uplift, |person| person.effect)
    }

    /// The Qini coefficient: the area between the Qini curve and the straight line to its end, as a share of what the best
    /// possible order would have (`qini_auc_score` with `negative_effect`).
    pub fn qini(&self) -> f64 {
        // Hits of treatment first, hits of no treatment last.
        let best = |person: &Person| match person {
            Person { hit: false, .. } => 0.0,
            Person { treated: true, .. } => 1.0,
            Person { treated: false, .. } => -1.0,
        };
        share_of_best(&self.qini_curve(), &self.best_curve(Sums::qini, best))
    }

    /// The same for the uplift curve (`uplift_auc_score`).
    pub fn auuc(&self) -> f64 {
        let hits_control = self.ordered.iter().filter(|person| !person.treated && person.hit).count();
        let misses_treated = self.ordered.iter().filter(|person| person.treated && !person.hit).count();
        let more_hits = misses_treated < hits_control;
        let best = |person: &Person| {
            let fits = if person.treated == person.hit { 2.0 } else { 0.0 };
            let adds = if more_hits { person.hit } else { person.treated };
            fits + if adds { 1.0 } else { 0.0 }
        };
        share_of_best(&self.uplift_curve(), &self.best_curve(Sums::uplift, best))
    }

    /// The difference of the two sides' rates among the first `share` of all people (`uplift_at_k` with the strategy
    /// `overall`); `None` if a side has nobody there. Where everybody has the same effect nobody is first, and it is the difference among all.
    pub fn uplift_at(&self, share: f64) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count, cut off as the definition has it"
        )]
        let first = (self.ordered.len() as f64 * share.clamp(0.0, 1.0)) as usize;
        let ends = self.ordered.first().zip(self.ordered.last());
        let are_same = ends.is_some_and(|(first, last)| first.effect.total_cmp(&last.effect).is_eq());
        let first = if are_same { self.ordered.len() } else { first };
        let mut sums = Sums::default();
        self.ordered.iter().take(first).for_each(|person| sums.add(person));
        let both = 0.0 < sums.treated && 0.0 < sums.control;
        both.then(|| sums.hits_treated / sums.treated - sums.hits_control / sums.control)
    }

    fn best_curve(&self, height: fn(&Sums) -> f64, key: impl Fn(&Person) -> f64) -> Vec<(f64, f64)> {
        let mut ordered = self.ordered.clone();
        ordered.sort_by(|a, b| key(b).total_cmp(&key(a)));
        Self { ordered }.curve(height, key)
    }

    fn curve(&self, height: fn(&Sums) -> f64, key: impl Fn(&Person) -> f64) -> Vec<(f64, f64)> {
        let mut points = vec![(0.0, 0.0)];
        let mut sums = Sums::default();
        let mut people = self.ordered.iter().peekable();
        while let Some(person) = people.next() {
            sums.add(person);
            let same = people.peek().is_some_and(|next| key(next) == key(person));
            if !same {
                points.push((sums.treated + sums.control, height(&sums)));
            }
        }
        points
    }
}

impl Sums {
    fn add(&mut self, person: &Person) {
        let hit = if person.hit { 1.0 } else { 0.0 };
        if person.treated {
            self.treated += 1.0;
            self.hits_treated += hit;
        } else {
            self.control += 1.0;
            self.hits_control += hit;
        }
    }

    fn qini(&self) -> f64 {
        self.hits_treated - self.hits_control * or_zero(self.treated, self.control)
    }

    fn uplift(&self) -> f64 {
        let apart = or_zero(self.hits_treated, self.treated) - or_zero(self.hits_control, self.control);
        apart * (self.treated + self.control)
    }
}

fn or_zero(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

fn refuse_rare(people: &[Person]) -> Result<(), Error> {
    for side in [true, false] {
        for outcome in [true, false] {
            let found =
                people.iter().filter(|person| person.treated == side && person.hit == outcome).count();
            at_least("people with the rarer outcome on one side", OUTCOMES_MIN, found)?;
        }
    }
    Ok(())
}

/// The area above the straight line from the first to the last point, as a share of the same area of the best curve.
fn share_of_best(curve: &[(f64, f64)], best: &[(f64, f64)]) -> f64 {
    let (end, height) = best.last().copied().unwrap_or_default();
    let straight = end * height / 2.0;
    (area(curve) - straight) / (area(best) - straight)
}

/// The area under straight lines between points.
fn area(points: &[(f64, f64)]) -> f64 {
    let pairs = points.iter().zip(points.iter().skip(1));
    pairs.map(|((left, low), (right, high))| (right - left) * (low + high) / 2.0).sum()
}
