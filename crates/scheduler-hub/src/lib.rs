//! The hub: an event in, a pass, a summary out.
//!
//! [`Hub::answer`] is the whole corridor for one event. The Lambda function (`bootstrap`, in `main.rs`) and the
//! demo of the command line both call it; they differ in where the [`Aws`](scheduler_aws::Aws) they hand it
//! leads.
#![warn(missing_docs)]

pub mod doctor;
pub mod event;
pub mod hub;

pub use event::{BadEvent, Event, Request};
pub use hub::{Answer, Hub, HubError, Invocation};

/// Where the settings of a function are: `/dayshift/STACK` for a function called `STACK-scheduler`.
///
/// ```
/// assert_eq!(scheduler_hub::prefix_of("night-scheduler"), "/dayshift/night");
/// ```
pub fn prefix_of(function_name: &str) -> String {
    format!("/dayshift/{}", function_name.strip_suffix("-scheduler").unwrap_or(function_name))
}
