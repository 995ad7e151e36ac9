//! Who acts on a ticket, rule by rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test builds is known, and a test may stop"
)]

use proptest::prelude::*;
use route::decide;
use shared::{
    events::{
        Classification, Decision, Draft, Hazard, Passage, Priority, Reply, Retrieval, Route, Sentiment,
        Ticket, Tier,
    },
    policy::{HAZARDS, Policy},
};

const POLICY: &str = include_str!("../../../deploy/policy.yaml");

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
        self.under(&Policy::parse(POLICY).unwrap())
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
fn the_points_add_up_to_the_score() {
    let mut case = Case::plain();
    case.classification.confidence = 0.654_321_987;
    case.retrieval.passages[0].score = 0.412_345_678_9;
    case.classification.mood.score = -0.333_333_333;
    let decision = case.decide();
    let sum: f64 = decision.contributions.iter().map(|one| one.points).sum();
    assert_eq!((sum * 1e6).round(), (decision.score * 1e6).round());
    assert_eq!(decision.score, (decision.score * 1e6).round() / 1e6);
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
    let mut policy = Policy::parse(POLICY).unwrap();
    policy.caps.clear();
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
fn each_cap_lowers_the_route_and_gives_its_name() {
    type Change = fn(&mut Case);
    let expected: [(&str, Route, Change); 14] = [
        ("cap:out_of_scope", Route::Suggest, |case| case.classification.out_of_scope = 0.51),
        ("cap:nothing_like_it", Route::Suggest, |case| {
            case.classification.confidence = 1.0;
            case.retrieval.passages[0].score = 0.34;
            case.retrieval.passages[1].score = 0.34;
        }),
        ("cap:ungrounded", Route::Suggest, |case| case.reply().grounded = 0.75),
        ("cap:foreign_language", Route::Suggest, |case| case.classification.language.supported = false),
        ("cap:too_long", Route::Suggest, |case| case.classification.truncated = true),
        ("cap:urgent", Route::Suggest, |case| case.classification.attention.priority = Priority::Urgent),
        ("cap:furious", Route::Suggest, |case| case.classification.mood.sentiment = Sentiment::VeryNegative),
        ("cap:furious_vip", Route::Escalate, |case| {
            case.classification.mood.sentiment = Sentiment::VeryNegative;
            case.ticket.customer.tier = Tier::Vip;
        }),
        ("cap:bug", Route::Suggest, |case| case.classification.intent = "report_bug".to_owned()),
        ("cap:account_deletion", Route::Suggest, |case| {
            case.classification.intent = "delete_account".to_owned()
        }),
        ("cap:asked_for_a_person", Route::Suggest, |case| {
            case.classification.intent = "contact_human_agent".to_owned()
        }),
        ("cap:complaint", Route::Suggest, |case| case.classification.intent = "complaint".to_owned()),
        ("cap:payment", Route::Suggest, |case| case.classification.intent = "payment_issue".to_owned()),
        ("cap:far_out_of_scope", Route::Escalate, |case| {
            case.classification.out_of_scope = 0.9;
            case.classification.confidence = 0.49;
        }),
    ];
    let mut policy = Policy::parse(POLICY).unwrap();
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
fn a_cap_does_not_take_the_credit_for_what_the_score_decided() {
    let (route, rule) = changed(|case| {
        case.classification.intent = "report_bug".to_owned();
        case.classification.confidence = 0.7;
        case.retrieval.passages[0].score = 0.45;
    });
    assert_eq!((route, rule.as_str()), (Route::Suggest, "thresholds"));
}

#[test]
fn a_ticket_without_a_reply_is_not_auto_even_if_no_cap_says_so() {
    let mut policy = Policy::parse(POLICY).unwrap();
    policy.caps.clear();
    let mut case = Case::plain();
    case.draft = Draft::Withheld { reason: "no resolved ticket is like it".to_owned(), saved: None };
    let decision = case.under(&policy);
    assert_eq!((decision.route, decision.rule.name.as_str()), (Route::Suggest, "no_reply"));
    assert_eq!(decision.rule.reason, "there is no reply: no resolved ticket is like it");
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
    assert_eq!(case.decide().contributions[1].reason, "the best resolved ticket is 71 % like this one");
    case.retrieval.passages.truncate(1);
    assert_eq!(case.decide().contributions[1].reason, "the best resolved ticket is 95 % like this one");
    case.retrieval.passages.clear();
    assert_eq!(case.decide().contributions[1].points, 0.0);
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
            case.draft = Draft::Withheld { reason: "nothing to quote".to_owned(), saved: None };
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
    fn the_same_event_gets_the_same_decision(case in any_case()) {
        prop_assert_eq!(case.decide(), case.decide());
    }
}
