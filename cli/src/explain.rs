//! `switchyard explain`: a decision again, from its audit row alone, and what would have changed it.

mod counterfactual;
mod policies;
mod recompute;
mod row;
mod show;

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use secrecy::SecretString;
use shared::process::Logs;

use policies::Found;
use row::Row;

/// Makes a decision again from what the audit has kept, with the policy that it names by digest; says whether the two
/// are the same bit for bit, why it was made, in words and numbers, and the smallest change that would have moved
/// it. Exit code 2: it comes out differently; 3: something it was made with is not at hand.
#[derive(Debug, Args)]
pub struct Explain {
    /// `tenant/ticket id`, a ticket's id, or the id of the received event; of several decisions the latest
    #[arg(required_unless_present = "event")]
    ticket: Option<String>,

    /// A `routed` event as JSON instead of an audit row; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "ticket")]
    event: Option<PathBuf>,

    /// Where the audit is: postgres://user:password@host:port/database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// The policy file; without it, deploy/policy.yaml here or in a folder above the executable
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Folder with policies and certificates of earlier days, found by their digest
    #[arg(long, env = "SWITCHYARD_POLICIES", value_name = "FOLDER")]
    policies: Option<PathBuf>,

    /// Classify the ticket again too, if the bundle that read it is at hand
    #[arg(long)]
    rerun: bool,

    #[command(flatten)]
    classify: classify::Config,

    #[command(flatten)]
    logs: Logs,
}

/// The answer is that it comes out differently.
const DIFFERENT: u8 = 2;
/// Something is not at hand.
const MISSING: u8 = 3;

impl Explain {
    /// Finds the row, decides again, and prints what was found.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        self.logs.install();
        let row = match (&self.event, &self.ticket) {
            (Some(file), _) => Row::of_file(file)?,
            (None, ticket) => {
                Row::of_audit(self.database_url.as_ref(), ticket.as_deref().unwrap_or_default()).await?
            }
        };
        let routed = row.routed()?;
        print!("{}", show::heading(&row, &routed));
        let policy = match policies::find(&routed.decision, self.policy.as_deref(), self.policies.as_deref())?
        {
            Found::Policy(policy) => policy,
            Found::Missing(what) => return Ok(missing(&what)),
        };
        let again = recompute::decision(&policy, &routed);
        let mut differences = recompute::differences(&row.decision(), &serde_json::to_value(&again)?);
        print!("{}", show::decision(&routed.decision));
        if self.rerun {
            match recompute::classified(&self.classify, &routed).await? {
                Ok(again) => differences.extend(recompute::differences(&row.classification(), &again)),
                Err(what) => return Ok(missing(&what)),
            }
        }
        print!("{}", show::verdict(&routed.decision, &differences, self.rerun));
        if differences.is_empty() {
            print!("{}", show::changes(&counterfactual::all(&policy, &routed)));
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::from(DIFFERENT))
    }
}

fn missing(what: &str) -> ExitCode {
    println!("\nIt cannot be reproduced here: {what}");
    ExitCode::from(MISSING)
}
