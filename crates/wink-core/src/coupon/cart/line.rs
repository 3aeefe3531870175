//! A cart and its lines, as the shop says them.

use std::collections::BTreeSet;

use crate::base::Cents;

/// The most lines of a cart: what a till prints in some minutes. More is a mistake of whoever asks.
pub const LINES_MAX: usize = 500;

/// The most a cart may cost, in minor units.
const PRICE_MAX: i64 = Cents::MOST.0;

/// The longest id of a product, in bytes; as for products of the list.
const PRODUCT_BYTES_MAX: usize = 128;

/// The longest id of a line, in bytes. Every coupon of an order is answered and kept line by line, so ids are a part of what an order takes.
const LINE_BYTES_MAX: usize = 64;

/// Some pieces of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its own id, for the answer; the shop's words.
    pub id: String,
    /// The product.
    pub product: String,
    /// The product's categories, in the shop's words.
    pub categories: Vec<String>,
    /// How many pieces.
    pub quantity: u32,
    /// The price of one, as the shopper pays it without coupons.
    pub unit_price: Cents,
    /// The rate of the VAT that is in the price, in basis points (1,900 = 19 %), if the shop says so.
    pub vat_basis_points: Option<u16>,
    /// What one piece costs the shop, if it says so.
    pub unit_cost: Option<Cents>,
}

impl Line {
    /// Tells what all its pieces cost the shopper without coupons.
    pub fn price(&self) -> Cents {
        // INVARIANT: a cart holds no line whose product does not fit.
        Cents(self.unit_price.0 * i64::from(self.quantity))
    }

    /// Takes what the shop's list says one piece costs it, where the line says nothing. A cost that no cart could hold is at least the price.
    pub fn costs(&mut self, listed: Option<Cents>) {
        let all = |cost: Cents| cost.0.checked_mul(i64::from(self.quantity)).filter(|all| *all <= PRICE_MAX);
        let listed = listed.map(|cost| all(cost).map_or(self.unit_price, |_| cost));
        self.unit_cost = self.unit_cost.or(listed);
    }

    /// Tells what all its pieces cost the shop, if that is known.
    pub fn cost(&self) -> Option<Cents> {
        self.unit_cost.map(|cost| Cents(cost.0 * i64::from(self.quantity)))
    }

    /// Tells whether it is of one of these categories; of none in particular, every line is.
    pub fn is_of(&self, categories: &[String]) -> bool {
        categories.is_empty() || self.categories.iter().any(|category| categories.contains(category))
    }
}

/// What somebody is about to buy. Its lines have different ids, and no sum over them overflows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    lines: Vec<Line>,
}

/// Why lines are not a cart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotACart {
    /// Which line, from 0; `None` if it is all of them.
    pub line: Option<usize>,
    /// Which field of it.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Cart {
    /// Takes the lines. None at all is an empty cart.
    ///
    /// # Errors
    /// Says which line is wrong, and what with it.
    pub fn new(lines: Vec<Line>) -> Result<Self, NotACart> {
        let whole = |why: String| NotACart { line: None, field: "lines", why };
        if LINES_MAX < lines.len() {
            return Err(whole(format!("a cart has at most {LINES_MAX} lines, this has {}", lines.len())));
        }
        let (mut total, mut ids) = (0_i64, BTreeSet::new());
        for (index, line) in lines.iter().enumerate() {
            let wrong = |(field, why)| NotACart { line: Some(index), field, why };
            check(line).map_err(wrong)?;
            if !ids.insert(&line.id) {
                return Err(wrong(("id", format!("another line has the id `{}` already", line.id))));
            }
            total += line.price().0;
            if PRICE_MAX < total {
                return Err(whole(format!("a cart costs at most {PRICE_MAX}")));
            }
        }
        Ok(Self { lines })
    }

    /// Lists the lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Gives the lines.
    pub fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// Tells what all of it costs without coupons.
    pub fn price(&self) -> Cents {
        self.lines.iter().map(Line::price).sum()
    }
}

fn check(line: &Line) -> Result<(), (&'static str, String)> {
    let ids = [("id", &line.id, LINE_BYTES_MAX), ("product_id", &line.product, PRODUCT_BYTES_MAX)];
    for (field, text, most) in ids {
        if text.trim().is_empty() || most < text.len() || text.contains(char::is_control) {
            return Err((field, format!("must have 1 to {most} bytes, none of them a control character")));
        }
    }
    if line.quantity == 0 {
        return Err(("quantity", "must be at least 1".to_owned()));
    }
    let amounts = [("unit_price_cents", Some(line.unit_price)), ("unit_cost_cents", line.unit_cost)];
    for (field, amount) in amounts.into_iter().filter_map(|(field, amount)| Some((field, amount?))) {
        let all = amount.0.checked_mul(i64::from(line.quantity));
        if !all.is_some_and(|all| (0..=PRICE_MAX).contains(&all)) {
            return Err((field, format!("must be 0 to {PRICE_MAX} for all pieces together")));
        }
    }
    if line.vat_basis_points.is_some_and(|rate| 10_000 < rate) {
        return Err(("vat_basis_points", "must be 0 to 10000".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, quantity: u32, unit_price: i64) -> Line {
        Line {
            id: id.to_owned(),
            product: "p".to_owned(),
            categories: Vec::new(),
            quantity,
            unit_price: Cents(unit_price),
            vat_basis_points: None,
            unit_cost: None,
        }
    }

    fn check(lines: Vec<Line>, expected: &str) {
        let text = match Cart::new(lines) {
            Ok(cart) => cart.price().in_euros(),
            Err(wrong) => format!("{:?} {} {wrong}", wrong.line, wrong.field),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn a_cart_has_lines_that_make_sense() {
        check(vec![], "0.00");
        check(vec![line("a", 3, 250), line("b", 1, 0)], "7.50");
        check(vec![line("a", 1, 1), line("a", 1, 1)], "Some(1) id another line has the id `a` already");
        check(vec![line("", 1, 1)], "Some(0) id must have 1 to 64 bytes, none of them a control character");
        check(vec![line("a", 0, 1)], "Some(0) quantity must be at least 1");
        check(
            vec![line("a", u32::MAX, i64::MAX)],
            "Some(0) unit_price_cents must be 0 to 100000000000 for all pieces together",
        );
        check(
            vec![Line { unit_cost: Some(Cents(-1)), ..line("a", 1, 1) }],
            "Some(0) unit_cost_cents must be 0 to 100000000000 for all pieces together",
        );
        check(
            vec![Line { vat_basis_points: Some(10_001), ..line("a", 1, 1) }],
            "Some(0) vat_basis_points must be 0 to 10000",
        );
        check(vec![line("a", 1, PRICE_MAX), line("b", 1, 1)], "None lines a cart costs at most 100000000000");
        let many = (0..=LINES_MAX).map(|number| line(&number.to_string(), 1, 1)).collect();
        check(many, "None lines a cart has at most 500 lines, this has 501");
    }
}
