use super::*;

fn rules_of(text: &str) -> Vec<&'static str> {
    lint(text, &Language::ALL).into_iter().map(|finding| finding.rule).collect()
}

fn worst(text: &str) -> Option<Severity> {
    lint(text, &Language::ALL).into_iter().map(|finding| finding.severity).max()
}

/// What presses, shames or claims, and how bad it is.
const PRESSING: &[(&str, Severity)] = &[
    ("Jetzt zuschlagen!", Severity::Block),
    ("Schnell sein lohnt sich.", Severity::Block),
    ("Jetzt oder nie", Severity::Block),
    ("Letzte Chance auf Ihren Rabatt", Severity::Block),
    ("Zögern Sie nicht, bevor es zu spät ist", Severity::Block),
    ("Eine einmalige Gelegenheit", Severity::Block),
    ("Nur heute: 2 € auf Käse", Severity::Fact),
    ("Nur noch 2 Stunden", Severity::Fact),
    ("Das Angebot endet in 02:13:45", Severity::Fact),
    ("Nur für kurze Zeit", Severity::Fact),
    ("Dein Warenkorb ist noch 09:54 Minuten reserviert", Severity::Fact),
    ("Blitzangebot", Severity::Fact),
    ("Nur noch 2 Stück", Severity::Fact),
    ("Nur noch wenige Plätze", Severity::Fact),
    ("Fast ausverkauft", Severity::Fact),
    ("Solange der Vorrat reicht", Severity::Fact),
    ("Heiß begehrt", Severity::Fact),
    ("23 Personen sehen sich gerade dieses Produkt an", Severity::Fact),
    ("Alle anderen haben schon bestellt", Severity::Fact),
    ("Nein danke, ich zahle lieber den vollen Preis", Severity::Block),
    ("Nein, ich mag keine guten Angebote", Severity::Block),
    ("Ich verzichte auf meinen Rabatt", Severity::Block),
    ("Verpassen Sie nicht unsere Angebote", Severity::Block),
    ("Du verlierst deinen Bonus", Severity::Block),
    ("Deine Punkte verfallen", Severity::Block),
    ("LETZTE WARNUNG", Severity::Block),
    ("Wir vermissen dich", Severity::Block),
    ("Das werden Sie bereuen", Severity::Block),
    ("Lass uns nicht im Stich", Severity::Block),
    ("Schützen Sie Ihre Familie", Severity::Block),
    ("Herzlichen Glückwunsch, Sie wurden ausgewählt", Severity::Block),
    ("Sie haben gewonnen", Severity::Block),
    ("gratis dazu", Severity::Fact),
    ("statt 29,99 €", Severity::Fact),
    ("bis zu 48 % sparen", Severity::Fact),
    ("Exklusiv bei uns: 14 Tage Widerrufsrecht", Severity::Block),
    ("Frag deine Eltern", Severity::Block),
    ("Wenn Sie dies nicht wünschen, bitte den Haken entfernen", Severity::Block),
    ("verlängert sich automatisch", Severity::Fact),
    ("Moment! Bevor Sie gehen", Severity::Review),
    ("Hurry!", Severity::Block),
    ("Act now", Severity::Block),
    ("Last chance", Severity::Block),
    ("Now or never", Severity::Block),
    ("Don't wait", Severity::Block),
    ("Don\u{2019}t wait", Severity::Block),
    ("Today only", Severity::Fact),
    ("Limited time", Severity::Fact),
    ("Only 3 left", Severity::Fact),
    ("Selling fast", Severity::Fact),
    ("Almost gone", Severity::Fact),
    ("17 people are viewing this", Severity::Fact),
    ("Someone in Leeds just bought this", Severity::Fact),
    ("No thanks, I'd rather pay full price", Severity::Block),
    ("I don't like saving money", Severity::Block),
    ("You'll regret it", Severity::Block),
    ("We miss you", Severity::Block),
    ("You've been selected", Severity::Block),
    ("Claim your prize", Severity::Block),
    ("free delivery", Severity::Fact),
    ("up to 48 % off", Severity::Fact),
    ("Ask your parents", Severity::Block),
    ("Untick if you do not want our letters", Severity::Block),
    ("auto-renews every month", Severity::Fact),
    ("Are you sure?", Severity::Review),
    ("Your account will be deleted", Severity::Block),
];

