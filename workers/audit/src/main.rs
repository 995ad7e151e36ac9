//! The `audit` process.

fn main() -> std::process::ExitCode {
    shared::process::main::<audit::Config>()
}
