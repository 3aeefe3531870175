//! Real sessions: online_shoppers, 12,330 of them, 15.47 % of which bought. C. O. Sakar and others, "Real-time prediction of online
//! shoppers' purchasing intention", 2019. PageValues is left out: it tells what was bought.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

use super::fit::{Row, area, logistic, probability};

/// The session part of the pack, as far as the data set has it, in the same form: a value in a unit, and no more than so many units.
/// It knows no cart and no hesitation. Bounces and exits are what it has of quick returns.
const TERMS: [(&str, f64, f64); 10] = [
    ("ProductRelated", 1.0, 20.0),
    ("ProductRelated", 10.0, 10.0),
    ("Administrative", 1.0, 5.0),
    ("Informational", 1.0, 3.0),
    ("ProductRelated_Duration", 20.0, 6.0),
    ("ProductRelated_Duration", 60.0, 10.0),
    ("ProductRelated_Duration", 600.0, 6.0),
    ("BounceRates", 0.01, 5.0),
    ("ExitRates", 0.01, 3.0),
    ("ExitRates", 0.02, 5.0),
];

struct Session {
    row: Row,
    /// Whether it is a first visit, and how near a day of presents is: what a shop knows when a session begins.
    known: [f64; 2],
    in_month: Vec<f64>,
}

fn sessions() -> Vec<Session> {
    let data = PathBuf::from(
        std::env::var_os("WINK_REFERENCE_DATA").expect("WINK_REFERENCE_DATA names the data sets"),
    );
    let packed = std::fs::read(data.join("online_shoppers/online_shoppers_intention.csv.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let header: BTreeMap<&str, usize> =
        lines.next().unwrap().into_iter().enumerate().map(|(place, name)| (name, place)).collect();
    let lines: Vec<Vec<&str>> = lines.collect();
    let mut months: Vec<&str> = lines.iter().map(|line| line[header["Month"]]).collect();
    months.sort_unstable();
    months.dedup();
    let session = |line: &Vec<&str>| {
        let counted = |(name, unit, at_most): &(&str, f64, f64)| {
            let value: f64 = line[header[name]].parse().unwrap();
            (value / unit).clamp(0.0, *at_most)
        };
        let is_first = f64::from(u8::from(line[header["VisitorType"]] == "New_Visitor"));
        let special_day: f64 = line[header["SpecialDay"]].parse().unwrap();
        // One month less than there are: the intercept is that one's.
        let is_in = |month: &&str| f64::from(u8::from(line[header["Month"]] == *month));
        Session {
            row: Row {
                values: TERMS.iter().map(counted).collect(),
                holds: f64::from(u8::from(line[header["Revenue"]].eq_ignore_ascii_case("true"))),
            },
            known: [is_first, special_day],
            in_month: months[1..].iter().map(is_in).collect(),
        }
    };
    lines.iter().map(session).collect()
}

/// Fits on every other session and tells how well the rest are told apart.
fn held_out(rows: Vec<Row>) -> f64 {
    let (even, odd): (Vec<_>, Vec<_>) = rows.into_iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let [even, odd] = [even, odd].map(|rows| rows.into_iter().map(|(_, row)| row).collect::<Vec<Row>>());
    let weights = logistic(&even);
    area(odd.iter().map(|row| (probability(&weights, &row.values), 0.5 < row.holds)).collect())
}

#[test]
fn reference_real_sessions_are_told_apart_by_the_session_part() {
    let sessions = sessions();
    assert_eq!(sessions.len(), 12_330);
    assert_eq!(sessions.iter().filter(|session| 0.5 < session.row.holds).count(), 1_908);
    let alone = sessions.iter().map(|session| Row { values: session.row.values.clone(), ..session.row });
    let alone = held_out(alone.collect());
    let with_known = sessions.iter().map(|session| Row {
        values: session.row.values.iter().chain(&session.known).copied().collect(),
        ..session.row
    });
    let with_known = held_out(with_known.collect());
    let with_season = sessions.iter().map(|session| Row {
        values: session.row.values.iter().chain(&session.in_month).copied().collect(),
        ..session.row
    });
    let with_season = held_out(with_season.collect());
    println!(
        "hold-out AUC: the session alone {alone:.4}, with first visit and day {with_known:.4}, with the month {with_season:.4}"
    );
    assert!(0.73 <= alone, "{alone}");
    assert!(0.74 <= with_known, "{with_known}");
    assert!(0.74 <= with_season, "{with_season}");
}
