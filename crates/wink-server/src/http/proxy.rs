//! Where a request comes from, when it came by way of proxies: what they say of it is believed from the operator's own, and from nobody else.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The networks of the operator's own proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<IpNet>);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The address of whoever asks, if it is known.
    pub address: Option<IpAddr>,
    /// Whether a proxy says that it was asked over TLS.
    pub over_tls: bool,
}

impl Proxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Finds out where a request comes from that arrived from `peer`.
    pub(super) fn way(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Way {
        let peer = peer.map(|address| address.to_canonical());
        let Some(proxy) = peer.filter(|peer| self.trust(*peer)) else {
            return Way { address: peer, over_tls: false };
        };
        let hops = values(headers, "x-forwarded-for").map(address);
        let elements =
            values(headers, "forwarded").map(|element| parameter(element, "for").and_then(address));
        let address = match (self.client(hops), self.client(elements)) {
            // A proxy writes one of the two and lets a client's own other one pass: where they differ, neither is believed.
            (Some(one), Some(other)) if one != other => proxy,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => proxy,
        };
        let mut protocols = values(headers, "x-forwarded-proto")
            .next()
            .into_iter()
            .chain(values(headers, "forwarded").next().and_then(|element| parameter(element, "proto")))
            .peekable();
        let says_any = protocols.peek().is_some();
        let over_tls = says_any && protocols.all(|protocol| protocol.eq_ignore_ascii_case("https"));
        Way { address: Some(address), over_tls }
    }

    /// Follows the hops from the nearest on, for as long as one of ours says where the next is. Whoever comes then may be lying about
    /// everything before.
    fn client(&self, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut client = None;
        for hop in hops {
            // Hidden, or nothing that can be read: it stays with the proxy that says so.
            let Some(hop) = hop else { break };
            client = Some(hop);
            if !self.trust(hop) {
                break;
            }
        }
        client
    }
}

/// The values of a header that is a list, the last first: each proxy writes behind what it got.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(str::trim)
}

/// A parameter of an element of `Forwarded` (RFC 7239, section 4).
fn parameter<'a>(element: &'a str, wanted: &str) -> Option<&'a str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = { pairs }.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    Some(value.trim().trim_matches('"'))
}

/// An address with or without a port, and IPv6 with or without its brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let host = match hop.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => hop.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(hop, |(host, _)| host),
    };
    host.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn way(peer: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let proxies = Proxies(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:aa::/48".parse().unwrap()]);
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let Way { address, over_tls } = proxies.way(Some(peer.parse().unwrap()), &sent);
        (address.unwrap().to_string(), over_tls)
    }

    #[test]
    fn whoever_is_no_proxy_of_ours_is_believed_nothing() {
        for peer in ["192.0.2.9", "2001:db8:bb::1"] {
            let all = [
                ("x-forwarded-for", "203.0.113.1"),
                ("forwarded", "for=203.0.113.1;proto=https"),
                ("x-forwarded-proto", "https"),
            ];
            assert_eq!(way(peer, &all), (peer.to_owned(), false));
        }
    }

    #[test]
    fn the_nearest_address_that_is_not_ours_is_who_asks() {
        let table = [
            ("203.0.113.1", "203.0.113.1"),
            ("203.0.113.1, 10.0.0.7", "203.0.113.1"),
            ("198.51.100.66, 203.0.113.1, 10.0.0.7", "203.0.113.1"),
            ("10.0.0.8, 10.0.0.7", "10.0.0.8"),
            ("203.0.113.1:4711", "203.0.113.1"),
            ("[2001:db8:bb::1]:4711, 2001:db8:aa::2", "2001:db8:bb::1"),
            ("::ffff:203.0.113.1", "203.0.113.1"),
            ("203.0.113.1, unknown", "10.0.0.1"),
            ("203.0.113.1, nonsense, 10.0.0.7", "10.0.0.7"),
            ("", "10.0.0.1"),
        ];
        for (said, asks) in table {
            assert_eq!(way("10.0.0.1", &[("x-forwarded-for", said)]).0, asks, "{said}");
        }
        let lines = [("x-forwarded-for", "198.51.100.66"), ("x-forwarded-for", "203.0.113.1, 10.0.0.7")];
        assert_eq!(
            way("::ffff:10.0.0.1", &lines).0,
            "203.0.113.1",
            "a second line goes on where the first ended"
        );
    }

    #[test]
    fn the_standard_header_says_the_same() {
        let table = [
            ("for=203.0.113.1", "203.0.113.1", false),
            ("For=\"[2001:db8:bb::1]:4711\";Proto=https", "2001:db8:bb::1", true),
            (
                "for=198.51.100.66, for=203.0.113.1;by=10.0.0.7;proto=https, for=10.0.0.7;proto=https",
                "203.0.113.1",
                true,
            ),
            ("for=_hidden", "10.0.0.1", false),
            ("by=203.0.113.1", "10.0.0.1", false),
        ];
        for (said, asks, over_tls) in table {
            assert_eq!(way("10.0.0.1", &[("forwarded", said)]), (asks.to_owned(), over_tls), "{said}");
        }
    }

    #[test]
    fn two_headers_that_differ_are_both_left_aside() {
        let written = ("x-forwarded-for", "203.0.113.1");
        assert_eq!(way("10.0.0.1", &[written, ("forwarded", "for=203.0.113.1")]).0, "203.0.113.1");
        assert_eq!(way("10.0.0.1", &[written, ("forwarded", "for=198.51.100.66")]).0, "10.0.0.1");
        let differ = [("x-forwarded-proto", "https"), ("forwarded", "for=203.0.113.1;proto=http")];
        assert!(!way("10.0.0.1", &differ).1);
        assert!(way("10.0.0.1", &[("x-forwarded-proto", "HTTPS")]).1);
    }
}
