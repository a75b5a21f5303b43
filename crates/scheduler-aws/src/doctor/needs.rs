//! What the role of a spoke has to allow, kind by kind: what `spoke.yaml` allows.

use scheduler_core::{Kind, Settings, Target};

/// A permission that a spoke role has to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The action: `rds:StartDBInstance`.
    pub action: &'static str,
    /// What it is done to: an ARN of that form, or `*`.
    pub resource: String,
    /// The parameter of `spoke.yaml` that gives it.
    pub parameter: &'static str,
    /// Whether nothing is started or stopped without it.
    pub is_vital: bool,
}

/// The permissions of one kind that no listing shows to be there. `id` is a resource's, for roles that are limited to
/// some; absent: one that nobody has.
pub fn needs(settings: &Settings, target: &Target, kind: Kind, id: Option<&str>) -> Vec<Need> {
    let arns = Arns { target, id };
    let mut needs: Vec<_> = power(kind)
        .iter()
        .map(|(action, on, is_vital)| Need {
            action,
            resource: arns.on(*on, kind),
            parameter: parameter(kind),
            is_vital: *is_vital,
        })
        .collect();
    if let Some(prefix) = settings.snapshot_prefix.as_ref().filter(|_| kind == Kind::RdsInstance) {
        needs.extend(snapshots(&arns, prefix));
    }
    if !settings.labels.is_empty() {
        needs.extend(tagging(kind).iter().map(|(action, on)| Need {
            action,
            resource: arns.on(*on, kind),
            parameter: "Tags",
            is_vital: false,
        }));
    }
    needs
}

/// What an action is done to.
#[derive(Clone, Copy, Debug)]
enum On {
    /// A resource of the kind.
    Itself,
    /// Nothing that has an ARN.
    Any,
    /// A scalable target of Application Auto Scaling.
    ScalableTarget,
}

/// What starting and stopping takes, beside what its listing calls, and whether it cannot be done without.
fn power(kind: Kind) -> &'static [(&'static str, On, bool)] {
    match kind {
        Kind::Ec2Instance => &[
            ("ec2:StartInstances", On::Itself, true),
            ("ec2:StopInstances", On::Itself, true),
            // Only schedules that name instance types ask for these.
            ("ec2:ModifyInstanceAttribute", On::Itself, false),
            ("ec2:DescribeInstanceTypes", On::Any, false),
        ],
        Kind::RdsInstance => {
            &[("rds:StartDBInstance", On::Itself, true), ("rds:StopDBInstance", On::Itself, true)]
        }
        Kind::RdsCluster => {
            &[("rds:StartDBCluster", On::Itself, true), ("rds:StopDBCluster", On::Itself, true)]
        }
        Kind::Asg => &[("autoscaling:UpdateAutoScalingGroup", On::Itself, true)],
        Kind::EcsService => &[
            ("ecs:DescribeServices", On::Any, true),
            ("ecs:UpdateService", On::Itself, true),
            ("application-autoscaling:DescribeScalableTargets", On::Any, true),
            ("application-autoscaling:RegisterScalableTarget", On::ScalableTarget, true),
        ],
        Kind::RedshiftCluster => &[
            ("redshift:PauseCluster", On::Itself, true),
            ("redshift:ResumeCluster", On::Itself, true),
        ],
    }
}

/// What a stop that leaves a snapshot takes.
fn snapshots(arns: &Arns<'_>, prefix: &str) -> [Need; 4] {
    let snapshot = arns.arn("rds", &format!("snapshot:{prefix}doctor"));
    let instance = arns.on(On::Itself, Kind::RdsInstance);
    [
        ("rds:CreateDBSnapshot", instance),
        ("rds:CreateDBSnapshot", snapshot.clone()),
        ("rds:DeleteDBSnapshot", snapshot),
        ("rds:DescribeDBSnapshots", "*".into()),
    ]
    .map(|(action, resource)| Need {
        action,
        resource,
        parameter: "SnapshotsOfHub",
        is_vital: true,
    })
}

/// The parameter of `spoke.yaml` that lets the hub start and stop a kind.
fn parameter(kind: Kind) -> &'static str {
    match kind {
        Kind::Ec2Instance => "Ec2Instances",
        Kind::RdsInstance => "RdsInstances",
        Kind::RdsCluster => "RdsClusters",
        Kind::Asg => "AutoScalingGroups",
        Kind::EcsService => "EcsServices",
        Kind::RedshiftCluster => "RedshiftClusters",
    }
}

