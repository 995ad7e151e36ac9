//! What happens to the workers and the servers, and when: drawn from a seed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{
    Rng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};

use crate::stage::{KINDS, SESSION, Stage, moment};

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
enum Strike {
    /// kill -9; another is started after a moment.
    Kill(&'static str),
    /// SIGTERM; another is started after a moment.
    Terminate(&'static str),
    /// SIGSTOP until after the session timeout.
    Freeze(&'static str),
    Add(&'static str),
    /// SIGTERM, and no other is started.
    Remove(&'static str),
    StopBroker,
    KillBroker,
    FreezeBroker,
    StopPostgres,
    KillPostgres,
    // What follows.
    Start(&'static str),
    Thaw(String),
    StartBroker,
    ThawBroker,
    StartPostgres,
}

/// What is still to happen.
pub struct Schedule {
    random: StdRng,
    begin: Instant,
    time: Duration,
    coming: BTreeMap<(Duration, usize), Strike>,
    count: usize,
    /// In a soak: when the next strike is drawn.
    next: Option<Duration>,
    pub struck: usize,
}

impl Schedule {
    /// Everything that must happen to each, in random order.
    pub fn complete(mut random: StdRng, time: Duration) -> Self {
        let mut strikes: Vec<Strike> = KINDS
            .iter()
            .flat_map(|kind| [Strike::Kill(kind), Strike::Terminate(kind), Strike::Freeze(kind)])
            .collect();
        strikes.extend([Strike::StopBroker, Strike::StopPostgres, Strike::KillPostgres]);
        strikes.shuffle(&mut random);
        let changed: Vec<&'static str> = KINDS.choose_multiple(&mut random, 3).copied().collect();
        for (n, kind) in changed.iter().enumerate() {
            strikes.insert(1 + n * 2, Strike::Add(kind));
            strikes.insert(strikes.len() - n * 2, Strike::Remove(kind));
        }
        let mut schedule = Self::empty(random, time);
        // The last thing happens while there is still something to do.
        let step = time.mul_f64(0.9) / u32::try_from(strikes.len()).unwrap();
        for (n, strike) in (0..).zip(strikes) {
            let jitter = moment(&mut schedule.random, 0, 1 + u64::try_from(step.as_millis()).unwrap() / 2);
            schedule.at(Duration::from_secs(3) + step * n + jitter, strike);
        }
        schedule
    }

    /// Anything, again and again.
    pub fn random(random: StdRng, time: Duration) -> Self {
        Self { next: Some(Duration::from_secs(3)), ..Self::empty(random, time) }
    }

    fn empty(random: StdRng, time: Duration) -> Self {
        Self { random, begin: Instant::now(), time, coming: BTreeMap::new(), count: 0, next: None, struck: 0 }
    }

    fn at(&mut self, when: Duration, strike: Strike) {
        self.count += 1;
        self.coming.insert((when, self.count), strike);
    }

    /// `strike` follows after a moment.
    fn soon(&mut self, from: u64, to: u64, strike: Strike) {
        let when = self.begin.elapsed() + moment(&mut self.random, from, to);
        self.at(when, strike);
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        self.coming.is_empty() && self.next.is_none()
    }

    /// Does what is due.
    pub fn act(&mut self, stage: &mut Stage, sent: usize) {
        stage.look_after();
        if let Some(next) = self.next
            && self.begin.elapsed() >= next
        {
            let later = next + moment(&mut self.random, 500, 6_000);
            self.next = (later < self.time).then_some(later);
            let strike = self.draw(stage);
            self.at(next, strike);
        }
        while let Some(entry) = self.coming.first_entry()
            && entry.key().0 <= self.begin.elapsed()
        {
            let strike = entry.remove();
            let told = self.strike(stage, strike);
            println!("{:>5.1} s  {told} ({sent} sent)", self.begin.elapsed().as_secs_f64());
        }
    }

    /// A strike of a soak. The servers are let alone while something follows for one of them.
    fn draw(&mut self, stage: &Stage) -> Strike {
        let kind = *KINDS.choose(&mut self.random).unwrap();
        let server = |strike: &Strike| {
            matches!(strike, Strike::StartBroker | Strike::ThawBroker | Strike::StartPostgres)
        };
        let busy = self.coming.values().any(server);
        match self.random.random_range(0..20) {
            0 if !busy => Strike::StopBroker,
            1 if !busy => Strike::KillBroker,
            2 if !busy => Strike::FreezeBroker,
            3 if !busy => Strike::StopPostgres,
            4 if !busy => Strike::KillPostgres,
            5..=7 if stage.at_work(kind) < 4 => Strike::Add(kind),
            8..=10 if stage.at_work(kind) > 1 => Strike::Remove(kind),
            11..=13 => Strike::Terminate(kind),
            14..=16 => Strike::Freeze(kind),
            _ => Strike::Kill(kind),
        }
    }

    /// Does one thing, and says what.
    fn strike(&mut self, stage: &mut Stage, strike: Strike) -> String {
        if !matches!(strike, Strike::Start(_) | Strike::Thaw(_)) {
            self.struck += 1;
        }
        match strike {
            Strike::Kill(kind) => match stage.kill(kind, &mut self.random) {
                Some(name) => {
                    self.soon(500, 2_500, Strike::Start(kind));
                    format!("kill -9 {name}")
                }
                None => self.wait_for(kind, strike),
            },
            Strike::Terminate(kind) => match stage.terminate(kind, &mut self.random) {
                Some(name) => {
                    self.soon(0, 2_000, Strike::Start(kind));
                    format!("SIGTERM {name}")
                }
                None => self.wait_for(kind, strike),
            },
            Strike::Freeze(kind) => match stage.freeze(kind, &mut self.random) {
                Some(name) => {
                    let past = u64::try_from(SESSION.as_millis()).unwrap() + 1_000;
                    self.soon(past, past + 3_000, Strike::Thaw(name.clone()));
                    format!("SIGSTOP {name}")
                }
                None => self.wait_for(kind, strike),
            },
            Strike::Remove(kind) => match stage.terminate(kind, &mut self.random) {
                Some(name) => format!("SIGTERM {name}, one less"),
                None => self.wait_for(kind, strike),
            },
            Strike::Add(kind) => {
                stage.start(kind);
                format!("one more {kind}")
            }
            Strike::Start(kind) => {
                stage.start(kind);
                format!("another {kind}")
            }
            Strike::Thaw(name) => {
                stage.thaw(&name);
                format!("SIGCONT {name}")
            }
            server => self.strike_server(stage, server),
        }
    }

    /// Nobody of the kind is at work just now.
    fn wait_for(&mut self, kind: &str, strike: Strike) -> String {
        self.struck -= 1;
        self.soon(500, 1_000, strike);
        format!("no {kind} at work just now")
    }

    fn strike_server(&mut self, stage: &mut Stage, strike: Strike) -> String {
        let broker = !matches!(strike, Strike::StopPostgres | Strike::KillPostgres | Strike::StartPostgres);
        if !(if broker { stage.broker.is_private() } else { stage.postgres.is_private() }) {
            return self.strike(stage, Strike::Kill(if broker { "classify" } else { "audit" }));
        }
        let told = format!("{strike:?}");
        match strike {
            Strike::StopBroker => stage.broker.stop().unwrap(),
            Strike::KillBroker => stage.broker.kill().unwrap(),
            Strike::FreezeBroker => stage.broker.freeze().unwrap(),
            Strike::StopPostgres => stage.postgres.stop().unwrap(),
            Strike::KillPostgres => stage.postgres.kill().unwrap(),
            Strike::StartBroker => stage.broker.restart().unwrap(),
            Strike::ThawBroker => stage.broker.thaw().unwrap(),
            _ => stage.postgres.restart().unwrap(),
        }
        match strike {
            Strike::StopBroker | Strike::KillBroker => self.soon(1_000, 5_000, Strike::StartBroker),
            Strike::FreezeBroker => self.soon(1_000, 8_000, Strike::ThawBroker),
            Strike::StopPostgres | Strike::KillPostgres => self.soon(1_000, 5_000, Strike::StartPostgres),
            _ => {}
        }
        told
    }
}
