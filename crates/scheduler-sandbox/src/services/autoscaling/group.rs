//! A group, and the instances it has. They follow its desired capacity with a delay that the clock decides.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::capacity::Capacity;

/// From launch to service, with a health check in between.
const LAUNCHING: Duration = Duration::minutes(2);
const TERMINATING: Duration = Duration::minutes(1);

#[derive(Debug)]
pub(super) struct Group {
    /// Which of the Region's groups it is, from the first ever.
    pub(super) number: u32,
    pub(super) capacity: Capacity,
    pub(super) zones: Vec<String>,
    pub(super) subnets: Option<String>,
    pub(super) launch: Launch,
    pub(super) tags: BTreeMap<String, Tag>,
    /// The processes that do nothing, and since when.
    pub(super) suspended: BTreeMap<String, DateTime<Utc>>,
    pub(super) created: DateTime<Utc>,
    pub(super) deletion: Deletion,
    pub(super) members: Vec<Member>,
    /// How many instances it ever had.
    pub(super) launched: u32,
}

/// What a group launches its instances from.
#[derive(Clone, Debug)]
pub(super) enum Launch {
    Configuration(String),
    Template { id: Option<String>, name: Option<String>, version: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) value: String,
    pub(super) propagate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    None,
    InProgress,
}

/// An instance of a group.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) number: u32,
    launched: DateTime<Utc>,
    terminated: Option<DateTime<Utc>>,
}

impl Member {
    pub(super) fn lifecycle(&self, now: DateTime<Utc>) -> &'static str {
        match self.terminated {
            Some(_) => "Terminating",
            None if now < self.launched + LAUNCHING => "Pending",
            None => "InService",
        }
    }

    fn is_gone(&self, now: DateTime<Utc>) -> bool {
        self.terminated.is_some_and(|at| at + TERMINATING <= now)
    }
}

impl Group {
    /// Launches what is missing, or terminates what is too much: the oldest first.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        let desired = self.capacity.desired as usize;
        let staying = self.staying();
        if !self.is_suspended("Launch") {
            for _ in staying..desired {
                self.launched += 1;
                let member = Member { number: self.launched, launched: now, terminated: None };
                self.members.push(member);
            }
        }
        if !self.is_suspended("Terminate") {
            let stay = self.members.iter_mut().filter(|member| member.terminated.is_none());
            for member in stay.take(staying.saturating_sub(desired)) {
                member.terminated = Some(now);
            }
        }
    }

    fn staying(&self) -> usize {
        self.members.iter().filter(|member| member.terminated.is_none()).count()
    }

    fn is_suspended(&self, process: &str) -> bool {
        self.suspended.contains_key(process)
    }

    pub(super) fn forget_terminated(&mut self, now: DateTime<Utc>) {
        self.members.retain(|member| !member.is_gone(now));
    }

    /// A deleted group stays until its last instance has gone.
    pub(super) fn is_gone(&self) -> bool {
        self.deletion == Deletion::InProgress && self.members.is_empty()
    }
}
