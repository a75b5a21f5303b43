//! The engine's [`Cloud`]: which adapter serves which kind.

use scheduler_core::{
    Instant, Kind, Resource, ResourceId, Settings, Target, memory::Outcome, resource::Failure,
};
use scheduler_engine::Cloud;

use crate::{Aws, ec2::Ec2Instances, rds::RdsInstances};

/// The resources of every spoke, as one pass sees them.
#[derive(Debug)]
pub struct Spokes<'a> {
    aws: &'a Aws,
    settings: &'a Settings,
    pass: Instant,
}

impl Aws {
    /// The resources of every spoke that the settings name, for a pass at an instant.
    pub fn spokes<'a>(&'a self, settings: &'a Settings, pass: Instant) -> Spokes<'a> {
        Spokes { aws: self, settings, pass }
    }
}

/// What is to become of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Start,
    Stop,
}

impl Spokes<'_> {
    /// The one place that knows which file serves which kind, but for [`list`](Cloud::list).
    async fn change(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
        change: Change,
    ) -> Vec<(ResourceId, Outcome)> {
        let spoke = match self.aws.spoke(self.settings, target, self.pass).await {
            Ok(spoke) => spoke,
            Err(failure) => return all_failed(ids, &failure),
        };
        match kind {
            Kind::Ec2Instance => {
                Ec2Instances { client: self.aws.ec2(&target.region), spoke }
                    .change(ids, change)
                    .await
            }
            Kind::RdsInstance => {
                RdsInstances { client: self.aws.rds(&target.region), spoke }
                    .change(ids, change)
                    .await
            }
        }
    }
}

impl Cloud for Spokes<'_> {
    async fn list(&self, target: &Target, kind: Kind) -> Result<Vec<Resource>, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        let tag_key = &self.settings.tag_key;
        match kind {
            Kind::Ec2Instance => {
                Ec2Instances { client: self.aws.ec2(&target.region), spoke }.list(tag_key).await
            }
            Kind::RdsInstance => {
                RdsInstances { client: self.aws.rds(&target.region), spoke }.list(tag_key).await
            }
        }
    }

    async fn start(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        self.change(target, kind, ids, Change::Start).await
    }

    async fn stop(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        self.change(target, kind, ids, Change::Stop).await
    }
}

/// Nothing was called for any of them.
fn all_failed(ids: &[ResourceId], failure: &Failure) -> Vec<(ResourceId, Outcome)> {
    ids.iter().map(|id| (id.clone(), Outcome::Failed(failure.clone()))).collect()
}
