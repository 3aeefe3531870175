//! `wink till`: the public keys of a shop and a verifier that needs nothing else; leases, and what tills did under them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use wink_code::{Keys, verify};
use wink_core::base::{Cents, CouponId, Currency, Timestamp};

use super::money::{named, spelled};
use super::offline;
use crate::arguments::{Till, TillAction};
use crate::terminal::say;
use crate::{control, home};

pub(crate) fn run(till: &Till) -> anyhow::Result<ExitCode> {
    let (data, method, path) = match &till.action {
        TillAction::Keys { data } => (data, "GET", "/v1/tills/keys"),
        TillAction::Rotate { data } => (data, "POST", "/v1/tills/keys/rotate"),
        TillAction::Verify { payload, keys } => {
            verified(payload, keys, till.json)?;
            return Ok(ExitCode::SUCCESS);
        }
        action => return offline::run(action, till.json),
    };
    home::run(async {
        let listed = control::ask(&data.data, method, path, None).await?;
        if till.json {
            say!("{listed}");
        } else {
            keys_of(&listed).for_each(|key| say!("{key}"));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Verifies a payload with the keys of a file.
fn verified(payload: &str, file: &Path, in_json: bool) -> anyhow::Result<()> {
    let PublicKeys { tenant, keys, currency } = public_keys(file)?;
    let now = u32::try_from(home::now().0 / 1_000)?;
    let said = verify(payload, &keys, now)?;
    if u64::from(said.tenant) != tenant {
        return Err(anyhow!("this is a coupon of another shop"));
    }
    let coupon = CouponId::from_bytes(said.coupon);
    let valid_until = Timestamp(i64::from(said.valid_until) * 1_000);
    let offline = i64::from(said.offline_cents_max);
    if in_json {
        let answer = json!({
            "coupon": coupon.to_string(), "valid_until": valid_until.to_string(), "offline_cents_max": offline,
            "is_bound_to_a_device": said.holder.is_some(),
        });
        say!("{answer}");
    } else {
        say!("{coupon} was issued by this shop, valid until {valid_until}");
        match offline {
            0 => say!("ask the server before it counts: it is used once"),
            offline => {
                let most = spelled(currency, Cents(offline));
                say!("ask the server before it counts, or take at most {most} off under a lease");
            }
        }
    }
    Ok(())
}

/// What `wink till keys --json` printed.
pub(super) struct PublicKeys {
    /// The shop's number.
    pub(super) tenant: u64,
    pub(super) keys: Keys,
    /// What the shop counts in.
    pub(super) currency: Currency,
}

/// Reads what `wink till keys --json` printed.
pub(super) fn public_keys(file: &Path) -> anyhow::Result<PublicKeys> {
    let unusable = || format!("`{}` is not what `wink till keys --json` prints", file.display());
    let text =
        std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let listed: Json = serde_json::from_str(&text).with_context(unusable)?;
    let tenant = listed.get("tenant").and_then(Json::as_u64).with_context(unusable)?;
    let bytes = |key: &str| URL_SAFE_NO_PAD.decode(key).ok().and_then(|key| <[u8; 32]>::try_from(key).ok());
    let keys = keys_of(&listed).map(bytes).collect::<Option<Vec<_>>>().with_context(unusable)?;
    Ok(PublicKeys { tenant, keys: Keys::new(keys), currency: named(&listed) })
}

fn keys_of(listed: &Json) -> impl Iterator<Item = &str> {
    let data = listed.get("data").and_then(Json::as_array).into_iter().flatten();
    data.filter_map(|listed| listed.get("key").and_then(Json::as_str))
}
