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

impl Spokes<'_> {
    async fn ec2_instances(&self, target: &Target) -> Result<Ec2Instances, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        Ok(Ec2Instances { client: self.aws.ec2(&target.region), spoke })
    }

    async fn rds_instances(&self, target: &Target) -> Result<RdsInstances, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        Ok(RdsInstances { client: self.aws.rds(&target.region), spoke })
    }
}

impl Cloud for Spokes<'_> {
    async fn list(&self, target: &Target, kind: Kind) -> Result<Vec<Resource>, Failure> {
        let tag_key = &self.settings.tag_key;
        match kind {
            Kind::Ec2Instance => self.ec2_instances(target).await?.list(tag_key).await,
            Kind::RdsInstance => self.rds_instances(target).await?.list(tag_key).await,
        }
    }

    async fn start(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        match kind {
            Kind::Ec2Instance => match self.ec2_instances(target).await {
                Ok(instances) => instances.start(ids).await,
                Err(failure) => all_failed(ids, &failure),
            },
            Kind::RdsInstance => match self.rds_instances(target).await {
                Ok(instances) => instances.start(ids).await,
                Err(failure) => all_failed(ids, &failure),
            },
        }
    }

    async fn stop(
        &self,
        target: &Target,
        kind: Kind,
        ids: &[ResourceId],
    ) -> Vec<(ResourceId, Outcome)> {
        match kind {
            Kind::Ec2Instance => match self.ec2_instances(target).await {
                Ok(instances) => instances.stop(ids).await,
                Err(failure) => all_failed(ids, &failure),
            },
            Kind::RdsInstance => match self.rds_instances(target).await {
                Ok(instances) => instances.stop(ids).await,
                Err(failure) => all_failed(ids, &failure),
            },
        }
    }
}

/// Nothing was called for any of them.
fn all_failed(ids: &[ResourceId], failure: &Failure) -> Vec<(ResourceId, Outcome)> {
    ids.iter().map(|id| (id.clone(), Outcome::Failed(failure.clone()))).collect()
}
