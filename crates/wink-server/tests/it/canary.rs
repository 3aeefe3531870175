//! Canaries: a value for every field of a person that occurs nowhere else, and a search for them in every file, however they are spelled there.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use wink_core::base::{Hasher, Timestamp, Value};
use wink_core::event::Identity;
use wink_server::flow::ingest::Received;

use super::said;

/// Where a canary is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Identity,
    LinkedIdentity,
    Attribute,
    Product,
    Order,
    Category,
    Store,
    Extra,
    MessageId,
    ConsentSurface,
    ForeignCoupon,
    Placement,
    CouponOrder,
    DeadLetterText,
    DeadLetterId,
}

impl Field {
    pub(crate) const ALL: [Self; 15] = [
        Self::Identity,
        Self::LinkedIdentity,
        Self::Attribute,
        Self::Product,
        Self::Order,
        Self::Category,
        Self::Store,
        Self::Extra,
        Self::MessageId,
        Self::ConsentSurface,
        Self::ForeignCoupon,
        Self::Placement,
        Self::CouponOrder,
        Self::DeadLetterText,
        Self::DeadLetterId,
    ];

    /// Those that are stored as they are. The others are sealed: never in clear, not even before an erasure.
    pub(crate) const IN_CLEAR: &[Self] = &[
        Self::Product,
        Self::Order,
        Self::Category,
        Self::Store,
        Self::Extra,
        Self::MessageId,
        Self::ConsentSurface,
        Self::ForeignCoupon,
        Self::Placement,
        Self::CouponOrder,
    ];
}

/// Somebody made of canaries.
pub(crate) struct Person {
    pub(crate) number: usize,
    canaries: Vec<String>,
}

impl Person {
    pub(crate) fn new(number: usize) -> Self {
        let canary = |field: Field| {
            let digest = Hasher::new("canary")
                .field(&number.to_le_bytes())
                .field(format!("{field:?}").as_bytes())
                .finish();
            // 24 characters that nothing can compress or guess.
            digest
                .0
                .iter()
                .take(24)
                .map(|byte| char::from(b"abcdefghjkmnpqrstuvwxyz023456789"[usize::from(byte % 32)]))
                .collect()
        };
        Self { number, canaries: Field::ALL.map(canary).to_vec() }
    }

    pub(crate) fn canary(&self, field: Field) -> &str {
        &self.canaries[field as usize]
    }

    /// Messages that are accepted and between them hold every canary an event can.
    pub(crate) fn messages(&self, at: Timestamp) -> Vec<Received> {
        let text = |field| Value::Text(self.canary(field).to_owned());
        let named = |name: &str, field| (name.to_owned(), text(field));
        let id = |what: &str| format!("{what}-{}", self.canary(Field::MessageId));
        let who = self.canary(Field::Identity);
        let line = [
            named("product_id", Field::Product),
            named("category", Field::Category),
            ("total_cents".to_owned(), Value::Int(1_000)),
        ];
        let order = vec![
            ("order_id", text(Field::Order)),
            ("store_id", text(Field::Store)),
            ("gift_note", text(Field::Extra)),
            ("products", Value::List(vec![Value::Map(line.into_iter().collect())])),
        ];
        let consent = |purpose: &str| {
            vec![
                ("purpose", Value::Text(purpose.to_owned())),
                ("state", Value::Text("granted".to_owned())),
                ("method", Value::Text("checkbox".to_owned())),
                ("surface", text(Field::ConsentSurface)),
            ]
        };
        let traits = Value::Map([named("nickname", Field::Attribute)].into_iter().collect());
        let mut identify = said::message(&id("i"), who, "Identify", vec![("traits", traits)], at);
        identify
            .envelope
            .identities
            .push(Identity::new("email", self.canary(Field::LinkedIdentity)).unwrap());
        vec![
            said::message(&id("p"), who, "Consent Updated", consent("personalisation"), at),
            said::message(&id("n"), who, "Consent Updated", consent("newsletter"), at),
            said::message(&id("o"), who, "Order Completed", order, at),
            said::message(
                &id("c"),
                who,
                "Coupon Applied",
                vec![("coupon_id", text(Field::ForeignCoupon))],
                at,
            ),
            identify,
        ]
    }

