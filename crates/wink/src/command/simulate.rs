//! `wink simulate`: shoppers whose intent is known, sent to a server or written to a file, and the truth about them to another.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use axum::body::Body;
use axum::http::{Request, Uri, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use wink_core::base::Timestamp;
use wink_sim::shop::{Message, Person, Settings, Shop, Visit, ZONES};

use super::INTERRUPTED;
use crate::arguments::Simulate;
use crate::{stop, terminal};

/// Messages in one request: as many as a client sends that waits a little.
const AT_ONCE: usize = 250;

/// What became of the messages.
#[derive(Default)]
struct Tally {
    messages: u64,
    visits: u64,
    bought: u64,
    statuses: std::collections::BTreeMap<String, u64>,
}

pub(crate) fn run(asked: &Simulate) -> anyhow::Result<ExitCode> {
    let from = Timestamp::parse(&format!("{}T00:00:00Z", asked.from)).map_err(|error| anyhow!(error))?;
    let settings = Settings { seed: asked.seed, people: asked.people, days: asked.days, from };
    if asked.json && asked.to == "-" {
        bail!("--to - writes the messages to standard output, where --json would write too: name a file");
    }
    let mut truth = asked.truth.as_deref().map(file).transpose()?;
    stop::listen()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut to = To::open(asked).await?;
        let mut shop = Shop::open(settings);
        if let Some(truth) = &mut truth {
            for person in shop.people() {
                line(truth, &of_person(&person))?;
            }
        }
        let bar = terminal::progress(u64::try_from(settings.days).unwrap_or(0) + 1, "days", asked.json);
        let mut tally = Tally::default();
        for day in shop.by_ref() {
            match to.take(&day.messages, &mut tally).await {
                Err(error) if to.is_unread(&error) => break,
                taken => taken?,
            }
            tally.messages += u64::try_from(day.messages.len()).unwrap_or(u64::MAX);
            for visit in &day.visits {
                tally.visits += 1;
                tally.bought += u64::from(visit.bought);
                if let Some(truth) = &mut truth {
                    line(truth, &of_visit(visit))?;
                }
            }
            bar.inc(1);
            if stop::asked() {
                break;
            }
        }
        bar.finish_and_clear();
        let written = to.close();
        truth.map_or(Ok(()), |mut truth| truth.flush())?;
        match written {
            // Nobody reads any more, as behind `| head`: nobody asks either how much there would have been.
            Err(error) if to.is_unread(&error) => return Ok(ExitCode::SUCCESS),
            written => written?,
        }
        tally.print(asked.json)?;
        Ok(if stop::asked() { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
    })
}

/// Where the messages go.
enum To {
    Standard(BufWriter<std::io::Stdout>),
    File(BufWriter<File>),
    Server(Box<Server>),
}

struct Server {
    address: String,
    authority: String,
    key: Option<String>,
    sender: SendRequest<Body>,
}

impl To {
    async fn open(asked: &Simulate) -> anyhow::Result<Self> {
        match asked.to.as_str() {
            "-" => Ok(Self::Standard(BufWriter::new(std::io::stdout()))),
            url if url.starts_with("http://") => {
                Ok(Self::Server(Box::new(Server::open(url, asked.key.clone()).await?)))
            }
            url if url.starts_with("https://") => {
                bail!(
                    "`wink simulate` speaks no TLS: send to the server's own address, like http://127.0.0.1:7070"
                )
            }
            path => Ok(Self::File(file(path.as_ref())?)),
        }
    }

    async fn take(&mut self, messages: &[Message], tally: &mut Tally) -> anyhow::Result<()> {
        match self {
            Self::Standard(out) => messages.iter().try_for_each(|message| line(out, &message.to_json())),
            Self::File(out) => messages.iter().try_for_each(|message| line(out, &message.to_json())),
            Self::Server(server) => {
                for some in messages.chunks(AT_ONCE) {
                    server.send(some, tally).await?;
                }
                Ok(())
            }
        }
    }

    fn close(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Standard(out) => Ok(out.flush()?),
            Self::File(out) => Ok(out.flush()?),
            Self::Server(_) => Ok(()),
        }
    }

    /// Whether something cannot be written only because nobody reads standard output any more.
    fn is_unread(&self, error: &anyhow::Error) -> bool {
        let of_json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        let kind = of_json.or_else(|| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind));
        matches!(self, Self::Standard(_)) && kind == Some(ErrorKind::BrokenPipe)
    }
}

