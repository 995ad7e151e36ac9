//! Keys and addresses of the providers.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use shared::{Misset, StartError};
use url::{Host, Url};

use crate::{ledger::Settings as LedgerSettings, remote::Gathering};

/// The settings of `draft`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// The policy file; without it, deploy/policy.yaml here or in a folder above the executable
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Key of Anthropic; without it, the policy's `anthropic` is passed over
    #[arg(long, env = "ANTHROPIC_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub anthropic_api_key: Option<SecretString>,

    /// Address of Anthropic, or of what stands in front of it
    #[arg(long, env = "ANTHROPIC_BASE_URL", value_name = "URL", default_value = ANTHROPIC)]
    pub anthropic_base_url: Option<String>,

    /// Key of the OpenAI-compatible provider; a local one may need none
    #[arg(long, env = "OPENAI_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub openai_api_key: Option<SecretString>,

    /// Address of the OpenAI-compatible provider, up to and with /v1; without it, the policy's `openai` is passed over
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL")]
    pub openai_base_url: Option<String>,

    /// In the replay lane, draft through Anthropic's Message Batches: half the price, minutes to hours later
    #[arg(long = "batch", env = "SWITCHYARD_DRAFT_BATCH")]
    pub batch: bool,

    /// Milliseconds for which the first ticket of a batch waits for others [default: 10000]
    #[arg(long, env = "SWITCHYARD_DRAFT_BATCH_MS", value_name = "MS")]
    pub batch_ms: Option<u64>,

    /// The ledger, where bills and grants are written
    #[command(flatten)]
    pub ledger: LedgerSettings,
}

const ANTHROPIC: &str = "https://api.anthropic.com";

/// Where a provider is, and what lets us in.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// Ends in a slash, so that paths can be joined to it.
    pub(crate) base: Url,
    pub(crate) key: Option<SecretString>,
}

/// The doors that the settings open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doors {
    /// How batches are gathered, where the settings ask for them.
    pub(crate) gathering: Option<Gathering>,
    pub(crate) anthropic: Option<Door>,
    pub(crate) openai: Option<Door>,
}

impl Config {
    /// The providers that can be reached with these settings.
    ///
    /// # Errors
    /// Every address or key that cannot be used, and what is wrong with the ledger's settings; a key is never repeated in the text.
    pub(crate) fn doors(&self) -> Result<Doors, StartError> {
        let ledger = self.ledger.check(false).map(drop);
        let anthropic = given(self.anthropic_api_key.as_ref()).map(|key| {
            let url = self.anthropic_base_url.as_deref().filter(|url| !url.trim().is_empty());
            door(["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"], url.unwrap_or(ANTHROPIC), Some(key))
        });
        let url = self.openai_base_url.as_deref().filter(|url| !url.trim().is_empty());
        let openai = url
            .map(|url| door(["OPENAI_BASE_URL", "OPENAI_API_KEY"], url, given(self.openai_api_key.as_ref())));
        let doors = StartError::both(anthropic.transpose(), openai.transpose());
        let ((anthropic, openai), ()) = StartError::both(doors, ledger)?;
        Ok(Doors { gathering: self.gathering(), anthropic, openai })
    }
}

impl Config {
    fn gathering(&self) -> Option<Gathering> {
        let wait = Duration::from_millis(self.batch_ms.unwrap_or(10_000));
        let glance = (wait * 3).clamp(Duration::from_millis(100), Duration::from_secs(60));
        self.batch.then_some(Gathering { most: 1_000, wait, glance })
    }
}

/// A key that is not blank, as an environment file may leave it.
fn given(key: Option<&SecretString>) -> Option<&SecretString> {
    key.filter(|key| !key.expose_secret().trim().is_empty())
}

fn door(settings: [&str; 2], url: &str, key: Option<&SecretString>) -> Result<Door, StartError> {
    let [url_setting, key_setting] = settings;
    let base = address(url_setting, url);
    let sendable = |key: &SecretString| key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
    let key_problem = if key.is_some_and(|key| !sendable(key)) {
        Some("holds characters that a header cannot carry; give the key alone")
    } else if key.is_some() && base.as_ref().is_ok_and(|base| !is_private(base)) {
        Some("would be sent in clear; give an address that begins with https://")
    } else {
        None
    };
    let key_checked = key_problem.map_or(Ok(key.cloned()), |problem| {
        Err(StartError::Settings(vec![Misset {
            setting: key_setting.to_owned(),
            problem: problem.to_owned(),
        }]))
    });
    let (base, key) = StartError::both(base, key_checked)?;
    Ok(Door { base, key })
}

/// An address of a provider, with a slash at its end.
fn address(setting: &str, given: &str) -> Result<Url, StartError> {
    let wrong =
        |problem: &str| StartError::setting(setting, format!("{problem}, expected such as {ANTHROPIC}"));
    let mut url: Url = given.trim().parse().map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("does not begin with http:// or https:// and a host"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(wrong("holds a user name, a query or a fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether nobody on the way can read what is sent: over TLS, or within this machine.
fn is_private(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    };
    url.scheme() == "https" || loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anthropic(url: &str, key: &str) -> Result<Doors, StartError> {
        let config = Config {
            anthropic_api_key: Some(key.into()),
            anthropic_base_url: Some(url.to_owned()),
            ..Config::default()
        };
        config.doors()
    }

    #[test]
    fn without_a_key_there_is_no_door() {
        assert!(Config::default().doors().unwrap().anthropic.is_none());
        assert!(anthropic(ANTHROPIC, " ").unwrap().anthropic.is_none(), "a blank key is none");
    }

    #[test]
    fn a_key_opens_the_providers_own_address() {
        let config = Config { anthropic_api_key: Some("sk-1".into()), ..Config::default() };
        let door = config.doors().unwrap().anthropic.unwrap();
        assert_eq!(door.base.join("v1/messages").unwrap().as_str(), "https://api.anthropic.com/v1/messages");
    }

    #[test]
    fn a_key_is_not_sent_in_clear_to_another_machine() {
        let said = anthropic("http://llm.example.com", "sk-geheim").unwrap_err().to_string();
        assert!(said.starts_with("ANTHROPIC_API_KEY: ") && !said.contains("geheim"), "{said}");
        assert!(anthropic("http://127.0.0.1:8090", "sk-1").is_ok());
    }

    #[test]
    fn every_wrong_setting_is_named_at_once_and_no_key_is_repeated() {
        let config = Config {
            anthropic_api_key: Some("sk geheim".into()),
            anthropic_base_url: Some("ftp://x".to_owned()),
            openai_base_url: Some("nowhere".to_owned()),
            ..Config::default()
        };
        let StartError::Settings(missets) = config.doors().unwrap_err() else { panic!("not a setting") };
        let named: Vec<_> = missets.iter().map(|misset| misset.setting.as_str()).collect();
        assert_eq!(named, ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL"]);
        assert!(!format!("{missets:?}").contains("geheim"));
    }
}
