//! One thing of a catalogue is replaced or added in its files: comments and order of everything else stay as they are.
//!
//! What is sent is written first and read afterwards, by the same reader as every file, so that nothing is valid here and
//! not there.

use std::collections::BTreeMap;

use toml_edit::DocumentMut;
use wink_core::base::{CampaignId, Value};

use super::campaign::{CAMPAIGN_KEYS, OFFER_KEYS, PAUSED};
use super::shop::POLICY_KEYS;
use super::tree::{self, Fields, NoSpelling};
use super::{CAMPAIGNS, Files, Finding, Misfit, SEGMENTS, SHOP, is_campaign, place, segments};

#[cfg(test)]
mod tests;

/// What is to be replaced or added. Fields are named and spelled as in the files.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A campaign with all its offers.
    Campaign {
        /// Its id.
        id: String,
        /// Everything it says.
        fields: BTreeMap<String, Value>,
    },
    /// An offer of a campaign.
    Offer {
        /// Its id.
        id: String,
        /// Everything it says, with the id of its `campaign`, which may be left out where the offer is known.
        fields: BTreeMap<String, Value>,
    },
    /// A campaign's budget.
    Budget {
        /// The campaign's id.
        campaign: String,
        /// The new amount, under `budget`.
        fields: BTreeMap<String, Value>,
    },
    /// A campaign is stopped for now, or goes on.
    Pause {
        /// The campaign's id.
        campaign: String,
        /// Whether it is stopped.
        is_paused: bool,
    },
    /// A segment.
    Segment {
        /// Its id.
        id: String,
        /// Everything it says.
        fields: BTreeMap<String, Value>,
    },
    /// The contact policy of the shop.
    ContactPolicy {
        /// Everything it says.
        fields: BTreeMap<String, Value>,
    },
    /// The catalogue as a whole.
    Files(Files),
}

/// Files after an edit, and which place in them what was sent has.
pub(super) struct Edited {
    pub(super) files: Files,
    /// The file that was written, and the steps in it that lead to what was sent. `None` if all were.
    written: Option<(String, Vec<String>)>,
}

impl Edited {
    /// Says where in what was sent a finding lies. What does not lie in it concerns all of it.
    pub(super) fn locate(&self, finding: Finding) -> Misfit {
        let pointer = match &self.written {
            None => wink_api::json::pointer(["files", &finding.file]),
            Some((file, _)) if *file != finding.file => String::new(),
            Some((file, steps)) => {
                let text = self.files.get(file).map_or("", String::as_str);
                let found = place::steps(text, finding.line, finding.column);
                let inside = found.strip_prefix(steps.as_slice()).unwrap_or(&[]);
                wink_api::json::pointer(inside.iter().map(String::as_str))
            }
        };
        Misfit { pointer, finding }
    }
}

/// Writes an edit into the files.
pub(super) fn write(files: &Files, edit: &Edit) -> Result<Edited, Misfit> {
    match edit {
        Edit::Campaign { id, fields } => campaign(files, id, fields),
        Edit::Offer { id, fields } => offer(files, id, fields),
        Edit::Budget { campaign, fields } => budget(files, campaign, fields),
        Edit::Pause { campaign, is_paused } => pause(files, campaign, *is_paused),
        Edit::Segment { id, fields } => segment(files, id, fields),
        Edit::ContactPolicy { fields } => contact_policy(files, fields),
        Edit::Files(sent) => Ok(Edited { files: sent.clone(), written: None }),
    }
}

fn campaign(files: &Files, id: &str, fields: &Fields) -> Result<Edited, Misfit> {
    let fields = with_id(fields, id)?;
    CampaignId::parse(id).map_err(|error| misfit("/id", SHOP, error.to_string()))?;
    let name = file_of(files, id).unwrap_or_else(|| free_name(files, id));
    let mut document = document(files, &name)?;
    let refuse = |error| no_spelling(&name, &error);
    let mut plain = fields.clone();
    let offers = plain.remove("offers");
    let known = document.remove("offers").and_then(|item| item.into_array_of_tables().ok());
    tree::write(document.as_table_mut(), &plain, CAMPAIGN_KEYS).map_err(refuse)?;
    let under_offers = |mut error: NoSpelling| {
        error.0.insert(0, "offers".to_owned());
        no_spelling(&name, &error)
    };
    match offers {
        Some(Value::List(sent)) if !sent.is_empty() => {
            let tables = tree::write_tables(known.unwrap_or_default(), &sent, OFFER_KEYS);
            document.insert("offers", tables.map_err(under_offers)?);
        }
        Some(other) => {
            let sent = Fields::from([("offers".to_owned(), other)]);
            let all = plain.into_iter().chain(sent).collect();
            tree::write(document.as_table_mut(), &all, CAMPAIGN_KEYS).map_err(refuse)?;
        }
        None => {}
    }
    Ok(written(files, name, &document, Vec::new()))
}

