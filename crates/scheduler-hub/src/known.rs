//! What a pass goes by: the settings and the schedules, read once for it, and kept for those that go by the same.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::join;
use scheduler_core::{
    Config, Mistake, RawConfig, Settings,
    settings::{Lists, Parameters},
};
use scheduler_engine::shards::Claim;
use tokio::time::Instant as Deadline;

use crate::{Hub, HubError, accounts};

/// What a pass has to know.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) settings: Settings,
    pub(crate) config: Arc<Config>,
    /// What is wrong with them.
    pub(crate) mistakes: Vec<Mistake>,
    /// What is wrong with the schedules alone.
    of_config: Vec<Mistake>,
    /// The version of the schedules.
    config_version: u64,
    /// The version of everything that was read. Two that differ may be the same; two that are the same do not differ.
    pub(crate) version: u64,
}

/// What the last invocation has read.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Option<Arc<Known>>>);

impl Kept {
    pub(crate) fn get(&self) -> Option<Arc<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, known: &Arc<Known>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
    }
}

impl Hub {
    /// Reads everything that a pass has to know.
    pub(crate) async fn read(&self, deadline: Deadline) -> Result<Arc<Known>, HubError> {
        let mut known = self.read_all_but_units().await?;
        let (settings, mistakes) = (&mut known.settings, &mut known.mistakes);
        mistakes.extend(accounts::discover(settings, &self.aws, &self.discovered, deadline).await);
        Ok(self.kept(known))
    }

    /// What a shard's pass goes by: what is kept, if it is of the same version, and read anew if not. Its accounts are in
    /// the claim.
    pub(crate) async fn known_for(
        &self,
        claim: &Claim,
        kept: Arc<Known>,
    ) -> Result<Known, HubError> {
        let known = match kept.version == claim.head.version {
            true => kept,
            false => self.kept(self.read_all_but_units().await?),
        };
        let mut known = Known::clone(&known);
        for target in &claim.targets {
            known.settings.add(&target.partition, [&target.account]);
        }
        Ok(known)
    }

    /// The same for whoever finds a claim by it: it need not be of any version.
    pub(crate) async fn read_anew(&self) -> Result<Arc<Known>, HubError> {
        Ok(self.kept(self.read_all_but_units().await?))
    }

    fn kept(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        self.known.keep(&known);
        known
    }

    async fn read_all_but_units(&self) -> Result<Known, HubError> {
        let parameters = self.parameters().await?;
        let (mut settings, mut mistakes) = self.settings(&parameters)?;
        let table = settings.config_table.clone();
        let reading = join(accounts::read_lists(&mut settings, &self.aws), self.raw_config(&table));
        let ((lists, in_lists), raw) = reading.await;
        let raw = raw?;
        mistakes.extend(in_lists);
        let config_version = version_of_config(&raw, &settings);
        let (config, of_config) = match self.known.get() {
            Some(known) if known.config_version == config_version => {
                (known.config.clone(), known.of_config.clone())
            }
            Some(_) | None => {
                let (config, mistakes) = Config::parse(&raw, settings.default_zone);
                (Arc::new(config), mistakes)
            }
        };
        mistakes.extend(of_config.clone());
        let version = version(&parameters, &lists, config_version);
        Ok(Known { settings, config, mistakes, of_config, config_version, version })
    }

    async fn parameters(&self) -> Result<Parameters, HubError> {
        let read = self.aws.parameters(&self.prefix).await;
        read.map_err(|source| HubError::Parameters { prefix: self.prefix.clone(), source })
    }

    fn settings(&self, parameters: &Parameters) -> Result<(Settings, Vec<Mistake>), HubError> {
        Settings::parse(parameters, self.aws.home())
            .map_err(|mistakes| HubError::Settings { prefix: self.prefix.clone(), mistakes })
    }

    async fn raw_config(&self, table: &str) -> Result<RawConfig, HubError> {
        let read = self.aws.config(table).await;
        read.map_err(|source| HubError::Config { table: table.to_owned(), source })
    }
}

fn version_of_config(raw: &RawConfig, settings: &Settings) -> u64 {
    let mut hasher = DefaultHasher::new();
    settings.default_zone.hash(&mut hasher);
    for item in &raw.items {
        (&item.kind, &item.name).hash(&mut hasher);
        for (name, value) in &item.fields {
            (name, value.to_string()).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn version(parameters: &Parameters, lists: &Lists, config: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (parameters, config).hash(&mut hasher);
    for (name, text) in lists {
        (name, text.as_ref().ok()).hash(&mut hasher);
    }
    hasher.finish()
}
