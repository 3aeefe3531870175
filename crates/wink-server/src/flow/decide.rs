//! A decision is asked for: the situation is loaded, the core decides, and the decision is committed with its coupon and its money.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use wink_core::base::{DecisionId, Hasher, OfferId, Timestamp};
use wink_core::coupon::{Coupon, Effect, Given, Held, Moved, Right, Wallet, give, issue};
use wink_core::decision::{Ask, Decision, Person, RanOut, Situation, Verdict, decide};
use wink_core::event::{Body, Identity, Issued, RightGiven};
use wink_core::feature::{State, view};
use wink_core::offer::Catalogue;
use wink_record::{Decided, Stored};
use wink_store::{Batch, Change, Check, Home, Store, Tenant};

use super::announce::Listeners;
use super::booking::{book, book_entries};
use super::context;
use super::deadlines;
use super::expiring;
use super::households::Together;
use super::once::Once;
use super::own::{Cause, own_event};
use super::person::{self, Loaded};
use super::rights::lapses;
use super::running::Running;
use super::whole::{self, Whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::in_use::{Put, Written};
use crate::keys;
use crate::turns::Turn;
use crate::{Engine, Error};

/// A question about one person.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who, as the caller knows them.
    pub identity: Identity,
    /// What is asked.
    pub ask: Ask,
    /// When.
    pub now: Timestamp,
    /// The id the decision will have; the same id again is answered with the same decision.
    pub id: DecisionId,
    /// The source of its chance.
    pub seed: u64,
    /// What makes it the same question when it is sent again.
    pub once: Option<Once>,
}

/// Tells what a question was answered under its key, if it was: the decision's id, and the decision unless nobody was known.
///
/// # Errors
/// [`Error::KeyReused`] if the key belongs to another question.
pub async fn answered<S: Store>(
    engine: &Engine<S>,
    once: &Once,
) -> Result<Option<(DecisionId, Option<Decision>)>, Error> {
    let Some(mark) = once.found(engine).await? else { return Ok(None) };
    let id = DecisionId::from_bytes(mark.result.as_slice().try_into().unwrap_or_default());
    Ok(Some((id, engine.stored(&keys::decision(id)).await?)))
}

/// Decides and commits: the coupon, or the right to one, if there is one, exists when this returns. `None` if nobody knows the person.
///
/// # Errors
/// If the store cannot be read or takes no writes, or no catalogue is in force.
pub async fn ask<S: Store>(engine: &Engine<S>, question: &Question) -> Result<Option<Decision>, Error> {
    let answers = ask_in_order(engine, std::slice::from_ref(question)).await?;
    Ok(answers.into_iter().next().flatten())
}

/// Decides without committing anything: no coupon, no trace, nothing reserved.
///
/// # Errors
/// As [`ask`].
pub async fn try_out<S: Store>(engine: &Engine<S>, question: &Question) -> Result<Option<Decision>, Error> {
    let catalogue = engine.catalogue()?;
    let standing = Running::load(engine, &catalogue, question.now).await?;
    let Some(loaded) = Asked::load(engine, question, &catalogue, &standing).await? else {
        return Ok(None);
    };
    Ok(Some(decide(loaded.situation(question, &catalogue, &standing))))
}

/// Decides many questions one after the other, each seeing the money the ones before it promised, and commits them in that order.
///
/// # Errors
/// As [`ask`]. The decisions before the one that failed are committed.
pub async fn ask_in_order<S: Store>(
    engine: &Engine<S>,
    questions: &[Question],
) -> Result<Vec<Option<Decision>>, Error> {
    let mut answers = Vec::with_capacity(questions.len());
    // A question that comes alone is almost always new, and the commit finds out that it is not. In a row it is looked first: those after one
    // that was answered before would else count its money twice.
    let (mut attempts, mut look) = (0, 1 < questions.len());
    let mut turn = engine.turn();
    while answers.len() < questions.len() {
        let rest = questions.get(answers.len()..).unwrap_or_default();
        let done = ask_once(engine, (rest, look), &mut turn, &mut answers).await?;
        look |= done < rest.len();
        attempts = if 0 < done { 0 } else { attempts + 1 };
        if 0 < done {
            // Whoever waits for the person of one question does not wait for all that follow.
            turn = engine.turn();
        }
        if ATTEMPTS_MAX <= attempts {
            return Err(Error::Contended);
        }
    }
    Ok(answers)
}

