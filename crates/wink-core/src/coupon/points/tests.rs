//! Points on examples, and on drawn histories of orders, payments, returns, repetitions and time (I5).

use std::collections::BTreeMap;

use super::*;
use crate::base::{Cents, Chance, Points, ProfileId, RedemptionId, Timestamp, Zone};
use crate::coupon::{LineBack, NotReversed, TakenBack};
use crate::event::Line;
use crate::offer::{Programme, ReversalReason};

const DAY: i64 = 86_400_000;
const ORDER: [u8; 16] = [1; 16];

fn programme() -> Programme {
    Programme { per_unit: 1, worth: Cents(1), expire_months: 12 }
}

fn account(number: u8) -> Account {
    Account::new([number; 16], ProfileId::from_bytes([number; 16]))
}

fn redemption(number: u8) -> RedemptionId {
    RedemptionId::from_bytes([number; 16])
}

fn marked(number: u8) -> Marked<'static> {
    Marked { id: redemption(number), order_id: "B-1" }
}

fn to_pay(lines: &[(u32, i64)]) -> Vec<ToPay> {
    let line = |(number, (quantity, amount)): (usize, &(u32, i64))| ToPay {
        line: number.to_string(),
        quantity: *quantity,
        amount: Cents(*amount),
    };
    lines.iter().enumerate().map(line).collect()
}

fn bought(paid: &[i64]) -> Vec<Line> {
    let line = |paid: &i64| Line {
        product_id: "shoe".to_owned(),
        category: None,
        quantity: 1,
        paid: Cents(*paid),
        discount: Cents::ZERO,
        coupon_discount: Cents::ZERO,
    };
    paid.iter().map(line).collect()
}

/// An account that earned on an order of so many cents at `now`.
fn with(cents: i64, now: Timestamp) -> (Account, Earned) {
    let programme = programme();
    let what = programme.earned(&bought(&[cents]), Cents::ZERO, &[], now);
    let (moved, earned) = earn(&account(1), ORDER, what, programme.until(&Zone::utc(), now), now).unwrap();
    (moved.account, earned)
}

fn paid(account: &Account, lines: &[(u32, i64)], points: i64, now: Timestamp) -> Result<Paid, NotPaid> {
    pay(account, marked(2), &to_pay(lines), Points(points), &programme(), now)
}

fn said(entries: &[Entry]) -> String {
    let said = |entry: &Entry| format!("{}>{} {}", entry.from.name(), entry.to.name(), entry.points);
    entries.iter().map(said).collect::<Vec<_>>().join(", ")
}

fn back(line: usize, quantity: u32) -> TakenBack {
    TakenBack::Lines(vec![LineBack { line: line.to_string(), quantity: Some(quantity) }])
}

#[test]
fn an_order_earns_on_what_money_pays() {
    let earned =
        |lines: &[i64], by_points| programme().earned(&bought(lines), Cents(by_points), &[], Timestamp(0));
    assert_eq!(earned(&[1_050, 2_099], 0), (Cents(3_149), Points(31)), "the rest is not rounded up");
    assert_eq!(earned(&[1_000], 31), (Cents(969), Points(9)));
    assert_eq!(earned(&[1_000], 2_000), (Cents(0), Points(0)));
    assert_eq!(earned(&[], 0), (Cents(0), Points(0)));
}

