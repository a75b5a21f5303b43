//! The engine's [`Cloud`]: which adapter serves which kind.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use scheduler_core::{
    Instant, Kind, Resource, ResourceId, Settings, Target, labels::Labelling, memory::Outcome,
    resource::Failure, window::NamedWindows,
};
use scheduler_engine::{Cloud, ports::Order, rate::Rates};

use crate::{
    Aws,
    asg::AutoScalingGroups,
    ec2::Ec2Instances,
    ecs::EcsServices,
    rds::{RdsClusters, RdsInstances, Snapshots},
    redshift::RedshiftClusters,
    session::Spoke,
    tags::Labeller,
};

/// The resources of every spoke, as one pass sees them.
#[derive(Debug)]
pub struct Spokes<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) settings: &'a Settings,
    pub(crate) pass: Instant,
    /// What may still be called in each target: for the pass only, since nobody knows what is called between passes.
    rates: Mutex<HashMap<Target, Arc<Rates>>>,
}

impl Aws {
    /// The resources of every spoke that the settings name, for a pass at an instant.
    pub fn spokes<'a>(&'a self, settings: &'a Settings, pass: Instant) -> Spokes<'a> {
        Spokes { aws: self, settings, pass, rates: Mutex::default() }
    }
}

/// The resources of one kind in one target.
pub(crate) trait Adapter: Send + Sync {
    /// Those that carry the schedule tag.
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>>;

    /// Carries out orders. The answer has each id once.
    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>>;
}

impl Spokes<'_> {
    fn rates(&self, target: &Target) -> Arc<Rates> {
        // A poisoned lock means that making rates panicked; the map itself is whole.
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rates) = rates.get(target) {
            return rates.clone();
        }
        let full = Arc::new(self.aws.rates());
        rates.insert(target.clone(), full.clone());
        full
    }

    pub(crate) fn ec2(&self, target: &Target, spoke: Spoke) -> Ec2Instances {
        Ec2Instances { client: self.aws.ec2(&target.region), spoke, rates: self.rates(target) }
    }

    /// The one place that knows which file serves which kind.
    fn adapter(&self, target: &Target, kind: Kind, spoke: Spoke) -> Box<dyn Adapter> {
        let (aws, region) = (self.aws, &target.region);
        match kind {
            Kind::Ec2Instance => Box::new(self.ec2(target, spoke)),
            Kind::RdsInstance => Box::new(RdsInstances {
                client: aws.rds(region),
                spoke,
                snapshots: self.snapshots(),
            }),
            Kind::RdsCluster => Box::new(RdsClusters { client: aws.rds(region), spoke }),
            Kind::Asg => Box::new(AutoScalingGroups { client: aws.autoscaling(region), spoke }),
            Kind::EcsService => Box::new(EcsServices {
                ecs: aws.ecs(region),
                scaling: aws.scaling(region),
                tagging: aws.tagging(region),
                spoke,
            }),
            Kind::RedshiftCluster => {
                Box::new(RedshiftClusters { client: aws.redshift(region), spoke })
            }
        }
    }

    /// The snapshots that stops of databases take in this pass; none if the deployment wants none.
    fn snapshots(&self) -> Option<Snapshots> {
        let prefix = self.settings.snapshot_prefix.clone()?;
        Some(Snapshots { prefix, pass: self.pass })
    }
}

impl Cloud for Spokes<'_> {
    async fn list(&self, target: &Target, kind: Kind) -> Result<Vec<Resource>, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        self.adapter(target, kind, spoke).list(&self.settings.tag_key).await
    }

    async fn windows(&self, target: &Target) -> Result<NamedWindows, Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        self.aws.windows(target, &spoke, self.pass).await
    }

    async fn carry_out(
        &self,
        target: &Target,
        kind: Kind,
        orders: &[Order],
    ) -> Vec<(ResourceId, Outcome)> {
        match self.aws.spoke(self.settings, target, self.pass).await {
            Ok(spoke) => self.adapter(target, kind, spoke).carry_out(orders).await,
            // Nothing was called for any of them.
            Err(failure) => {
                let failed = |order: &Order| (order.id.clone(), Outcome::Failed(failure.clone()));
                orders.iter().map(failed).collect()
            }
        }
    }

    async fn label(
        &self,
        target: &Target,
        kind: Kind,
        labellings: &[(ResourceId, Labelling)],
    ) -> Result<(), Failure> {
        let spoke = self.aws.spoke(self.settings, target, self.pass).await?;
        let labeller = Labeller { aws: self.aws, target, spoke, rates: self.rates(target) };
        labeller.label(kind, labellings).await
    }
}
