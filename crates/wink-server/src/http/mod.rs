//! The routes: decode, call a flow, encode. Decides nothing. Every request goes through the gate, and every operation is a row of `operation.rs`.

mod admission;
mod balance;
mod body;
mod bulks;
mod cart;
mod catalogue;
mod cloudevents;
mod codes;
mod consents;
mod context;
mod cors;
mod coupons;
mod decisions;
mod decisions_read;
mod drift;
mod events;
mod export;
mod exposures;
mod features;
mod finish;
mod ga4;
mod gate;
mod granted;
mod health;
mod households;
mod keys;
mod letters;
mod links;
mod measure;
mod messages;
mod ofrep;
mod once;
mod openapi;
mod operation;
mod page;
mod picture;
mod problem;
mod products;
mod profiles;
mod proxy;
mod rate;
mod redemptions;
mod reservations;
mod result;
mod segment;
mod segments;
mod service;
mod stream;
mod tag;
mod tills;
mod trial;
mod validations;
mod webhooks;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use wink_store::Store;

pub use admission::Capacity;
pub use gate::AtTheMachine;
pub use measure::{COMMIT_SECONDS, METRICS, REQUEST_SECONDS, Sort, describe};
pub use openapi::document;
pub use operation::{Class, OPERATIONS, Operation, Who, operation};
pub use proxy::Proxies;
pub use segment::Prefix;
pub use service::{Conduct, Service};

