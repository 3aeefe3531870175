use super::*;
use crate::rotating::{STEP_SECONDS, rotated, step_at};

const NOW: u32 = 1_800_000_000;

fn shop() -> Signer {
    Signer::new(&[7; 32])
}

fn device() -> Signer {
    Signer::new(&[9; 32])
}

fn keys() -> Keys {
    Keys::new([shop().public_key()])
}

/// What is said of the `number`-th coupon; every other one is bound to a device.
fn said(number: u32) -> Signed {
    let mut coupon = [0; 16];
    coupon[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    Signed {
        tenant: 1,
        coupon,
        valid_from: NOW - 1_000 - number,
        valid_until: NOW + 86_400,
        terms: [3; 16],
        offline_cents_max: 500,
        holder: (number % 2 == 1).then(|| device().public_key()),
    }
}

fn shown(number: u32) -> String {
    let payload = shop().sign(&said(number));
    match number % 2 {
        1 => rotated(&payload, &[9; 32], step_at(NOW)).unwrap(),
        _ => payload,
    }
}

#[test]
fn a_payload_says_what_was_signed_and_is_always_the_same() {
    for number in 0..20 {
        assert_eq!(verify(&shown(number), &keys(), NOW), Ok(said(number)));
        assert_eq!(shown(number), shown(number));
    }
    assert_eq!((shown(0).len(), shown(1).len()), (189, 349));
}

/// Turns round every bit of a payload's bytes, one after the other. Looks at where the change is noticed, too: it is never taken for a wrong
/// time, which is what a signature keeps safe.
fn every_bit_counts(number: u32, keys: &Keys) -> usize {
    let bytes = decode(&shown(number)).unwrap();
    for bit in 0..8 * bytes.len() {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let answer = verify(&encode(&changed), keys, NOW);
        let is_noticed = matches!(
            answer,
            Err(Refused::Malformed | Refused::KeyUnknown | Refused::Signature | Refused::NotLive)
        );
        assert!(is_noticed, "payload {number}, bit {bit}: {answer:?}");
    }
    8 * bytes.len()
}

/// Thirty here, a thousand in `cargo xtask campaign`: a signature is verified for each of their 944 bits.
#[test]
fn a_payload_with_a_single_bit_changed_is_refused() {
    let payloads = std::env::var("WINK_TEST_PAYLOADS").map_or(30, |number| number.parse().unwrap());
    let changed: usize = (0..payloads).map(|number| every_bit_counts(2 * number, &keys())).sum();
    assert_eq!(changed, usize::try_from(payloads).unwrap() * 944);
    let bound: usize = (0..10).map(|number| every_bit_counts(2 * number + 1, &keys())).sum();
    assert_eq!(bound, 10 * 1_744);
    println!("{} payloads with one bit changed were refused", changed + bound);
}

#[test]
fn a_text_with_a_single_bit_changed_is_refused() {
    for number in 0..20 {
        let text = shown(number);
        for bit in 0..8 * text.len() {
            let mut changed = text.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(verify(&changed, &keys(), NOW).is_err(), "payload {number}, bit {bit}");
        }
    }
}

#[test]
fn a_payload_that_is_cut_off_or_longer_is_refused() {
    for number in [0, 1] {
        let bytes = decode(&shown(number)).unwrap();
        for length in 0..bytes.len() {
            assert!(verify(&encode(&bytes[..length]), &keys(), NOW).is_err(), "{length} bytes");
        }
        assert!(verify(&encode(&[bytes.as_slice(), &[0]].concat()), &keys(), NOW).is_err());
    }
}

#[test]
fn it_counts_from_its_first_second_until_the_last() {
    let mut said = said(0);
    (said.valid_from, said.valid_until) = (NOW, NOW + 10);
    let text = shop().sign(&said);
    let at = |now| verify(&text, &keys(), now).map(|_| ());
    assert_eq!(
        [at(NOW - 1), at(NOW), at(NOW + 9), at(NOW + 10)],
        [Err(Refused::NotYet), Ok(()), Ok(()), Err(Refused::Over)]
    );
}

#[test]
fn a_rotating_part_counts_in_its_step_and_those_beside_it() {
    let text = shown(1);
    let start = step_at(NOW) * STEP_SECONDS;
    let at = |now| verify(&text, &keys(), now).map(|_| ());
    let not_live = Err(Refused::NotLive);
    assert_eq!(
        [at(start - STEP_SECONDS - 1), at(start - STEP_SECONDS), at(start), at(start + 2 * STEP_SECONDS - 1)],
        [not_live, Ok(()), Ok(()), Ok(())]
    );
    assert_eq!(at(start + 2 * STEP_SECONDS), not_live);
}

#[test]
fn only_the_device_it_is_bound_to_can_show_it() {
    let payload = shop().sign(&said(1));
    let refused = |text: &str| verify(text, &keys(), NOW).unwrap_err();
    assert_eq!(refused(&payload), Refused::NotLive, "a picture without its rotating part");
    assert_eq!(
        refused(&rotated(&payload, &[8; 32], step_at(NOW)).unwrap()),
        Refused::NotLive,
        "another device"
    );
    let other = rotated(&shop().sign(&said(3)), &[9; 32], step_at(NOW)).unwrap();
    let moved = [&decode(&payload).unwrap()[..], &decode(&other).unwrap()[150..]].concat();
    assert_eq!(refused(&encode(&moved)), Refused::NotLive, "the rotating part of another coupon");
    assert_eq!(rotated(&shop().sign(&said(0)), &[9; 32], 1), None, "one on paper does not rotate");
}

#[test]
fn a_till_knows_old_keys_and_new_ones_and_no_others() {
    let (old, new) = (shop(), Signer::new(&[8; 32]));
    let both = Keys::new([old.public_key(), new.public_key()]);
    for signer in [&old, &new] {
        assert!(verify(&signer.sign(&said(0)), &both, NOW).is_ok());
    }
    let only_new = Keys::new([new.public_key()]);
    assert_eq!(verify(&old.sign(&said(0)), &only_new, NOW), Err(Refused::KeyUnknown));
}
