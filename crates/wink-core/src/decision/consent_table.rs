//! Truth tables of consent: every conflict of the ways a word comes, and every purpose against every channel and class of feature. The expected
//! side is reckoned here from what the rule says, and asks nothing of the code that is tried.

use std::collections::BTreeMap;

use super::missing_consent;
use crate::base::{Currency, EventId, ProfileId, Timestamp, Value};
use crate::event::{Body, ConsentChange, Envelope, Identity, Schemas, accept};
use crate::feature::{
    Catalogue, Class, State, Viewed, Wanted, built_in_definitions, place_definitions, view,
};
use crate::offer::Channel;
use crate::profile::{Grants, Profile, Purpose};

/// Who says something about consent, with how strong the rule says it is: signed-in account, then paper or till with a signature, then the shop's
/// own banner, then the framework's string, then Consent Mode; Global Privacy Control only ever lowers. Somebody in a call centre takes down what
/// nobody signs, so it is as strong as the banner.
const SOURCES: [(&str, Option<u8>); 7] = [
    ("account", Some(5)),
    ("paper", Some(4)),
    ("call centre", Some(3)),
    ("banner", Some(3)),
    ("tcf", Some(2)),
    ("consent mode", Some(1)),
    ("gpc", None),
];

/// Those that can say something about each purpose; the others know of personalisation only.
const OWN: usize = 4;

/// A week after which everything is said, well after the string was made.
fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T10:00:00Z").unwrap()
}

/// A string that consents to purposes 1, 3 and 4, made by the framework's own library.
fn granting() -> (String, Timestamp) {
    let vectors = include_str!("../event/tcf/vectors.txt").lines();
    let mut found = vectors.filter_map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let purposes: Vec<&str> = parts[3].split(',').collect();
        let is_whole = ["1", "3", "4"].iter().all(|purpose| purposes.contains(purpose)) && parts[5] == "1";
        is_whole.then(|| (parts[0].to_owned(), Timestamp(parts[2].parse().unwrap())))
    });
    found.next().unwrap()
}

fn heard(event: &str, said: &[(&str, &str)], at: Timestamp) -> ConsentChange {
    heard_when(event, said, at).0
}

/// What Wink reads, and of when, in an event that happens and arrives at `at`.
fn heard_when(event: &str, said: &[(&str, &str)], at: Timestamp) -> (ConsentChange, Timestamp) {
    let properties = said.iter().map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())));
    let envelope = Envelope {
        source: "shop".to_owned(),
        message_id: "m-1".to_owned(),
        event: event.to_owned(),
        schema_version: None,
        identities: vec![Identity::new("customer", "42").unwrap()],
        original_at: None,
        sent_at: None,
        properties: properties.collect(),
    };
    let id = EventId::new(at, [7; 16]);
    let event = accept(&envelope, &Schemas::built_in(), Currency::new("EUR").unwrap(), id, at).unwrap();
    match event.body {
        Body::ConsentUpdated(change) => (change, event.occurred_at),
        other => panic!("no word about consent: {other:?}"),
    }
}

/// What each source's yes and no are, once Wink has read them.
fn words(purpose: &str) -> Vec<[ConsentChange; 2]> {
    let (text, updated) = granting();
    let at = updated.plus_days(1);
    let own = |mechanism: &str, method: &str, no: &str| {
        ["granted", no].map(|state| {
            let said = [
                ("purpose", purpose),
                ("state", state),
                ("method", method),
                ("mechanism", mechanism),
                ("recorded_by", "staff"),
            ];
            heard("Consent Updated", &said, at)
        })
    };
    let modes = ["granted", "denied"].map(|state| {
        heard("Consent Mode Updated", &[("ad_user_data", "granted"), ("ad_personalization", state)], at)
    });
    // The same string a year and a half later is too old, and so a no.
    let tcf = [at, at.plus_days(500)].map(|at| heard("TCF Consent Updated", &[("tc_string", &text)], at));
    let [gpc_yes, _] = own("gpc", "browser", "denied");
    vec![
        own("account", "checkbox", "withdrawn"),
        own("signature", "paper", "denied"),
        own("cmp", "phone", "withdrawn"),
        own("cmp", "banner", "denied"),
        tcf,
        modes,
        [gpc_yes, heard("Privacy Control Signalled", &[], at)],
    ]
}

