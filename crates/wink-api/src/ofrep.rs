//! The OpenFeature remote evaluation protocol: a placement is a flag, what would be decided there is its value. Shapes only.

use serde::Serialize;
use serde_json::{Map, Value as Json, json as object};
use utoipa::ToSchema;
use wink_core::event::Identity;

use crate::DecisionView;
use crate::identities::{USER_ID, id_text};
use crate::json;

/// For whom and where flags are evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagContext {
    /// Whom the targeting key names, in the namespace that `namespace` names, `user_id` otherwise.
    pub identity: Identity,
    /// The channel, `web` if it is not said.
    pub channel: String,
    /// The value of the cart, in minor units.
    pub cart_cents: Option<i64>,
    /// The placements of a bulk evaluation; the channel's name alone if none is said.
    pub placements: Vec<String>,
}

/// At most this many placements are evaluated at once: a page has a handful.
const PLACEMENTS_MAX: usize = 20;

impl FlagContext {
    /// Reads a body.
    ///
    /// # Errors
    /// The answer to a body that cannot be evaluated.
    pub fn read(body: &[u8]) -> Result<Self, FlagProblem> {
        let parse_error = |message: String| FlagProblem::new("PARSE_ERROR", message);
        let asked: Map<String, Json> = match body {
            [] => Map::new(),
            body => json::read(body).map_err(|error| parse_error(error.in_place()))?,
        };
        let context = match asked.get("context") {
            None | Some(Json::Null) => Map::new(),
            Some(Json::Object(context)) => context.clone(),
            Some(_) => return Err(parse_error("`context` must be a JSON object".to_owned())),
        };
        let key = id_text(&context, "targetingKey").ok_or_else(|| {
            FlagProblem::new(
                "TARGETING_KEY_MISSING",
                "`context.targetingKey` is missing; it names the person",
            )
        })?;
        let invalid = |message: String| FlagProblem::new("INVALID_CONTEXT", message);
        let namespace = id_text(&context, "namespace").unwrap_or_else(|| USER_ID.to_owned());
        let cart_cents = match context.get("cart_cents") {
            None | Some(Json::Null) => None,
            Some(json) => Some(json.as_i64().ok_or_else(|| {
                invalid("`context.cart_cents` must be a whole number of minor units".to_owned())
            })?),
        };
        let channel = id_text(&context, "channel").unwrap_or_else(|| "web".to_owned());
        let placements = match context.get("placements") {
            Some(Json::Array(names)) if names.len() <= PLACEMENTS_MAX => {
                names.iter().filter_map(Json::as_str).map(str::to_owned).collect()
            }
            None | Some(Json::Null) => vec![channel.clone()],
            Some(_) => {
                let message =
                    format!("`context.placements` must be a list of at most {PLACEMENTS_MAX} names");
                return Err(invalid(message));
            }
        };
        Ok(Self {
            identity: Identity::new(&namespace, &key)
                .map_err(|error| invalid(format!("`context.targetingKey`: {error}")))?,
            channel,
            cart_cents,
            placements,
        })
    }
}

/// Why nothing could be evaluated, in the protocol's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlagProblem {
    /// The flag, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The protocol's code.
    pub error_code: &'static str,
    /// What is wrong and what to do.
    pub error_details: String,
}

impl FlagProblem {
    /// Describes a problem.
    pub fn new(error_code: &'static str, details: impl Into<String>) -> Self {
        Self { key: None, error_code, error_details: details.into() }
    }
}

/// A flag's value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Flag {
    /// The placement.
    pub key: String,
    /// What would be decided: `verdict`, and with an offer what is in it.
    #[schema(value_type = Object)]
    pub value: Json,
    /// The offer's id, or `none`.
    pub variant: String,
    /// One of the protocol's reasons. Always there: a client of the protocol breaks without.
    pub reason: &'static str,
    /// Whether the person is held out, and the reason in words.
    #[schema(value_type = Object)]
    pub metadata: Json,
}

/// The flags of a bulk evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Flags {
    /// One for every placement that was evaluated.
    pub flags: Vec<Flag>,
}

impl Flag {
    /// Shows what would be decided at a placement. Who is held out is given nothing, as everybody else who is given nothing; there
    /// is no id of a decision, because none was stored.
    pub fn new(placement: &str, decided: &DecisionView) -> Self {
        let is_offer = decided.verdict == "offer";
        let held_out = decided.verdict == "held_out";
        let offer = decided.offer.as_deref().filter(|_| is_offer);
        let value = match offer {
            Some(offer) => object!({
                "verdict": "offer", "offer": offer, "title": decided.title,
                "benefit": decided.benefit, "maximum_cents": decided.maximum_cents,
            }),
            None => object!({ "verdict": "none" }),
        };
        let reason = match (is_offer, held_out) {
            (true, _) => "TARGETING_MATCH",
            (_, true) => "SPLIT",
            _ => "DEFAULT",
        };
        Self {
            key: placement.to_owned(),
            value,
            variant: offer.unwrap_or("none").to_owned(),
            reason,
            metadata: object!({ "held_out": held_out, "why": decided.reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, wanted: Result<(&str, &str, &str, Option<i64>), &str>) {
        let read = FlagContext::read(body.as_bytes());
        let found = read.as_ref().map_err(|problem| problem.error_code).map(|context| {
            let identity = &context.identity;
            (identity.namespace(), identity.value(), context.channel.as_str(), context.cart_cents)
        });
        assert_eq!(found, wanted, "{body}");
    }

    #[test]
    fn a_context_names_a_person_and_a_place() {
        check(r#"{"context":{"targetingKey":"anna"}}"#, Ok(("user_id", "anna", "web", None)));
        check(
            r#"{"context":{"targetingKey":"a-1","namespace":"anonymous_id","channel":"till","cart_cents":1500}}"#,
            Ok(("anonymous_id", "a-1", "till", Some(1_500))),
        );
        check("", Err("TARGETING_KEY_MISSING"));
        check("{}", Err("TARGETING_KEY_MISSING"));
        check(r#"{"context":{"targetingKey":""}}"#, Err("TARGETING_KEY_MISSING"));
        check(r#"{"context":{"targetingKey":"anna","namespace":"a b"}}"#, Err("INVALID_CONTEXT"));
        check(r#"{"context":{"targetingKey":"anna","cart_cents":1.5}}"#, Err("INVALID_CONTEXT"));
        check("{\"context\":", Err("PARSE_ERROR"));
        check("[]", Err("PARSE_ERROR"));
    }
}
