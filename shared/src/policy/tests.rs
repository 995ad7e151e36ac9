use super::*;

const SHIPPED: &str = include_str!("../../../deploy/policy.yaml");

fn problems(find: &str, put: &str) -> Vec<String> {
    assert!(SHIPPED.contains(find), "the shipped policy no longer holds {find:?}");
    Policy::parse(&SHIPPED.replacen(find, put, 1)).unwrap_err().problems()
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
    assert!(matches!(Policy::parse(""), Err(PolicyError::Shape(_))));
}

#[test]
fn an_unknown_field_is_refused_with_its_line() {
    for (find, put) in
        [("thresholds:", "treshold: 1\nthresholds:"), ("  auto: 0.85", "  auto: 0.85\n  sugest: 0.5")]
    {
        let found = problems(find, put).join("");
        assert!(found.contains("unknown field") && found.contains("line"), "{found}");
    }
}

#[test]
fn every_wrong_value_is_said_at_once() {
    let bad = SHIPPED
        .replace("auto: 0.85", "auto: 0.5")
        .replacen("weight: 0.50", "weight: 0.40", 1)
        .replacen("ramp: [3, 1]", "ramp: [1, 3]", 1)
        .replace("code: PINE10", "code: PINE 10");
    insta::assert_snapshot!(Policy::parse(&bad).unwrap_err().problems().join("\n"), @r"
    thresholds.suggest 0.6 is above thresholds.auto 0.5
    features.priority.ramp [1.0, 3.0] must fall: a higher priority is less safe
    features.*.weight add up to 0.9, not to 1
    offers[0].code 'PINE 10' must be letters, digits and hyphens
    offers[0].text does not name the code 'PINE 10'
    ");
}

#[test]
fn a_hazard_left_out_or_misspelt_is_refused() {
    assert_eq!(
        problems("kind: press", "kind: pres"),
        [
            "hazards[6].kind 'pres' is none of legal, health_safety, self_harm, violence, fraud, privacy, press",
            "hazards says nothing about press"
        ]
    );
}

#[test]
fn a_hazard_is_never_auto() {
    assert_eq!(problems("route: escalate", "route: auto"), ["hazards[0].route must not be auto"]);
}

#[test]
fn a_policy_without_a_guard_against_what_no_intent_fits_is_refused() {
    let found = problems("{ out_of_scope_above: 0.50 }", "{ out_of_scope_above: 0.50, tier: vip }");
    assert!(found[0].starts_with("caps needs one with out_of_scope_above"), "{found:?}");
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
    let falling = Feature { weight: 1.0, ramp: [3.0, 1.0] };
    assert_eq!([0.0, 1.0, 2.0, 3.0].map(|raw| falling.value(raw)), [1.0, 1.0, 0.5, 0.0]);
}
