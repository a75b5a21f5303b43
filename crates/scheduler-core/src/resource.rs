//! Resources as a pass sees them, and what can go wrong with one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    id::{InstanceType, ResourceId},
    kind::Kind,
    marks::Marks,
    size::Size,
    window::Window,
};

/// One thing that can run or rest, as AWS described it a moment ago. It may have changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Which resource of its target.
    pub key: ResourceKey,
    /// What its tags say.
    pub marks: Marks,
    /// What it is doing.
    pub observed: Observed,
    /// Its instance type or class, where the kind has one.
    pub instance_type: Option<InstanceType>,
    /// How large it is, where the kind [is sized](Kind::is_sized).
    pub size: Option<Size>,
    /// Whether it can hibernate.
    pub can_hibernate: bool,
    /// Why it rests, if AWS brought it down and nobody asked for that: a start that AWS had accepted.
    pub fell: Option<Failure>,
    /// When AWS will start it without being asked, if it rests and AWS will.
    pub restarts_at: Option<Instant>,
    /// The windows that AWS has for it.
    pub windows: Vec<Window>,
}

impl Resource {
    /// A resource of which no more is known.
    pub fn new(key: ResourceKey, marks: Marks, observed: Observed) -> Self {
        Self {
            key,
            marks,
            observed,
            instance_type: None,
            size: None,
            can_hibernate: false,
            fell: None,
            restarts_at: None,
            windows: Vec::new(),
        }
    }
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
    /// A Spot Instance, which AWS takes back and which may not come back from a stop.
    Spot,
    /// An instance whose root volume is lost when it stops, so that EC2 only terminates it.
    InstanceStore,
    /// A serverless cluster of the first generation, which pauses by itself.
    Serverless,
    /// An RDS cluster across several zones that is none of Aurora's.
    MultiAz,
    /// A cluster of a global database.
    GlobalMember,
    /// A service with a task on each container instance, which has no count.
    Daemon,
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
            Unsuitable::Spot => "a Spot Instance, which may not come back from a stop",
            Unsuitable::InstanceStore => {
                "an instance with an instance store root volume, which EC2 does not stop"
            }
            Unsuitable::Serverless => "serverless of the first generation, which pauses by itself",
            Unsuitable::MultiAz => "a Multi-AZ DB cluster, which RDS does not stop",
            Unsuitable::GlobalMember => "part of a global database, which RDS does not stop",
            Unsuitable::Daemon => "a daemon service, which has no count of its own",
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