fn offer(files: &Files, id: &str, fields: &Fields) -> Result<Edited, Misfit> {
    let mut fields = with_id(fields, id)?;
    let named = match fields.remove("campaign") {
        None => None,
        Some(Value::Text(campaign)) => Some(campaign),
        Some(_) => return Err(misfit("/campaign", SHOP, "`campaign` must be a text")),
    };
    let known = offers(files).into_iter().find(|offer| offer.id == id);
    let campaign = match (named, &known) {
        (Some(named), Some(known)) if named != known.campaign => {
            let message = format!("the offer belongs to campaign `{}` and stays there", known.campaign);
            return Err(misfit("/campaign", &known.file, message));
        }
        (Some(named), _) => named,
        (None, Some(known)) => known.campaign.clone(),
        (None, None) => return Err(misfit("", SHOP, "`campaign` is missing: there is no such offer yet")),
    };
    let Some(name) = file_of(files, &campaign) else {
        return Err(misfit("/campaign", SHOP, format!("there is no campaign `{campaign}`")));
    };
    let mut document = document(files, &name)?;
    let index = put(&mut document, &name, ("offers", OFFER_KEYS), fields)?;
    Ok(written(files, name, &document, vec!["offers".to_owned(), index]))
}

fn segment(files: &Files, id: &str, fields: &Fields) -> Result<Edited, Misfit> {
    let fields = with_id(fields, id)?;
    let mut document = document(files, SEGMENTS)?;
    let index = put(&mut document, SEGMENTS, ("segments", segments::KEYS), fields)?;
    Ok(written(files, SEGMENTS.to_owned(), &document, vec!["segments".to_owned(), index]))
}

/// Replaces the table of a list that has the same id, or adds one; tells its place in the list.
fn put(
    document: &mut DocumentMut,
    file: &str,
    (list, keys): (&str, &[&str]),
    fields: Fields,
) -> Result<String, Misfit> {
    let old = document.remove(list).and_then(|item| item.into_array_of_tables().ok()).unwrap_or_default();
    let mut sent: Vec<Value> = old.iter().map(|table| Value::Map(tree::of_table(table))).collect();
    let is_it = |known: &Value| known.field("id") == fields.get("id");
    let index = sent.iter().position(is_it).unwrap_or(sent.len());
    match sent.get_mut(index) {
        Some(place) => *place = Value::Map(fields),
        None => sent.push(Value::Map(fields)),
    }
    let tables = tree::write_tables(old, &sent, keys).map_err(|mut error| {
        error.0.remove(0);
        no_spelling(file, &error)
    })?;
    document.insert(list, tables);
    Ok(index.to_string())
}

fn budget(files: &Files, campaign: &str, fields: &Fields) -> Result<Edited, Misfit> {
    let name = named(files, campaign)?;
    if let Some(other) = fields.keys().find(|key| *key != "budget") {
        let message = format!("`{other}` is not known here; send `budget` only");
        return Err(misfit(&wink_api::json::pointer([other.as_str()]), &name, message));
    }
    let Some(amount) = fields.get("budget") else {
        return Err(misfit("", &name, "`budget` is missing"));
    };
    set(files, name, "budget", Some(amount.clone()))
}

/// A campaign that runs says nothing about it.
fn pause(files: &Files, campaign: &str, is_paused: bool) -> Result<Edited, Misfit> {
    set(files, named(files, campaign)?, PAUSED, is_paused.then_some(Value::Bool(true)))
}

fn named(files: &Files, campaign: &str) -> Result<String, Misfit> {
    let unknown = || misfit("", SHOP, format!("there is no campaign `{campaign}`"));
    file_of(files, campaign).ok_or_else(unknown)
}

