//! `/v1/segments`: sets of people, how large they are, and who is in them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A segment with its size.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentView {
    /// Its id.
    pub id: String,
    /// What the shop's people call it.
    pub title: String,
    /// Who is a member.
    pub rule: String,
    /// What its members are to be addressed for.
    pub purpose: String,
    /// How many are in it.
    pub members: u64,
    /// How many of them have granted the purpose.
    pub granting: u64,
    /// The share of the members who have; null of nobody.
    pub consented_share: Option<f64>,
    /// Since when everybody is counted; null while the segment is still being filled.
    pub counted_at: Option<String>,
    /// When everybody was last looked at for what time alone changes; null until that was done once since the server started.
    pub looked_at: Option<String>,
}

/// The segments.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentsListed {
    /// As they are written in the catalogue.
    pub data: Vec<SegmentView>,
}

/// A rule that is not saved.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentPreviewAsked {
    /// Who would be a member.
    pub rule: String,
    /// What members would be addressed for.
    pub purpose: String,
}

/// What a rule would come to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentPreviewed {
    /// How many people there are.
    pub people: EstimateView,
    /// How many of them would be members.
    pub members: EstimateView,
    /// How many of those have granted the purpose.
    pub granting: EstimateView,
    /// The share of the members who have; null if none was found.
    pub consented_share: Option<f64>,
    /// How many people were looked at: all of a small shop, a sample of a large one.
    pub looked_at: u64,
    /// A few who would be members, for whoever may see people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Vec<String>>,
}

/// A number of people, as far as it is known.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EstimateView {
    /// The number, or the best guess at it.
    pub about: u64,
    /// The lower end of the 95 % interval; the number itself if everybody was looked at.
    pub least: u64,
    /// The upper end.
    pub most: u64,
}

/// Somebody in a segment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberView {
    /// Who: a pseudonym.
    pub profile: String,
    /// Since when, as far as anybody looked.
    pub since: String,
    /// Whether they have granted what the segment is for.
    pub granted: bool,
}

/// A segment somebody is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentOfProfile {
    /// Its id.
    pub segment: String,
    /// What the shop's people call it.
    pub title: String,
    /// What its members are to be addressed for.
    pub purpose: String,
    /// Since when they are in it, as far as anybody looked; null if that was not seen yet.
    pub since: Option<String>,
    /// Whether they have granted the purpose.
    pub granted: bool,
}

/// The segments somebody is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentsOfProfile {
    /// As they are written in the catalogue.
    pub data: Vec<SegmentOfProfile>,
}

/// Which segments to compare.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OverlapAsked {
    /// Their ids, 2 to 10, with commas between them.
    pub ids: String,
}

/// What segments have in common.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OverlapView {
    /// How many are in each, in the order asked for.
    pub members: Vec<OverlapMembers>,
    /// Every two of them.
    pub pairs: Vec<OverlapPair>,
    /// People in any of them.
    pub any: u64,
    /// People in all of them.
    pub all: u64,
}

/// One of the segments that are compared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OverlapMembers {
    /// Its id.
    pub segment: String,
    /// How many are in it.
    pub members: u64,
}

/// Two of the segments that are compared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OverlapPair {
    /// Their ids.
    pub segments: [String; 2],
    /// People in both.
    pub both: u64,
}

/// How members are handed out.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MembersExportAsked {
    /// `csv` for one line each under a head, as without it; `ndjson` for one JSON object each.
    #[serde(default)]
    pub format: MembersForm,
    /// A namespace of identities, like `customer`: each member is handed out with what the shop knows them by in it.
    pub identity: Option<String>,
}

/// A form in which members are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MembersForm {
    /// One line each, under a head.
    #[default]
    Csv,
    /// One JSON object each.
    Ndjson,
}
