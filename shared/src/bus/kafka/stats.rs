//! The few figures of librdkafka's statistics that are used.

use std::collections::HashMap;

use serde::Deserialize;

use crate::bus::{Partition, Pulse};

#[derive(Deserialize)]
struct Statistics<'a> {
    #[serde(borrow)]
    brokers: HashMap<&'a str, Broker<'a>>,
    #[serde(borrow)]
    topics: HashMap<&'a str, Topic>,
}

#[derive(Deserialize)]
struct Broker<'a> {
    state: &'a str,
}

#[derive(Deserialize)]
struct Topic {
    partitions: HashMap<i32, Log>,
}

#[derive(Deserialize)]
struct Log {
    ls_offset: i64,
    hi_offset: i64,
}

/// Notes whether a broker answers and where the logs end; negative figures mean that it is not known.
pub(super) fn read(json: &[u8], pulse: &Pulse) {
    let Ok(found) = serde_json::from_slice::<Statistics<'_>>(json) else { return };
    if found.brokers.values().any(|broker| broker.state == "UP") {
        pulse.set_ill(false);
    }
    for (topic, logs) in &found.topics {
        for (number, log) in &logs.partitions {
            let end = if log.ls_offset >= 0 { log.ls_offset } else { log.hi_offset };
            if *number >= 0 && end >= 0 {
                pulse.set_end(Partition { topic: (*topic).into(), number: *number }, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_ends_are_left_out_and_a_broker_that_is_up_ends_the_illness() {
        let pulse = Pulse::default();
        pulse.set_ill(true);
        let json = r#"{"brokers": {"a:1/1": {"state": "UP", "nodeid": 1}}, "topics": {"t": {"age": 1, "partitions": {
            "0": {"ls_offset": 7, "hi_offset": 9}, "1": {"ls_offset": -1001, "hi_offset": -1001},
            "2": {"ls_offset": -1, "hi_offset": 4}, "-1": {"ls_offset": 3, "hi_offset": 3}}}}}"#;
        read(json.as_bytes(), &pulse);
        let end = |number| pulse.end(&Partition { topic: "t".into(), number });
        assert_eq!([end(0), end(1), end(2), end(-1)], [Some(7), None, Some(4), None]);
        assert!(!pulse.ill());
    }
}