/// Writes one value of a campaign, or takes it out.
fn set(files: &Files, name: String, key: &str, value: Option<Value>) -> Result<Edited, Misfit> {
    let mut document = document(files, &name)?;
    let mut all = tree::of_table(document.as_table());
    match value {
        Some(value) => all.insert(key.to_owned(), value),
        None => all.remove(key),
    };
    tree::write(document.as_table_mut(), &all, CAMPAIGN_KEYS).map_err(|error| no_spelling(&name, &error))?;
    Ok(written(files, name, &document, Vec::new()))
}

fn contact_policy(files: &Files, fields: &Fields) -> Result<Edited, Misfit> {
    let mut document = document(files, SHOP)?;
    let table = document.entry("contact_policy").or_insert_with(toml_edit::table);
    if let Some(table) = table.as_table_like_mut() {
        tree::write(table, fields, POLICY_KEYS).map_err(|error| no_spelling(SHOP, &error))?;
    }
    Ok(written(files, SHOP.to_owned(), &document, vec!["contact_policy".to_owned()]))
}

/// An offer as it stands in the files.
pub(super) struct Written {
    pub(super) id: String,
    pub(super) campaign: String,
    pub(super) fields: Fields,
    file: String,
}

/// Lists the campaigns with their files, as they stand in the files.
pub(super) fn campaigns(files: &Files) -> impl Iterator<Item = (&str, Fields)> {
    files
        .iter()
        .filter(|(name, _)| is_campaign(name))
        .filter_map(|(name, text)| Some((name.as_str(), tree::of_text(text)?)))
}

/// Lists the offers of all campaigns.
pub(super) fn offers(files: &Files) -> Vec<Written> {
    let mut found = Vec::new();
    for (file, mut campaign) in campaigns(files) {
        let Some(id) = campaign.get("id").and_then(Value::as_text).map(str::to_owned) else { continue };
        let Some(Value::List(offers)) = campaign.remove("offers") else { continue };
        for offer in offers {
            let Value::Map(fields) = offer else { continue };
            let Some(offer) = fields.get("id").and_then(Value::as_text).map(str::to_owned) else { continue };
            found.push(Written { id: offer, campaign: id.clone(), fields, file: file.to_owned() });
        }
    }
    found
}

fn file_of(files: &Files, campaign: &str) -> Option<String> {
    let is_it = |fields: &Fields| fields.get("id").and_then(Value::as_text) == Some(campaign);
    campaigns(files).find(|(_, fields)| is_it(fields)).map(|(name, _)| name.to_owned())
}

/// Names the file of a new campaign, beside one that somebody gave its name.
fn free_name(files: &Files, campaign: &str) -> String {
    let mut name = format!("{CAMPAIGNS}{campaign}.toml");
    let mut number = 2;
    while files.contains_key(&name) {
        name = format!("{CAMPAIGNS}{campaign}-{number}.toml");
        number += 1;
    }
    name
}

/// Gives fields their id, which may be left out and may not differ.
fn with_id(fields: &Fields, id: &str) -> Result<Fields, Misfit> {
    let named = Value::Text(id.to_owned());
    match fields.get("id") {
        Some(sent) if *sent != named => {
            Err(misfit("/id", SHOP, format!("`id` is another than `{id}`, which the address names")))
        }
        _ => Ok(fields.clone().into_iter().chain([("id".to_owned(), named)]).collect()),
    }
}

fn document(files: &Files, name: &str) -> Result<DocumentMut, Misfit> {
    let text = files.get(name).map_or("", String::as_str);
    text.parse().map_err(|_| misfit("", name, "the file is not valid TOML"))
}

fn written(files: &Files, name: String, document: &DocumentMut, steps: Vec<String>) -> Edited {
    let mut files = files.clone();
    files.insert(name.clone(), document.to_string());
    Edited { files, written: Some((name, steps)) }
}

fn no_spelling(file: &str, error: &NoSpelling) -> Misfit {
    let pointer = wink_api::json::pointer(error.0.iter().map(String::as_str));
    misfit(&pointer, file, "`null` says nothing here; leave the key out")
}

fn misfit(pointer: &str, file: &str, message: impl Into<String>) -> Misfit {
    Misfit { pointer: pointer.to_owned(), finding: Finding::of_file(file, message) }
}
