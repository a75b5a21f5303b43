//! The hub: an event in, a pass, a summary out.
//!
//! [`Hub::answer`] is the whole corridor for one event. The Lambda function (`bootstrap`, in `main.rs`) and the
//! demo of the command line both call it; they differ in where the [`Aws`](scheduler_aws::Aws) they hand it
//! leads.
#![warn(missing_docs)]

mod accounts;
pub mod admin;
pub mod answer;
pub mod doctor;
pub mod event;
pub mod hub;
mod known;
mod passes;
mod shards;

pub use admin::{Admin, AdminError};
pub use answer::{Answer, HubError};
pub use event::{BadEvent, Event, Request};
pub use hub::{Hub, Invocation};

/// The functions of a deployment, one artefact for all: which one it is, is its handler's name and its own name's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Runs passes. It alone reaches spokes.
    Scheduler,
    /// Changes the ConfigTable. It touches no resource.
    Admin,
}

impl Door {
    /// Every function.
    pub const ALL: [Door; 2] = [Door::Scheduler, Door::Admin];

    /// The handler's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Scheduler => "scheduler",
            Door::Admin => "admin",
        }
    }

    /// The function of a stack: `night-admin`.
    pub fn function_of(self, stack: &str) -> String {
        format!("{stack}-{}", self.as_str())
    }
}

impl std::str::FromStr for Door {
    type Err = UnknownHandler;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Door::ALL.into_iter().find(|door| door.as_str() == text);
        found.ok_or_else(|| UnknownHandler(text.to_owned()))
    }
}

/// A handler's name that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no handler `{0}`; the function's handler has to be `scheduler` or `admin`")]
pub struct UnknownHandler(String);

/// Where the settings of a function are: `/dayshift/STACK` for a function called `STACK-scheduler` or `STACK-admin`.
///
/// ```
/// assert_eq!(scheduler_hub::prefix_of("night-scheduler"), "/dayshift/night");
/// assert_eq!(scheduler_hub::prefix_of("night-admin"), "/dayshift/night");
/// ```
pub fn prefix_of(function_name: &str) -> String {
    let stack = function_name
        .rsplit_once('-')
        .filter(|(_, door)| door.parse::<Door>().is_ok())
        .map_or(function_name, |(stack, _)| stack);
    format!("/dayshift/{stack}")
}