/// Forms and compounds of the words above.
const INFLECTED: &[(&str, Severity)] = &[
    ("Dein Konto wird gelöscht", Severity::Block),
    ("Euer Konto wird gelöscht", Severity::Block),
    ("Häkchen entfernen, wenn du keine Werbung willst", Severity::Block),
    ("Letzte Chancen", Severity::Block),
    ("Nutzen Sie Ihre letzten Chancen", Severity::Block),
    ("Zögert nicht", Severity::Block),
    ("Verpass es nicht", Severity::Block),
    ("Verpasst nicht", Severity::Block),
    ("Ihr verliert euren Bonus", Severity::Block),
    ("Eure Punkte verfallen", Severity::Block),
    ("Ihre Punkte verfallen", Severity::Block),
    ("Eure 240 Punkte verfallen am 3. Mai", Severity::Block),
    ("Ihr habt gewonnen", Severity::Block),
    ("Du lässt uns im Stich", Severity::Block),
    ("Wir sind traurig, dass du gehst", Severity::Block),
    ("Schlagen Sie jetzt zu", Severity::Block),
    ("Schade, dass ihr geht", Severity::Block),
    ("Wollt ihr wirklich verzichten?", Severity::Block),
    ("Don't delay", Severity::Block),
    ("Be quick", Severity::Block),
    ("nur noch zehn Stück", Severity::Fact),
    ("Noch 3 Stück", Severity::Fact),
    ("Nur 2 Plätze frei", Severity::Fact),
    ("Nur noch 2", Severity::Fact),
    ("Das Angebot läuft morgen ab", Severity::Fact),
    ("Die Aktion läuft gleich ab", Severity::Fact),
    ("Der Rabatt läuft um Mitternacht ab", Severity::Fact),
    ("Blitzangebote", Severity::Fact),
    ("Bestpreise", Severity::Fact),
    ("Bestpreisgarantie", Severity::Fact),
    ("Gratisversand", Severity::Fact),
    ("Versandkostenfrei ab morgen", Severity::Fact),
    ("streng limitiert", Severity::Fact),
    ("UVP", Severity::Fact),
    ("statt 29,99", Severity::Fact),
    ("statt € 29,99", Severity::Fact),
    ("Only today", Severity::Fact),
    ("Ends at midnight", Severity::Fact),
    ("Last few pairs", Severity::Fact),
    ("Only a couple left", Severity::Fact),
    ("free of charge", Severity::Fact),
    ("Warten Sie", Severity::Review),
    ("Unsere Empfehlung", Severity::Review),
    ("Our recommendation", Severity::Review),
    ("Are you sure you want to leave?", Severity::Review),
    ("Bist du sicher, dass du gehen willst?", Severity::Review),
    ("Wait!", Severity::Review),
];

/// What a shop may say.
const FAIR: &[&str] = &[
    "2,00 € weniger auf Käse",
    "1.00 EUR less on dairy products",
    "Dieser Gutschein gilt bis 30.11., 23:59 Uhr.",
    "This coupon is valid until 30 Nov, 23:59.",
    "Der normale Preis bleibt.",
    "Nein, danke",
    "No, thanks",
    "240 Punkte, gültig bis 31.12.2027.",
    "Sie sind abgemeldet.",
    "You are unsubscribed.",
    "14 Tage Widerrufsrecht (gesetzlich).",
    "Ja, ich möchte den Newsletter.",
    "Sie können Ihre Einwilligung jederzeit widerrufen.",
    "Warum sehe ich das? Sie haben diese Marke dreimal gekauft.",
    "In den Warenkorb",
    "Your order was delivered.",
    "Rückgabe innerhalb von 30 Tagen",
    "Jetzt einkaufen",
    "Zur Kasse",
    "Coupon einlösen",
    "Please activate the coupon first, then it applies.",
    "Diese Artikel haben schon ihren niedrigsten Preis.",
    "Der Wochenmarkt ist samstags bis 14 Uhr geöffnet.",
    "Wir haben Ihre Adresse geändert.",
    "Choose a size",
];

#[test]
fn braces_hide_no_words() {
    assert_eq!(worst("{{Letzte Chance}} auf Tee"), Some(Severity::Block));
    assert_eq!(worst("Nur noch {{ stock.available }} Stück"), None);
}

#[test]
fn what_presses_is_found_and_how_bad_it_is() {
    for (text, severity) in PRESSING.iter().chain(INFLECTED) {
        assert_eq!(worst(text), Some(*severity), "{text}: {:?}", rules_of(text));
    }
}

