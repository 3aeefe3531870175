//! One person, for whoever may see them: by pseudonym for most, by name for support and privacy. Unknown, foreign and erased look alike.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use wink_api::{
    DataPage, DecisionRecord, ErasureView, FeaturesListed, HoldingView, ListAsked, PointsLotView,
    PointsMovedView, PointsView, Problem, ProfileLookedUp, ProfileView,
};
use wink_core::base::ProfileId;
use wink_core::profile::Cluster;
use wink_store::Store;

use super::body::{Asked, Json, PathName};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::Error;
use crate::access::Role;
use crate::flow::page::{LIMIT, LIMIT_MAX, Page};
use crate::flow::points::read as points;
use crate::flow::profiles::{self, Whom};
use crate::flow::whole::Whole;
use crate::flow::{erase, export};

/// Finds a person by an identity. The identity comes in the body, so that it is in nobody's log of addresses.
#[utoipa::path(post, path = "/v1/profiles/lookup", tag = "profiles", operation_id = "look_up_profile", request_body = ProfileLookedUp,
    responses((status = 200, description = "The person", body = ProfileView), (status = 404, description = "Nobody is known under this identity", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn look_up_profile<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<ProfileLookedUp>,
) -> Result<Response, Refused> {
    let identity = asked.identity.read().map_err(|error| invalid("/identity", error))?;
    let found = profiles::find(&caller.engine, &Whom::Identity(identity)).await?;
    let known = found.ok_or_else(|| {
        let message = "nobody is known under this identity";
        Refused::new(Problem::new(404, "not_found", "There is no such thing", message))
    })?;
    show(&caller, &known).await
}

/// Reads what is known of a person: consents with their proof, and for those who may see it, by what the shop knows them.
#[utoipa::path(get, path = "/v1/profiles/{id}", tag = "profiles", operation_id = "read_profile",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses((status = 200, description = "The person; the ETag is the version of the profile", body = ProfileView)))]
pub(super) async fn read_profile<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    let known = find(&caller, &id).await?;
    show(&caller, &known).await
}

/// Reads every feature of a person: its value with its age, where the person granted what it is for.
#[utoipa::path(get, path = "/v1/profiles/{id}/features", tag = "profiles", operation_id = "read_features",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses((status = 200, description = "The features, by name", body = FeaturesListed)))]
pub(super) async fn read_features<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<FeaturesListed>, Refused> {
    let known = find(&caller, &id).await?;
    let features = profiles::features(&caller.engine, &known.cluster(), caller.now).await?;
    Ok(axum::Json(FeaturesListed { data: features.shown().collect() }))
}

/// Lists the decisions about a person, newest first.
#[utoipa::path(get, path = "/v1/profiles/{id}/decisions", tag = "profiles", operation_id = "list_decisions_of_profile",
    params(("id" = String, Path, description = "The profile's id, like prf_…"), ListAsked),
    responses((status = 200, description = "A page of decisions", body = DataPage<DecisionRecord>)))]
pub(super) async fn list_decisions_of_profile<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ListAsked>,
) -> Result<axum::Json<DataPage<DecisionRecord>>, Refused> {
    let known = find(&caller, &id).await?;
    let found = profiles::decisions(&caller.engine, &known.cluster(), &page(asked)?).await?;
    let mut data = Vec::with_capacity(found.items.len());
    for decision in &found.items {
        data.push(export::record(&caller.engine, decision, false).await?);
    }
    Ok(axum::Json(DataPage { data, next_cursor: found.next_cursor }))
}

/// Lists what a person was given or held out of, newest first, with the coupons as they are now.
#[utoipa::path(get, path = "/v1/profiles/{id}/wallet", tag = "profiles", operation_id = "read_wallet",
    params(("id" = String, Path, description = "The profile's id, like prf_…"), ListAsked),
    responses((status = 200, description = "A page of the wallet", body = DataPage<HoldingView>)))]
