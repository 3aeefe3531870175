//! `shop.toml`: the shop, its contact policy, its hold-out and what things earn and cost.

use std::collections::BTreeMap;

use wink_core::base::expression::nearest;
use wink_core::base::holiday::Region;
use wink_core::base::{Currency, Zone};
use wink_core::event::Identity;
use wink_core::offer::{
    CartPolicy, Channel, ContactPolicy, Economics, FrequencyCap, Holdout, Margins, REISSUE_DAYS, Shop,
};
use wink_core::profile::Accounts;

use super::entry::{Entry, Section};
use super::file::File;
use super::{places, points, stacking};

/// What `shop.toml` says.
pub(super) struct ShopFile {
    pub(super) shop: Shop,
    pub(super) contact_policy: ContactPolicy,
    pub(super) holdout: Holdout,
    pub(super) economics: Economics,
    pub(super) cart: CartPolicy,
}

/// Reads the file; `None` if anything is missing or wrong, which is then reported.
pub(super) fn read(file: &File<'_>) -> Option<ShopFile> {
    let document = super::campaign::document(file)?;
    let root = Section::root(file, document.as_table());
    root.only(&[
        "name",
        "currency",
        "time_zone",
        "region",
        "identities",
        "contact_policy",
        "holdout",
        "economics",
        "cart",
        "places",
        points::KEY,
    ]);
    let name = root.required("name").and_then(|name| name.text());
    let currency = currency(&root);
    let zone = zone(&root);
    let accounts = accounts(&root);
    let contact_policy = contact_policy(&root);
    let holdout = holdout(&root);
    let economics = economics(&root);
    let cart = stacking::of_shop(&root);
    let places = places::of_shop(&root);
    let points = points::of_shop(&root);
    let (zone_name, zone) = zone?;
    Some(ShopFile {
        shop: Shop {
            name: name?.to_owned(),
            currency: currency?,
            zone,
            zone_name,
            accounts: accounts?,
            places: places?,
            points: points?,
        },
        contact_policy: contact_policy?,
        holdout: holdout?,
        economics: economics?,
        cart: cart?,
    })
}

fn currency(root: &Section<'_>) -> Option<Currency> {
    let entry = root.required("currency")?;
    let code = entry.text()?;
    match Currency::new(code) {
        Some(currency) => {
            root.file().counts_in(currency);
            Some(currency)
        }
        None => entry.refuse(
            format!("`{code}` is not a currency code"),
            Some("write three capitals like `EUR`".to_owned()),
        ),
    }
}

fn zone(root: &Section<'_>) -> Option<(String, Zone)> {
    let entry = root.required("time_zone")?;
    let name = entry.text()?;
    match Zone::new(name) {
        Some(zone) => Some((name.to_owned(), in_region(root, zone)?)),
        None => entry.refuse(
            format!("`{name}` is not a time zone"),
            Some("write an IANA name like `Europe/Berlin`".to_owned()),
        ),
    }
}

/// Reads whose public holidays the shop keeps; nobody's if nothing is said.
fn in_region(root: &Section<'_>, zone: Zone) -> Option<Zone> {
    let Some(entry) = root.optional("region") else { return Some(zone) };
    let code = entry.text()?;
    match Region::parse(code) {
        Some(region) => Some(zone.in_region(region)),
        None => {
            let fix = nearest(code, Region::codes()).map(|meant| format!("write `{meant}`"));
            let fix = fix.unwrap_or_else(|| "write a code of ISO 3166-2 like `DE-BY` or `AT`".to_owned());
            let message = format!("`{code}` is no region of Germany or Austria");
            entry.refuse(message, Some(fix))
        }
    }
}

/// Reads which namespaces are accounts; the usual ones if nothing is said.
fn accounts(root: &Section<'_>) -> Option<Accounts> {
    let Some(entry) = root.optional("identities") else { return Some(Accounts::default()) };
    let section = entry.section("[identities]")?;
    section.only(&["accounts"]);
    let entry = section.required("accounts")?;
    let mut namespaces = Vec::new();
    for (namespace, _) in entry.texts()? {
        match Identity::new(namespace, "-") {
            Ok(identity) => namespaces.push(identity.namespace().to_owned()),
            Err(error) => {
                return entry.refuse(format!("`{namespace}` is not a namespace: {error}"), None);
            }
        }
    }
    Some(Accounts::new(namespaces))
}

