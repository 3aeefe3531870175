//! The benefit that was chosen: an offer may have several under one title, and a page or a till shows the one this person gets.

use serde::Serialize;
use utoipa::ToSchema;
use wink_core::offer::Benefit;

/// What a reduction is, spelled as in the catalogue: an amount, or a share with the most it can be worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BenefitView {
    /// A fixed amount.
    Amount {
        /// In minor units.
        amount_cents: i64,
    },
    /// A share of what it applies to.
    Percent {
        /// Of a hundred, with at most two decimals.
        percent: f64,
        /// The most it can be worth, in minor units.
        at_most_cents: i64,
    },
}

impl From<Benefit> for BenefitView {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::Amount(amount) => Self::Amount { amount_cents: amount.0 },
            Benefit::Percent { basis_points, maximum } => {
                Self::Percent { percent: f64::from(basis_points) / 100.0, at_most_cents: maximum.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wink_core::base::Cents;

    use super::*;

    #[test]
    fn a_benefit_is_spelled_as_in_the_catalogue() {
        let shown = |benefit| serde_json::to_value(BenefitView::from(benefit)).unwrap();
        assert_eq!(shown(Benefit::Amount(Cents(150))), json!({ "amount_cents": 150 }));
        let percent = |basis_points| Benefit::Percent { basis_points, maximum: Cents(300) };
        assert_eq!(shown(percent(1_250)), json!({ "percent": 12.5, "at_most_cents": 300 }));
        assert_eq!(shown(percent(3)), json!({ "percent": 0.03, "at_most_cents": 300 }));
    }
}