#[test]
fn points_pay_line_by_line_and_no_more_than_there_are_or_is_to_pay() {
    let (account, _) = with(500_000, Timestamp(0));
    let done = paid(&account, &[(1, 1_000), (3, 2_000)], 31, Timestamp(DAY)).unwrap();
    assert_eq!(said(&done.entries), "held>used 31");
    let lines: Vec<(i64, i64)> = done.tender.lines.iter().map(|line| (line.paid.0, line.points.0)).collect();
    assert_eq!(lines, [(10, 10), (21, 21)]);
    let asked = |points, spend, at| paid(&account, &[(1, spend)], points, Timestamp(at)).unwrap_err();
    assert_eq!(asked(5_001, 9_999, 0), NotPaid::Balance { balance: Points(5_000), asked: Points(5_001) });
    assert_eq!(asked(101, 100, 0), NotPaid::TooMany { most: Points(100) });
    // 1970-01-01 and twelve months: until the end of 1971-01-01.
    assert_eq!(asked(1, 100, 366 * DAY), NotPaid::Balance { balance: Points(0), asked: Points(1) });
    assert!(paid(&account, &[(1, 100)], 1, Timestamp(366 * DAY - 1)).is_ok());
}

#[test]
fn what_comes_back_takes_its_points_back_and_each_cent_once() {
    let (account, earned) = with(3_000, Timestamp(0));
    let (one, earned) = claw_back(&account, &earned, Some(Cents(1_000)), Timestamp(DAY)).unwrap();
    assert_eq!(said(&one.entries), "held>taken_back 10");
    let (rest, earned) = claw_back(&one.account, &earned, Some(Cents(9_000)), Timestamp(DAY)).unwrap();
    assert_eq!(said(&rest.entries), "held>taken_back 20");
    assert_eq!(claw_back(&rest.account, &earned, None, Timestamp(DAY)), None);
}

#[test]
fn what_was_used_meanwhile_stays_uncollected_and_the_balance_at_nothing() {
    let (account, earned) = with(10_000, Timestamp(0));
    let used = paid(&account, &[(1, 80)], 80, Timestamp(DAY)).unwrap();
    let (taken, earned) = claw_back(&used.account, &earned, None, Timestamp(DAY)).unwrap();
    assert_eq!(said(&taken.entries), "held>taken_back 20");
    assert_eq!(earned.uncollected, Points(80));
    assert_eq!((taken.account.balance(Timestamp(DAY)), taken.account.owed), (Points(0), Points(80)));
    // What comes back goes to what is owed, and so does what is earned later.
    let given = give_back(
        &taken.account,
        &used.tender,
        &TakenBack::Everything,
        ReversalReason::Cancel,
        Timestamp(DAY),
    );
    let given = given.unwrap();
    assert_eq!(said(&given.entries), "used>held 80, held>taken_back 80");
    assert_eq!((given.account.held(), given.account.owed), (Points(0), Points(0)));
    let (later, _) =
        earn(&taken.account, [7; 16], (Cents(10_000), Points(100)), Timestamp(9 * DAY), Timestamp(DAY))
            .unwrap();
    assert_eq!(said(&later.entries), "shop>held 100, held>taken_back 80");
    let given = give_back(
        &later.account,
        &used.tender,
        &TakenBack::Everything,
        ReversalReason::Cancel,
        Timestamp(DAY),
    );
    assert_eq!(
        given.unwrap().account.balance(Timestamp(DAY)),
        Points(100),
        "those of the order that is kept"
    );
}

#[test]
fn what_ran_out_unused_is_nobodys_debt() {
    let (account, earned) = with(10_000, Timestamp(0));
    let late = Timestamp(400 * DAY);
    let gone = expire(&account, late).unwrap();
    let (taken, earned) = claw_back(&gone.account, &earned, None, late).unwrap();
    assert_eq!((earned.uncollected, taken.account.owed), (Points(100), Points(0)));
}

