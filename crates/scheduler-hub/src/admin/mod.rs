//! The admin function: it reads and writes the ConfigTable, and touches no resource.
//!
//! Three sorts of people ask it: the command line ([`Request`]), Instance Scheduler's command line
//! ([`legacy`]), and CloudFormation, for what users declare in their own templates (`custom`).

mod custom;

use scheduler_aws::{
    Aws,
    config_table::{Stored, Unchanged},
};
use scheduler_core::{
    RawItem,
    catalog::{self, Change, Refused, declared::BadDeclaration, legacy},
    resource::Failure,
    settings::Store,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::HubError;

/// How often changes are tried again while somebody else changes the same items.
const TRIES: usize = 3;

/// A request to the admin function, as the command line sends it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Every stored item.
    Items,
    /// Changes to them.
    Change {
        /// The changes, in the order in which they are made.
        changes: Vec<Change>,
        /// Whether they are only to be checked.
        #[serde(default)]
        dry_run: bool,
    },
}

/// Every stored item.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Items {
    /// The items.
    pub items: Vec<RawItem>,
    /// The zone of schedules that name none.
    pub default_timezone: String,
}

/// What came of changes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Changed {
    /// How many were made.
    pub changed: usize,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It is none that the function serves.
    #[error("the request has a mistake: {0}")]
    Mistake(serde_json::Error),
    /// The settings or the table cannot be read.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The changes are not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A stack's declaration is none, or takes what is another's.
    #[error(transparent)]
    Declaration(#[from] BadDeclaration),
    /// The table cannot be written.
    #[error("{made} of {all} changes are made; then the table could not be written: {failure}")]
    Unwritten {
        /// How many changes are made.
        made: usize,
        /// How many were to be made.
        all: usize,
        /// What AWS says.
        failure: Failure,
    },
    /// CloudFormation does not take the answer.
    #[error("CloudFormation cannot be answered: {0}")]
    Unanswered(Failure),
}

impl AdminError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            AdminError::Mistake(_) => "bad-request",
            AdminError::Hub(error) => error.code(),
            AdminError::Refused(refused) => refused.code(),
            AdminError::Declaration(_) => "bad-declaration",
            AdminError::Unwritten { failure, .. } | AdminError::Unanswered(failure) => {
                failure.code.as_str()
            }
        }
    }
}

/// A deployment's admin function.
#[derive(Clone, Debug)]
pub struct Admin {
    aws: Aws,
    prefix: String,
}

/// Where the table is, and what it holds.
struct Catalog {
    store: Store,
    stored: Stored,
}

impl Admin {
    /// The admin function whose settings are below `prefix`.
    pub fn new(aws: Aws, prefix: String) -> Self {
        Self { aws, prefix }
    }

    /// Serves one event.
    ///
    /// # Errors
    ///
    /// If it is none that is served, or what it asks for is refused or cannot be done. CloudFormation and Instance
    /// Scheduler's command line are told in an answer of theirs instead.
    pub async fn answer(&self, event: &Value) -> Result<Value, AdminError> {
        if event["source"] == legacy::SOURCE {
            return Ok(self.legacy(event).await.unwrap_or_else(|message| legacy::error(&message)));
        }
        if let Some(request) = custom::Request::of(event) {
            return self.declared(&request).await;
        }
        let request = Request::deserialize(event).map_err(AdminError::Mistake)?;
        let answer = match request {
            Request::Items => {
                let Catalog { store, stored } = self.catalog().await?;
                let (items, default_timezone) = (stored.raw.items, store.default_zone.to_string());
                serde_json::to_value(Items { items, default_timezone })
            }
            Request::Change { changes, dry_run } => {
                let catalog = self.catalog().await?;
                catalog.check(&changes, None)?;
                if !dry_run {
                    self.make(&catalog, &changes).await?;
                }
                let changed = if dry_run { 0 } else { changes.len() };
                serde_json::to_value(Changed { changed })
            }
        };
        answer.map_err(AdminError::Mistake)
    }

    async fn legacy(&self, event: &Value) -> Result<Value, String> {
        let request = legacy::Request::deserialize(event).map_err(|error| error.to_string())?;
        let now = self.aws.now();
        let catalog = self.catalog().await.map_err(|error| error.to_string())?;
        let Catalog { store, stored } = &catalog;
        let reply = request.reply(&stored.raw, store.default_zone, now)?;
        self.make(&catalog, &reply.changes).await.map_err(|error| error.to_string())?;
        Ok(reply.answer)
    }

    async fn catalog(&self) -> Result<Catalog, HubError> {
        let prefix = self.prefix.clone();
        let store = match self.aws.open_parameters(&prefix).await {
            Ok(parameters) => Store::parse(&parameters)
                .map_err(|mistakes| HubError::Settings { prefix, mistakes })?,
            Err(source) => return Err(HubError::Parameters { prefix, source }),
        };
        match self.aws.stored(&store.config_table).await {
            Ok(stored) => Ok(Catalog { store, stored }),
            Err(source) => Err(HubError::Config { table: store.config_table, source }),
        }
    }

    async fn make(&self, catalog: &Catalog, changes: &[Change]) -> Result<(), AdminError> {
        let Catalog { store, stored } = catalog;
        let made = self.aws.change(&store.config_table, stored, changes).await;
        made.map_err(|unchanged| match unchanged {
            Unchanged::Conflict(items) => AdminError::Refused(Refused::Conflict(items)),
            Unchanged::Failed { made, failure } => {
                AdminError::Unwritten { made, all: changes.len(), failure }
            }
        })
    }
}

impl Catalog {
    fn check(&self, changes: &[Change], stack: Option<&str>) -> Result<(), Refused> {
        catalog::check(&self.stored.raw, changes, self.store.default_zone, stack)
    }
}