pub(super) async fn read_wallet<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ListAsked>,
) -> Result<axum::Json<DataPage<HoldingView>>, Refused> {
    let known = find(&caller, &id).await?;
    let found = profiles::wallet(&caller.engine, &known.cluster(), &page(asked)?).await?;
    let data = found.items.iter().map(profiles::Holding::view).collect();
    Ok(axum::Json(DataPage { data, next_cursor: found.next_cursor }))
}

/// Reads a profile's points: how many there are until when, and how they came and went, newest first.
#[utoipa::path(get, path = "/v1/profiles/{id}/points", tag = "profiles", operation_id = "read_points",
    params(("id" = String, Path, description = "The profile's id, like prf_…"), ListAsked),
    responses((status = 200, description = "The balance, and a page of what moved", body = PointsView)))]
pub(super) async fn read_points<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ListAsked>,
) -> Result<axum::Json<PointsView>, Refused> {
    let known = find(&caller, &id).await?;
    let engine = &caller.engine;
    // Each profile has an account of its own, also of a person who has several.
    let only = Cluster::new(known.asked(), []);
    let holdings = points::holdings(engine, &only, caller.now).await?;
    let moved = points::movements(engine, &only, &page(asked)?).await?;
    let programme = engine.catalogue().ok().and_then(|catalogue| catalogue.shop.points);
    Ok(axum::Json(PointsView {
        balance: holdings.balance.0,
        worth_cents: programme.map(|programme| programme.worth(holdings.balance).0),
        lots: holdings.lots.iter().map(PointsLotView::from).collect(),
        movements: moved.items.iter().map(PointsMovedView::from).collect(),
        next_cursor: moved.next_cursor,
    }))
}

/// Erases a person. From the answer on there is no such person; the bytes leave the disk as the store rewrites its files.
#[utoipa::path(delete, path = "/v1/profiles/{id}", tag = "profiles", operation_id = "erase_profile",
    params(("id" = String, Path, description = "The profile's id, like prf_…")),
    responses((status = 200, description = "What was removed", body = ErasureView)))]
pub(super) async fn erase_profile<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<ErasureView>, Refused> {
    // Without looking whether there is such a profile: of one whose erasure broke off there is only what is left to be erased.
    let profile = profile_id(&id)?;
    let erasure = erase::erase(&caller.engine, profile, caller.now).await?;
    Ok(axum::Json(ErasureView {
        profile: profile.to_string(),
        records: erasure.records,
        entries: erasure.entries,
        coupons: erasure.coupons,
        dead_letters: erasure.dead_letters,
    }))
}

/// Finds whoever a path names.
pub(super) async fn find<S: Store>(caller: &Caller<S>, text: &str) -> Result<Whole, Refused> {
    let found = profiles::find(&caller.engine, &Whom::Profile(profile_id(text)?)).await?;
    Ok(found.ok_or_else(|| unknown(text))?)
}

fn profile_id(text: &str) -> Result<ProfileId, Error> {
    ProfileId::parse(text).map_err(|_| unknown(text))
}

fn unknown(text: &str) -> Error {
    Error::NotFound { what: "profile", name: text.chars().take(64).collect() }
}

/// Reads which page is asked for.
pub(super) fn page(asked: ListAsked) -> Result<Page, Refused> {
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid("/limit", format!("a page has 1 to {LIMIT_MAX} items")));
    }
    Ok(Page { limit, cursor: asked.cursor })
}

/// The version of a profile as an ETag.
pub(super) fn tag(known: &Whole) -> String {
    format!("\"{}\"", known.version().0)
}

/// Shows a profile to the caller: with what identifies the person only to those who answer to that person.
pub(super) async fn show<S: Store>(caller: &Caller<S>, known: &Whole) -> Result<Response, Refused> {
    let view = ProfileView::new(&known.cluster());
    let sees_names = matches!(caller.access.role, Role::Support | Role::Privacy | Role::Admin);
    let view = match sees_names {
        true => export::with_vault(view, &profiles::vault(&caller.engine, known).await?),
        false => view,
    };
    Ok(([(header::ETAG, tag(known))], axum::Json(view)).into_response())
}
