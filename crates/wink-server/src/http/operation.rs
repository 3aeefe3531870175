//! Every operation on one page: which route, who may, how urgent, how large. What is not in here is refused, whatever the router says.

use axum::http::Method;

use crate::access::Role;
use crate::access::Role::{
    Admin, Analyst, Client, Ingest, Marketer, Operator, Partner, Privacy, Shop, Support, Till,
};

/// How urgent an operation is when there is more to do than can be done. The first is served last of all refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A shopper stands at the till, or an operator looks whether the server lives.
    Redeem,
    /// Somebody said no.
    Privacy,
    /// A page waits.
    Decide,
    /// A client can send again.
    Ingest,
    /// Somebody reads.
    Report,
}

impl Class {
    /// All, most urgent first.
    pub const ALL: [Self; 5] = [Self::Redeem, Self::Privacy, Self::Decide, Self::Ingest, Self::Report];

    /// Its name, in metrics and in OpenAPI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redeem => "redeem",
            Self::Privacy => "privacy",
            Self::Decide => "decide",
            Self::Ingest => "ingest",
            Self::Report => "report",
        }
    }
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, without a key.
    Anybody,
    /// Holders of a key of one of these roles, in the Authorization header.
    Roles(&'static [Role]),
    /// The same, and the key may come in the body or the query instead: what browsers send when a page closes has no headers.
    RolesAnywhere(&'static [Role]),
}

impl Who {
    /// The roles that may; none if a key is not needed.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Anybody => &[],
            Self::Roles(roles) | Self::RolesAnywhere(roles) => roles,
        }
    }
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name, in OpenAPI, metrics and logs.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path as the router writes it.
    pub path: &'static str,
    /// How urgent it is.
    pub class: Class,
    /// Who may.
    pub who: Who,
    /// The largest body, in bytes, as sent and unpacked.
    pub body_bytes_max: usize,
}

/// Who looks at what was decided and known, each under the eyes of the handler: names are shown to few of them.
const STAFF: &[Role] = &[Analyst, Support, Privacy, Admin];
/// The same, and the shop's own server.
const STAFF_AND_SHOP: &[Role] = &[Shop, Analyst, Support, Privacy, Admin];

/// A body of a few fields.
const SMALL: usize = 256 << 10;
/// A batch of events: as large as the store's own batches.
const BATCH: usize = 1 << 20;

/// Who sends events.
const SENDERS: &[Role] = &[Ingest, Shop, Till, Partner, Admin];
/// The same, from clients that may have no place for a header.
const SENDERS_ANYWHERE: Who = Who::RolesAnywhere(SENDERS);
/// Who asks what would be offered.
const ASKERS: &[Role] = &[Client, Shop, Till, Admin];

const fn op(
    id: &'static str,
    method: Method,
    path: &'static str,
    class: Class,
    who: Who,
    body_bytes_max: usize,
) -> Operation {
    Operation { id, method, path, class, who, body_bytes_max }
}

