//! The `route` process.

fn main() -> std::process::ExitCode {
    shared::process::main::<route::Config>()
}
