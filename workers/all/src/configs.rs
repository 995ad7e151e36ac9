//! Each worker's settings, without a command line of its own.

use clap::Command;
use shared::{Config, Misset, StartError, Worker};

/// Settings given by whoever starts the line, by their long flag: every worker that knows the flag gets it.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(&'static str, String)>);

impl Overrides {
    /// Gives `--<flag> <value>` to every worker that has it.
    #[must_use]
    pub fn with(mut self, flag: &'static str, value: impl Into<String>) -> Self {
        self.0.push((flag, value.into()));
        self
    }

    /// One worker's settings, from here, the environment and the defaults.
    ///
    /// # Errors
    /// Every setting that cannot be used.
    pub fn config<C: Config>(&self) -> Result<C, StartError> {
        let command = C::augment_args(Command::new(C::Worker::NAME).no_binary_name(true));
        let known = |flag: &str| command.get_arguments().any(|argument| argument.get_long() == Some(flag));
        let given: Vec<String> = self
            .0
            .iter()
            .filter(|(flag, _)| known(flag))
            .map(|(flag, value)| format!("--{flag}={value}"))
            .collect();
        let matches = command.try_get_matches_from(given);
        matches
            .and_then(|matches| C::from_arg_matches(&matches))
            .map_err(|error| unusable(C::Worker::NAME, &error))
    }
}

/// clap's words, as a setting that cannot be used.
fn unusable(worker: &str, error: &clap::Error) -> StartError {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let problem =
        lines.iter().take_while(|line| !line.starts_with("Usage")).copied().collect::<Vec<_>>().join(" ");
    StartError::Settings(vec![Misset { setting: worker.to_owned(), problem: problem.replace("error: ", "") }])
}
