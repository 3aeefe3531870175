//! A decision is asked for: the situation is loaded, the core decides, and the decision is committed with its coupon and its money.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use wink_core::base::{Cents, DecisionId, Hasher, OfferId, Timestamp};
use wink_core::coupon::{Coupon, Effect, Given, Held, Moved, Right, Wallet, give, issue};
use wink_core::decision::{Ask, BudgetUse, Decision, Person, Situation, Standing, Usage, Verdict, decide};
use wink_core::event::{Body, Identity, Issued, RightGiven};
use wink_core::feature::{State, Wanted, view};
use wink_core::offer::Catalogue;
use wink_record::{Decided, Stored};
use wink_store::{Batch, Change, Check, Counter, CounterKey, Home, Store, Tenant};

use super::announce::Listeners;
use super::booking::{book, book_entries};
use super::once::Once;
use super::own::{Cause, own_event};
use super::person::{self, Loaded};
use super::rights::lapses;
use super::whole::{self, Whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
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
    let Some(loaded) = Asked::load(engine, question).await? else { return Ok(None) };
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
    let mut attempts = 0;
    while answers.len() < questions.len() {
        let rest = questions.get(answers.len()..).unwrap_or_default();
        let done = ask_once(engine, rest, &mut answers).await?;
        attempts = if 0 < done { 0 } else { attempts + 1 };
        if ATTEMPTS_MAX <= attempts {
            return Err(Error::Contended);
        }
    }
    Ok(answers)
}