/// Decides questions up to the first that meets somebody else's change. Returns how many are answered. With `look` it is looked first whether
/// one was answered before.
async fn ask_once<S: Store>(
    engine: &Engine<S>,
    (questions, look): (&[Question], bool),
    turn: &mut Turn<'_, S>,
    answers: &mut Vec<Option<Decision>>,
) -> Result<usize, Error> {
    let Some(first) = questions.first() else { return Ok(0) };
    let (catalogue, in_force) = engine.catalogue_in_force().await?;
    let mut running = Running::load(engine, &catalogue, first.now).await?;
    let listeners = Listeners::load(engine).await?;
    let mut batches = Vec::new();
    let mut decided: Vec<Option<Decision>> = Vec::with_capacity(questions.len());
    let mut committing: Vec<(usize, Written)> = Vec::new();
    // Which campaigns run depends on the instant: one round serves one instant.
    for question in questions.iter().take_while(|question| question.now == first.now) {
        if let Some(once) = &question.once
            && let Some((_, decision)) = answered(engine, once).await?
        {
            decided.push(decision);
            continue;
        }
        let known = keys::decision(question.id);
        if look && let Some(known) = engine.stored::<Decision>(&known).await? {
            decided.push(Some(known));
            continue;
        }
        let started = Instant::now();
        let Some(asked) = Asked::load(engine, question, &catalogue, &running).await? else {
            if let Some(once) = &question.once {
                let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
                once.take(question.id.bytes().to_vec(), question.now, question.now, &mut batch);
                committing.push((decided.len(), Written::default()));
                batches.push(batch);
            }
            decided.push(None);
            continue;
        };
        let decision = decide(asked.situation(question, &catalogue, &running));
        engine.decide_times.record(started.elapsed());
        let (mut batch, written) = asked.into_batch(engine.tenant, &decision, &catalogue, &in_force)?;
        if let Some(once) = &question.once {
            once.take(question.id.bytes().to_vec(), question.now, question.now, &mut batch);
        }
        listeners.hear_decision(&decision, &catalogue, &mut batch);
        running.promise(&decision, &catalogue);
        committing.push((decided.len(), written));
        batches.push(batch);
        decided.push(Some(decision));
    }
    let outcomes = turn.submit(batches).await;
    let mut answered = decided.len();
    for ((place, written), outcome) in committing.into_iter().zip(outcomes) {
        let Some(version) = outcome? else {
            // Everything from here on was decided believing this one was committed; decide it again.
            answered = place;
            break;
        };
        engine.people.keep(written, version);
        if let Some(Some(decision)) = decided.get(place) {
            let verdict = match decision.verdict {
                Verdict::Offer(_) => "offer",
                Verdict::HeldOut(_) => "holdout",
                Verdict::Nothing => "none",
            };
            metrics::counter!("wink_decisions_total", "verdict" => verdict).increment(1);
            // Nobody may be listening.
            engine.decided.send(decision.person.profile).ok();
        }
    }
    decided.truncate(answered);
    answers.append(&mut decided);
    Ok(answered)
}

/// A person as loaded for a question.
struct Asked {
    person: Whole,
    /// What the profile that is asked about was given.
    wallet: Loaded<Arc<Wallet>>,
    /// What the person's other profiles were given.
    elsewhere: Vec<Loaded<Arc<Wallet>>>,
    /// What all their profiles were given; `None` of one profile, whose wallet tells it.
    all_given: Option<Wallet>,
    /// What all they live with had, where that is limited.
    together: Together,
    states: Vec<Loaded<Arc<State>>>,
    /// What they let run out, by index of the offer.
    ran_out: BTreeMap<usize, Vec<RanOut>>,
    /// What is told of the region they are in and the store they are near.
    around: Vec<State>,
}

