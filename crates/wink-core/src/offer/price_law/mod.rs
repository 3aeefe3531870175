//! What the law asks of a price that is announced as reduced, as tables, and the price it must be measured against. Reads a history;
//! announces nothing.

mod history;
mod notice;
mod reference;

#[cfg(test)]
mod tests;

pub use history::{KEPT_DAYS, PriceHistory, STEPS_MAX, Step};
pub use notice::PriceNotice;
pub use reference::{Reduction, Reference, reference};

/// A way in which a price is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For everybody, with a code for everybody too.
    General,
    /// For everybody, in steps that only go down, without a break.
    Gradual,
    /// For one person, and listed for nobody else: a coupon bound to its person.
    Individual,
    /// For everybody, because the goods would spoil soon, and the shopper is told so.
    Perishable,
}

/// What is asked of a reduction of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// The lowest price of so many days before the present price is shown, and what is said of the reduction is measured against it.
    LowestBeforeThisStep {
        /// How many days.
        days: u16,
    },
    /// The same, before the first of its steps.
    LowestBeforeFirstStep {
        /// How many days.
        days: u16,
    },
    /// Nothing of this kind.
    None,
}

/// A line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of which kind of reduction it speaks.
    pub kind: Kind,
    /// What it asks.
    pub duty: Duty,
    /// Where it is written.
    pub source: &'static str,
}

/// The German rules for prices (Preisangabenverordnung), section 11, which bring article 6a of directive 98/6/EC into force. What "the lowest price"
/// is measured by, the percentage too: Court of Justice, C-330/23.
pub const GERMANY: [Rule; 4] = [
    Rule {
        kind: Kind::General,
        duty: Duty::LowestBeforeThisStep { days: 30 },
        source: "PAngV section 11 (1)",
    },
    Rule {
        kind: Kind::Gradual,
        duty: Duty::LowestBeforeFirstStep { days: 30 },
        source: "PAngV section 11 (2)",
    },
    Rule { kind: Kind::Individual, duty: Duty::None, source: "PAngV section 11 (4)" },
    Rule { kind: Kind::Perishable, duty: Duty::None, source: "PAngV section 11 (4)" },
];
