//! What a person sees: progress, and the one line that says what is wrong.

use std::{borrow::Cow, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use shared::{StartError, bus::BusError, process};

/// The exit code of a subcommand: 0, 64 for settings that cannot be used, 1 for all else.
pub fn code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if let Some(StartError::Settings(_)) = error.downcast_ref() {
        return process::failed(&error.to_string());
    }
    if let Some(BusError::Settings(_)) = error.downcast_ref() {
        return process::failed(&error.to_string());
    }
    let _ = process::failed(&format!("{error:#}"));
    ExitCode::FAILURE
}

/// The exit code of a subcommand whose answer is one: its own, or [`code`]'s if it could not answer.
pub fn answer(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| code(Err(error)))
}

/// A bar for a known number of steps; hidden when nobody looks.
pub fn bar(length: u64, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<28} {bar:36} {pos:>6}/{len} {elapsed:>4}");
    let bar = ProgressBar::new(length).with_message(what);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A spinner for something whose length is not known.
pub fn spinner(what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// Text from outside, safe for a terminal: no control characters, no bidi or invisible ones, at most `chars` long.
pub fn safe(text: &str, chars: usize) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
    };
    let flat: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(visible).collect();
    if flat.chars().count() <= chars {
        flat
    } else {
        flat.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_cannot_paint_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mred\nb\u{202e}c", 80), "a[31mred bc");
        assert_eq!(safe("abcdef", 4), "abc…");
    }
}
