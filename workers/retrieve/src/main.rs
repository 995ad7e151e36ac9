//! The `retrieve` process.

fn main() -> std::process::ExitCode {
    shared::process::main::<retrieve::Config>()
}
