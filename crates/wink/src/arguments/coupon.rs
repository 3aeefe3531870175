//! Coupons: shown, used, taken back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Data;
use super::amount::Amount;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink coupon show cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon redeem cpn_0192f0c1-1c1d-8e00-8000-000000000001 --order o-1 --spend 23.90 --data store
  wink coupon reverse rdm_0192f0c1-1c1d-8e00-8000-000000000002 --reason refund --data store
  wink coupon revoke cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon code cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon issue --campaign spring --count 1000 --out codes.csv --data store

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
        /// What the offer's products cost in it, like 23.90, with the decimals of the shop's currency
        #[arg(long)]
        spend: Amount,
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
    /// Shows the code of a coupon, to be typed or printed
    #[command(after_help = "Examples:
  wink coupon code cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store
  wink coupon code cpn_0192f0c1-1c1d-8e00-8000-000000000001 --data store --json

Whoever has the code may use the coupon.")]
    Code {
        /// The coupon's id
        coupon: String,
        #[command(flatten)]
        data: Data,
    },
    /// Issues coupons in bulk, for whoever comes with their codes, and writes these to a file
    #[command(after_help = "Examples:
  wink coupon issue --campaign spring --count 1000 --out codes.csv --data store
  wink coupon issue --campaign spring --offer tea --count 1000000 --name spring-print --out codes.csv --data store

Interrupted, the same command goes on where it ended: no coupon is issued twice, and the file is written again as a whole.")]
    Issue {
        /// The campaign whose budget they reserve
        #[arg(long)]
        campaign: String,
        /// The offer, if the campaign has several
        #[arg(long)]
        offer: Option<String>,
        /// How many
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        count: u64,
        /// The name of the bulk; the file's if it is not said
        #[arg(long)]
        name: Option<String>,
        /// Where the codes are written, as CSV
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
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
