//! From where somebody comes when they buy, as a model reckons.

use wink_stats::Interval;

use super::scored::share;

/// Names of channels have at most this many bytes: what is longer does not become a name in a state.
pub const NAME_BYTES_MAX: usize = 128;

/// What a model of channels says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelScored {
    /// Which version of the model.
    pub version: u32,
    /// By which channel they come when they buy: that with the highest rate.
    pub channel: String,
    /// How likely a visit of theirs by it leads to a purchase, in millionths.
    pub rate: i64,
    /// Where the interval of that begins, in millionths.
    pub lower: i64,
    /// Where it ends.
    pub upper: i64,
    /// How likely no other channel's rate is higher, in millionths.
    pub probability: i64,
}

impl ChannelScored {
    /// Takes what a model computed. What is no share, an interval without what it is of, and a name that is none are refused.
    pub fn new(version: u32, channel: &str, rate: Interval, probability: f64) -> Option<Self> {
        let is_name = !channel.is_empty() && channel.len() <= NAME_BYTES_MAX;
        let is_around = rate.lower <= rate.estimate && rate.estimate <= rate.upper;
        (is_name && is_around).then_some(())?;
        Some(Self {
            version,
            channel: channel.to_owned(),
            rate: share(rate.estimate)?,
            lower: share(rate.lower)?,
            upper: share(rate.upper)?,
            probability: share(probability)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_score_of_a_channel_is_refused() {
        let of = |estimate, lower, upper| Interval { estimate, lower, upper };
        let right = of(0.25, 0.1, 0.5);
        let scored = ChannelScored::new(3, "search", right, 0.75).unwrap();
        assert_eq!((scored.rate, scored.lower, scored.upper), (250_000, 100_000, 500_000));
        assert_eq!((scored.version, scored.probability), (3, 750_000));
        for (channel, rate, probability) in [
            ("", right, 0.75),
            (&*"x".repeat(129), right, 0.75),
            ("search", of(0.6, 0.1, 0.5), 0.75),
            ("search", of(f64::NAN, 0.1, 0.5), 0.75),
            ("search", of(0.25, -0.1, 0.5), 0.75),
            ("search", of(0.25, 0.1, 1.5), 0.75),
            ("search", right, 1.5),
            ("search", right, f64::NAN),
        ] {
            assert_eq!(
                ChannelScored::new(3, channel, rate, probability),
                None,
                "{channel} {rate:?} {probability}"
            );
        }
    }
}
