//! Points pay for an order, as money does: they are no discount. What comes back gives them back.

use super::account::{Account, Lot};
use super::ledger::{Cause, Entry, Place};
use crate::base::{Cents, Hasher, Points, ProfileId, RedemptionId, Timestamp};
use crate::coupon::cart::{Room, allocate, of_first};
use crate::coupon::{LineBack, NotReversed, TakenBack};
use crate::offer::{Programme, ReversalReason};

/// An order that was paid with points, in part or altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tender {
    /// The redemption it is.
    pub id: RedemptionId,
    /// Whose points they are, and to whom they come back.
    pub profile: ProfileId,
    /// The shop's id of the order.
    pub order_id: String,
    /// When it was paid.
    pub at: Timestamp,
    /// What was to be paid before points, as [`basis`] tells it: the same request again is known by it.
    pub basis: [u8; 16],
    /// What points paid, line by line; only lines of which they paid something.
    pub lines: Vec<TenderLine>,
    /// Until when those that have not come back would have been there, soonest first: they come back for as long.
    pub lots: Vec<Lot>,
    /// What came back, oldest first.
    pub back: Vec<GivenBack>,
}

/// A line that points paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenderLine {
    /// The shop's name of it.
    pub line: String,
    /// How many pieces.
    pub quantity: u32,
    /// How many of them came back.
    pub back: u32,
    /// What points paid of it.
    pub paid: Cents,
    /// With how many.
    pub points: Points,
}

/// Points that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: ReversalReason,
    /// How many.
    pub points: Points,
    /// What they had paid.
    pub amount: Cents,
}

/// What is to be paid for a line before points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToPay {
    /// The shop's name of it.
    pub line: String,
    /// How many pieces.
    pub quantity: u32,
    /// How much.
    pub amount: Cents,
}

/// Stands for what is to be paid, line by line.
pub fn basis(lines: &[ToPay]) -> [u8; 16] {
    let with = |hasher: Hasher, line: &ToPay| {
        let hasher = hasher.field(line.line.as_bytes()).field(&line.quantity.to_be_bytes());
        hasher.field(&line.amount.0.to_be_bytes())
    };
    lines.iter().fold(Hasher::new("points basis"), with).finish().short()
}

/// The account, what it paid and what moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The account afterwards.
    pub account: Account,
    /// What was paid, afterwards.
    pub tender: Tender,
    /// The movements.
    pub entries: Vec<Entry>,
}

/// Why points do not pay: an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPaid {
    /// The shop has no programme.
    #[error("this shop takes no points")]
    NoProgramme,
    /// Nobody said whose points.
    #[error("say whose points they are")]
    NobodySaid,
    /// There are not as many.
    #[error("there are {balance} points, and {asked} were asked for")]
    Balance {
        /// How many there are.
        balance: Points,
        /// How many were asked for.
        asked: Points,
    },
    /// They are worth more than what is left to pay.
    #[error("at most {most} points can pay for this order")]
    TooMany {
        /// How many can.
        most: Points,
    },
    /// The order is paid with points, and this is another request: another number of them, somebody else's, another cart or one more coupon.
    #[error("points have paid for this order already")]
    PaidBefore,
    /// The order has earned points already, on all of what was paid.
    #[error("this order has earned points already")]
    EarnedBefore,
    /// What was redeemed on the order before does not fit on the cart: what is left to pay is not what the ledger says.
    #[error("a coupon was redeemed on this order with another cart")]
    OtherCart,
}

/// What a payment is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked<'a> {
    /// The redemption it becomes.
    pub id: RedemptionId,
    /// The shop's id of the order.
    pub order_id: &'a str,
}

/// Pays for an order with `points` of an account, those that run out soonest. What they pay is spread over the lines in proportion to
/// what is to be paid for them.
///
/// # Errors
/// [`NotPaid`], if there are not as many or not as many are needed.
pub fn pay(
    account: &Account,
    marked: Marked<'_>,
    lines: &[ToPay],
    points: Points,
    programme: &Programme,
    now: Timestamp,
) -> Result<Paid, NotPaid> {
    let most = programme.most_for(lines.iter().map(|line| line.amount).sum());
    if most < points {
        return Err(NotPaid::TooMany { most });
    }
    let balance = account.balance(now);
    if balance < points {
        return Err(NotPaid::Balance { balance, asked: points });
    }
    let mut account = account.clone();
    let lots = take_soonest(&mut account, points, now);
    account.used += points;
    let mut entries = Vec::new();
    if Points::ZERO < points {
        let about = account.step(Some(Cause::Redemption(marked.id)), now);
        entries.push(Entry::new(about, Place::Held, Place::Used, points));
    }
    let tender = Tender {
        id: marked.id,
        profile: account.profile,
        order_id: marked.order_id.to_owned(),
        at: now,
        basis: basis(lines),
        lines: spread(lines, points, programme),
        lots,
        back: Vec::new(),
    };
    Ok(Paid { account, tender, entries })
}

/// Spreads over the lines what points pay, and the points.
fn spread(lines: &[ToPay], points: Points, programme: &Programme) -> Vec<TenderLine> {
    let room = |amount: Cents| Room { weight: amount, most: amount };
    let rooms: Vec<Room> = lines.iter().map(|line| room(line.amount)).collect();
    let paid = allocate(programme.worth(points), &rooms);
    // A point pays at least one minor unit, so no line has more points than minor units.
    let rooms: Vec<Room> = paid.iter().map(|paid| room(*paid)).collect();
    let points = allocate(Cents(points.0), &rooms);
    let line = |((line, paid), points): ((&ToPay, Cents), Cents)| TenderLine {
        line: line.line.clone(),
        quantity: line.quantity,
        back: 0,
        paid,
        points: Points(points.0),
    };
    lines.iter().zip(paid).zip(points).map(line).filter(|line| Cents::ZERO < line.paid).collect()
}

