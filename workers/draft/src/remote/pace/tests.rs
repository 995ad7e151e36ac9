use std::{sync::Arc, time::Duration};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout};

use super::*;

fn headers(limit: u64, remaining: u64) -> HeaderMap {
    let values = [("x-ratelimit-limit-requests", limit), ("x-ratelimit-remaining-requests", remaining)];
    let pair = |(name, value)| (HeaderName::from_static(name), HeaderValue::from(value));
    values
        .into_iter()
        .map(pair)
        .chain([(HeaderName::from_static("x-ratelimit-reset-requests"), HeaderValue::from_static("10s"))])
        .collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[tokio::test(start_paused = true)]
async fn there_are_as_many_seats_as_policy_says_and_one_given_back_is_taken() {
    let (pace, breaker) = (Arc::new(Pace::default()), Arc::new(Breaker::new("test")));
    let first = pace.enter(2, soon(), &breaker).await.unwrap();
    let _second = pace.enter(2, soon(), &breaker).await.unwrap();
    let third = {
        let (pace, breaker) = (Arc::clone(&pace), Arc::clone(&breaker));
        tokio::spawn(async move { pace.enter(2, soon(), &breaker).await.is_ok() })
    };
    tokio::task::yield_now().await;
    assert!(!third.is_finished());
    drop(first);
    assert!(timeout(Duration::from_millis(1), third).await.unwrap().unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_seat_in_time_goes_on_without() {
    let (pace, breaker) = (Pace::default(), Breaker::new("test"));
    let _seat = pace.enter(1, soon(), &breaker).await.unwrap();
    let began = Instant::now();
    assert!(pace.enter(1, soon(), &breaker).await.is_err());
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn who_waits_leaves_at_once_when_the_provider_is_out() {
    let (pace, breaker) = (Arc::new(Pace::default()), Arc::new(Breaker::new("test")));
    let _seat = pace.enter(1, soon(), &breaker).await.unwrap();
    let waiting = {
        let (pace, breaker) = (Arc::clone(&pace), Arc::clone(&breaker));
        tokio::spawn(async move { pace.enter(1, soon(), &breaker).await.is_ok() })
    };
    tokio::task::yield_now().await;
    breaker.trip(Duration::from_secs(10));
    pace.wake();
    assert!(!timeout(Duration::from_millis(1), waiting).await.unwrap().unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_nearer_the_limit_the_fewer_the_seats() {
    let (pace, breaker) = (Pace::default(), Breaker::new("test"));
    for (remaining, expected) in [(100, 16), (20, 16), (10, 8), (5, 4), (1, 1)] {
        pace.learn(&headers(100, remaining), 16);
        let mut seats = Vec::new();
        while let Ok(seat) = pace.enter(16, Instant::now() + Duration::from_millis(1), &breaker).await {
            seats.push(seat);
        }
        assert_eq!(seats.len(), expected, "{remaining} of 100 left");
    }
}

#[tokio::test(start_paused = true)]
async fn with_nothing_left_the_next_call_waits_until_one_fits() {
    let (pace, breaker) = (Pace::default(), Breaker::new("test"));
    pace.learn(&headers(100, 0), 16);
    let began = Instant::now();
    let _seat = pace.enter(16, soon(), &breaker).await.unwrap();
    assert!((100..=101).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_no_ticket_can_wait_is_not_waited_for() {
    let (pace, breaker) = (Pace::default(), Breaker::new("test"));
    pace.hold(Duration::from_secs(60));
    let began = Instant::now();
    assert!(pace.enter(16, soon(), &breaker).await.is_err());
    assert_eq!(began.elapsed(), Duration::ZERO);
}