/// What one source said: whether yes, and in which hour.
type Said = Option<(bool, i64)>;

/// The rule, played hour by hour: a no stands until a later yes that is at least as strong; in one hour the no comes last.
fn is_granted(said: &[Said]) -> bool {
    let (mut said_yes, mut standing): (bool, Vec<u8>) = (false, Vec::new());
    for hour in 1..=2 {
        let now = |wanted: bool| {
            said.iter()
                .zip(SOURCES)
                .filter(move |(said, _)| **said == Some((wanted, hour)))
                .map(|(_, (_, strength))| strength)
        };
        for strength in now(true).flatten() {
            said_yes = true;
            standing.retain(|no| strength < *no);
        }
        // Whatever says yes overrules a setting of the browser, later.
        standing.extend(now(false).map(|strength| strength.unwrap_or(0)));
    }
    said_yes && standing.is_empty()
}

fn told(words: &[[ConsentChange; 2]], said: &[Said], backwards: bool) -> Grants {
    let mut profile = Profile::new(ProfileId::new(start(), [1; 16]), start());
    let mut heard: Vec<_> =
        said.iter().zip(words).filter_map(|(said, words)| Some(((*said)?, words))).collect();
    if backwards {
        heard.reverse();
    }
    for ((yes, hour), [granted, refused]) in heard {
        let at = Timestamp(start().0 + hour * 3_600_000);
        profile.hear(if yes { granted } else { refused }, at, "shop").unwrap();
    }
    profile.grants(start().plus_days(1))
}

fn check_all(purpose: Purpose, sources: usize) -> usize {
    let words = words(purpose.name());
    let choices: [Said; 5] = [None, Some((true, 1)), Some((false, 1)), Some((true, 2)), Some((false, 2))];
    let rows = choices.len().pow(u32::try_from(sources).unwrap());
    let mut granted = 0;
    for row in 0..rows {
        let mut rest = row;
        let said: Vec<Said> = (0..sources)
            .map(|_| {
                let choice = choices[rest % choices.len()];
                rest /= choices.len();
                choice
            })
            .collect();
        let expected = is_granted(&said);
        granted += usize::from(expected);
        for backwards in [false, true] {
            let found: Vec<Purpose> = told(&words, &said, backwards).granted().collect();
            let wanted: Vec<Purpose> = expected.then_some(purpose).into_iter().collect();
            assert_eq!(found, wanted, "{purpose:?} {said:?} backwards {backwards}");
        }
    }
    granted
}

#[test]
fn every_conflict_of_all_sources_is_settled_as_the_rule_says() {
    let granted = check_all(Purpose::Personalisation, SOURCES.len());
    // Of 78,125 rows: the reckoning says yes and says no.
    assert!((1_000..70_000).contains(&granted), "{granted}");
    for purpose in [Purpose::Newsletter, Purpose::Location] {
        assert!(0 < check_all(purpose, OWN));
    }
}

#[test]
fn the_reckoning_says_what_the_rule_says_in_words() {
    let said = |said: &[(&str, bool, i64)]| {
        let of = |name: &str| said.iter().find(|(of, _, _)| *of == name).map(|(_, yes, hour)| (*yes, *hour));
        is_granted(&SOURCES.map(|(name, _)| of(name)))
    };
    assert!(!said(&[]) && said(&[("tcf", true, 1)]) && !said(&[("tcf", false, 1)]));
    // A newer no always wins, however weak.
    assert!(!said(&[("account", true, 1), ("gpc", false, 2)]));
    assert!(!said(&[("account", true, 1), ("consent mode", false, 2)]));
    // A newer yes counts only from a source at least as strong.
    assert!(said(&[("banner", false, 1), ("account", true, 2)]));
    assert!(!said(&[("account", false, 1), ("paper", true, 2)]));
    assert!(said(&[("call centre", false, 1), ("banner", true, 2)]));
    // At one time the stricter counts; privacy control says no or nothing, and any later yes is stronger.
    assert!(!said(&[("account", true, 1), ("gpc", false, 1)]));
    assert!(!said(&[("gpc", true, 2)]) && said(&[("gpc", false, 1), ("consent mode", true, 2)]));
}

