//! What a shop says a till may give while it can ask nobody, signed with Ed25519 like the payload of a coupon.
//!
//! ```text
//! bytes   0      version, 1                     then  the till's name, a byte of its length first
//!         1..5   key id                               the store's, of length 0 if none was said
//!         5..9   tenant                               how many offers, in 2 bytes; each:
//!         9..25  lease                                  hash of the terms, 16 bytes
//!         25..29 most coupons                           its name, a byte of its length first
//!         29..33 most money, in minor units             1 an amount, 2 a share; 4 bytes of it
//!         33..37 first second it is good                most it is worth, 4 bytes
//!         37..41 first second it is over                least spend and lowest price, 4 bytes each
//!         41     1 if codes on paper count              how many categories, in a byte; each as a name
//! then the signature, 64 bytes
//! ```
//!
//! Numbers are big-endian, amounts are minor units, seconds are since 1970. The text is these bytes in Crockford's base 32.

use crate::alphabet::{decode, encode};
use crate::payload::{Keys, Reader, Refused, SIGNATURE_BYTES, Signer, key_id};

const VERSION: u8 = 1;

/// What is signed begins so: a signature made for a coupon is none here.
const PURPOSE: &[u8] = b"wink lease 1\0";

/// What a till may give while it can ask nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLease {
    /// The shop.
    pub tenant: u32,
    /// Its id, without its prefix.
    pub lease: [u8; 16],
    /// The most coupons.
    pub count_max: u32,
    /// The most money, in minor units.
    pub cents_max: u32,
    /// The first second it is good, since 1970.
    pub valid_from: u32,
    /// The first second it is over.
    pub valid_until: u32,
    /// Whether codes count that are not bound to a device: anybody can copy them.
    pub takes_paper: bool,
    /// The till.
    pub till: String,
    /// The store it stands in; empty if none was said.
    pub store: String,
    /// What its coupons give.
    pub offers: Vec<LeasedOffer>,
}

/// What coupons of one offer give. A coupon is of the offer whose terms its payload has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedOffer {
    /// The hash of its terms, as payloads have it.
    pub terms: [u8; 16],
    /// Its name.
    pub name: String,
    /// What it is worth.
    pub worth: Worth,
    /// The spend on its products from which it applies, in minor units.
    pub minimum_spend: u32,
    /// What must remain to be paid for its products, in minor units.
    pub minimum_price: u32,
    /// The categories of its products; empty for all.
    pub categories: Vec<String>,
}

/// What a coupon is worth, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A fixed amount.
    Amount(u32),
    /// A share of the spend.
    Share {
        /// In basis points (1,000 = 10 %).
        basis_points: u16,
        /// The most it can be worth.
        cents_max: u32,
    },
}

impl LeasedOffer {
    /// Tells what a coupon takes off when its products cost `spend`, as the server would: the share rounded half up, no more than the spend
    /// leaves above the lowest price. `None` below the least spend, or where nothing is left to take.
    pub fn worth_on(&self, spend: u32) -> Option<u32> {
        if spend < self.minimum_spend {
            return None;
        }
        let nominal = match self.worth {
            Worth::Amount(amount) => amount,
            Worth::Share { basis_points, cents_max } => {
                let share = (u64::from(spend) * u64::from(basis_points) + 5_000) / 10_000;
                u32::try_from(share).unwrap_or(u32::MAX).min(cents_max)
            }
        };
        let taken = nominal.min(spend.saturating_sub(self.minimum_price));
        (0 < taken).then_some(taken)
    }
}

impl Signer {
    /// Writes a lease. `None` if a name has more than 255 bytes, or there are more offers or categories than a lease can list.
    pub fn sign_lease(&self, lease: &SignedLease) -> Option<String> {
        let mut bytes = vec![VERSION];
        bytes.extend(key_id(&self.public_key()));
        bytes.extend(lease.tenant.to_be_bytes());
        bytes.extend(lease.lease);
        for number in [lease.count_max, lease.cents_max, lease.valid_from, lease.valid_until] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.push(u8::from(lease.takes_paper));
        write_text(&mut bytes, &lease.till)?;
        write_text(&mut bytes, &lease.store)?;
        bytes.extend(u16::try_from(lease.offers.len()).ok()?.to_be_bytes());
        for offer in &lease.offers {
            bytes.extend(offer.terms);
            write_text(&mut bytes, &offer.name)?;
            let (kind, of, most) = match offer.worth {
                Worth::Amount(amount) => (1, amount, amount),
                Worth::Share { basis_points, cents_max } => (2, u32::from(basis_points), cents_max),
            };
            bytes.push(kind);
            for number in [of, most, offer.minimum_spend, offer.minimum_price] {
                bytes.extend(number.to_be_bytes());
            }
            bytes.push(u8::try_from(offer.categories.len()).ok()?);
            offer.categories.iter().try_for_each(|category| write_text(&mut bytes, category))?;
        }
        let signature = self.sign_bytes(PURPOSE, &bytes);
        bytes.extend(signature);
        Some(encode(&bytes))
    }
}

