//! Records that cannot be read, each for the sake of one value in it.

use serde_json::{Value, json};
use shared::{
    bus::{Outgoing, no_headers},
    envelope::{Headers, names},
    events::Event,
};

use super::planted::Case;

/// The ways to spoil a record.
pub const WAYS: usize = 20;

/// The value's digits as a number.
fn digits(value: &str) -> u64 {
    value.chars().filter(char::is_ascii_digit).take(18).collect::<String>().parse().unwrap_or(7)
}

/// The `way`th spoilt record of a case, around one of its values. `event` is what it would have been.
pub fn record<E: Event>(case: &Case, event: &Value, way: usize) -> Outgoing {
    let value = case.planted[way % 10].value.as_str();
    let (mut event, mut headers) = (event.clone(), no_headers());
    let section = if event.get("resolution").is_some() { "resolution" } else { "ticket" };
    let key = format!("harbor/{}", event[section]["id"].as_str().unwrap());
    let outgoing = |event: &Value, headers: Headers, key: &str| Outgoing {
        topic: E::TOPICS[0].into(),
        key: key.as_bytes().to_vec(),
        headers,
        payload: event.to_string().into_bytes(),
    };
    let part = &mut event[section];
    match way {
        0 => part["attributes"] = json!(value),
        1 => part["attributes"] = json!({ "note": { value: [value] } }),
        2 => part["subject"] = json!([value, 1]),
        3 => part["body"] = json!({ "text": value }),
        4 => part["tenant"] = json!(format!("{value} {value}")),
        5 => part["subject"] = json!(value.repeat(200)),
        6 => part["subject"] = json!(format!("{value}\0")),
        7 => *part = json!(value),
        8 => part["id"] = json!({ "text": value, "number": 4.5 }),
        9 => part["subject"] = json!(digits(value)),
        10 => ["created_at", "resolved_at"].into_iter().for_each(|field| part[field] = json!(value)),
        11 => ["channel", "intent"].into_iter().for_each(|field| part[field] = json!({ "is": value })),
        12 => ["priority", "language"].into_iter().for_each(|field| part[field] = json!({ value: value })),
        _ => {}
    }
    let put = |headers: &mut Headers, names: &[&'static str]| {
        names.iter().for_each(|name| headers.keep(name, value.as_bytes()));
    };
    match way {
        13 => put(&mut headers, &[names::TYPE]),
        14 => put(&mut headers, &[names::TIME, names::TRACE, names::ID, names::SOURCE]),
        15 => put(&mut headers, &[names::ROOT]),
        16 => put(&mut headers, &[names::SPEC, names::CONTENT]),
        _ => {}
    }
    match way {
        17 => outgoing(&event, headers, &format!("harbor/{value}")),
        18 => {
            let mut cut = outgoing(&event, headers, &key);
            let middle = cut.payload.len() / 2;
            cut.payload.truncate(middle);
            cut
        }
        19 => {
            Outgoing { payload: [value.as_bytes(), b"\xff\xfe"].concat(), ..outgoing(&event, headers, &key) }
        }
        _ => outgoing(&event, headers, &key),
    }
}
