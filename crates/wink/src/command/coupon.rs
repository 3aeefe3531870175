//! `wink coupon`: a coupon is shown, used, taken back. Works while a server runs.

use std::process::ExitCode;

use serde_json::{Value as Json, json};
use wink_core::base::Currency;
use wink_server::secrets::random;

use super::bulk::{self, Wanted};
use super::money::{amount, currency_of, spelled};
use crate::arguments::{Coupon, CouponAction};
use crate::control::{self, Line};
use crate::home;
use crate::terminal::say;

pub(crate) fn run(coupon: &Coupon) -> anyhow::Result<ExitCode> {
    home::run(async {
        match &coupon.action {
            CouponAction::Show { coupon: id, data } => {
                let line = Line::open(&data.data).await?;
                let found = line.ask("GET", &format!("/v1/coupons/{id}"), None).await?;
                if coupon.json { say!("{found}") } else { show(&found, currency_of(&line).await?) }
            }
            CouponAction::Redeem { coupon: id, order, spend, category, data } => {
                let line = Line::open(&data.data).await?;
                let currency = currency_of(&line).await?;
                let spend = spend.minor_units(currency)?;
                let all = json!({ "id": "all", "product_id": "all", "category": category, "quantity": 1, "unit_price_cents": spend });
                let asked = json!({ "coupons": [id], "order_id": order, "cart": { "lines": [all] } });
                let done = once(&line, "/v1/redemptions", &asked).await?;
                if coupon.json {
                    say!("{done}");
                } else {
                    let used = each(&done, "coupons").next().unwrap_or(&Json::Null);
                    let off = spelled(currency, amount(used, "discount_cents"));
                    say!("{}: {off} off", text(used, "redemption"));
                }
            }
            CouponAction::Reverse { redemption, reason, data } => {
                let path = format!("/v1/redemptions/{redemption}/reversals");
                let line = Line::open(&data.data).await?;
                // Asked before anything is moved: what was moved is then told in any case.
                let currency = currency_of(&line).await?;
                let done = once(&line, &path, &json!({ "reason": reason })).await?;
                let back = each(&done, "reversals").last().unwrap_or(&Json::Null);
                if coupon.json {
                    say!("{done}");
                } else {
                    let what = match text(back, "coupon") {
                        "returns" => "the coupon goes back to its person",
                        _ => "the coupon stays used",
                    };
                    say!("{} taken back; {what}", spelled(currency, amount(back, "amount_cents")));
                }
            }
            CouponAction::Code { coupon: id, data } => {
                let path = format!("/v1/coupons/{id}/code");
                let shown = control::ask(&data.data, "GET", &path, None).await?;
                if coupon.json {
                    say!("{shown}");
                } else {
                    say!("{}, valid until {}", text(&shown, "code"), text(&shown, "valid_until"));
                    say!("as digits {}", text(&shown, "digits"));
                }
            }
            CouponAction::Issue { campaign, offer, count, name, out, data } => {
                let (offer, name) = (offer.as_deref(), name.as_deref());
                let wanted = Wanted { campaign, offer, count: *count, name, out };
                bulk::issue(&data.data, &wanted, coupon.json).await?;
            }
            CouponAction::Revoke { coupon: id, data } => {
                let path = format!("/v1/coupons/{id}/revoke");
                let done = control::ask(&data.data, "POST", &path, None).await?;
                if coupon.json { say!("{done}") } else { say!("{id} is revoked") }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Asks for what moves money, under a key of its own: the order makes a repetition safe, and a "no" of yesterday may be a yes today.
async fn once(line: &Line, path: &str, asked: &Json) -> anyhow::Result<Json> {
    let key = u128::from_be_bytes(random()?);
    line.ask_once(path, asked, &format!("wink-coupon-{key:032x}")).await
}

fn show(coupon: &Json, currency: Currency) {
    say!("{} is {}", text(coupon, "id"), text(coupon, "state"));
    say!("offer {} of campaign {}", text(coupon, "offer"), text(coupon, "campaign"));
    let reserved = spelled(currency, amount(coupon, "reserved_cents"));
    say!("reserved {reserved}, valid until {}", text(coupon, "valid_until"));
    if let Some(held) = coupon.get("held") {
        say!("held for order {} until {}", text(held, "order_id"), text(held, "until"));
    }
    for redemption in each(coupon, "redemptions") {
        say!("redeemed as {}", redemption.as_str().unwrap_or_default());
    }
}

pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn each<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> + use<'a> {
    json.get(name).and_then(Json::as_array).into_iter().flatten()
}
