//! The law, and everything else that must hold in the end.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use local::pause;

use crate::{
    law::Law,
    ledger::{Ends, Ledger},
    sender::Sent,
    stage::Stage,
    tickets,
};

/// After the last strike everything is well again by then.
const LIMIT: Duration = Duration::from_secs(180);

/// Waits until nothing is open and every record is stored.
pub fn wait(stage: &mut Stage, sent: usize, begin: Instant) {
    let (start, mut said) = (Instant::now(), Duration::ZERO);
    loop {
        stage.look_after();
        let state = state(&stage.ledger, sent);
        if state.is_ok() {
            return;
        }
        let what = state.unwrap_err();
        assert!(start.elapsed() < LIMIT, "still not done {LIMIT:?} after the last strike: {what}");
        if start.elapsed() >= said {
            said = start.elapsed() + Duration::from_secs(5);
            println!("{:>5.1} s  waiting: {what}", begin.elapsed().as_secs_f64());
        }
        pause(500);
    }
}

/// Whether all is done, or what is not.
fn state(ledger: &Ledger, sent: usize) -> Result<(), String> {
    let law = ledger.law().map_err(|error| format!("Postgres: {error}"))?;
    let done = law.received == i64::try_from(sent).unwrap() && law.open == 0;
    if !done {
        return Err(format!("{law:?} of {sent} sent"));
    }
    let ends = ledger.ends().map_err(|error| format!("the broker: {error}"))?;
    let stored = ledger.stored().map_err(|error| format!("Postgres: {error}"))?;
    let behind = |(place, end): &(&(String, i32), &i64)| stored.get(*place) != Some(*end);
    match ends.iter().find(behind) {
        Some((place, end)) => Err(format!("{place:?} ends at {end}, stored to {:?}", stored.get(place))),
        None => Ok(()),
    }
}

/// Looks at everything that was written.
pub fn give(stage: &Stage, sent: &[Sent]) {
    let ledger = &stage.ledger;
    let poison = sent.iter().filter(|sent| sent.poison.is_some()).count();
    let law = ledger.law().unwrap();
    println!("         received {} = routed {} + rejected {}", law.received, law.routed, law.rejected);
    let count = |count: usize| i64::try_from(count).unwrap();
    let (received, rejected) = (count(sent.len()), count(poison));
    assert_eq!(law, Law { received, routed: received - rejected, rejected, open: 0, stray: 0 });

    rejections(ledger, sent);
    received_as_sent(ledger, sent);
    nothing_twice(ledger);
    for kind in ["classified", "retrieved", "drafted", "routed"] {
        in_order(ledger, kind);
    }
    let ends = ledger.ends().unwrap();
    assert_eq!(ledger.stored().unwrap(), ends, "the audit stands where the logs end");
    nothing_missing(ledger, &ends);
    let incarnations = ledger.rows("SELECT topic, incarnation FROM streams WHERE incarnation > 1").unwrap();
    assert!(incarnations.is_empty(), "a topic was taken for another: {incarnations:?}");
}

/// Every poison record was rejected, with its place, its bytes and its reason; and nothing else was.
fn rejections(ledger: &Ledger, sent: &[Sent]) {
    let mut expected: HashMap<(i32, i64), &Sent> = sent
        .iter()
        .filter(|sent| sent.poison.is_some())
        .map(|sent| ((sent.partition, sent.offset), sent))
        .collect();
    let kinds = tickets::kinds(expected.values().filter_map(|sent| sent.poison));
    let rows = ledger
        .rows(
            "SELECT data ->> 'topic', (data ->> 'partition')::int, (data ->> 'offset')::bigint, data ->> 'worker', \
             data ->> 'reason', data ->> 'payload_sha256', (data ->> 'payload_bytes')::bigint, data ->> 'fault' \
             FROM events WHERE kind = 'rejected'",
        )
        .unwrap();
    for row in rows {
        let (topic, place): (String, (i32, i64)) = (row.get(0), (row.get(1), row.get(2)));
        let (worker, reason, fault): (String, String, String) = (row.get(3), row.get(4), row.get(7));
        let what = format!("{worker} rejected {topic} {place:?} as {fault}: {reason}");
        assert_eq!(topic, "tickets.received", "{what}");
        let sent = expected.remove(&place).unwrap_or_else(|| panic!("no poison, or twice: {what}"));
        assert_eq!((worker.as_str(), fault.as_str()), ("classify", "unreadable"), "{what}");
        assert!(reason.contains(sent.poison.unwrap()), "should name '{}': {what}", sent.poison.unwrap());
        assert_eq!(row.get::<_, String>(5), sent.sha256, "other bytes: {what}");
        assert_eq!(row.get::<_, i64>(6), i64::try_from(sent.bytes).unwrap(), "{what}");
    }
    assert!(expected.is_empty(), "poison that was not rejected: {expected:?}");
    println!(
        "         poison, each rejected with its true place, bytes and reason, by a word of that: {kinds:?}"
    );
}