/// Lists the routes.
pub fn routes<S: Store>(service: Arc<Service<S>>) -> Router {
    let once_more = service.conduct.segment_prefix.as_ref();
    let once_more = once_more.map(|prefix| Router::new().nest(prefix.as_str(), segment_routes()));
    Router::new()
        .merge(segment_routes())
        .merge(once_more.unwrap_or_default())
        .route("/healthz", get(health::is_alive))
        .route("/readyz", get(health::is_ready::<S>))
        .route("/metrics", get(health::read_metrics::<S>))
        .route("/openapi.json", get(openapi::describe_api))
        .route("/tag.js", get(tag::load_tag))
        .route("/v1/events", post(events::receive_events::<S>))
        .route("/v1/context", post(context::tell_context::<S>))
        .route("/v1/decisions", post(decisions::decide::<S>))
        .route("/v1/decisions/{id}/accept", post(decisions::accept_decision::<S>))
        .route("/v1/decisions/{id}", get(decisions_read::read_decision::<S>))
        .route("/v1/decisions/{id}/trace", get(decisions_read::trace_decision::<S>))
        .route("/v1/qualifications", post(validations::qualify_cart::<S>))
        .route("/v1/validations", post(validations::validate_coupons::<S>))
        .route("/v1/redemptions", post(redemptions::redeem_coupons::<S>))
        .route("/v1/redemptions/{id}", get(redemptions::read_redemption::<S>))
        .route("/v1/redemptions/{id}/reversals", post(redemptions::reverse_redemption::<S>))
        .route("/v1/reservations", post(reservations::reserve_by_code::<S>))
        .route("/v1/coupons/{id}", get(coupons::read_coupon::<S>))
        .route("/v1/coupons/{id}/activate", post(coupons::activate_coupon::<S>))
        .route("/v1/coupons/{id}/deactivate", post(coupons::deactivate_coupon::<S>))
        .route("/v1/coupons/{id}/reserve", post(coupons::reserve_coupon::<S>))
        .route("/v1/coupons/{id}/release", post(coupons::release_coupon::<S>))
        .route("/v1/coupons/{id}/revoke", post(coupons::revoke_coupon::<S>))
        .route("/v1/coupons/{id}/code", get(codes::show_code::<S>))
        .route("/v1/coupons/{id}/code.svg", get(codes::draw_code_as_svg::<S>))
        .route("/v1/coupons/{id}/code.png", get(codes::draw_code_as_png::<S>))
        .route("/v1/tills/keys", get(codes::list_till_keys::<S>))
        .route("/v1/tills/keys/rotate", post(codes::rotate_till_key::<S>))
        .route("/v1/tills/{id}/leases", get(tills::list_leases::<S>).post(tills::grant_lease::<S>))
        .route("/v1/tills/{id}/sync", post(tills::sync_till::<S>))
        .route("/v1/tills/{id}/days/{date}", get(tills::read_till_day::<S>))
        .route("/v1/bulks/{name}", get(bulks::show_bulk::<S>).put(bulks::begin_bulk::<S>))
        .route("/v1/bulks/{name}/continue", post(bulks::continue_bulk::<S>))
        .route("/v1/bulks/{name}/codes", get(bulks::list_codes_of_bulk::<S>))
        .route("/v1/exposures", post(exposures::note_exposure::<S>))
        .route("/v1/profiles/lookup", post(profiles::look_up_profile::<S>))
        .route("/v1/profiles/{id}", get(profiles::read_profile::<S>).delete(profiles::erase_profile::<S>))
        .route("/v1/profiles/{id}/features", get(profiles::read_features::<S>))
        .route("/v1/profiles/{id}/decisions", get(profiles::list_decisions_of_profile::<S>))
        .route("/v1/profiles/{id}/wallet", get(profiles::read_wallet::<S>))
        .route("/v1/profiles/{id}/points", get(profiles::read_points::<S>))
        .route(
            "/v1/profiles/{id}/consents",
            get(consents::read_consents::<S>).put(consents::set_consents::<S>),
        )
        .route("/v1/features", post(features::serve_features::<S>))
        .route(
            "/v1/profiles/{id}/household",
            get(households::read_household::<S>)
                .put(households::join_household::<S>)
                .delete(households::leave_household::<S>),
        )
        .route("/v1/profiles/{id}/links", post(links::link_profiles::<S>))
        .route("/v1/profiles/{id}/links/{other}", delete(links::unlink_profiles::<S>))
        .route("/v1/profiles/{id}/export", get(export::export_profile::<S>))
        .route("/v1/dead-letters", get(letters::list_dead_letters::<S>))
        .route(
            "/v1/dead-letters/{id}",
            get(letters::read_dead_letter::<S>).delete(letters::discard_dead_letter::<S>),
        )
        .route("/v1/dead-letters/{id}/replay", post(letters::replay_dead_letter::<S>))
        .route("/v1/health/balance", get(balance::read_balance::<S>))
        .route("/v1/health/sources", get(balance::read_sources::<S>))
        .route("/v1/events/drift", get(drift::read_drift::<S>))
        .route("/mp/collect", post(ga4::collect_measurements::<S>))
        .route("/v1/cloudevents", post(cloudevents::receive_cloud_events::<S>))
        .route("/ofrep/v1/evaluate/flags", post(ofrep::evaluate_flags::<S>))
        .route("/ofrep/v1/evaluate/flags/{key}", post(ofrep::evaluate_flag::<S>))
        .route("/v1/keys", get(keys::list_keys::<S>).post(keys::create_key::<S>))
        .route("/v1/keys/{id}", delete(keys::revoke_key::<S>))
        .route("/v1/keys/{id}/rotate", post(keys::rotate_key::<S>))
        .route("/v1/tenants", get(keys::list_tenants::<S>).post(keys::create_tenant::<S>))
        .route("/v1/catalogue", get(catalogue::show_catalogue::<S>).put(catalogue::replace_catalogue::<S>))
        .route("/v1/catalogue/versions", get(catalogue::list_catalogue_versions::<S>))
        .route("/v1/catalogue/versions/{version}", get(catalogue::show_catalogue_version::<S>))
        .route("/v1/catalogue/versions/{version}/apply", post(catalogue::apply_catalogue_version::<S>))
        .route("/v1/campaigns", get(catalogue::list_campaigns::<S>))
        .route("/v1/campaigns/{id}", get(catalogue::show_campaign::<S>).put(catalogue::change_campaign::<S>))
        .route("/v1/campaigns/{id}/pause", post(catalogue::pause_campaign::<S>))
        .route("/v1/campaigns/{id}/resume", post(catalogue::resume_campaign::<S>))
        .route("/v1/campaigns/{id}/result", get(result::show_campaign_result::<S>))
        .route("/v1/offers", get(catalogue::list_offers::<S>))
        .route("/v1/offers/{id}", get(catalogue::show_offer::<S>).put(catalogue::change_offer::<S>))
        .route("/v1/budgets/{campaign}", get(catalogue::show_budget::<S>).put(catalogue::change_budget::<S>))
        .route(
            "/v1/contact-policies/{id}",
            get(catalogue::show_contact_policy::<S>).put(catalogue::change_contact_policy::<S>),
        )
        .route("/v1/segments", get(segments::list_segments::<S>))
        .route("/v1/segments/preview", post(segments::preview_segment::<S>))
        .route("/v1/segments/overlap", get(segments::compare_segments::<S>))
        .route("/v1/segments/{id}", get(segments::show_segment::<S>).put(catalogue::change_segment::<S>))
        .route("/v1/segments/{id}/members", get(segments::list_segment_members::<S>))
        .route("/v1/segments/{id}/export", get(segments::export_segment::<S>))
        .route("/v1/profiles/{id}/segments", get(segments::list_segments_of_profile::<S>))
        .route("/v1/products", get(products::list_products::<S>).post(products::put_products::<S>))
        .route("/v1/products/import", post(products::import_products::<S>))
        .route("/v1/products/{id}", get(products::show_product::<S>).delete(products::delete_product::<S>))
        .route("/v1/products/{id}/reduction", get(products::show_reduction::<S>))
        .route("/v1/stream", get(stream::open_stream::<S>))
        .route("/v1/stream-tokens", post(stream::make_stream_token::<S>))
        .route("/v1/webhooks", get(webhooks::list_webhooks::<S>).post(webhooks::register_webhook::<S>))
        .route(
            "/v1/webhooks/{id}",
            get(webhooks::read_webhook::<S>)
                .patch(webhooks::change_webhook::<S>)
                .delete(webhooks::remove_webhook::<S>),
        )
        .route("/v1/webhooks/{id}/rotate", post(webhooks::rotate_webhook::<S>))
        .route("/v1/webhooks/{id}/messages", get(webhooks::list_webhook_messages::<S>))
        .route("/v1/webhooks/{id}/replay", post(webhooks::replay_webhook::<S>))
        .route("/v1/webhooks/{id}/test", post(webhooks::try_webhook::<S>))
        .fallback(problem::no_such_route)
        .layer(from_fn_with_state(service.clone(), gate::pass::<S>))
        .with_state(service)
}

