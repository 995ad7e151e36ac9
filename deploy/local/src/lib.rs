//! Apache Kafka and Postgres on this machine, without containers: for tests, the demo and a try at home.
//!
//! [`Broker`] is a private single-node Apache Kafka 4 from its Maven artifacts (needs `java` and, once, `mvn`);
//! [`Postgres`] a private cluster from the installed binaries. Both listen on the loopback only, end with the
//! process that started them, however it ends, and can be stopped, killed and started again on the same
//! data and port.

mod broker;
mod child;
mod given;
mod libs;
mod place;
mod postgres;
mod process;
mod secured;

pub use broker::Broker;
pub use given::{number, soak};
pub use place::{free_port, pause, root};
pub use postgres::Postgres;
pub use process::{Process, built, program};
pub use secured::Secured;
