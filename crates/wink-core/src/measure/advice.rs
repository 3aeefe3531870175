//! What to do with a campaign: one of eleven rules, asked in order; the first that holds gives the advice. Changes nothing by itself.

use wink_stats::Interval;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on as it is.
    Continue,
    /// Take the offer back.
    Stop,
    /// Offer less.
    Lower,
    /// Help people choose, and offer nothing.
    AdviseInstead,
    /// Decide nothing yet.
    Wait,
}

impl Action {
    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Stop => "stop",
            Self::Lower => "lower",
            Self::AdviseInstead => "advise_instead",
            Self::Wait => "wait",
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The arms are not as the lots were to fall.
    LotsMismatch,
    /// The share to be held out was not the same all the time.
    ShareChanged,
    /// The increment cannot be said.
    NotEnoughData,
    /// Something happens more often than is bearable.
    GuardrailBreached,
    /// It earns, and most of the discount goes to people who buy anyway.
    EarnsAndWastes,
    /// It earns.
    Earns,
    /// It loses, although people buy because of it.
    MovesAndCosts,
    /// It loses, and most of the discount goes to people who buy anyway.
    LosesAndWastes,
    /// It loses.
    Loses,
    /// It changes nothing worth mentioning.
    ChangesNothing,
    /// It may earn or lose, or it did so on the day that is left out.
    Undecided,
}

impl Rule {
    /// Lists them all, in the order in which they are asked.
    pub const ALL: [Self; 11] = [
        Self::LotsMismatch,
        Self::ShareChanged,
        Self::NotEnoughData,
        Self::GuardrailBreached,
        Self::EarnsAndWastes,
        Self::Earns,
        Self::MovesAndCosts,
        Self::LosesAndWastes,
        Self::Loses,
        Self::ChangesNothing,
        Self::Undecided,
    ];

    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::LotsMismatch => "lots_mismatch",
            Self::ShareChanged => "share_changed",
            Self::NotEnoughData => "not_enough_data",
            Self::GuardrailBreached => "guardrail_breached",
            Self::EarnsAndWastes => "earns_and_wastes",
            Self::Earns => "earns",
            Self::MovesAndCosts => "moves_and_costs",
            Self::LosesAndWastes => "loses_and_wastes",
            Self::Loses => "loses",
            Self::ChangesNothing => "changes_nothing",
            Self::Undecided => "undecided",
        }
    }

    /// Tells what it advises.
    pub fn action(self) -> Action {
        match self {
            Self::LotsMismatch | Self::ShareChanged | Self::NotEnoughData | Self::Undecided => Action::Wait,
            Self::GuardrailBreached | Self::Loses | Self::ChangesNothing => Action::Stop,
            Self::EarnsAndWastes | Self::MovesAndCosts => Action::Lower,
            Self::Earns => Action::Continue,
            Self::LosesAndWastes => Action::AdviseInstead,
        }
    }

    /// Says it for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::LotsMismatch => {
                "the arms are not as large as the lots were to make them, so the result is not to be trusted; find out why first"
            }
            Self::ShareChanged => {
                "the share to be held out was changed while people were assigned, so the arms are not alike"
            }
            Self::NotEnoughData => "there is not enough data to say what it changed",
            Self::GuardrailBreached => "something it must not make more of became more frequent",
            Self::EarnsAndWastes => {
                "it earns, and most of the discount went to people who would have bought anyway"
            }
            Self::Earns => "it earns more than it costs",
            Self::MovesAndCosts => "people buy because of it, and it costs more than that brings",
            Self::LosesAndWastes => {
                "it costs more than it brings, and most of the discount went to people who would have bought anyway"
            }
            Self::Loses => "it costs more than it brings",
            Self::ChangesNothing => "it changes nothing worth mentioning",
            Self::Undecided => "it may earn or lose; more is needed to tell",
        }
    }

    fn holds(self, facts: &Facts, thresholds: &Thresholds) -> bool {
        // What the window says is no answer if the day before it does.
        let effect = facts.effect.filter(|_| !facts.first_day_decides);
        let earns = effect.is_some_and(|effect| 0.0 < effect.lower);
        let loses = effect.is_some_and(|effect| effect.upper < 0.0);
        let wastes = |share: f64| thresholds.wasted_share <= share;
        match self {
            Self::LotsMismatch => facts.lots_mismatch,
            Self::ShareChanged => facts.share_changed,
            Self::NotEnoughData => facts.effect.is_none(),
            Self::GuardrailBreached => facts.guardrail_breached,
            // Sure to be wasted, before anything is taken from what works.
            Self::EarnsAndWastes => earns && facts.wasted.is_some_and(|wasted| wastes(wasted.lower)),
            Self::Earns => earns,
            Self::MovesAndCosts => loses && facts.buys.is_some_and(|buys| 0.0 < buys.lower),
            Self::LosesAndWastes => loses && facts.wasted.is_some_and(|wasted| wastes(wasted.estimate)),
            Self::Loses => loses,
            Self::ChangesNothing => effect.zip(facts.without).is_some_and(|(effect, without)| {
                let negligible = thresholds.negligible_share * without;
                -negligible < effect.lower && effect.upper < negligible
            }),
            Self::Undecided => true,
        }
    }
}

/// From where on something counts. Part of the answer, so that nobody has to guess.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// From this share of the discount on, most of it is wasted.
    pub wasted_share: f64,
    /// Below this share of what somebody contributes without the offer, a change is not worth mentioning. The whole interval must lie
    /// below it (two one-sided tests, Schuirmann 1987).
    pub negligible_share: f64,
    /// How many more people of a hundred may do each of [`super::Harm::ALL`] before it counts as harm, as a share.
    pub harm_margins: [f64; super::Harm::ALL.len()],
}

