//! `campaigns/*.toml`: one campaign per file, with its offers.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::Document;
use wink_core::base::expression::{Declarations, nearest};
use wink_core::base::{CampaignId, Cents, OfferId, Timestamp, Zone};
use wink_core::feature::{self, FeatureType};
use wink_core::offer::{
    Afterwards, Benefit, Campaign, Channel, Limits, Offer, Programme, PublicCode, ReversalPolicy, Rules,
    Scorecard, Stage, Terms, Weights, Word, declarations,
};

use super::bought;
use super::entry::{Entry, Section, list};
use super::file::File;
use super::points;
use super::public_code;
use super::stacking;
use super::use_limits;
use super::wording;

/// Whether a campaign is stopped for now.
pub(super) const PAUSED: &str = "paused";

/// What a campaign says, in the order in which it is written.
pub(super) const CAMPAIGN_KEYS: &[&str] = &[
    "id",
    "name",
    "goal",
    "hypothesis",
    "starts_at",
    "ends_at",
    PAUSED,
    "budget",
    "holdout_percent",
    "reversals",
    points::KEY,
    use_limits::PER_DAY,
    use_limits::PER_STORE,
    "offers",
];

/// What an offer says, in the order in which it is written.
pub(super) const OFFER_KEYS: &[&str] = &[
    "id",
    "title",
    wording::OVERRIDE,
    "benefits",
    "channels",
    "categories",
    "minimum_spend",
    "minimum_price",
    "valid_days",
    "needs_activation",
    "per_profile",
    "per_household",
    "total",
    use_limits::PER_DAY,
    use_limits::PER_STORE,
    public_code::KEY,
    "stacks",
    "exclusive_group",
    "priority",
    "eligibility",
    "applicability",
    "suitability",
    bought::KEY,
    "redeem",
    "uplift",
];

/// The most values of one offer: each is a candidate of every decision.
const BENEFITS_MAX: usize = 8;

/// Parses the text; a syntax error is reported, and there is only ever the first one.
pub(super) fn document<'a>(file: &File<'a>) -> Option<Document<&'a str>> {
    match Document::parse(file.text) {
        Ok(document) => Some(document),
        Err(error) => {
            let message = error.message().lines().next().unwrap_or("").trim_end_matches('.').to_owned();
            file.report(&error.span().unwrap_or(0..0), format!("not valid TOML: {message}"), None);
            None
        }
    }
}

