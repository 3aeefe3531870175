//! A campaign's result as the API shows it.

use wink_api::{
    AdviceView, ArmView, CampaignResultView, CostsView, CouponMoneyView, CoursePoint, EstimateOrNot,
    GuardrailView, IncrementView, IntervalView, LotsView, ReactionView, ThresholdsView, WasteView,
};
use wink_core::measure::{
    ArmTally, Guarded, Increment, Interval, Lots, OUTCOME_DAYS, Reaction, Unsaid, Verdict, shown, shown_share,
};

use super::CampaignResult;

impl CampaignResult {
    /// Shows it.
    pub fn view(&self) -> CampaignResultView {
        let statement = &self.statement;
        let [offered, held_out] = self.arms();
        CampaignResultView {
            campaign: self.campaign.id.to_string(),
            name: self.campaign.name.clone(),
            currency: self.currency.code().to_owned(),
            computed_at: self.at.to_string(),
            window_days: OUTCOME_DAYS,
            offered: arm(offered),
            held_out: arm(held_out),
            lots: self.lots(),
            increment: self.increment(),
            buys: estimate(&statement.buys),
            sales_cents: estimate(&statement.sales),
            waste: self.waste(),
            coupons: self.coupons(),
            reaction: statement.reaction.map(reaction),
            guardrails: statement.guarded.iter().map(guardrail).collect(),
            costs: statement.costs.map(|[product_cost, category_margin, default_margin]| CostsView {
                product_cost,
                category_margin,
                default_margin,
            }),
            advice: self.advice(),
            notes: super::notes::of(self),
            course: statement
                .course
                .iter()
                .map(|(day, cents)| CoursePoint { day: *day, cents: interval(*cents) })
                .collect(),
        }
    }

    fn lots(&self) -> LotsView {
        let (ratio, not_said) = match &self.statement.lots {
            Lots::Tested(ratio) => (Some(ratio), None),
            Lots::ShareChanged => {
                (None, Some("the share to be held out was changed while people were assigned".to_owned()))
            }
            Lots::Untested(_) if self.campaign.holdout_basis_points == 0 => {
                (None, Some("the campaign holds nobody out".to_owned()))
            }
            Lots::Untested(error) => (None, Some(error.to_string())),
        };
        LotsView {
            holdout_basis_points: self.campaign.holdout_basis_points,
            p_value: ratio.map(|ratio| ratio.p_value),
            trusted: ratio.map(|ratio| !ratio.is_mismatch()),
            not_said,
        }
    }

    fn increment(&self) -> IncrementView {
        let said: Option<&Increment> = self.statement.increment.as_ref().ok();
        let method =
            |increment: &Increment| if increment.variance_left.is_some() { "cuped" } else { "welch" };
        IncrementView {
            per_person_cents: said.map(|increment| interval(increment.told)),
            method: said.map(method).map(str::to_owned),
            plain_cents: said.map(|increment| interval(increment.plain)),
            variance_left: said.and_then(|increment| increment.variance_left),
            since_assignment_cents: said.and_then(|increment| increment.since).map(interval),
            total_cents: self.statement.total.map(interval),
            not_said: said_not(&self.statement.increment),
        }
    }

    fn waste(&self) -> WasteView {
        let said = self.statement.waste.as_ref().ok();
        WasteView {
            discount_cents: self.statement.discount,
            share: said.map(|waste| interval(waste.share)),
            cents: said.map(|waste| interval(waste.cents)),
            not_said: said_not(&self.statement.waste),
        }
    }

    fn coupons(&self) -> CouponMoneyView {
        let money = self.coupons;
        CouponMoneyView {
            redemptions: money.redemptions,
            given_cents: money.given.0,
            returned_cents: money.returned.0,
            spent_cents: (money.given - money.returned).0,
        }
    }

    fn advice(&self) -> AdviceView {
        let rule = self.statement.advice;
        AdviceView {
            action: rule.action().name().to_owned(),
            rule: rule.name().to_owned(),
            because: rule.words().to_owned(),
            thresholds: ThresholdsView {
                wasted_share: self.thresholds.wasted_share,
                negligible_share: self.thresholds.negligible_share,
            },
        }
    }
}

fn arm(tally: &ArmTally) -> ArmView {
    ArmView {
        assigned: tally.assigned,
        measured: tally.measured(),
        contribution_cents: shown(&tally.contribution.y()),
        bought: shown_share(&tally.buyers),
    }
}

fn guardrail(guarded: &Guarded) -> GuardrailView {
    let judged = guarded.judged.as_ref().ok();
    let [offered, held_out] = guarded.shares;
    GuardrailView {
        name: guarded.harm.name().to_owned(),
        verdict: judged.map(|(verdict, _)| spelled(*verdict).to_owned()),
        offered,
        held_out,
        change: judged.map(|(_, change)| interval(*change)),
        margin: guarded.margin,
        not_said: said_not(&guarded.judged),
    }
}

fn spelled(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Open => "open",
        Verdict::Breached => "breached",
    }
}

fn reaction(reaction: Reaction) -> ReactionView {
    let Reaction { people, first_quartile_ms, median_ms, third_quartile_ms } = reaction;
    ReactionView { people, first_quartile_ms, median_ms, third_quartile_ms }
}

fn estimate(found: &Result<Interval, Unsaid>) -> EstimateOrNot {
    EstimateOrNot { value: found.as_ref().ok().copied().map(interval), not_said: said_not(found) }
}

fn said_not<T>(found: &Result<T, Unsaid>) -> Option<String> {
    found.as_ref().err().map(ToString::to_string)
}

fn interval(interval: Interval) -> IntervalView {
    let Interval { estimate, lower, upper } = interval;
    IntervalView { estimate, lower, upper }
}
