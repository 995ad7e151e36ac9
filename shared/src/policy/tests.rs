use super::*;

const SHIPPED: &str = include_str!("../../../deploy/policy.yaml");

fn problems(find: &str, put: &str) -> Vec<String> {
    assert!(SHIPPED.contains(find), "the shipped policy no longer holds {find:?}");
    Policy::parse(&SHIPPED.replacen(find, put, 1)).unwrap_err().problems()
}

/// Without the lines, which move with every change of the shipped file.
fn unlined(problems: Vec<String>) -> Vec<String> {
    problems.iter().map(|problem| problem.split_once(": ").unwrap().1.to_owned()).collect()
}

#[test]
fn the_shipped_policy_is_good_and_its_digest_is_that_of_its_bytes() {
    let policy = Policy::parse(SHIPPED).unwrap();
    assert!(policy.digest.starts_with("policy@"));
    assert_eq!(policy.digest.len(), "policy@".len() + 12);
    assert_ne!(policy.digest, Policy::parse(&format!("{SHIPPED}#")).unwrap().digest);
    assert_eq!((policy.thresholds.auto, policy.thresholds.suggest), (0.85, 0.60));
}

#[test]
fn an_empty_text_is_no_policy() {
    let found = Policy::parse("").unwrap_err().problems();
    assert!(found[0].starts_with("line 1: "), "{found:?}");
}

#[test]
fn an_unknown_field_is_refused_with_its_line() {
    let line = |text: &str| 1 + SHIPPED[..SHIPPED.find(text).unwrap()].lines().count();
    assert_eq!(
        problems("\nthresholds:", "\ntreshold: 1\nthresholds:"),
        [format!("line {}: treshold is not known here", line("thresholds:\n"))]
    );
    assert_eq!(
        problems("  auto: 0.85", "  auto: 0.85\n  sugest: 0.5"),
        [format!("line {}: thresholds.sugest is not known here", line("  auto: 0.85") + 1)]
    );
}

