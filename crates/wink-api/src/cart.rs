//! Carts as they are sent, and what coupons do on one: said in the same shape before anybody pays and when somebody has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::base::{Cents, CouponId, Currency};
use wink_core::coupon::cart::{Applied, Best, Line, Priced, VatShare, vat_shares};
use wink_core::coupon::{Coupon, Locale, Refusal};

use crate::{IdentitySent, PointsOnCart, ReasonView, SentenceView, TypedBySent};

/// The most coupons of one cart: more than may ever meet there.
pub const COUPONS_MAX: usize = 20;

/// What somebody is about to buy.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartSent {
    /// The currency of the amounts, by its ISO 4217 code; the shop's if it is not said. Another one is refused.
    pub currency: Option<String>,
    /// At most 500.
    pub lines: Vec<LineSent>,
}

/// Some pieces of one product.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineSent {
    /// Its own id, by which the answer names it.
    pub id: String,
    /// The product, by the shop's id. Its category comes from the list of products.
    pub product_id: String,
    /// A category of it that the list does not say.
    pub category: Option<String>,
    /// How many pieces.
    pub quantity: u32,
    /// The price of one, VAT included, in minor units.
    pub unit_price_cents: i64,
    /// The rate of that VAT, in basis points: 1900 is 19 %.
    pub vat_basis_points: Option<u16>,
    /// What one piece costs the shop, in minor units; as the list of products says if it is left out.
    pub unit_cost_cents: Option<i64>,
}

impl From<LineSent> for Line {
    /// Reads it, without what the list of products says.
    fn from(sent: LineSent) -> Self {
        Self {
            id: sent.id,
            product: sent.product_id,
            categories: sent.category.into_iter().collect(),
            quantity: sent.quantity,
            unit_price: Cents(sent.unit_price_cents),
            vat_basis_points: sent.vat_basis_points,
            unit_cost: sent.unit_cost_cents.map(Cents),
        }
    }
}

/// `POST /v1/qualifications`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QualificationAsked {
    /// Whose coupons.
    pub identity: IdentitySent,
    /// On which cart.
    pub cart: CartSent,
    /// The shop's id of the order, if it has one yet: a coupon that is held for it applies.
    pub order_id: Option<String>,
    /// Public codes they typed: at most 5.
    #[serde(default)]
    #[schema(example = json!(["SOMMER10"]))]
    pub codes: Vec<String>,
    /// The store the cart is in; a till's is its key's.
    pub store: Option<String>,
}

/// `POST /v1/validations`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationAsked {
    /// Who would use them, if that is known: the coupons of others are then not valid.
    pub identity: Option<IdentitySent>,
    /// Which coupons, by id, by code, by a public code, or by what their QR code holds: 1 to 20, or none if points would pay.
    #[serde(default)]
    pub coupons: Vec<String>,
    /// With how many points of the person named by `identity` the rest would be paid: 1 or more.
    pub points: Option<i64>,
    /// Where codes were typed, if the shop's server asks for somebody else.
    pub typed_by: Option<TypedBySent>,
    /// On which cart.
    pub cart: CartSent,
    /// The shop's id of the order, if it has one yet: a coupon that is held for it applies.
    pub order_id: Option<String>,
    /// The store the cart is in; a till's is its key's.
    pub store: Option<String>,
}

/// What applies to a cart for a person. Nothing was stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualificationView {
    /// The public codes that were typed, then each of the person's coupons, as it would be with no other, newest first: those that can be used, and
    /// those that ran out in the last two weeks.
    pub coupons: Vec<CouponOnCart>,
    /// Those that take most off together.
    pub best: BestView,
}

/// The coupons that take most off a cart together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BestView {
    /// Their ids, or the public codes that stand for them, in the order in which they count.
    pub coupons: Vec<String>,
    /// Whether every combination was tried; with very many coupons a better one may exist.
    pub is_exact: bool,
    /// The cart with them.
    pub cart: CartView,
}

impl BestView {
    /// Shows a combination.
    pub fn new(best: &Best<'_>, currency: Currency, name: impl Fn(CouponId) -> String) -> Self {
        let mut coupons: Vec<String> = Vec::new();
        for applied in best.priced.applied() {
            let name = name(applied.coupon);
            // What stands of a coupon's earlier use and its use now are named once.
            if !coupons.contains(&name) {
                coupons.push(name);
            }
        }
        Self { coupons, is_exact: best.is_exact, cart: CartView::new(&best.priced, currency) }
    }
}

