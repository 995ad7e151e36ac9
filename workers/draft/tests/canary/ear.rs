//! Everything this process logs, every span and every panic, as the product sets them up, but at the finest level.

use std::{
    io::{self, Write},
    sync::{Mutex, Once},
    thread,
};

use tracing::Level;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

static HEARD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ear {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Begins to listen, once in a process. A test's own panics are shown as ever.
pub fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL)
            .with_writer(|| Ear)
            .init();
        let tests_own = std::panic::take_hook();
        shared::runner::quiet_panics();
        let shipped = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let in_a_handler = thread::current().name().is_some_and(|name| name.starts_with("tokio"));
            if in_a_handler { shipped(panic) } else { tests_own(panic) }
        }));
    });
}

/// What was heard so far.
pub fn heard() -> String {
    String::from_utf8_lossy(&HEARD.lock().unwrap()).into_owned()
}
