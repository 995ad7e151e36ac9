//! Who acts on a ticket, rule by rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test builds is known, and a test may stop"
)]

use std::sync::LazyLock;

use proptest::prelude::*;
use route::{decide, score};
use serde_json::json;
use shared::{
    certificate::Signed,
    events::{
        Classification, Decision, Draft, Hazard, Passage, Priority, Reply, Retrieval, Route, Sentiment,
        Ticket, Tier,
    },
    policy::{
        Autonomy, CertificateTerms, Expression, HAZARDS, Holdout, Policy, RuleTerms, probability, rounded,
    },
};

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap());

/// A plain question that the whole line is sure about; each test changes what it is about.
#[derive(Debug, Clone)]
struct Case {
    ticket: Ticket,
    classification: Classification,
    retrieval: Retrieval,
    draft: Draft,
}

impl Case {
    fn plain() -> Self {
        let read = include_str!("plain.json");
        let event: shared::events::Drafted = serde_json::from_str(read).unwrap();
        let shared::events::Drafted { ticket, classification, retrieval, draft } = event;
        Self { ticket, classification, retrieval, draft }
    }

    fn decide(&self) -> Decision {
        self.under(&POLICY)
    }

    fn under(&self, policy: &Policy) -> Decision {
        decide(policy, &self.ticket, &self.classification, &self.retrieval, &self.draft)
    }

    fn reply(&mut self) -> &mut Reply {
        let Draft::Reply(reply) = &mut self.draft else { panic!("the plain case has a reply") };
        reply
    }
}

/// Route and rule after a change to the plain case.
fn changed(change: impl FnOnce(&mut Case)) -> (Route, String) {
    let mut case = Case::plain();
    change(&mut case);
    let decision = case.decide();
    (decision.route, decision.rule.name)
}

#[test]
fn a_plain_question_goes_out_by_itself_and_says_why() {
    let mut decision = Case::plain().decide();
    decision.policy = "policy@…".to_owned();
    insta::assert_json_snapshot!(decision);
}

#[test]
fn the_points_give_the_score_bit_for_bit() {
    let mut case = Case::plain();
    case.classification.confidence = 0.654_321_987;
    case.retrieval.passages[0].score = 0.412_345_678_9;
    case.classification.mood.score = -0.333_333_333;
    let decision = case.decide();
    let points = || decision.contributions.iter().map(|one| one.points);
    assert_eq!(probability(points().sum()), decision.score);
    assert_eq!(probability(points().take(7).sum()), decision.probability);
    assert!(points().all(|points| points == rounded(points)));
}

#[test]
fn each_hazard_goes_to_people_and_the_first_of_the_policy_gives_the_reason() {
    for kind in HAZARDS {
        let hazard = Hazard { kind: kind.to_owned(), probability: 0.7 };
        let (route, rule) = changed(|case| case.classification.hazards = vec![hazard]);
        assert_eq!((route, rule), (Route::Escalate, format!("hazard:{kind}")));
    }
    let both = ["legal", "health_safety"].map(|kind| Hazard { kind: kind.to_owned(), probability: 0.9 });
    assert_eq!(changed(|case| case.classification.hazards = both.to_vec()).1, "hazard:health_safety");
}

#[test]
fn a_hazard_that_the_policy_does_not_know_goes_to_people() {
    let hazard = Hazard { kind: "flood".to_owned(), probability: 0.5 };
    let found = changed(|case| case.classification.hazards = vec![hazard]);
    assert_eq!(found, (Route::Escalate, "hazard:flood".to_owned()));
}

#[test]
fn the_score_parts_the_routes_and_a_limit_itself_is_not_auto() {
    let mut policy = POLICY.clone();
    policy.rules.clear();
    let case = Case::plain();
    let score = case.under(&policy).score;
    for (auto, suggest, expected) in [
        (score - 1e-6, 0.1, Route::Auto),
        (score, 0.1, Route::Suggest),
        (1.0, score, Route::Suggest),
        (1.0, score + 1e-6, Route::Escalate),
    ] {
        policy.thresholds.auto = auto;
        policy.thresholds.suggest = suggest;
        let decision = case.under(&policy);
        assert_eq!((decision.route, decision.rule.name.as_str()), (expected, "thresholds"));
    }
}

