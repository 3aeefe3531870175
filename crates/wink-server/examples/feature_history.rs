//! Plays a simulated shop into a store on disk and reads features of some people at two hundred instants while it does, for
//! `cargo xtask compare features`. It computes no feature itself, and compares nothing.
//!
//! `cargo run -p wink-server --example feature_history DIRECTORY [PEOPLE] [DAYS] [SEED]` makes the directory, writes into it
//!
//! * `messages.ndjson`: every message as it was sent, with the millisecond at which it arrived,
//! * `questions.csv`: whose features were read, and when,
//! * `online.csv`: what was read, when nothing that arrived later was there yet,
//! * `wink.key` and `store`: the store, in which the binary finds an imported past,
//!
//! and prints one line of JSON with what became of the messages.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use wink_api::EventReceived;
use wink_core::base::{DAY_MS, Timestamp};
use wink_core::event::Identity;
use wink_core::feature::{FeatureType, Viewed};
use wink_server::flow::ingest::{Answer, Received, ingest};
use wink_server::flow::past::{self, Past};
use wink_server::flow::profiles::{Whom, features, find};
use wink_server::secrets::Secrets;
use wink_server::{Engine, SeededIds, catalogue, flow};
use wink_sim::shop::{Message, Settings, Shop};
use wink_store_fjall::{FjallStore, Options};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often somebody looks.
const INSTANTS: i64 = 200;

/// People looked at each time, whatever they do.
const PEOPLE_AT_ONCE: u64 = 20;

/// People looked at beside them, who sent something just now: they are in a session.
const BUSY_AT_ONCE: usize = 5;

/// Messages sent at once: what a commit of the store takes, some times over.
const MESSAGES_AT_ONCE: usize = 2_000;

/// Midnight of 2025-01-01: a year with both changes of the clock, and a bit of the next.
const FROM: Timestamp = Timestamp(1_735_689_600_000);

/// The store is thrown away; its key keeps nobody's secret.
const KEY: [u8; 32] = [7; 32];

/// A shop on a clock of its own, so that hours and weekdays are not those of UTC.
const SHOP: &str = "name = \"A shop\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Berlin\"\n\n\
    [contact_policy]\ncaps = [{ at_most = 1, within_days = 14 }]\n\n[holdout]\npercent = 0\nsalt = 1\n\n\
    [economics]\ndefault_margin_percent = 30\ndefault_basket = \"20.00\"\nattention_cost = \"0.02\"\nexploration = 0.0\n\n\
    [economics.channel_cost]\nnewsletter = \"0.005\"\nweb = \"0.00\"\ntill = \"0.00\"\n";

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map(PathBuf::from).ok_or("name a directory that is not there yet")?;
    let people = arguments.next().map_or(Ok(1_000), |people| people.parse())?;
    let days = arguments.next().map_or(Ok(400), |days| days.parse())?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let settings = Settings { seed, people, days, from: FROM };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    runtime.block_on(async {
        let mut history = History::open(&directory, settings).await?;
        for day in Shop::open(settings) {
            for message in &day.messages {
                history.take(message).await?;
            }
        }
        history.close().await
    })
}

/// A store that is filled, and what is written beside it.
struct History {
    engine: Engine<FjallStore>,
    settings: Settings,
    messages: BufWriter<File>,
    questions: BufWriter<File>,
    online: BufWriter<File>,
    /// Instants ahead, the next one last.
    ahead: Vec<Timestamp>,
    waiting: Vec<Received>,
    /// Who sent the newest messages.
    busy: VecDeque<String>,
    became: BTreeMap<&'static str, u64>,
}

impl History {
    async fn open(directory: &Path, settings: Settings) -> Result<Self, Failure> {
        std::fs::create_dir(directory)?;
        std::fs::write(directory.join("wink.key"), KEY)?;
        let store = FjallStore::open(directory.join("store"), Options::default())?;
        let engine = Engine::open(store, Secrets::new(KEY), FROM).await?;
        let files = catalogue::Files::from([("shop.toml".to_owned(), SHOP.to_owned())]);
        let compiled = catalogue::compile(&files).map_err(|findings| format!("{findings:?}"))?;
        flow::catalogue::apply(&engine, compiled, files, FROM).await?;
        let file = |name: &str| File::create(directory.join(name)).map(BufWriter::new);
        let (mut questions, mut online) = (file("questions.csv")?, file("online.csv")?);
        writeln!(questions, "identity,at")?;
        writeln!(online, "identity,at,{}", numbers(&engine).join(","))?;
        let mut ahead: Vec<Timestamp> = (1..=INSTANTS).map(|number| instant(number, settings.days)).collect();
        ahead.reverse();
        Ok(Self {
            engine,
            settings,
            messages: file("messages.ndjson")?,
            questions,
            online,
            ahead,
            waiting: Vec::new(),
            busy: VecDeque::new(),
            became: BTreeMap::new(),
        })
    }