#[test]
fn what_is_fair_passes() {
    for text in FAIR {
        assert_eq!(
            worst(text).filter(|severity| *severity == Severity::Block),
            None,
            "{text}: {:?}",
            rules_of(text)
        );
    }
    let flagged: Vec<&&str> = FAIR.iter().filter(|text| worst(text).is_some()).collect();
    assert!(flagged.len() <= 1, "{flagged:?}");
}

#[test]
fn the_fair_ways_that_are_proposed_pass_themselves() {
    for class in Class::ALL {
        for language in Language::ALL {
            let text = class.alternative(language);
            assert!(lint(text, &Language::ALL).is_empty(), "{}: {text}: {:?}", class.name(), rules_of(text));
        }
    }
}

#[test]
fn hidden_words_are_the_words_they_mean() {
    for text in [
        "J E T Z T zuschlagen",
        "jetzt zu\u{ad}schlagen",
        "jetzt\u{a0}zuschlagen",
        "l3tzt3 Chance",
        "H.U.R.R.Y",
        "ｈｕｒｒｙ",
        "Wa\u{200b}rten Sie nicht",
    ] {
        assert_eq!(worst(text), Some(Severity::Block), "{text}: {:?}", rules_of(text));
    }
    // Letters that stand alone in a list, and numbers beside words, mean themselves.
    for text in ["Größen S M L", "A, B oder C", "Vitamin B 12", "4 Stück, 500 g"] {
        assert_eq!(rules_of(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn words_hidden_in_markup_other_scripts_or_single_letters_are_found() {
    for (text, rule) in [
        ("L E T Z T E C H A N C E", "DE-U3"),
        ("Heute: L E T Z T E C H A N C E F Ü R S I E", "DE-U3"),
        ("j e t z t z u s c h l a g e n", "DE-U3"),
        ("N U R N O C H H E U T E", "DE-U1"),
        ("L A S T C H A N C E", "EN-U7"),
        ("Nur <b>heu</b>te", "DE-U1"),
        ("Letz<span class=\"x\">te</span> Ch<!-- -->an<wbr>ce", "DE-U3"),
        ("<p>Letzte<br>Chance</p>", "DE-U3"),
        ("&#76;etzte &#x43;hance", "DE-U3"),
        ("Z&ouml;gern Sie nicht", "DE-U3"),
        ("Nur n\u{43e}ch heute", "DE-U1"),
        ("L\u{435}tzt\u{435} Ch\u{430}n\u{441}\u{435}", "DE-U3"),
        ("Letzte Ch\u{3b1}nce", "DE-U3"),
        ("\u{39d}ur heute", "DE-U1"),
        ("Hurr\u{443}!", "EN-U7"),
    ] {
        let language = if rule.starts_with("DE") { Language::German } else { Language::English };
        let rules: Vec<&str> = lint(text, &[language]).into_iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&rule), "{text}: {rules:?}");
    }
    for text in [
        "F R E I T A G",
        "M O N T A G B I S S A M S T A G",
        "Preis <5 € und >3 €",
        "a < b und c > d",
        "Größen X S M L X L",
        "<b>Käse</b> aus der <i>Region</i>",
        "Мы доставим заказ сегодня",
        "Το τυρί μας είναι φρέσκο",
    ] {
        assert_eq!(rules_of(text), Vec::<&str>::new(), "{text}");
    }
}

/// A text without an end of a sentence, and one of nothing but claims: both take time by their length, not by its square.
#[test]
fn long_texts_are_looked_over_in_time() {
    let text = "nur heute für dich ".repeat(20_000);
    let found = lint(&text, &[Language::German]);
    assert_eq!(found.len(), 20_000);
    for (unit, times) in [
        ("<!--", 100_000),
        ("{{", 200_000),
        ("<b ", 100_000),
        ("a ", 200_000),
        ("&#", 100_000),
        ("- \n", 100_000),
    ] {
        assert!(lint(&unit.repeat(times), &Language::ALL).is_empty(), "{unit}");
    }
    let shown = format!("{text}{{{{offer.valid_until}}}}");
    assert!(lint(&shown, &[Language::German]).is_empty());
    let one =
        format!("{}{{{{offer.valid_until}}}}. Nur heute.", "{{stock.available}} nur heute ".repeat(20_000));
    assert_eq!(lint(&one, &[Language::German]).len(), 1);
}

#[test]
fn a_finding_says_where_it_stands_in_the_text_as_it_was_written() {
    for (text, quoted) in [
        ("Für Sie: Jetzt zuschlagen, 5 €", "Jetzt zuschlagen"),
        ("Ä\u{308}pfel – letzte Chance!", "letzte Chance"),
        ("Nur J E T Z T zuschlagen", "J E T Z T zuschlagen"),
        ("so: jetzt zu\u{ad}schlagen.", "jetzt zu\u{ad}schlagen"),
        ("Die letzte \r\n Chance  !", "letzte \r\n Chance"),
        ("Die Letzte&nbsp;Chance!", "Letzte&nbsp;Chance"),
        ("Ein Letzte-Chance-Angebot", "Letzte-Chance"),
        ("Ä: L e t z t e  C h a n c e !", "L e t z t e  C h a n c e"),
    ] {
        let found = lint(text, &[Language::German]);
        let quotes: Vec<&str> = found.iter().map(|finding| &text[finding.at.clone()]).collect();
        assert!(quotes.contains(&quoted), "{text}: {quotes:?}");
    }
}

#[test]
fn a_claim_is_no_finding_where_a_value_shows_it() {
    let facts = |text: &str| lint(text, &Language::ALL).len();
    assert_eq!(facts("Nur noch {{stock.available}} Stück"), 0);
    assert_eq!(facts("Only {{ stock.available }} left"), 0);
    assert_eq!(facts("Das Angebot endet am {{offer.valid_until}}."), 0);
    // Another value, another sentence, or a word that no value makes true.
    assert_eq!(facts("Nur noch {{demand.count}} Stück"), 1);
    assert!(0 < facts("Nur noch 2 Stück. Vorrätig: {{stock.available}}."));
    assert!(0 < facts("Jetzt zuschlagen, gültig bis {{offer.valid_until}}."));
}

#[test]
fn a_number_that_was_written_down_is_shown_by_no_value_beside_it() {
    for text in [
        "Nur noch 2 Stück, Lager {{stock.available}}",
        "Nur noch zwei Stück, Lager {{stock.available}}",
        "Nur noch {{demand.count}} Stück, Lager {{stock.available}}",
        "Only 3 left, {{stock.available}} in the store",
        "17 Personen sehen {{demand.count}} gerade an",
        "Nur noch 2 Stunden, gültig bis {{offer.valid_until}}",
        "Endet in 02:13:45, gültig bis {{offer.valid_until}}",
    ] {
        assert!(!lint(text, &Language::ALL).is_empty(), "{text}");
    }
    for text in [
        "Nur noch {{stock.available}} von 20 Stück auf Lager",
        "Solange der Vorrat reicht: {{stock.available}} Stück",
        "In den letzten 30 Tagen haben {{demand.count}} Kunden das gekauft",
        "{{demand.count}} people bought this in the last 24 hours",
        "The offer of 5 EUR ends {{offer.valid_until}}",
        "Nur heute: 20 Stück, gültig bis {{offer.valid_until}}",
    ] {
        assert_eq!(lint(text, &Language::ALL), [], "{text}");
    }
}

#[test]
fn what_only_sounds_free_is_no_claim() {
    for text in [
        "Sugar-free gum",
        "Gluten-free bread",
        "The tea is unsweetened and caffeine-free.",
        "Hands-free kit",
        "Feel free to ask us.",
        "Free of perfume",
        "Sie brauchen noch 3 Stück bis zum Rabatt",
        "Wir öffnen um 9.30 statt 10.30 Uhr",
        "1,00 l statt 0,75 l im Karton",
        "Bitte warten Sie, bis die Seite geladen ist",
        "Recommended daily intake: 5 g",
    ] {
        assert_eq!(rules_of(text), Vec::<&str>::new(), "{text}");
    }
    for text in [
        "Get it free",
        "Free of charge",
        "Free to try",
        "Free from 50 EUR",
        "Buy-one-get-one-free",
        "Sugar free of charge",
    ] {
        assert!(rules_of(text).contains(&"EN-G1"), "{text}");
    }
}

#[test]
fn only_the_languages_that_were_asked_for_count() {
    assert!(lint("Hurry!", &[Language::German]).is_empty());
    assert!(lint("Jetzt zuschlagen!", &[Language::English]).is_empty());
    assert!(lint("", &Language::ALL).is_empty());
}

#[test]
fn a_break_between_words_changes_nothing() {
    for text in [
        "Jetzt ist die letzte\nChance. Beeil  dich, es sind nur noch  2 Stück da.",
        "letzte\r\nChance, beeil\tdich, nur noch\u{202f}2\u{3000}Stück",
        "Letzte&nbsp;Chance! Be&shy;eil\u{a0}dich, nur\u{2028}noch 2\n   Stück",
        "letzte\u{200b} Chance, be\u{ad}eil\u{2009}\u{2060}dich, nur noch\n\n2 Stück",
    ] {
        assert_eq!(rules_of(text), ["DE-U3", "DE-U3", "DE-S1"], "{text:?}");
    }
    assert_eq!(rules_of("23 Personen sehen sich gerade dieses\nProdukt an"), ["DE-P1"]);
    // What begins in one paragraph does not go on in the next.
    assert_eq!(rules_of("3 Kunden\n\nWir haben Tee bestellt"), Vec::<&str>::new());
}

#[test]
fn words_that_are_tied_or_stretched_are_the_words_they_are() {
    for text in [
        "Letzte-Chance-Angebot",
        "Jetzt-zuschlagen-Preise",
        "L e t z t e  C h a n c e",
        "L e t z t e   C h a n c e",
        "L e t z t e C h a n c e",
        "L\u{a0}e\u{a0}t\u{a0}z\u{a0}t\u{a0}e\u{a0}\u{a0}C\u{a0}h\u{a0}a\u{a0}n\u{a0}c\u{a0}e",
        "J E T Z T  Z U S C H L A G E N",
        "Jetzt zu-\nschlagen",
        "letzte-\nChance",
    ] {
        assert_eq!(rules_of(text), ["DE-U3"], "{text:?}");
    }
    for text in ["Bio-Tee-Angebot", "2027-11-30", "Ein- und Ausgang", "- Tee\n- Kaffee", "A - B"] {
        assert_eq!(rules_of(text), Vec::<&str>::new(), "{text:?}");
    }
}

#[test]
fn what_only_looks_like_pressure_passes() {
    for text in [
        "Ergonomische Arbeitsplätze fürs Büro",
        "Sichern Sie sich zwei Arbeitsplätze im Coworking",
        "Unsere Arbeitsplätze sind hell.",
        "Glückwunsch, du hast einen Baum gepflanzt",
        "Herzlichen Glückwunsch zum Geburtstag!",
        "Only 9.99 EUR per month",
        "Only 9 EUR, available now",
        "Only 5 minutes to assemble",
        "Nur noch einmal schlafen, dann ist er da",
        "Nur noch ein paar Schritte",
        "Versand 10 €",
        "Versand 5,00 €",
        "1.000 €",
        // A few, and a pair: only the capital tells them apart.
        "Nur noch ein paar Fragen",
        "In den letzten paar Jahren",
        "Zimmer: 3 für 2 Personen",
        "2 für 1 Tasse Tee",
        "2 für 3 €",
        "Rooms: 3 for 2 people",
        "Two for one person",
        "Take 2 for 1 cup",
        "Save 20 EUR for later",
        "Der Preis ist derselbe",
        "Ein Paar Socken",
        "20 Prozent Leinen",
    ] {
        assert_eq!(rules_of(text), Vec::<&str>::new(), "{text}");
    }
    for (text, rule) in [
        ("Nur noch ein Paar!", "DE-S1"),
        ("NUR NOCH EIN PAAR", "DE-S1"),
        ("Die letzten Paare", "DE-S1"),
        ("Nur noch ein paar Tage", "DE-U1"),
        ("Kaufe 2 und zahle 1", "DE-G1"),
        ("2 für 1 auf alle Tees", "DE-G1"),
        ("3 zum Preis von 2", "DE-G1"),
        ("Kauf 3, zahl 2", "DE-G1"),
        ("Alles zum halben Preis", "DE-G2"),
        ("50 Prozent Rabatt", "DE-G2"),
        ("Buy one, get one", "EN-G1"),
        ("Two for one on all teas", "EN-G1"),
        ("Three for the price of two", "EN-G1"),
        ("Everything half price", "EN-G2"),
        ("Save 20 % today", "EN-G2"),
        ("Dein Kauf sichert unsere Arbeitsplätze", "DE-F2"),
        ("Es geht um Arbeitsplätze", "DE-F2"),
        ("Herzlichen Glückwunsch! Ihr Gewinn ist da", "DE-N1"),
        ("Letzte Erinnerung", "DE-F1"),
        ("100 % Rabatt", "DE-G2"),
        ("100%-Rabatt", "DE-G2"),
        ("Nur noch 2 Paar", "DE-S1"),
        ("Nur noch %s Stück", "DE-S1"),
        ("Only 2 pairs", "EN-S1"),
        ("Only 3 of these left", "EN-S1"),
        ("100 % off", "EN-G2"),
    ] {
        assert_eq!(rules_of(text), [rule], "{text}");
    }
}