/// The received events are those that were sent, each at its place.
fn received_as_sent(ledger: &Ledger, sent: &[Sent]) {
    let rows = ledger.rows("SELECT partition, \"offset\" FROM events WHERE kind = 'received'").unwrap();
    let stored: BTreeSet<(i32, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let places: BTreeSet<(i32, i64)> = sent.iter().map(|sent| (sent.partition, sent.offset)).collect();
    assert_eq!((stored.len(), places.len()), (sent.len(), sent.len()));
    assert!(stored == places, "{:?}", stored.symmetric_difference(&places).collect::<Vec<_>>());
}

fn nothing_twice(ledger: &Ledger) {
    let doubles = ledger
        .rows("SELECT event_id::text, kind, count(*) FROM events GROUP BY event_id, kind, lane HAVING count(*) > 1")
        .unwrap();
    assert!(doubles.is_empty(), "stored twice: {doubles:?}");
    let causes = ledger
        .rows("SELECT cause_id::text, kind, count(*) FROM events WHERE kind <> 'received' GROUP BY cause_id, kind HAVING count(*) > 1")
        .unwrap();
    assert!(causes.is_empty(), "one event was answered twice: {causes:?}");
}

/// An event's partition, and the partition and offset of the message it began with.
type Step = (i32, i32, i64);

/// The events of one ticket come in the order in which its messages were received.
fn in_order(ledger: &Ledger, kind: &str) {
    let rows = ledger
        .rows(&format!(
            "SELECT e.tenant, e.ticket, e.partition, r.partition, r.\"offset\" FROM events e \
             JOIN events r ON r.root_id = e.root_id AND r.kind = 'received' WHERE e.kind = '{kind}' \
             ORDER BY e.tenant, e.ticket, e.partition, e.\"offset\""
        ))
        .unwrap();
    let mut tickets: BTreeMap<(String, String), Vec<Step>> = BTreeMap::new();
    for row in &rows {
        tickets.entry((row.get(0), row.get(1))).or_default().push((row.get(2), row.get(3), row.get(4)));
    }
    for (ticket, events) in &tickets {
        let one = |pair: &[Step]| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1 && pair[0].2 < pair[1].2;
        assert!(events.windows(2).all(one), "{kind} {ticket:?} out of order: {events:?}");
    }
    let several = tickets.values().filter(|events| events.len() > 1).count();
    println!("         {kind}: {} tickets, {several} with several messages, each in order", tickets.len());
    assert!(several * 20 > tickets.len(), "too few tickets to show an order");
}

/// Every event in a log is in Postgres.
fn nothing_missing(ledger: &Ledger, ends: &Ends) {
    for kind in ["classified", "retrieved", "drafted", "routed", "rejected"] {
        let topic = format!("tickets.{kind}");
        let log = ledger.ids(&topic);
        let rows = ledger.rows(&format!("SELECT event_id::text FROM events WHERE kind = '{kind}'")).unwrap();
        let stored: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(log == stored, "{topic}: {} in the log, {} stored", log.len(), stored.len());
        let records: i64 = ends.iter().filter(|((name, _), _)| *name == topic).map(|(_, end)| end).sum();
        println!("         {topic}: {records} records, {} events", stored.len());
    }
}
