//! The HTTP contract: what is sent and answered. Shapes only; no behaviour, no store, no routes.

mod benefit;
mod cart;
mod catalogue;
mod cloudevents;
mod codes;
mod commerce;
mod context;
mod coupons;
mod decisions;
mod drift;
mod events;
mod export;
mod exposures;
mod features;
mod ga4;
mod health;
mod households;
mod identities;
pub mod json;
mod kept;
mod keys;
mod letters;
mod made;
mod money;
mod ofrep;
mod points;
mod problem;
mod products;
mod profiles;
mod reason;
mod result;
mod segment;
mod segments;
mod tills;
mod value;
mod webhook_messages;
mod webhooks;

pub use benefit::BenefitView;
pub use cart::{
    AllocationView, BestView, COUPONS_MAX, CartSent, CartView, CouponOnCart, CouponsOnCart, LineSent,
    LineView, QualificationAsked, QualificationView, ValidationAsked, VatView,
};
pub use catalogue::{
    BudgetView, CatalogueSent, CatalogueView, ChangeAsked, ChangeView, DifferenceView, PageAsked,
    PartsListed, VersionView, VersionsListed,
};
pub use cloudevents::{cloud_event_cleared, cloud_event_envelope, cloud_events};
pub use codes::{
    BulkAsked, BulkCodeView, BulkCodesAsked, BulkCodesListed, BulkView, CodeAsked, CodeView, PictureAsked,
    TillKeyView, TillKeysListed, TypedBySent,
};
pub use context::{ContextAnswered, ContextSent, REPORTS_MAX, ReportSent};
pub use coupons::{
    CodeReservationAsked, CouponView, CouponsRefused, HoldView, LineBackSent, PartView, RedemptionAsked,
    RedemptionView, ReleaseAsked, ReservationAsked, ReversalAsked, ReversalView,
};
pub use decisions::{
    AcceptedView, Answered, CandidateView, DecisionAsked, DecisionView, IssueAsked, PriceNoticeView,
};
pub use drift::{DriftAsked, DriftView, FieldSeen, FindingView, TooFewView, WindowView, WindowsRefused};
pub use events::{EventReceived, EventsAnswered, EventsReceived, IdentitySent, ItemAnswered};
pub use export::{
    AnnouncedExported, EXPORT_FORMAT, ExportAsked, ExportForm, FileBytes, HouseholdLeftExported,
    StateExported,
};
pub use exposures::{ExposureAnswered, ExposureSent};
pub use features::{
    FeatureCell, FeatureColumn, FeatureRow, FeaturesAsked, FeaturesServed, PEOPLE_MAX, PersonAsked,
};
pub use ga4::{GA4_EVENTS_MAX, Ga4Batch};
pub use health::{BalanceView, LateCount, SourceView, SourcesView};
pub use households::{HouseholdAsked, HouseholdMemberView, HouseholdView, ResidenceView};
pub use kept::{EntryProof, EventView};
pub use keys::{
    KeyAsked, KeyMade, KeyView, KeysListed, RotationAsked, TenantAsked, TenantView, TenantsListed,
};
pub use letters::{LetterListed, LetterReplayed, LetterView, LettersAsked, MessageView, RepairSent};
pub use made::{BudgetSeen, DecisionRecord, DecisionTrace, RightView};
pub use ofrep::{Flag, FlagContext, FlagProblem, Flags};
pub use points::{
    AnyRedemptionView, PointsBackView, PointsLotView, PointsMovedView, PointsOnCart, PointsPartView,
    PointsRedemptionView, PointsView,
};
pub use problem::{Problem, ProblemPart};
pub use products::{
    ImportAsked, ImportLine, ImportTally, ProductSent, ProductsAnswered, ProductsListed, ProductsSent,
    ReductionAsked, ReductionKind, ReductionView,
};
pub use profiles::{
    AttributeView, ConsentSent, ConsentView, ConsentsListed, ConsentsSent, ContributionView, DataPage,
    ErasureView, FeatureValue, FeatureView, FeaturesListed, HeldCoupon, HoldingView, LinkAsked, LinkView,
    ListAsked, ProfileLookedUp, ProfileView, WordView,
};
pub use reason::{NearestMissView, ReasonView, SentenceView};
pub use result::{
    AdviceView, ArmView, CampaignResultView, CostsView, CouponMoneyView, CoursePoint, EstimateOrNot,
    GuardrailView, IncrementView, IntervalView, LotsView, ReactionView, ThresholdsView, WasteView,
};
pub use segment::{
    Batch as SegmentBatch, Call as SegmentCall, SegmentAnswered, SegmentRejected, Unread as SegmentUnread,
    segment_settings, source_config,
};
pub use segments::{
    EstimateView, MemberView, MembersExportAsked, MembersForm, OverlapAsked, OverlapMembers, OverlapPair,
    OverlapView, SegmentOfProfile, SegmentPreviewAsked, SegmentPreviewed, SegmentView, SegmentsListed,
    SegmentsOfProfile,
};
pub use tills::{
    DayVatView, LeaseAsked, LeaseView, LeasesListed, LimitKeptView, NotRenewed, PointsSumView, ReasonSumView,
    SumView, SyncAnswered, SyncAsked, TAKEN_MAX, TakenAnswered, TakenLineSent, TakenSent, TillDayView,
};
pub use value::{to_json, value};
pub use webhook_messages::{CouponTold, DecisionTold, SegmentTold, TextTold, Told};
pub use webhooks::{
    DeliveryView, DisabledView, MessagesListed, ReplayAsked, Replayed, StreamTokenAsked, StreamTokenMade,
    TestQueued, WebhookAsked, WebhookChanged, WebhookMade, WebhookView, WebhooksListed,
};
