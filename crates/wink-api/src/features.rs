//! `POST /v1/features`: features of many people at once, by name, for somebody who computes with them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::feature::{Definition, Viewed};

use crate::{FeatureValue, FeatureView, IdentitySent};

/// At most so many people in one question.
pub const PEOPLE_MAX: usize = 100;

/// Whose features, and which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeaturesAsked {
    /// The people, 1 to 100.
    pub people: Vec<PersonAsked>,
    /// The features by name; all if it is left out.
    pub features: Option<Vec<String>>,
}

/// One person: by profile or by identity.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonAsked {
    /// The profile's id, like prf_….
    pub profile: Option<String>,
    /// An identity of the person.
    pub identity: Option<IdentitySent>,
}

/// What was asked for, as a table: a feature a column, a person a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeaturesServed<'a> {
    /// The columns.
    pub features: Vec<FeatureColumn<'a>>,
    /// The rows, in the order of the question.
    pub data: Vec<FeatureRow>,
}

/// A column: what its values mean.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureColumn<'a> {
    /// Its name in rules.
    pub name: &'a str,
    /// What it may be used for.
    pub purpose: &'static str,
    /// `purchase`, `contact`, `behaviour`, `service`, `place` or `score`.
    pub class: &'static str,
    /// The events it is made of; none if it is derived of other features.
    pub events: &'a [String],
    /// How old a value may be to be served, in days; null if age is the value itself.
    pub ttl_days: Option<i32>,
}

/// A row: one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureRow {
    /// The profile that was asked about; null if nobody is known there, and then there are no values.
    pub profile: Option<String>,
    /// Their values, in the order of the columns.
    pub values: Vec<FeatureCell>,
}

/// A value of one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureCell {
    /// `known`, `no_data`, `too_old`, `not_granted`, or `filling` while what happened before it was defined is still added up.
    pub state: &'static str,
    /// The value, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<FeatureValue>,
    /// How long ago the newest event that contributed happened, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

impl<'a> FeatureColumn<'a> {
    /// Describes a feature.
    pub fn new(definition: &'a Definition) -> Self {
        Self {
            name: &definition.name,
            purpose: definition.purpose.name(),
            class: definition.class.name(),
            events: definition.events(),
            ttl_days: definition.ttl_days,
        }
    }
}

impl FeatureCell {
    /// Shows what is read of a feature.
    pub fn new(viewed: &Viewed) -> Self {
        let (state, value, age_ms) = FeatureView::read(viewed);
        Self { state, value, age_seconds: age_ms.map(|age_ms| age_ms / 1_000) }
    }
}
