//! Hashes that mean the same on every machine: fields are length-prefixed, so no two lists of fields collide by concatenation.

/// A 256-bit BLAKE3 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Takes the first 16 bytes, enough for an id that nobody chooses.
    pub fn short(&self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.0;
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }

    /// Takes the first 8 bytes as a number.
    pub fn number(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Spells it in hexadecimal.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Hashes a list of fields under a purpose, so that the same fields hashed for another purpose say nothing about each other.
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// Starts a hash for `purpose`.
    pub fn new(purpose: &str) -> Self {
        Self(blake3::Hasher::new()).field(purpose.as_bytes())
    }

    /// Starts a keyed hash for `purpose`: without the key nobody can test a guess.
    pub fn keyed(key: &[u8; 32], purpose: &str) -> Self {
        Self(blake3::Hasher::new_keyed(key)).field(purpose.as_bytes())
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, bytes: &[u8]) -> Self {
        self.add(bytes);
        self
    }

    /// Adds a field in place.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes()).update(bytes);
    }

    /// Ends the hash.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Turns a hash into a share in `0.0..1.0`: the same hash always falls on the same side of a threshold.
pub fn share_of(digest: Digest) -> f64 {
    // 53 bits are what an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "the value has at most 53 bits")]
    let numerator = (digest.number() >> 11) as f64;
    numerator / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let one = Hasher::new("t").field(b"ab").field(b"c").finish();
        let other = Hasher::new("t").field(b"a").field(b"bc").finish();
        assert_ne!(one, other);
    }

    #[test]
    fn shares_are_spread_evenly() {
        let below = (0..10_000u32)
            .filter(|n| share_of(Hasher::new("t").field(&n.to_le_bytes()).finish()) < 0.1)
            .count();
        assert!((900..1_100).contains(&below), "{below}");
    }
}