#[test]
fn each_rule_lowers_the_route_and_gives_its_name() {
    type Change = fn(&mut Case);
    let expected: [(&str, Route, Change); 16] = [
        ("rule:out_of_scope", Route::Suggest, |case| case.classification.out_of_scope = 0.51),
        ("rule:perhaps_a_danger", Route::Suggest, |case| case.classification.danger = 0.46),
        ("rule:nothing_like_it", Route::Suggest, |case| {
            case.classification.confidence = 1.0;
            case.retrieval.passages[0].score = 0.34;
            case.retrieval.passages[1].score = 0.34;
        }),
        ("rule:ungrounded", Route::Suggest, |case| case.reply().grounded = 0.75),
        ("rule:foreign_language", Route::Suggest, |case| case.classification.language.supported = false),
        ("rule:too_long", Route::Suggest, |case| case.classification.truncated = true),
        ("rule:urgent", Route::Suggest, |case| case.classification.attention.priority = Priority::Urgent),
        ("rule:furious", Route::Suggest, |case| case.classification.mood.sentiment = Sentiment::VeryNegative),
        ("rule:furious_vip", Route::Escalate, |case| {
            case.classification.mood.sentiment = Sentiment::VeryNegative;
            case.ticket.customer.tier = Tier::Vip;
        }),
        ("rule:bug", Route::Suggest, |case| case.classification.intent = "report_bug".to_owned()),
        ("rule:act", Route::Suggest, |case| case.classification.intent = "cancel_order".to_owned()),
        ("rule:account_deletion", Route::Suggest, |case| {
            case.classification.intent = "delete_account".to_owned()
        }),
        ("rule:asked_for_a_person", Route::Suggest, |case| {
            case.classification.intent = "contact_human_agent".to_owned()
        }),
        ("rule:complaint", Route::Suggest, |case| case.classification.intent = "complaint".to_owned()),
        ("rule:payment", Route::Suggest, |case| case.classification.intent = "payment_issue".to_owned()),
        ("rule:far_out_of_scope", Route::Escalate, |case| {
            case.classification.out_of_scope = 0.9;
            case.classification.confidence = 0.49;
        }),
    ];
    let mut policy = POLICY.clone();
    policy.thresholds.auto = 0.5;
    policy.thresholds.suggest = 0.3;
    for (name, route, change) in expected {
        let mut case = Case::plain();
        change(&mut case);
        let decision = case.under(&policy);
        assert_eq!((decision.rule.name.as_str(), decision.route), (name, route));
    }
}

#[test]
fn a_rule_does_not_take_the_credit_for_what_the_score_decided() {
    let mut policy = POLICY.clone();
    policy.thresholds.auto = 0.999;
    let mut case = Case::plain();
    case.classification.intent = "report_bug".to_owned();
    let decision = case.under(&policy);
    assert_eq!((decision.route, decision.rule.name.as_str()), (Route::Suggest, "thresholds"));
}

#[test]
fn a_ticket_without_a_reply_is_not_auto_even_if_no_rule_says_so() {
    let mut policy = POLICY.clone();
    policy.rules.clear();
    let mut case = Case::plain();
    case.draft = Draft::withheld("no resolved ticket is like it");
    let decision = case.under(&policy);
    assert_eq!((decision.route, decision.rule.name.as_str()), (Route::Suggest, "no_reply"));
    assert_eq!(decision.rule.reason, "there is no reply: no resolved ticket is like it");
}

#[test]
fn what_was_billed_for_no_reply_is_part_of_the_cost() {
    let mut case = Case::plain();
    let usage = serde_json::from_value(serde_json::json!({
        "call": "c", "input_tokens": 900, "output_tokens": 20, "dollars": 0.0007
    }));
    case.draft = Draft::Withheld { reason: "refused".to_owned(), saved: None, usage: Some(usage.unwrap()) };
    assert_eq!(case.under(&POLICY).cost.tokens, 0.0007);
}

#[test]
fn a_code_goes_out_only_if_policy_grants_it_to_this_ticket() {
    let discount = |code: &str, time: &str| {
        changed(|case| {
            case.classification.intent = "request_discount".to_owned();
            case.ticket.created_at = time.parse().unwrap();
            case.reply().offer = Some(code.to_owned());
        })
    };
    assert_eq!(discount("PINE10", "2026-11-20T09:00:00Z").0, Route::Auto);
    assert_eq!(discount("PINE99", "2026-11-20T09:00:00Z"), (Route::Suggest, "no_such_offer".to_owned()));
    assert_eq!(discount("PINE10", "2028-01-01T00:00:00Z"), (Route::Suggest, "no_such_offer".to_owned()));
    let (route, _) = changed(|case| case.reply().offer = Some("PINE10".to_owned()));
    assert_eq!(route, Route::Suggest, "a delivery question gets no code");
}