#[test]
fn points_that_paid_come_back_piece_by_piece_and_no_younger() {
    let (account, _) = with(1_000, Timestamp(0));
    let late = Timestamp(300 * DAY);
    let done = paid(&account, &[(3, 1_000)], 10, late).unwrap();
    let give = |done: &Paid, what: &TakenBack| {
        give_back(&done.account, &done.tender, what, ReversalReason::Refund, late)
    };
    let one = give(&done, &back(0, 1)).unwrap();
    assert_eq!((said(&one.entries).as_str(), one.tender.pays()), ("used>held 3", Cents(7)));
    let rest = give(&one, &TakenBack::Everything).unwrap();
    assert_eq!((said(&rest.entries).as_str(), rest.tender.is_left()), ("used>held 7", false));
    assert_eq!(rest.account.lots, account.lots, "for as long as they would have been there");
    assert_eq!(give(&rest, &TakenBack::Everything), Err(NotReversed::NothingLeft));
    assert_eq!(give(&one, &back(7, 1)), Err(NotReversed::LineUnknown { line: "7".to_owned() }));
    assert_eq!(give(&one, &back(0, 3)), Err(NotReversed::Quantity { line: "0".to_owned(), left: 2 }));
}

#[test]
fn points_run_out_and_an_account_is_closed_once() {
    let (account, _) = with(1_000, Timestamp(0));
    assert_eq!(account.due_at(), Some(Timestamp(366 * DAY)));
    assert_eq!(expire(&account, Timestamp(366 * DAY - 1)), None);
    let gone = expire(&account, Timestamp(366 * DAY)).unwrap();
    assert_eq!(said(&gone.entries), "held>expired 10");
    assert_eq!(expire(&gone.account, Timestamp(400 * DAY)), None);
    assert_eq!(said(&close(&account, Timestamp(1)).unwrap().entries), "held>expired 10");
}

#[test]
fn points_last_to_the_end_of_a_day_of_the_shops_calendar() {
    let berlin = Zone::new("Europe/Berlin").unwrap();
    let until = |months, now: &str| {
        let programme = Programme { expire_months: months, ..programme() };
        programme.until(&berlin, Timestamp::parse(now).unwrap()).to_string()
    };
    assert_eq!(until(1, "2026-01-31T10:00:00Z"), "2026-02-28T23:00:00Z");
    assert_eq!(until(6, "2026-01-15T23:30:00Z"), "2026-07-16T22:00:00Z");
}

/// What a step of a drawn history may be asked to do wrong, to see that it would be noticed.
#[derive(Clone, Copy, PartialEq)]
enum Mutant {
    None,
    /// A repeated order earns again.
    ForgetsOrders,
    /// A returned order keeps what it earned.
    KeepsEarned,
    /// What was used may be used again.
    PaysFromNothing,
    /// What paid comes back twice.
    GivesBackTwice,
    /// What paid comes back without a look at what is owed.
    ForgetsOwed,
}

/// Two accounts, each for itself even if they are one person's, and what is remembered beside them.
struct World {
    accounts: Vec<Account>,
    earned: BTreeMap<u8, Earned>,
    tenders: BTreeMap<u8, Tender>,
    entries: Vec<Entry>,
}

