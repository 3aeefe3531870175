//! Strings of the IAB's Transparency and Consent Framework, versions 2.0 to 2.3: what a banner of the advertising industry wrote down.
//!
//! Read after "Transparency and Consent String with Global Vendor and CMP List Formats v2" (IAB Tech Lab), section "The core string" and
//! "Disclosed vendors". Only what Wink needs is kept; every bit up to there is checked to be there.

use crate::base::Timestamp;

/// A string has at most this many characters, as every text of an event: room for the consents of all vendors there are, several times.
pub const TC_STRING_BYTES_MAX: usize = 4_096;

/// Strings made from here on must name the vendors that were disclosed, or mean no consent (version 2.3): 2026-02-28.
const DISCLOSED_SINCE: Timestamp = Timestamp(1_772_236_800_000);

/// The type of a segment that names the disclosed vendors.
const DISCLOSED: u32 = 1;

/// A consent is asked for anew after at most 13 months.
pub(super) const FRESH_DAYS: i64 = 396;

/// Since version 2.2 a string says on which day somebody chose, as its midnight, and no more.
const DAY_MS: i64 = 86_400_000;

/// Purpose 1: store or access information on the device.
const STORE: u32 = 1;
/// Purpose 3: create profiles for personalised advertising.
const PROFILE: u32 = 3;
/// Purpose 4: use profiles to select personalised advertising.
const SELECT: u32 = 4;

/// What a string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcString {
    /// When it was first made.
    pub created: Timestamp,
    /// When somebody last chose.
    pub last_updated: Timestamp,
    /// The version of the framework's policies it was made under.
    pub policy_version: u8,
    /// Purposes consented to, purpose 1 in the highest of 24 bits.
    purposes: u32,
    vendors: Vendors,
    /// The vendors that were disclosed, in each segment that names some; nobody in one that cannot be read.
    disclosed: Vec<Option<Vendors>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Vendors {
    /// A bit for each vendor, the first for vendor 1.
    Bits(Vec<bool>),
    /// Vendors from one to another, both included.
    Ranges(Vec<(u16, u16)>),
}

impl Vendors {
    fn has(&self, id: u16) -> bool {
        match self {
            Self::Bits(bits) => {
                usize::from(id).checked_sub(1).and_then(|place| bits.get(place)).copied().unwrap_or(false)
            }
            Self::Ranges(ranges) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&id)),
        }
    }
}

/// Why a string is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TcStringError {
    /// It holds something that is not of its alphabet.
    #[error("has a character at place {0} that no such string has; send it as `__tcfapi` gives it")]
    Character(usize),
    /// It ends too early.
    #[error("is cut; send it as `__tcfapi` gives it")]
    Cut,
    /// It is too long.
    #[error("has more than {TC_STRING_BYTES_MAX} characters")]
    TooLong,
    /// It is of another version of the format.
    #[error("is of version {0} of the format; only version 2 is in use")]
    Version(u32),
    /// Its list of vendors contradicts itself.
    #[error("names vendors from {from} to {to}, of {most}")]
    Vendors {
        /// Where a range begins.
        from: u16,
        /// Where it ends.
        to: u16,
        /// The highest vendor it says it has.
        most: u16,
    },
}

