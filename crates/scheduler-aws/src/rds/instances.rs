//! RDS instances: `DescribeDBInstances`, `StartDBInstance`, `StopDBInstance`.

use aws_sdk_rds::{Client, types::DbInstance};
use futures::{FutureExt, future::BoxFuture};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    decision::Step,
    memory::Outcome,
    resource::{Failure, Unsuitable},
};
use scheduler_engine::ports::Order;

use super::{
    database::{instant, marks, observed, windows},
    snapshots::{self, Snapshots},
};
use crate::{
    cloud::Adapter,
    each::{each, no_resize},
    failure::{failure, outcome},
    pages,
    session::{Spoke, as_spoke},
};

/// `DescribeDBInstances` answers at most this many a page.
const PAGE: i32 = 100;

/// The RDS instances of one target.
#[derive(Debug)]
pub(crate) struct RdsInstances {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
    /// The snapshots that stops take; none if they take none.
    pub(crate) snapshots: Option<Snapshots>,
}

impl Adapter for RdsInstances {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        pages::all(move |marker| self.page(tag_key, marker)).boxed()
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        async move {
            let outcomes = each(orders, |order| self.change(order)).await;
            if let Some(snapshots) = &self.snapshots {
                snapshots::tidy(&self.client, &self.spoke, snapshots, accepted(&outcomes)).await;
            }
            outcomes
        }
        .boxed()
    }
}

impl RdsInstances {
    fn as_spoke(&self) -> aws_sdk_rds::config::Builder {
        as_spoke!(aws_sdk_rds, self.spoke)
    }

    async fn page(
        &self,
        tag_key: &str,
        marker: Option<String>,
    ) -> Result<(Vec<Resource>, Option<String>), Failure> {
        let request = self.client.describe_db_instances().max_records(PAGE).set_marker(marker);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        let page = answer.map_err(|error| failure("rds:DescribeDBInstances", &error))?;
        let found = page.db_instances().iter().filter_map(|instance| resource(instance, tag_key));
        Ok((found.collect(), page.marker))
    }

    async fn change(&self, order: &Order) -> Outcome {
        let id = order.id.as_str();
        match order.step {
            Step::Start { .. } => self.start(id).await,
            Step::Stop { .. } => self.stop(id).await,
            Step::Resize { .. } => no_resize(Kind::RdsInstance),
        }
    }

    async fn start(&self, id: &str) -> Outcome {
        let request = self.client.start_db_instance().db_instance_identifier(id);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("rds:StartDBInstance", answer)
    }

    /// With a snapshot, if one is wanted: a stop that cannot have it is refused, and not made without.
    async fn stop(&self, id: &str) -> Outcome {
        let snapshot = self.snapshots.as_ref().map(|snapshots| snapshots.name(id));
        let request = self
            .client
            .stop_db_instance()
            .db_instance_identifier(id)
            .set_db_snapshot_identifier(snapshot);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("rds:StopDBInstance", answer)
    }
}

/// The ids of those that were started or stopped.
fn accepted(outcomes: &[(ResourceId, Outcome)]) -> Vec<&str> {
    let done = outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Done);
    done.map(|(id, _)| id.as_str()).collect()
}

/// The instance as a resource; none if it lacks the tag, or an id.
fn resource(instance: &DbInstance, tag_key: &str) -> Option<Resource> {
    let marks = marks(instance.tag_list(), tag_key)?;
    let id = instance.db_instance_identifier()?.parse().ok()?;
    let key = ResourceKey { kind: Kind::RdsInstance, id };
    let observed = unsuitable(instance)
        .map_or_else(|| observed(instance.db_instance_status()), Observed::Unsuitable);
    Some(Resource {
        instance_type: instance.db_instance_class().and_then(|text| text.parse().ok()),
        restarts_at: instant(instance.automatic_restart_time()),
        windows: windows(
            instance.preferred_maintenance_window(),
            instance.preferred_backup_window(),
        ),
        ..Resource::new(key, marks, observed)
    })
}

/// Why RDS would refuse to stop this instance on its own, if it would.
fn unsuitable(instance: &DbInstance) -> Option<Unsuitable> {
    let engine = instance.engine().unwrap_or_default();
    let is_clustered =
        ["aurora", "docdb", "neptune"].iter().any(|family| engine.starts_with(family));
    let is_replica = instance.read_replica_source_db_instance_identifier().is_some()
        || instance.read_replica_source_db_cluster_identifier().is_some();
    let is_source = !instance.read_replica_db_instance_identifiers().is_empty()
        || !instance.read_replica_db_cluster_identifiers().is_empty();
    if is_clustered || instance.db_cluster_identifier().is_some() {
        Some(Unsuitable::ClusterMember)
    } else if is_replica {
        Some(Unsuitable::ReadReplica)
    } else if is_source {
        Some(Unsuitable::ReplicaSource)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{Tag, builders::DbInstanceBuilder};
    use aws_smithy_types::DateTime;

    use super::*;

    fn instance() -> DbInstanceBuilder {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        DbInstance::builder()
            .db_instance_identifier("db-1")
            .db_instance_class("db.t4g.medium")
            .engine("postgres")
            .db_instance_status("available")
            .tag_list(tag("Schedule", "office"))
            .tag_list(tag("ScheduleExcludeUntil", "2026-03-09"))
    }

    #[test]
    fn an_instance_with_the_tag_is_a_resource() {
        let described = instance()
            .db_instance_status("stopped")
            .preferred_maintenance_window("sun:05:00-sun:06:00")
            .preferred_backup_window("03:00-03:30")
            .automatic_restart_time(DateTime::from_secs(1_772_474_400))
            .build();
        let found = resource(&described, "Schedule").unwrap();
        assert_eq!(found.key.to_string(), "rds-instance/db-1");
        assert_eq!(found.marks.schedule, "office");
        assert_eq!(found.marks.exclude_until.as_deref(), Some("2026-03-09"));
        assert_eq!(found.instance_type.unwrap().as_str(), "db.t4g.medium");
        assert_eq!((found.observed, found.windows.len()), (Observed::Stopped, 2));
        assert_eq!(found.restarts_at, Some("2026-03-02T18:00:00Z".parse().unwrap()));
        assert_eq!(resource(&described, "Other"), None);
    }

    #[test]
    fn what_rds_would_refuse_to_stop_is_unsuitable() {
        let check = |instance: DbInstanceBuilder, expected| {
            assert_eq!(unsuitable(&instance.build()), expected);
        };
        check(instance(), None);
        check(instance().engine("aurora-mysql"), Some(Unsuitable::ClusterMember));
        check(instance().db_cluster_identifier("c"), Some(Unsuitable::ClusterMember));
        let replica = instance().read_replica_source_db_instance_identifier("db-0");
        check(replica, Some(Unsuitable::ReadReplica));
        let replica = instance().read_replica_source_db_cluster_identifier("c");
        check(replica, Some(Unsuitable::ReadReplica));
        let source = instance().read_replica_db_instance_identifiers("db-2");
        check(source, Some(Unsuitable::ReplicaSource));
        let source = instance().read_replica_db_cluster_identifiers("c");
        check(source, Some(Unsuitable::ReplicaSource));
    }
}
