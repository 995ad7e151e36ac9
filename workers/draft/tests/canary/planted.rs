//! Values that would tell on a customer, planted in tickets and passages, and a look whether any is in a text.

use shared::events::{Passage, Ticket};

/// A generator of numbers, the same on every run (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.roll(list.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.roll(10)).unwrap())).collect()
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'a' + u8::try_from(self.roll(26)).unwrap())).collect()
    }
}

/// A planted value and the sentence that says it.
#[derive(Debug, Clone)]
pub struct Planted {
    pub value: String,
    pub sentence: String,
}

/// One ticket, its passages, and all that is planted in them.
#[derive(Clone)]
pub struct Case {
    pub ticket: Ticket,
    pub passages: Vec<Passage>,
    pub planted: Vec<Planted>,
    /// A word of the ticket that hides nothing, so that it leaves; outside of requests nobody has to say it.
    pub word: String,
}

/// `count` cases with ten values each, of every kind, in every place.
pub fn cases(count: usize) -> Vec<Case> {
    let mut dice = Dice(20_261_126);
    (0..count).map(|at| case(at, &mut dice)).collect()
}

/// Those values that a text still holds, whatever its spaces and signs.
pub fn leaks<'a>(text: &str, planted: &'a [Planted]) -> Vec<&'a Planted> {
    let text = squeezed(text);
    planted.iter().filter(|one| text.contains(&squeezed(&one.value))).collect()
}

pub fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn case(at: usize, dice: &mut Dice) -> Case {
    let planted: Vec<_> = (0..10).map(|index| value((at + index) % 10, dice)).collect();
    let word = Dice(at as u64).letters(12);
    let said = |from: usize, to: usize| {
        planted[from..to].iter().map(|one| one.sentence.as_str()).collect::<Vec<_>>().join(" ")
    };
    let body = format!(
        "Hello, the lamp flickers {word} and I would like to return it. {} What do I have to do?",
        said(0, 5)
    );
    let ticket: Ticket = serde_json::from_value(serde_json::json!({
        "tenant": "harbor", "id": format!("HB-{}", 100_000 + at), "subject": said(5, 6), "body": body,
        "created_at": "2026-11-20T09:00:00Z", "attributes": { "note": said(6, 7) }
    }))
    .unwrap();
    let passage = |id: &str, reply: String| -> Passage {
        serde_json::from_value(serde_json::json!({
            "id": id, "score": 0.8, "intent": "get_refund", "subject": "Return", "reply": reply, "resolved_at": "2026-09-01T08:00:00Z"
        }))
        .unwrap()
    };
    let passages = vec![
        passage("a", format!("Items can be returned within 30 days of delivery. {}", said(7, 9))),
        passage("b", format!("The label is free of charge. {} It is in the account.", said(9, 10))),
    ];
    Case { ticket, passages, planted, word }
}

/// A value of one of ten kinds in a sentence as people write it.
fn value(kind: usize, dice: &mut Dice) -> Planted {
    let (value, sentence) = match kind {
        0 => email(dice),
        1 => phone(dice),
        2 => card(dice),
        3 => iban(dice),
        4 => id(dice),
        5 => address(dice),
        6 => ip(dice),
        7 => secret(dice),
        8 => number(dice),
        _ => name(dice),
    };
    Planted { sentence: sentence.replace("{}", &value), value }
}

fn email(dice: &mut Dice) -> (String, String) {
    let (local, host) = (dice.letters(8), dice.letters(7));
    let spelt = match dice.roll(5) {
        0 => format!("{local}.{} at {host} dot com", dice.letters(3)),
        1 => format!("{local}(at){host}.org"),
        2 => format!("{}@{}.net", local.to_uppercase(), host),
        3 => format!("{local}\u{200b}@{host}.example"),
        _ => format!("{local}+shop@{host}.co.uk"),
    };
    (spelt, dice.pick(&["Write to {}.", "My e-mail is {}.", "I also use {} sometimes."]).to_owned())
}

fn phone(dice: &mut Dice) -> (String, String) {
    let d = |dice: &mut Dice, count| dice.digits(count);
    let spelt = match dice.roll(6) {
        0 => format!("+44 7{} {}", d(dice, 3), d(dice, 6)),
        1 => format!("(555) {}-{}", 200 + dice.roll(700), d(dice, 4)),
        2 => format!("0171 {}", 1_000_000 + dice.roll(8_000_000)),
        3 => format!("06 {} {} {} {}", d(dice, 2), d(dice, 2), d(dice, 2), d(dice, 2)),
        4 => format!("+1 {} {} {}", 200 + dice.roll(700), 200 + dice.roll(700), d(dice, 4)),
        _ => format!("0049-30-{}", 1_000_000 + dice.roll(8_000_000)),
    };
    (spelt, dice.pick(&["Call me on {}.", "My number is {}.", "Best to ring {} in the evening."]).to_owned())
}

