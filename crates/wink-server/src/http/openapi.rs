//! The API's description, OpenAPI 3.1: from the handlers' own annotations and the table of operations, so it cannot say what is not so.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use utoipa::OpenApi;

use super::operation::{OPERATIONS, Operation, Who};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wink",
        description = "Decides whether a shopper gets an offer now, owns the coupon, and measures what it changed.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    paths(
        super::health::is_alive,
        super::health::is_ready,
        super::health::read_metrics,
        describe_api,
        super::events::receive_events,
        super::drift::read_drift,
        super::decisions::decide,
        super::decisions::accept_decision,
        super::decisions_read::read_decision,
        super::decisions_read::trace_decision,
        super::validations::qualify_cart,
        super::validations::validate_coupons,
        super::redemptions::redeem_coupons,
        super::redemptions::read_redemption,
        super::redemptions::reverse_redemption,
        super::reservations::reserve_by_code,
        super::coupons::read_coupon,
        super::coupons::activate_coupon,
        super::coupons::deactivate_coupon,
        super::coupons::reserve_coupon,
        super::coupons::release_coupon,
        super::coupons::revoke_coupon,
        super::codes::show_code,
        super::codes::draw_code_as_svg,
        super::codes::draw_code_as_png,
        super::codes::list_till_keys,
        super::codes::rotate_till_key,
        super::tills::grant_lease,
        super::tills::list_leases,
        super::tills::sync_till,
        super::tills::read_till_day,
        super::bulks::begin_bulk,
        super::bulks::show_bulk,
        super::bulks::continue_bulk,
        super::bulks::list_codes_of_bulk,
        super::exposures::note_exposure,
        super::profiles::look_up_profile,
        super::profiles::read_profile,
        super::profiles::erase_profile,
        super::profiles::read_features,
        super::profiles::list_decisions_of_profile,
        super::profiles::read_wallet,
        super::profiles::read_points,
        super::consents::read_consents,
        super::consents::set_consents,
        super::features::serve_features,
        super::households::read_household,
        super::households::join_household,
        super::households::leave_household,
        super::links::link_profiles,
        super::links::unlink_profiles,
        super::export::export_profile,
        super::letters::list_dead_letters,
        super::letters::read_dead_letter,
        super::letters::replay_dead_letter,
        super::letters::discard_dead_letter,
        super::balance::read_balance,
        super::balance::read_sources,
        super::context::tell_context,
        super::segment::receive_batch,
        super::segment::receive_import,
        super::segment::receive_track,
        super::segment::receive_identify,
        super::segment::receive_page,
        super::segment::receive_screen,
        super::segment::receive_group,
        super::segment::receive_alias,
        super::segment::receive_batch_short,
        super::segment::receive_track_short,
        super::segment::receive_identify_short,
        super::segment::receive_page_short,
        super::segment::receive_screen_short,
        super::segment::receive_group_short,
        super::segment::receive_alias_short,
        super::segment::describe_source,
        super::segment::describe_rudder_source,
        super::tag::load_tag,
        super::ga4::collect_measurements,
        super::cloudevents::receive_cloud_events,
        super::ofrep::evaluate_flag,
        super::ofrep::evaluate_flags,
        super::keys::list_keys,
        super::keys::create_key,
        super::keys::revoke_key,
        super::keys::rotate_key,
        super::keys::list_tenants,
        super::keys::create_tenant,
        super::catalogue::show_catalogue,
        super::catalogue::replace_catalogue,
        super::catalogue::list_catalogue_versions,
        super::catalogue::show_catalogue_version,
        super::catalogue::apply_catalogue_version,
        super::catalogue::list_campaigns,
        super::catalogue::show_campaign,
        super::catalogue::change_campaign,
        super::catalogue::pause_campaign,
        super::catalogue::resume_campaign,
        super::result::show_campaign_result,
        super::catalogue::list_offers,
        super::catalogue::show_offer,
        super::catalogue::change_offer,
        super::catalogue::show_budget,
        super::catalogue::change_budget,
        super::catalogue::show_contact_policy,
        super::catalogue::change_contact_policy,
        super::segments::list_segments,
        super::segments::preview_segment,
        super::segments::compare_segments,
        super::segments::show_segment,
        super::catalogue::change_segment,
        super::segments::list_segment_members,
        super::segments::export_segment,
        super::segments::list_segments_of_profile,
        super::products::put_products,
        super::products::list_products,
        super::products::show_product,
        super::products::delete_product,
        super::products::show_reduction,
        super::products::import_products,
        super::stream::open_stream,
        super::stream::make_stream_token,
        super::webhooks::list_webhooks,
        super::webhooks::register_webhook,
        super::webhooks::read_webhook,
        super::webhooks::change_webhook,
        super::webhooks::remove_webhook,
        super::webhooks::rotate_webhook,
        super::webhooks::list_webhook_messages,
        super::webhooks::replay_webhook,
        super::webhooks::try_webhook,
    ),
    components(schemas(wink_api::Problem))
)]
struct Annotated;

