//! Roles: what a key may do at most. Which operations that means is in `http/operation.rs`.

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Publishable: writes events and reads nothing.
    Ingest,
    /// Publishable: asks on behalf of the shopper in front of it.
    Client,
    /// The shop's own server.
    Shop,
    /// A till, bound to its store.
    Till,
    /// A partner: sends its events and tends its own offers.
    Partner,
    /// Reads decisions and numbers, under pseudonyms.
    Analyst,
    /// Answers a shopper's question: one person's decisions and wallet.
    Support,
    /// Tends campaigns, offers and products.
    Marketer,
    /// Answers for personal data: export, erasure, consent, dead letters.
    Privacy,
    /// Everything inside a tenant, its keys included.
    Admin,
    /// Runs the installation: tenants, keys of all of them, metrics and back-ups. Reads no one's data.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 11] = [
        Self::Ingest,
        Self::Client,
        Self::Shop,
        Self::Till,
        Self::Partner,
        Self::Analyst,
        Self::Support,
        Self::Marketer,
        Self::Privacy,
        Self::Admin,
        Self::Operator,
    ];

    /// Its name, in keys, on the command line and in OpenAPI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Client => "client",
            Self::Shop => "shop",
            Self::Till => "till",
            Self::Partner => "partner",
            Self::Analyst => "analyst",
            Self::Support => "support",
            Self::Marketer => "marketer",
            Self::Privacy => "privacy",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// Finds the role of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether its keys are seen by everybody who opens a page's source. Such a key never reads a person's data.
    pub fn is_publishable(self) -> bool {
        matches!(self, Self::Ingest | Self::Client)
    }
}