/// Reads campaign files one after the other and remembers the ids.
pub(super) struct Reader<'a> {
    features: &'a feature::Catalogue,
    declarations: Declarations,
    zone: Option<Zone>,
    programme: Option<Programme>,
    campaigns: Vec<(Campaign, Vec<Offer>)>,
    /// Where each id was first used.
    campaign_ids: BTreeMap<CampaignId, String>,
    offer_ids: BTreeMap<OfferId, String>,
    /// Where each public code was first used.
    words: BTreeMap<Word, String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        features: &'a feature::Catalogue,
        zone: Option<Zone>,
        programme: Option<Programme>,
    ) -> Self {
        Self {
            features,
            declarations: declarations(features),
            zone,
            programme,
            campaigns: Vec::new(),
            campaign_ids: BTreeMap::new(),
            offer_ids: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    /// Reads a file; what is wrong is reported there.
    pub(super) fn read(&mut self, file: &File<'_>) {
        let Some(document) = document(file) else { return };
        let root = Section::root(file, document.as_table());
        if let Some(campaign) = self.campaign(&root)
            && file.is_clean()
        {
            self.campaigns.push(campaign);
        }
    }

    /// Gives everything that was read, ordered by id; each offer points to its campaign.
    pub(super) fn finish(mut self) -> (Vec<Campaign>, Vec<Offer>) {
        self.campaigns.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        let mut campaigns = Vec::new();
        let mut offers = Vec::new();
        for (campaign, its_offers) in self.campaigns {
            offers.extend(its_offers.into_iter().map(|offer| Offer { campaign: campaigns.len(), ..offer }));
            campaigns.push(campaign);
        }
        offers.sort_by(|one, other| one.id.cmp(&other.id));
        (campaigns, offers)
    }

    fn campaign(&mut self, root: &Section<'_>) -> Option<(Campaign, Vec<Offer>)> {
        root.only(CAMPAIGN_KEYS);
        let id = self.campaign_id(root);
        let words = |name| root.required(name).and_then(|entry| entry.text()).map(str::to_owned);
        let name = words("name");
        let goal = words("goal");
        let hypothesis = words("hypothesis");
        let starts_at = self.time(root, "starts_at");
        let ends_at = self.time(root, "ends_at");
        if let (Some((starts_at, _)), Some((ends_at, entry))) = (&starts_at, &ends_at)
            && ends_at <= starts_at
        {
            entry.refuse::<()>("`ends_at` must be later than `starts_at`", None);
        }
        let is_paused = root.optional(PAUSED).map_or(Some(false), |entry| entry.flag());
        let budget = root.required("budget").and_then(|entry| Some((entry.positive_amount()?, entry)));
        let holdout = root.required("holdout_percent").and_then(|entry| entry.percent(0..=50));
        let reversals = reversals(root);
        let limits = use_limits::read(root);
        let points = points::of_campaign(root, self.programme.as_ref());
        let offers = self.offers(root);

        let (budget, budget_entry) = budget?;
        let offers = offers?;
        let dearest = offers
            .iter()
            .flat_map(|offer| &offer.benefits)
            .map(Benefit::maximum)
            .max()
            .unwrap_or(Cents::ZERO);
        if budget < dearest {
            let [budget, dearest] = [budget, dearest].map(|amount| root.file().currency().of(amount).plain());
            budget_entry
                .refuse::<()>(format!("`budget` is {budget}, and one coupon may cost {dearest}"), None);
        }
        let campaign = Campaign {
            id: id?,
            name: name?,
            goal: goal?,
            hypothesis: hypothesis?,
            starts_at: starts_at?.0,
            ends_at: ends_at?.0,
            is_paused: is_paused?,
            budget,
            holdout_basis_points: holdout?,
            reversals: reversals?,
            limits: limits?,
            points: points?,
        };
        Some((campaign, offers))
    }

    fn campaign_id(&mut self, root: &Section<'_>) -> Option<CampaignId> {
        let entry = root.required("id")?;
        match CampaignId::parse(entry.text()?) {
            Ok(id) => first_use(&mut self.campaign_ids, root.file(), &entry, id),
            Err(error) => refuse_id(&entry, &error.to_string()),
        }
    }

    fn offer_id(&mut self, section: &Section<'_>) -> Option<OfferId> {
        let entry = section.required("id")?;
        match OfferId::parse(entry.text()?) {
            Ok(id) => first_use(&mut self.offer_ids, section.file(), &entry, id),
            Err(error) => refuse_id(&entry, &error.to_string()),
        }
    }

    fn time<'b>(&self, root: &Section<'b>, name: &'static str) -> Option<(Timestamp, Entry<'b>)> {
        let entry = root.required(name)?;
        let time = entry.time(self.zone.as_ref()?)?;
        Some((time, entry))
    }

    fn offers(&mut self, root: &Section<'_>) -> Option<Vec<Offer>> {
        let entry = root.required("offers")?;
        let sections = entry.sections("[[offers]]")?;
        if sections.is_empty() {
            return entry.refuse("`offers` is empty", None);
        }
        let offers: Vec<Option<Offer>> = sections.iter().map(|section| self.offer(section)).collect();
        offers.into_iter().collect()
    }

    fn offer(&mut self, section: &Section<'_>) -> Option<Offer> {
        section.only(OFFER_KEYS);
        let id = self.offer_id(section);
        let title = wording::title(section);
        let benefits = section.required("benefits").and_then(|entry| benefits(&entry));
        let channels = section.required("channels").and_then(|entry| channels(&entry));
        let categories = match section.optional("categories") {
            Some(entry) => {
                entry.texts().map(|texts| texts.into_iter().map(|(text, _)| text.to_owned()).collect())
            }
            None => Some(Vec::new()),
        };
        let terms = terms(section);
        let limits = limits(section);
        let public_code = self.public_code(section);
        let stacking = stacking::of_offer(section);
        let rules = self.rules(section);
        let redeem = section.required("redeem").and_then(|entry| self.weights(&entry.section("redeem")?));
        let uplift = section.required("uplift").and_then(|entry| self.weights(&entry.section("uplift")?));
        let offer = Offer {
            id: id?,
            title: title?,
            campaign: 0,
            benefits: benefits?,
            channels: channels?,
            categories: categories?,
            terms: terms?,
            limits: limits?,
            public_code: public_code?,
            stacking: stacking?,
            rules: rules?,
            scorecard: Scorecard { redeem: redeem?, uplift: uplift? },
        };
        public_code::fits(section, &offer).then_some(offer)
    }

    fn public_code(&mut self, section: &Section<'_>) -> Option<Option<PublicCode>> {
        let Some(entry) = section.optional(public_code::KEY) else { return Some(None) };
        let code = public_code::read(&entry)?;
        let file = section.file();
        if let Some(first) = self.words.get(&code.word) {
            let word = code.word.as_str();
            return entry.refuse(format!("the public code `{word}` is already used in {first}"), None);
        }
        self.words.insert(code.word.clone(), format!("{}:{}", file.name, file.line(&entry.at)));
        Some(Some(code))
    }

    fn rules(&self, section: &Section<'_>) -> Option<Rules> {
        let rule = |stage: Stage| match section.optional(stage.name()) {
            Some(entry) => entry.rule(&self.declarations).map(Some),
            None => Some(None),
        };
        let [eligibility, applicability, suitability] = Stage::ALL.map(rule);
        let eligibility = match bought::read(section) {
            Some(said) => eligibility.map(|rule| said.before(rule, &self.declarations)),
            None => eligibility,
        };
        Some(Rules { eligibility: eligibility?, applicability: applicability?, suitability: suitability? })
    }

    fn weights(&self, section: &Section<'_>) -> Option<Weights> {
        section.only(&["intercept", "weights"]);
        let intercept = section.required("intercept").and_then(|entry| entry.number());
        let mut by_slot = vec![0.0; self.features.definitions().len()];
        let mut is_whole = true;
        if let Some(entry) = section.optional("weights") {
            for (entry, key_at) in entry.section("weights")?.entries() {
                let weight = entry.number();
                let slot = self.slot(section.file(), &entry.name, &key_at);
                match (weight, slot.and_then(|slot| by_slot.get_mut(slot))) {
                    (Some(weight), Some(place)) => *place = weight,
                    _ => is_whole = false,
                }
            }
        }
        let intercept = intercept?;
        is_whole.then_some(Weights { intercept, by_slot })
    }

    fn slot(&self, file: &File<'_>, name: &str, at: &Range<usize>) -> Option<usize> {
        let definitions = self.features.definitions();
        let Some(slot) = self.features.slot(name) else {
            let meant = nearest(name, definitions.iter().map(|definition| definition.name.as_str()));
            let fix = meant.or_else(|| name.strip_prefix("feature.")).map(|meant| format!("write `{meant}`"));
            file.report(at, format!("there is no feature `{name}`"), fix);
            return None;
        };
        if definitions.get(slot).is_some_and(|definition| definition.value_type() != FeatureType::Number) {
            file.report(at, format!("`{name}` is shares, and a weight needs a number"), None);
            return None;
        }
        Some(slot)
    }
}

