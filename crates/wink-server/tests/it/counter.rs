//! The shop counter the tests stand at: a small catalogue in a few words, an engine on any store, and the flows without ceremony.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use wink_core::base::{Cents, CouponId, DecisionId, Timestamp};
use wink_core::coupon::cart::{Cart, Line};
use wink_core::coupon::{Coupon, Refusal, issue};
use wink_core::decision::{AcceptWithin, Ask, Decision, Issue};
use wink_core::offer::Channel;
use wink_server::flow::ingest::{Answer, Received};
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::{Mode, Purchase};
use wink_server::flow::{self, decide::Question};
use wink_server::secrets::Secrets;
use wink_server::{Engine, Error, SeededIds, catalogue};
use wink_sim::{Disk, SimStore};
use wink_store::Store;

/// The seed of every id a test makes.
pub(crate) const IDS: SeededIds = SeededIds(7);

/// Midnight of 2026-03-02, a Monday; most tests begin here.
/// Far more than sixty-four who want the same need: each of them is in the way of another once.
const TRIES_MAX: u32 = 2_000;

/// The same where each of them writes three times at most, and a broken store is tried for as long as that takes.
const TRIES_IN_VAIN_MAX: u32 = 400;

pub(crate) const MONDAY: Timestamp = Timestamp(1_772_409_600_000);

pub(crate) const MINUTE_MS: i64 = 60_000;

/// Runs a flow to its end on this thread.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// The keys of an installation that only tests have.
pub(crate) fn secrets() -> Secrets {
    Secrets::new([42; 32])
}

/// The shop around the offers.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) caps: Vec<(u32, u16)>,
    /// How long what ran out is not given again; as long as usual if it is not said.
    pub(crate) reissue_days: Option<u16>,
    pub(crate) holdout_percent: u32,
    pub(crate) exploration: f64,
    pub(crate) offers: Vec<Offer>,
    /// `triggers.toml`; none if it is empty.
    pub(crate) triggers: String,
    /// `segments.toml`; none if it is empty.
    pub(crate) segments: String,
    /// `features.toml`; none if it is empty.
    pub(crate) features: String,
    /// Further sections of `shop.toml`, as they stand in the file.
    pub(crate) more: String,
}

/// An offer with a campaign of its own, of the same name.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) name: String,
    pub(crate) benefits: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) minimum_spend: String,
    pub(crate) minimum_price: String,
    pub(crate) valid_days: u32,
    pub(crate) per_person: u32,
    pub(crate) total: Option<u32>,
    pub(crate) budget: String,
    pub(crate) holdout_percent: u32,
    pub(crate) rules: Vec<(String, String)>,
    /// A product and in how many days.
    pub(crate) not_if_bought: Option<(String, u32)>,
    pub(crate) uplift: f64,
    pub(crate) redeem: f64,
    /// Further keys, as they stand in the file.
    pub(crate) more: String,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            caps: vec![(1_000, 1)],
            reissue_days: None,
            holdout_percent: 0,
            exploration: 0.0,
            offers: Vec::new(),
            triggers: String::new(),
            segments: String::new(),
            features: String::new(),
            more: String::new(),
        }
    }
}

impl Offer {
    /// An offer that is worth making to anybody who allows it.
    pub(crate) fn new(name: &str, benefit: &str) -> Self {
        Self {
            name: name.to_owned(),
            benefits: vec![benefit.to_owned()],
            categories: Vec::new(),
            channels: Channel::ALL.map(|channel| channel.name().to_owned()).to_vec(),
            minimum_spend: "0.00".to_owned(),
            minimum_price: "0.00".to_owned(),
            valid_days: 28,
            per_person: 1,
            total: None,
            budget: "1000.00".to_owned(),
            holdout_percent: 0,
            rules: Vec::new(),
            not_if_bought: None,
            uplift: 1.0,
            redeem: -2.0,
            more: String::new(),
        }
    }