    /// Messages that end in the dead letters.
    pub(crate) fn dead_letters(&self, at: Timestamp) -> Vec<Received> {
        let who = self.canary(Field::Identity);
        let text = Value::Text(self.canary(Field::DeadLetterText).to_owned());
        let unknown = said::message(
            self.canary(Field::DeadLetterId),
            who,
            "Wishlist Shared",
            vec![("wish", text.clone())],
            at,
        );
        // The reason quotes the value.
        let wrong = vec![
            ("purpose", text),
            ("state", Value::Text("granted".to_owned())),
            ("method", Value::Text("x".to_owned())),
        ];
        let id = format!("w-{}", self.canary(Field::DeadLetterId));
        vec![unknown, said::message(&id, who, "Consent Updated", wrong, at)]
    }
}

/// What was found in a directory.
pub(crate) struct Scan {
    found: BTreeSet<(usize, Field)>,
}

/// A spelling, of whom and of which field.
type Spelling = (Vec<u8>, (usize, Field));

/// Bytes by which a spelling is looked up before it is compared.
const WINDOW: usize = 8;

impl Scan {
    /// Reads every byte of every file below `directory`.
    pub(crate) fn of(directory: &Path, people: &[Person]) -> Self {
        let mut spellings: HashMap<[u8; WINDOW], Vec<Spelling>> = HashMap::new();
        for person in people {
            for field in Field::ALL {
                // Half of a canary is found too: an engine may cut a value in two.
                let half = &person.canary(field)[..12];
                for spelling in spell(half.as_bytes()) {
                    let window = spelling[..WINDOW].try_into().unwrap();
                    spellings.entry(window).or_default().push((spelling, (person.number, field)));
                }
            }
        }
        let mut found = BTreeSet::new();
        let files = read_all(directory);
        assert!(!files.is_empty(), "there is nothing to scan");
        for bytes in files {
            let mut zeros = 0;
            for (start, window) in bytes.windows(WINDOW).enumerate() {
                // The engine's log is 64 MB of zeros.
                zeros = if window[WINDOW - 1] == 0 { zeros + 1 } else { 0 };
                if WINDOW <= zeros {
                    continue;
                }
                let Some(candidates) = spellings.get(window) else { continue };
                found.extend(
                    candidates
                        .iter()
                        .filter(|(spelling, _)| bytes[start..].starts_with(spelling))
                        .map(|(_, what)| *what),
                );
            }
        }
        Self { found }
    }

    /// Lists the fields of a person that were found, in order.
    pub(crate) fn found(&self, person: &Person) -> Vec<Field> {
        self.found.iter().filter(|(number, _)| *number == person.number).map(|(_, field)| *field).collect()
    }
}

/// Spells a text as UTF-8, UTF-16LE, hexadecimal in both cases, and base64 at each of the three places it may begin in a longer text.
fn spell(text: &[u8]) -> Vec<Vec<u8>> {
    let wide = text.iter().flat_map(|byte| [*byte, 0]).collect();
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let upper = hex.to_uppercase().into_bytes();
    let mut spellings = vec![text.to_vec(), wide, hex.into_bytes(), upper];
    spellings.extend((0..3).map(|skipped| {
        // The groups that hold nothing but the text.
        let whole = &text[skipped..skipped + (text.len() - skipped) / 3 * 3];
        base64(whole)
    }));
    spellings
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets = |group: &[u8]| {
        let bits = (u32::from(group[0]) << 16) | (u32::from(group[1]) << 8) | u32::from(group[2]);
        [18, 12, 6, 0].map(|shift| ALPHABET[((bits >> shift) & 63) as usize])
    };
    bytes.chunks_exact(3).flat_map(sextets).collect()
}

fn read_all(directory: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        // A name can give somebody away as well.
        files.push(entry.file_name().into_encoded_bytes());
        if entry.file_type().unwrap().is_dir() {
            files.extend(read_all(&entry.path()));
        } else {
            files.push(fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn every_spelling_is_found() {
    let person = Person::new(7);
    let canary = person.canary(Field::Order);
    for place in 0..3 {
        let padded = format!("{}{canary}xy", &"???"[..place]);
        let end = padded.len() / 3 * 3;
        let wide: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        for spelled in [
            padded.clone().into_bytes(),
            wide,
            hex.clone().into_bytes(),
            hex.to_uppercase().into_bytes(),
            base64(&padded.as_bytes()[..end]),
        ] {
            let directory = tempfile::tempdir().unwrap();
            fs::write(
                directory.path().join("some file"),
                [b"before".as_slice(), &spelled, b"after"].concat(),
            )
            .unwrap();
            assert_eq!(
                Scan::of(directory.path(), std::slice::from_ref(&person)).found(&person),
                [Field::Order]
            );
        }
    }
}
