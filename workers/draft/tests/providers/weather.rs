//! When it is not: tickets go on, in time, and nothing is billed twice.

use std::time::{Duration, Instant};

use futures::future::join_all;
use shared::events::Draft;
use standins::{FORBIDDEN_KEY, Terms, Weather};

use crate::bench::{ANTHROPIC, Bench, LOCAL, OPENAI, draft, ticket, worker};

/// Whoever wrote, or the reason for nothing.
async fn writer(bench: &Bench, number: u32) -> String {
    match bench.draft(number).await {
        Draft::Reply(reply) => reply.provider,
        Draft::Withheld { reason, .. } => reason,
    }
}

#[tokio::test]
async fn an_error_that_passes_is_asked_again_and_billed_once() {
    for code in [408, 409, 429, 500, 504, 529] {
        let bench = Bench::new(ANTHROPIC).await;
        bench.stand_in.next([Weather::status(code)]);
        assert_eq!(writer(&bench, 1).await, "anthropic", "{code}");
        let ledger = bench.stand_in.ledger();
        assert_eq!((ledger.requests, ledger.totals.bills), (2, 1), "{code}");
    }
}

#[tokio::test]
async fn an_error_that_stays_is_not_asked_again() {
    for code in [400, 413, 404] {
        let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
        bench.stand_in.next([Weather::status(code)]);
        assert_eq!(writer(&bench, 1).await, "local", "{code}");
        assert_eq!(bench.stand_in.ledger().requests, 1, "{code}");
    }
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    bench.stand_in.next([Weather::Status { code: 529, retry_after: None, should_retry: Some(false) }]);
    assert_eq!(writer(&bench, 1).await, "local", "x-should-retry says no");
    assert_eq!(bench.stand_in.ledger().requests, 1);
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_waited_and_a_longer_one_is_not() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    bench.stand_in.next([Weather::retry_after(429, 1)]);
    let began = Instant::now();
    assert_eq!(writer(&bench, 1).await, "anthropic");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());

    bench.stand_in.next([Weather::retry_after(429, 30)]);
    let began = Instant::now();
    assert_eq!(writer(&bench, 2).await, "local");
    assert_eq!(writer(&bench, 3).await, "local", "nobody calls while it lasts");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(bench.stand_in.ledger().requests, 3);
}