    fn toml(&self) -> String {
        let quoted =
            |words: &[String]| words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        let Self {
            name,
            minimum_spend,
            minimum_price,
            valid_days,
            per_person,
            budget,
            holdout_percent,
            uplift,
            redeem,
            ..
        } = self;
        let mut text = format!(
            "id = \"{name}\"\nname = \"{name}\"\ngoal = \"a test\"\nhypothesis = \"it passes\"\n\
             starts_at = \"2020-01-01\"\nends_at = \"2040-01-01\"\nbudget = \"{budget}\"\nholdout_percent = {holdout_percent}\n\n\
             [[offers]]\nid = \"{name}\"\ntitle = \"{name}\"\nbenefits = [{}]\nchannels = [{}]\n",
            self.benefits.join(", "),
            quoted(&self.channels),
        );
        if !self.categories.is_empty() {
            writeln!(text, "categories = [{}]", quoted(&self.categories)).unwrap();
        }
        writeln!(text, "minimum_spend = \"{minimum_spend}\"\nminimum_price = \"{minimum_price}\"").unwrap();
        writeln!(text, "valid_days = {valid_days}\nper_profile = {per_person}").unwrap();
        if let Some(total) = self.total {
            writeln!(text, "total = {total}").unwrap();
        }
        writeln!(text, "{}", self.more).unwrap();
        for (stage, rule) in &self.rules {
            writeln!(text, "{stage} = '''{rule}'''").unwrap();
        }
        if let Some((product, days)) = &self.not_if_bought {
            writeln!(text, "not_if_bought = {{ products = [{product:?}], within_days = {days} }}").unwrap();
        }
        writeln!(text, "redeem = {{ intercept = {redeem:?} }}\nuplift = {{ intercept = {uplift:?} }}")
            .unwrap();
        text
    }
}

impl Shop {
    pub(crate) fn selling(offers: Vec<Offer>) -> Self {
        Self { offers, ..Self::default() }
    }

    /// Writes the files a shop would keep.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let caps: Vec<String> = self
            .caps
            .iter()
            .map(|(at_most, within_days)| format!("{{ at_most = {at_most}, within_days = {within_days} }}"))
            .collect();
        let reissue = self.reissue_days.map_or_else(String::new, |days| format!("reissue_days = {days}\n"));
        let shop = format!(
            "name = \"A shop\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\n[contact_policy]\n{reissue}caps = [{}]\n\n\
             [holdout]\npercent = {}\nsalt = 1\n\n\
             [economics]\ndefault_margin_percent = 30\ndefault_basket = \"20.00\"\nattention_cost = \"0.02\"\nexploration = {:?}\n\n\
             [economics.channel_cost]\nnewsletter = \"0.005\"\nweb = \"0.00\"\ntill = \"0.00\"\n{}",
            caps.join(", "),
            self.holdout_percent,
            self.exploration,
            self.more,
        );
        let campaigns =
            self.offers.iter().map(|offer| (format!("campaigns/{}.toml", offer.name), offer.toml()));
        let others = [
            ("triggers.toml", &self.triggers),
            ("segments.toml", &self.segments),
            ("features.toml", &self.features),
        ];
        let others = others.into_iter().filter(|(_, text)| !text.is_empty());
        let others = others.map(|(name, text)| (name.to_owned(), text.clone()));
        [("shop.toml".to_owned(), shop)].into_iter().chain(campaigns).chain(others).collect()
    }
}

/// Opens an engine and puts the shop's catalogue in force.
pub(crate) async fn open<S: Store>(store: S, shop: &Shop, now: Timestamp) -> Result<Engine<S>, Error> {
    let engine = Engine::open(store, secrets(), now).await?;
    let files = shop.files();
    let catalogue = catalogue::compile(&files).unwrap_or_else(|findings| panic!("{findings:#?}\n{files:#?}"));
    flow::catalogue::apply(&engine, catalogue, files, now).await?;
    Ok(engine)
}

/// Takes one message in.
pub(crate) async fn tell<S: Store>(engine: &Engine<S>, received: Received) -> Result<Answer, Error> {
    let mut answers = flow::ingest::ingest(engine, &IDS, vec![received]).await?;
    Ok(answers.remove(0))
}