impl Server {
    async fn open(url: &str, key: Option<String>) -> anyhow::Result<Self> {
        let uri: Uri = url
            .parse()
            .with_context(|| format!("`{url}` is no address; write it like http://127.0.0.1:7070"))?;
        let host = uri.host().unwrap_or("127.0.0.1");
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let sender = connect(&address).await?;
        Ok(Self { authority: address.clone(), address, key, sender })
    }

    /// Sends messages until they are taken: a server that is busy says when to come again.
    async fn send(&mut self, messages: &[Message], tally: &mut Tally) -> anyhow::Result<()> {
        let events: Vec<Json> = messages.iter().map(Message::to_json).collect();
        let body = json!({ "events": events }).to_string();
        loop {
            let mut request = Request::post("/v1/events").header(header::HOST, &self.authority);
            if let Some(key) = &self.key {
                request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
            }
            if self.sender.is_closed() {
                self.sender = connect(&self.address).await?;
            }
            self.sender.ready().await?;
            let answer = self.sender.send_request(request.body(Body::from(body.clone()))?).await?;
            let status = answer.status();
            let again =
                answer.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
            let bytes = answer.into_body().collect().await?.to_bytes();
            if let (429 | 503, Some(seconds)) = (status.as_u16(), again) {
                tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
                continue;
            }
            let answer: Json = serde_json::from_slice(&bytes).unwrap_or_default();
            if !status.is_success() {
                let why = answer.get("message").and_then(Json::as_str).unwrap_or("and does not say why");
                bail!("the server answered {status}: {why}");
            }
            let items = answer.get("items").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            for status in items.iter().filter_map(|item| item.get("status")?.as_str()) {
                *tally.statuses.entry(status.to_owned()).or_default() += 1;
            }
            return Ok(());
        }
    }
}

async fn connect(address: &str) -> anyhow::Result<SendRequest<Body>> {
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("nobody answers at {address}; start `wink serve` there"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Its end is seen when the next request is sent.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

impl Tally {
    fn print(&self, as_json: bool) -> anyhow::Result<()> {
        let Self { messages, visits, bought, statuses } = self;
        if as_json {
            return terminal::json(
                &json!({ "messages": messages, "visits": visits, "bought": bought, "answers": statuses }),
            );
        }
        let answers: Vec<String> =
            statuses.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let answered = if answers.is_empty() { String::new() } else { format!("; {}", answers.join(", ")) };
        // On standard error: standard output may be the messages.
        eprintln!("{messages} messages of {visits} visits, {bought} of which ended in a purchase{answered}");
        Ok(())
    }
}

fn file(path: &std::path::Path) -> anyhow::Result<BufWriter<File>> {
    let made = File::create(path).with_context(|| format!("`{}` cannot be written", path.display()))?;
    Ok(BufWriter::new(made))
}

fn line(out: &mut impl Write, json: &Json) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, json)?;
    Ok(out.write_all(b"\n")?)
}

fn of_person(person: &Person) -> Json {
    let (namespace, value) = person.customer();
    let worries: serde_json::Map<String, Json> =
        ZONES.iter().zip(person.worries).map(|(zone, worry)| ((*zone).to_owned(), worry.into())).collect();
    json!({ "person": {
        "identity": { "namespace": namespace, "value": value },
        "joins_on": person.joins_on, "leaves_after": person.leaves_after,
        "visits_per_day": person.visits_per_day, "readiness": person.readiness,
        "response": person.response.name(), "worries": worries,
        "devices": person.devices.iter().map(|device| &device.id).collect::<Vec<_>>(),
        "allows_personalisation": person.allows_personalisation,
    }})
}

fn of_visit(visit: &Visit) -> Json {
    let Visit { person, began_at, intent, readiness, uncertainty, zone, cart_cents, bought } = visit;
    json!({ "visit": {
        "person": format!("c-{person}"), "began_at": began_at.to_string(), "intent": intent.name(),
        "readiness": readiness, "uncertainty": uncertainty, "zone": ZONES.get(*zone),
        "cart_cents": cart_cents, "bought": bought,
    }})
}
