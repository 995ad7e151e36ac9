//! The `draft` process.

fn main() -> std::process::ExitCode {
    shared::process::main::<draft::Config>()
}