impl Asked {
    async fn load<S: Store>(
        engine: &Engine<S>,
        question: &Question,
        catalogue: &Catalogue,
        running: &Running,
    ) -> Result<Option<Self>, Error> {
        let key = person::identity_key(engine, &question.identity);
        let Some(id) = person::find(engine, key).await? else { return Ok(None) };
        let Some(person) = whole::load(engine, id).await? else { return Ok(None) };
        let wallets = person.all().map(|profile| keys::wallet(profile.value.id)).collect();
        let mut elsewhere = engine.people.wallets.read(&engine.store, engine.tenant, wallets).await?;
        let wallet = elsewhere.remove(0);
        let states = person::states(engine, &person.cluster()).await?;
        let asked = context::Asked { catalogue, wanted: running.wanted(), now: question.now };
        let around = context::around(engine, &asked, &person.cluster(), &states).await?;
        let together = match running.counts_households() {
            true => Together::load(engine, &person, catalogue).await?,
            false => Together::default(),
        };
        let all_given = (!elsewhere.is_empty()).then(|| {
            let mut all = Wallet::clone(&wallet.value);
            elsewhere.iter().for_each(|other| all.take_in(&other.value));
            all
        });
        let given = all_given.as_ref().unwrap_or(&wallet.value);
        let ran_out = deadlines::load(engine, given, catalogue, question.now).await?;
        Ok(Some(Self { person, wallet, elsewhere, all_given, together, states, ran_out, around }))
    }

    fn situation<'a>(
        &self,
        question: &Question,
        catalogue: &'a Arc<Catalogue>,
        running: &Running,
    ) -> Situation<'a> {
        let now = question.now;
        let cluster = self.person.cluster();
        let grants = cluster.grants(now);
        let states: Vec<&State> = self.states.iter().map(|state| &*state.value).collect();
        let viewed: Vec<&State> = states.iter().copied().chain(&self.around).collect();
        let view = view(&viewed, &catalogue.features, &grants, now, running.wanted());
        Situation {
            id: question.id,
            now,
            seed: question.seed,
            ask: question.ask.clone(),
            person: Person {
                profile: self.person.asked().id,
                drawn_as: cluster.lead(),
                grants,
                view,
                contacts: self.contacts(&states, catalogue, now),
                used: catalogue.running(now, self.all_given().usage(catalogue)),
                household: catalogue.running(now, self.together.used.clone()),
                ran_out: self.ran_out.clone(),
            },
            standing: running.standing.clone(),
            catalogue,
        }
    }

    /// Tells what the person was given, whichever profile it was given to.
    fn all_given(&self) -> &Wallet {
        self.all_given.as_ref().unwrap_or(&self.wallet.value)
    }

    /// Collects the contacts the policy looks at: offers we came to them with, and announcements that a coupon will run out.
    fn contacts(&self, states: &[&State], catalogue: &Catalogue, now: Timestamp) -> Vec<Timestamp> {
        let announced = self.all_given().announced.iter().map(|announced| announced.at).collect::<Vec<_>>();
        catalogue.contact_policy.recent(states, &announced, now)
    }

    /// Makes the one batch that records the decision and everything it causes, and says what it writes of the person.
    fn into_batch(
        mut self,
        tenant: Tenant,
        decision: &Decision,
        catalogue: &Catalogue,
        in_force: &Check,
    ) -> Result<(Batch, Written), Error> {
        let home = keys::home(self.person.asked().id);
        let mut batch = Batch::new(batch_id()?, tenant, home);
        // A consent withdrawn in between is a conflict, and so is another catalogue, or somebody who turns out to be the same person.
        batch.checks.extend(self.person.unchanged());
        batch.checks.push(in_force.clone());
        batch.checks.push(Check::Absent(keys::decision(decision.id)));
        let bytes = decision.to_bytes();
        let decided = Decided { id: decision.id, hash: Hasher::new("decision").field(&bytes).finish() };
        batch.changes.push(Change::Put(keys::decision(decision.id), bytes));
        batch.changes.push(Change::Put(keys::decision_of(home, decision.id), Vec::new()));
        batch.changes.push(Change::Append {
            kind: keys::entry::DECIDED,
            key: decision.id.bytes(),
            owner: Some(home),
            payload: decided.to_bytes(),
        });
        let mut written = Written::default();
        let Some(drawn) = decision.offered().or(decision.held_out()) else { return Ok((batch, written)) };
        let (issued, right) = (issue(decision, catalogue), give(decision, catalogue));
        self.remember(decision, catalogue, drawn.offer, given(issued.as_ref(), right.as_ref()));
        batch.checks.push(self.wallet.unchanged());
        batch.checks.extend(self.elsewhere.iter().map(Loaded::unchanged));
        if catalogue.offers.get(drawn.offer).is_some_and(|offer| offer.limits.per_household.is_some()) {
            // Who lives with them and what those were given: of two members who ask at once one asks again.
            batch.checks.append(&mut self.together.checks);
        }
        let bytes = self.wallet.value.to_bytes();
        let stored = bytes.len();
        batch.changes.push(Change::Put(self.wallet.key.clone(), bytes));
        if let Some(effect) = issued {
            count(&effect.coupon.offer, &mut batch);
            written.state = self.contact(decision, catalogue, Contact::Coupon(&effect.coupon), &mut batch);
            book(None, &effect, &mut batch);
            batch.changes.extend(expiring::timer(&effect.coupon, &catalogue.contact_policy));
        }
        if let Some(moved) = right {
            count(&moved.right.offer, &mut batch);
            written.state = self.contact(decision, catalogue, Contact::Right(&moved.right), &mut batch);
            book_entries(&moved.entry, &mut batch);
            batch.changes.push(Change::Put(keys::right(decision.id), moved.right.to_bytes()));
            batch.changes.push(lapses(&moved.right));
        }
        written.wallet = Some(Put { key: self.wallet.key, stored, value: self.wallet.value });
        Ok((batch, written))
    }

    fn remember(&mut self, decision: &Decision, catalogue: &Catalogue, offer: usize, given: Given) {
        let Some(offer) = catalogue.offers.get(offer) else { return };
        let Some(campaign) = catalogue.campaigns.get(offer.campaign) else { return };
        Arc::make_mut(&mut self.wallet.value).held.push(Held {
            at: decision.now,
            decision: decision.id,
            campaign: campaign.id.clone(),
            offer: offer.id.clone(),
            given,
        });
    }

    /// The loop closes here: what was given is an event like a click, so the next decision knows of the contact. Gives the state as it is then.
    fn contact(
        &mut self,
        decision: &Decision,
        catalogue: &Catalogue,
        contact: Contact<'_>,
        batch: &mut Batch,
    ) -> Option<Put<State>> {
        let profile = self.person.asked().id;
        let identity = self.person.asked().identities.first().copied()?;
        let key = keys::state(profile, identity);
        let state = self.states.iter_mut().find(|state| state.key == key)?;
        let (cause, body) = contact.told(decision);
        let event = own_event(cause, profile, identity, decision.now, body);
        let stored = event.append(state, &catalogue.features, batch);
        Some(Put { key, stored, value: state.value.clone() })
    }
}

