//! Workers as processes.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use local::Process;

/// A worker that was asked to end has done so by then.
const LEAVE_LIMIT: Duration = Duration::from_secs(20);

/// All that are at work.
#[derive(Default)]
pub struct Workers(pub Vec<Process>);

impl Workers {
    pub fn start(&mut self, command: Command, log: &Path) {
        self.0.push(Process::spawn(command, log).unwrap());
    }

    /// Nobody may have ended by itself.
    pub fn look_after(&mut self) {
        for worker in &mut self.0 {
            if let Some(status) = worker.ended() {
                panic!("{} ended by itself with {status}:\n{}", worker.log().display(), worker.tail());
            }
        }
    }

    /// Ends every worker as an operator does.
    pub fn close(&mut self) {
        self.0.iter_mut().for_each(Process::terminate);
        let begun = Instant::now();
        for mut worker in self.0.drain(..) {
            let code = worker.wait(LEAVE_LIMIT).and_then(|status| status.code());
            let (log, took) = (worker.log().display().to_string(), begun.elapsed());
            assert_eq!(code, Some(0), "{log} after {took:?}:\n{}", worker.tail());
        }
    }

    /// The last lines of every worker's log.
    pub fn logs(&self) -> String {
        self.0.iter().map(Process::tail).collect::<Vec<_>>().join("\n---\n")
    }
}