/// Refuses a text that is not a slug.
pub(super) fn refuse_id<T>(entry: &Entry<'_>, message: &str) -> Option<T> {
    let (message, fix) = match message.split_once("; ") {
        Some((message, fix)) => (message, Some(fix.to_owned())),
        None => (message, None),
    };
    entry.refuse(message, fix)
}

/// Remembers an id; the second use of one is reported.
fn first_use<Id: Ord + Clone + std::fmt::Display>(
    seen: &mut BTreeMap<Id, String>,
    file: &File<'_>,
    entry: &Entry<'_>,
    id: Id,
) -> Option<Id> {
    if let Some(first) = seen.get(&id) {
        return entry.refuse(format!("the id `{id}` is already used in {first}"), None);
    }
    seen.insert(id.clone(), format!("{}:{}", file.name, file.line(&entry.at)));
    Some(id)
}

fn benefits(entry: &Entry<'_>) -> Option<Vec<Benefit>> {
    let sections = entry.sections("benefits")?;
    if sections.is_empty() {
        let fix =
            "write at least one, like `{ amount = \"1.00\" }` or `{ percent = 10, at_most = \"3.00\" }`";
        return entry.refuse("`benefits` is empty", Some(fix.to_owned()));
    }
    if BENEFITS_MAX < sections.len() {
        return entry.refuse(
            format!("`benefits` holds at most {BENEFITS_MAX} values, these are {}", sections.len()),
            None,
        );
    }
    let mut benefits = Vec::new();
    let mut is_whole = true;
    for section in &sections {
        match benefit(section) {
            Some(benefit) if benefits.contains(&benefit) => {
                section.file().report(
                    section.at(),
                    "the value stands twice in `benefits`",
                    Some("leave one out".to_owned()),
                );
                is_whole = false;
            }
            Some(benefit) => benefits.push(benefit),
            None => is_whole = false,
        }
    }
    is_whole.then_some(benefits)
}

