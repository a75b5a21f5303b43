//! AWS behind the engine's ports. The only crate that imports an AWS crate; it translates and never decides.
//!
//! [`Aws`] is one door to all of it: sessions for spokes (`session`), one file per kind (`ec2`, `rds`, `asg`,
//! `ecs`, `redshift`),
//! the stores ([`config_table`], [`state_table`], [`parameters`]), accounts ([`organizations`]), shards ([`queue`]) and
//! metrics ([`metrics`]). Each adapter builds
//! a request, sends it and parses the answer; the parse is a free function with a test. No SDK type leaves
//! this crate.
//!
//! # Invariants
//!
//! | promise | held by |
//! |---|---|
//! | one HTTP client, one SDK client per (service, Region) | [`Aws`] keeps them; credentials are given per call |
//! | a throttled account drains nobody else's retry budget | a retry partition per target, `session::Spoke`; `tests/adapters/` |
//! | every call has a time limit | [`connect`] sets them for all clients |
//! | a write without an answer is unknown, not failed | `outcome` in [`failure`] |
//! | each error has one class | [`failure::classify`] |
#![warn(missing_docs)]

pub mod callback;
pub mod cloud;
pub mod config_table;
pub mod connect;
pub mod doctor;
pub mod failure;
pub mod function;
pub mod metrics;
pub mod organizations;
pub mod parameters;
pub mod queue;
pub mod state_table;

mod asg;
mod clients;
mod count;
mod each;
mod ec2;
mod ecs;
mod network;
mod pages;
mod rds;
mod redshift;
mod session;
mod tags;
mod unheard;
mod windows;

use std::sync::Arc;

use aws_types::SdkConfig;
use scheduler_core::{Instant, Region};
use scheduler_engine::rate::Rates;

/// Everything that is kept from one pass to the next: clients, connections and sessions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(crate) clients: Arc<clients::Clients>,
    pub(crate) sessions: Arc<session::Sessions>,
    pub(crate) base: SdkConfig,
    home: Region,
    /// Whether anybody is there whom a slower pace would spare.
    is_paced: bool,
}

impl Aws {
    pub(crate) fn new(base: SdkConfig, home: Region) -> Self {
        Self { clients: Arc::default(), sessions: Arc::default(), base, home, is_paced: true }
    }

    /// The Region in which the hub and its stores are.
    pub fn home(&self) -> &Region {
        &self.home
    }

    /// What may be called in one target.
    pub(crate) fn rates(&self) -> Rates {
        if self.is_paced { Rates::full() } else { Rates::boundless() }
    }

    /// What time it is, by the clock that requests are signed with.
    pub fn now(&self) -> Instant {
        self.base.time_source().map_or(Instant::UNIX_EPOCH, |clock| clock.now().into())
    }
}