    /// Takes the next message, after whoever wants to look before it came.
    async fn take(&mut self, message: &Message) -> Result<(), Failure> {
        while let Some(at) = self.ahead.pop_if(|at| *at < message.arrives_at) {
            self.send().await?;
            self.look(at).await?;
        }
        let mut sent = message.to_json();
        let text = sent.to_string();
        self.waiting.push(Received {
            envelope: serde_json::from_str::<EventReceived>(&text)?.into_envelope("shop", None)?,
            original: text.into_bytes(),
            at: message.arrives_at,
            is_vouched: true,
        });
        if let Some(fields) = sent.as_object_mut() {
            fields.insert("arrived_ms".to_owned(), message.arrives_at.0.into());
            fields.insert("occurred_ms".to_owned(), message.occurred_at.0.into());
        }
        writeln!(self.messages, "{sent}")?;
        let customer = message.identities.iter().find(|(namespace, _)| *namespace == "customer");
        if let Some((_, value)) = customer.filter(|(_, value)| !self.busy.contains(value)) {
            self.busy.truncate(BUSY_AT_ONCE - 1);
            self.busy.push_front(value.clone());
        }
        if MESSAGES_AT_ONCE <= self.waiting.len() {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let ids = SeededIds(self.settings.seed);
        for answer in ingest(&self.engine, &ids, std::mem::take(&mut self.waiting)).await? {
            let became = match answer {
                Answer::Accepted(_) => "accepted",
                Answer::Duplicate(_) => "duplicate",
                Answer::Dead(_) => "dead",
                Answer::Erased => "erased",
            };
            *self.became.entry(became).or_default() += 1;
        }
        Ok(())
    }

    /// Reads the features of some people as a server would at that moment.
    async fn look(&mut self, at: Timestamp) -> Result<(), Failure> {
        let first = u64::try_from(self.ahead.len())? * PEOPLE_AT_ONCE;
        // Steps of a prime lead past everybody in turn.
        let some =
            (first..first + PEOPLE_AT_ONCE).map(|step| format!("c-{}", step * 7_919 % self.settings.people));
        let mut asked: Vec<String> = some.chain(self.busy.iter().cloned()).collect();
        asked.sort();
        asked.dedup();
        let catalogue = self.engine.features();
        for person in asked {
            writeln!(self.questions, "customer:{person},{at}")?;
            write!(self.online, "customer:{person},{at}")?;
            let known = find(&self.engine, &Whom::Identity(Identity::new("customer", &person)?)).await?;
            let read = match &known {
                Some(known) => Some(features(&self.engine, &known.cluster(), at).await?),
                None => None,
            };
            for (slot, definition) in catalogue.definitions().iter().enumerate() {
                if definition.value_type() != FeatureType::Number {
                    continue;
                }
                match read.as_ref().and_then(|read| read.view.slots().get(slot)) {
                    Some(Viewed::Number(reading)) => write!(self.online, ",{}", reading.value)?,
                    _ => write!(self.online, ",")?,
                }
            }
            writeln!(self.online)?;
        }
        Ok(())
    }

    async fn close(mut self) -> Result<(), Failure> {
        while let Some(at) = self.ahead.pop() {
            self.send().await?;
            self.look(at).await?;
        }
        self.send().await?;
        // Whoever opens the store asks at the end of what was played, not years after.
        let reached = FROM.plus_days(self.settings.days + 60);
        past::remember(&self.engine, Past { reached, seed: self.settings.seed }).await?;
        self.messages.flush()?;
        self.questions.flush()?;
        self.online.flush()?;
        writeln!(std::io::stdout(), "{}", json!(self.became))?;
        Ok(())
    }
}

/// Names the features that are numbers.
fn numbers(engine: &Engine<FjallStore>) -> Vec<String> {
    let catalogue = engine.features();
    let numbers = catalogue.definitions().iter();
    let numbers = numbers.filter(|definition| definition.value_type() == FeatureType::Number);
    numbers.map(|definition| definition.name.clone()).collect()
}

/// The instants: evenly through the days, some of them at midnight and a millisecond before it, where windows end.
fn instant(number: i64, days: i64) -> Timestamp {
    let at = FROM.0 + days * DAY_MS / INSTANTS * number - DAY_MS / 8;
    let midnight = at.div_euclid(DAY_MS) * DAY_MS;
    Timestamp(match number % 4 {
        0 => midnight,
        1 => midnight - 1,
        _ => at,
    })
}