impl TcString {
    /// Reads a string.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, TcStringError> {
        if TC_STRING_BYTES_MAX < text.len() {
            return Err(TcStringError::TooLong);
        }
        if let Some(place) = text.bytes().position(|byte| byte != b'.' && sextet(byte).is_none()) {
            return Err(TcStringError::Character(place));
        }
        let mut segments = text.split('.');
        let mut bits = Bits::of(segments.next().unwrap_or_default());
        let version = bits.number(6)?;
        if version != 2 {
            return Err(TcStringError::Version(version));
        }
        let created = bits.instant()?;
        let last_updated = bits.instant()?;
        // The banner's own id, version, screen and language, and the version of the list of vendors.
        bits.skip(12 + 12 + 6 + 12 + 12)?;
        let policy_version = u8::try_from(bits.number(6)?).unwrap_or(u8::MAX);
        // For one service only, texts of its own, special features.
        bits.skip(1 + 1 + 12)?;
        let purposes = bits.number(24)?;
        // Purposes by legitimate interest, the treatment of purpose 1, the publisher's country.
        bits.skip(24 + 1 + 12)?;
        let vendors = bits.vendors()?;
        let mut disclosed = Vec::new();
        for segment in segments {
            let mut bits = Bits::of(segment);
            if bits.number(3)? == DISCLOSED {
                disclosed.push(bits.vendors().ok());
            }
        }
        Ok(Self { created, last_updated, policy_version, purposes, vendors, disclosed })
    }

    /// Tells whether a purpose is consented to, from 1 to 24.
    pub fn purpose(&self, number: u32) -> bool {
        (1..=24).contains(&number) && self.purposes & (1 << (24 - number)) != 0
    }

    /// Tells whether a vendor is consented to.
    pub fn vendor(&self, id: u16) -> bool {
        self.vendors.has(id)
    }

    /// Tells whether it names the vendors that were disclosed, whichever they are.
    pub fn discloses_vendors(&self) -> bool {
        !self.disclosed.is_empty()
    }

    /// Tells whether a vendor was disclosed.
    pub fn disclosed(&self, id: u16) -> bool {
        self.disclosed.iter().flatten().any(|vendors| vendors.has(id))
    }

    /// Tells when somebody last chose: not before the first, and not after the second.
    pub fn chosen(&self) -> (Timestamp, Timestamp) {
        let from = self.last_updated;
        let is_day = from.0 % DAY_MS == 0;
        (from, if is_day { Timestamp(from.plus_days(1).0 - 1) } else { from })
    }

    /// Tells whether it allows offers chosen by what a person did, at `now`, by the shop or by `vendor` if one is named: purposes 1, 3 and 4.
    /// A string that should name the disclosed vendors and does not, or that is older than 13 months, allows nothing; neither does one in which the
    /// vendor should be among the disclosed and is not.
    pub fn allows_personalisation(&self, vendor: Option<u16>, now: Timestamp) -> bool {
        let is_disclosed = vendor.map_or(self.discloses_vendors(), |vendor| self.disclosed(vendor));
        let is_whole = self.created < DISCLOSED_SINCE || is_disclosed;
        let is_fresh = now < self.last_updated.plus_days(FRESH_DAYS);
        let is_given = [STORE, PROFILE, SELECT].into_iter().all(|purpose| self.purpose(purpose));
        is_whole && is_fresh && is_given && vendor.is_none_or(|vendor| self.vendor(vendor))
    }
}

/// The six bits a character stands for, in the alphabet of RFC 4648, section 5.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

/// A segment, read bit by bit.
struct Bits<'a> {
    text: &'a [u8],
    next: usize,
}

impl<'a> Bits<'a> {
    fn of(segment: &'a str) -> Self {
        Self { text: segment.as_bytes(), next: 0 }
    }

    fn bit(&mut self) -> Result<bool, TcStringError> {
        let sextet = self.text.get(self.next / 6).copied().and_then(sextet).ok_or(TcStringError::Cut)?;
        let bit = sextet & (0b10_0000 >> (self.next % 6)) != 0;
        self.next += 1;
        Ok(bit)
    }

    fn skip(&mut self, bits: usize) -> Result<(), TcStringError> {
        self.next += bits;
        if self.text.len() * 6 < self.next { Err(TcStringError::Cut) } else { Ok(()) }
    }

    /// Reads a number of at most 24 bits.
    fn number(&mut self, bits: u32) -> Result<u32, TcStringError> {
        let mut number = 0;
        for _ in 0..bits {
            number = number << 1 | u32::from(self.bit()?);
        }
        Ok(number)
    }

    /// Reads tenths of a second since 1970, in 36 bits.
    fn instant(&mut self) -> Result<Timestamp, TcStringError> {
        let (high, low) = (i64::from(self.number(18)?), i64::from(self.number(18)?));
        Ok(Timestamp((high << 18 | low) * 100))
    }

    fn id(&mut self) -> Result<u16, TcStringError> {
        Ok(u16::try_from(self.number(16)?).unwrap_or(u16::MAX))
    }

