//! The folded state of an identity. Written with every event, so it is packed: buckets that several accumulators share are written
//! once, names without what they have in common with the one before, everything else as small numbers.

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::feature::{
    Accumulated, AccumulatorId, Bucket, Extremes, Histogram, Named, Registers, Series, Shared, Stamped,
    State, Times,
};

use crate::first_state::{self, FirstStateMessage};
use crate::message::{Damaged, Stored, decode, unknown};
use crate::packed::{names_from, steps_from};
use crate::state_bytes;

pub(crate) const WHAT: &str = "feature state";

#[derive(Clone, PartialEq, Message)]
struct StateMessage {
    #[prost(message, repeated, tag = "11")]
    axes: Vec<AxisMessage>,
    #[prost(message, repeated, tag = "12")]
    accumulators: Vec<AccumulatorMessage>,
}

/// The buckets of one accumulator or more.
#[derive(Clone, PartialEq, Eq, Message)]
struct AxisMessage {
    /// 1 minute, 2 day of UTC, 3 day of the shop's calendar, 4 four weeks.
    #[prost(uint32, tag = "1")]
    bucket: u32,
    /// The first bucket's number, then the steps from one to the next.
    #[prost(sint64, repeated, tag = "2")]
    steps: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct AccumulatorMessage {
    #[prost(fixed32, tag = "1")]
    id: u32,
    /// 1 sums, 2 extremes, 3 times, 4 first, 5 last, 6 distinct, 7 spread, 8 shares, 9 newest name.
    #[prost(uint32, tag = "2")]
    kind: u32,
    /// The place of its buckets.
    #[prost(uint32, tag = "3")]
    axis: u32,
    /// Sums: one a bucket. Extremes: smallest, and how much larger the largest is. Times: the instants as first and steps. First and
    /// last: instant and value. Spread: how many classes, then class and count, for each bucket. Shares: the sums of each name, in its
    /// buckets, then by bucket what the total has beyond them, if anything. Newest name: the instant.
    #[prost(sint64, repeated, tag = "4")]
    numbers: Vec<i64>,
    /// Distinct: how many registers, then register and rank, for each bucket. Shares: the names. Newest name: the name.
    #[prost(bytes = "vec", tag = "5")]
    bytes: Vec<u8>,
    /// Times: how many are kept. Shares: the buckets of each name as bits, then those that are samples.
    #[prost(uint64, repeated, tag = "6")]
    bits: Vec<u64>,
}

impl Stored for State {
    fn to_bytes(&self) -> Vec<u8> {
        state_bytes::write(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: StateMessage = decode(WHAT, bytes)?;
        if message.accumulators.is_empty() {
            return first_state::upcast(decode::<FirstStateMessage>(WHAT, bytes)?);
        }
        let StateMessage { axes, accumulators } = message;
        let read =
            |message: AccumulatorMessage| Ok((AccumulatorId(message.id), from_message(message, &axes)?));
        accumulators.into_iter().map(read).collect::<Result<_, _>>().map(Self::new)
    }
}

fn damaged(why: &str) -> Damaged {
    Damaged { what: WHAT, why: why.to_owned() }
}

fn from_message(message: AccumulatorMessage, axes: &[AxisMessage]) -> Result<Accumulated, Damaged> {
    let few = || damaged("an accumulator has too few numbers");
    let mut numbers = message.numbers.iter().copied();
    let mut next = || numbers.next().ok_or_else(few);
    Ok(match message.kind {
        1 => Accumulated::Sums(series(axes, message.axis, &mut next)?),
        2 => Accumulated::Extremes(series(axes, message.axis, || {
            let min = next()?;
            Ok(Extremes { min, max: min.wrapping_add(next()?) })
        })?),
        3 => {
            let keep = message.bits.first().and_then(|keep| u16::try_from(*keep).ok());
            let keep = keep.ok_or_else(|| damaged("it does not say how many times are kept"))?;
            let at = steps_from(&message.numbers).map(Timestamp).collect();
            Accumulated::Times(Times { keep, at })
        }
        4 => Accumulated::First(Stamped { at: Timestamp(next()?), value: next()? }),
        5 => Accumulated::Last(Stamped { at: Timestamp(next()?), value: next()? }),
        6 => {
            let mut bytes = message.bytes.iter().copied();
            let mut next = || bytes.next().ok_or_else(|| damaged("a count of different texts is cut"));
            Accumulated::Distinct(series(axes, message.axis, || {
                let length = usize::from(next()?) + 1;
                (0..length).map(|_| Ok((next()?, next()?))).collect::<Result<_, Damaged>>().map(Registers)
            })?)
        }
        7 => Accumulated::Spread(series(axes, message.axis, || {
            let mut classes = Vec::new();
            for _ in 0..next()? {
                let (class, count) = (i16::try_from(next()?), u32::try_from(next()?));
                let wide = |_| damaged("a class or its count is out of range");
                classes.push((class.map_err(wide)?, count.map_err(wide)?));
            }
            Ok(Histogram(classes))
        })?),
        8 => Accumulated::Shares(read_shares(&message, axes)?),
        9 => {
            let name = std::str::from_utf8(&message.bytes).map_err(|_| damaged("a name is no text"))?;
            Accumulated::Name(Named { at: Timestamp(next()?), name: name.into() })
        }
        other => return Err(unknown(WHAT, "kind", other)),
    })
}

/// Reads a cell for every bucket of an axis.
fn series<C>(
    axes: &[AxisMessage],
    place: u32,
    mut cell: impl FnMut() -> Result<C, Damaged>,
) -> Result<Series<C>, Damaged> {
    let axis = usize::try_from(place).ok().and_then(|place| axes.get(place));
    let axis = axis.ok_or_else(|| damaged("it names buckets that are not there"))?;
    let bucket = match axis.bucket {
        1 => Bucket::Minute,
        2 => Bucket::Day,
        3 => Bucket::ShopDay,
        4 => Bucket::FourWeeks,
        other => return Err(unknown(WHAT, "bucket", other)),
    };
    let mut cells = Vec::with_capacity(axis.steps.len());
    for number in steps_from(&axis.steps) {
        let number = i32::try_from(number).map_err(|_| damaged("a bucket's number is out of range"))?;
        cells.push((number, cell()?));
    }
    if cells.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Ok(Series { bucket, cells });
    }
    Err(damaged("its buckets do not ascend"))
}

fn read_shares(message: &AccumulatorMessage, axes: &[AxisMessage]) -> Result<Series<Shared>, Damaged> {
    let mut read: Series<Shared> = series(axes, message.axis, || Ok(Shared::default()))?;
    let mut numbers = message.numbers.iter();
    let mut bits = message.bits.iter();
    let few = || damaged("shares have too few numbers");
    for name in names_from(&message.bytes).ok_or_else(|| damaged("a name is cut"))? {
        let mask = bits.next().ok_or_else(few)?;
        for (bit, (_, cell)) in (0..64).zip(&mut read.cells) {
            if mask & (1 << bit) != 0 {
                let sum = *numbers.next().ok_or_else(few)?;
                cell.sums.push((name.as_str().into(), sum));
                cell.total = cell.total.checked_add(sum).ok_or_else(|| damaged("a sum is out of range"))?;
            }
        }
    }
    if let Some(samples) = bits.next() {
        for (bit, (_, cell)) in (0..64).zip(&mut read.cells) {
            let beyond = *numbers.next().ok_or_else(few)?;
            cell.total = cell.total.checked_add(beyond).ok_or_else(|| damaged("a sum is out of range"))?;
            cell.is_sample = samples & (1 << bit) != 0;
        }
    }
    Ok(read)
}