impl Need {
    /// The permission for a call of a listing.
    pub fn of_listing(call: &str) -> Option<Self> {
        const LISTINGS: [(&str, &str); 9] = [
            ("ec2:DescribeInstances", "Ec2Instances"),
            ("ssm:DescribeMaintenanceWindows", "Ec2Instances"),
            ("rds:DescribeDBInstances", "RdsInstances"),
            ("rds:DescribeDBClusters", "RdsClusters"),
            ("autoscaling:DescribeAutoScalingGroups", "AutoScalingGroups"),
            ("tag:GetResources", "EcsServices"),
            ("ecs:DescribeServices", "EcsServices"),
            ("application-autoscaling:DescribeScalableTargets", "EcsServices"),
            ("redshift:DescribeClusters", "RedshiftClusters"),
        ];
        let (action, parameter) = LISTINGS.into_iter().find(|(known, _)| *known == call)?;
        Some(Self { action, resource: "*".into(), parameter, is_vital: true })
    }
}

/// What writing tags takes.
fn tagging(kind: Kind) -> &'static [(&'static str, On)] {
    match kind {
        Kind::Ec2Instance => &[("ec2:CreateTags", On::Itself), ("ec2:DeleteTags", On::Itself)],
        Kind::Asg => &[
            ("autoscaling:CreateOrUpdateTags", On::Itself),
            ("autoscaling:DeleteTags", On::Itself),
        ],
        Kind::RdsInstance | Kind::RdsCluster => &[
            ("rds:AddTagsToResource", On::Itself),
            ("rds:RemoveTagsFromResource", On::Itself),
            ("tag:TagResources", On::Any),
            ("tag:UntagResources", On::Any),
        ],
        Kind::EcsService => &[
            ("ecs:TagResource", On::Itself),
            ("ecs:UntagResource", On::Itself),
            ("tag:TagResources", On::Any),
            ("tag:UntagResources", On::Any),
        ],
        Kind::RedshiftCluster => &[
            ("redshift:CreateTags", On::Itself),
            ("redshift:DeleteTags", On::Itself),
            ("tag:TagResources", On::Any),
            ("tag:UntagResources", On::Any),
        ],
    }
}

/// The ARNs of one target.
struct Arns<'a> {
    target: &'a Target,
    id: Option<&'a str>,
}

impl Arns<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Target { partition, account, region } = self.target;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn on(&self, on: On, kind: Kind) -> String {
        match on {
            On::Itself => self.itself(kind),
            On::Any => "*".into(),
            On::ScalableTarget => self.arn("application-autoscaling", "scalable-target/0"),
        }
    }

    fn itself(&self, kind: Kind) -> String {
        /// An Auto Scaling group's ARN has an id that its name does not tell.
        const NIL: &str = "00000000-0000-0000-0000-000000000000";
        let id = |absent| self.id.unwrap_or(absent);
        match kind {
            Kind::Ec2Instance => {
                self.arn("ec2", &format!("instance/{}", id("i-00000000000000000")))
            }
            Kind::RdsInstance => self.arn("rds", &format!("db:{}", id("dayshift-doctor"))),
            Kind::RdsCluster => self.arn("rds", &format!("cluster:{}", id("dayshift-doctor"))),
            Kind::Asg => {
                let name = id("dayshift-doctor");
                let group = format!("autoScalingGroup:{NIL}:autoScalingGroupName/{name}");
                self.arn("autoscaling", &group)
            }
            Kind::EcsService => {
                self.arn("ecs", &format!("service/{}", id("dayshift-doctor/dayshift-doctor")))
            }
            Kind::RedshiftCluster => {
                self.arn("redshift", &format!("cluster:{}", id("dayshift-doctor")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What is asked for is what the template gives.
    #[test]
    fn the_template_of_a_spoke_gives_every_permission_that_is_needed() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let template = fs::read_to_string(format!("{root}/cloudformation/spoke.yaml")).unwrap();
        let parameters = [
            ("config-table", "c"),
            ("state-table", "s"),
            ("accounts", "222222222222"),
            ("create-rds-snapshot", "true"),
        ];
        let parameters = parameters.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let region = "eu-west-1".parse().unwrap();
        let (settings, _) = Settings::parse(&parameters, &region).unwrap();
        let target = Target::new("222222222222".parse().unwrap(), region);
        for kind in Kind::ALL {
            for Need { action, parameter, resource, .. } in needs(&settings, &target, kind, None) {
                let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
                assert!(template.split(action).skip(1).any(ends), "{action}");
                assert!(template.contains(&format!("\n  {parameter}:\n")), "{parameter}");
                assert!(resource == "*" || resource.contains(":eu-west-1:222222222222:"));
            }
        }
    }
}