#[tokio::test]
async fn a_spend_limit_is_never_asked_again() {
    for providers in [ANTHROPIC, OPENAI] {
        let bench = Bench::new(&[providers, LOCAL].concat()).await;
        bench.stand_in.standing(Weather::SpendLimit);
        for number in 0..20 {
            assert_eq!(writer(&bench, number).await, "local");
        }
        assert_eq!(bench.stand_in.ledger().requests, 1, "{providers}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_taken_is_not_tried_with_every_ticket() {
    for key in ["sk-wrong", FORBIDDEN_KEY] {
        let bench = Bench::new(LOCAL).await;
        let (worker, _folder) =
            worker(&[ANTHROPIC, LOCAL].concat(), &bench.stand_in, key, &bench.database).await;
        for number in 0..5 {
            let Draft::Reply(reply) = draft(&worker, ticket(number)).await else { panic!("withheld") };
            assert_eq!(reply.provider, "local");
        }
        assert_eq!(bench.stand_in.ledger().requests, 1, "{key}");
    }
}

#[tokio::test]
async fn a_hang_a_drip_and_a_cut_stream_end_in_time_with_the_next_provider_and_are_not_asked_again() {
    let weathers =
        [Weather::Hang, Weather::Drip { millis: 5 }, Weather::Cut, Weather::Garbled, Weather::Redirect];
    let cases = weathers.map(|weather| async move {
        let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
        bench.stand_in.next([weather]);
        let began = Instant::now();
        assert_eq!(writer(&bench, 1).await, "local", "{weather:?}");
        assert!(began.elapsed() < Duration::from_millis(1_500), "{weather:?}: {:?}", began.elapsed());
        assert_eq!(bench.stand_in.ledger().requests, 1, "{weather:?}");
    });
    join_all(cases).await;
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    bench.stand_in.next([Weather::Flood { mib: 512 }]);
    let began = Instant::now();
    assert_eq!(writer(&bench, 1).await, "local");
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_answer_of_no_use_is_paid_for_once_and_the_next_provider_writes() {
    let cases = [
        (Weather::Refusal, "refused"),
        (Weather::MaxTokens, "tokens"),
        (Weather::Empty, "nothing"),
        (Weather::OffSchema, "schema"),
    ];
    for providers in [ANTHROPIC, OPENAI] {
        for (weather, word) in cases {
            let bench = Bench::new(&[providers, LOCAL].concat()).await;
            bench.stand_in.next([weather]);
            let Draft::Reply(reply) = bench.draft(1).await else { panic!("withheld") };
            let totals = bench.stand_in.ledger().totals;
            assert_eq!((reply.provider.as_str(), totals.bills), ("local", 1), "{weather:?}");
            let usage = reply.usage.unwrap();
            assert_eq!(usage.output_tokens, totals.output_tokens, "{weather:?}: the bill is in the event");

            let alone = Bench::new(providers).await;
            alone.stand_in.next([weather]);
            let drafted = alone.draft(1).await;
            let Draft::Withheld { reason, .. } = &drafted else { panic!("{weather:?}: written") };
            assert!(reason.contains(word), "{weather:?}: {reason}");
            let (usage, bills) = (drafted.usage().unwrap(), alone.stand_in.ledger().totals);
            assert_eq!(usage.output_tokens, bills.output_tokens, "{weather:?}");
            assert!(usage.dollars > 0.0, "{weather:?}");
        }
    }
}

#[tokio::test]
async fn the_next_provider_in_the_policys_order_steps_in() {
    let bench = Bench::new(&[ANTHROPIC, OPENAI, LOCAL].concat()).await;
    bench.stand_in.next([Weather::Refusal]);
    let reply = bench.reply(1).await;
    assert_eq!(reply.provider, "openai");
    assert_eq!(bench.stand_in.ledger().totals.bills, 2);
    assert_eq!(
        reply.usage.unwrap().output_tokens,
        bench.stand_in.ledger().totals.output_tokens,
        "both bills"
    );
}

#[tokio::test]
async fn with_the_provider_out_tickets_go_on_and_it_is_left_alone_until_it_is_back() {
    for weather in [Weather::status(529), Weather::Hang] {
        let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
        bench.stand_in.standing(weather);
        let began = Instant::now();
        let writers = join_all((0..64).map(|number| writer(&bench, number))).await;
        assert!(writers.iter().all(|writer| writer == "local"), "{weather:?}");
        assert!(began.elapsed() < Duration::from_secs(4), "{weather:?}: {:?}", began.elapsed());

        let (before, began) = (bench.stand_in.ledger().requests, Instant::now());
        for number in 100..150 {
            assert_eq!(writer(&bench, number).await, "local", "{weather:?}");
        }
        let tried = bench.stand_in.ledger().requests - before;
        assert!(tried <= 2, "{weather:?}: {tried} calls");
        assert!(began.elapsed() < Duration::from_secs(4), "{weather:?}: {:?}", began.elapsed());

        bench.stand_in.standing(Weather::Fair);
        let began = Instant::now();
        let mut number = 1_000;
        while writer(&bench, number).await != "anthropic" {
            number += 1;
            assert!(began.elapsed() < Duration::from_secs(5), "{weather:?}: it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_ticket_whose_request_hangs_does_not_wait_while_others_are_turned_away() {
    let providers = ANTHROPIC.replace("timeout_seconds: 2", "timeout_seconds: 10");
    let bench = Bench::new(&[&providers, LOCAL].concat()).await;
    bench.stand_in.next([Weather::Hang]);
    bench.stand_in.standing(Weather::Status { code: 529, retry_after: None, should_retry: Some(false) });
    let began = Instant::now();
    let others = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for number in 2..6 {
            assert_eq!(writer(&bench, number).await, "local");
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    };
    let hung = async { (writer(&bench, 1).await, began.elapsed()) };
    let ((wrote, took), ()) = futures::join!(hung, others);
    assert_eq!(wrote, "local");
    assert!(took < Duration::from_millis(1_800), "{took:?}");
    assert!(bench.stand_in.ledger().requests > 3, "the others were asked for");
}

#[tokio::test]
async fn requests_are_at_most_eleven_for_ten_calls_however_bad_the_weather() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let calls = 100;
    for number in 0..calls {
        // Every second request fails, so that the breaker never opens and every call would like a retry.
        bench.stand_in.next([Weather::status(409), Weather::Fair]);
        writer(&bench, number).await;
    }
    let requests = bench.stand_in.ledger().requests;
    assert!(requests <= u64::from(calls) * 11 / 10, "{requests} requests for {calls} calls");
    assert!(requests > u64::from(calls), "none was repeated");
}

#[tokio::test]
async fn rate_headers_slow_us_down_before_anybody_is_turned_away() {
    let terms = Terms { rate: (20, 40.0), latency: Duration::from_millis(5), ..Terms::default() };
    for providers in [ANTHROPIC, OPENAI] {
        let providers = providers.replace("timeout_seconds: 2", "timeout_seconds: 10");
        let bench = Bench::with(&[&providers, LOCAL].concat(), terms.clone()).await;
        let writers = join_all((0..100).map(|number| writer(&bench, number))).await;
        let ledger = bench.stand_in.ledger();
        let (asked, turned_away) = (ledger.totals.bills, ledger.requests - ledger.totals.bills);
        assert!(asked >= 95, "only {asked} of 100 were asked: {writers:?}");
        assert!(turned_away <= 2, "{turned_away} of {} were turned away", ledger.requests);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_nobodys_bill() {
    let bench = Bench::new(LOCAL).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = draft::Config {
        anthropic_api_key: Some(standins::KEY.into()),
        anthropic_base_url: Some(format!("http://{free}")),
        ledger: draft::LedgerSettings {
            database_url: Some(bench.database.as_str().into()),
            ..Default::default()
        },
        ..draft::Config::default()
    };
    let (worker, _folder) = crate::bench::start(&[ANTHROPIC, LOCAL].concat(), config).await;
    let Draft::Reply(reply) = draft(&worker, ticket(1)).await else { panic!("withheld") };
    assert_eq!((reply.provider.as_str(), reply.usage), ("local", None));
    let sql = crate::bench::client(&bench.database).await;
    let states: String = sql.query_one("SELECT string_agg(state, ',') FROM calls", &[]).await.unwrap().get(0);
    assert_eq!(states, "failed", "not ambiguous: nothing left this machine");
}
