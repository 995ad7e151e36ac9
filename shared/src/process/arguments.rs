//! Arguments and environment, with everything that is wrong in them said at once.

use std::process::ExitCode;

use clap::{
    Command, FromArgMatches,
    builder::StringValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{failed, usage};

/// Reads the process's arguments and environment.
///
/// # Errors
/// The exit code, once help or everything that cannot be used has been printed.
pub fn read<A: FromArgMatches>(command: Command) -> Result<A, ExitCode> {
    let given: Vec<_> = std::env::args_os().collect();
    let problems = unusable(command.clone(), &given);
    if !problems.is_empty() {
        return Err(failed(&problems.join("\n")));
    }
    let matches = command.try_get_matches_from(given);
    matches.and_then(|matches| A::from_arg_matches(&matches)).map_err(|error| usage(&error))
}

/// Every value that its argument does not take. clap stops at the first: each one found is then let pass, to find the
/// next.
fn unusable(mut command: Command, given: &[std::ffi::OsString]) -> Vec<String> {
    let mut problems = Vec::new();
    while let Err(error) = command.clone().try_get_matches_from(given) {
        if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
            break;
        }
        let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { break };
        let mut built = command.clone();
        built.build();
        let found =
            |command: &Command| command.get_arguments().find(|one| one.to_string() == *shown).cloned();
        let passing = |argument: clap::Arg| argument.value_parser(StringValueParser::new());
        if let Some(argument) = found(&built) {
            problems.push(said(&argument, &error));
            command = command.mut_arg(argument.get_id(), passing);
        } else if let Some((sub, argument)) =
            built.get_subcommands().find_map(|sub| Some((sub.get_name().to_owned(), found(sub)?)))
        {
            problems.push(said(&argument, &error));
            command = command.mut_subcommand(sub, |sub| sub.mut_arg(argument.get_id(), passing));
        } else {
            break;
        }
    }
    problems
}

/// One line: the setting, as environment and command line have it, and clap's words on its value.
fn said(argument: &clap::Arg, error: &clap::Error) -> String {
    let text = error.render().to_string();
    let words = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    match argument.get_env() {
        Some(name) => format!("{}: {words}", name.to_string_lossy()),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, value_parser};

    use super::*;

    #[test]
    fn every_value_that_cannot_be_used_is_named() {
        let command = Command::new("worker")
            .arg(Arg::new("a").long("a").value_parser(value_parser!(u8)))
            .arg(Arg::new("b").long("b").value_parser(["x", "y"]))
            .arg(Arg::new("c").long("c").value_parser(value_parser!(u8)));
        let given = ["worker", "--a", "300", "--b", "z", "--c", "7"].map(Into::into);
        let problems = unusable(command, &given);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("'300'") && problems[1].contains("'z'"), "{problems:?}");
    }

    #[test]
    fn a_subcommands_values_are_named_as_well() {
        let number = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(u8));
        let command = Command::new("all").subcommand(Command::new("up").arg(number("a")).arg(number("b")));
        let problems = unusable(command, &["all", "up", "--a", "x", "--b", "y"].map(Into::into));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