/// Lists what clients of the Segment and RudderStack family know. They are told a host and, most of them, a path before it.
fn segment_routes<S: Store>() -> Router<Arc<Service<S>>> {
    Router::new()
        .route("/v1/batch", post(segment::receive_batch::<S>))
        .route("/v1/import", post(segment::receive_import::<S>))
        .route("/v1/track", post(segment::receive_track::<S>))
        .route("/v1/identify", post(segment::receive_identify::<S>))
        .route("/v1/page", post(segment::receive_page::<S>))
        .route("/v1/screen", post(segment::receive_screen::<S>))
        .route("/v1/group", post(segment::receive_group::<S>))
        .route("/v1/alias", post(segment::receive_alias::<S>))
        .route("/v1/b", post(segment::receive_batch_short::<S>))
        .route("/v1/t", post(segment::receive_track_short::<S>))
        .route("/v1/i", post(segment::receive_identify_short::<S>))
        .route("/v1/p", post(segment::receive_page_short::<S>))
        .route("/v1/s", post(segment::receive_screen_short::<S>))
        .route("/v1/g", post(segment::receive_group_short::<S>))
        .route("/v1/a", post(segment::receive_alias_short::<S>))
        .route("/v1/projects/{write_key}/settings", get(segment::describe_source))
        .route("/sourceConfig/", get(segment::describe_rudder_source::<S>))
}
