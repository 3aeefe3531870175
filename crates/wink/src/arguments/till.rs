//! Tills: what they verify codes with, what they may give while they can ask nobody, and what they report.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Data;
use super::amount::Amount;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink till keys --data store --json
  wink till rotate --data store
  wink till verify 04AA77V --keys keys.json
  wink till lease till-3 --campaign spring --count 20 --most 50.00 --data store
  wink till redeem 04AA77V --offline --till till-3 --lease lease.json --keys keys.json --log till.log --order o-1 --spend 23.90
  wink till sync till-3 --log till.log --data store
  wink till report till-3 --date 2026-03-01 --data store

Works while a server runs, on the first tenant.")]
pub(crate) struct Till {
    #[command(subcommand)]
    pub(crate) action: TillAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TillAction {
    /// Lists the public keys that codes are verified with
    #[command(after_help = "Examples:
  wink till keys --data store
  wink till keys --data store --json")]
    Keys {
        #[command(flatten)]
        data: Data,
    },
    /// Replaces the key that signs; what the old one signed stays good
    #[command(after_help = "Examples:
  wink till rotate --data store")]
    Rotate {
        #[command(flatten)]
        data: Data,
    },
    /// Verifies what a QR code holds, without a store or a server
    #[command(after_help = "Examples:
  wink till verify 04AA77V --keys keys.json
  wink till verify 04AA77V --keys keys.json --json

The file of keys is what `wink till keys --json` printed. Whether the coupon was used before, only the server knows.")]
    Verify {
        /// What the QR code holds
        payload: String,
        /// The public keys
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
    /// Lets a till give coupons while it can ask nobody: so many, and for so much, out of the budget at once
    #[command(after_help = "Examples:
  wink till lease till-3 --campaign spring --count 20 --most 50.00 --data store
  wink till lease till-3 --campaign spring --count 20 --most 50.00 --hours 72 --store munich --paper --data store --json

A till is named as its key is. What `--json` prints is the file that `wink till redeem` reads.")]
    Lease {
        /// The till
        till: String,
        /// Out of whose budget
        #[arg(long)]
        campaign: String,
        /// For coupons of one of its offers only
        #[arg(long)]
        offer: Option<String>,
        /// The most coupons
        #[arg(long)]
        count: u32,
        /// The most money, like 50.00, with the decimals of the shop's currency; also the most that can be lost
        #[arg(long)]
        most: Amount,
        /// For how long
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=168))]
        hours: u32,
        /// The store the till stands in
        #[arg(long)]
        store: Option<String>,
        /// Takes codes on paper too, which anybody can copy
        #[arg(long)]
        paper: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Gives a coupon without a store or a server, as the lease allows, and notes it in a file
    #[command(after_help = "Examples:
  wink till redeem 04AA77V --offline --till till-3 --lease lease.json --keys keys.json --log till.log --order o-1 --spend 23.90
  wink till redeem 04AA77V --offline --till till-3 --store munich --lease lease.json --keys keys.json --log till.log --order o-1 --cart cart.json

With a server, `wink coupon redeem` asks it. The file of the cart has lines as in `POST /v1/redemptions`, each with its category.")]
    Redeem {
        /// What the QR code holds
        payload: String,
        /// Says that nobody is asked
        #[arg(long, required = true)]
        offline: bool,
        /// The name of this till
        #[arg(long)]
        till: String,
        /// The store it stands in
        #[arg(long)]
        store: Option<String>,
        /// The lease, as `wink till lease --json` printed it
        #[arg(long, value_name = "FILE")]
        lease: PathBuf,
        /// The public keys, as `wink till keys --json` printed them
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
        /// What this till has given; made if it is not there
        #[arg(long, value_name = "FILE")]
        log: PathBuf,
        /// The order's id
        #[arg(long)]
        order: String,
        /// What the offer's products cost in it, like 23.90, with the decimals of the shop's currency
        #[arg(long, required_unless_present = "cart", conflicts_with = "cart")]
        spend: Option<Amount>,
        /// Their category, where the offer is for some only
        #[arg(long, conflicts_with = "cart")]
        category: Option<String>,
        /// The order line by line
        #[arg(long, value_name = "FILE")]
        cart: Option<PathBuf>,
    },
    /// Reports what a till gave while it could ask nobody; the same again changes nothing
    #[command(after_help = "Examples:
  wink till sync till-3 --log till.log --data store
  wink till sync till-3 --log till.log --return --data store
  wink till sync till-3 --log till.log --renew --data store --json
  wink till sync till-3 --log till.log --put-aside --data store

What the server refuses for good is put aside with the reason: the rest is synced, the command fails once and names it, and it is not sent again.")]
    Sync {
        /// The till
        till: String,
        /// What it has given
        #[arg(long, value_name = "FILE")]
        log: PathBuf,
        /// Gives its leases back: nothing more is given under them
        #[arg(long = "return")]
        give_back: bool,
        /// The same, and wants others like them
        #[arg(long, conflicts_with = "give_back")]
        renew: bool,
        /// Puts aside also what is of a lease the till does not have; else that waits in the log
        #[arg(long)]
        put_aside: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Reports what a till did on a day: given, taken back, by rate of VAT, without the server, and lost
    #[command(after_help = "Examples:
  wink till report till-3 --date 2026-03-01 --data store
  wink till report till-3 --date 2026-03-01 --data store --json")]
    Report {
        /// The till
        till: String,
        /// The day, on the shop's calendar
        #[arg(long)]
        date: String,
        #[command(flatten)]
        data: Data,
    },
}
