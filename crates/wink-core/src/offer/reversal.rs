//! What becomes of a coupon whose redemption is taken back: the campaign says so, reason by reason.

/// Why a redemption is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReversalReason {
    /// The order was called off before it was delivered.
    Cancel,
    /// Goods came back.
    Refund,
    /// The payment was called back by the shopper's bank.
    Chargeback,
    /// The redemption was a mistake of the shop's.
    Error,
}

impl ReversalReason {
    /// Lists them all.
    pub const ALL: [Self; 4] = [Self::Cancel, Self::Refund, Self::Chargeback, Self::Error];

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::Error => "error",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }
}

/// How much of what a redemption still costs comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Some of it.
    Part,
}

/// What becomes of the coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Afterwards {
    /// It goes back to its person, worth at most what came back, if it is still valid.
    Returns,
    /// It stays used; the money is the campaign's again.
    StaysUsed,
}

impl Afterwards {
    /// Lists them all.
    pub const ALL: [Self; 2] = [Self::Returns, Self::StaysUsed];

    /// Spells it as the API and the catalogue do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Returns => "returns",
            Self::StaysUsed => "stays_used",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|afterwards| afterwards.name() == text)
    }
}

/// A campaign's answer for every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversalPolicy {
    /// After an order that was called off, or a mistake of the shop's.
    pub cancel: Afterwards,
    /// After everything came back.
    pub refund: Afterwards,
    /// After some of it came back, or was called off.
    pub partial_refund: Afterwards,
    /// After a payment that was called back.
    pub chargeback: Afterwards,
}

impl Default for ReversalPolicy {
    /// Who did not get what they bought keeps their coupon; who kept some of it has used it, and so has who called a payment back.
    fn default() -> Self {
        Self {
            cancel: Afterwards::Returns,
            refund: Afterwards::Returns,
            partial_refund: Afterwards::StaysUsed,
            chargeback: Afterwards::StaysUsed,
        }
    }
}

impl ReversalPolicy {
    /// Tells what becomes of the coupon.
    pub fn after(&self, reason: ReversalReason, extent: Extent) -> Afterwards {
        match (reason, extent) {
            (ReversalReason::Chargeback, _) => self.chargeback,
            (_, Extent::Part) => self.partial_refund,
            (ReversalReason::Refund, Extent::Whole) => self.refund,
            (ReversalReason::Cancel | ReversalReason::Error, Extent::Whole) => self.cancel,
        }
    }
}
