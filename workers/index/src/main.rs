//! The `index` process.

fn main() -> std::process::ExitCode {
    shared::process::main::<index::Config>()
}
