//! Codes of coupons: shown, issued in bulk, and what tills verify them with.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Where a code was typed. Counted for a while against guessing, and never stored.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedBySent {
    /// The shopper's address, as the shop's server sees it.
    pub address: Option<String>,
    /// The shop's name of the device.
    pub device: Option<String>,
    /// The shop's name of the account.
    pub account: Option<String>,
}

/// For whom a code is.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CodeAsked {
    /// The public Ed25519 key of the device that is to show it, in base64url without padding: then the payload counts from that device only.
    pub holder: Option<String>,
}

/// A coupon's code, in every way it can be printed. Whoever has it may use the coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// The coupon.
    pub coupon: String,
    /// What people type.
    pub code: String,
    /// The same as 24 digits.
    pub digits: String,
    /// What a QR code holds: signed, so that a till verifies it with public keys only.
    pub payload: String,
    /// How often a device completes the payload anew, in seconds; none for one on paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_seconds: Option<u32>,
    /// The first instant it is no longer valid: the coupon's own, whenever the code is asked for.
    pub valid_until: String,
}

/// What a picture shows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PictureAsked {
    /// `qr`, or `code128` for scanners that know bars only; `qr` if it is not said.
    pub form: Option<String>,
}

/// A public key of the shop.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TillKeyView {
    /// The Ed25519 key, in base64url without padding.
    pub key: String,
    /// Since when it signs; the first key says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Until when it signed; the one that signs now says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The public keys of the shop, oldest first. A till needs all of them, as coupons live longer than a key signs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TillKeysListed {
    /// The tenant that payloads must name.
    pub tenant: u32,
    /// The shop's currency: how many decimals its amounts have; missing until a catalogue says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The keys.
    pub data: Vec<TillKeyView>,
}

/// Coupons that are to be issued in bulk.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAsked {
    /// The campaign.
    pub campaign: String,
    /// The offer; the campaign's only one if it is not said.
    pub offer: Option<String>,
    /// How many coupons.
    pub count: u64,
}

/// Coupons issued in bulk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkView {
    /// Its id; its coupons name it where others name their decision.
    pub id: String,
    /// The offer.
    pub offer: String,
    /// How many coupons there are to be.
    pub count: u64,
    /// How many there are.
    pub done: u64,
    /// When it was begun.
    pub begun_at: String,
    /// Whether it does not go on, though not all are there.
    pub stopped: bool,
    /// Why not: `no_room` in budget or total, or `over`: the campaign does not run any more, or these coupons are over already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// Which codes of a bulk.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkCodesAsked {
    /// From which number on, 0 if it is not said.
    pub from: Option<u64>,
    /// How many at most, 1 to 10,000.
    pub limit: Option<u64>,
}

/// A code of a bulk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkCodeView {
    /// Its number, from 0.
    pub number: u64,
    /// The coupon.
    pub coupon: String,
    /// What people type.
    pub code: String,
    /// The same as 24 digits.
    pub digits: String,
}

/// Codes of a bulk, by number.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkCodesListed {
    /// The codes; none after the last.
    pub data: Vec<BulkCodeView>,
}