impl Default for Thresholds {
    /// Chosen, not measured: half of the discount is most of it; a twentieth of what people contribute anyway is not worth mentioning; two
    /// more of a hundred buyers who return something, one more of a hundred people who unsubscribes and one who asks for help can be borne.
    fn default() -> Self {
        Self { wasted_share: 0.5, negligible_share: 0.05, harm_margins: [0.02, 0.01, 0.01] }
    }
}

/// What the advice depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// Whether the arms are not as the lots were to fall.
    pub lots_mismatch: bool,
    /// Whether the share to be held out was changed while people were assigned.
    pub share_changed: bool,
    /// Whether a guardrail is breached.
    pub guardrail_breached: bool,
    /// What the offer changed in contribution per person; `None` if it cannot be said.
    pub effect: Option<Interval>,
    /// Whether too much happened on the day of the assignment, which the window leaves out ([`super::FirstDay`]).
    pub first_day_decides: bool,
    /// What somebody contributes without the offer.
    pub without: Option<f64>,
    /// By how much more people buy because of it, as a share.
    pub buys: Option<Interval>,
    /// Which share of the discount went to people who would have bought anyway.
    pub wasted: Option<Interval>,
}

/// Advises: finds the first rule that holds.
pub fn advise(facts: &Facts, thresholds: &Thresholds) -> Rule {
    Rule::ALL.into_iter().find(|rule| rule.holds(facts, thresholds)).unwrap_or(Rule::Undecided)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(lower: f64, upper: f64) -> Option<Interval> {
        Some(Interval { estimate: f64::midpoint(lower, upper), lower, upper })
    }

    fn check(facts: Facts, rule: Rule, action: Action) {
        let found = advise(&facts, &Thresholds::default());
        assert_eq!((found, found.action()), (rule, action), "{facts:?}");
    }

    #[test]
    fn the_first_rule_that_holds_gives_the_advice() {
        let facts = Facts { without: Some(1_000.0), ..Facts::default() };
        let earns = Facts { effect: between(10.0, 90.0), ..facts };
        let loses = Facts { effect: between(-90.0, -10.0), ..facts };
        check(facts, Rule::NotEnoughData, Action::Wait);
        check(earns, Rule::Earns, Action::Continue);
        check(Facts { lots_mismatch: true, ..earns }, Rule::LotsMismatch, Action::Wait);
        check(Facts { lots_mismatch: true, ..facts }, Rule::LotsMismatch, Action::Wait);
        check(Facts { share_changed: true, ..earns }, Rule::ShareChanged, Action::Wait);
        check(
            Facts { share_changed: true, guardrail_breached: true, ..loses },
            Rule::ShareChanged,
            Action::Wait,
        );
        check(Facts { guardrail_breached: true, ..earns }, Rule::GuardrailBreached, Action::Stop);
        check(Facts { guardrail_breached: true, ..facts }, Rule::NotEnoughData, Action::Wait);
        let unseen = |facts| Facts { first_day_decides: true, ..facts };
        check(unseen(earns), Rule::Undecided, Action::Wait);
        check(unseen(Facts { wasted: between(0.5, 0.9), ..earns }), Rule::Undecided, Action::Wait);
        check(unseen(loses), Rule::Undecided, Action::Wait);
        check(unseen(Facts { effect: between(-49.0, 49.0), ..facts }), Rule::Undecided, Action::Wait);
        // Harm is counted from the assignment on.
        check(unseen(Facts { guardrail_breached: true, ..earns }), Rule::GuardrailBreached, Action::Stop);
        check(unseen(facts), Rule::NotEnoughData, Action::Wait);
        check(Facts { wasted: between(0.5, 0.9), ..earns }, Rule::EarnsAndWastes, Action::Lower);
        // Perhaps wasted is not enough to take from what works.
        check(Facts { wasted: between(0.49, 0.99), ..earns }, Rule::Earns, Action::Continue);
        check(loses, Rule::Loses, Action::Stop);
        check(Facts { buys: between(0.01, 0.05), ..loses }, Rule::MovesAndCosts, Action::Lower);
        let nobody_moves = Facts { buys: between(-0.01, 0.05), ..loses };
        check(nobody_moves, Rule::Loses, Action::Stop);
        check(
            Facts { wasted: between(0.2, 0.8), ..nobody_moves },
            Rule::LosesAndWastes,
            Action::AdviseInstead,
        );
        check(Facts { wasted: between(0.2, 0.6), ..nobody_moves }, Rule::Loses, Action::Stop);
        check(Facts { effect: between(-49.0, 49.0), ..facts }, Rule::ChangesNothing, Action::Stop);
        check(Facts { effect: between(-50.0, 49.0), ..facts }, Rule::Undecided, Action::Wait);
        check(Facts { effect: between(0.0, 90.0), ..facts }, Rule::Undecided, Action::Wait);
        check(Facts { effect: between(-40.0, 40.0), without: None, ..facts }, Rule::Undecided, Action::Wait);
        // Who loses without the offer gives no measure of what is worth mentioning.
        check(
            Facts { effect: between(-1.0, 1.0), without: Some(-5.0), ..facts },
            Rule::Undecided,
            Action::Wait,
        );
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = Rule::ALL.map(Rule::name).into();
        assert_eq!(names.len(), Rule::ALL.len());
    }
}
