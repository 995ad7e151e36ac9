//! A private Kafka that asks for a password over TLS, as clusters outside do.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    Broker,
    child::run,
    place::{Folder, free_port},
};

/// A [`Broker`] with a second listener: TLS with a certificate of its own and SCRAM-SHA-512.
pub struct Secured {
    broker: Broker,
    bootstrap: String,
    ca: PathBuf,
}

impl Secured {
    /// Starts one in a temporary folder that knows one user.
    ///
    /// # Errors
    /// As [`Broker::private`]; when `openssl` is missing.
    pub fn private(user: &str, password: &str) -> Result<Self> {
        let folder = Folder::passing("switchyard-kafka-")?;
        let ca = folder.path().join("ca.pem");
        let store = certificate(folder.path(), &ca)?;
        let bootstrap = format!("127.0.0.1:{}", free_port()?);
        let more = format!(
            ",SASL_SSL://{bootstrap}\nssl.keystore.type=PEM\nssl.keystore.location={}\n\
             sasl.enabled.mechanisms=SCRAM-SHA-512\nlistener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
             org.apache.kafka.common.security.scram.ScramLoginModule required;\n",
            store.display()
        );
        let broker = Broker::open(folder, &more)?;
        let config = format!("SCRAM-SHA-512=[password={password}]");
        let alter = ["--alter", "--entity-type", "users", "--entity-name", user, "--add-config", &config];
        broker.tool("kafka.admin.ConfigCommand", &alter)?;
        Ok(Self { broker, bootstrap, ca })
    }

    /// The address of the listener with TLS.
    pub fn secured_bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The certificate to trust, as `KAFKA_SSL_CA_LOCATION`.
    pub fn ca(&self) -> &Path {
        &self.ca
    }
}

impl Deref for Secured {
    type Target = Broker;
    fn deref(&self) -> &Broker {
        &self.broker
    }
}

impl DerefMut for Secured {
    fn deref_mut(&mut self) -> &mut Broker {
        &mut self.broker
    }
}

/// Makes a certificate for the loopback, and a file with its key for the broker.
fn certificate(folder: &Path, ca: &Path) -> Result<PathBuf> {
    let (key, store) = (folder.join("key.pem"), folder.join("store.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(ca);
    run(openssl)?;
    fs::write(&store, [fs::read(&key)?, fs::read(ca)?].concat())?;
    Ok(store)
}
