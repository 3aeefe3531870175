//! Segments as they are shown and handed out. Only shapes: what is in them was found elsewhere.

use serde_json::json;
use wink_api::{
    EstimateView, MemberView, MembersForm, OverlapMembers, OverlapPair, OverlapView, SegmentOfProfile,
    SegmentPreviewed, SegmentView,
};

use super::export::Line;
use super::members::{Found, In};
use super::overlap::Overlap;
use super::preview::{Estimate, Preview};
use super::sizes::Sized;
use crate::rows::cell;

/// Shows a segment with its size.
pub fn sized(sized: &Sized) -> SegmentView {
    let segment = &sized.segment;
    SegmentView {
        id: segment.id.to_string(),
        title: segment.title.clone(),
        rule: segment.rule.source().to_owned(),
        purpose: segment.purpose.name().to_owned(),
        members: sized.members,
        granting: sized.granting,
        consented_share: share(sized.granting, sized.members),
        counted_at: sized.counted_at.map(|at| at.to_string()),
        looked_at: sized.looked_at.map(|at| at.to_string()),
    }
}

/// Shows what a rule would come to; with the people in it, if they may be seen.
pub fn previewed(preview: &Preview, sees_people: bool) -> SegmentPreviewed {
    let consented = 0.0 < preview.members.about;
    SegmentPreviewed {
        people: estimate(preview.people),
        members: estimate(preview.members),
        granting: estimate(preview.granting),
        consented_share: consented.then(|| preview.granting.about / preview.members.about),
        looked_at: preview.looked_at,
        sample: sees_people.then(|| preview.sample.iter().map(ToString::to_string).collect()),
    }
}

fn estimate(estimate: Estimate) -> EstimateView {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "people are counted from 0 up"
    )]
    let whole = |number: f64| number as u64;
    EstimateView {
        about: whole(estimate.about.round()),
        least: whole(estimate.least.floor()),
        most: whole(estimate.most.ceil()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "people stay far below 2^53")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| part as f64 / whole as f64)
}

/// Shows a member.
pub fn member(found: &Found) -> MemberView {
    MemberView {
        profile: found.person.asked().id.to_string(),
        since: found.since.to_string(),
        granted: found.granted,
    }
}

/// Shows a segment somebody is in.
pub fn of_profile(found: &In) -> SegmentOfProfile {
    SegmentOfProfile {
        segment: found.segment.id.to_string(),
        title: found.segment.title.clone(),
        purpose: found.segment.purpose.name().to_owned(),
        since: found.since.map(|since| since.to_string()),
        granted: found.granted,
    }
}

/// Shows what segments have in common.
pub fn overlap(overlap: Overlap) -> OverlapView {
    let members = overlap.members.into_iter();
    let pairs = overlap.pairs.into_iter();
    OverlapView {
        members: members.map(|(segment, members)| OverlapMembers { segment, members }).collect(),
        pairs: pairs.map(|pair| OverlapPair { segments: [pair.one, pair.other], both: pair.both }).collect(),
        any: overlap.any,
        all: overlap.all,
    }
}

/// Tells the media type of a file of members and its ending.
pub fn form(form: MembersForm) -> (&'static str, &'static str) {
    match form {
        MembersForm::Csv => ("text/csv", "csv"),
        MembersForm::Ndjson => ("application/x-ndjson", "ndjson"),
    }
}

/// Begins a file of members; with a column for the identity, if one is handed out.
pub fn head(form: MembersForm, namespace: Option<&str>) -> String {
    match form {
        MembersForm::Ndjson => String::new(),
        MembersForm::Csv => row(["profile", "since"].into_iter().chain(namespace)),
    }
}

/// Writes members.
pub fn lines(lines: &[Line], form: MembersForm, with_identity: bool) -> String {
    lines.iter().map(|line| written(line, form, with_identity)).collect()
}

fn written(line: &Line, form: MembersForm, with_identity: bool) -> String {
    let Line { profile, since, identity } = line;
    let since = since.to_string();
    match form {
        MembersForm::Csv => {
            let identity = with_identity.then(|| identity.as_deref().unwrap_or_default());
            row([profile.as_str(), &since].into_iter().chain(identity))
        }
        MembersForm::Ndjson => {
            let mut line = json!({ "profile": profile, "since": since });
            if let (true, Some(line)) = (with_identity, line.as_object_mut()) {
                line.insert("identity".to_owned(), json!(identity));
            }
            format!("{line}\n")
        }
    }
}

/// Writes a row of CSV; what a spreadsheet would run as a formula is text to it.
fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(cell).collect::<Vec<_>>().join(",") + "\n"
}
