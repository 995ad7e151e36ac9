//! The `switchyard` command.

mod certify;
mod classify;
mod demo;
mod explain;
mod figures;
mod fit;
mod ingest;
mod judge;
mod labelled;
mod line;
mod output;
mod policy;
mod send;
mod tickets;
mod topics;
mod up;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use shared::process;

/// Support-ticket triage as a stream of events: classify, retrieve, draft, route
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Switchyard {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run five tickets and then five hundred through the whole line on this machine, and show what became of them
    Demo(demo::Demo),
    /// Run every worker in one process: the whole product on one machine
    Up(up::Up),
    /// Send tickets (JSON lines) to the line
    Send(send::Send),
    /// Read resolved tickets (JSON lines or CSV) into the index that `retrieve` searches
    Ingest(ingest::Ingest),
    /// Create the line's topics
    Topics(topics::Topics),
    /// Classify tickets (JSON lines) without a bus
    Classify(classify::Classify),
    /// Send labelled tickets through the line without a bus, and say of each whether the drafted resolution is right
    Judge(judge::Judge),
    /// Fit the score to labelled decisions, and write the policy's `score` section
    Fit(fit::Fit),
    /// Find the scores above which P(wrong | auto) is small, from labelled decisions, and write a certificate
    Certify(certify::Certify),
    /// Make a decision again from its audit row, say why it was made, and what would have changed it
    Explain(explain::Explain),
    /// Check a policy file, run its cases, and see what a change would change
    Policy(policy::PolicyCommand),
}

fn main() -> ExitCode {
    let arguments: Switchyard = match process::read_arguments(Switchyard::command()) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return process::failed(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        match arguments.command {
            Command::Demo(demo) => output::code(Box::pin(demo.run()).await),
            Command::Up(up) => output::code(Box::pin(up.run()).await),
            Command::Send(send) => output::code(send.run().await),
            Command::Ingest(ingest) => output::code(ingest.run().await),
            Command::Topics(topics) => output::code(topics.run().await),
            Command::Classify(classify) => output::code(classify.run().await),
            Command::Judge(judge) => output::code(judge.run().await),
            Command::Fit(fit) => output::code(fit.run().await),
            Command::Certify(certify) => output::answer(certify.run().await),
            Command::Explain(explain) => output::answer(explain.run().await),
            Command::Policy(policy) => output::code(policy.run()),
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("../../README.md");

    #[test]
    fn the_readme_lists_every_subcommand_and_no_other() {
        let listed = README.lines().filter_map(|line| line.strip_prefix("switchyard "));
        let mut listed: Vec<&str> = listed.filter_map(|line| line.split(' ').next()).collect();
        let command = Switchyard::command();
        let mut known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn the_readme_lists_every_worker() {
        let workers = concat!(env!("CARGO_MANIFEST_DIR"), "/../workers");
        for entry in std::fs::read_dir(workers).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(README.contains(&format!("[{name}](workers/{name})")), "{name} is not in the README");
        }
    }

    #[test]
    fn what_the_readme_links_to_is_there() {
        let targets = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(target);
            assert!(path.exists(), "{target}");
        }
    }
}