/// Writes a text, a byte of its length first. `None` if it has more than 255 bytes.
pub(crate) fn write_text(bytes: &mut Vec<u8>, text: &str) -> Option<()> {
    bytes.push(u8::try_from(text.len()).ok()?);
    bytes.extend(text.as_bytes());
    Some(())
}

/// Reads a lease and verifies who signed it. Whether it is this till's and good now is asked when something is given.
///
/// # Errors
/// The first thing that is wrong. Everything in it is signed, so one that was changed anywhere is refused.
pub fn read_lease(text: &str, keys: &Keys) -> Result<SignedLease, Refused> {
    let bytes = decode(text).ok_or(Refused::Malformed)?;
    let (said, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or(Refused::Malformed)?;
    let mut reader = Reader(said);
    let (key, lease) = read(&mut reader).ok_or(Refused::Malformed)?;
    if !reader.0.is_empty() {
        return Err(Refused::Malformed);
    }
    keys.verify_bytes(key, PURPOSE, said, signature)?;
    Ok(lease)
}

fn read(reader: &mut Reader<'_>) -> Option<([u8; 4], SignedLease)> {
    let [VERSION] = reader.take()? else { return None };
    let key = reader.take()?;
    let mut lease = SignedLease {
        tenant: number(reader)?,
        lease: reader.take()?,
        count_max: number(reader)?,
        cents_max: number(reader)?,
        valid_from: number(reader)?,
        valid_until: number(reader)?,
        takes_paper: match reader.take()? {
            [0] => false,
            [1] => true,
            _ => return None,
        },
        till: text(reader)?,
        store: text(reader)?,
        offers: Vec::new(),
    };
    for _ in 0..u16::from_be_bytes(reader.take()?) {
        lease.offers.push(offer(reader)?);
    }
    Some((key, lease))
}

fn offer(reader: &mut Reader<'_>) -> Option<LeasedOffer> {
    let (terms, name) = (reader.take()?, text(reader)?);
    let [kind] = reader.take()?;
    let (of, cents_max) = (number(reader)?, number(reader)?);
    let worth = match kind {
        1 => Worth::Amount(of),
        2 => Worth::Share { basis_points: u16::try_from(of).ok()?, cents_max },
        _ => return None,
    };
    let (minimum_spend, minimum_price) = (number(reader)?, number(reader)?);
    let [count] = reader.take()?;
    let categories = (0..count).map(|_| text(reader)).collect::<Option<Vec<_>>>()?;
    Some(LeasedOffer { terms, name, worth, minimum_spend, minimum_price, categories })
}

fn number(reader: &mut Reader<'_>) -> Option<u32> {
    reader.take().map(u32::from_be_bytes)
}

/// Reads a text, a byte of its length first.
pub(crate) fn text(reader: &mut Reader<'_>) -> Option<String> {
    let [length] = reader.take()?;
    let (text, rest) = reader.0.split_at_checked(usize::from(length))?;
    reader.0 = rest;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SECRET: [u8; 32] = [5; 32];

    pub(crate) fn lease() -> SignedLease {
        SignedLease {
            tenant: 1,
            lease: [7; 16],
            count_max: 3,
            cents_max: 1_000,
            valid_from: 1_000,
            valid_until: 2_000,
            takes_paper: true,
            till: "till-3".to_owned(),
            store: "munich".to_owned(),
            offers: vec![LeasedOffer {
                terms: [2; 16],
                name: "tea".to_owned(),
                worth: Worth::Share { basis_points: 1_000, cents_max: 300 },
                minimum_spend: 500,
                minimum_price: 100,
                categories: vec!["TEA".to_owned()],
            }],
        }
    }

    pub(crate) fn keys() -> Keys {
        Keys::new([Signer::new(&SECRET).public_key()])
    }

    #[test]
    fn a_lease_is_read_as_it_was_signed() {
        let text = Signer::new(&SECRET).sign_lease(&lease()).unwrap();
        assert_eq!(read_lease(&text, &keys()), Ok(lease()));
        assert_eq!(read_lease(&text, &Keys::default()), Err(Refused::KeyUnknown));
        let long = SignedLease { till: "t".repeat(256), ..lease() };
        assert_eq!(Signer::new(&SECRET).sign_lease(&long), None);
    }

    #[test]
    fn a_lease_with_a_single_bit_changed_or_cut_off_is_refused() {
        let text = Signer::new(&SECRET).sign_lease(&lease()).unwrap();
        let bytes = decode(&text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(read_lease(&encode(&changed), &keys()).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(read_lease(&encode(&bytes[..length]), &keys()).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_coupon_takes_off_what_the_server_would_take_off() {
        let share = &lease().offers[0];
        let worth = |spend| share.worth_on(spend);
        assert_eq!([499, 500, 995, 5_000].map(worth), [None, Some(50), Some(100), Some(300)]);
        let amount = LeasedOffer { worth: Worth::Amount(150), minimum_spend: 0, ..share.clone() };
        let worth = |spend| amount.worth_on(spend);
        assert_eq!([0, 100, 101, 200, 900].map(worth), [None, None, Some(1), Some(100), Some(150)]);
    }
}
