#![doc = include_str!("../README.md")]

mod configs;

use std::sync::Arc;

use shared::{
    Config, StartError, Worker,
    bus::{Bus, BusError},
    linked, process,
    runner::{self, Settings, Vitals},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use configs::Overrides;

/// The worker a config starts.
type Of<C> = <C as Config>::Worker;

const _: () = {
    linked::<Of<classify::Config>, Of<retrieve::Config>>();
    linked::<Of<retrieve::Config>, Of<draft::Config>>();
    linked::<Of<draft::Config>, Of<route::Config>>();
};

/// Every worker, at work in this process.
pub struct Line {
    running: JoinSet<Result<(), BusError>>,
    vitals: Vec<(&'static str, Arc<Vitals>)>,
}

/// Starts every worker and waits until each has joined its group. Settings come from the environment, as each worker's
/// own `--help` has them, and from `overrides` before that.
///
/// # Errors
/// All settings that cannot be used, of every worker at once.
pub async fn start(
    bus: &Bus,
    settings: &Settings,
    overrides: &Overrides,
    stop: &CancellationToken,
) -> Result<Line, StartError> {
    let (classify, retrieve, draft) = (
        overrides.config::<classify::Config>(),
        overrides.config::<retrieve::Config>(),
        overrides.config::<draft::Config>(),
    );
    let (route, audit, index) = (
        overrides.config::<route::Config>(),
        overrides.config::<audit::Config>(),
        overrides.config::<index::Config>(),
    );
    let first = StartError::both(StartError::both(classify, retrieve), StartError::both(draft, route));
    let (((classify, retrieve), (draft, route)), (audit, index)) =
        StartError::both(first, StartError::both(audit, index))?;
    let mut line = Line { running: JoinSet::new(), vitals: Vec::new() };
    let (classify, retrieve, draft, route, audit, index) = tokio::join!(
        ready(&classify, stop),
        ready(&retrieve, stop),
        ready(&draft, stop),
        ready(&route, stop),
        ready(&audit, stop),
        ready(&index, stop),
    );
    let first = StartError::both(StartError::both(classify, retrieve), StartError::both(draft, route));
    let (((classify, retrieve), (draft, route)), (audit, index)) =
        StartError::both(first, StartError::both(audit, index))?;
    line.run(audit, bus, settings, stop);
    line.run(index, bus, settings, stop);
    line.run(route, bus, settings, stop);
    line.run(draft, bus, settings, stop);
    line.run(retrieve, bus, settings, stop);
    line.run(classify, bus, settings, stop);
    Ok(line)
}

/// A worker, once the world lets it start; `None`: told to stop meanwhile.
async fn ready<C: Config>(config: &C, stop: &CancellationToken) -> Result<Option<C::Worker>, StartError> {
    process::start(config, &Vitals::default(), stop).await
}

impl Line {
    fn run<W: Worker>(
        &mut self,
        worker: Option<W>,
        bus: &Bus,
        settings: &Settings,
        stop: &CancellationToken,
    ) {
        let Some(worker) = worker else { return };
        let vitals = Arc::new(Vitals::default());
        self.vitals.push((W::NAME, Arc::clone(&vitals)));
        let (bus, settings, stop) = (bus.clone(), settings.clone(), stop.clone());
        self.running.spawn(async move { runner::run(Arc::new(worker), &bus, settings, vitals, stop).await });
    }

    /// How each worker is, by name.
    pub fn vitals(&self) -> &[(&'static str, Arc<Vitals>)] {
        &self.vitals
    }

    /// Waits until every worker has stopped.
    ///
    /// # Errors
    /// The first worker's that could not go on.
    pub async fn finished(mut self) -> Result<(), BusError> {
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap_or_else(|error| Err(BusError::Unreachable(error.to_string())))?;
        }
        Ok(())
    }
}
