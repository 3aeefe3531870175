//! The same catalogue in every currency that has not two decimals: amounts have as many as theirs, and one more is refused.

use wink_core::offer::Benefit;

use super::*;

/// ISO 4217 by the number of decimals; those of two are left out but for one.
const BY_DECIMALS: [(usize, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (2, "EUR"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// Spells so many minor units: digits with a dot before the last `places`.
fn spelled(minor: i64, places: usize) -> String {
    let digits = format!("{minor:0width$}", width = places + 1);
    match digits.split_at(digits.len() - places) {
        (_, "") => digits,
        (whole, rest) => format!("{whole}.{rest}"),
    }
}

/// The catalogue of the other tests, with each of its amounts as so many minor units of this currency.
fn in_currency(code: &str, places: usize) -> BTreeMap<String, String> {
    let amounts = [
        (SHOP, "\"EUR\"", code.to_owned()),
        (SHOP, "\"29.00\"", spelled(2_900, places)),
        (SHOP, "\"0.02\"", spelled(2, places)),
        // Costs are said to a hundredth of a minor unit.
        (SHOP, "\"0.005\"", spelled(50, places + 2)),
        (SHOP, "\"0.01\"", spelled(1, places)),
        ("campaigns/spring.toml", "\"100.00\"", spelled(10_000, places)),
        ("campaigns/spring.toml", "\"1.00\"", spelled(100, places)),
        ("campaigns/spring.toml", "\"5.00\"", spelled(500, places)),
        ("campaigns/spring.toml", "\"1\"", spelled(100, places)),
    ];
    let mut files = files(SHOP, "name", "name");
    for (name, from, to) in amounts {
        let text = files.get_mut(name).unwrap();
        assert!(text.contains(from), "{from} is not in {name}");
        *text = text.replacen(from, &format!("{to:?}"), 1);
    }
    // A number without quotes counts by its digits too.
    let text = files.get_mut("campaigns/spring.toml").unwrap();
    *text = text.replacen("at_most = 3.5", &format!("at_most = {}", spelled(350, places)), 1);
    files
}

fn each(mut what: impl FnMut(&str, usize)) {
    let mut many = 0;
    for (places, codes) in BY_DECIMALS {
        codes.split(' ').for_each(|code| what(code, places));
        many += codes.split(' ').count();
    }
    assert_eq!(many, 27);
}

#[test]
fn a_catalogue_in_any_currency_holds_what_it_spells() {
    each(|code, places| {
        let catalogue = compile(&in_currency(code, places)).unwrap_or_else(|why| panic!("{code}: {why:#?}"));
        assert_eq!(catalogue.shop.currency.code(), code);
        assert_eq!(catalogue.economics.default_basket_cents, 2_900.0, "{code}");
        assert_eq!(catalogue.economics.attention_cost_cents, 2.0, "{code}");
        assert_eq!(catalogue.economics.channel_cost_cents, [0.5, 0.0, 1.0], "{code}");
        assert_eq!(catalogue.campaigns[0].budget, Cents(10_000), "{code}");
        let offer = &catalogue.offers[0];
        let maximum = Cents(350);
        let benefits = [Benefit::Amount(Cents(100)), Benefit::Percent { basis_points: 1_000, maximum }];
        assert_eq!(offer.benefits, benefits, "{code}");
        assert_eq!(
            (offer.terms.minimum_spend, offer.terms.minimum_price),
            (Cents(500), Cents(100)),
            "{code}"
        );
        let told = describe(&catalogue).to_string();
        let budgets = format!("budgets of {} {code} together", spelled(10_000, places));
        assert!(told.contains(&budgets), "{told}");
    });
}

#[test]
fn more_decimals_than_the_currency_has_are_refused_and_not_rounded() {
    each(|code, places| {
        let allowed = |places: usize| match places {
            0 => "no decimals".to_owned(),
            places => format!("at most {places} decimals"),
        };
        let cost = format!("at most {} decimals", places + 2);
        let finer = |minor: i64| spelled(minor, places + 1);
        let wrong = [
            ("campaigns/spring.toml", "budget", spelled(10_000, places), finer(100_005), allowed(places)),
            ("campaigns/spring.toml", "amount", spelled(100, places), finer(1_005), allowed(places)),
            ("campaigns/spring.toml", "minimum_spend", spelled(500, places), finer(5_005), allowed(places)),
            (SHOP, "newsletter", spelled(50, places + 2), spelled(505, places + 3), cost),
        ];
        for (file, key, from, to, allowed) in wrong {
            let mut files = in_currency(code, places);
            let text = files.get_mut(file).unwrap();
            let before = format!("{key} = {from:?}");
            assert!(text.contains(&before), "{before} is not in {file}");
            *text = text.replacen(&before, &format!("{key} = {to:?}"), 1);
            let found: Vec<String> = compile(&files).unwrap_err().iter().map(Finding::to_string).collect();
            let said = format!(": `{key}` has {allowed}, this is {to}");
            assert!(found.len() == 1 && found[0].ends_with(&said), "{code}: {found:?} does not say {said}");
        }
    });
}

#[test]
fn an_amount_that_is_none_is_shown_how_the_shop_would_write_it() {
    for (code, places, how) in [
        ("JPY", 0, "write digits, without currency or spaces, like `\"150\"`"),
        ("KWD", 3, "write digits and a dot, without currency or spaces, like `\"0.150\"`"),
    ] {
        let mut files = in_currency(code, places);
        let text = files.get_mut("campaigns/spring.toml").unwrap();
        *text = text.replacen(&format!("{:?}", spelled(10_000, places)), "\"100,00\"", 1);
        let found = compile(&files).unwrap_err()[0].to_string();
        assert!(found.ends_with(&format!(": `budget` is not an amount: 100,00 (fix: {how})")), "{found}");
    }
}
