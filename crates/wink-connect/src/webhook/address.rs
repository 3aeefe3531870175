//! Which addresses a webhook may be sent to. A shop's user names the URL, so a URL could name what only this server reaches: the cloud's
//! metadata, a database, the machine itself. Looks at names and numbers; connects to nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// A URL of at most this many bytes.
const URL_BYTES_MAX: usize = 2_048;

/// Ends of names that are never public, whatever a resolver says: this machine, the local network, private zones.
const LOCAL_ENDS: [&str; 7] =
    ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa"];

/// How far webhooks may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses by https.
    #[default]
    Public,
    /// Any address, by http too. The operator's choice, for a receiver in their own network; never a user's.
    Anywhere,
}

/// Why a URL or an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a URL.
    #[error("this is not a URL")]
    NotAUrl,
    /// Too long.
    #[error("the URL is longer than 2048 bytes")]
    TooLong,
    /// Another scheme.
    #[error("`{0}` is not https")]
    Scheme(String),
    /// A user name or a password.
    #[error("the URL holds a user name or a password; the signature says who sends")]
    Credentials,
    /// A name that is never public.
    #[error("`{0}` is not a public name")]
    LocalName(String),
    /// An address that is not public.
    #[error("{0} is not a public address")]
    LocalAddress(IpAddr),
    /// A name without an address.
    #[error("the name has no address")]
    NoAddress,
}

/// A URL that may be called, if its addresses may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

impl Target {
    /// Reads a URL and checks everything that can be known without looking up its name.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn new(text: &str, reach: Reach) -> Result<Self, Refusal> {
        if URL_BYTES_MAX < text.len() {
            return Err(Refusal::TooLong);
        }
        // The parser browsers use: 127.1, 0x7f.1 and 2130706433 are 127.0.0.1 before anybody looks.
        let mut url = Url::parse(text).map_err(|_| Refusal::NotAUrl)?;
        url.set_fragment(None);
        let may_be_plain = reach == Reach::Anywhere;
        if url.scheme() != "https" && !(may_be_plain && url.scheme() == "http") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let target = Self { url };
        match (target.literal(), reach) {
            (_, Reach::Anywhere) => {}
            (Some(address), Reach::Public) if !is_public(address) => {
                return Err(Refusal::LocalAddress(address));
            }
            (None, Reach::Public) if is_local_name(target.host()) => {
                return Err(Refusal::LocalName(target.host().to_owned()));
            }
            (_, Reach::Public) => {}
        }
        Ok(target)
    }

    /// The URL as it will be called.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The host: a name, or an address as it stands in a URL.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Whether TLS is spoken.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Host and port as the `host` header has them: without a port that goes without saying.
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Path and query, as the request line has them.
    pub fn path(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// The address, where the URL names one and no name has to be looked up.
    pub fn literal(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        }
    }
}

/// Checks what a name was looked up as. One address that is not public spoils all: whoever mixes them is trying something.
///
/// # Errors
/// The [`Refusal`].
pub fn check(found: &[SocketAddr], reach: Reach) -> Result<(), Refusal> {
    if found.is_empty() {
        return Err(Refusal::NoAddress);
    }
    match found.iter().find(|address| reach == Reach::Public && !is_public(address.ip())) {
        Some(address) => Err(Refusal::LocalAddress(address.ip())),
        None => Ok(()),
    }
}

/// Tells whether an address is one the whole internet means the same machine by.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special purposes of the IANA registry for IPv4, RFC 6890 and its successors.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, this machine, class E and broadcast.
        (0 | 10 | 127, ..) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        // Shared by carriers, link-local with the clouds' metadata, private.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, the relays of 6to4, benchmarks, documentation.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !is_special
}

/// Only 2000::/3 is given out for the public, which leaves out loopback, mapped and compatible IPv4, NAT64, unique-local, link-local and
/// multicast. Inside it these carry an IPv4 address or belong to nobody: protocol assignments with Teredo, 6to4, documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_given_out = a & 0xe000 == 0x2000;
    let is_assigned_to_protocols = a == 0x2001 && b < 0x0200;
    let is_documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let is_6to4 = a == 0x2002;
    is_given_out && !is_assigned_to_protocols && !is_documentation && !is_6to4
}

/// A name without a dot is looked up in the local network; some ends are never public.
fn is_local_name(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let ends_in =
        |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || LOCAL_ENDS.into_iter().any(ends_in)
}
