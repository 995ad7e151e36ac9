//! `switchyard topics`: the line's topics, made from `schemas/topics.yaml`.

use clap::Args;
use shared::{
    bus::{
        Lane,
        kafka::{KafkaSettings, Made},
    },
    process::Logs,
};

/// Creates the topics that are not there yet; those that are stay as they are.
#[derive(Debug, Args)]
pub struct Topics {
    /// Which stream of tickets
    #[arg(long, env = "SWITCHYARD_LANE", value_enum, default_value_t = Lane::Live)]
    lane: Lane,

    #[command(flatten)]
    bus: KafkaSettings,

    #[command(flatten)]
    logs: Logs,
}

impl Topics {
    /// Creates them and says which were there.
    pub async fn run(self) -> anyhow::Result<()> {
        self.logs.install();
        for (name, made) in self.bus.open()?.create_topics(self.lane).await? {
            println!("{name:<28} {}", if made == Made::Created { "created" } else { "there already" });
        }
        Ok(())
    }
}
