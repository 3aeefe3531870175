//! The secret of a key, as its holder has it.

use std::fmt;

use wink_core::base::Hasher;

use super::{KeyId, Role};
use crate::secrets::{self, SealError};

/// Digits of a secret: Crockford's base 32 in lower case, without letters that look like others.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Bytes of chance in a secret: 160 bits cannot be guessed, however many keys there are.
const CHANCE: usize = 20;

/// The longest text that can be a token; longer ones are refused before they are hashed.
const TOKEN_BYTES_MAX: usize = 128;

/// A key's secret. Never printed by accident: there is no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(..)")
    }
}

impl Token {
    /// Draws a new one, like `wk_shop_` and 32 digits.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn draw(role: Role) -> Result<Self, SealError> {
        let chance: [u8; CHANCE] = secrets::random()?;
        let mut digits = String::with_capacity(CHANCE * 8 / 5);
        for five in chance.chunks_exact(5) {
            let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for digit in (0..8).rev() {
                let index = usize::try_from(bits >> (5 * digit) & 31).unwrap_or(0);
                digits.push(DIGITS.get(index).copied().map_or('0', char::from));
            }
        }
        Ok(Self(format!("wk_{}_{digits}", role.name())))
    }

    /// Takes what a client sent. Whether it is a key is known when it is looked up.
    pub fn sent(text: &str) -> Option<Self> {
        let could_be = !text.is_empty() && text.len() <= TOKEN_BYTES_MAX && text.is_ascii();
        could_be.then(|| Self(text.to_owned()))
    }

    /// The name under which it is stored. Whoever reads the store learns no secret: 160 bits of chance are hashed.
    pub fn id(&self) -> KeyId {
        KeyId(Hasher::new("api key").field(self.0.as_bytes()).finish().short())
    }

    /// Shows the secret, to the one who just made it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_role_and_is_never_the_same_twice() {
        let (one, two) = (Token::draw(Role::Shop).unwrap(), Token::draw(Role::Shop).unwrap());
        assert!(one.reveal().starts_with("wk_shop_") && one.reveal().len() == 8 + 32, "{}", one.reveal());
        assert_ne!(one.id(), two.id());
        assert_eq!(Token::sent(one.reveal()), Some(one));
    }

    #[test]
    fn a_token_is_not_shown_by_accident() {
        let token = Token::draw(Role::Till).unwrap();
        assert!(!format!("{token:?}").contains(token.reveal()));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_one() {
        for wrong in ["", &"x".repeat(129), "wk_shop_\u{e4}"] {
            assert_eq!(Token::sent(wrong), None, "{wrong}");
        }
    }
}
