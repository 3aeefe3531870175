//! The catalogue over HTTP: as a whole, and its campaigns, offers, budgets and contact policy. The same validation as the files, and every
//! change is a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use wink_api::{
    BudgetView, CatalogueSent, CatalogueView, ChangeAsked, ChangeView, DifferenceView, PageAsked,
    PartsListed, Problem, ProblemPart, VersionView, VersionsListed, json, to_json,
};
use wink_core::base::Value;
use wink_core::offer::CatalogueVersion;
use wink_store::Store;

use super::body::{Asked, Json, PathName, Sent, not_json};
use super::page::{Page, after};
use super::problem::{Refused, invalid};
use super::service::{Caller, Service};
use crate::catalogue::{Difference, Edit, Misfit, show};
use crate::flow::catalogue::{Edited, applied, change, files_of, in_force, plan, version_named};
use crate::{Error, keys};

/// Shows the catalogue in force, with its files.
#[utoipa::path(get, path = "/v1/catalogue", tag = "catalogue", operation_id = "show_catalogue",
    responses((status = 200, description = "The catalogue", body = CatalogueView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_catalogue<S: Store>(caller: Caller<S>) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    Ok(tagged(version, &CatalogueView { version: version.to_string(), files }))
}

/// Puts a whole catalogue in force, or says what that would change.
#[utoipa::path(put, path = "/v1/catalogue", tag = "catalogue", operation_id = "replace_catalogue", request_body = CatalogueSent,
    params(("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn replace_catalogue<S: Store>(
    change: Change<S>,
    Json(sent): Json<CatalogueSent>,
) -> Result<Response, Refused> {
    change.make(Edit::Files(sent.files)).await
}

/// Lists when versions were put in force, newest first.
#[utoipa::path(get, path = "/v1/catalogue/versions", tag = "catalogue", operation_id = "list_catalogue_versions",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "The versions", body = VersionsListed)))]
pub(super) async fn list_catalogue_versions<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<PageAsked>,
) -> Result<axum::Json<VersionsListed>, Refused> {
    let page = Page::read(&asked)?;
    let before = page.after.as_deref().map(|text| text.parse().map_err(|_| crate::Error::Cursor));
    let found = applied(&caller.engine, before.transpose()?, page.limit + 1).await?;
    let (found, next_cursor) = page.cut(found, |(number, _)| number.to_string());
    let view = |(number, applied): (u64, wink_record::CatalogueApplied)| VersionView {
        number,
        version: applied.version.to_string(),
        applied_at: applied.at.to_string(),
    };
    Ok(axum::Json(VersionsListed { data: found.into_iter().map(view).collect(), next_cursor }))
}

/// Shows a version that was in force at some time.
#[utoipa::path(get, path = "/v1/catalogue/versions/{version}", tag = "catalogue", operation_id = "show_catalogue_version",
    params(("version" = String, Path, description = "The version's name, 16 digits")),
    responses((status = 200, description = "The catalogue", body = CatalogueView)))]
pub(super) async fn show_catalogue_version<S: Store>(
    caller: Caller<S>,
    PathName(version): PathName,
) -> Result<Response, Refused> {
    let version = version_named(&caller.engine, &version).await?;
    let files = files_of(&caller.engine, version).await?;
    Ok(tagged(version, &CatalogueView { version: version.to_string(), files }))
}

