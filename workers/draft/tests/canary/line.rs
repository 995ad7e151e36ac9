//! Workers under the runner, on a bus in memory.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{
    Worker,
    bus::{Bus, Record, memory::MemoryBus},
    events::Rejected,
    runner::{Settings, Vitals, run},
};
use tokio_util::sync::CancellationToken;

use super::{look::Look, planted::Case};

/// What a case is once it has been classified and its passages are found.
pub fn retrieved(case: &Case) -> Value {
    json!({
        "ticket": case.ticket,
        "classification": {
            "model": "m", "intent": "get_refund", "confidence": 0.95, "top": [], "margin": 0.9, "out_of_scope": 0.01,
            "mood": { "sentiment": "neutral", "probability": 0.9, "score": 0.0 },
            "attention": { "priority": "normal", "urgency": "normal", "probability": 0.9 },
            "language": { "code": "en", "confidence": 1.0, "supported": true },
            "hazards": [], "tokens": 40, "truncated": false
        },
        "retrieval": { "model": "e", "index": "memory", "passages": case.passages }
    })
}

/// Runs a worker over all that its topics hold; says how it was at the end.
pub async fn through<W: Worker>(worker: W, bus: &MemoryBus, settings: Settings, topic: &str) -> String {
    let (stop, vitals) = (CancellationToken::new(), Arc::new(Vitals::default()));
    let (own, over, seen) = (Bus::Memory(bus.clone()), stop.clone(), Arc::clone(&vitals));
    let group = match settings.lane {
        shared::bus::Lane::Live => W::NAME.to_owned(),
        shared::bus::Lane::Replay => format!("replay.{}", W::NAME),
    };
    let running = tokio::spawn(async move { run(Arc::new(worker), &own, settings, seen, over).await });
    let began = std::time::Instant::now();
    let mut reports = String::new();
    while bus.lag(&group, topic) > 0 {
        assert!(began.elapsed() < Duration::from_secs(300), "{} records are left", bus.lag(&group, topic));
        tokio::time::sleep(Duration::from_millis(50)).await;
        reports += &serde_json::to_string(&vitals.report()).unwrap();
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    reports
}

/// Every rejected event is clean but for the original, which is there byte for byte, and nothing more of it.
pub fn rejected(bus: &MemoryBus, look: &Look, topic: &str, from: &str) -> Vec<Rejected> {
    let originals: HashMap<_, _> = bus
        .read(from)
        .into_iter()
        .map(|record| ((record.origin.partition, record.origin.offset), record))
        .collect();
    let records = bus.read(topic);
    records.iter().filter_map(|record| one(record, look, from, &originals)).collect()
}

fn one(
    record: &Record,
    look: &Look,
    from: &str,
    originals: &HashMap<(i32, i64), Record>,
) -> Option<Rejected> {
    let payload = record.payload.as_deref().unwrap();
    let event: Rejected = serde_json::from_slice(payload).unwrap();
    if event.topic != from {
        return None;
    }
    let original = &originals[&(event.partition, event.offset)];
    let whole = original.payload.as_deref().unwrap();
    assert_eq!(STANDARD.decode(event.payload.as_ref().unwrap()).unwrap(), whole, "the original");
    assert_eq!(STANDARD.decode(event.key.as_ref().unwrap()).unwrap(), original.key.as_deref().unwrap());
    assert_eq!((event.payload_bytes, &record.key), (whole.len() as u64, &original.key));
    let mut rest: Value = serde_json::from_slice(payload).unwrap();
    for kept in ["payload", "key"] {
        rest.as_object_mut().unwrap().remove(kept).unwrap();
    }
    look.passes("a rejected event", &rest.to_string());
    headers(record, look);
    Some(event)
}

/// The headers of a record that a worker wrote are clean.
pub fn headers(record: &Record, look: &Look) {
    for (name, value) in record.headers.iter() {
        look.passes(name, &String::from_utf8_lossy(value));
    }
}