/// Who sees what may be given.
const CATALOGUE_READERS: Who = Who::Roles(&[Analyst, Support, Marketer, Admin]);
/// Who says what may be given. Not the shop's server: its key lies beside the shop's code, and this is money.
const CATALOGUE_WRITERS: Who = Who::Roles(&[Marketer, Admin]);
/// Who sees how large segments are. An operator too: numbers are nobody's data.
const SEGMENT_READERS: Who = Who::Roles(&[Shop, Analyst, Marketer, Admin, Operator]);
/// Who sees what campaigns changed. An operator too: the sums of many are nobody's data.
const RESULT_READERS: Who = Who::Roles(&[Analyst, Marketer, Admin, Operator]);
/// Who sees how what sources send has changed. An operator too: it is about fields, and nobody's data.
const DRIFT_READERS: Who = Who::Roles(&[Shop, Analyst, Privacy, Admin, Operator]);
/// Who sees the people in them, by pseudonym.
const MEMBER_READERS: Who = Who::Roles(&[Shop, Analyst, Marketer, Admin]);
/// Who sees products.
const PRODUCT_READERS: Who = Who::Roles(&[Shop, Analyst, Support, Marketer, Admin]);
/// Who tries and uses coupons: the shop, its tills, and whoever runs the installation, who could make such a key.
const REDEEMERS: Who = Who::Roles(&[Shop, Till, Admin, Operator]);
/// Who looks a coupon up.
const COUPON_READERS: Who = Who::Roles(&[Shop, Till, Support, Admin, Operator]);
/// Who tells what goes on in regions and stores: nobody whose key can be read out of a page.
const CONTEXT_TELLERS: Who = Who::Roles(&[Shop, Partner, Admin, Operator]);
/// Who prints what may be used by whoever has it.
const CODE_READERS: Who = Who::Roles(&[Shop, Till, Admin, Operator]);
/// Who gives away many coupons at once.
const BULK_ISSUERS: Who = Who::Roles(&[Marketer, Admin, Operator]);
/// Who lets a till give without asking. Not the till itself: what it can lose is for somebody else to say.
const LEASE_GRANTERS: Who = Who::Roles(&[Shop, Marketer, Admin, Operator]);
/// Who sees what a till did.
const TILL_DAY_READERS: Who = Who::Roles(&[Shop, Till, Analyst, Support, Admin, Operator]);
/// Who lists products.
const PRODUCT_WRITERS: Who = Who::Roles(&[Shop, Marketer, Admin]);

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    op("is_alive", Method::GET, "/healthz", Class::Redeem, Who::Anybody, 0),
    op("is_ready", Method::GET, "/readyz", Class::Redeem, Who::Anybody, 0),
    op("describe_api", Method::GET, "/openapi.json", Class::Report, Who::Anybody, 0),
    op("load_tag", Method::GET, "/tag.js", Class::Decide, Who::Anybody, 0),
    op("read_metrics", Method::GET, "/metrics", Class::Report, Who::Roles(&[Operator, Admin]), 0),
    op(
        "receive_events",
        Method::POST,
        "/v1/events",
        Class::Ingest,
        Who::Roles(&[Ingest, Shop, Till, Partner, Admin]),
        BATCH,
    ),
    op("tell_context", Method::POST, "/v1/context", Class::Ingest, CONTEXT_TELLERS, BATCH),
    op(
        "decide",
        Method::POST,
        "/v1/decisions",
        Class::Decide,
        Who::Roles(&[Client, Shop, Till, Admin]),
        SMALL,
    ),
    op(
        "accept_decision",
        Method::POST,
        "/v1/decisions/{id}/accept",
        Class::Decide,
        Who::Roles(&[Client, Shop, Till, Admin]),
        0,
    ),
    op("read_decision", Method::GET, "/v1/decisions/{id}", Class::Report, Who::Roles(STAFF_AND_SHOP), 0),
    op("trace_decision", Method::GET, "/v1/decisions/{id}/trace", Class::Report, Who::Roles(STAFF), 0),
    op("qualify", Method::POST, "/v1/qualifications", Class::Decide, REDEEMERS, BATCH),
    op("validate", Method::POST, "/v1/validations", Class::Redeem, REDEEMERS, BATCH),
    op("redeem_coupons", Method::POST, "/v1/redemptions", Class::Redeem, REDEEMERS, BATCH),
    op("read_redemption", Method::GET, "/v1/redemptions/{id}", Class::Report, COUPON_READERS, 0),
    op("reverse_redemption", Method::POST, "/v1/redemptions/{id}/reversals", Class::Redeem, REDEEMERS, SMALL),
    op("reserve_by_code", Method::POST, "/v1/reservations", Class::Redeem, REDEEMERS, BATCH),
    op("read_coupon", Method::GET, "/v1/coupons/{id}", Class::Report, COUPON_READERS, 0),
    op("activate_coupon", Method::POST, "/v1/coupons/{id}/activate", Class::Decide, Who::Roles(ASKERS), 0),
    op(
        "deactivate_coupon",
        Method::POST,
        "/v1/coupons/{id}/deactivate",
        Class::Decide,
        Who::Roles(ASKERS),
        0,
    ),
    op("reserve_coupon", Method::POST, "/v1/coupons/{id}/reserve", Class::Redeem, REDEEMERS, BATCH),
    op("release_coupon", Method::POST, "/v1/coupons/{id}/release", Class::Redeem, REDEEMERS, SMALL),
    op(
        "revoke_coupon",
        Method::POST,
        "/v1/coupons/{id}/revoke",
        Class::Redeem,
        Who::Roles(&[Marketer, Admin, Operator]),
        0,
    ),
    op(
        "note_exposure",
        Method::POST,
        "/v1/exposures",
        Class::Ingest,
        Who::Roles(&[Client, Shop, Till, Admin]),
        SMALL,
    ),
    op(
        "look_up_profile",
        Method::POST,
        "/v1/profiles/lookup",
        Class::Report,
        Who::Roles(&[Shop, Support, Privacy, Admin]),
        SMALL,
    ),
    op("read_profile", Method::GET, "/v1/profiles/{id}", Class::Report, Who::Roles(STAFF_AND_SHOP), 0),
    op(
        "erase_profile",
        Method::DELETE,
        "/v1/profiles/{id}",
        Class::Privacy,
        Who::Roles(&[Privacy, Admin]),
        0,
    ),
    op(
        "read_features",
        Method::GET,
        "/v1/profiles/{id}/features",
        Class::Report,
        Who::Roles(STAFF_AND_SHOP),
        0,
    ),
    op(
        "list_decisions_of_profile",
        Method::GET,
        "/v1/profiles/{id}/decisions",
        Class::Report,
        Who::Roles(STAFF_AND_SHOP),
        0,
    ),
    op(
        "read_wallet",
        Method::GET,
        "/v1/profiles/{id}/wallet",
        Class::Report,
        Who::Roles(&[Shop, Support, Privacy, Admin]),
        0,
    ),
    op(
        "read_points",
        Method::GET,
        "/v1/profiles/{id}/points",
        Class::Report,
        Who::Roles(&[Shop, Till, Support, Privacy, Admin]),
        0,
    ),
    op(
        "read_consents",
        Method::GET,
        "/v1/profiles/{id}/consents",
        Class::Report,
        Who::Roles(STAFF_AND_SHOP),
        0,
    ),
    op(
        "set_consents",
        Method::PUT,
        "/v1/profiles/{id}/consents",
        Class::Privacy,
        Who::Roles(&[Shop, Support, Privacy, Admin]),
        SMALL,
    ),
    op("serve_features", Method::POST, "/v1/features", Class::Report, Who::Roles(STAFF_AND_SHOP), SMALL),
    op(
        "read_household",
        Method::GET,
        "/v1/profiles/{id}/household",
        Class::Report,
        Who::Roles(&[Support, Privacy, Admin]),
        0,
    ),
    op(
        "join_household",
        Method::PUT,
        "/v1/profiles/{id}/household",
        Class::Privacy,
        Who::Roles(&[Shop, Support, Privacy, Admin]),
        SMALL,
    ),
    op(
        "leave_household",
        Method::DELETE,
        "/v1/profiles/{id}/household",
        Class::Privacy,
        Who::Roles(&[Shop, Support, Privacy, Admin]),
        0,
    ),
    op(
        "link_profiles",
        Method::POST,
        "/v1/profiles/{id}/links",
        Class::Privacy,
        Who::Roles(&[Support, Privacy, Admin]),
        SMALL,
    ),
    op(
        "unlink_profiles",
        Method::DELETE,
        "/v1/profiles/{id}/links/{other}",
        Class::Privacy,
        Who::Roles(&[Support, Privacy, Admin]),
        0,
    ),
    op(
        "export_profile",
        Method::GET,
        "/v1/profiles/{id}/export",
        Class::Privacy,
        Who::Roles(&[Privacy, Admin]),
        0,
    ),
    op(
        "list_dead_letters",
        Method::GET,
        "/v1/dead-letters",
        Class::Report,
        Who::Roles(&[Shop, Privacy, Admin]),
        0,
    ),
    op(
        "read_dead_letter",
        Method::GET,
        "/v1/dead-letters/{id}",
        Class::Report,
        Who::Roles(&[Privacy, Admin]),
        0,
    ),
    op(
        "replay_dead_letter",
        Method::POST,
        "/v1/dead-letters/{id}/replay",
        Class::Ingest,
        Who::Roles(&[Privacy, Admin]),
        SMALL,
    ),
    op(
        "discard_dead_letter",
        Method::DELETE,
        "/v1/dead-letters/{id}",
        Class::Privacy,
        Who::Roles(&[Privacy, Admin]),
        0,
    ),
    op(
        "read_balance",
        Method::GET,
        "/v1/health/balance",
        Class::Report,
        Who::Roles(&[Shop, Analyst, Privacy, Admin]),
        0,
    ),
    op(
        "read_sources",
        Method::GET,
        "/v1/health/sources",
        Class::Report,
        Who::Roles(&[Shop, Analyst, Privacy, Admin]),
        0,
    ),
    op("read_drift", Method::GET, "/v1/events/drift", Class::Report, DRIFT_READERS, 0),
    op("receive_batch", Method::POST, "/v1/batch", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_import", Method::POST, "/v1/import", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_track", Method::POST, "/v1/track", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_identify", Method::POST, "/v1/identify", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_page", Method::POST, "/v1/page", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_screen", Method::POST, "/v1/screen", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_group", Method::POST, "/v1/group", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_alias", Method::POST, "/v1/alias", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_batch_short", Method::POST, "/v1/b", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_track_short", Method::POST, "/v1/t", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_identify_short", Method::POST, "/v1/i", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_page_short", Method::POST, "/v1/p", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_screen_short", Method::POST, "/v1/s", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_group_short", Method::POST, "/v1/g", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("receive_alias_short", Method::POST, "/v1/a", Class::Ingest, SENDERS_ANYWHERE, BATCH),
    op("describe_source", Method::GET, "/v1/projects/{write_key}/settings", Class::Ingest, Who::Anybody, 0),
    op("describe_rudder_source", Method::GET, "/sourceConfig/", Class::Ingest, Who::Anybody, 0),
    op("collect_measurements", Method::POST, "/mp/collect", Class::Ingest, SENDERS_ANYWHERE, SMALL),
    op("receive_cloud_events", Method::POST, "/v1/cloudevents", Class::Ingest, Who::Roles(SENDERS), BATCH),
    op(
        "evaluate_flag",
        Method::POST,
        "/ofrep/v1/evaluate/flags/{key}",
        Class::Decide,
        Who::Roles(ASKERS),
        SMALL,
    ),
    op("evaluate_flags", Method::POST, "/ofrep/v1/evaluate/flags", Class::Decide, Who::Roles(ASKERS), SMALL),
    op("list_keys", Method::GET, "/v1/keys", Class::Report, Who::Roles(&[Admin, Operator]), 0),
    op("create_key", Method::POST, "/v1/keys", Class::Privacy, Who::Roles(&[Admin, Operator]), SMALL),
    op("revoke_key", Method::DELETE, "/v1/keys/{id}", Class::Privacy, Who::Roles(&[Admin, Operator]), 0),
    op(
        "rotate_key",
        Method::POST,
        "/v1/keys/{id}/rotate",
        Class::Privacy,
        Who::Roles(&[Admin, Operator]),
        SMALL,
    ),
    op("open_stream", Method::GET, "/v1/stream", Class::Decide, Who::RolesAnywhere(&[Shop, Admin]), 0),
    op(
        "make_stream_token",
        Method::POST,
        "/v1/stream-tokens",
        Class::Decide,
        Who::Roles(&[Shop, Admin]),
        SMALL,
    ),
    op("list_webhooks", Method::GET, "/v1/webhooks", Class::Report, Who::Roles(&[Shop, Admin]), 0),
    op("register_webhook", Method::POST, "/v1/webhooks", Class::Report, Who::Roles(&[Shop, Admin]), SMALL),
    op("read_webhook", Method::GET, "/v1/webhooks/{id}", Class::Report, Who::Roles(&[Shop, Admin]), 0),
    op(
        "change_webhook",
        Method::PATCH,
        "/v1/webhooks/{id}",
        Class::Report,
        Who::Roles(&[Shop, Admin]),
        SMALL,
    ),
    op("remove_webhook", Method::DELETE, "/v1/webhooks/{id}", Class::Report, Who::Roles(&[Shop, Admin]), 0),
    op(
        "rotate_webhook",
        Method::POST,
        "/v1/webhooks/{id}/rotate",
        Class::Report,
        Who::Roles(&[Shop, Admin]),
        0,
    ),
    op(
        "list_webhook_messages",
        Method::GET,
        "/v1/webhooks/{id}/messages",
        Class::Report,
        Who::Roles(&[Shop, Admin]),
        0,
    ),
    op(
        "replay_webhook",
        Method::POST,
        "/v1/webhooks/{id}/replay",
        Class::Report,
        Who::Roles(&[Shop, Admin]),
        SMALL,
    ),
    op("try_webhook", Method::POST, "/v1/webhooks/{id}/test", Class::Report, Who::Roles(&[Shop, Admin]), 0),
    op("list_tenants", Method::GET, "/v1/tenants", Class::Report, Who::Roles(&[Operator]), 0),
    op("create_tenant", Method::POST, "/v1/tenants", Class::Report, Who::Roles(&[Operator]), SMALL),
    op("show_catalogue", Method::GET, "/v1/catalogue", Class::Report, CATALOGUE_READERS, 0),
    op("replace_catalogue", Method::PUT, "/v1/catalogue", Class::Report, CATALOGUE_WRITERS, BATCH),
    op("list_catalogue_versions", Method::GET, "/v1/catalogue/versions", Class::Report, CATALOGUE_READERS, 0),
    op(
        "show_catalogue_version",
        Method::GET,
        "/v1/catalogue/versions/{version}",
        Class::Report,
        CATALOGUE_READERS,
        0,
    ),
    op(
        "apply_catalogue_version",
        Method::POST,
        "/v1/catalogue/versions/{version}/apply",
        Class::Report,
        CATALOGUE_WRITERS,
        0,
    ),
    op("list_campaigns", Method::GET, "/v1/campaigns", Class::Report, CATALOGUE_READERS, 0),
    op("show_campaign", Method::GET, "/v1/campaigns/{id}", Class::Report, CATALOGUE_READERS, 0),
    op("change_campaign", Method::PUT, "/v1/campaigns/{id}", Class::Report, CATALOGUE_WRITERS, SMALL),
    op("pause_campaign", Method::POST, "/v1/campaigns/{id}/pause", Class::Report, CATALOGUE_WRITERS, 0),
    op("resume_campaign", Method::POST, "/v1/campaigns/{id}/resume", Class::Report, CATALOGUE_WRITERS, 0),
    op("show_campaign_result", Method::GET, "/v1/campaigns/{id}/result", Class::Report, RESULT_READERS, 0),
    op("list_offers", Method::GET, "/v1/offers", Class::Report, CATALOGUE_READERS, 0),
    op("show_offer", Method::GET, "/v1/offers/{id}", Class::Report, CATALOGUE_READERS, 0),
    op("change_offer", Method::PUT, "/v1/offers/{id}", Class::Report, CATALOGUE_WRITERS, SMALL),
    op("show_budget", Method::GET, "/v1/budgets/{campaign}", Class::Report, CATALOGUE_READERS, 0),
    op("change_budget", Method::PUT, "/v1/budgets/{campaign}", Class::Report, CATALOGUE_WRITERS, SMALL),
    op("show_contact_policy", Method::GET, "/v1/contact-policies/{id}", Class::Report, CATALOGUE_READERS, 0),
    op(
        "change_contact_policy",
        Method::PUT,
        "/v1/contact-policies/{id}",
        Class::Report,
        CATALOGUE_WRITERS,
        SMALL,
    ),
    op("list_segments", Method::GET, "/v1/segments", Class::Report, SEGMENT_READERS, 0),
    op("preview_segment", Method::POST, "/v1/segments/preview", Class::Report, SEGMENT_READERS, SMALL),
    op("compare_segments", Method::GET, "/v1/segments/overlap", Class::Report, SEGMENT_READERS, 0),
    op("show_segment", Method::GET, "/v1/segments/{id}", Class::Report, SEGMENT_READERS, 0),
    op("change_segment", Method::PUT, "/v1/segments/{id}", Class::Report, CATALOGUE_WRITERS, SMALL),
    op("list_segment_members", Method::GET, "/v1/segments/{id}/members", Class::Report, MEMBER_READERS, 0),
    op("export_segment", Method::GET, "/v1/segments/{id}/export", Class::Report, MEMBER_READERS, 0),
    op(
        "list_segments_of_profile",
        Method::GET,
        "/v1/profiles/{id}/segments",
        Class::Report,
        Who::Roles(STAFF_AND_SHOP),
        0,
    ),
    op("show_code", Method::GET, "/v1/coupons/{id}/code", Class::Decide, CODE_READERS, 0),
    op("draw_code_as_svg", Method::GET, "/v1/coupons/{id}/code.svg", Class::Decide, CODE_READERS, 0),
    op("draw_code_as_png", Method::GET, "/v1/coupons/{id}/code.png", Class::Decide, CODE_READERS, 0),
    op("list_till_keys", Method::GET, "/v1/tills/keys", Class::Report, COUPON_READERS, 0),
    op(
        "rotate_till_key",
        Method::POST,
        "/v1/tills/keys/rotate",
        Class::Privacy,
        Who::Roles(&[Admin, Operator]),
        0,
    ),
    op("grant_lease", Method::POST, "/v1/tills/{id}/leases", Class::Redeem, LEASE_GRANTERS, SMALL),
    op("list_leases", Method::GET, "/v1/tills/{id}/leases", Class::Redeem, COUPON_READERS, 0),
    op("sync_till", Method::POST, "/v1/tills/{id}/sync", Class::Redeem, REDEEMERS, BATCH),
    op("read_till_day", Method::GET, "/v1/tills/{id}/days/{date}", Class::Report, TILL_DAY_READERS, 0),
    op("begin_bulk", Method::PUT, "/v1/bulks/{name}", Class::Report, BULK_ISSUERS, SMALL),
    op("show_bulk", Method::GET, "/v1/bulks/{name}", Class::Report, BULK_ISSUERS, 0),
    op("continue_bulk", Method::POST, "/v1/bulks/{name}/continue", Class::Report, BULK_ISSUERS, 0),
    op("list_codes_of_bulk", Method::GET, "/v1/bulks/{name}/codes", Class::Report, BULK_ISSUERS, 0),
    op("put_products", Method::POST, "/v1/products", Class::Ingest, PRODUCT_WRITERS, BATCH),
    op("list_products", Method::GET, "/v1/products", Class::Report, PRODUCT_READERS, 0),
    op("show_product", Method::GET, "/v1/products/{id}", Class::Report, PRODUCT_READERS, 0),
    op("show_reduction", Method::GET, "/v1/products/{id}/reduction", Class::Report, PRODUCT_READERS, 0),
    op("delete_product", Method::DELETE, "/v1/products/{id}", Class::Ingest, PRODUCT_WRITERS, 0),
    // A file is read as it comes and may be longer: this is the memory it takes.
    op("import_products", Method::POST, "/v1/products/import", Class::Ingest, PRODUCT_WRITERS, BATCH),
];

/// Finds the operation of a route.
pub fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    // A HEAD is a GET without its body.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    OPERATIONS.iter().find(|operation| operation.method == *method && operation.path == path)
}

/// What a request to no route is counted as.
pub(crate) static NOWHERE: Operation = op("nowhere", Method::GET, "", Class::Report, Who::Roles(&[]), 0);
