//! `/v1/coupons/{id}/code…`: what is printed of a coupon, and `/v1/tills/keys`: what tills verify it with.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wink_api::{CodeAsked, CodeView, CouponsRefused, FileBytes, PictureAsked, TillKeyView, TillKeysListed};
use wink_code::{Code, STEP_SECONDS};
use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Coupon, Refusal};
use wink_record::KeptAnswer;
use wink_store::Store;

use super::body::{Asked, PathName};
use super::cart::hidden;
use super::once::answer;
use super::picture::Picture;
use super::problem::{Refused, invalid, no_such};
use super::service::{Arrival, Caller};
use super::words::Words;
use crate::flow::codes::{self, PublicKey};

/// Shows what can be printed of a coupon: a code to type, the same as digits, and what a QR code holds. Asked for again it is the same, valid
/// until the same instant.
#[utoipa::path(get, path = "/v1/coupons/{id}/code", tag = "coupons", operation_id = "show_code",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…"), CodeAsked),
    responses(
        (status = 200, description = "The code", body = CodeView),
        (status = 409, description = "Why there is none any more", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn show_code<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
    Asked(asked): Asked<CodeAsked>,
) -> Result<Response, Refused> {
    let holder = asked.holder.as_deref().map(holder).transpose()?;
    let (coupon, code) = match printable(&caller, &arrival, &id).await? {
        Ok(found) => found,
        Err(refused) => return Ok(answer(refused)),
    };
    let view = CodeView {
        coupon: coupon.id.to_string(),
        code: code.to_string(),
        digits: code.digits(),
        payload: codes::payload(&caller.engine, &coupon, holder).await?,
        step_seconds: holder.map(|_| STEP_SECONDS),
        valid_until: coupon.valid_until.to_string(),
    };
    Ok(Json(view).into_response())
}

/// Draws a coupon's code as SVG: a QR code, or bars for scanners that know nothing else.
#[utoipa::path(get, path = "/v1/coupons/{id}/code.svg", tag = "coupons", operation_id = "draw_code_as_svg",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…"), PictureAsked),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml"),
        (status = 409, description = "Why there is none any more", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn draw_code_as_svg<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
    Asked(asked): Asked<PictureAsked>,
) -> Result<Response, Refused> {
    draw(&caller, &arrival, &id, &asked, |picture, code| {
        let svg = picture.svg(&code.to_string());
        Some(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
    })
    .await
}

/// Draws a coupon's code as PNG, black on white.
#[utoipa::path(get, path = "/v1/coupons/{id}/code.png", tag = "coupons", operation_id = "draw_code_as_png",
    params(("id" = String, Path, description = "The coupon's id, like cpn_…"), PictureAsked),
    responses(
        (status = 200, description = "The picture", body = FileBytes, content_type = "image/png"),
        (status = 409, description = "Why there is none any more", body = CouponsRefused, content_type = "application/problem+json"),
    ))]
pub(super) async fn draw_code_as_png<S: Store>(
    caller: Caller<S>,
    arrival: Arrival,
    PathName(id): PathName,
    Asked(asked): Asked<PictureAsked>,
) -> Result<Response, Refused> {
    draw(&caller, &arrival, &id, &asked, |picture, _| {
        Some(([(header::CONTENT_TYPE, "image/png")], picture.png()?).into_response())
    })
    .await
}

/// Lists the public keys of the shop: all a till needs to verify what a QR code says, without asking.
#[utoipa::path(get, path = "/v1/tills/keys", tag = "coupons", operation_id = "list_till_keys",
    responses((status = 200, description = "The keys", body = TillKeysListed)))]
pub(super) async fn list_till_keys<S: Store>(caller: Caller<S>) -> Result<Json<TillKeysListed>, Refused> {
    let keys = codes::public_keys(&caller.engine).await?;
    Ok(Json(listed(&caller, &keys)))
}

/// Replaces the key that signs codes. What the old one signed stays good until its coupon runs out.
#[utoipa::path(post, path = "/v1/tills/keys/rotate", tag = "coupons", operation_id = "rotate_till_key",
    responses((status = 200, description = "The keys afterwards; the last one signs", body = TillKeysListed)))]
pub(super) async fn rotate_till_key<S: Store>(caller: Caller<S>) -> Result<Json<TillKeysListed>, Refused> {
    let keys = codes::rotate(&caller.engine, caller.now).await?;
    Ok(Json(listed(&caller, &keys)))
}

fn listed<S: Store>(caller: &Caller<S>, keys: &[PublicKey]) -> TillKeysListed {
    let spelled = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let view = |known: &PublicKey| TillKeyView {
        key: URL_SAFE_NO_PAD.encode(known.key),
        since: spelled(known.since),
        until: spelled(known.until),
    };
    let currency = caller.engine.catalogue().ok().map(|catalogue| catalogue.shop.currency.code().to_owned());
    TillKeysListed { tenant: caller.engine.tenant.0, currency, data: keys.iter().map(view).collect() }
}

async fn draw<S: Store>(
    caller: &Caller<S>,
    arrival: &Arrival,
    id: &str,
    asked: &PictureAsked,
    write: impl Fn(&Picture, &Code) -> Option<Response>,
) -> Result<Response, Refused> {
    let form = asked.form.as_deref().unwrap_or("qr");
    if !["qr", "code128"].contains(&form) {
        return Err(invalid("/form", "a form is `qr` or `code128`"));
    }
    let (coupon, code) = match printable(caller, arrival, id).await? {
        Ok(found) => found,
        Err(refused) => return Ok(answer(refused)),
    };
    let picture = match form {
        "qr" => Picture::qr(&codes::payload(&caller.engine, &coupon, None).await?),
        _ => Picture::bars(&code.digits()),
    };
    // A payload fits any QR code of middle size, and 24 digits any bars.
    picture.and_then(|picture| write(&picture, &code)).ok_or_else(super::problem::broken)
}

/// Finds a coupon that can still be used, with its code; else the answer that says why not.
async fn printable<S: Store>(
    caller: &Caller<S>,
    arrival: &Arrival,
    id: &str,
) -> Result<Result<(Coupon, Code), KeptAnswer>, Refused> {
    let named = CouponId::parse(id).map_err(|_| no_such("coupon"))?;
    let (coupon, code) = codes::show(&caller.engine, named).await.map_err(hidden)?;
    Ok(match coupon.usable_at(caller.now, None) {
        // What waits or is held for an order will be used.
        Ok(()) | Err(Refusal::NotActivated | Refusal::Held { .. }) => Ok((coupon, code)),
        Err(refusal) => {
            let words = Words::of(caller, arrival);
            Err(words.nothing_done(vec![words.refused(id, Some(&coupon), &refusal)], None))
        }
    })
}

fn holder(text: &str) -> Result<[u8; 32], Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| invalid("/holder", "a device's key is 32 bytes in base64url without padding"))
}
