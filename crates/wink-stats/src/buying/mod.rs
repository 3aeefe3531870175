//! How often somebody buys, whether they still do, and what they are worth.
//!
//! [`Model`] and [`SpendModel`] are fitted to what was seen; [`FittedPurchases`] and [`FittedSpend`] answer for one customer; [`value`]
//! puts both together. Times are in any unit, the same one throughout. x, t_x and T of the literature are [`History`]'s `repeats`, `last`
//! and `observed`.

mod cells;
mod clv;
mod fitted;
mod history;
mod likelihood;
mod many;
mod model;
mod nbd;
mod odds;
mod population;
mod spend;

pub use cells::Cells;
pub use clv::{Terms, expected_value, value};
pub use fitted::{FittedPurchases, NextPurchase, Parameters, Scale};
pub use history::{Customer, History, Orders};
pub use many::Many;
pub use model::{CUSTOMERS_MIN, Model};
pub use nbd::fit_without_leaving;
pub use population::{Figures, figures, margin, per_order};
pub use spend::{FittedSpend, SpendModel, SpendParameters};
