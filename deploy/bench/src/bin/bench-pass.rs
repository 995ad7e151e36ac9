//! A worker that does next to nothing, as a process like any other.
fn main() -> std::process::ExitCode {
    shared::process::main::<bench::event::Pass>()
}
