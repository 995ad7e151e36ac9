//! Panics: where they were, and nothing of what they held, which may be a customer's.

use std::{any::Any, cell::RefCell};

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic in this process logs its place and nothing else.
pub fn quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        PLACE.set(Some(place));
    }));
}

/// What is said of a panic that this thread has just caught: its place, if [`quiet`] is in force, and its words if they
/// stand in the program as they are. Words made at run time may quote what was being read.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let place = PLACE.take().map(|place| format!(" at {place}")).unwrap_or_default();
    let fixed = panic.downcast_ref::<&'static str>().map(|words| format!(": {words}")).unwrap_or_default();
    format!("the worker broke on it{place}{fixed}")
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn words_made_at_run_time_are_left_out() {
        let secret = "geheim";
        let of = |panic: Box<dyn Any + Send>| said(&*panic);
        let made = catch_unwind(|| panic!("cannot read {secret}")).unwrap_err();
        assert_eq!(of(made), "the worker broke on it");
        let cut = catch_unwind(|| "gehéim"[..4].to_owned()).unwrap_err();
        assert_eq!(of(cut), "the worker broke on it");
        let fixed = catch_unwind(|| panic!("no such step")).unwrap_err();
        assert_eq!(of(fixed), "the worker broke on it: no such step");
    }
}