#[test]
fn every_wrong_value_is_said_at_once() {
    let bad = SHIPPED
        .replace("auto: 0.85", "auto: 0.5")
        .replacen("    most: ", "    most: -", 1)
        .replacen("ramp: [3, 1]", "ramp: [1, 3]", 1)
        .replacen("when: truncated", "when: trunkated && amount > \"x\"", 1)
        .replace("code: PINE10", "code: PINE 10");
    insta::assert_snapshot!(unlined(Policy::parse(&bad).unwrap_err().problems()).join("\n"), @r"
    thresholds.suggest 0.6 is above thresholds.auto 0.5
    care.sentiment.most -2 is not between 0 and 50
    care.priority.ramp [1.0, 3.0] must fall: a higher priority is less safe
    rules[9].when asks for trunkated, which there is not
    offers[0].code 'PINE 10' must be letters, digits and hyphens
    offers[0].text does not name the code 'PINE 10'
    ");
}

#[test]
fn every_wrong_amount_and_limit_is_named_with_its_field() {
    let bad = SHIPPED
        .replacen("timeout_seconds: 30", "timeout_seconds: 0", 1)
        .replacen("    input: 0.10", "    input: -0.10", 1)
        .replacen("dollars_a_day: 20.0", "dollars_a_day: -20.0", 1)
        .replacen("dollars_a_core_hour: 0.048", "dollars_a_core_hour: -0.048", 1);
    insta::assert_snapshot!(unlined(Policy::parse(&bad).unwrap_err().problems()).join("\n"), @r"
    providers[0].timeout_seconds 0 is not above 0 and up to 600
    models.claude-haiku-5-5.input -0.1 is no amount of dollars
    budgets.dollars_a_day -20 is no amount of dollars
    compute.dollars_a_core_hour -0.048 is no amount of dollars
    ");
}

#[test]
fn a_hazard_left_out_or_misspelt_is_refused() {
    assert_eq!(
        unlined(problems("kind: press", "kind: pres")),
        [
            "hazards says nothing about press",
            "hazards[6].kind 'pres' is none of legal, health_safety, self_harm, violence, fraud, privacy, press",
        ]
    );
}

#[test]
fn a_hazard_is_never_auto() {
    assert_eq!(unlined(problems("route: escalate", "route: auto")), ["hazards[0].route must not be auto"]);
}

#[test]
fn a_policy_without_a_guard_against_what_no_intent_fits_is_refused() {
    let found = unlined(problems("out_of_scope > 0.03", "out_of_scope > 0.03 && tier == \"vip\""));
    assert!(found[0].starts_with("rules needs one whose only variable is out_of_scope"), "{found:?}");
}

#[test]
fn an_offer_holds_from_its_first_day_to_its_last_for_its_tenant_and_intent() {
    let policy = Policy::parse(SHIPPED).unwrap();
    let offer = |intent, tenant, time: &str| {
        policy.offer(intent, tenant, time.parse().unwrap()).map(|offer| offer.code.as_str())
    };
    assert_eq!(offer("request_discount", "harbor", "2026-01-01T00:00:00Z"), Some("PINE10"));
    assert_eq!(offer("request_discount", "harbor", "2027-12-31T23:59:59Z"), Some("PINE10"));
    assert_eq!(offer("request_discount", "harbor", "2028-01-01T00:00:00Z"), None);
    assert_eq!(offer("request_discount", "harbor", "2025-12-31T23:59:59Z"), None);
    assert_eq!(offer("request_discount", "lumen", "2026-11-20T09:00:00Z"), Some("PAGE15"));
    assert_eq!(offer("request_discount", "elsewhere", "2026-11-20T09:00:00Z"), None);
    assert_eq!(offer("track_order", "harbor", "2026-11-20T09:00:00Z"), None);
}

#[test]
fn a_ramp_is_flat_outside_and_what_is_no_number_counts_nothing() {
    let feature = Feature { weight: 1.0, ramp: [0.2, 0.6] };
    assert_eq!([0.1, 0.2, 0.6, 9.0].map(|raw| feature.value(raw)), [0.0, 0.0, 1.0, 1.0]);
    assert!((feature.value(0.4) - 0.5).abs() < 1e-12);
    assert_eq!(feature.value(f64::NAN), 0.0);
    let falling = Caution { most: 1.0, ramp: [3.0, 1.0] };
    assert_eq!([0.0, 1.0, 2.0, 3.0].map(|raw| falling.points(raw).1), [0.0, 0.0, -0.5, -1.0]);
}

fn known() -> Known {
    let intents = ["get_refund", "report_bug", "track_order", "request_discount"].map(str::to_owned);
    Known { intents: intents.into(), today: "2026-11-26".parse().unwrap() }
}

/// The warnings about a policy of these rules alone, next to the guard that every policy needs.
fn warned(rules: &str) -> Vec<String> {
    let (before, rest) = SHIPPED.split_once("\nrules:\n").unwrap();
    let after = &rest[rest.find("\n# How the reply").unwrap()..];
    let guard = "  - {name: guard, when: out_of_scope > 0.5, at_most: suggest, reason: out of scope}\n";
    let yaml = format!("{before}\nrules:\n{guard}{rules}{after}");
    let policy = Policy::parse(&yaml).unwrap_or_else(|error| panic!("{error}"));
    let mut known = known();
    known.intents.extend(policy.intents.keys().cloned());
    let found = policy.warnings(&yaml, &known);
    found.into_iter().map(|problem| problem.text).collect()
}

fn rule(name: &str, when: &str, most: &str) -> String {
    format!("  - {{name: {name}, when: '{when}', {most}, reason: because}}\n")
}

#[test]
fn a_rule_that_can_never_apply_is_warned_of() {
    for when in [
        "confidence < 0.3 && confidence > 0.5",
        "confidence > 1.0",
        "priority >= high && !(priority > normal)",
        r#"intent == "get_refund" && intent in ["report_bug", "track_order"]"#,
        r#"!(intent != "get_refund") && intent == "track_order""#,
        "truncated && !truncated",
        "mood < -1.0 || (sentiment < negative && sentiment > neutral)",
    ] {
        let found = warned(&rule("odd", when, "at_most: suggest")).join("");
        assert_eq!(found, "rules[1] 'odd' can never apply: its conditions exclude each other", "{when}");
    }
}

#[test]
fn a_rule_that_never_decides_is_warned_of() {
    let wide = rule("wide", r#"confidence < 0.5 || intent == "report_bug""#, "at_most: suggest");
    for (when, most, is_shadowed) in [
        ("confidence <= 0.4 && truncated", "at_most: suggest", true),
        (r#"intent == "report_bug" && amount > 5"#, "at_most: suggest", true),
        ("confidence < 0.4", "at_most: escalate", false),
        ("confidence < 0.6", "at_most: suggest", false),
        (r#"intent in ["report_bug", "track_order"]"#, "at_most: suggest", false),
        ("confidence < 0.4", "route: suggest", false),
    ] {
        let found = warned(&format!("{wide}{}", rule("narrow", when, most)));
        let says =
            "rules[2] 'narrow' never decides: 'wide' applies wherever it does and asks for as low a route";
        assert_eq!(found.contains(&says.to_owned()), is_shadowed, "{when}: {found:?}");
    }
}

#[test]
fn a_rule_for_every_ticket_and_names_that_nobody_has_are_warned_of() {
    assert_eq!(
        warned(&rule("all", "confidence <= 1.0", "at_most: suggest"))[0],
        "rules[1] 'all' applies to every ticket"
    );
    for (when, said) in [
        (r#"intent in ["get_refund", "get_refnd"]"#, "intent is 'get_refnd'"),
        (r#""fire" in hazards"#, "hazards is 'fire'"),
        (r#"tenant == "harbour""#, "tenant is 'harbour'"),
        (r#"tier == "gold""#, "tier is 'gold'"),
    ] {
        let found = warned(&rule("odd", when, "at_most: suggest")).join("; ");
        assert!(found.contains(&format!("rules[1].when asks whether {said}")), "{when}: {found}");
    }
}

#[test]
fn the_shipped_policy_is_warned_of_nothing_until_its_offers_are_over() {
    let policy = Policy::parse(SHIPPED).unwrap();
    let mut known = known();
    known.intents.clear();
    assert_eq!(policy.warnings(SHIPPED, &known), []);
    known.today = "2028-01-01".parse().unwrap();
    let said: Vec<String> = policy.warnings(SHIPPED, &known).iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2);
    assert!(said[0].ends_with("'returning-customers' was over on 2027-12-31; it is 2028-01-01"), "{said:?}");
}

#[test]
fn what_is_wrong_with_an_expression_is_said_when_the_file_is_read() {
    for (when, said) in [
        ("confidense < 0.5", "asks for confidense, which there is not"),
        (r#"ticket.txt == """#, "asks for ticket.txt, which there is not"),
        ("truncated || intent > 5", "compares or calls what does not fit"),
        ("intent == 5", "compares String with Double, which are never equal"),
        (r#"priority in ["urgent"]"#, "compares Double with String, which are never equal"),
        ("truncated || confidence", "joins Double, which is neither true nor false"),
        ("confidence + 0.5", "is neither true nor false"),
        ("now() > 5", "calls now(), which there is not"),
        ("confidence <", "is no expression, at character"),
        (r#"intent.matches("(")"#, "is no regular expression"),
        ("intent.matches(tenant)", "takes a regular expression in quotes"),
        ("hazards.exists(a, hazards.exists(b, a == b))", "has a loop within a loop"),
    ] {
        let found = problems("when: truncated", &format!("when: '{when}'")).join("; ");
        assert!(found.contains("].when ") && found.contains(said), "{when}: {found}");
    }
    for when in [
        r#"hazards.exists(one, one == "legal") && size(hazards) > 1"#,
        r#"has(attributes.region) && attributes.region == "EU""#,
        r#"attributes["order size"] == "big""#,
        r#"ticket.subject.startsWith("Re:") ? amount > 5 : amount * 2.0 >= 1000"#,
    ] {
        let good = SHIPPED.replacen("when: truncated", &format!("when: '{when}'"), 1);
        assert!(Policy::parse(&good).is_ok(), "{when}: {:?}", Policy::parse(&good));
    }
}

#[test]
fn a_hard_rule_cannot_ask_about_the_draft_and_a_rule_says_one_thing() {
    let hard = rule("hard", "grounded < 1.0", "route: suggest");
    let found = unlined(problems("rules:\n", &format!("rules:\n{hard}")));
    assert_eq!(
        found,
        ["rules[0].when asks for grounded, but a hard rule is applied before there is a draft"]
    );
    let both = rule("both", "truncated", "route: suggest, at_most: suggest");
    let found = unlined(problems("rules:\n", &format!("rules:\n{both}")));
    assert_eq!(found, ["rules[0] needs one of at_most and route, not both"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Whatever is typed into the file, it is read or refused with a line that the file has.
    #[test]
    fn any_text_is_a_policy_or_has_problems_with_lines(
        at in 0.0..1.0,
        cut in 0..60_usize,
        put in r#"[a-z0-9 :\-\[\]{}"'&*|>!?.,()<=\n#]{0,24}"#,
    ) {
        let chars: Vec<char> = SHIPPED.chars().collect();
        let from = (at * chars.len() as f64) as usize;
        let to = (from + cut).min(chars.len());
        let text: String =
            chars[..from].iter().copied().chain(put.chars()).chain(chars[to..].iter().copied()).collect();
        if let Err(error) = Policy::parse(&text) {
            let PolicyError::Text(problems) = error else { panic!("{error}") };
            let lines = text.lines().count() + 1;
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|one| (1..=lines).contains(&one.line)), "{problems:?}");
        }
    }

    #[test]
    fn any_condition_is_an_expression_or_has_problems(when in r#"[a-z_0-9 .()!&|<>=+*/?:"\[\],-]{0,40}"#) {
        let _ = Expression::new(&when).problems();
    }
}
