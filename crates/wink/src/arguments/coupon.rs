//! Coupons: shown, used, taken back.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink coupon show cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon redeem cpn_0192f0c1-1c1d-8e00-8000-000000000001 --order o-1 --spend 23.90 --data store
  wink coupon reverse rdm_0192f0c1-1c1d-8e00-8000-000000000002 --reason refund --data store
  wink coupon revoke cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store

Works while a server runs, on the first tenant.")]
pub(crate) struct Coupon {
    #[command(subcommand)]
    pub(crate) action: CouponAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CouponAction {
    /// Shows a coupon as it is now
    #[command(after_help = "Examples:
  wink coupon show cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon show cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store --json")]
    Show {
        /// The coupon's id
        coupon: String,
        #[command(flatten)]
        data: Data,
    },
    /// Uses a coupon on an order
    #[command(after_help = "Examples:
  wink coupon redeem cpn_0192f0c1-1c1d-8e00-8000-000000000001 --order o-1 --spend 23.90 --data store
  wink coupon redeem cpn_0192f0c1-1c1d-8e00-8000-000000000001 --order o-1 --spend 23.90 --category TEA --data store")]
    Redeem {
        /// The coupon's id
        coupon: String,
        /// The order's id; the same again is the same redemption
        #[arg(long)]
        order: String,
        /// What the offer's products cost in it, like 23.90
        #[arg(long, value_parser = cents)]
        spend: i64,
        /// Their category, where the offer is for some only
        #[arg(long)]
        category: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// Takes back everything that is left of a redemption
    #[command(after_help = "Examples:
  wink coupon reverse rdm_0192f0c1-1c1d-8e00-8000-000000000002 --reason refund --data store")]
    Reverse {
        /// The redemption's id
        redemption: String,
        /// Why: cancel, refund, chargeback or error
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        data: Data,
    },
    /// Takes a coupon back for good
    #[command(after_help = "Examples:
  wink coupon revoke cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store")]
    Revoke {
        /// The coupon's id
        coupon: String,
        #[command(flatten)]
        data: Data,
    },
}

/// Reads an amount with two decimals or none.
fn cents(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not an amount; write it like 23.90");
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) || part.len() != 2 {
        return Err(wrong());
    }
    format!("{whole}{part}").parse().map_err(|_| wrong())
}