/// What a person was contacted with.
enum Contact<'a> {
    Coupon(&'a Coupon),
    Right(&'a Right),
}

impl Contact<'_> {
    fn told(self, decision: &Decision) -> (Cause, Body) {
        let pushed = decision.ask.channel.is_pushed();
        match self {
            Self::Coupon(coupon) => {
                let issued = Issued {
                    coupon: coupon.id,
                    decision: decision.id,
                    campaign: coupon.campaign.clone(),
                    offer: coupon.offer.clone(),
                    pushed,
                };
                let named = coupon.id.to_string();
                let cause = Cause { what: "coupon issued", id: coupon.id.bytes(), named };
                (cause, Body::CouponIssued(issued))
            }
            Self::Right(right) => {
                let given = RightGiven {
                    decision: decision.id,
                    campaign: right.campaign.clone(),
                    offer: right.offer.clone(),
                    pushed,
                };
                let named = decision.id.to_string();
                let cause = Cause { what: "right given", id: decision.id.bytes(), named };
                (cause, Body::RightGiven(given))
            }
        }
    }
}

fn given(issued: Option<&Effect>, right: Option<&Moved>) -> Given {
    match (issued, right) {
        (Some(effect), _) => Given::Coupon(effect.coupon.id),
        (None, Some(_)) => Given::Right,
        (None, None) => Given::HeldOut,
    }
}

/// Counts a coupon of an offer, or the right to one, whether or not there is a limit: one that is set later knows of those before it.
fn count(offer: &OfferId, batch: &mut Batch) {
    batch.changes.push(Change::Add(keys::issued(offer.as_str()), 1));
}
