//! Who may write, in the order of the policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use reqwest::Client;
use shared::{
    StartError,
    policy::{ModelTerms, Policy, ProviderKind, ProviderTerms},
};
use tracing::info;

use crate::{
    remote::{self, Remote},
    settings::{Door, Doors},
};

/// Who writes a reply.
#[derive(Debug, Clone)]
pub(crate) enum Provider {
    /// This process: sentences quoted from resolved tickets. No network, no bill.
    Local,
    /// Anthropic Messages.
    Anthropic(Arc<Remote>),
    /// OpenAI-compatible Chat Completions.
    Openai(Arc<Remote>),
}

/// One that may write now, and on what terms.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) provider: Provider,
    pub(crate) terms: &'a ProviderTerms,
    /// Of its model; none for local.
    pub(crate) model: Option<&'a ModelTerms>,
}

/// Every provider that the settings let us reach, with what is remembered of it.
#[derive(Debug)]
pub(crate) struct Providers {
    doors: Doors,
    /// None where no door is open: then there is nothing in this process that could reach outside.
    client: Option<Client>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    remotes: BTreeMap<(ProviderKind, String), Arc<Remote>>,
    passed_over: BTreeSet<ProviderKind>,
}

impl Providers {
    /// # Errors
    /// When there is somebody to reach and no way to do it.
    pub(crate) fn new(doors: Doors) -> Result<Self, StartError> {
        let somebody = doors.anthropic.is_some() || doors.openai.is_some();
        let client = somebody.then(remote::client).transpose()?;
        Ok(Self { doors, client, memory: Mutex::default() })
    }

    /// Those of the policy that can be reached, in its order. One without key or address is passed over, with one line in
    /// the log.
    pub(crate) fn turns<'a>(&self, policy: &'a Policy) -> Vec<Turn<'a>> {
        policy.providers.iter().filter_map(|terms| self.turn(terms, policy)).collect()
    }

    fn turn<'a>(&self, terms: &'a ProviderTerms, policy: &'a Policy) -> Option<Turn<'a>> {
        let model = terms.model.as_ref().and_then(|name| policy.models.get(name));
        let provider = match terms.kind {
            ProviderKind::Local => Provider::Local,
            ProviderKind::Anthropic => {
                Provider::Anthropic(self.remote(terms, self.doors.anthropic.as_ref())?)
            }
            ProviderKind::Openai => Provider::Openai(self.remote(terms, self.doors.openai.as_ref())?),
        };
        Some(Turn { provider, terms, model })
    }

    fn remote(&self, terms: &ProviderTerms, door: Option<&Door>) -> Option<Arc<Remote>> {
        let mut memory = self.lock();
        let (Some(door), Some(client), Some(model)) = (door, &self.client, &terms.model) else {
            if memory.passed_over.insert(terms.kind) {
                info!(provider = remote::name(terms.kind), "no key or address is set, so it is passed over");
            }
            return None;
        };
        let made = memory.remotes.entry((terms.kind, model.clone()));
        let remote = made.or_insert_with(|| {
            info!(
                provider = remote::name(terms.kind),
                model,
                host = door.base.host_str(),
                "may write replies"
            );
            let gathering = self.doors.gathering;
            Arc::new(Remote::new(terms.kind, model.clone(), door.clone(), client.clone(), gathering))
        });
        Some(Arc::clone(remote))
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn policy() -> Policy {
        Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap()
    }

    #[test]
    fn without_a_key_only_local_is_left_and_there_is_nothing_to_reach_outside_with() {
        let providers = Providers::new(Config::default().doors().unwrap()).unwrap();
        let policy = policy();
        let turns = providers.turns(&policy);
        assert!(matches!(turns.as_slice(), [Turn { provider: Provider::Local, .. }]), "{turns:?}");
        assert!(providers.client.is_none());
    }

    #[test]
    fn with_a_key_the_order_is_the_policys_and_what_is_remembered_stays() {
        let config = Config { anthropic_api_key: Some("sk-1".into()), ..Config::default() };
        let providers = Providers::new(config.doors().unwrap()).unwrap();
        let policy = policy();
        let [first, second] = [providers.turns(&policy), providers.turns(&policy)].map(|turns| {
            let [
                Turn { provider: Provider::Anthropic(remote), model: Some(_), .. },
                Turn { provider: Provider::Local, .. },
            ] = turns.as_slice()
            else {
                panic!("{turns:?}")
            };
            Arc::clone(remote)
        });
        assert!(Arc::ptr_eq(&first, &second));
    }
}
