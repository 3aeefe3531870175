//! `POST /v1/features`: features of up to a hundred people, by name. Nothing is stored for it, and what is not granted has no value.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use wink_api::{
    FeatureCell, FeatureColumn, FeatureRow, FeaturesAsked, FeaturesServed, PEOPLE_MAX, PersonAsked,
};
use wink_core::base::ProfileId;
use wink_core::base::expression::nearest;
use wink_core::feature::{Catalogue, Wanted};
use wink_store::Store;

use super::body::Json;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::profiles::{self, Whom};

/// Reads features of many people at once: a feature a column, a person a row.
#[utoipa::path(post, path = "/v1/features", tag = "profiles", operation_id = "serve_features", request_body = FeaturesAsked,
    responses((status = 200, description = "The features; nobody has an empty row", body = FeaturesServed)))]
pub(super) async fn serve_features<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<FeaturesAsked>,
) -> Result<Response, Refused> {
    if !(1..=PEOPLE_MAX).contains(&asked.people.len()) {
        return Err(invalid("/people", format!("name 1 to {PEOPLE_MAX} people")));
    }
    let catalogue = caller.engine.features();
    let slots = slots(&catalogue, asked.features.as_deref())?;
    let wanted = Wanted::shown(&catalogue, slots.iter().copied());
    let mut data = Vec::with_capacity(asked.people.len());
    for (place, person) in asked.people.iter().enumerate() {
        let known = profiles::find(&caller.engine, &whom(person, place)?).await?;
        let Some(known) = known else {
            data.push(FeatureRow { profile: None, values: Vec::new() });
            continue;
        };
        let view =
            profiles::viewed(&caller.engine, &known.cluster(), &catalogue, &wanted, caller.now).await?;
        let values = slots.iter().filter_map(|slot| view.slots().get(*slot)).map(FeatureCell::new);
        data.push(FeatureRow { profile: Some(known.asked().id.to_string()), values: values.collect() });
    }
    let definitions = slots.iter().filter_map(|slot| catalogue.definitions().get(*slot));
    let served = FeaturesServed { features: definitions.map(FeatureColumn::new).collect(), data };
    // A table of sixty features has ten thousand bytes: room for them at once is not moved while it grows.
    let mut json = Vec::with_capacity(256 + slots.len() * (192 + 80 * served.data.len()));
    Ok(match serde_json::to_writer(&mut json, &served) {
        Ok(()) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => axum::Json(served).into_response(),
    })
}

fn whom(asked: &PersonAsked, place: usize) -> Result<Whom, Refused> {
    let pointer = |name: &str| format!("/people/{place}{name}");
    match (&asked.profile, &asked.identity) {
        (Some(profile), None) => ProfileId::parse(profile)
            .map(Whom::Profile)
            .map_err(|error| invalid(&pointer("/profile"), error.to_string())),
        (None, Some(identity)) => {
            identity.read().map(Whom::Identity).map_err(|error| invalid(&pointer("/identity"), error))
        }
        _ => Err(invalid(&pointer(""), "name either a profile or an identity")),
    }
}

/// Finds the columns: those that are named, in that order, or all.
fn slots(catalogue: &Catalogue, names: Option<&[String]>) -> Result<Vec<usize>, Refused> {
    let Some(names) = names else { return Ok((0..catalogue.definitions().len()).collect()) };
    if catalogue.definitions().len() < names.len() {
        let message = format!("there are {} features; name each once", catalogue.definitions().len());
        return Err(invalid("/features", message));
    }
    let known = || catalogue.definitions().iter().map(|definition| definition.name.as_str());
    let find = |(place, name): (usize, &String)| {
        catalogue.slot(name).ok_or_else(|| {
            let meant = nearest(name, known()).map(|name| format!("; did you mean `{name}`?"));
            let name: String = name.chars().take(64).collect();
            let message = format!("there is no feature `{name}`{}", meant.unwrap_or_default());
            invalid(&format!("/features/{place}"), message)
        })
    };
    names.iter().enumerate().map(find).collect()
}
