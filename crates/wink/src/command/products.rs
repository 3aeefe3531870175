//! `wink products import|list`: each wrong row is named by its line and what is wrong with it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use wink_api::ProductSent;
use wink_core::base::{Cents, Currency};
use wink_server::Engine;
use wink_server::flow::product_import::{Import, Manner, Tally, WrongRow};
use wink_server::flow::products::{AT_ONCE, list};
use wink_server::rows::{Format, csv_header, csv_line};
use wink_store::Store;

use super::money::spelled;
use crate::arguments::{Products, ProductsAction};
use crate::terminal::say;
use crate::{home, stop, terminal};

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Bytes per piece: some hundred rows, so that progress shows and Ctrl-C is heard.
const PIECE: usize = 16 * 1024;

/// At most this many wrong rows are printed: whoever has more mends the file's maker, not the rows.
const WRONG_SHOWN_MAX: usize = 1_000;

pub(crate) fn run(products: &Products) -> anyhow::Result<ExitCode> {
    match &products.action {
        ProductsAction::Import { file, data, dry_run, strict, json } => {
            let format = format(file)?;
            let opened = File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
            stop::listen()?;
            let manner = Manner { dry_run: *dry_run, strict: *strict };
            home::run(async {
                let engine = home::open_or_make(&data.data).await?;
                import(&engine, opened, Import::new(format, manner, home::now()), manner, *json).await
            })
        }
        ProductsAction::List { data, csv, json } => home::run(async {
            let engine = home::open(&data.data).await?;
            print(&engine, *csv, *json).await
        }),
    }
}

fn format(file: &Path) -> anyhow::Result<Format> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
        _ => bail!("`{}` ends in none of .csv, .ndjson and .jsonl", file.display()),
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    rows: u64,
    new: u64,
    changed: u64,
    unchanged: u64,
    wrong: u64,
    dry_run: bool,
    finished: bool,
    wrong_rows: Vec<WrongView<'a>>,
}

#[derive(Serialize)]
struct WrongView<'a> {
    line: u64,
    pointer: &'a str,
    code: &'a str,
    message: &'a str,
}

async fn import<S: Store>(
    engine: &Engine<S>,
    mut file: File,
    mut import: Import,
    manner: Manner,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let bar = terminal::progress(file.metadata()?.len(), "bytes of products", json);
    let mut wrong = Vec::new();
    let mut piece = vec![0; PIECE];
    while !import.is_stopped() && !stop::asked() {
        let read = file.read(&mut piece)?;
        let found = match read {
            0 => break,
            read => import.feed(engine, piece.get(..read).unwrap_or_default()).await?,
        };
        keep(&mut wrong, found);
        bar.inc(u64::try_from(read).unwrap_or(0));
    }
    let is_interrupted = stop::asked();
    if !is_interrupted {
        keep(&mut wrong, import.finish(engine).await?);
    }
    bar.finish_and_clear();
    let finished = !is_interrupted && !import.is_stopped();
    answer(import.tally(), &wrong, manner, finished, json)?;
    Ok(match (is_interrupted, wrong.is_empty()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

fn keep(wrong: &mut Vec<WrongRow>, found: Vec<WrongRow>) {
    let room = WRONG_SHOWN_MAX.saturating_sub(wrong.len());
    wrong.extend(found.into_iter().take(room));
}

fn answer(
    tally: Tally,
    wrong: &[WrongRow],
    manner: Manner,
    finished: bool,
    json: bool,
) -> anyhow::Result<()> {
    let Tally { rows, wrong: wrong_count, put } = tally;
    if json {
        let wrong_rows = wrong.iter().map(|WrongRow { line, wrong }| WrongView {
            line: *line,
            pointer: &wrong.pointer,
            code: wrong.code,
            message: &wrong.message,
        });
        let wrong_rows = wrong_rows.collect();
        return terminal::json(&Answer {
            rows,
            new: put.new,
            changed: put.changed,
            unchanged: put.unchanged,
            wrong: wrong_count,
            dry_run: manner.dry_run,
            finished,
            wrong_rows,
        });
    }
    for WrongRow { line, wrong } in wrong {
        eprintln!("line {line}: {}: {}", wrong.code, wrong.message);
    }
    let done = if manner.dry_run { "would be" } else { "are" };
    say!(
        "{} products {done} new, {} {done} changed, {} stay as they are",
        put.new,
        put.changed,
        put.unchanged
    );
    if 0 < wrong_count {
        eprintln!("wink: {wrong_count} of {rows} rows were wrong and left out");
    }
    if !finished {
        eprintln!("wink: stopped before the end of the file; the same command goes on from there");
    }
    Ok(())
}

async fn print<S: Store>(engine: &Engine<S>, csv: bool, json: bool) -> anyhow::Result<ExitCode> {
    let mut table = terminal::table();
    table.set_header(["id", "name", "category", "price", "stock"]);
    let currency = engine.catalogue().map_or(Currency::NONE, |catalogue| catalogue.shop.currency);
    if csv {
        say!("{}", csv_header());
    }
    let mut after: Option<String> = None;
    loop {
        let products = list(engine, after.as_deref(), AT_ONCE).await?;
        let Some(last) = products.last() else { break };
        after = Some(last.id.clone());
        for product in products {
            if csv {
                say!("{}", csv_line(&product));
            } else if json {
                say!("{}", serde_json::to_string(&ProductSent::from(product))?);
            } else {
                let price = product.price.map_or_else(String::new, |price: Cents| spelled(currency, price));
                let stock = product.stock.map_or_else(String::new, |stock| stock.to_string());
                table.add_row([product.id, product.name, product.category.unwrap_or_default(), price, stock]);
            }
        }
    }
    if !csv && !json {
        say!("{table}");
    }
    Ok(ExitCode::SUCCESS)
}
