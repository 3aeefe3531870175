//! TLS by rustls: a certificate and its key from two PEM files, read again when they change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A renewed certificate is in use after this long at the latest; it comes weeks before the old one ends.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("`{path}` cannot be read: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system or the PEM reader says.
        why: String,
    },
    /// The files hold no certificate, or certificate and key do not belong together.
    #[error("`{certificate}` and `{key}` cannot be used together: {why}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        why: String,
    },
}

/// A certificate with its key, as last read.
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    in_use: RwLock<InUse>,
}

#[derive(Clone)]
struct InUse {
    files: Files,
    settings: Arc<ServerConfig>,
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a certificate (with the chain to its root, itself first) and its key.
    ///
    /// # Errors
    /// If a file cannot be read or the two do not belong together.
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, Error> {
        let files = Files { certificate: bytes(&certificate)?, key: bytes(&key)? };
        let settings = settings(&files).map_err(|why| pair(&certificate, &key, why))?;
        Ok(Self { certificate, key, in_use: RwLock::new(InUse { files, settings }) })
    }

    /// Reads both files again and uses them from the next connection on. Tells whether they had changed.
    ///
    /// # Errors
    /// As [`Self::read`]; what is in use stays so. That happens while one file is written and the other is not yet.
    pub fn renew(&self) -> Result<bool, Error> {
        let files = Files { certificate: bytes(&self.certificate)?, key: bytes(&self.key)? };
        if self.in_use().files == files {
            return Ok(false);
        }
        let settings = settings(&files).map_err(|why| pair(&self.certificate, &self.key, why))?;
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = InUse { files, settings };
        Ok(true)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.in_use().settings.into()
    }

    /// Looks again and again, and at once on SIGHUP. Never ends.
    pub(super) async fn keep_renewed(&self) {
        let mut hung_up = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
        loop {
            let asked = async {
                match &mut hung_up {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = asked => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            match self.renew() {
                Ok(true) => tracing::info!("a renewed certificate is in use"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the certificate in use stays: {error}"),
            }
        }
    }

    fn in_use(&self) -> InUse {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes note of SIGHUP where there is no certificate to read again: left to the system, it would end the process. Never ends.
pub(super) async fn heed_hang_ups() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        Ok(mut hung_up) => loop {
            hung_up.recv().await;
            tracing::info!("there is no certificate to read again");
        },
        Err(_) => std::future::pending().await,
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::File { path: path.to_owned(), why: error.to_string() })
}

fn pair(certificate: &Path, key: &Path, why: String) -> Error {
    Error::Pair { certificate: certificate.to_owned(), key: key.to_owned(), why }
}

fn settings(files: &Files) -> Result<Arc<ServerConfig>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&files.certificate).collect();
    let chain = chain.map_err(|error| format!("the first is no PEM file: {error}"))?;
    if chain.is_empty() {
        return Err("the first holds no certificate; it begins with `-----BEGIN CERTIFICATE-----`".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(&files.key)
        .map_err(|error| format!("the second holds no private key in PEM: {error}"))?;
    // Named, not taken from the process: so it does not matter what else in it uses rustls.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|versions| versions.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| error.to_string())?;
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}
