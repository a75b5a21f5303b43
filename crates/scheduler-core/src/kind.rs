//! The kinds of resource that Dayshift starts and stops.
//!
//! A kind is added here, as a file of `scheduler-aws`, as a policy of `spoke.yaml` and as a section of
//! `docs/kinds.md`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::InvalidName;

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An EC2 instance.
    Ec2Instance,
    /// An RDS instance that belongs to no cluster.
    RdsInstance,
    /// A cluster of databases: Aurora, DocumentDB or Neptune.
    RdsCluster,
    /// An Auto Scaling group, which rests at a size of nought.
    Asg,
    /// An ECS service, which rests at a count of nought. Its id is `CLUSTER/SERVICE`.
    EcsService,
    /// A provisioned Redshift cluster.
    RedshiftCluster,
}

impl Kind {
    /// Every kind, in the order in which a pass lists them.
    pub const ALL: [Kind; 6] = [
        Kind::Ec2Instance,
        Kind::RdsInstance,
        Kind::RdsCluster,
        Kind::Asg,
        Kind::EcsService,
        Kind::RedshiftCluster,
    ];

    /// The kind's name, as in settings, metrics and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Ec2Instance => "ec2-instance",
            Kind::RdsInstance => "rds-instance",
            Kind::RdsCluster => "rds-cluster",
            Kind::Asg => "asg",
            Kind::EcsService => "ecs-service",
            Kind::RedshiftCluster => "redshift-cluster",
        }
    }

    /// Whether it rests by being sized down to nought, so that a start has to know how large it was.
    pub fn is_sized(self) -> bool {
        match self {
            Kind::Asg | Kind::EcsService => true,
            Kind::Ec2Instance | Kind::RdsInstance | Kind::RdsCluster | Kind::RedshiftCluster => {
                false
            }
        }
    }
}

impl FromStr for Kind {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| InvalidName {
            what: "a kind",
            text: text.into(),
            rule: "write `ec2-instance`, `rds-instance`, `rds-cluster`, `asg`, `ecs-service` or `redshift-cluster`",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written_and_offered_to_who_mistypes_one() {
        let rule = "ec2".parse::<Kind>().unwrap_err().rule;
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert!(rule.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
