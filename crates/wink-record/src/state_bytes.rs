//! Writes a state straight into the bytes of its message: it is written with every event, and what stands between would be made and thrown away
//! each time. Field by field in the order of their tags, as `prost` writes `StateMessage` and reads it back.

use prost::encoding::{WireType, encode_key, encode_varint};
use wink_core::feature::{
    Accumulated, AccumulatorId, Bucket, Extremes, Histogram, Registers, Series, Shared, State,
};

use crate::packed::names_to;

/// What most states take at most: a buffer that grows to it from nothing is copied eight times.
const TYPICAL_BYTES: usize = 1_024;

/// Writes a state.
pub(crate) fn write(state: &State) -> Vec<u8> {
    let mut writer = Writer {
        accumulators: Vec::with_capacity(TYPICAL_BYTES),
        message: Vec::with_capacity(TYPICAL_BYTES / 4),
        ..Writer::default()
    };
    for (id, accumulated) in state.accumulated() {
        writer.accumulator(*id, accumulated);
    }
    writer.finish()
}

/// What is written so far. The buffers are used again for every accumulator.
#[derive(Default)]
struct Writer {
    /// The buckets that were met, each once: what a bucket is, and the steps from one number to the next.
    axes: Vec<(u64, Vec<i64>)>,
    accumulators: Vec<u8>,
    message: Vec<u8>,
    steps: Vec<i64>,
    fields: Fields,
}

/// The repeated fields of one accumulator, as they are packed.
#[derive(Default)]
struct Fields {
    numbers: Vec<u8>,
    bytes: Vec<u8>,
    bits: Vec<u8>,
}

impl Fields {
    fn number(&mut self, number: i64) {
        encode_varint(zigzag(number), &mut self.numbers);
    }

    fn bits(&mut self, bits: u64) {
        encode_varint(bits, &mut self.bits);
    }
}

/// Small numbers of either sign become small numbers: the encoding of `sint64`.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Writes a field of bytes or of packed numbers; an empty one is left out.
fn packed(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        embedded(tag, bytes, out);
    }
}

/// Writes a message in a message, or anything else with its length before it.
fn embedded(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(bytes);
}

/// Writes a number; zero is left out.
fn number(tag: u32, number: u64, out: &mut Vec<u8>) {
    if number != 0 {
        encode_key(tag, WireType::Varint, out);
        encode_varint(number, out);
    }
}