#[test]
fn the_best_passage_of_the_same_intent_counts_even_if_another_is_nearer() {
    let mut case = Case::plain();
    let near =
        Passage { intent: Some("get_refund".to_owned()), score: 0.95, ..case.retrieval.passages[0].clone() };
    case.retrieval.passages.insert(0, near);
    assert_eq!(case.decide().contributions[4].reason, "the best resolved ticket is 71 % like this one");
    case.retrieval.passages.truncate(1);
    assert_eq!(case.decide().contributions[4].reason, "the best resolved ticket is 95 % like this one");
    case.retrieval.passages.clear();
    assert_eq!(case.decide().contributions[4].points, 0.0);
}

#[test]
fn a_certificate_that_is_required_bars_auto_unless_it_speaks_for_the_ticket() {
    let mut policy = POLICY.clone();
    policy.certificate = Some(CertificateTerms { file: "certificate.json".into(), required: true });
    let under = |policy: &Policy| {
        let decision = Case::plain().under(policy);
        (decision.route, decision.rule.name, decision.certificate)
    };
    let barred = |digest: Option<&str>| (Route::Suggest, "certificate".to_owned(), digest.map(str::to_owned));
    assert_eq!(under(&policy), barred(None));
    for (name, spoils, allowed) in [
        ("as it was made", None, true),
        ("expired", Some(("/expires", json!("2026-11-01T00:00:00Z"))), false),
        ("of another classifier", Some(("/bundle", json!("classifier@other"))), false),
        ("of another encoder", Some(("/encoder", json!("encoder@other"))), false),
        ("of other terms", Some(("/terms", json!("terms@other"))), false),
        ("above the ticket's score", Some(("/overall/threshold", json!(0.999_999))), false),
        ("of nothing", Some(("/overall/threshold", json!(null))), false),
        ("of other intents", Some(("/intents", json!({}))), false),
    ] {
        let mut certificate = certificate(&policy);
        if let Some((place, value)) = spoils {
            *certificate.pointer_mut(place).unwrap() = value;
        }
        let certificate = serde_json::from_value(certificate).unwrap();
        policy.certified = Some(Signed { digest: "certificate@1".to_owned(), certificate });
        let (route, rule, digest) = under(&policy);
        assert_eq!(route == Route::Auto, allowed, "{name}: {rule}");
        assert_eq!(rule == "certificate", !allowed, "{name}: {rule}");
        assert_eq!(digest.as_deref(), Some("certificate@1"));
    }
    policy.certificate = None;
    assert_eq!(under(&policy).0, Route::Auto, "one that is not asked for bars nothing");
}

/// A certificate that speaks for the plain case under this policy.
fn certificate(policy: &Policy) -> serde_json::Value {
    let Case { classification, retrieval, .. } = Case::plain();
    let claim = |threshold: serde_json::Value| json!({ "threshold": threshold, "auto": 200, "wrong": 0, "coverage": 0.5, "bound": 0.015 });
    json!({
        "created": "2026-11-19T00:00:00Z",
        "expires": "2027-02-17T00:00:00Z",
        "alpha": 0.02,
        "delta": 0.05,
        "data": { "digest": "data@1", "rows": 400, "by_people": 0 },
        "bundle": classification.model,
        "encoder": retrieval.model,
        "policy": "policy@1",
        "terms": policy.terms,
        "overall": claim(json!(0.86)),
        "intents": { "track_order": claim(json!(null)) },
        "figures": { "rows": 300, "right": 0.9, "aurc": 0.01, "ece": 0.02, "brier": 0.05 },
    })
}

#[test]
fn a_reply_that_says_what_no_source_carries_or_not_who_wrote_it_is_not_auto_whatever_the_policy_says() {
    let mut policy = POLICY.clone();
    policy.rules.clear();
    let mut case = Case::plain();
    case.reply().unbacked = vec!["a refund of $40".to_owned()];
    assert_eq!(case.under(&policy).rule.name, "unbacked");
    let mut case = Case::plain();
    case.reply().sentences.pop();
    assert_eq!(case.under(&policy).rule.name, "no_disclosure");
}

