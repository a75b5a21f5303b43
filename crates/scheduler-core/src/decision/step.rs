//! What there is to be done to one resource, and what it is done for.

use std::fmt;

use crate::{Instant, id::InstanceType, memory::InFlight, resource::Failure, size::Size};

/// A change to one resource, with all that has to be known to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start it.
    Start {
        /// The instance types to start it as, the best first; none: as what it is.
        types: Vec<InstanceType>,
        /// How large to make it, where the kind is sized.
        size: Option<Size>,
    },
    /// Stop it.
    Stop {
        /// Whether to have it hibernate.
        hibernate: bool,
        /// How large it was, where the kind is sized.
        size: Option<Size>,
    },
    /// Stop it, so that a later pass can start it as another instance type.
    Resize {
        /// The instance types to start it as, the best first.
        types: Vec<InstanceType>,
    },
}

impl Step {
    /// What is remembered of it while it is under way.
    pub fn intent(&self) -> InFlight {
        match self {
            Step::Start { .. } => InFlight::Start,
            Step::Stop { .. } => InFlight::Stop,
            Step::Resize { .. } => InFlight::Resize,
        }
    }

    /// The instance type that it asks for first, if it asks for one.
    pub fn instance_type(&self) -> Option<&InstanceType> {
        match self {
            Step::Start { types, .. } | Step::Resize { types } => types.first(),
            Step::Stop { .. } => None,
        }
    }
}

/// What a step is taken for, beside what the schedule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What is desired, and nothing beside it.
    Desired,
    /// A window is open.
    Window {
        /// The window.
        name: String,
        /// When it ends.
        until: Instant,
    },
    /// The window that it was started for is over.
    WindowOver,
    /// AWS has started it by itself after a week at rest.
    RestartedByAws,
    /// It fell back to rest after a start that AWS had accepted.
    FellBack(Failure),
    /// It runs as another instance type than it should.
    InstanceType(InstanceType),
    /// It runs, but Application Auto Scaling is still suspended.
    ScalingSuspended,
}

/// The cause as a clause; nothing for [`Cause::Desired`], whose reason is the verdict's.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Desired => Ok(()),
            Cause::Window { name, until } => {
                write!(f, "{name} is open until {}", until.format("%Y-%m-%dT%H:%M:%SZ"))
            }
            Cause::WindowOver => f.write_str("the window that it was started for is over"),
            Cause::RestartedByAws => {
                f.write_str("AWS had started it again, as it does after seven days at rest")
            }
            Cause::FellBack(failure) => {
                write!(f, "it fell back to rest after its start ({failure}), and is tried again")
            }
            Cause::InstanceType(wanted) => write!(f, "it is to run as {wanted}"),
            Cause::ScalingSuspended => {
                f.write_str("it runs, and its automatic scaling is still suspended")
            }
        }
    }
}