/// What a contact policy says, in the order it is written.
pub(super) const POLICY_KEYS: &[&str] = &["caps", "reissue_days", "expiring_days"];

fn contact_policy(root: &Section<'_>) -> Option<ContactPolicy> {
    let policy = root.required("contact_policy")?.section("[contact_policy]")?;
    policy.only(POLICY_KEYS);
    let entry = policy.required("caps")?;
    let sections = entry.sections("caps")?;
    if sections.is_empty() {
        return entry.refuse(
            "`caps` is empty",
            Some("write at least one, like `{ at_most = 2, within_days = 28 }`".to_owned()),
        );
    }
    let mut caps = Vec::new();
    let mut is_whole = true;
    for section in sections {
        section.only(&["at_most", "within_days"]);
        let at_most = section.required("at_most").and_then(|entry| entry.whole(1..=1_000));
        let within_days = section.required("within_days").and_then(|entry| entry.whole(1..=366));
        match (at_most.and_then(|n| u32::try_from(n).ok()), within_days.and_then(|n| u16::try_from(n).ok())) {
            (Some(at_most), Some(within_days)) => caps.push(FrequencyCap { at_most, within_days }),
            _ => is_whole = false,
        }
    }
    let days = |entry: Entry<'_>| entry.whole(0..=366).and_then(|days| u16::try_from(days).ok());
    let reissue_days = policy.optional("reissue_days").map_or(Some(REISSUE_DAYS), days);
    let expiring_days = match policy.optional("expiring_days") {
        None => Some(None),
        Some(entry) => entry.whole(1..=90).and_then(|days| u16::try_from(days).ok()).map(Some),
    };
    let (reissue_days, expiring_days) = (reissue_days?, expiring_days?);
    is_whole.then_some(ContactPolicy { caps, reissue_days, expiring_days })
}

fn holdout(root: &Section<'_>) -> Option<Holdout> {
    let section = root.required("holdout")?.section("[holdout]")?;
    section.only(&["percent", "salt"]);
    let basis_points = section.required("percent").and_then(|entry| entry.percent(0..=50));
    let salt = section.required("salt").and_then(|entry| entry.whole(0..=i64::MAX));
    Some(Holdout { basis_points: basis_points?, salt: u64::try_from(salt?).ok()? })
}

fn economics(root: &Section<'_>) -> Option<Economics> {
    let section = root.required("economics")?.section("[economics]")?;
    section.only(&[
        "default_margin_percent",
        "default_basket",
        "attention_cost",
        "exploration",
        "channel_cost",
        "margins",
    ]);
    let default_margin = section.required("default_margin_percent").and_then(|entry| entry.percent(0..=100));
    let default_basket = section.required("default_basket").and_then(|entry| entry.cost_cents());
    let attention_cost = section.required("attention_cost").and_then(|entry| entry.cost_cents());
    let exploration = exploration(&section);
    let channel_cost = channel_cost(&section);
    let by_category = match section.optional("margins") {
        Some(entry) => margins(&entry.section("[economics.margins]")?),
        None => Some(BTreeMap::new()),
    };
    Some(Economics {
        margins: Margins { default_basis_points: default_margin?, by_category: by_category? },
        default_basket_cents: default_basket?,
        channel_cost_cents: channel_cost?,
        attention_cost_cents: attention_cost?,
        exploration: exploration?,
    })
}

fn exploration(section: &Section<'_>) -> Option<f64> {
    let entry = section.required("exploration")?;
    let share = entry.number()?;
    if (0.0..1.0).contains(&share) {
        return Some(share);
    }
    entry.refuse(format!("`exploration` must be 0.0 or more and less than 1.0, this is {share}"), None)
}

fn channel_cost(section: &Section<'_>) -> Option<[f64; 3]> {
    let costs = section.required("channel_cost")?.section("[economics.channel_cost]")?;
    costs.only(&Channel::ALL.map(Channel::name));
    let [newsletter, web, till] =
        Channel::ALL.map(|channel| costs.required(channel.name()).and_then(|entry| entry.cost_cents()));
    Some([newsletter?, web?, till?])
}

fn margins(section: &Section<'_>) -> Option<BTreeMap<String, u16>> {
    let mut margins = BTreeMap::new();
    let mut is_whole = true;
    for (entry, _) in section.entries() {
        match entry.percent(0..=100) {
            Some(margin) => {
                margins.insert(entry.name, margin);
            }
            None => is_whole = false,
        }
    }
    is_whole.then_some(margins)
}