fn any_case() -> impl Strategy<Value = Case> {
    let intent = prop_oneof!["track_order", "report_bug", "request_discount", "gibberish"];
    let figures = (0.0..=1.0, 0.0..=1.0, -1.0..=1.0, -1.0..=1.0, 0.0..=1.0);
    let levels = (0..4usize, 0..5usize, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (intent, figures, levels).prop_map(|(intent, figures, levels)| {
        let mut case = Case::plain();
        let (confidence, out_of_scope, similarity, mood, grounded) = figures;
        let (priority, sentiment, supported, truncated, vip, withheld) = levels;
        let read = &mut case.classification;
        read.intent.clone_from(&intent);
        (read.confidence, read.out_of_scope, read.truncated) = (confidence, out_of_scope, truncated);
        read.language.supported = supported;
        read.attention.priority =
            [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent][priority];
        read.mood.score = mood;
        read.mood.sentiment = [
            Sentiment::VeryNegative,
            Sentiment::Negative,
            Sentiment::Neutral,
            Sentiment::Positive,
            Sentiment::VeryPositive,
        ][sentiment];
        case.ticket.customer.tier = if vip { Tier::Vip } else { Tier::Standard };
        case.retrieval.passages[0].score = similarity;
        case.reply().grounded = grounded;
        if withheld {
            case.draft = Draft::withheld("nothing to quote");
        }
        case
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_hazard_is_never_auto(case in any_case(), kind in 0..7usize, probability in 0.0..=1.0) {
        let mut case = case;
        case.classification.hazards = vec![Hazard { kind: HAZARDS[kind].to_owned(), probability }];
        prop_assert_eq!(case.decide().route, Route::Escalate);
    }

    #[test]
    fn what_no_intent_fits_is_never_auto(case in any_case(), out_of_scope in 0.500_001..=1.0) {
        let mut case = case;
        case.classification.out_of_scope = out_of_scope;
        prop_assert!(case.decide().route < Route::Auto);
    }

    #[test]
    fn without_a_grounded_reply_nothing_is_auto(case in any_case()) {
        let sendable = matches!(&case.draft, Draft::Reply(reply) if reply.grounded >= 1.0);
        prop_assert!(sendable || case.decide().route < Route::Auto);
    }

    #[test]
    fn being_surer_or_nearer_never_lowers_the_route(case in any_case(), surer in 0.0..=1.0, nearer in -1.0..=1.0) {
        let mut better = case.clone();
        better.classification.confidence = case.classification.confidence.max(surer);
        better.retrieval.passages[0].score = case.retrieval.passages[0].score.max(nearer);
        prop_assert!(better.decide().route >= case.decide().route);
        prop_assert!(better.decide().score >= case.decide().score);
    }

    #[test]
    fn no_feature_that_rises_lowers_the_score(case in any_case(), which in 0..6usize, by in 0.0..=1.0) {
        let better = |case: &mut Case| {
            let Case { classification: read, retrieval, draft, .. } = case;
            match which {
                0 => read.confidence += by,
                1 => read.margin += by,
                2 => read.out_of_scope -= by,
                // Of the two passages, the nearer one of the intent: similarity, and agreement with it.
                3 => retrieval.passages[0].score += by,
                4 => retrieval.passages.iter_mut().for_each(|one| one.intent = Some(read.intent.clone())),
                _ => if let Draft::Reply(reply) = draft { reply.grounded += by },
            }
        };
        let score = |case: &Case| score(&POLICY, &case.ticket, &case.classification, &case.retrieval, &case.draft);
        let mut risen = case;
        risen.classification.margin = 0.4;
        risen.retrieval.passages[0].intent = Some(risen.classification.intent.clone());
        let before = score(&risen);
        better(&mut risen);
        let after = score(&risen);
        prop_assert!(after.score >= before.score && after.probability >= before.probability);
        prop_assert!(after.score <= after.probability, "care only takes");
    }

    #[test]
    fn whatever_is_added_to_a_policy_never_raises_a_route(
        case in any_case(), kind in 0..7usize, what in 0..7usize, suggest in any::<bool>(),
    ) {
        let before = case.decide().route;
        let mut policy = POLICY.clone();
        let mut case = case;
        let most = if suggest { Route::Suggest } else { Route::Escalate };
        let rule = |name: &str, when: &str| RuleTerms {
            name: name.to_owned(), when: Expression::new(when), at_most: None, route: None, reason: "so".to_owned(),
        };
        match what {
            0 => policy.kill_switch = true,
            1 => policy.rules.push(RuleTerms { at_most: Some(most), ..rule("new", "true") }),
            2 => policy.rules.insert(0, RuleTerms { route: Some(most), ..rule("new", "confidence < 0.7") }),
            3 => policy.autonomy = if suggest { Autonomy::Suggest } else { Autonomy::Shadow },
            4 => policy.holdout = Holdout { share: 0.5, salt: "salt".to_owned() },
            5 => {
                policy.hazards[kind].route = most;
                let hazard = Hazard { kind: policy.hazards[kind].kind.clone(), probability: 0.9 };
                case.classification.hazards = vec![hazard];
            }
            _ => policy.certificate = Some(CertificateTerms { file: "none.json".into(), required: true }),
        }
        let after = case.under(&policy);
        prop_assert!(after.route <= before);
        prop_assert!(!after.holdout || before == Route::Auto);
    }

    #[test]
    fn the_same_event_gets_the_same_decision(case in any_case()) {
        prop_assert_eq!(case.decide(), case.decide());
    }
}
