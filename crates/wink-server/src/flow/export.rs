//! Everything about one person as one JSON document, written piece by piece: a long history never lies in memory as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use wink_api::{
    AnnouncedExported, AttributeView, DecisionRecord, DecisionView, EXPORT_FORMAT, EntryProof, EventView,
    HouseholdLeftExported, IdentitySent, PointsLotView, PointsMovedView, PointsRedemptionView, ProfileView,
    RedemptionView, StateExported,
};
use wink_core::base::{LetterId, ProfileId, Timestamp};
use wink_core::coupon::{Redemption, Right, RightState, issue};
use wink_core::decision::Decision;
use wink_core::event::Body;
use wink_core::profile::{Kept, Vault};
use wink_record::{Decided, Stored};
use wink_store::{Body as EntryBody, Direction, Entry, EntryKind, Lane, Position, Range, Store};

use super::letters;
use super::page::{LIMIT_MAX, Page};
use super::person;
use super::points::read as points;
use super::profiles;
use super::whole::{self, Whole};
use super::{rights, segments};
use crate::keys;
use crate::{Engine, Error};

/// Journal entries read for one piece.
const READ_AT_ONCE: usize = 1_000;

/// A document on its way.
#[derive(Clone, Debug)]
pub struct Export {
    profile: ProfileId,
    /// All profiles of the person, once the first piece is written.
    profiles: Vec<ProfileId>,
    now: Timestamp,
    next: Piece,
}

/// What is written next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Person,
    /// `before` is the hash of the entry before `from`.
    Events {
        of: usize,
        from: Position,
        before: [u8; 32],
        is_first: bool,
    },
    Decisions {
        of: usize,
        from: Position,
        is_first: bool,
    },
    Wallet {
        cursor: Option<String>,
        is_first: bool,
    },
    Redemptions {
        cursor: Option<String>,
        is_first: bool,
    },
    Letters,
    Nothing,
}

impl Export {
    /// Begins the document of a person at `now`.
    pub fn new(profile: ProfileId, now: Timestamp) -> Self {
        Self { profile, profiles: Vec::new(), now, next: Piece::Person }
    }

    /// Writes the next piece; `None` after the last. The pieces one after the other are the document.
    ///
    /// # Errors
    /// If there is no such person, or there is none any more: whoever is erased while the document is written does not get
    /// half of it as a whole. If the store cannot be read.
    pub async fn next<S: Store>(&mut self, engine: &Engine<S>) -> Result<Option<String>, Error> {
        let nobody = || Error::NotFound { what: "profile", name: self.profile.to_string() };
        let whole = whole::load(engine, self.profile).await?.ok_or_else(nobody)?;
        let (text, next) = match std::mem::replace(&mut self.next, Piece::Nothing) {
            Piece::Person => {
                self.profiles = whole.cluster().profiles().map(|profile| profile.id).collect();
                let next = Piece::Events { of: 0, from: Position(0), before: [0; 32], is_first: true };
                (self.person(engine, &whole).await?, next)
            }
            Piece::Events { of, from, before, is_first } => {
                self.events(engine, of, from, before, is_first).await?
            }
            Piece::Decisions { of, from, is_first } => self.decisions(engine, of, from, is_first).await?,
            Piece::Wallet { cursor, is_first } => self.wallet(engine, &whole, cursor, is_first).await?,
            Piece::Redemptions { cursor, is_first } => {
                self.redemptions(engine, &whole, cursor, is_first).await?
            }
            Piece::Letters => (self.letters(engine, &whole).await?, Piece::Nothing),
            Piece::Nothing => return Ok(None),
        };
        self.next = next;
        Ok(Some(text))
    }

    async fn person<S: Store>(&self, engine: &Engine<S>, whole: &Whole) -> Result<String, Error> {
        let person = whole.cluster();
        let vault = profiles::vault(engine, whole).await?;
        let features = profiles::features(engine, &person, self.now).await?;
        let states = person::states(engine, &person).await?;
        let segments = segments::members::of(engine, &person, self.now).await?;
        let catalogue = engine.features();
        let announced = profiles::announced(engine, &person).await?;
        let holdings = points::holdings(engine, &person, self.now).await?;
        let (moved, tenders) = points::all(engine, &person).await?;
        let left = person.profiles().flat_map(|profile| profile.counted.all());
        let left = left.map(|(household, counted)| HouseholdLeftExported::new(household, counted));
        let whole = json!({
            "format": EXPORT_FORMAT,
            "exported_at": self.now.to_string(),
            "profile": with_vault(ProfileView::new(&person), &vault),
            "features": features.shown().collect::<Vec<_>>(),
            "segments": segments.iter().map(segments::views::of_profile).collect::<Vec<_>>(),
            "states": states.iter().map(|state| StateExported::new(&state.value, &catalogue)).collect::<Vec<_>>(),
            "points": holdings.lots.iter().map(PointsLotView::from).collect::<Vec<_>>(),
            "points_moved": moved.iter().map(PointsMovedView::from).collect::<Vec<_>>(),
            "points_redemptions": tenders.iter().map(PointsRedemptionView::from).collect::<Vec<_>>(),
            "announced": announced.iter().map(AnnouncedExported::from).collect::<Vec<_>>(),
            "households_left": left.collect::<Vec<_>>(),
        });
        let mut text = whole.to_string();
        text.truncate(text.len() - "}".len());
        Ok(text + ",\"events\":[")
    }