fn benefit(section: &Section<'_>) -> Option<Benefit> {
    if let Some(entry) = section.optional("amount") {
        section.only(&["amount"]);
        return entry.positive_amount().map(Benefit::Amount);
    }
    let Some(entry) = section.optional("percent") else {
        section.only(&["amount", "percent", "at_most"]);
        let fix = "write `{ amount = \"1.00\" }` or `{ percent = 10, at_most = \"3.00\" }`";
        section.file().report(section.at(), "a benefit needs `amount` or `percent`", Some(fix.to_owned()));
        return None;
    };
    section.only(&["percent", "at_most"]);
    let basis_points = entry.percent(0..=100);
    let maximum = section.required("at_most").and_then(|entry| entry.positive_amount());
    if basis_points == Some(0) {
        return entry.refuse("`percent` must be more than 0", None);
    }
    Some(Benefit::Percent { basis_points: basis_points?, maximum: maximum? })
}

fn channels(entry: &Entry<'_>) -> Option<Vec<Channel>> {
    let names = Channel::ALL.map(Channel::name);
    let texts = entry.texts()?;
    if texts.is_empty() {
        return entry.refuse("`channels` is empty", Some(format!("use {}", list(&names))));
    }
    let mut channels = Vec::new();
    let mut is_whole = true;
    for (text, at) in texts {
        match Channel::parse(text) {
            Some(channel) => channels.push(channel),
            None => {
                let fix = match nearest(text, names.into_iter()) {
                    Some(meant) => format!("write `{meant}`"),
                    None => format!("use {}", list(&names)),
                };
                entry.report_at(&at, format!("there is no channel `{text}`"), Some(fix));
                is_whole = false;
            }
        }
    }
    is_whole.then_some(channels)
}

fn terms(section: &Section<'_>) -> Option<Terms> {
    let amount = |name| match section.optional(name) {
        Some(entry) => entry.amount(),
        None => Some(Cents::ZERO),
    };
    let minimum_spend = amount("minimum_spend");
    let minimum_price = amount("minimum_price");
    let valid_days = section.required("valid_days").and_then(|entry| entry.whole(1..=366));
    let needs_activation = match section.optional("needs_activation") {
        Some(entry) => entry.flag(),
        None => Some(false),
    };
    Some(Terms {
        minimum_spend: minimum_spend?,
        minimum_price: minimum_price?,
        valid_days: u16::try_from(valid_days?).ok()?,
        needs_activation: needs_activation?,
    })
}

/// Reads `[reversals]`; what it does not say is as usual.
fn reversals(root: &Section<'_>) -> Option<ReversalPolicy> {
    let usual = ReversalPolicy::default();
    let Some(entry) = root.optional("reversals") else { return Some(usual) };
    let section = entry.section("reversals")?;
    section.only(&["cancel", "refund", "partial_refund", "chargeback"]);
    let answer = |name, usual| match section.optional(name) {
        Some(entry) => afterwards(&entry),
        None => Some(usual),
    };
    let cancel = answer("cancel", usual.cancel);
    let refund = answer("refund", usual.refund);
    let partial_refund = answer("partial_refund", usual.partial_refund);
    let chargeback = answer("chargeback", usual.chargeback);
    Some(ReversalPolicy {
        cancel: cancel?,
        refund: refund?,
        partial_refund: partial_refund?,
        chargeback: chargeback?,
    })
}

fn afterwards(entry: &Entry<'_>) -> Option<Afterwards> {
    let text = entry.text()?;
    let names = Afterwards::ALL.map(Afterwards::name);
    match Afterwards::parse(text) {
        Some(afterwards) => Some(afterwards),
        None => entry.refuse(format!("`{text}` is none of them"), Some(format!("use {}", list(&names)))),
    }
}

fn limits(section: &Section<'_>) -> Option<Limits> {
    let count =
        |entry: Entry<'_>| entry.whole(1..=i64::from(u32::MAX)).and_then(|count| u32::try_from(count).ok());
    let per_profile = section.required("per_profile").and_then(count);
    let optional = |name| match section.optional(name) {
        Some(entry) => count(entry).map(Some),
        None => Some(None),
    };
    let (per_household, total) = (optional("per_household"), optional("total"));
    let uses = use_limits::read(section);
    Some(Limits { per_profile: per_profile?, per_household: per_household?, total: total?, uses: uses? })
}