/// Makes the `number`-th question of a test.
pub(crate) fn question(number: u64, person: &str, channel: Channel, now: Timestamp) -> Question {
    Question {
        identity: super::said::identity(person),
        ask: Ask { channel, placement: "here".to_owned(), cart: None, issue: Issue::Now },
        now,
        id: DecisionId::new(now, IDS.bytes("decision", &[&number.to_be_bytes()])),
        seed: number,
        once: None,
    }
}

/// Makes the `number`-th question of a test, answered with the right to a coupon for `seconds`.
pub(crate) fn waiting(number: u64, person: &str, seconds: u32, now: Timestamp) -> Question {
    let mut question = question(number, person, Channel::Web, now);
    question.ask.issue = Issue::OnAccept(AcceptWithin::new(seconds).unwrap());
    question
}

/// Tells the coupon a decision issued, if any.
pub(crate) fn coupon_of<S: Store>(engine: &Engine<S>, decision: &Decision) -> Option<CouponId> {
    let catalogue = engine.catalogue().unwrap();
    issue(decision, &catalogue).map(|effect| effect.coupon.id)
}

/// Uses a coupon on an order of `spend` of the offer's products.
pub(crate) async fn redeem<S: Store>(
    engine: &Engine<S>,
    coupon: CouponId,
    order_id: &str,
    spend: Cents,
    now: Timestamp,
) -> Result<Result<Coupon, Refusal>, Error> {
    let mut purchase = purchase(order_id, spend);
    purchase.coupons = vec![coupon.to_string()];
    let mut lines = purchase.cart.into_lines();
    lines[0].categories = flow::steps::find(engine, coupon).await?.categories;
    purchase.cart = Cart::new(lines).unwrap();
    let Replied::Now(mut rung) = flow::redeem::redeem(engine, &purchase, None, now).await? else {
        panic!("nothing is kept without a key")
    };
    let used = rung.used.remove(0);
    Ok(match rung.refusal(&used) {
        None => Ok(used.coupon.unwrap()),
        Some(refusal) => Err(refusal),
    })
}

/// An order of one line, without a coupon yet.
pub(crate) fn purchase(order_id: &str, spend: Cents) -> Purchase {
    let line = Line {
        id: "all".to_owned(),
        product: "all".to_owned(),
        categories: Vec::new(),
        quantity: 1,
        unit_price: spend,
        vat_basis_points: None,
        unit_cost: None,
    };
    Purchase {
        points: None,
        are_typed: false,
        identity: None,
        store: None,
        coupons: Vec::new(),
        order_id: order_id.to_owned(),
        cart: Cart::new(vec![line]).unwrap(),
        mode: Mode::AllOrNothing,
        till: None,
    }
}

/// Moves on by minutes.
pub(crate) fn later(from: Timestamp, minutes: i64) -> Timestamp {
    Timestamp(from.0 + minutes * MINUTE_MS)
}

/// Asks again for as long as others are faster, as a client told "try again" does.
pub(crate) fn insist<T>(ask: impl FnMut() -> Result<T, Error>) -> T {
    insist_for(TRIES_MAX, ask).unwrap()
}

/// The same, where a broken store may never let anybody through: that is a finding then, and no reason to wait for ever.
pub(crate) fn insist_in_vain<T>(ask: impl FnMut() -> Result<T, Error>) -> Result<T, String> {
    insist_for(TRIES_IN_VAIN_MAX, ask)
}

fn insist_for<T>(tries: u32, mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, String> {
    for _ in 0..tries {
        match ask() {
            Err(Error::Contended) => std::thread::yield_now(),
            answer => return answer.map_err(|error| error.to_string()),
        }
    }
    Err(format!("others were faster {tries} times"))
}

/// Ends the process; what was not synced is lost.
pub(crate) fn kill(store: Arc<SimStore>) -> Disk {
    let mut disk = Arc::into_inner(store).expect("nobody else has the store").kill();
    disk.power_cut(1);
    disk
}