    async fn events<S: Store>(
        &self,
        engine: &Engine<S>,
        of: usize,
        from: Position,
        mut before: [u8; 32],
        mut is_first: bool,
    ) -> Result<(String, Piece), Error> {
        let Some(profile) = self.profiles.get(of).copied() else {
            let next = Piece::Decisions { of: 0, from: Position(0), is_first: true };
            return Ok(("],\"decisions\":[".to_owned(), next));
        };
        let Some((entries, from)) = read(engine, profile, from).await? else {
            let next = Piece::Events { of: of + 1, from: Position(0), before: [0; 32], is_first };
            return Ok((String::new(), next));
        };
        let mut text = String::new();
        for entry in &entries {
            let follows = std::mem::replace(&mut before, entry.header.hash);
            let Some(body) = body_of(engine, profile, entry, keys::entry::EVENT) else { continue };
            let kept = Kept::from_bytes(&body.payload)?;
            if kept.profile == profile {
                let is_word = matches!(kept.body, Body::ConsentUpdated(_));
                let proof = is_word.then(|| proof(profile, &follows, entry, body));
                write(&mut text, &mut is_first, &EventView { proof, ..EventView::new(&kept) });
            }
        }
        Ok((text, Piece::Events { of, from, before, is_first }))
    }

    async fn decisions<S: Store>(
        &self,
        engine: &Engine<S>,
        of: usize,
        from: Position,
        mut is_first: bool,
    ) -> Result<(String, Piece), Error> {
        let Some(profile) = self.profiles.get(of).copied() else {
            return Ok(("],\"wallet\":[".to_owned(), Piece::Wallet { cursor: None, is_first: true }));
        };
        let Some((entries, from)) = read(engine, profile, from).await? else {
            return Ok((String::new(), Piece::Decisions { of: of + 1, from: Position(0), is_first }));
        };
        let mut text = String::new();
        for entry in &entries {
            let Some(body) = body_of(engine, profile, entry, keys::entry::DECIDED) else { continue };
            let decided = Decided::from_bytes(&body.payload)?;
            let decision: Option<Decision> = engine.stored(&keys::decision(decided.id)).await?;
            let Some(decision) = decision.filter(|decision| decision.person.profile == profile) else {
                continue;
            };
            write(&mut text, &mut is_first, &record(engine, &decision, true).await?);
        }
        Ok((text, Piece::Decisions { of, from, is_first }))
    }

    async fn wallet<S: Store>(
        &self,
        engine: &Engine<S>,
        whole: &Whole,
        cursor: Option<String>,
        mut is_first: bool,
    ) -> Result<(String, Piece), Error> {
        let page = profiles::wallet(engine, &whole.cluster(), &Page { limit: LIMIT_MAX, cursor }).await?;
        let mut text = String::new();
        for holding in &page.items {
            write(&mut text, &mut is_first, &holding.view());
        }
        Ok(match page.next_cursor {
            Some(cursor) => (text, Piece::Wallet { cursor: Some(cursor), is_first }),
            None => (text + "],\"redemptions\":[", Piece::Redemptions { cursor: None, is_first: true }),
        })
    }

    /// What the coupons of the wallet gave on which lines of which orders, and what came back of it.
    async fn redemptions<S: Store>(
        &self,
        engine: &Engine<S>,
        whole: &Whole,
        cursor: Option<String>,
        mut is_first: bool,
    ) -> Result<(String, Piece), Error> {
        let page = profiles::wallet(engine, &whole.cluster(), &Page { limit: LIMIT_MAX, cursor }).await?;
        let mut text = String::new();
        for id in page.items.iter().flat_map(|holding| &holding.coupon).flat_map(|coupon| &coupon.redemptions)
        {
            let Some(redemption) = engine.stored::<Redemption>(&keys::redemption(*id)).await? else {
                continue;
            };
            write(&mut text, &mut is_first, &RedemptionView::new(&redemption));
        }
        Ok(match page.next_cursor {
            Some(cursor) => (text, Piece::Redemptions { cursor: Some(cursor), is_first }),
            None => (text + "],\"dead_letters\":[", Piece::Letters),
        })
    }