/// Decides questions up to the first that meets somebody else's change. Returns how many are answered.
async fn ask_once<S: Store>(
    engine: &Engine<S>,
    questions: &[Question],
    answers: &mut Vec<Option<Decision>>,
) -> Result<usize, Error> {
    let Some(first) = questions.first() else { return Ok(0) };
    let (catalogue, in_force) = engine.catalogue_in_force().await?;
    let mut running = Running::load(engine, &catalogue, first.now).await?;
    let listeners = Listeners::load(engine).await?;
    let mut batches = Vec::new();
    let mut decided: Vec<Option<Decision>> = Vec::with_capacity(questions.len());
    let mut committing: Vec<usize> = Vec::new();
    // Which campaigns run depends on the instant: one round serves one instant.
    for question in questions.iter().take_while(|question| question.now == first.now) {
        if let Some(once) = &question.once
            && let Some((_, decision)) = answered(engine, once).await?
        {
            decided.push(decision);
            continue;
        }
        if let Some(known) = engine.stored::<Decision>(&keys::decision(question.id)).await? {
            decided.push(Some(known));
            continue;
        }
        let started = Instant::now();
        let Some(asked) = Asked::load(engine, question).await? else {
            if let Some(once) = &question.once {
                let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
                once.take(question.id.bytes().to_vec(), question.now, question.now, &mut batch);
                committing.push(decided.len());
                batches.push(batch);
            }
            decided.push(None);
            continue;
        };
        let decision = decide(asked.situation(question, &catalogue, &running));
        engine.decide_times.record(started.elapsed());
        let mut batch = asked.into_batch(engine.tenant, &decision, &catalogue, &in_force)?;
        if let Some(once) = &question.once {
            once.take(question.id.bytes().to_vec(), question.now, question.now, &mut batch);
        }
        listeners.hear_decision(&decision, &catalogue, &mut batch);
        running.promise(&decision, &catalogue);
        committing.push(decided.len());
        batches.push(batch);
        decided.push(Some(decision));
    }
    let outcomes = engine.submit(batches).await;
    let mut answered = decided.len();
    for (place, outcome) in committing.into_iter().zip(outcomes) {
        if outcome?.is_none() {
            // Everything from here on was decided believing this one was committed; decide it again.
            answered = place;
            break;
        }
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

/// What is left to give, kept up to date while questions are decided in a row.
struct Running {
    standing: Standing,
    wanted: Wanted,
}

impl Running {
    async fn load<S: Store>(
        engine: &Engine<S>,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let runs =
            |index: &usize| catalogue.campaigns.get(*index).is_some_and(|campaign| campaign.runs_at(now));
        let campaigns: Vec<usize> = (0..catalogue.campaigns.len()).filter(runs).collect();
        let limited: Vec<usize> = catalogue
            .offers
            .iter()
            .enumerate()
            .filter(|(_, offer)| offer.limits.total.is_some() && runs(&offer.campaign))
            .map(|(index, _)| index)
            .collect();
        let budget_keys = campaigns.iter().filter_map(|index| catalogue.campaigns.get(*index));
        let issued_keys = limited.iter().filter_map(|index| catalogue.offers.get(*index));
        let counters: Vec<CounterKey> = budget_keys
            .map(|campaign| keys::budget(campaign.id.as_str()))
            .chain(issued_keys.map(|offer| keys::issued(offer.id.as_str())))
            .collect();
        let counters = engine.store.counters(engine.tenant, &counters).await?;
        let (budgets, issued) = counters.split_at(campaigns.len().min(counters.len()));
        let budget = |(index, counter): (usize, &Counter)| {
            let configured = catalogue.campaigns.get(index).map_or(Cents::ZERO, |campaign| campaign.budget);
            let cap = counter.cap.map_or(configured, Cents);
            (index, BudgetUse { used: Cents(counter.value), cap })
        };
        let count = |counter: &Counter| u32::try_from(counter.value).unwrap_or(u32::MAX);
        let standing = Standing {
            budgets: campaigns.into_iter().zip(budgets).map(budget).collect(),
            issued: limited.into_iter().zip(issued).map(|(index, counter)| (index, count(counter))).collect(),
        };
        Ok(Self { standing, wanted: catalogue.wanted(now) })
    }

    /// Books what a decision promised, as its commit will.
    fn promise(&mut self, decision: &Decision, catalogue: &Catalogue) {
        let Some(drawn) = decision.offered() else { return };
        let Some(offer) = catalogue.offers.get(drawn.offer) else { return };
        let Some(benefit) = offer.benefits.get(drawn.benefit) else { return };
        if let Some(budget) = self.standing.budgets.get_mut(&offer.campaign) {
            budget.used += benefit.maximum();
        }
        if let Some(count) = self.standing.issued.get_mut(&drawn.offer) {
            *count += 1;
        }
    }
}

/// A person as loaded for a question.
struct Asked {
    person: Whole,
    /// What the profile that is asked about was given.
    wallet: Loaded<Wallet>,
    /// What the person's other profiles were given.
    elsewhere: Vec<Loaded<Wallet>>,
    states: Vec<Loaded<State>>,
}

impl Asked {
    async fn load<S: Store>(engine: &Engine<S>, question: &Question) -> Result<Option<Self>, Error> {
        let key = person::identity_key(engine, &question.identity);
        let Some(id) = person::find(engine, key).await? else { return Ok(None) };
        let Some(person) = whole::load(engine, id).await? else { return Ok(None) };
        let wallet = person::load(engine, keys::wallet(id), Wallet::default).await?;
        let mut elsewhere = Vec::new();
        for other in person.all().skip(1) {
            let key = keys::wallet(other.value.id);
            elsewhere.push(person::load(engine, key, Wallet::default).await?);
        }
        let states = person::states(engine, &person.cluster()).await?;
        Ok(Some(Self { person, wallet, elsewhere, states }))
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
        let states: Vec<&State> = self.states.iter().map(|state| &state.value).collect();
        let view = view(&states, &catalogue.features, &grants, now, &running.wanted);
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
                contacts: catalogue.contact_policy.recent(&states, now),
                used: catalogue.running(now, self.usage(catalogue)),
            },
            standing: running.standing.clone(),
            catalogue,
        }
    }

    /// Counts what the person had of each offer, whichever profile it was given to.
    fn usage(&self, catalogue: &Catalogue) -> BTreeMap<usize, Usage> {
        if self.elsewhere.is_empty() {
            return self.wallet.value.usage(catalogue);
        }
        let mut all = self.wallet.value.clone();
        self.elsewhere.iter().for_each(|wallet| all.take_in(&wallet.value));
        all.usage(catalogue)
    }

    /// Makes the one batch that records the decision and everything it causes.
    fn into_batch(
        mut self,
        tenant: Tenant,
        decision: &Decision,
        catalogue: &Catalogue,
        in_force: &Check,
    ) -> Result<Batch, Error> {
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
        let Some(drawn) = decision.offered().or(decision.held_out()) else { return Ok(batch) };
        let (issued, right) = (issue(decision, catalogue), give(decision, catalogue));
        self.remember(decision, catalogue, drawn.offer, given(issued.as_ref(), right.as_ref()));
        batch.checks.push(self.wallet.unchanged());
        batch.checks.extend(self.elsewhere.iter().map(Loaded::unchanged));
        batch.changes.push(Change::Put(self.wallet.key.clone(), self.wallet.value.to_bytes()));
        if let Some(effect) = issued {
            count(&effect.coupon.offer, &mut batch);
            self.contact(decision, catalogue, Contact::Coupon(&effect.coupon), &mut batch);
            book(None, &effect, &mut batch);
        }
        if let Some(moved) = right {
            count(&moved.right.offer, &mut batch);
            self.contact(decision, catalogue, Contact::Right(&moved.right), &mut batch);
            book_entries(&moved.entry, &mut batch);
            batch.changes.push(Change::Put(keys::right(decision.id), moved.right.to_bytes()));
            batch.changes.push(lapses(&moved.right));
        }
        Ok(batch)
    }

    fn remember(&mut self, decision: &Decision, catalogue: &Catalogue, offer: usize, given: Given) {
        let Some(offer) = catalogue.offers.get(offer) else { return };
        let Some(campaign) = catalogue.campaigns.get(offer.campaign) else { return };
        self.wallet.value.held.push(Held {
            at: decision.now,
            decision: decision.id,
            campaign: campaign.id.clone(),
            offer: offer.id.clone(),
            given,
        });
    }

    /// The loop closes here: what was given is an event like a click, so the next decision knows of the contact.
    fn contact(
        &mut self,
        decision: &Decision,
        catalogue: &Catalogue,
        contact: Contact<'_>,
        batch: &mut Batch,
    ) {
        let profile = self.person.asked().id;
        let Some(identity) = self.person.asked().identities.first().copied() else { return };
        let key = keys::state(profile, identity);
        let Some(state) = self.states.iter_mut().find(|state| state.key == key) else { return };
        let (cause, body) = contact.told(decision);
        own_event(cause, profile, identity, decision.now, body).append(state, &catalogue.features, batch);
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
