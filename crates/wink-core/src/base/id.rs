//! Ids. Generated ones are UUIDs with a type prefix and are made by arguments; catalogue ids are slugs people write.

use std::fmt;

use super::{Hasher, Timestamp};

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The type prefix is missing or another one.
    #[error("`{found}` is not an id of this kind; it begins with `{prefix}`")]
    Prefix {
        /// What was given.
        found: String,
        /// What it must begin with.
        prefix: &'static str,
    },
    /// What follows the prefix is not a UUID.
    #[error("`{0}` does not end in a UUID")]
    Uuid(String),
    /// Not a slug.
    #[error("`{0}` is not a slug; use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit")]
    Slug(String),
}

macro_rules! generated_id {
    ($name:ident, $prefix:literal, $what:literal) => {
        #[doc = $what]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The text every id of this kind begins with.
            pub const PREFIX: &str = $prefix;

            /// Makes an id from a time and 10 bytes of chance (UUIDv7: ids sort by time).
            pub fn new(now: Timestamp, chance: [u8; 16]) -> Self {
                let [_, _, _, _, _, _, rest @ ..] = chance;
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(*uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid().as_bytes())
            }

            /// Makes the id that always belongs to these fields (UUIDv8), for imports and effects that may be tried again.
            pub fn seeded(purpose: &str, fields: &[&[u8]]) -> Self {
                let hash = fields.iter().fold(Hasher::new(purpose), |hash, field| hash.field(field));
                Self(*uuid::Builder::from_custom_bytes(hash.finish().short()).into_uuid().as_bytes())
            }

            /// Tells the time in an id made by [`new`](Self::new).
            pub fn made_at(&self) -> Timestamp {
                let [a, b, c, d, e, f, ..] = self.0;
                Timestamp(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }

            /// Takes stored bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Gives the bytes to store.
            pub fn bytes(&self) -> [u8; 16] {
                self.0
            }

            /// Reads the id as it is printed, and in no other spelling: two texts never name the same thing.
            ///
            /// # Errors
            /// Names the prefix or the malformed UUID.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let Some(rest) = text.strip_prefix($prefix) else {
                    return Err(IdError::Prefix { found: text.to_owned(), prefix: $prefix });
                };
                let malformed = || IdError::Uuid(text.to_owned());
                let id = uuid::Uuid::try_parse(rest).map_err(|_| malformed())?;
                let mut printed = uuid::Uuid::encode_buffer();
                if id.as_hyphenated().encode_lower(&mut printed) != rest {
                    return Err(malformed());
                }
                Ok(Self(*id.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}{}", $prefix, uuid::Uuid::from_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }
    };
}

generated_id!(EventId, "evt_", "An accepted event.");
generated_id!(ProfileId, "prf_", "A profile: a pseudonym, never a direct identifier.");
generated_id!(HouseholdId, "hsh_", "A household: a pseudonym, made from the shop's name of it.");
generated_id!(DecisionId, "dec_", "A decision.");
generated_id!(LetterId, "ltr_", "A dead letter: a message that was not accepted.");
generated_id!(CouponId, "cpn_", "A coupon. It is never a bearer secret.");
generated_id!(RedemptionId, "rdm_", "A redemption: a coupon used on an order.");
generated_id!(ReversalId, "rvs_", "A reversal: some or all of a redemption taken back.");
generated_id!(LeaseId, "lse_", "A lease: what a till may give while it can ask nobody.");
generated_id!(WebhookId, "whk_", "An endpoint that webhooks are sent to.");
generated_id!(MessageId, "msg_", "A webhook message; the same at every attempt to deliver it.");

macro_rules! slug_id {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads a slug.
            ///
            /// # Errors
            /// Says what a slug is.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
                let reads_well = text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
                if starts_well && reads_well && text.len() <= 64 {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::Slug(text.to_owned()))
                }
            }

            /// Spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

slug_id!(CampaignId, "A campaign, as the catalogue names it.");
slug_id!(OfferId, "An offer, as the catalogue names it.");
slug_id!(TriggerId, "A trigger, as the catalogue names it.");
slug_id!(SegmentId, "A segment, as the catalogue names it.");

/// A till, by the name of its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TillId(String);

impl TillId {
    /// Reads a till's name. `None` unless it has 1 to 64 letters, digits, `-`, `_` or `.`, as names of keys have.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        ((1..=64).contains(&text.len()) && is_plain).then(|| Self(text.to_owned()))
    }

    /// Spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TillId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_printed() {
        let id = DecisionId::new(Timestamp(1_700_000_000_000), [7; 16]);
        assert_eq!(DecisionId::parse(&id.to_string()), Ok(id));
        assert_eq!(id.made_at(), Timestamp(1_700_000_000_000));
        assert!(CouponId::parse(&id.to_string()).is_err());
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = CouponId::from_bytes([0xab; 16]);
        let (prefix, uuid) =
            id.to_string().split_once('_').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let simple = uuid.replace('-', "");
        for other in [
            uuid.to_uppercase(),
            simple,
            format!("{{{uuid}}}"),
            format!("urn:uuid:{uuid}"),
            format!("{uuid} "),
        ] {
            assert!(CouponId::parse(&format!("{prefix}_{other}")).is_err(), "{other}");
        }
    }

    #[test]
    fn a_seeded_id_belongs_to_its_fields() {
        assert_eq!(EventId::seeded("import", &[b"a", b"b"]), EventId::seeded("import", &[b"a", b"b"]));
        assert_ne!(EventId::seeded("import", &[b"a", b"b"]), EventId::seeded("import", &[b"ab", b""]));
    }

    #[test]
    fn a_slug_is_plain() {
        assert!(CampaignId::parse("spring-2026").is_ok());
        for wrong in ["", "-x", "Spring", "a b", &"x".repeat(65)] {
            assert!(CampaignId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