fn card(dice: &mut Dice) -> (String, String) {
    let mut figures = format!("4{}", dice.digits(14));
    let sum: u32 = figures
        .chars()
        .rev()
        .enumerate()
        .map(|(at, c)| match (at % 2, c.to_digit(10).unwrap()) {
            (0, figure) => figure * 2 / 10 + figure * 2 % 10,
            (_, figure) => figure,
        })
        .sum();
    figures.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
    let groups = |sign: &str| {
        figures
            .as_bytes()
            .chunks(4)
            .map(|group| String::from_utf8_lossy(group))
            .collect::<Vec<_>>()
            .join(sign)
    };
    let spelt = match dice.roll(3) {
        0 => groups(" "),
        1 => groups("-"),
        _ => figures.clone(),
    };
    (
        spelt,
        dice.pick(&["I paid with {}.", "The card is {} from my bank.", "{} was charged twice."]).to_owned(),
    )
}

fn iban(dice: &mut Dice) -> (String, String) {
    let account = dice.digits(18);
    let remainder =
        format!("{account}131400").chars().fold(0, |sum, c| (sum * 10 + c.to_digit(10).unwrap()) % 97);
    let spelt = format!("DE{:02}{account}", 98 - remainder);
    let spaced =
        spelt.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" ");
    let value = if dice.roll(2) == 0 { spelt } else { spaced };
    (value, dice.pick(&["Refund it to {}.", "My IBAN is {}.", "{} is the account."]).to_owned())
}

fn id(dice: &mut Dice) -> (String, String) {
    match dice.roll(3) {
        0 => {
            let spelt =
                format!("{}-{}-{}", 100 + dice.roll(500), 10 + dice.roll(89), 1_000 + dice.roll(8_999));
            (spelt, dice.pick(&["SSN {}.", "They asked for {} as proof."]).to_owned())
        }
        1 => (
            format!("AB {} {} {} C", dice.digits(2), dice.digits(2), dice.digits(2)),
            "My NI number is {}.".to_owned(),
        ),
        _ => (format!("C{}", 10_000_000 + dice.roll(80_000_000)), "Passport number {}.".to_owned()),
    }
}

fn address(dice: &mut Dice) -> (String, String) {
    let mut town = dice.letters(7);
    town[..1].make_ascii_uppercase();
    let (house, post) = (10 + dice.roll(200), 10_000 + dice.roll(80_000));
    let spelt = match dice.roll(3) {
        0 => format!("{house} {town} Street"),
        1 => format!("{town}straße {house}, {post} Berlin"),
        _ => format!("{house} rue de {town}"),
    };
    (spelt, dice.pick(&["I live at {}.", "Please deliver to {}.", "We have moved to {}."]).to_owned())
}

fn ip(dice: &mut Dice) -> (String, String) {
    let spelt = match dice.roll(2) {
        0 => format!(
            "{}.{}.{}.{}",
            11 + dice.roll(200),
            10 + dice.roll(240),
            10 + dice.roll(240),
            10 + dice.roll(240)
        ),
        _ => format!(
            "2001:db8:{:x}:{:x}::{:x}",
            4_096 + dice.roll(60_000),
            4_096 + dice.roll(60_000),
            4_096 + dice.roll(60_000)
        ),
    };
    (spelt, dice.pick(&["The log says {}.", "I connect from {}."]).to_owned())
}

fn secret(dice: &mut Dice) -> (String, String) {
    match dice.roll(4) {
        0 => (format!("sk-live-{}{}", dice.letters(12), dice.digits(8)), "The key {} is mine.".to_owned()),
        1 => (format!("{}#{}", dice.letters(7), dice.digits(3)), "My password is {}.".to_owned()),
        2 => (format!("{}{}", dice.letters(9), dice.digits(2)), "password: {} as always.".to_owned()),
        _ => (
            format!("{}{}", dice.letters(10), dice.digits(10)),
            "It sends Authorization: Bearer {} each time.".to_owned(),
        ),
    }
}

fn number(dice: &mut Dice) -> (String, String) {
    match dice.roll(4) {
        0 => (format!("{}", 100_000 + dice.roll(800_000)), "It is order {}.".to_owned()),
        1 => (format!("INV-{}", 100_000 + dice.roll(800_000)), "See {} for the price.".to_owned()),
        2 => (format!("{}", 1_000_000 + dice.roll(8_000_000)), "Customer number {}.".to_owned()),
        _ => (
            format!("1Z{}", 1_000_000_000_000_000_usize + dice.roll(8_000_000_000_000_000)),
            "UPS has {} somewhere.".to_owned(),
        ),
    }
}

fn name(dice: &mut Dice) -> (String, String) {
    let mut last = dice.letters(9);
    last[..1].make_ascii_uppercase();
    match dice.roll(3) {
        0 => (
            format!("{} {last}", dice.pick(&["Anna", "Tobias", "Priya", "Hjalmar", "Camille"])),
            "My colleague {} ordered it.".to_owned(),
        ),
        1 => (last, "Mrs {} told me so.".to_owned()),
        _ => (last, "My name is {}.".to_owned()),
    }
}