impl Writer {
    fn finish(mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.accumulators.len() + 256);
        for (bucket, steps) in &self.axes {
            self.message.clear();
            self.fields.numbers.clear();
            number(1, *bucket, &mut self.message);
            steps.iter().for_each(|step| self.fields.number(*step));
            packed(2, &self.fields.numbers, &mut self.message);
            embedded(11, &self.message, &mut out);
        }
        out.append(&mut self.accumulators);
        out
    }

    /// Finds the place of a series' buckets, and notes those that are new.
    fn axis<C>(&mut self, series: &Series<C>) -> u64 {
        let bucket = match series.bucket {
            Bucket::Minute => 1,
            Bucket::Day => 2,
            Bucket::ShopDay => 3,
            Bucket::FourWeeks => 4,
        };
        self.steps.clear();
        let mut before = 0;
        for (number, _) in &series.cells {
            let number = i64::from(*number);
            self.steps.push(number - before);
            before = number;
        }
        let known = self.axes.iter().position(|(of, steps)| *of == bucket && *steps == self.steps);
        let place = known.unwrap_or_else(|| {
            self.axes.push((bucket, self.steps.clone()));
            self.axes.len() - 1
        });
        u64::try_from(place).unwrap_or(u64::MAX)
    }

    fn accumulator(&mut self, id: AccumulatorId, accumulated: &Accumulated) {
        self.fields.numbers.clear();
        self.fields.bytes.clear();
        self.fields.bits.clear();
        let (kind, axis) = self.fields_of(accumulated);
        self.message.clear();
        if id.0 != 0 {
            encode_key(1, WireType::ThirtyTwoBit, &mut self.message);
            self.message.extend_from_slice(&id.0.to_le_bytes());
        }
        number(2, kind, &mut self.message);
        number(3, axis, &mut self.message);
        packed(4, &self.fields.numbers, &mut self.message);
        packed(5, &self.fields.bytes, &mut self.message);
        packed(6, &self.fields.bits, &mut self.message);
        embedded(12, &self.message, &mut self.accumulators);
    }

    /// Packs what an accumulator holds; gives its kind and its axis.
    fn fields_of(&mut self, accumulated: &Accumulated) -> (u64, u64) {
        match accumulated {
            Accumulated::Sums(series) => {
                let axis = self.axis(series);
                series.cells.iter().for_each(|(_, sum)| self.fields.number(*sum));
                (1, axis)
            }
            Accumulated::Extremes(series) => {
                let axis = self.axis(series);
                for (_, Extremes { min, max }) in &series.cells {
                    self.fields.number(*min);
                    self.fields.number(max.wrapping_sub(*min));
                }
                (2, axis)
            }
            Accumulated::Times(times) => {
                self.fields.bits(u64::from(times.keep));
                let mut before = 0_i64;
                for at in &times.at {
                    self.fields.number(at.0.wrapping_sub(before));
                    before = at.0;
                }
                (3, 0)
            }
            Accumulated::First(stamped) | Accumulated::Last(stamped) => {
                self.fields.number(stamped.at.0);
                self.fields.number(stamped.value);
                (if matches!(accumulated, Accumulated::First(_)) { 4 } else { 5 }, 0)
            }
            Accumulated::Distinct(series) => {
                let axis = self.axis(series);
                for (_, Registers(registers)) in &series.cells {
                    // 256 registers are all there are; one less fits the byte.
                    let count = u8::try_from(registers.len().saturating_sub(1)).unwrap_or(u8::MAX);
                    self.fields.bytes.push(count);
                    registers
                        .iter()
                        .for_each(|(register, rank)| self.fields.bytes.extend([*register, *rank]));
                }
                (6, axis)
            }
            Accumulated::Spread(series) => {
                let axis = self.axis(series);
                for (_, Histogram(classes)) in &series.cells {
                    self.fields.number(length(classes.len()));
                    for (class, count) in classes {
                        self.fields.number(i64::from(*class));
                        self.fields.number(i64::from(*count));
                    }
                }
                (7, axis)
            }
            Accumulated::Shares(series) => {
                let axis = self.axis(series);
                self.shares(series);
                (8, axis)
            }
            Accumulated::Name(newest) => {
                self.fields.number(newest.at.0);
                self.fields.bytes.extend_from_slice(newest.name.as_bytes());
                (9, 0)
            }
        }
    }

    /// Writes shares by name: each name once, a bit for every bucket that has it, and its sums there.
    fn shares(&mut self, series: &Series<Shared>) {
        let mut ahead: Vec<&[(Box<str>, i64)]> =
            series.cells.iter().take(64).map(|(_, cell)| cell.sums.as_slice()).collect();
        let mut names: Vec<&str> = Vec::new();
        // Every bucket has its names in order: the next name is the least of those ahead.
        while let Some(name) = ahead.iter().filter_map(|sums| sums.first()).map(|(name, _)| &**name).min() {
            let mut mask = 0_u64;
            for (bit, sums) in (0..64).zip(&mut ahead) {
                if let Some(((_, sum), rest)) = sums.split_first().filter(|((known, _), _)| **known == *name)
                {
                    mask |= 1 << bit;
                    self.fields.number(*sum);
                    *sums = rest;
                }
            }
            self.fields.bits(mask);
            names.push(name);
        }
        if series.cells.iter().any(|(_, cell)| cell.is_sample) {
            for (_, cell) in &series.cells {
                self.fields.number(cell.total - cell.sums.iter().map(|(_, sum)| sum).sum::<i64>());
            }
            let samples = (0..64).zip(&series.cells).filter(|(_, (_, cell))| cell.is_sample);
            self.fields.bits(samples.fold(0, |mask, (bit, _)| mask | 1 << bit));
        }
        self.fields.bytes = names_to(&names);
    }
}