/// Takes points out of an account, those that run out soonest.
fn take_soonest(account: &mut Account, points: Points, now: Timestamp) -> Vec<Lot> {
    let (mut left, mut lots) = (points, Vec::<Lot>::new());
    for lot in account.lots.clone().into_iter().filter(|lot| now < lot.until) {
        let some = lot.points.min(left);
        if Points::ZERO < some {
            account.take_from(lot.until, some);
            left = left - some;
            lots.push(Lot { until: lot.until, points: some });
        }
    }
    lots
}

/// Gives points back to the account they came from, in proportion to the pieces that come back: all pieces together exactly what the line
/// had. They come back for as long as they would have been there, and what the account owes is taken back of them at once.
///
/// # Errors
/// [`NotReversed`], if there is nothing to come back.
pub fn give_back(
    account: &Account,
    tender: &Tender,
    what: &TakenBack,
    reason: ReversalReason,
    now: Timestamp,
) -> Result<Paid, NotReversed> {
    let mut tender = tender.clone();
    let (points, amount) = tender.count_back(what)?;
    let mut account = account.clone();
    let mut entries = Vec::new();
    if Points::ZERO < points {
        let about = account.step(Some(Cause::Redemption(tender.id)), now);
        tender.lots_back(points).into_iter().for_each(|lot| account.put(lot));
        account.used = account.used - points;
        entries.push(Entry::new(about, Place::Used, Place::Held, points));
        entries.extend(account.settle(now));
    }
    tender.back.push(GivenBack { at: now, reason, points, amount });
    Ok(Paid { account, tender, entries })
}

impl Tender {
    /// The same without the shop's id of the order and its names of lines, of which the places are left: whose it is, what was paid and what came
    /// back stay, so that it can still come back.
    pub fn without_order(&self) -> Self {
        let nameless =
            |(place, line): (usize, &TenderLine)| TenderLine { line: place.to_string(), ..line.clone() };
        let lines = self.lines.iter().enumerate().map(nameless).collect();
        Self { order_id: String::new(), lines, ..self.clone() }
    }

    /// Tells how many points it was, those that came back included.
    pub fn points(&self) -> Points {
        self.lines.iter().map(|line| line.points).sum()
    }

    /// Tells what they paid, what came back included.
    pub fn paid(&self) -> Cents {
        self.lines.iter().map(|line| line.paid).sum()
    }

    /// Tells how many of them came back.
    pub fn returned(&self) -> Points {
        self.back.iter().map(|back| back.points).sum()
    }

    /// Tells what they still pay.
    pub fn pays(&self) -> Cents {
        self.paid() - self.back.iter().map(|back| back.amount).sum()
    }

    /// Tells whether any of it is left: then the order is still paid with points.
    pub fn is_left(&self) -> bool {
        self.lines.iter().any(|line| line.back < line.quantity)
    }

    /// Notes which pieces come back, and tells what they had.
    fn count_back(&mut self, what: &TakenBack) -> Result<(Points, Cents), NotReversed> {
        let pieces = match what {
            TakenBack::Lines(lines) => lines.clone(),
            TakenBack::Everything => {
                let left = self.lines.iter().filter(|line| line.back < line.quantity);
                left.map(|line| LineBack { line: line.line.clone(), quantity: None }).collect()
            }
        };
        if pieces.is_empty() {
            return Err(NotReversed::NothingLeft);
        }
        let (mut points, mut amount) = (Points::ZERO, Cents::ZERO);
        let mut named: Vec<String> = Vec::new();
        for LineBack { line, quantity } in pieces {
            if named.contains(&line) {
                return Err(NotReversed::LineTwice { line });
            }
            let Some(known) = self.lines.iter_mut().find(|known| known.line == line) else {
                return Err(NotReversed::LineUnknown { line });
            };
            let left = known.quantity.saturating_sub(known.back);
            let quantity = quantity.unwrap_or(left);
            if !(1..=left).contains(&quantity) {
                return Err(NotReversed::Quantity { line, left });
            }
            points += Points(known.of_next(Cents(known.points.0), quantity).0);
            amount += known.of_next(known.paid, quantity);
            known.back += quantity;
            named.push(line);
        }
        Ok((points, amount))
    }

    /// Takes so many out of the lots it paid with: those first that last longest.
    fn lots_back(&mut self, points: Points) -> Vec<Lot> {
        let (mut left, mut lots) = (points, Vec::new());
        for lot in self.lots.iter_mut().rev() {
            let some = lot.points.min(left);
            if Points::ZERO < some {
                lot.points = lot.points - some;
                left = left - some;
                lots.push(Lot { until: lot.until, points: some });
            }
        }
        self.lots.retain(|lot| Points::ZERO < lot.points);
        lots
    }
}

impl TenderLine {
    /// Tells what its next pieces have of something that all of them have together.
    fn of_next(&self, all: Cents, pieces: u32) -> Cents {
        let upto = |count| of_first(all, count, self.quantity);
        upto(self.back.saturating_add(pieces)) - upto(self.back)
    }
}
