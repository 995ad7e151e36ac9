//! Where the index is, as settings.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;
use shared::StartError;
use tonic::transport::Uri;

use super::qdrant::Target;

/// Qdrant's port for gRPC.
const GRPC_PORT: u16 = 6334;

/// Where the resolved tickets are kept.
#[derive(Debug, Clone, clap::Args)]
pub struct IndexSettings {
    /// Folder of the index that is searched in this process; used when no Qdrant is named.
    #[arg(long, env = "SWITCHYARD_INDEX_DIR", default_value = ".local/index", value_name = "FOLDER")]
    pub index_dir: PathBuf,

    /// Qdrant's gRPC address, as http://localhost:6334; absent: the index is in this process.
    #[arg(long, env = "QDRANT_URL", value_name = "URL")]
    pub qdrant_url: Option<String>,

    /// Qdrant's API key; only sent over https, or to this machine.
    #[arg(long, env = "QDRANT_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub qdrant_api_key: Option<SecretString>,

    /// Milliseconds within which Qdrant must answer a search; a write has five times as long.
    #[arg(long, env = "SWITCHYARD_QDRANT_TIMEOUT_MS", default_value_t = 2_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub qdrant_timeout_ms: u64,
}

impl IndexSettings {
    /// Whether they can be used, before anything is opened.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        self.qdrant().map(drop)
    }

    /// The Qdrant to use, if one is named.
    pub(super) fn qdrant(&self) -> Result<Option<Target>, StartError> {
        let Some(given) = self.qdrant_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        let (uri, host) = address(given)?;
        let key = self.qdrant_api_key.clone().filter(|key| !is_empty(key));
        if key.as_ref().is_some_and(|key| !is_sendable(key)) {
            return Err(StartError::setting("QDRANT_API_KEY", "holds characters that no header can"));
        }
        if key.is_some() && uri.scheme_str() == Some("http") && !is_loopback(&host) {
            return Err(StartError::setting(
                "QDRANT_API_KEY",
                format!("is not sent in clear to '{host}'; give QDRANT_URL as https://"),
            ));
        }
        Ok(Some(Target { url: uri.to_string(), key, timeout: Duration::from_millis(self.qdrant_timeout_ms) }))
    }
}

/// Whether a key is blank, as an environment file leaves it.
fn is_empty(key: &SecretString) -> bool {
    secrecy::ExposeSecret::expose_secret(key).trim().is_empty()
}

/// Whether a key can stand in a header; the client would repeat one that cannot in its error.
fn is_sendable(key: &SecretString) -> bool {
    secrecy::ExposeSecret::expose_secret(key).bytes().all(|byte| byte.is_ascii_graphic())
}

/// The address with its port, and the host in it.
fn address(given: &str) -> Result<(Uri, String), StartError> {
    let wrong = |problem: &str| {
        StartError::setting(
            "QDRANT_URL",
            format!("'{given}' {problem}, expected such as http://localhost:6334"),
        )
    };
    let uri: Uri = given.parse().map_err(|_| wrong("is not a URL"))?;
    let scheme = match uri.scheme_str() {
        Some(scheme @ ("http" | "https")) => scheme,
        _ => return Err(wrong("does not begin with http:// or https://")),
    };
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?.to_owned();
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(StartError::setting("QDRANT_URL", "holds a user name; give the key as QDRANT_API_KEY"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong("has a path"));
    }
    let port = uri.port_u16().unwrap_or(GRPC_PORT);
    let uri = format!("{scheme}://{host}:{port}").parse().map_err(|_| wrong("is not a URL"))?;
    Ok((uri, host))
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, key: Option<&str>) -> IndexSettings {
        IndexSettings {
            index_dir: "x".into(),
            qdrant_url: Some(url.to_owned()),
            qdrant_api_key: key.map(SecretString::from),
            qdrant_timeout_ms: 2_000,
        }
    }

    fn said(url: &str, key: Option<&str>) -> String {
        settings(url, key).qdrant().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_blank_url_means_the_index_in_this_process() {
        assert!(settings(" ", None).qdrant().unwrap().is_none());
    }

    #[test]
    fn a_url_without_a_port_means_the_grpc_port() {
        assert_eq!(settings("http://qdrant", None).qdrant().unwrap().unwrap().url, "http://qdrant:6334/");
    }

    #[test]
    fn an_unusable_url_is_named_with_its_setting() {
        for url in ["qdrant:6334", "ftp://qdrant", "http://", "not a url", "http://q:6334/collections"] {
            assert!(said(url, None).starts_with("QDRANT_URL: "), "{url}: {}", said(url, None));
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let said = said("http://me:geheim@qdrant:6334", None);
        assert!(said.starts_with("QDRANT_URL: ") && !said.contains("geheim"), "{said}");
    }

    #[test]
    fn a_key_is_refused_in_clear_to_another_machine() {
        let said = said("http://qdrant.example.com:6334", Some("s3cret"));
        assert!(said.starts_with("QDRANT_API_KEY: ") && !said.contains("s3cret"), "{said}");
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_refused_and_not_repeated() {
        let said = said("http://localhost", Some("s3cret\n"));
        assert!(said.starts_with("QDRANT_API_KEY: ") && !said.contains("s3cret"), "{said}");
    }

    #[test]
    fn a_key_is_sent_to_this_machine_and_over_tls() {
        for url in ["http://localhost", "http://127.0.0.1:6334", "http://[::1]:6334", "https://q.example.com"]
        {
            assert!(settings(url, Some("s3cret")).qdrant().unwrap().unwrap().key.is_some(), "{url}");
        }
    }
}