/// Coupons together on a cart. A validation stores nothing; a redemption has used those that apply, as long as it did not refuse.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponsOnCart {
    /// Whether all of them apply together.
    pub valid: bool,
    /// Each, in the order asked.
    pub coupons: Vec<CouponOnCart>,
    /// What points pay of it, if they were asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsOnCart>,
    /// The cart with those that apply.
    pub cart: CartView,
}

/// What becomes of a coupon on a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponOnCart {
    /// Its id, as asked.
    pub coupon: String,
    /// Whether it applies.
    pub applies: bool,
    /// Its offer, where the coupon is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// The first instant it is no longer valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// The same in words, with the last minute on the shop's clock; for coupons that apply and are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until_text: Option<SentenceView>,
    /// What it takes off, in minor units.
    pub discount_cents: i64,
    /// What it takes off which line; adds up to the discount.
    pub allocations: Vec<AllocationView>,
    /// What it was redeemed as, once it was: the redemption's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<String>,
    /// Why it does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
}

/// What a coupon takes off a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AllocationView {
    /// The line's id.
    pub line: String,
    /// How much, in minor units.
    pub amount_cents: i64,
}

impl CouponOnCart {
    /// Shows a coupon that takes something off these lines.
    pub fn applied(
        asked: String,
        coupon: &Coupon,
        applied: &Applied,
        lines: &[Line],
        locale: Locale<'_>,
    ) -> Self {
        let allocations = lines.iter().zip(&applied.by_line).filter(|(_, amount)| Cents::ZERO < **amount);
        let allocation = |(line, amount): (&Line, &Cents)| AllocationView {
            line: line.id.clone(),
            amount_cents: amount.0,
        };
        let until = || SentenceView::new(locale, |speaker| speaker.valid_until(coupon.valid_until));
        Self {
            applies: true,
            valid_until_text: coupon.is_in_circulation().then(until),
            discount_cents: applied.amount.0,
            allocations: allocations.map(allocation).collect(),
            ..Self::named(asked, Some(coupon))
        }
    }

    /// Shows a coupon that does not apply; of one that is not there, or not the person's, only what was asked.
    pub fn refused(asked: String, coupon: Option<&Coupon>, refusal: &Refusal, locale: Locale<'_>) -> Self {
        Self { reason: Some(ReasonView::new(refusal, locale)), ..Self::named(asked, coupon) }
    }

    fn named(asked: String, coupon: Option<&Coupon>) -> Self {
        Self {
            coupon: asked,
            applies: false,
            offer: coupon.map(|coupon| coupon.offer.to_string()),
            valid_until: coupon.map(|coupon| coupon.valid_until.to_string()),
            valid_until_text: None,
            discount_cents: 0,
            allocations: Vec::new(),
            redemption: None,
            reason: None,
        }
    }
}

/// A cart with coupons on it, in minor units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartView {
    /// The shop's currency, by its ISO 4217 code.
    pub currency: String,
    /// What it costs without coupons.
    pub price_cents: i64,
    /// What they take off.
    pub discount_cents: i64,
    /// What is to be paid.
    pub to_pay_cents: i64,
    /// The lines, as asked.
    pub lines: Vec<LineView>,
    /// The same by rate of VAT.
    pub vat: Vec<VatView>,
}

/// A line with coupons on it, in minor units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    /// Its id.
    pub id: String,
    /// What it costs without coupons.
    pub price_cents: i64,
    /// What they take off.
    pub discount_cents: i64,
    /// What is to be paid.
    pub to_pay_cents: i64,
}

/// What lines of one rate of VAT have of a cart, in minor units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VatView {
    /// The rate in basis points; missing for lines that named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_basis_points: Option<u16>,
    /// What they cost without coupons, VAT included.
    pub price_cents: i64,
    /// What the coupons take off, VAT included.
    pub discount_cents: i64,
    /// The VAT in that.
    pub discount_vat_cents: i64,
}

impl CartView {
    /// Shows a cart.
    pub fn new(priced: &Priced<'_>, currency: Currency) -> Self {
        let lines = priced.cart().lines().iter().zip(priced.left());
        let line = |(line, left): (&Line, &Cents)| LineView {
            id: line.id.clone(),
            price_cents: line.price().0,
            discount_cents: (line.price() - *left).0,
            to_pay_cents: left.0,
        };
        let vat = |share: VatShare| VatView {
            vat_basis_points: share.rate,
            price_cents: share.before.0,
            discount_cents: share.discount.0,
            discount_vat_cents: share.tax.0,
        };
        let (price, discount) = (priced.cart().price(), priced.discount());
        Self {
            currency: currency.to_string(),
            price_cents: price.0,
            discount_cents: discount.0,
            to_pay_cents: (price - discount).0,
            lines: lines.map(line).collect(),
            vat: vat_shares(priced).into_iter().map(vat).collect(),
        }
    }
}
