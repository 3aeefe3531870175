//! `not_if_bought`: an offer that is not made to somebody who has bought one of some products. Wink writes the feature and the rule for it, so that
//! it is folded, read, stored and explained like any other.

use wink_core::base::expression::{Declarations, Expression};
use wink_core::base::{Hasher, Zone};
use wink_core::feature::{
    Age, Aggregation, Catalogue, Class, Definition, Heard, How, Never, Selection, WINDOW_DAYS_MAX, Window,
};
use wink_core::profile::Purpose;

use super::entry::Section;
use super::file::File;
use super::{Files, is_campaign};

/// The key of an offer.
pub(super) const KEY: &str = "not_if_bought";

/// Each is looked for in every order.
const PRODUCTS_MAX: usize = 20;

/// The longest name a feature may have.
const NAME_MAX: usize = 64;

/// What an offer says under the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotIfBought {
    feature: String,
    products: Vec<String>,
    days: i32,
}

/// Reads the key of an offer; `None` if it is not written or wrong, which is then reported.
pub(super) fn read(section: &Section<'_>) -> Option<NotIfBought> {
    let entry = section.optional(KEY)?;
    let said = entry.section(KEY)?;
    said.only(&["products", "within_days"]);
    let days = said.required("within_days")?.whole(1..=i64::from(WINDOW_DAYS_MAX))?;
    let products = said.required("products")?;
    let texts = products.texts()?;
    if texts.is_empty() || PRODUCTS_MAX < texts.len() {
        let message = format!("`products` names 1 to {PRODUCTS_MAX} products, this names {}", texts.len());
        return products.refuse(message, None);
    }
    for (product, at) in &texts {
        let is_plain = product.chars().all(|letter| !letter.is_control() && !['"', '\\'].contains(&letter));
        if product.is_empty() || !is_plain {
            products.report_at(at, "this is no id of a product", None);
            return None;
        }
    }
    Some(NotIfBought {
        feature: name(section.required("id")?.text()?),
        products: texts.into_iter().map(|(product, _)| product.to_owned()).collect(),
        days: i32::try_from(days).ok()?,
    })
}

/// Names the feature after the offer: readable where that is a name no other offer can have, else by a hash.
fn name(offer: &str) -> String {
    let readable = format!("bought_{}", offer.replace('-', "_"));
    if readable.len() <= NAME_MAX && !offer.contains('_') {
        return readable;
    }
    let hash = Hasher::new("bought").field(offer.as_bytes()).finish().hex();
    format!("bought_{}", hash.get(..16).unwrap_or(&hash))
}

impl NotIfBought {
    /// How often one of the products was bought. Of somebody who never ordered it is known: not at all.
    fn definition(&self) -> Definition {
        let is_bought: Vec<String> =
            self.products.iter().map(|product| format!("event.lines_of[\"{product}\"] > 0.0")).collect();
        let selection = Selection::of(&["Order Completed"]).only(&is_bought.join(" || "));
        let aggregation = Aggregation::Count { window: Window::Days(self.days) };
        Definition {
            name: self.feature.clone(),
            meaning: format!("orders with {} in {} days", self.products.join(" or "), self.days),
            how: How::Folded { selection, aggregation, age: Age::default(), never: Never::Zero },
            ttl_days: None,
            purpose: Purpose::Personalisation,
            class: Class::Purchase,
            heard: Heard::default(),
        }
    }

    /// Puts the rule before the one the offer has. While the orders of a longer past are still added up it is not known whether somebody bought it,
    /// and the offer is not made.
    pub(super) fn before(&self, rule: Option<Expression>, declarations: &Declarations) -> Option<Expression> {
        let not_bought = format!("feature.{} <= 0.0", self.feature);
        let source = match rule {
            None => not_bought,
            Some(rule) => format!("{not_bought} && ({})", rule.source()),
        };
        // Where the feature could not be made, that is reported.
        Expression::compile(&source, declarations).ok()
    }
}

/// Adds the features that offers need for the key to those of the shop.
pub(super) fn with_features(files: &Files, features: Catalogue, zone: &Zone) -> Option<Catalogue> {
    let mut definitions = features.definitions().to_vec();
    for (name, text) in files.iter().filter(|(name, _)| is_campaign(name)) {
        // What is wrong in it is told when the campaign is read.
        let file = File::new(name, text);
        let Some(document) = super::campaign::document(&file) else { continue };
        let root = Section::root(&file, document.as_table());
        let offers = root.optional("offers").and_then(|entry| entry.sections("[[offers]]"));
        for said in offers.iter().flatten().filter_map(read) {
            // Of two offers of one id the second is refused.
            if definitions.iter().all(|known| known.name != said.feature) {
                definitions.push(said.definition());
            }
        }
    }
    if definitions.len() == features.definitions().len() {
        return Some(features);
    }
    Catalogue::compile(definitions, zone).ok()
}

#[cfg(test)]
mod tests;
