//! Resources as a pass sees them, and what can go wrong with one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{InstanceType, Kind, ResourceId};

/// One thing that can run or rest, as AWS described it a moment ago. It may have changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Which resource of its target.
    pub key: ResourceKey,
    /// The value of the schedule tag: the name of a schedule, if there is one by that name.
    pub schedule_tag: String,
    /// The value of its [exclude-until tag](crate::exclusion), if it has one.
    pub exclude_until: Option<String>,
    /// What it is doing.
    pub observed: Observed,
    /// Its instance type or class, where the kind has one.
    pub instance_type: Option<InstanceType>,
}

/// A resource within its target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// Its kind.
    pub kind: Kind,
    /// Its id within kind, account and Region.
    pub id: ResourceId,
}

/// `ec2-instance/i-0abc`: also the range key of the StateTable.
impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl std::str::FromStr for ResourceKey {
    type Err = crate::id::InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, id) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self { kind: kind.parse()?, id: id.parse()? })
    }
}

/// What AWS says a resource is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observed {
    /// It runs.
    Running,
    /// It rests, and can be started.
    Stopped,
    /// It is on its way from one state to another, and accepts neither a start nor a stop.
    InTransition,
    /// It no longer exists, or is about to stop existing.
    Gone,
    /// It cannot be started and stopped.
    Unsuitable(Unsuitable),
}

impl Observed {
    /// The observation as one word, for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Observed::Running => "running",
            Observed::Stopped => "stopped",
            Observed::InTransition => "in-transition",
            Observed::Gone => "gone",
            Observed::Unsuitable(_) => "unsuitable",
        }
    }
}

/// Why a resource cannot be started and stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsuitable {
    /// An instance of a database cluster: the cluster starts and stops as a whole.
    ClusterMember,
    /// A read replica: RDS does not stop one.
    ReadReplica,
    /// A database that read replicas copy from: RDS does not stop one.
    ReplicaSource,
    /// A member of an Auto Scaling group, which would replace it.
    GroupMember,
    /// A state from which AWS offers neither start nor stop, such as a failed database.
    BadState,
}

impl Unsuitable {
    /// The reason as a phrase that fits after "it is".
    pub fn phrase(self) -> &'static str {
        match self {
            Unsuitable::ClusterMember => {
                "a member of a database cluster, which starts and stops as a whole"
            }
            Unsuitable::ReadReplica => "a read replica, which RDS does not stop",
            Unsuitable::ReplicaSource => "the source of a read replica, which RDS does not stop",
            Unsuitable::GroupMember => "a member of an Auto Scaling group, which would replace it",
            Unsuitable::BadState => "in a state from which AWS neither starts nor stops it",
        }
    }
}

/// What AWS said no with, or why it could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class of failure.
    pub code: FailureCode,
    /// What AWS said.
    pub message: String,
}

/// The classes of failure that logs, metrics and reports share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The role is missing or may not do this.
    Denied,
    /// AWS asks to slow down.
    Throttled,
    /// AWS has no capacity of this type now.
    NoCapacity,
    /// The resource is in a state that does not allow this.
    WrongState,
    /// There is no such resource.
    NotFound,
    /// A limit of the account is reached.
    Quota,
    /// An encryption key cannot be used.
    EncryptionKey,
    /// AWS does not do this to this resource.
    Unsupported,
    /// AWS could not be reached, or did not answer in time.
    Unreachable,
    /// The pass ran out of time.
    Deadline,
    /// None of the above.
    Unknown,
}

impl FailureCode {
    /// The class's stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureCode::Denied => "denied",
            FailureCode::Throttled => "throttled",
            FailureCode::NoCapacity => "no-capacity",
            FailureCode::WrongState => "wrong-state",
            FailureCode::NotFound => "not-found",
            FailureCode::Quota => "quota",
            FailureCode::EncryptionKey => "encryption-key",
            FailureCode::Unsupported => "unsupported",
            FailureCode::Unreachable => "unreachable",
            FailureCode::Deadline => "deadline",
            FailureCode::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
