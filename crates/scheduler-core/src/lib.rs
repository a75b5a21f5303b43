//! What a schedule means, and what to do about it.
//!
//! This crate is pure: it knows time zones but not the time, and reaches neither network, files, threads
//! nor environment. `now` is always an argument. It holds the middle of the corridor that every pass walks:
//!
//! ```text
//! event ──▶ config ──▶ targets ──▶ observe ──▶ decide ──▶ act ──▶ record
//!           ^^^^^^     ^^^^^^^                 ^^^^^^
//!           [Config]   [Settings::targets]     [decision]
//! ```
//!
//! * [`config`]: stored items ([`RawConfig`]) become a [`Config`]; every mistake is reported at once, and a bad
//!   schedule does not harm the others.
//! * [`schedule`] and [`verdict`](mod@verdict): what a schedule wants at an instant, since when and until when.
//! * [`decision`]: what to do with one resource, given what was observed, what is wanted and what is remembered.
//!
//! # Invariants
//!
//! | promise | held by |
//! |---|---|
//! | no clock, no environment | `clippy.toml` of this crate; chrono without its `clock` and `now` features |
//! | no tokio, no AWS crate | `tests/tests/fences.rs` over `cargo tree` |
//! | a decision has a row for every case | the snapshot in `src/decision/truth_table.rs` |
//! | `leave` carries its reason | [`decision::Action::Leave`] cannot be built without a [`decision::Why`] |
//! | edges and evaluation agree | the property test in `src/verdict.rs` |
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod catalog;
pub mod config;
pub mod cron;
pub mod day;
pub mod decision;
pub mod exclusion;
pub mod fit;
pub mod grammar;
pub mod id;
pub mod kind;
pub mod labels;
pub mod lint;
pub mod marks;
pub mod memory;
pub mod mistake;
pub mod overrides;
pub mod resource;
pub mod schedule;
pub mod settings;
pub mod size;
pub mod stretch;
pub mod verdict;
pub mod window;

mod evaluate;
mod fired;

pub use config::{Config, RawConfig, RawItem};
pub use id::{
    AccountId, InstanceType, ParameterName, Partition, Region, ResourceId, RoleName, ScheduleName,
    Target, UnitId,
};
pub use kind::Kind;
pub use mistake::Mistake;
pub use resource::{Observed, Resource, ResourceKey};
pub use schedule::{Desired, Schedule};
pub use settings::Settings;
pub use verdict::Verdict;

/// An instant, always in UTC. Wall-clock times exist only inside a schedule's zone.
pub type Instant = chrono::DateTime<chrono::Utc>;
