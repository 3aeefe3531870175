//! What every route needs, and who is calling it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Notify;
use wink_connect::webhook::address::Reach;
use wink_core::base::{TillId, Timestamp};
use wink_record::KeyEnd;
use wink_store::{Store, Tenant};

use super::admission::{Admission, Capacity};
use super::operation::Operation;
use super::problem::Refused;
use super::proxy::Proxies;
use super::rate::Rates;
use super::segment::Prefix;
use super::stream::Open;
use crate::access::{self, Access, Role};
use crate::erasures::Erasures;
use crate::secrets::Secrets;
use crate::{Engine, Error};

/// How a server is run.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// Everybody who reaches the server may do anything with the first tenant. For trying out, on loopback.
    pub without_keys: bool,
    /// How much may be under way.
    pub capacity: Capacity,
    /// Where erasures are listed beside the store.
    pub erasures: Option<Arc<Erasures>>,
    /// How far webhooks may reach.
    pub webhooks_reach: Reach,
    /// Whose word is taken for where a request comes from.
    pub proxies: Proxies,
    /// Where the Segment family's paths are once more.
    pub segment_prefix: Option<Prefix>,
}

/// What every route needs: the store, an engine per tenant, and the clock it hands to the flows.
pub struct Service<S> {
    /// The store all tenants share.
    pub store: Arc<S>,
    /// Tells what time it is.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// How the server is run.
    pub conduct: Conduct,
    /// Renders what was measured, where something measures.
    pub metrics: Option<PrometheusHandle>,
    /// Measures, when somebody asks, what only the program around the service knows.
    pub also_measure: Option<Box<dyn Fn() + Send + Sync>>,
    /// Wakes whoever sees to the moments of any tenant.
    pub moments: Arc<Notify>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) rates: Rates,
    pub(crate) streams: Arc<Open>,
    secrets: Secrets,
    engines: RwLock<BTreeMap<Tenant, Arc<Engine<Arc<S>>>>>,
}

impl<S: Store> Service<S> {
    /// Opens every tenant's engine and finishes erasures that a crash interrupted, before anybody can ask.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn open(
        store: Arc<S>,
        secrets: Secrets,
        clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
        conduct: Conduct,
    ) -> Result<Self, Error> {
        let service = Self {
            store,
            clock,
            metrics: None,
            also_measure: None,
            moments: Arc::default(),
            admission: Arc::new(Admission::new(conduct.capacity)),
            rates: Rates::default(),
            streams: Arc::default(),
            conduct,
            secrets,
            engines: RwLock::default(),
        };
        for (tenant, _) in access::list_tenants(&service.store).await? {
            service.engine(tenant).await?;
        }
        Ok(service)
    }

    /// Gives a tenant's engine, opened when it is first needed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn engine(&self, tenant: Tenant) -> Result<Arc<Engine<Arc<S>>>, Error> {
        let known = self.engines.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(engine) = known {
            return Ok(engine);
        }
        let mut opened =
            Engine::open_tenant(self.store.clone(), tenant, self.secrets.clone(), (self.clock)()).await?;
        opened.moments = self.moments.clone();
        if let Some(list) = &self.conduct.erasures {
            opened.list_erasures_in(list.clone()).await?;
        }
        let mut engines = self.engines.write().unwrap_or_else(PoisonError::into_inner);
        // Two may have opened it at once; there is one engine per tenant.
        Ok(engines.entry(tenant).or_insert_with(|| Arc::new(opened)).clone())
    }

    /// Lists that a key ends, beside the store: restoring an older state does not make it good again.
    pub(crate) fn list_key(&self, end: KeyEnd) -> Result<(), Error> {
        self.conduct.erasures.as_ref().map_or(Ok(()), |list| list.list_keys(&[end]))
    }

    /// Ends the streams that are open, so that the server can stop.
    pub fn end_streams(&self) {
        self.streams.close();
    }

    /// The key under which stream tokens are made, the same for all tenants: a token names its own.
    pub(crate) fn stream_key(&self) -> &[u8; 32] {
        self.secrets.streams()
    }

    /// The key by which card numbers are replaced, the same for all tenants.
    pub(crate) fn card_key(&self) -> &[u8; 32] {
        self.secrets.cards()
    }

    /// Gives the engines of all tenants, for what is done in the background.
    pub fn engines(&self) -> Vec<Arc<Engine<Arc<S>>>> {
        self.engines.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Who calls, and what for: made by the gate, which has checked that they may.
pub(crate) struct Caller<S> {
    /// The service.
    pub service: Arc<Service<S>>,
    /// The engine of the key's tenant.
    pub engine: Arc<Engine<Arc<S>>>,
    /// The key.
    pub access: Access,
    /// The operation.
    pub operation: &'static Operation,
    /// When the request came.
    pub now: Timestamp,
}

impl<S> Caller<S> {
    /// Tells which till calls, if one does: tills are named as their keys are.
    pub(crate) fn till(&self) -> Option<TillId> {
        (self.access.role == Role::Till).then(|| TillId::parse(&self.access.name)).flatten()
    }
}

impl<S> Clone for Caller<S> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            engine: self.engine.clone(),
            access: self.access.clone(),
            operation: self.operation,
            now: self.now,
        }
    }
}

impl<S: Store> FromRequestParts<Arc<Service<S>>> for Caller<S> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service<S>>) -> Result<Self, Refused> {
        // Every route asks for it once.
        parts.extensions.remove::<Self>().ok_or_else(super::problem::key_missing)
    }
}

/// Where a request came from and what its answer will be known by.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// The id in the answer, in problems and in the log.
    pub request_id: String,
    /// The operation.
    pub operation: &'static Operation,
    /// The origin a browser named.
    pub origin: Option<String>,
    /// The address, if it is known; as the operator's own proxies say, if it came by them.
    pub address: Option<std::net::IpAddr>,
    /// Whether one of those proxies says that it was asked over TLS.
    pub over_tls: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The gate puts it there for every route.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: String::new(),
            operation: &super::operation::NOWHERE,
            origin: None,
            address: None,
            over_tls: false,
        }))
    }
}
