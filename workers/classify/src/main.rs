//! The `classify` process.
fn main() -> std::process::ExitCode {
    shared::process::main::<classify::Config>()
}