/// What an offer in a channel needs, and what a class of features is for, as the guide says.
fn needed(channel: Channel) -> &'static [Purpose] {
    match channel {
        Channel::Newsletter => &[Purpose::Personalisation, Purpose::Newsletter],
        Channel::Web | Channel::Till => &[Purpose::Personalisation],
    }
}

#[test]
fn every_purpose_channel_and_class_of_feature_is_what_the_table_says() {
    let definitions = built_in_definitions().into_iter().chain(place_definitions());
    let catalogue = Catalogue::compile(definitions.collect(), &crate::base::Zone::utc()).unwrap();
    let mut cells: BTreeMap<(Class, Channel, bool), usize> = BTreeMap::new();
    for chosen in 0..8_u8 {
        let granted: Vec<Purpose> = [Purpose::Personalisation, Purpose::Newsletter, Purpose::Location]
            .into_iter()
            .enumerate()
            .filter_map(|(place, purpose)| (chosen >> place & 1 == 1).then_some(purpose))
            .collect();
        let grants = Grants::new(granted.iter().copied());
        let seen = view(&[&State::default()], &catalogue, &grants, start(), &Wanted::all());
        for channel in Channel::ALL {
            let missing = needed(channel).iter().copied().find(|purpose| !granted.contains(purpose));
            assert_eq!(missing_consent(channel, &grants), missing, "{channel:?} {granted:?}");
            for (definition, viewed) in catalogue.definitions().iter().zip(seen.slots()) {
                let purpose = match definition.class {
                    Class::Place => Purpose::Location,
                    Class::Purchase | Class::Contact | Class::Behaviour | Class::Service | Class::Score => {
                        Purpose::Personalisation
                    }
                };
                let is_there = granted.contains(&purpose);
                let expected = (!is_there).then_some(Viewed::NotGranted(purpose));
                let found = Some(viewed.clone()).filter(|viewed| matches!(viewed, Viewed::NotGranted(_)));
                assert_eq!(found, expected, "{} {granted:?}", definition.name);
                *cells.entry((definition.class, channel, is_there)).or_default() += 1;
            }
        }
    }
    // Every class, channel and answer was met.
    assert_eq!(cells.len(), Class::ALL.len() * Channel::ALL.len() * 2, "{cells:?}");
}

#[test]
fn a_yes_by_a_string_is_as_old_as_the_string_however_often_it_is_sent() {
    let (text, chosen) = granting();
    let string = |days| heard_when("TCF Consent Updated", &[("tc_string", &text)], chosen.plus_days(days));
    let gpc = |days| heard_when("Privacy Control Signalled", &[], chosen.plus_days(days));
    let may = |words: &[(ConsentChange, Timestamp)], days| {
        let mut profile = Profile::new(ProfileId::new(start(), [1; 16]), start());
        for (word, at) in words {
            profile.hear(word, *at, "shop");
        }
        profile.grants(chosen.plus_days(days)).allow(Purpose::Personalisation)
    };
    assert!(may(&[string(1)], 20));
    assert!(!may(&[string(1), gpc(30), string(60)], 61), "a no after it stands");
    assert!(!may(&[string(60), gpc(30)], 61), "in whichever order they arrive");
    let own = [("purpose", "personalisation"), ("state", "granted"), ("method", "banner")];
    let own = heard_when("Consent Updated", &own, chosen.plus_days(40));
    assert!(may(&[string(1), gpc(30), own.clone(), string(60)], 61));
    assert!(may(&[string(390)], 395));
    assert!(!may(&[string(390)], 396), "it runs out 396 days after somebody chose");
    assert!(may(&[string(390), own], 1_000), "a yes that is newer stays");
}