    /// Letters that name one of the person's identities. They are 30 days old at most, so there are few.
    async fn letters<S: Store>(&self, engine: &Engine<S>, whole: &Whole) -> Result<String, Error> {
        let mut ids = BTreeSet::new();
        for (_, key) in whole.cluster().identities() {
            let mut range = Some(Range::prefix(key.0));
            while let Some(some) = range {
                let kind = keys::kind::LETTER_OF;
                let found =
                    engine.store.scan(engine.tenant, kind, some, Direction::Forward, READ_AT_ONCE).await?;
                let id = |note: &[u8]| Some(LetterId::from_bytes(note.get(16..)?.try_into().ok()?));
                ids.extend(found.records.iter().filter_map(|(note, _)| id(note)));
                range = found.next;
            }
        }
        let (mut text, mut is_first) = (String::new(), true);
        for id in ids {
            match letters::open(engine, id).await {
                Ok(opened) => write(&mut text, &mut is_first, &opened.view()),
                // It was sent on or discarded meanwhile.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(text + "]}\n")
    }
}

/// Reads on in a profile's lane, and tells where to read on from then; `None` at its end.
async fn read<S: Store>(
    engine: &Engine<S>,
    profile: ProfileId,
    from: Position,
) -> Result<Option<(Vec<Entry>, Position)>, Error> {
    let lane = Lane::of(keys::home(profile));
    let entries = engine.store.read_lane(lane, from, READ_AT_ONCE).await?;
    let next = entries.last().map(|last| Position(last.position.0 + 1));
    Ok(next.map(|next| (entries, next)))
}

/// Gives what an entry says, if it is of this kind and about the profile.
fn body_of<'a, S>(
    engine: &Engine<S>,
    profile: ProfileId,
    entry: &'a Entry,
    kind: EntryKind,
) -> Option<&'a EntryBody> {
    let is_of = entry.header.tenant == engine.tenant && entry.header.kind == kind;
    entry.body.as_ref().filter(|body| is_of && body.owner == Some(keys::home(profile)))
}

/// Shows what an entry is made of, after the one with the hash `before`.
fn proof(profile: ProfileId, before: &[u8], entry: &Entry, body: &EntryBody) -> EntryProof {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let home = keys::home(profile);
    EntryProof {
        lane: Lane::of(home).number(),
        position: entry.position.0,
        before: hex(before),
        tenant: entry.header.tenant.0,
        kind: entry.header.kind.0,
        key: hex(&entry.header.key),
        salt: hex(&body.salt),
        owner: hex(&home.0.to_le_bytes()),
        payload: hex(&body.payload),
        hash: hex(&entry.header.hash),
    }
}

/// Shows a decision as it stands now; `explained` adds every candidate.
pub(crate) async fn record<S: Store>(
    engine: &Engine<S>,
    decision: &Decision,
    explained: bool,
) -> Result<DecisionRecord, Error> {
    let catalogue = engine.catalogue_of(decision.catalogue).await?;
    let right = rights::find(engine, decision.id).await?;
    let is_accepted = |right: &&Right| matches!(right.state, RightState::Accepted { .. });
    let coupon = match issue(decision, &catalogue) {
        Some(effect) => Some(effect.coupon.id),
        None => right.as_ref().filter(is_accepted).map(|right| right.coupon),
    };
    let coupon = coupon.map(|coupon| coupon.to_string());
    let view = DecisionView::new(decision, &catalogue, coupon, explained);
    Ok(DecisionRecord::new(decision, view, right.as_ref()))
}

/// Adds to a profile what identifies the person directly.
pub(crate) fn with_vault(mut view: ProfileView, vault: &Vault) -> ProfileView {
    let attributes = vault.attributes.iter().map(|(name, (at, value))| {
        let value = wink_api::to_json(value);
        (name.clone(), AttributeView { stated_at: at.to_string(), value })
    });
    view.identities = Some(vault.identities.iter().map(IdentitySent::from).collect());
    view.attributes = Some(attributes.collect::<BTreeMap<_, _>>());
    view
}

fn write(text: &mut String, is_first: &mut bool, item: &impl Serialize) {
    if !std::mem::replace(is_first, false) {
        text.push(',');
    }
    // Plain data: names are text and numbers are finite, so there is always a JSON of it.
    text.push_str(&serde_json::to_string(item).unwrap_or_else(|_| "null".to_owned()));
}
