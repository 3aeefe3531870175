//! Whose it is, and may we? Pseudonymous profiles, their identities, and consent per purpose.

mod cluster;
mod consent;
mod household;
mod kept;
mod record;
mod retention;
mod vault;
mod words;

pub use cluster::{Accounts, Cluster, NotLinked, PROFILES_MAX, Side, may_join, may_link};
pub use consent::{Consent, Grants, Purpose};
pub use household::{Counted, Full, Had, Household, MEMBERS_MAX, Member, Move, Residence};
pub use kept::Kept;
pub use record::{IdentityKey, Link, Profile};
pub use retention::Retention;
pub use vault::Vault;
pub use words::Words;
