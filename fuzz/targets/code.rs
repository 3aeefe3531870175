//! Text as a code and as what a QR code holds: a code is read again from either way it is printed, and no payload and no lease counts that no shop signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_code::{Code, Keys, Signer, read_lease, verify};

fuzz_target!(|text: &str| {
    if let Some(code) = Code::read(text) {
        assert_eq!(Code::read(&code.to_string()), Some(code));
        assert_eq!(Code::read(&code.digits()), Some(code));
    }
    // The seeds are signed with another key: whatever becomes of them, this one has signed nothing.
    let keys = Keys::new([Signer::new(&[1; 32]).public_key()]);
    assert!(verify(text, &keys, 1_800_000_000).is_err());
    assert!(read_lease(text, &keys).is_err());
});