/// One history: whether what must hold holds after every step.
fn history(seed: u64, mutant: Mutant) -> Result<(), String> {
    let mut chance = Chance::new(seed, "points");
    let mut pick = |below: u64| {
        let bytes = chance.bytes();
        u64::from_le_bytes(bytes[..8].try_into().unwrap()) % below
    };
    let mut number = |below: u64| i64::try_from(pick(below)).unwrap();
    let programme = Programme {
        per_unit: u32::try_from(1 + number(5)).unwrap(),
        worth: Cents(1 + number(3)),
        expire_months: u16::try_from(1 + number(3)).unwrap(),
    };
    let mut world = World {
        accounts: vec![account(1), account(2)],
        earned: BTreeMap::new(),
        tenders: BTreeMap::new(),
        entries: Vec::new(),
    };
    let mut now = Timestamp(0);
    for _ in 0..12 {
        now = Timestamp(now.0 + number(20) * DAY);
        let key = u8::try_from(number(6)).unwrap();
        let whose = usize::try_from(number(2)).unwrap();
        match number(6) {
            0 | 1 => {
                let lines: Vec<i64> = (0..=number(3)).map(|_| number(3_000)).collect();
                let what = programme.earned(&bought(&lines), Cents(number(500)), &[], now);
                let is_known = world.earned.contains_key(&key) && mutant != Mutant::ForgetsOrders;
                let until = programme.until(&Zone::utc(), now);
                if !is_known
                    && let Some((moved, earned)) = earn(&world.accounts[whose], [key; 16], what, until, now)
                {
                    world.accounts[whose] = moved.account;
                    world.entries.extend(moved.entries);
                    world.earned.insert(key, earned);
                }
            }
            2 => {
                let lines: Vec<(u32, i64)> =
                    (0..=number(3)).map(|_| (u32::try_from(1 + number(4)).unwrap(), number(3_000))).collect();
                let whole: i64 = lines.iter().map(|(_, amount)| amount).sum();
                let points = Points(number(60));
                let id = marked(key);
                if !world.tenders.contains_key(&key)
                    && let Ok(done) =
                        pay(&world.accounts[whose], id, &to_pay(&lines), points, &programme, now)
                {
                    let paid = done.tender.paid();
                    if whole < paid.0 || paid != programme.worth(points) || done.tender.points() != points {
                        return Err(format!("{points} points paid {} of {whole}", paid.0));
                    }
                    if mutant != Mutant::PaysFromNothing {
                        world.accounts[whose] = done.account;
                    }
                    world.entries.extend(done.entries);
                    world.tenders.insert(key, done.tender);
                }
            }
            3 => {
                let Some(earned) = world.earned.get(&key) else { continue };
                let back = Some(Cents(number(4_000))).filter(|back| back.0 < 3_000);
                let place = place_of(earned.profile);
                if let Some((moved, earned)) = claw_back(&world.accounts[place], earned, back, now) {
                    if mutant != Mutant::KeepsEarned {
                        world.accounts[place] = moved.account;
                    }
                    world.entries.extend(moved.entries);
                    world.earned.insert(key, earned);
                }
            }
            4 => {
                let Some(tender) = world.tenders.get(&key) else { continue };
                let what = match number(2) {
                    0 => TakenBack::Everything,
                    _ => back(usize::try_from(number(4)).unwrap(), u32::try_from(1 + number(2)).unwrap()),
                };
                let place = place_of(tender.profile);
                if mutant == Mutant::ForgetsOwed {
                    world.accounts[place].owed = Points::ZERO;
                }
                let done = give_back(&world.accounts[place], tender, &what, ReversalReason::Refund, now);
                if let Ok(done) = done {
                    world.accounts[place] = done.account;
                    world.entries.extend(done.entries);
                    if mutant != Mutant::GivesBackTwice {
                        world.tenders.insert(key, done.tender);
                    }
                }
            }
            _ => {
                for account in &mut world.accounts {
                    if let Some(done) = expire(account, now) {
                        *account = done.account;
                        world.entries.extend(done.entries);
                    }
                }
            }
        }
        world.holds()?;
    }
    world.return_everything(mutant, number(2) == 0, now)
}

fn place_of(profile: ProfileId) -> usize {
    usize::from(profile.bytes()[0]) - 1
}

impl World {
    /// Returns every order and gives every payment back, in either order: then nobody has anything to use.
    fn return_everything(
        &mut self,
        mutant: Mutant,
        are_orders_first: bool,
        now: Timestamp,
    ) -> Result<(), String> {
        for are_orders in [are_orders_first, !are_orders_first] {
            for earned in self.earned.values_mut().filter(|_| are_orders) {
                let account = &mut self.accounts[place_of(earned.profile)];
                if let Some((moved, after)) = claw_back(account, earned, None, now) {
                    (*account, *earned) = (moved.account, after);
                    self.entries.extend(moved.entries);
                }
            }
            for tender in self.tenders.values_mut().filter(|tender| !are_orders && tender.is_left()) {
                let account = &mut self.accounts[place_of(tender.profile)];
                if mutant == Mutant::ForgetsOwed {
                    account.owed = Points::ZERO;
                }
                let done = give_back(account, tender, &TakenBack::Everything, ReversalReason::Cancel, now);
                let done = done.map_err(|error| error.to_string())?;
                (*account, *tender) = (done.account, done.tender);
                self.entries.extend(done.entries);
            }
        }
        self.holds()?;
        match self.accounts.iter().map(|account| account.balance(now)).sum() {
            Points::ZERO => Ok(()),
            left => Err(format!("everything came back, and {left} points can be used")),
        }
    }

