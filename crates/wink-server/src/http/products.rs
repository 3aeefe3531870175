//! Products over HTTP: listed some at a time, or imported from a file that is read while it comes.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use wink_api::{
    ImportAsked, ImportLine, ImportTally, PageAsked, Problem, ProductSent, ProductsAnswered, ProductsListed,
    ProductsSent, ReductionAsked, ReductionView, json,
};
use wink_core::offer::price_law::{GERMANY, Reference, reference};
use wink_store::Store;

use super::body::{Asked, Json, PathName};
use super::page::Page;
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::flow::product_import::{Import, Manner, Tally, WrongRow};
use crate::flow::products;
use crate::rows::Format;

/// The most products of one request.
const SENT_MAX: usize = 500;

/// Lists products. One that is wrong refuses all of them.
#[utoipa::path(post, path = "/v1/products", tag = "products", operation_id = "put_products", request_body = ProductsSent,
    params(("dry_run" = Option<bool>, Query, description = "Changes nothing")),
    responses((status = 200, description = "What changed", body = ProductsAnswered)))]
pub(super) async fn put_products<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<wink_api::ChangeAsked>,
    Json(sent): Json<ProductsSent>,
) -> Result<axum::Json<ProductsAnswered>, Refused> {
    if SENT_MAX < sent.products.len() {
        let message =
            format!("{} products are too many; send at most {SENT_MAX} at once", sent.products.len());
        return Err(invalid("/products", message));
    }
    let mut listed = Vec::with_capacity(sent.products.len());
    for (index, product) in sent.products.into_iter().enumerate() {
        let product = product.read().map_err(|error| {
            let index = index.to_string();
            invalid(&json::pointer(["products", index.as_str(), error.field]), error.to_string())
        })?;
        listed.push(product);
    }
    let put = match asked.dry_run {
        true => products::try_put(&caller.engine, &listed).await?,
        false => products::put(&caller.engine, &listed, caller.now).await?,
    };
    let products::Put { new, changed, unchanged } = put;
    Ok(axum::Json(ProductsAnswered { new, changed, unchanged, dry_run: asked.dry_run }))
}

/// Shows products, ordered by id.
#[utoipa::path(get, path = "/v1/products", tag = "products", operation_id = "list_products",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "The products", body = ProductsListed)))]
pub(super) async fn list_products<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<PageAsked>,
) -> Result<axum::Json<ProductsListed>, Refused> {
    let page = Page::read(&asked)?;
    let found = products::list(&caller.engine, page.after.as_deref(), page.limit + 1).await?;
    let (found, next_cursor) = page.cut(found, |product| product.id.clone());
    Ok(axum::Json(ProductsListed { data: found.into_iter().map(ProductSent::from).collect(), next_cursor }))
}

/// Shows a product.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "products", operation_id = "show_product",
    params(("id" = String, Path, description = "The shop's own id")),
    responses((status = 200, description = "The product", body = ProductSent)))]
pub(super) async fn show_product<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<axum::Json<ProductSent>, Refused> {
    Ok(axum::Json(products::get(&caller.engine, known_length(&id)?).await?.into()))
}

/// Tells what a reduction of a product's price is measured against: the lowest price of the thirty days before it.
#[utoipa::path(get, path = "/v1/products/{id}/reduction", tag = "products", operation_id = "show_reduction",
    params(("id" = String, Path, description = "The shop's own id"), ReductionAsked),
    responses((status = 200, description = "The price, the one it is measured against, and the rule", body = ReductionView)))]
pub(super) async fn show_reduction<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ReductionAsked>,
) -> Result<axum::Json<ReductionView>, Refused> {
    let announced_at = asked.announced_at(caller.now).map_err(|error| invalid("/announced_at", error))?;
    let history = products::prices(&caller.engine, known_length(&id)?).await?;
    let found = reference(&history, asked.kind.into(), announced_at, caller.now, &GERMANY);
    Ok(axum::Json(ReductionView::new(found.unwrap_or(Reference::NoPrice))))
}

/// Takes a product off the list.
#[utoipa::path(delete, path = "/v1/products/{id}", tag = "products", operation_id = "delete_product",
    params(("id" = String, Path, description = "The shop's own id")),
    responses((status = 204, description = "It is off the list")))]
pub(super) async fn delete_product<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<StatusCode, Refused> {
    products::delete(&caller.engine, known_length(&id)?, caller.now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The store has no longer keys, so nothing is called so.
fn known_length(id: &str) -> Result<&str, Refused> {
    let missing = || crate::Error::NotFound { what: "product", name: id.chars().take(64).collect() };
    if id.len() <= wink_store::KEY_BYTES_MAX { Ok(id) } else { Err(missing().into()) }
}

/// The most bytes of one import: some million rows.
const IMPORT_BYTES_MAX: usize = 256 << 20;

/// The longest a client may be silent in the middle of a file.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Bytes that are read at once: what is answered for them stays small, however wrong they are.
const PIECE: usize = 16 << 10;

/// At most this many wrong rows are answered, so that a client that reads only when it has sent everything does not stand still.
const WRONG_TOLD_MAX: u64 = 100;

/// Rows between two lines that tell how far it is.
const PROGRESS_EVERY: u64 = 5_000;

/// Imports products from CSV or NDJSON. The answer is NDJSON, sent as it goes: wrong rows, progress, and `done` at the end.
#[utoipa::path(post, path = "/v1/products/import", tag = "products", operation_id = "import_products",
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    params(("dry_run" = Option<bool>, Query, description = "Changes nothing"),
        ("strict" = Option<bool>, Query, description = "Stops at the first wrong row")),
    responses((status = 200, description = "A line for each wrong row, for progress, and `done` or `failed` as the last", body = ImportLine, content_type = "application/x-ndjson")))]