/// Puts a version in force again.
#[utoipa::path(post, path = "/v1/catalogue/versions/{version}/apply", tag = "catalogue", operation_id = "apply_catalogue_version",
    params(("version" = String, Path, description = "The version's name, 16 digits"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version believed to be in force, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "This version of Wink cannot use it", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn apply_catalogue_version<S: Store>(
    change: Change<S>,
    PathName(version): PathName,
) -> Result<Response, Refused> {
    let version = version_named(&change.caller.engine, &version).await?;
    let files = files_of(&change.caller.engine, version).await?;
    change.make(Edit::Files(files)).await
}

/// Lists the campaigns with their offers, ordered by id.
#[utoipa::path(get, path = "/v1/campaigns", tag = "catalogue", operation_id = "list_campaigns",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "The campaigns", body = PartsListed),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_campaigns<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    listed(version, &asked, show::campaigns(&files))
}

/// Shows a campaign with its offers.
#[utoipa::path(get, path = "/v1/campaigns/{id}", tag = "catalogue", operation_id = "show_campaign",
    params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The campaign, with the names of the catalogue's files", body = Object),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_campaign<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    one(version, "campaign", &id, show::campaigns(&files))
}

/// Replaces a campaign with all its offers, or adds one.
#[utoipa::path(put, path = "/v1/campaigns/{id}", tag = "catalogue", operation_id = "change_campaign", request_body = Object,
    params(("id" = String, Path, description = "The campaign's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_campaign<S: Store>(
    change: Change<S>,
    PathName(id): PathName,
    Fields(fields): Fields,
) -> Result<Response, Refused> {
    change.make(Edit::Campaign { id, fields }).await
}

/// Stops a campaign for now: from the answer on it gives nothing. What it gave stays good, and can be redeemed.
#[utoipa::path(post, path = "/v1/campaigns/{id}/pause", tag = "catalogue", operation_id = "pause_campaign",
    params(("id" = String, Path, description = "The campaign's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed; nothing, if it is stopped already", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pause_campaign<S: Store>(
    change: Change<S>,
    PathName(campaign): PathName,
) -> Result<Response, Refused> {
    change.pause(campaign, true).await
}

/// Lets a campaign that was stopped go on, within its dates.
#[utoipa::path(post, path = "/v1/campaigns/{id}/resume", tag = "catalogue", operation_id = "resume_campaign",
    params(("id" = String, Path, description = "The campaign's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed; nothing, if it was not stopped", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn resume_campaign<S: Store>(
    change: Change<S>,
    PathName(campaign): PathName,
) -> Result<Response, Refused> {
    change.pause(campaign, false).await
}

/// Lists the offers, ordered by id, each with its campaign.
#[utoipa::path(get, path = "/v1/offers", tag = "catalogue", operation_id = "list_offers",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "The offers", body = PartsListed),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_offers<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    listed(version, &asked, show::offers(&files))
}

/// Shows an offer with its campaign.
#[utoipa::path(get, path = "/v1/offers/{id}", tag = "catalogue", operation_id = "show_offer",
    params(("id" = String, Path, description = "The offer's id")),
    responses((status = 200, description = "The offer, with the names of the catalogue's files", body = Object),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_offer<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    one(version, "offer", &id, show::offers(&files))
}

/// Replaces an offer, or adds one to the campaign it names.
#[utoipa::path(put, path = "/v1/offers/{id}", tag = "catalogue", operation_id = "change_offer", request_body = Object,
    params(("id" = String, Path, description = "The offer's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_offer<S: Store>(
    change: Change<S>,
    PathName(id): PathName,
    Fields(fields): Fields,
) -> Result<Response, Refused> {
    change.make(Edit::Offer { id, fields }).await
}

/// Shows a campaign's budget, and what is left of it.
#[utoipa::path(get, path = "/v1/budgets/{campaign}", tag = "catalogue", operation_id = "show_budget",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The budget", body = BudgetView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_budget<S: Store>(
    caller: Caller<S>,
    PathName(campaign): PathName,
) -> Result<Response, Refused> {
    let engine = &caller.engine;
    let (version, files) = in_force(engine).await?;
    let found = show::campaigns(&files).remove(&campaign).ok_or_else(|| missing("campaign", &campaign))?;
    let counters = engine.store.counters(engine.tenant, &[keys::budget(&campaign)]).await;
    let counter = counters.map_err(Error::from)?.into_iter().next().unwrap_or_default();
    let left_cents = counter.cap.unwrap_or(0).saturating_sub(counter.value).max(0);
    let budget = to_json(found.field("budget").unwrap_or(&Value::Null));
    Ok(tagged(version, &BudgetView { campaign, budget, used_cents: counter.value, left_cents }))
}

/// Changes a campaign's budget. A lower one takes nothing back; it only refuses more.
#[utoipa::path(put, path = "/v1/budgets/{campaign}", tag = "catalogue", operation_id = "change_budget", request_body = Object,
    params(("campaign" = String, Path, description = "The campaign's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_budget<S: Store>(
    change: Change<S>,
    PathName(campaign): PathName,
    Fields(fields): Fields,
) -> Result<Response, Refused> {
    change.make(Edit::Budget { campaign, fields }).await
}

/// Replaces a segment, or adds one. With another rule or another purpose its members are counted anew.
#[utoipa::path(put, path = "/v1/segments/{id}", tag = "segments", operation_id = "change_segment", request_body = Object,
    params(("id" = String, Path, description = "The segment's id"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_segment<S: Store>(
    change: Change<S>,
    PathName(id): PathName,
    Fields(fields): Fields,
) -> Result<Response, Refused> {
    change.make(Edit::Segment { id, fields }).await
}

/// The only contact policy there is: it holds over all campaigns.
const DEFAULT_POLICY: &str = "default";

/// Shows the contact policy.
#[utoipa::path(get, path = "/v1/contact-policies/{id}", tag = "catalogue", operation_id = "show_contact_policy",
    params(("id" = String, Path, description = "`default`")),
    responses((status = 200, description = "The policy, with the names of the catalogue's files", body = Object),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show_contact_policy<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Response, Refused> {
    let (version, files) = in_force(&caller.engine).await?;
    let policy = show::contact_policy(&files).map(|policy| (DEFAULT_POLICY.to_owned(), policy));
    one(version, "contact policy", &id, policy.into_iter().collect())
}

/// Changes the contact policy.
#[utoipa::path(put, path = "/v1/contact-policies/{id}", tag = "catalogue", operation_id = "change_contact_policy", request_body = Object,
    params(("id" = String, Path, description = "`default`"),
        ("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("If-Match" = Option<String>, Header, description = "The version this was made from, as its ETag")),
    responses((status = 200, description = "What changed", body = ChangeView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Another version is in force", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_contact_policy<S: Store>(
    change: Change<S>,
    PathName(id): PathName,
    Fields(fields): Fields,
) -> Result<Response, Refused> {
    if id != DEFAULT_POLICY {
        return Err(missing("contact policy", &id));
    }
    change.make(Edit::ContactPolicy { fields }).await
}

/// How every edit is asked for: by whom, whether only to see what it would change, and on what condition.
pub(super) struct Change<S> {
    caller: Caller<S>,
    is_dry_run: bool,
    /// The version the client believes to be in force.
    expected: Option<String>,
}

impl<S: Store> FromRequestParts<Arc<Service<S>>> for Change<S> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service<S>>) -> Result<Self, Refused> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let Asked(ChangeAsked { dry_run }) = Asked::from_request_parts(parts, service).await?;
        Ok(Self { caller, is_dry_run: dry_run, expected: expected(&parts.headers)? })
    }
}

impl<S: Store> Change<S> {
    /// Stops a campaign, or lets it go on.
    async fn pause(self, campaign: String, is_paused: bool) -> Result<Response, Refused> {
        let (_, files) = in_force(&self.caller.engine).await?;
        if !show::campaigns(&files).contains_key(&campaign) {
            return Err(missing("campaign", &campaign));
        }
        self.make(Edit::Pause { campaign, is_paused }).await
    }

    /// Does the edit, or plans it, and answers with what it changes.
    async fn make(self, edit: Edit) -> Result<Response, Refused> {
        let Self { caller, is_dry_run, expected } = self;
        let edited = match is_dry_run {
            true => plan(&caller.engine, &edit, expected.as_deref()).await?,
            false => change(&caller.engine, &edit, expected.as_deref(), caller.now).await?,
        };
        match edited {
            Edited::Valid { version, differences } => {
                let differences = differences.into_iter().map(difference).collect();
                let view = ChangeView { version: version.to_string(), dry_run: is_dry_run, differences };
                Ok(tagged(version, &view))
            }
            Edited::Outdated { in_force } => Err(outdated(in_force)),
            Edited::Refused(misfits) => Err(refused(misfits)),
        }
    }
}

/// The body of an edit: an object with the names of the catalogue's files.
pub(super) struct Fields(BTreeMap<String, Value>);

impl<S: Store> FromRequest<Arc<Service<S>>> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service<S>>) -> Result<Self, Refused> {
        let Sent(body) = Sent::from_request(request, service).await?;
        match json::value(&body).map_err(not_json)? {
            Value::Map(fields) => Ok(Self(fields)),
            other => Err(invalid("", format!("the body must be an object, this is {}", other.type_name()))),
        }
    }
}

/// Reads the version a client believes to be in force.
fn expected(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = value.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    match tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(version) if !version.contains('"') => Ok(Some(version.to_owned())),
        _ => Err(Refused::new(Problem::new(
            400,
            "if_match_malformed",
            "The condition cannot be read",
            "If-Match is one ETag in quotes, as it was answered, or *",
        ))),
    }
}

fn listed(
    version: CatalogueVersion,
    asked: &PageAsked,
    parts: BTreeMap<String, Value>,
) -> Result<Response, Refused> {
    let page = Page::read(asked)?;
    let rest: Vec<_> = after(parts, page.after.as_ref()).take(page.limit + 1).collect();
    let (parts, next_cursor) = page.cut(rest, |(id, _)| id.clone());
    let data = parts.iter().map(|(_, part)| to_json(part)).collect();
    Ok(tagged(version, &PartsListed { data, next_cursor }))
}

fn one(
    version: CatalogueVersion,
    what: &'static str,
    id: &str,
    mut parts: BTreeMap<String, Value>,
) -> Result<Response, Refused> {
    let part = parts.remove(id).ok_or_else(|| missing(what, id))?;
    Ok(tagged(version, &to_json(&part)))
}

fn missing(what: &'static str, name: &str) -> Refused {
    Error::NotFound { what, name: name.chars().take(64).collect() }.into()
}

/// Answers with the version as ETag, so that a change can be made on the condition that nothing else was changed.
fn tagged(version: CatalogueVersion, body: &impl Serialize) -> Response {
    let mut answer = (StatusCode::OK, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

fn difference(Difference { path, before, after }: Difference) -> DifferenceView {
    let told = |value: Option<Value>| value.as_ref().map_or(serde_json::Value::Null, to_json);
    DifferenceView { path, before: told(before), after: told(after) }
}

fn outdated(in_force: Option<CatalogueVersion>) -> Refused {
    let message = match in_force {
        Some(version) => format!("version {version} is in force; read it, and make your change again"),
        None => "no catalogue is in force".to_owned(),
    };
    Refused::new(Problem::new(412, "version_outdated", "Another version is in force", message))
}

fn refused(misfits: Vec<Misfit>) -> Refused {
    let part = |Misfit { pointer, finding }: Misfit| ProblemPart {
        pointer,
        message: finding.message,
        fix: finding.fix,
        file: finding.file,
        line: finding.line,
        column: finding.column,
    };
    let errors: Vec<ProblemPart> = misfits.into_iter().map(part).collect();
    let message = errors.first().map_or_else(String::new, |first| first.message.clone());
    let mut problem = Problem::new(422, "catalogue_invalid", "The catalogue would not be valid", message);
    problem.pointer = errors.first().map(|first| first.pointer.clone());
    problem.errors = errors;
    Refused::new(problem)
}
