//! What came out: a draft for each ticket, and the same one each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use local::pause;
use rdkafka::Message as _;
use serde_json::Value;

use crate::stage::Stage;

/// After the last ticket all are drafted by then.
const LIMIT: Duration = Duration::from_secs(90);

/// Waits until every ticket has a draft and every call is settled.
pub fn wait(stage: &mut Stage) {
    stage.flush();
    let begun = Instant::now();
    loop {
        stage.workers.look_after();
        let drafted = read(stage).len();
        let open: i64 = open_calls(stage);
        if drafted == stage.tickets.made() && open == 0 {
            return;
        }
        assert!(
            begun.elapsed() < LIMIT,
            "{drafted} of {} are drafted, {open} calls under way\n{}",
            stage.tickets.made(),
            stage.workers.logs()
        );
        pause(500);
    }
}

fn open_calls(stage: &Stage) -> i64 {
    stage.rows("SELECT count(*) FROM calls WHERE state IN ('reserved', 'sent')")[0].get(0)
}

/// A ticket that was drafted twice was drafted the same: the second time the stored answer was found.
pub fn the_same_each_time(stage: &Stage) {
    let drafts = read(stage);
    let twice = drafts.values().filter(|drafts| drafts.1 > 1).count();
    println!("         {} tickets drafted, {twice} of them more than once", drafts.len());
    for (key, (different, _)) in &drafts {
        assert_eq!(different.len(), 1, "{key} was drafted in different ways: {different:?}");
    }
    let mut withheld = 0;
    for (key, (drafts, _)) in &drafts {
        let draft: Value = serde_json::from_str(drafts.first().unwrap()).unwrap();
        let reason = draft["reason"].as_str().unwrap_or_default();
        let to_a_person = draft["outcome"] == "withheld" && reason.contains("a person answers");
        assert!(to_a_person || draft["provider"] == "anthropic", "{key}: {draft}");
        withheld += i64::from(to_a_person);
    }
    let lost: i64 = stage.rows("SELECT count(*) FROM calls WHERE state = 'ambiguous'")[0].get(0);
    println!("         {withheld} left to a person, each killed twice with its request under way");
    assert_eq!(withheld, lost, "a person answers those whose answer was lost twice, and nobody else");
}

/// By ticket: the different drafts there are, and how many records.
fn read(stage: &Stage) -> BTreeMap<String, (BTreeSet<String>, usize)> {
    let mut drafts: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
    stage.reader.each("tickets.drafted", |record| {
        let key = String::from_utf8_lossy(record.key().unwrap()).into_owned();
        let event: Value = serde_json::from_slice(record.payload().unwrap()).unwrap();
        let of_ticket = drafts.entry(key).or_default();
        of_ticket.0.insert(event["draft"].to_string());
        of_ticket.1 += 1;
    });
    drafts
}