pub(super) async fn import_products<S: Store>(
    caller: Caller<S>,
    Asked(asked): Asked<ImportAsked>,
    request: Request,
) -> Result<Response, Refused> {
    let format = format(request.headers())?;
    let import = Import::new(format, Manner { dry_run: asked.dry_run, strict: asked.strict }, caller.now);
    let (sender, answer) = Channel::<Bytes>::new(64);
    let told = Told { sender, wrong: 0, progress: 0 };
    tokio::spawn(run(caller, import, request.into_body(), told));
    let ndjson = (header::CONTENT_TYPE, "application/x-ndjson");
    Ok(([ndjson], Body::new(answer)).into_response())
}

fn format(headers: &HeaderMap) -> Result<Format, Refused> {
    let unknown = |message: &str| {
        Refused::new(Problem::new(415, "media_type_unknown", "The body cannot be taken", message))
    };
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(unknown("an import is read as it comes; send it without Content-Encoding"));
    }
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Format::Csv),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Format::Ndjson),
        _ => Err(unknown("send text/csv or application/x-ndjson as Content-Type")),
    }
}

/// Reads the body to its end. Ends early, and says so, where it must; ends quietly where nobody listens any more.
async fn run<S: Store>(caller: Caller<S>, mut import: Import, mut body: Body, mut told: Told) {
    let last = match read(&caller, &mut import, &mut body, &mut told).await {
        Ok(()) => ImportLine::Done(tally(import.tally())),
        Err(Stopped::Failed { code, message }) => ImportLine::Failed { code: code.to_owned(), message },
        Err(Stopped::Alone) => return,
    };
    told.line(&last).await.ok();
}

/// Why an import ended before its file.
enum Stopped {
    Failed {
        code: &'static str,
        message: String,
    },
    /// Nobody reads the answer.
    Alone,
}

impl From<crate::Error> for Stopped {
    fn from(error: crate::Error) -> Self {
        if matches!(error, crate::Error::Contended) {
            return Self::Failed { code: "contended", message: error.to_string() };
        }
        tracing::error!(%error, "the store failed an import");
        let message = "the store does not answer; send the same again, nothing is listed twice".to_owned();
        Self::Failed { code: "store_unavailable", message }
    }
}

async fn read<S: Store>(
    caller: &Caller<S>,
    import: &mut Import,
    body: &mut Body,
    told: &mut Told,
) -> Result<(), Stopped> {
    let failed = |code, message: &str| Stopped::Failed { code, message: message.to_owned() };
    let mut taken = 0;
    while !import.is_stopped() {
        let frame = tokio::time::timeout(SILENCE_MAX, body.frame()).await;
        let Some(frame) = frame.map_err(|_| failed("body_too_slow", "the file came too slowly"))? else {
            break;
        };
        let frame = frame.map_err(|_| failed("body_cut_off", "the file could not be read to its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        taken += data.len();
        if IMPORT_BYTES_MAX < taken {
            let message = format!("a file has at most {IMPORT_BYTES_MAX} bytes; send the rest as another");
            return Err(failed("body_too_large", &message));
        }
        for piece in data.chunks(PIECE) {
            let wrong = import.feed(&caller.engine, piece).await?;
            told.about(wrong, import.tally()).await?;
        }
    }
    let wrong = import.finish(&caller.engine).await?;
    told.about(wrong, import.tally()).await
}

/// What the client was told.
struct Told {
    sender: Sender<Bytes>,
    wrong: u64,
    progress: u64,
}

impl Told {
    async fn about(&mut self, wrong: Vec<WrongRow>, so_far: Tally) -> Result<(), Stopped> {
        for WrongRow { line, wrong } in wrong {
            if self.wrong < WRONG_TOLD_MAX {
                self.wrong += 1;
                let code = wrong.code.to_owned();
                let (pointer, message) = (wrong.pointer, wrong.message);
                self.line(&ImportLine::Wrong { line, pointer, code, message }).await?;
            }
        }
        if self.progress + PROGRESS_EVERY <= so_far.rows {
            self.progress = so_far.rows;
            self.line(&ImportLine::Progress(tally(so_far))).await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: &ImportLine) -> Result<(), Stopped> {
        let mut bytes = serde_json::to_vec(line).unwrap_or_default();
        bytes.push(b'\n');
        self.sender.send_data(bytes.into()).await.map_err(|_| Stopped::Alone)
    }
}

fn tally(Tally { rows, wrong, put }: Tally) -> ImportTally {
    ImportTally { rows, wrong, new: put.new, changed: put.changed, unchanged: put.unchanged }
}
