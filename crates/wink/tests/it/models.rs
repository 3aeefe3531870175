//! `wink model train`, `list`, `card` and `grid` on a store, with and without a server on it; `wink model channels` on a file.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::client::ask;
use crate::sample;
use crate::wink::{Said, Server, run, verified};

const PEOPLE: u64 = 89;

/// The day on which models are fitted.
const DAY: u64 = 360;

/// Calls wink; `STORE` and `FILE` are replaced.
fn wink(line: &str, path: &Path) -> Said {
    let path = path.to_str().unwrap();
    run(line.split(' ').map(|word| word.replace("STORE", path).replace("FILE", path)))
}

#[track_caller]
fn refused(said: &Said) -> &str {
    assert_eq!(said.code, Some(1), "{said:?}");
    said.err.strip_prefix("wink: ").unwrap()
}

/// Midnight so many days ago, as messages say it.
fn days_ago(days: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let day = i64::try_from(now / 86_400 - days).unwrap();
    jiff::Timestamp::from_second(day * 86_400).unwrap().to_string()
}

/// People who buy at a pace of their own, each third until they leave early.
fn send(server: &Server) {
    for number in 0..PEOPLE {
        let name = format!("p{number}");
        let mut events = vec![sample::consent(&format!("{name}-yes"), &name, "personalisation", "granted")];
        let pace = 15 + number * 37 % 120;
        let leaves = if number % 3 == 0 { 40 + 2 * pace } else { DAY };
        let mut day = 1 + number % 50;
        while day < leaves.min(DAY) {
            let mut order =
                sample::order(&format!("{name}-{day}"), &name, 900 + 13 * number % 700 + day % 90);
            order["occurred_at"] = json!(days_ago(DAY - day));
            events.push(order);
            day += pace + day * 7 % 11;
        }
        let answer = ask(server.address, "POST", "/v1/events", &sample::batch(&events).to_string());
        assert_eq!(answer.json()["accepted"], events.len(), "{answer:?}");
    }
}

fn features(server: &Server, person: &str) -> Json {
    let asked = json!({ "people": [{ "identity": sample::identity(person) }], "features": ["score_alive", "score_version"] });
    ask(server.address, "POST", "/v1/features", &asked.to_string()).json()
}

#[test]
fn a_store_is_scored_while_its_server_runs_and_when_it_does_not() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    assert!(refused(&wink("model card --data STORE", store.path())).starts_with("there are no models"));
    let too_few = wink("model train clv --data STORE", store.path());
    assert_eq!(
        refused(&too_few).trim(),
        "no model was fitted: not enough data: 0 customers, and at least 30 are needed"
    );
    let server = Server::start(store.path());
    send(&server);
    let trained = wink("model train clv --data STORE --json", store.path()).fine().json();
    assert_eq!((&trained["scored"], &trained["card"]["version"]), (&json!(PEOPLE), &json!(1)), "{trained}");
    assert_eq!(trained["card"]["input_hash"].as_str().unwrap().len(), 64);
    assert!(trained["card"]["hold_out"]["expected"].as_f64().unwrap() > 0.0, "{trained}");
    let told = features(&server, "p1");
    let cells = &told["data"][0]["values"];
    assert_eq!(cells[1]["value"], 1.0, "{told}");
    assert!(cells[0]["value"].as_f64().unwrap() > 0.0, "{told}");
    let wrong = wink("model train clv --data STORE --margin 0", store.path());
    assert!(refused(&wrong).contains("the margin is 0"), "{wrong:?}");
    let penalised = wink("model train clv --data STORE --penalty 0.01", store.path()).fine();
    assert!(penalised.out.contains("drawn to zero by a penalty of 0.01"), "{penalised:?}");
    assert_eq!(server.stop().code, Some(0));
    let again = wink("model train clv --data STORE --horizon-days 60", store.path()).fine();
    assert!(again.out.contains("clv 3: BG/NBD") && again.out.contains("89 people are scored"), "{again:?}");
    let listed = wink("model list --data STORE --json", store.path()).fine().json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    let first = wink("model card 1 --data STORE --json", store.path()).fine().json();
    assert_eq!(first, trained["card"], "a card stays as it was");
    assert!(refused(&wink("model card 7 --data STORE", store.path())).starts_with("there is no model 7"));
    grids(store.path());
    verified(store.path());
}

