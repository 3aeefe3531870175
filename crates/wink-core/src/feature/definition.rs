//! What a feature is: which events it is made of, how, over which time, how old it may be, for which purpose. Plain data.

use super::score::Score;
use crate::event::CONTEXT_EVENTS;
use crate::profile::Purpose;

/// What a feature's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureType {
    /// A number.
    Number,
    /// Shares by name, each in `0.0..=1.0`, together at most 1.
    Shares,
}

/// What a feature tells about; decides with the purpose whether it may be kept and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What was bought.
    Purchase,
    /// What Wink or the shop sent, and what came of it.
    Contact,
    /// What somebody did on a page or in the app.
    Behaviour,
    /// What somebody had to ask the shop's service for.
    Service,
    /// About where somebody was, and what is going on there.
    Place,
    /// What a model reckons they will do. Nothing they did: being scored keeps nobody in the store.
    Score,
}

impl Class {
    /// Lists them all.
    pub const ALL: [Self; 6] =
        [Self::Purchase, Self::Contact, Self::Behaviour, Self::Service, Self::Place, Self::Score];

    /// Spells it as the API and the catalogue do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Contact => "contact",
            Self::Behaviour => "behaviour",
            Self::Service => "service",
            Self::Place => "place",
            Self::Score => "score",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == text)
    }
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in rules, scorecards, the API and explanations.
    pub name: String,
    /// What it says, in one line.
    pub meaning: String,
    /// How it is computed.
    pub how: How,
    /// Readings whose newest contributing event is older are not served; `None` where age is the value itself.
    pub ttl_days: Option<i32>,
    /// What the person must have granted.
    pub purpose: Purpose,
    /// What it tells about.
    pub class: Class,
    /// What a decision hears of it.
    pub heard: Heard,
}

impl Definition {
    /// Tells what the value looks like.
    pub fn value_type(&self) -> FeatureType {
        match self.how {
            How::Folded { aggregation: Aggregation::Shares { .. } | Aggregation::Newest { .. }, .. } => {
                FeatureType::Shares
            }
            _ => FeatureType::Number,
        }
    }

    /// Names the events it is made of; none for one derived of others.
    pub fn events(&self) -> &[String] {
        match &self.how {
            How::Folded { selection, .. } => &selection.events,
            How::Derived { .. } | How::Scored(_) => &[],
        }
    }
}

/// What a decision hears of a feature. Whoever may see the features themselves sees them as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heard {
    /// Its value.
    #[default]
    Fully,
    /// 1 if it happened and 0 if not: who does it again earns nothing by that. A feature made of hesitation is always heard so.
    Once,
}

/// How a feature is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// From what is folded of events.
    Folded {
        /// Which events.
        selection: Selection,
        /// What becomes of them.
        aggregation: Aggregation,
        /// Which events tell how old the value is, and that there is one at all.
        age: Age,
        /// What is said of somebody of whom no such event is known.
        never: Never,
    },
    /// From features defined before it, by a formula.
    Derived {
        /// As in `feature.orders_56d / 8.0`.
        formula: String,
    },
    /// From features defined before it, as a probability.
    Scored(Score),
}

/// Which events count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Their names; any of them.
    pub events: Vec<String>,
    /// What must hold of one, as in `event.pushed`; without it all count.
    pub filter: Option<String>,
}

impl Selection {
    /// Selects all events of these names.
    pub fn of(events: &[&str]) -> Self {
        Self { events: events.iter().map(|event| (*event).to_owned()).collect(), filter: None }
    }

    /// Tells whether they tell of a region or a store and of nobody in it.
    pub(super) fn is_of_context(&self) -> bool {
        self.events.iter().any(|event| CONTEXT_EVENTS.contains(&event.as_str()))
    }

    /// Keeps only those of which `filter` holds.
    #[must_use]
    pub fn only(self, filter: &str) -> Self {
        Self { filter: Some(filter.to_owned()), ..self }
    }
}

/// Which events tell how old a value is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Age {
    /// Those of the selection's names, whether or not the filter holds: somebody who came and did not search has searched 0 times.
    #[default]
    Named,
    /// Those that are selected.
    Selected,
    /// Others: who buys without a coupon used none.
    Of(Vec<String>),
}

/// What is said of somebody of whom no event is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Never {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Zero: that we never wrote to somebody is a fact about us, not missing data about the person.
    Zero,
}

/// What becomes of the selected events. Paths name what is read of an event, as in `event.sales_cents` or `items.category`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// How many there are.
    Count {
        /// How far back.
        window: Window,
    },
    /// The sum of a number.
    Sum {
        /// Of which.
        of: String,
        /// How far back.
        window: Window,
    },
    /// The mean of a number, over the events that say it.
    Mean {
        /// Of which.
        of: String,
        /// How far back.
        window: Window,
    },
    /// The smallest value of a number.
    Min {
        /// Of which.
        of: String,
        /// How far back.
        window: Window,
    },
    /// The largest value of a number.
    Max {
        /// Of which.
        of: String,
        /// How far back.
        window: Window,
    },
    /// A number of the earliest event ever heard of.
    First {
        /// Which.
        of: String,
    },
    /// A number of the newest event.
    Last {
        /// Which.
        of: String,
    },
    /// The name the newest event says, as the only share there is. One that says none ends the name before.
    Newest {
        /// Which.
        by: String,
    },
    /// About how many different texts were named: exact for few, within some hundredths for many.
    Distinct {
        /// Which.
        of: String,
        /// How far back, in steps of four weeks.
        window: Window,
    },
    /// A value that so many of a thousand do not exceed, within 1 %.
    Quantile {
        /// Of which number.
        of: String,
        /// How many of a thousand: 500 is the median.
        per_mille: u16,
        /// How far back, in steps of four weeks.
        window: Window,
    },
    /// The sum of a number, each half-life counting half.
    Decayed {
        /// Of which; without it each event counts 1.
        of: Option<String>,
        /// After this many days it counts half.
        half_life_days: i32,
    },
    /// How long ago the newest was.
    Since {
        /// In what it is counted.
        unit: Unit,
        /// Whether earlier ones are remembered too, so that looking back is exact.
        exact: bool,
    },
    /// How long ago the earliest ever heard of was, in days.
    SinceFirst,
    /// On how many days there was at least one.
    ActiveDays {
        /// How far back.
        window: Window,
    },
    /// The mean number of days between the days that had one, over all that is kept; needs two such days.
    GapDays,
    /// Shares by a name, each half-life counting half.
    Shares {
        /// By which name.
        by: String,
        /// The number that is shared out; without it each item counts 1.
        of: Option<String>,
        /// After this many days it counts half.
        half_life_days: i32,
    },
    /// The part that one number has of two together.
    Share {
        /// The one.
        part: String,
        /// The other.
        rest: String,
        /// How far back.
        window: Window,
    },
    /// The part of the selected events that these are, at most 1; needs one.
    Ratio {
        /// Which.
        part: Selection,
        /// How far back.
        window: Window,
    },
}

/// How far back from the instant of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// So many days of UTC, today included.
    Days(i32),
    /// So many days on the shop's calendar, today included.
    ShopDays(i32),
    /// So many times 24 hours, to the millisecond. For events that are rare: each is remembered.
    Exact(i32),
    /// The session that goes on: back to the last pause of half an hour. Nothing once it is over.
    Session,
}

/// In what a time is counted, rounded down so that a rule such as `7 <= feature.recency_days` means what a calendar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Minutes.
    Minutes,
    /// Days of 24 hours.
    Days,
}
