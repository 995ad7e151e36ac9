//! One of three classify workers is killed, or asked to go: how long its partitions stand still.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use crate::{
    records::{PARTITIONS, Records, Seen},
    report::{Finding, Goal, quantile},
    stage::{Hand, Stage},
    tickets::Tickets,
    watch::pause,
};

const A_SECOND: u64 = 120;
const SESSION_S: f64 = 10.0;

/// Measures both in turn.
///
/// # Errors
/// When the workers do not get ready.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    let records = Records::at(stage.broker.bootstrap())?;
    let flow = Flow::begin(stage)?;
    let mut hands = (0..3).map(|_| stage.start("classify")).collect::<Result<Vec<Hand>>>()?;
    hands.iter().try_for_each(|hand| hand.ready().map(drop))?;
    let (mut killed, mut asked) = (Vec::new(), Vec::new());
    for _ in 0..stage.rounds {
        for (times, limit, kill) in [(&mut killed, SESSION_S + 2.0, true), (&mut asked, 2.0, false)] {
            // A new member's own rebalance must be over.
            pause(3_000);
            let tail = records.tail(&["tickets.classified"])?;
            let mut hand = hands.remove(0);
            let begin = Instant::now();
            if kill {
                hand.process.kill()
            } else {
                hand.process.terminate()
            }
            pause(Duration::from_secs_f64(limit).as_millis().try_into()?);
            times.push(longest_silence(&tail.so_far(), begin));
            drop(hand);
            let new = stage.start("classify")?;
            new.ready()?;
            hands.push(new);
        }
    }
    flow.end()?;
    let worst = |times: &[f64]| format!("the longest of {} rounds: {:.2}", times.len(), quantile(times, 1.0));
    let note = format!("{A_SECOND} tickets/s over {PARTITIONS} partitions, session timeout {SESSION_S} s; ");
    Ok(vec![
        Finding::alone(
            "kill -9 of one of three classify workers: its partitions flow again after",
            "s",
            quantile(&killed, 0.5),
            Goal::AtMost(SESSION_S + 1.0),
        )
        .note(note + &worst(&killed)),
        Finding::alone(
            "SIGTERM of one of three: its partitions flow again after",
            "s",
            quantile(&asked, 0.5),
            Goal::AtMost(1.0),
        )
        .note(worst(&asked)),
    ])
}

/// The longest time, in seconds, for which any partition brought nothing after `begin`.
fn longest_silence(seen: &[Seen], begin: Instant) -> f64 {
    let mut last: HashMap<i32, Instant> = (0..PARTITIONS).map(|number| (number, begin)).collect();
    let mut longest = Duration::ZERO;
    for one in seen.iter().filter(|one| one.at > begin) {
        let before = last.insert(one.partition, one.at).unwrap_or(begin);
        longest = longest.max(one.at.duration_since(before));
    }
    // A partition that never came back has been silent to the end.
    let end = seen.last().map_or(begin, |one| one.at);
    let open = last.values().map(|at| end.saturating_duration_since(*at)).max().unwrap_or_default();
    longest.max(open).as_secs_f64()
}

/// Tickets at an even pace until it ends.
struct Flow {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<()>>,
}

impl Flow {
    fn begin(stage: &Stage) -> Result<Self> {
        let sender = Records::at(stage.broker.bootstrap())?.sender(0)?;
        let tickets = Tickets::read()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for number in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (key, value) = tickets.record("K", number)?;
                sender.send("tickets.received", &key, None, &value)?;
                pause(1000 / A_SECOND);
            }
            sender.flush()
        });
        Ok(Self { stop, thread })
    }

    fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the sender broke"))?
    }
}