fn grids(store: &Path) {
    let plot = store.join("grid.svg");
    let asked = "model grid --data STORE --purchase 0.2,0.5 --churn 0.5";
    let grid = wink(&format!("{asked} --json --plot {}", plot.display()), store).fine().json();
    let cells = grid["cells"].as_array().unwrap();
    let people: u64 = cells.iter().map(|cell| cell["people"].as_u64().unwrap()).sum();
    assert_eq!((cells.len(), people, &grid["not_known"]), (6, PEOPLE, &json!(0)), "{grid}");
    assert!(fs::read_to_string(plot).unwrap().ends_with("</svg>\n"));
    // Each cell is a rule that holds of as many.
    for cell in cells {
        let preview = run([
            "segments",
            "preview",
            cell["rule"].as_str().unwrap(),
            "--purpose",
            "personalisation",
            "--json",
            "--data",
            store.to_str().unwrap(),
        ]);
        assert_eq!(preview.fine().json()["members"]["about"], cell["people"], "{cell}");
    }
    let toml = wink(&format!("{asked} --segments"), store).fine().out;
    assert_eq!(toml.matches("[[segments]]").count(), 6, "{toml}");
    let wrong = wink("model grid --data STORE --purchase 0.5,0.2 --churn 0.5", store);
    assert!(refused(&wrong).starts_with("the threshold 0.2 is not above the one before it"), "{wrong:?}");
}

#[test]
fn a_grid_of_nobody_is_none() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let asked = "model grid --data STORE --purchase 0.2,0.5 --churn 0.5";
    for more in ["", " --json"] {
        let said = wink(&format!("{asked}{more}"), store.path());
        assert!(
            refused(&said).starts_with("nothing could be measured: nobody in the store has a score"),
            "{said:?}"
        );
        assert_eq!(said.out, "", "{said:?}");
    }
    let rules = wink(&format!("{asked} --segments"), store.path()).fine().out;
    assert_eq!(rules.matches("[[segments]]").count(), 6, "rules hold of nobody too: {rules}");
}

