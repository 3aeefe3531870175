//! The HTTP contract: what is sent and answered. Shapes only; no behaviour, no store, no routes.

mod catalogue;
mod decisions;
mod events;
pub mod json;
mod keys;
mod problem;
mod products;
mod value;

pub use catalogue::{
    BudgetView, CatalogueSent, CatalogueView, ChangeAsked, ChangeView, DifferenceView, PageAsked,
    PartsListed, VersionView, VersionsListed,
};
pub use decisions::{Answered, CandidateView, DecisionAsked, DecisionView};
pub use events::{EventReceived, EventsAnswered, EventsReceived, IdentitySent, ItemAnswered};
pub use keys::{
    KeyAsked, KeyMade, KeyView, KeysListed, RotationAsked, TenantAsked, TenantView, TenantsListed,
};
pub use problem::{Problem, ProblemPart};
pub use products::{
    ImportAsked, ImportLine, ImportTally, ProductSent, ProductsAnswered, ProductsListed, ProductsSent,
};
pub use value::{shown, value};
