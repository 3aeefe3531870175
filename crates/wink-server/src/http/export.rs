//! `GET /v1/profiles/{id}/export`: everything about a person, sent as it is read.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::mpsc::{self, Receiver};
use wink_api::{ExportAsked, ExportForm, FileBytes};
use wink_store::Store;

use super::body::{Asked, PathName};
use super::problem::Refused;
use super::profiles::find;
use super::service::Caller;
use crate::Error;
use crate::flow::export::Export;
use crate::flow::tables;

/// Pieces that may wait for the client: one to send, one to read meanwhile.
pub(super) const PIECES_MAX: usize = 1;

/// Hands everything about a person out: as one JSON document, or with `format=csv` as a ZIP of tables.
#[utoipa::path(get, path = "/v1/profiles/{id}/export", tag = "profiles", operation_id = "export_profile",
    params(("id" = String, Path, description = "The profile's id, like prf_…"), ExportAsked),
    responses((status = 200, description = "The document, `wink-export-1`. One that is cut off is not whole: the person was erased meanwhile, or the store failed",
        content((Object = "application/json"), (FileBytes = "application/zip")))))]
pub(super) async fn export_profile<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Asked(asked): Asked<ExportAsked>,
) -> Result<Response, Refused> {
    let known = find(&caller, &id).await?;
    if asked.format == ExportForm::Csv {
        let archive = tables::archive(&caller.engine, known.asked().id, caller.now).await?;
        let zip = (header::CONTENT_TYPE, "application/zip");
        let file = (header::CONTENT_DISPOSITION, "attachment; filename=\"export.zip\"");
        return Ok(([zip, file], archive).into_response());
    }
    let mut export = Export::new(known.asked().id, caller.now);
    let (send, pieces) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        loop {
            let piece = export.next(&caller.engine).await;
            let goes_on = matches!(piece, Ok(Some(_)));
            let Some(piece) = piece.map(|piece| piece.map(Bytes::from)).transpose() else { return };
            // A client that is gone wants no more.
            if send.send(piece).await.is_err() || !goes_on {
                return;
            }
        }
    });
    let json = (header::CONTENT_TYPE, "application/json");
    let file = (header::CONTENT_DISPOSITION, "attachment; filename=\"export.json\"");
    Ok(([json, file], Body::new(Pieces(pieces))).into_response())
}

/// The pieces as a body. An error cuts it off, so that half a document is not taken for a whole one.
pub(super) struct Pieces(pub(super) Receiver<Result<Bytes, Error>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