/// Problems any operation may answer with, beside its own.
const ALWAYS: [(&str, &str); 3] = [
    ("429", "Called more often than allowed, or too much to do; come again after Retry-After seconds"),
    ("500", "A mistake in the server"),
    ("503", "The store does not answer, or it took too long; send the same again"),
];

/// Gives the document.
#[expect(clippy::indexing_slicing, reason = "a key that a JSON object does not have is made, not missed")]
pub fn document() -> Json {
    let mut document = serde_json::to_value(Annotated::openapi()).unwrap_or_default();
    // `wink --version` tells the program's; this is the contract's, and only grows.
    document["info"]["version"] = json!("v1");
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer" },
        "basic": { "type": "http", "scheme": "basic", "description": "The key as user name, as the Segment family sends it" },
    });
    for operation in OPERATIONS {
        let method = operation.method.as_str().to_ascii_lowercase();
        if let Some(described) = document["paths"][operation.path].get_mut(&method) {
            complete(described, operation);
        }
    }
    document
}

/// Adds to a described operation what the table and the gate make of it.
#[expect(clippy::indexing_slicing, reason = "a key that a JSON object does not have is made, not missed")]
fn complete(described: &mut Json, operation: &Operation) {
    let roles: Vec<&str> = operation.who.roles().iter().map(|role| role.name()).collect();
    described["x-wink-class"] = json!(operation.class.name());
    let mut problems = ALWAYS.to_vec();
    if operation.who != Who::Anybody {
        described["x-wink-roles"] = json!(roles);
        described["security"] = json!([{ "bearer": [] }, { "basic": [] }]);
        problems.push(("401", "No key, or one that is not good"));
        problems.push(("403", "The key may not do this, or not from here"));
    }
    if 0 < operation.body_bytes_max {
        problems.push(("400", "The body is not what was expected"));
        problems.push(("408", "The body came too slowly"));
        problems.push(("413", "The body is too large"));
        problems.push(("415", "The body is packed in a way that is not understood"));
        problems.push(("422", "A value cannot be used"));
    }
    if asks_by_query(described) {
        problems.push(("400", "The query is not what was expected"));
        problems.push(("422", "A value cannot be used"));
    }
    if operation.path.contains('{') {
        problems.push(("404", "There is no such thing"));
    }
    for (status, description) in problems {
        if described["responses"].get(status).is_none() {
            described["responses"][status] = json!({
                "description": description,
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            });
        }
    }
}

fn asks_by_query(described: &Json) -> bool {
    let parameters = described.get("parameters").and_then(Json::as_array);
    parameters
        .into_iter()
        .flatten()
        .any(|parameter| parameter.get("in").is_some_and(|place| place == "query"))
}

/// Describes the API.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", operation_id = "describe_api",
    responses((status = 200, description = "This document", body = Object)))]
pub(super) async fn describe_api() -> Response {
    // Made once: it takes milliseconds, and anybody may ask for it without a key.
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());
    let cached = (header::CACHE_CONTROL, "public, max-age=300");
    let json = (header::CONTENT_TYPE, "application/json");
    ([json, cached], TEXT.clone()).into_response()
}