    /// Tells what lies in a place: of everybody, or of one account.
    fn at(&self, place: Place, of: Option<[u8; 16]>) -> i64 {
        let its = self.entries.iter().filter(|entry| of.is_none_or(|account| entry.account == account));
        its.map(|entry| match place {
            _ if entry.to == place => entry.points.0,
            _ if entry.from == place => -entry.points.0,
            _ => 0,
        })
        .sum()
    }

    fn holds(&self) -> Result<(), String> {
        for account in &self.accounts {
            let held = self.at(Place::Held, Some(account.id));
            let is_sound = account.lots.iter().all(|lot| Points::ZERO < lot.points)
                && (Points::ZERO..=account.used).contains(&account.owed)
                && account.used.0 == self.at(Place::Used, Some(account.id));
            if held != account.held().0 || held < 0 || !is_sound {
                return Err(format!("{held} in the ledger, {} in the account", account.held()));
            }
        }
        let mut ids: Vec<[u8; 16]> = self.entries.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != self.entries.len() {
            return Err("two movements have one id".to_owned());
        }
        // Every point there ever was, was earned on an order, once; what came back was taken back, or is noted.
        let sum = |points: &dyn Fn(&Earned) -> Points| self.earned.values().map(points).sum::<Points>().0;
        let (made, earned) = (-self.at(Place::Shop, None), sum(&|earned| earned.points));
        if earned != made {
            return Err(format!("{made} were made for {earned} earned"));
        }
        let (back, uncollected) = (sum(&|earned| earned.returned()), sum(&|earned| earned.uncollected));
        let by_orders =
            self.entries.iter().filter(|entry| entry.to == Place::TakenBack && entry.cause.is_some());
        let taken = by_orders.map(|entry| entry.points).sum::<Points>().0;
        if back != taken + uncollected {
            return Err(format!("{back} came back, {taken} were taken, {uncollected} noted"));
        }
        let used: Points = self.tenders.values().map(|tender| tender.points() - tender.returned()).sum();
        let lots: Points = self.tenders.values().flat_map(|tender| &tender.lots).map(|lot| lot.points).sum();
        if used.0 != self.at(Place::Used, None) || lots != used {
            return Err(format!(
                "{} are used, tenders know of {used} and {lots}",
                self.at(Place::Used, None)
            ));
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a campaign names its seed and how many follow it")]
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A campaign asks for 100,000.
#[test]
#[expect(clippy::disallowed_macros, reason = "a campaign says what it tried")]
fn no_history_makes_points_or_goes_below_nothing() {
    let (first, count) = (asked("WINK_TEST_SEED", 1), asked("WINK_TEST_POINTS", 5_000));
    println!("{count} histories of 12 steps from seed {first}");
    for seed in first..first + count {
        if let Err(why) = history(seed, Mutant::None) {
            panic!("seed {seed}: {why}");
        }
    }
}

#[test]
fn histories_that_do_it_wrong_are_noticed() {
    for (mutant, name) in [
        (Mutant::ForgetsOrders, "forgets orders"),
        (Mutant::KeepsEarned, "keeps earned"),
        (Mutant::PaysFromNothing, "pays from nothing"),
        (Mutant::GivesBackTwice, "gives back twice"),
        (Mutant::ForgetsOwed, "forgets what is owed"),
    ] {
        assert!((1..1_000).any(|seed| history(seed, mutant).is_err()), "{name}");
    }
}