    fn vendors(&mut self) -> Result<Vendors, TcStringError> {
        let most = self.id()?;
        if !self.bit()? {
            return (0..most).map(|_| self.bit()).collect::<Result<_, _>>().map(Vendors::Bits);
        }
        let mut ranges = Vec::new();
        for _ in 0..self.number(12)? {
            let is_range = self.bit()?;
            let from = self.id()?;
            let to = if is_range { self.id()? } else { from };
            if from == 0 || to < from || most < to {
                return Err(TcStringError::Vendors { from, to, most });
            }
            ranges.push((from, to));
        }
        Ok(Vendors::Ranges(ranges))
    }
}

#[cfg(test)]
mod property;

#[cfg(test)]
mod tests {
    use super::*;

    /// Strings made by the framework's own library (`@iabtcf/core` 1.5.6) from drawn choices, each with what that library reads in it: when it
    /// was made and last changed, purposes, whether vendors 1, 100, 500, 900 and 1200 are consented to, and whether vendors are disclosed.
    const VECTORS: &str = include_str!("tcf/vectors.txt");

    #[test]
    fn strings_are_read_as_the_frameworks_own_library_reads_them() {
        let mut read = 0;
        for line in VECTORS.lines() {
            let [text, created, updated, purposes, vendors, disclosed] =
                line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let string = TcString::parse(text).unwrap();
            assert_eq!(string.created, Timestamp(created.parse().unwrap()), "{text}");
            assert_eq!(string.last_updated, Timestamp(updated.parse().unwrap()), "{text}");
            let found: Vec<String> = (1..=24)
                .filter(|purpose| string.purpose(*purpose))
                .map(|purpose| purpose.to_string())
                .collect();
            assert_eq!(found.join(","), purposes, "{text}");
            let asked = [1, 100, 500, 900, 1200];
            let found: String = asked.map(|id| if string.vendor(id) { '1' } else { '0' }).iter().collect();
            assert_eq!(found, vendors, "{text}");
            assert_eq!(string.discloses_vendors(), disclosed == "1", "{text}");
            read += 1;
        }
        assert_eq!(read, 212);
    }

