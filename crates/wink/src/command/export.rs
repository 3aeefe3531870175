//! `wink export`: everything about a person on standard output, as one JSON document or a ZIP of tables.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use wink_core::base::ProfileId;
use wink_server::flow::erase;
use wink_server::flow::export::Export as Document;
use wink_server::flow::tables::archive;

use super::identity;
use crate::arguments::{Export, ExportFormat};
use crate::home;
use crate::home::Clock;

pub(crate) fn run(asked: &Export) -> anyhow::Result<ExitCode> {
    home::run(async {
        let engine = home::open(&asked.data.data).await?;
        let id = match (&asked.profile, &asked.identity) {
            (Some(profile), _) => ProfileId::parse(profile)?,
            (None, Some(text)) => erase::find(&engine, &identity(text)?)
                .await?
                .ok_or_else(|| anyhow!("nobody is known as `{text}`; nothing was exported"))?,
            (None, None) => bail!("name --identity or --profile"),
        };
        let now = Clock::of(&engine).await?.now();
        let mut out = std::io::stdout();
        if asked.format == ExportFormat::Csv {
            if out.is_terminal() {
                bail!(
                    "a ZIP is nothing to read; write it to a file: `wink export … --format csv > export.zip`"
                );
            }
            out.write_all(&archive(&engine, id, now).await?)?;
            out.flush()?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut document = Document::new(id, now);
        while let Some(piece) = document.next(&engine).await? {
            out.write_all(piece.as_bytes())?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    })
}
