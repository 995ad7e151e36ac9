//! What is sent: tickets that are good, several of one customer now and then, and poison of every kind between them.

use std::{collections::BTreeMap, fs};

use local::root;
use rand::{
    Rng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use serde_json::{Value, json};

/// A record to send.
#[derive(Debug)]
pub struct Message {
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// For poison: a word of the reason it must be rejected for.
    pub poison: Option<&'static str>,
}

/// The kinds of poison, each with a word of its reason.
const KINDS: &[(Kind, &str)] = &[
    (Kind::NoValue, "no value"),
    (Kind::EmptyValue, "no value"),
    (Kind::NoKey, "no key"),
    (Kind::ForeignKey, "key"),
    (Kind::NotUtf8, "UTF-8"),
    (Kind::Nul, "NUL"),
    (Kind::RawNul, "received"),
    (Kind::Cut, "received"),
    (Kind::Null, "received"),
    (Kind::Array, "received"),
    (Kind::WrongSchema, "received"),
    (Kind::WrongTime, "received"),
    (Kind::DeepNesting, "received"),
    (Kind::LoneSurrogate, "received"),
    (Kind::EmptyBody, "body"),
    (Kind::NoTenant, "tenant"),
    (Kind::OneLongWord, "characters"),
    (Kind::Oversize, "bytes"),
    (Kind::UnknownVersion, "switchyard.received.v9"),
    (Kind::OtherType, "switchyard.routed.v1"),
    (Kind::WrongSpec, "ce_specversion"),
    (Kind::WrongRoot, "ce_rootid"),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    NoValue,
    EmptyValue,
    NoKey,
    ForeignKey,
    NotUtf8,
    Nul,
    RawNul,
    Cut,
    Null,
    Array,
    WrongSchema,
    WrongTime,
    DeepNesting,
    LoneSurrogate,
    EmptyBody,
    NoTenant,
    OneLongWord,
    Oversize,
    UnknownVersion,
    OtherType,
    WrongSpec,
    WrongRoot,
}

/// Records of ten megabytes among the poison; more would only measure the disk.
const OVERSIZE: usize = 3;

/// Everything that will be sent, made as it is asked for.
pub struct Flood {
    random: StdRng,
    texts: Vec<Value>,
    plan: std::vec::IntoIter<Option<(Kind, &'static str)>>,
    /// Tickets whose customers will write again, with how often.
    again: Vec<(Value, u32)>,
    last: Value,
    number: u32,
}

impl Flood {
    /// So many good tickets with so much poison at random places.
    pub fn draw(mut random: StdRng, good: usize, poison: usize) -> Self {
        let file = fs::read_to_string(root().join("deploy/demo/tickets.jsonl")).unwrap();
        let texts: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let kind = |n: usize| match KINDS[n % KINDS.len()] {
            (Kind::Oversize, _) if n / KINDS.len() >= OVERSIZE => KINDS[0],
            kind => kind,
        };
        let mut plan: Vec<_> = (0..poison).map(|n| Some(kind(n))).chain((0..good).map(|_| None)).collect();
        plan.shuffle(&mut random);
        let last = texts[0].clone();
        Self { random, texts, plan: plan.into_iter(), again: Vec::new(), last, number: 0 }
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.plan.len()
    }

    /// A good ticket: a new one, or one whose customer writes again.
    fn ticket(&mut self) -> Value {
        self.number += 1;
        let text = self.texts.choose(&mut self.random).unwrap().clone();
        let mut ticket = text;
        if !self.again.is_empty() && self.random.random_bool(0.2) {
            let at = self.random.random_range(0..self.again.len());
            let (earlier, left) = &mut self.again[at];
            (ticket["tenant"], ticket["id"]) = (earlier["tenant"].clone(), earlier["id"].clone());
            *left -= 1;
            if *left == 0 {
                self.again.swap_remove(at);
            }
        } else {
            ticket["id"] = json!(format!("CH-{}", self.number));
            if self.random.random_bool(0.1) {
                self.again.push((ticket.clone(), self.random.random_range(1..=3)));
            }
        }
        ticket["attributes"]["message"] = json!(self.number.to_string());
        self.last = ticket.clone();
        ticket
    }
}

impl Iterator for Flood {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let Some((kind, reason)) = self.plan.next()? else {
            let ticket = self.ticket();
            return Some(good(&ticket));
        };
        // Under the key of a ticket that is on its way: poison must not hold up or disorder its neighbours.
        let last = self.last.clone();
        Some(Message { poison: Some(reason), ..poison(kind, &last, &mut self.random) })
    }
}

fn good(ticket: &Value) -> Message {
    let key = format!("{}/{}", ticket["tenant"].as_str().unwrap(), ticket["id"].as_str().unwrap());
    let payload = json!({ "ticket": ticket }).to_string().into_bytes();
    Message { key: Some(key.into_bytes()), payload: Some(payload), headers: Vec::new(), poison: None }
}

/// A good record made bad.
fn poison(kind: Kind, ticket: &Value, random: &mut StdRng) -> Message {
    let mut message = good(ticket);
    let with = |fields: &[(&str, Value)]| {
        let mut ticket = ticket.clone();
        for (name, value) in fields {
            ticket[*name] = value.clone();
        }
        Some(json!({ "ticket": ticket }).to_string().into_bytes())
    };
    let body_as = |escaped: &str| {
        let text = String::from_utf8(with(&[("body", json!("@@"))]).unwrap()).unwrap();
        Some(text.replace("@@", escaped).into_bytes())
    };
    match kind {
        Kind::NoValue => message.payload = None,
        Kind::EmptyValue => message.payload = Some(Vec::new()),
        Kind::NoKey => message.key = None,
        Kind::ForeignKey => message.payload = with(&[("id", json!("somebody-elses"))]),
        Kind::NotUtf8 => message.payload.as_mut().unwrap().splice(20..20, [0xe2, 0x28, 0xa1]).for_each(drop),
        Kind::Nul => message.payload = body_as("before\\u0000after"),
        Kind::RawNul => message.payload = Some(vec![0; random.random_range(1..500)]),
        Kind::Cut => {
            let length = message.payload.as_ref().unwrap().len();
            let text = String::from_utf8(message.payload.take().unwrap()).unwrap();
            let at =
                (random.random_range(2..length)..length).find(|at| text.is_char_boundary(*at)).unwrap_or(2);
            message.payload = Some(text.as_bytes()[..at].to_vec());
        }
        Kind::Null => message.payload = Some(b"null".to_vec()),
        Kind::Array => message.payload = Some(b"[1, 2, 3]".to_vec()),
        Kind::WrongSchema => message.payload = with(&[("customer", json!(7))]),
        Kind::WrongTime => message.payload = with(&[("created_at", json!("yesterday"))]),
        Kind::DeepNesting => message.payload = Some(("[".repeat(50_000) + &"]".repeat(50_000)).into_bytes()),
        Kind::LoneSurrogate => message.payload = body_as("\\ud83d and no more"),
        Kind::EmptyBody => message.payload = with(&[("body", json!(" \n "))]),
        Kind::NoTenant => message.payload = with(&[("tenant", json!(""))]),
        Kind::OneLongWord => message.payload = body_as(&"a".repeat(1_000_000)),
        Kind::Oversize => {
            message.payload = Some((0..10 << 20).map(|_| random.random_range(b'a'..=b'z')).collect());
        }
        Kind::UnknownVersion => message.headers = vec![("ce_type", b"switchyard.received.v9".to_vec())],
        Kind::OtherType => message.headers = vec![("ce_type", b"switchyard.routed.v1".to_vec())],
        Kind::WrongSpec => message.headers = vec![("ce_specversion", b"0.3".to_vec())],
        Kind::WrongRoot => message.headers = vec![("ce_rootid", b"7".to_vec())],
    }
    message
}

/// How often each kind of poison was sent.
pub fn kinds<'a>(poison: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    poison.fold(BTreeMap::new(), |mut counts, kind| {
        *counts.entry(kind).or_insert(0) += 1;
        counts
    })
}