    #[test]
    fn a_cut_or_changed_string_is_read_without_a_panic() {
        for line in VECTORS.lines() {
            let text = line.split(' ').next().unwrap();
            let core = text.split('.').next().unwrap();
            for end in 0..core.len().min(37) {
                assert!(TcString::parse(&core[..end]).is_err(), "{core} cut at {end}");
            }
            for place in 0..text.len() {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, "_");
                // Whatever it says then.
                let _read = TcString::parse(&changed);
            }
        }
    }

    fn written(purposes: &[u32], created: Timestamp, disclosed: bool) -> String {
        let bits = |numbers: &[(i64, u32)]| -> Vec<bool> {
            let digits = |(number, width): &(i64, u32)| {
                let number = *number;
                (0..*width).rev().map(move |bit| number >> bit & 1 == 1).collect::<Vec<_>>()
            };
            numbers.iter().flat_map(digits).collect()
        };
        let chosen = purposes.iter().map(|purpose| 1 << (24 - purpose)).sum();
        let (created, updated) = ((created.0 / 100, 36), (created.0 / 100, 36));
        let head = [(2, 6), created, updated, (0, 54), (5, 6), (0, 14), (chosen, 24), (0, 37)];
        // Vendors 2 to 3 and 7, of 9; disclosed are 1, 3, 7 and 9.
        let vendors = [(9, 16), (1, 1), (2, 12), (1, 1), (2, 16), (3, 16), (0, 1), (7, 16)];
        let behind = [(1, 3), (9, 16), (0, 1), (0b1_0100_0101, 9)];
        let text = |bits: &[bool]| -> String {
            let sextet = |some: &[bool]| {
                some.iter().chain([&false; 5]).take(6).fold(0, |sum, bit| sum << 1 | u8::from(*bit))
            };
            let letter =
                |sextet: u8| (0..=127_u8).find(|byte| super::sextet(*byte) == Some(sextet)).unwrap() as char;
            bits.chunks(6).map(|some| letter(sextet(some))).collect()
        };
        let core = text(&bits(&[&head[..], &vendors].concat()));
        if disclosed { format!("{core}.{}", text(&bits(&behind))) } else { core }
    }

    fn check(
        purposes: &[u32],
        created: &str,
        disclosed: bool,
        vendor: Option<u16>,
        now: &str,
        expected: bool,
    ) {
        let (created, now) = (Timestamp::parse(created).unwrap(), Timestamp::parse(now).unwrap());
        let text = written(purposes, created, disclosed);
        let string = TcString::parse(&text).unwrap();
        assert_eq!(string.allows_personalisation(vendor, now), expected, "{purposes:?} {text}");
    }

    #[test]
    fn offers_are_allowed_by_the_whole_of_what_is_needed_only() {
        let (before, after, soon) = ("2026-02-27T23:59:59Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z");
        check(&[1, 3, 4], before, false, None, soon, true);
        for missing in [[1, 3], [1, 4], [3, 4]] {
            check(&missing, before, true, None, soon, false);
        }
        check(&[1, 3, 4], after, false, None, soon, false);
        check(&[1, 3, 4], after, true, None, soon, true);
        // Consented to and, since then, disclosed.
        for (vendor, earlier, later) in [
            (1, false, false),
            (2, true, false),
            (3, true, true),
            (4, false, false),
            (7, true, true),
            (9, false, false),
            (0, false, false),
        ] {
            check(&[1, 3, 4], before, true, Some(vendor), soon, earlier);
            check(&[1, 3, 4], after, true, Some(vendor), soon, later);
        }
        check(&[1, 3, 4], after, true, None, "2027-03-30T00:00:00Z", true);
        check(&[1, 3, 4], after, true, None, "2027-03-31T00:00:00Z", false);
    }

    #[test]
    fn somebody_chose_at_the_time_it_says_or_on_the_day() {
        for (created, latest) in [
            ("2026-03-01T00:00:00Z", "2026-03-01T23:59:59.999Z"),
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
        ] {
            let [created, latest] = [created, latest].map(|text| Timestamp::parse(text).unwrap());
            let string = TcString::parse(&written(&[1, 3, 4], created, true)).unwrap();
            assert_eq!(string.chosen(), (created, latest));
        }
    }

    /// Else it would be said anew with every page, after every no, until that day has come.
    #[test]
    fn a_yes_of_a_day_that_has_not_come_is_none() {
        use crate::base::Value;
        use crate::event::consent_input;
        let at = Timestamp::parse("2026-03-02T10:00:00Z").unwrap();
        let read = |purposes: &[u32], day: &str| {
            let string = written(purposes, Timestamp::parse(day).unwrap(), true);
            let properties = [("tc_string".to_owned(), Value::Text(string))].into();
            let word = consent_input::read(consent_input::TCF, &properties, at).unwrap();
            word.map(|(_, said_at)| said_at.to_string()).map_err(|why| why.code())
        };
        assert_eq!(read(&[1, 3, 4], "2026-03-01T00:00:00Z"), Ok("2026-03-01T00:00:00Z".to_owned()));
        assert_eq!(read(&[1, 3, 4], "2026-03-02T10:04:00Z"), Ok("2026-03-02T10:00:00Z".to_owned()));
        assert_eq!(read(&[1, 3, 4], "2026-03-03T00:00:00Z"), Err("occurred_in_future"));
        assert_eq!(
            read(&[1], "2026-03-03T00:00:00Z"),
            Ok("2026-03-02T10:00:00Z".to_owned()),
            "a no is heard"
        );
    }

    #[test]
    fn what_is_none_says_why() {
        let cut = TcString::parse("CO").unwrap_err();
        assert_eq!(cut.to_string(), "is cut; send it as `__tcfapi` gives it");
        assert_eq!(TcString::parse("").unwrap_err(), TcStringError::Cut);
        assert_eq!(
            TcString::parse("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA").unwrap_err(),
            TcStringError::Version(1)
        );
        assert_eq!(TcString::parse("CO=").unwrap_err(), TcStringError::Character(2));
        assert_eq!(
            TcString::parse(&"C".repeat(TC_STRING_BYTES_MAX + 1)).unwrap_err(),
            TcStringError::TooLong
        );
    }
}