#[test]
fn everybodys_channel_is_read_as_a_feature_and_too_few_visits_say_what_to_do() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let too_few = wink("model train channels --data STORE", store.path());
    let why = refused(&too_few);
    assert!(why.starts_with("no model was fitted: not enough data: of 0 channels 0 can be told"), "{why}");
    assert!(why.contains("send `source` with `Page` and `Screen`"), "{why}");
    let server = Server::start(store.path());
    for number in 0..PEOPLE {
        let name = format!("p{number}");
        let mut events = vec![sample::consent(&format!("{name}-yes"), &name, "personalisation", "granted")];
        // Who buys by a mail once often does so again; who buys by a search did so by chance.
        for (channel, every, day) in [("search", 3, 0), ("email", 4, 9), ("search", 5, 18), ("email", 2, 27)]
        {
            let clicked = channel == "email";
            let (event, said) = if clicked {
                ("Email Link Clicked", json!({}))
            } else {
                ("Page", json!({ "source": channel }))
            };
            let mut came = sample::event(&format!("{name}-{day}"), &name, event, said);
            came["occurred_at"] = json!(days_ago(60 - day));
            events.push(came);
            if number % every == 0 {
                let mut order = sample::order(&format!("{name}-{day}-order"), &name, 900);
                order["occurred_at"] = json!(days_ago(59 - day));
                events.push(order);
            }
        }
        if number == 5 {
            events.remove(0);
        }
        let answer = ask(server.address, "POST", "/v1/events", &sample::batch(&events).to_string());
        assert_eq!(answer.json()["accepted"], events.len(), "{answer:?}");
    }
    let trained = wink("model train channels --data STORE --json", store.path()).fine().json();
    let card = &trained["card"];
    assert_eq!(
        (&trained["scored"], &card["kind"], &card["version"]),
        (&json!(PEOPLE - 1), &json!("channels"), &json!(1))
    );
    assert_eq!(
        (&card["not_granted"], card["channels"].as_array().unwrap().len()),
        (&json!(1), 2),
        "{trained}"
    );
    // 4 buys by mails and 3 by a search; 1 by neither, and so by what tells least against them.
    for (person, channel) in [("p4", "email"), ("p2", "email"), ("p3", "search"), ("p1", "search")] {
        let asked = json!({
            "people": [{ "identity": sample::identity(person) }],
            "features": ["score_channel", "score_channel_rate", "score_channel_rate_lower", "score_channel_rate_upper", "score_channel_version"],
        });
        let told = ask(server.address, "POST", "/v1/features", &asked.to_string()).json();
        let cells = &told["data"][0]["values"];
        assert_eq!(
            (&cells[0]["value"], &cells[4]["value"]),
            (&json!({ channel: 1.0 }), &json!(1.0)),
            "{person}: {told}"
        );
        let [rate, lower, upper] = [1, 2, 3].map(|place| cells[place]["value"].as_f64().unwrap());
        assert!(0.0 < lower && lower < rate && rate < upper && upper < 1.0, "{told}");
        assert!(cells[0]["age_seconds"].is_number(), "{told}");
    }
    let rule = "feature.score_channel[\"email\"] == 1.0";
    let preview = run([
        "segments",
        "preview",
        rule,
        "--purpose",
        "personalisation",
        "--json",
        "--data",
        store.path().to_str().unwrap(),
    ]);
    let by_mail = card["channels"].as_array().unwrap().iter().find(|one| one["channel"] == "email").unwrap();
    assert_eq!(preview.fine().json()["members"]["about"], by_mail["best_for"], "{card}");
    assert_eq!(server.stop().code, Some(0));
    let again = wink("model train channels --data STORE --within-days 14", store.path()).fine();
    assert!(
        again.out.contains("channels 2: beta-binomial") && again.out.contains("88 people are scored"),
        "{again:?}"
    );
    assert_eq!(
        &wink("model card 1 --data STORE --json", store.path()).fine().json(),
        card,
        "a card stays as it was"
    );
    let listed = wink("model list --data STORE", store.path()).fine();
    assert!(listed.out.contains("channels 1") && listed.out.contains("channels 2"), "{listed:?}");
    let wrong = wink("model train channels --data STORE --within-days 0", store.path());
    assert!(refused(&wrong).contains("a purchase within 0 days"), "{wrong:?}");
    verified(store.path());
}

#[test]
fn the_best_channel_is_found_and_a_wrong_table_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("contacts.csv");
    let call = "model channels --input FILE --customer id --channel source --converted bought";
    let mut table = "id,source,bought\n".to_owned();
    // Mail converts one in four, the app one in eight; one person buys by the app every time.
    for number in 0..400_u32 {
        table += &format!("p{},mail,{}\n", number % 80, u32::from(number % 4 == number / 80 % 4));
        table += &format!("p{},app,{}\n", number % 80, u32::from(number % 8 == number / 80));
    }
    table += &"odd,app,1\n".repeat(20);
    fs::write(&file, &table).unwrap();
    let report = wink(&format!("{call} --json"), &file).fine().json();
    let of = |name: &str| {
        let found = report["channels"].as_array().unwrap().iter().find(|one| one["channel"] == name);
        found.unwrap_or_else(|| panic!("{report}")).clone()
    };
    assert_eq!((&report["customers"], &of("mail")["contacts"]), (&json!(81), &json!(400)), "{report}");
    assert!(of("app")["best_for"].as_u64().unwrap() >= 1, "{report}");
    assert!(of("app")["best_for"].as_u64() < of("mail")["best_for"].as_u64(), "{report}");
    let each = wink(&format!("{call} --each"), &file).fine().out;
    assert_eq!(each.lines().count(), 82);
    assert!(each.lines().any(|line| line.starts_with("odd,app,0.")), "{each}");
    for (wrong, why) in [
        ("id,source,bought\np1,mail,2\np1,app,0\n", "row 1, column `bought`: 2 is neither 1 nor 0"),
        ("id,source,bought\np1,mail,1\n", "there is one channel, and nothing to choose"),
        ("id,source,bought\np1,mail,1\np1,app,0\n", "not enough data: 1 people who were contacted"),
    ] {
        fs::write(&file, wrong).unwrap();
        let said = wink(call, &file);
        assert!(refused(&said).contains(why), "{said:?}");
    }
}
