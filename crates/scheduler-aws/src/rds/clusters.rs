//! Clusters of databases: `DescribeDBClusters`, `StartDBCluster`, `StopDBCluster`. They serve Aurora, DocumentDB, Neptune
//! and Multi-AZ DB clusters alike.

use aws_sdk_rds::{
    Client,
    types::{DbCluster, WriteForwardingStatus},
};
use futures::{FutureExt, future::BoxFuture};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    decision::Step,
    memory::Outcome,
    resource::{Failure, Unsuitable},
};
use scheduler_engine::ports::Order;

use super::database::{instant, marks, observed, windows};
use crate::{
    cloud::Adapter,
    each::{each, no_resize},
    failure::{failure, outcome},
    pages,
    session::{Spoke, as_spoke},
};

/// `DescribeDBClusters` answers at most this many a page.
const PAGE: i32 = 100;

/// The clusters of one target.
#[derive(Debug)]
pub(crate) struct RdsClusters {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
}

impl Adapter for RdsClusters {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        pages::all(move |marker| self.page(tag_key, marker)).boxed()
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        each(orders, |order| self.change(order))
    }
}

impl RdsClusters {
    fn as_spoke(&self) -> aws_sdk_rds::config::Builder {
        as_spoke!(aws_sdk_rds, self.spoke)
    }

    async fn page(
        &self,
        tag_key: &str,
        marker: Option<String>,
    ) -> Result<(Vec<Resource>, Option<String>), Failure> {
        let request = self.client.describe_db_clusters().max_records(PAGE).set_marker(marker);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        let page = answer.map_err(|error| failure("rds:DescribeDBClusters", &error))?;
        let found = page.db_clusters().iter().filter_map(|cluster| resource(cluster, tag_key));
        Ok((found.collect(), page.marker))
    }

    async fn change(&self, order: &Order) -> Outcome {
        let id = order.id.as_str();
        match order.step {
            Step::Start { .. } => self.start(id).await,
            Step::Stop { .. } => self.stop(id).await,
            Step::Resize { .. } => no_resize(Kind::RdsCluster),
        }
    }

    async fn start(&self, id: &str) -> Outcome {
        let request = self.client.start_db_cluster().db_cluster_identifier(id);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("rds:StartDBCluster", answer)
    }

    async fn stop(&self, id: &str) -> Outcome {
        let request = self.client.stop_db_cluster().db_cluster_identifier(id);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("rds:StopDBCluster", answer)
    }
}

/// The cluster as a resource; none if it lacks the tag, or an id.
fn resource(cluster: &DbCluster, tag_key: &str) -> Option<Resource> {
    let marks = marks(cluster.tag_list(), tag_key)?;
    let id = cluster.db_cluster_identifier()?.parse().ok()?;
    let key = ResourceKey { kind: Kind::RdsCluster, id };
    let observed =
        unsuitable(cluster).map_or_else(|| observed(cluster.status()), Observed::Unsuitable);
    Some(Resource {
        instance_type: cluster.db_cluster_instance_class().and_then(|text| text.parse().ok()),
        restarts_at: instant(cluster.automatic_restart_time()),
        windows: windows(cluster.preferred_maintenance_window(), cluster.preferred_backup_window()),
        ..Resource::new(key, marks, observed)
    })
}

/// Why RDS would refuse to stop this cluster, if it would.
fn unsuitable(cluster: &DbCluster) -> Option<Unsuitable> {
    if is_global(cluster) {
        return Some(Unsuitable::GlobalMember);
    }
    match cluster.engine_mode().unwrap_or_default() {
        "serverless" => return Some(Unsuitable::Serverless),
        // Modes of Aurora MySQL 1, which cannot be stopped in them; none can be made any more.
        "parallelquery" | "multimaster" => return Some(Unsuitable::BadState),
        // `provisioned`, serverless of the second generation included; DocumentDB and Neptune give none.
        _ => {}
    }
    // "Limitations of Multi-AZ DB clusters", RDS User Guide.
    let engine = cluster.engine().unwrap_or_default();
    if !["aurora", "docdb", "neptune"].iter().any(|family| engine.starts_with(family)) {
        return Some(Unsuitable::MultiAz);
    }
    if cluster.replication_source_identifier().is_some_and(|source| !source.is_empty()) {
        Some(Unsuitable::ReadReplica)
    } else if cluster.read_replica_identifiers().iter().any(|id| is_elsewhere(id, cluster)) {
        Some(Unsuitable::ReplicaSource)
    } else {
        None
    }
}

/// Whether it belongs to a global database. Older answers do not name it, but a secondary cluster that forwards its
/// writes gives itself away. (One that says `disabled` may be any.)
fn is_global(cluster: &DbCluster) -> bool {
    let is_named = cluster.global_cluster_identifier().is_some_and(|name| !name.is_empty());
    let forwards = matches!(
        cluster.global_write_forwarding_status(),
        Some(
            WriteForwardingStatus::Enabled
                | WriteForwardingStatus::Enabling
                | WriteForwardingStatus::Disabling
        )
    );
    is_named || forwards || cluster.engine_mode() == Some("global")
}

/// Whether a replica, named by its ARN, is in another Region than its source. Those within one Region are no obstacle.
fn is_elsewhere(replica: &str, cluster: &DbCluster) -> bool {
    let region = |arn: &str| arn.split(':').nth(3).map(str::to_owned);
    let own = cluster.db_cluster_arn().and_then(region);
    region(replica).is_some_and(|theirs| own.is_some_and(|own| own != theirs))
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{Tag, builders::DbClusterBuilder};

    use super::*;

    fn cluster() -> DbClusterBuilder {
        DbCluster::builder()
            .db_cluster_identifier("aurora-1")
            .db_cluster_arn("arn:aws:rds:eu-west-1:222222222222:cluster:aurora-1")
            .engine("aurora-postgresql")
            .engine_mode("provisioned")
            .status("available")
            .tag_list(Tag::builder().key("Schedule").value("office").build())
    }

    #[test]
    fn a_cluster_with_the_tag_is_a_resource() {
        let described = cluster()
            .db_cluster_instance_class("db.m6gd.large")
            .preferred_maintenance_window("sun:05:00-sun:06:00")
            .preferred_backup_window("")
            .build();
        let found = resource(&described, "Schedule").unwrap();
        assert_eq!(found.key.to_string(), "rds-cluster/aurora-1");
        assert_eq!((found.marks.schedule.as_str(), found.windows.len()), ("office", 1));
        assert_eq!((found.observed, found.restarts_at), (Observed::Running, None));
        assert_eq!(found.instance_type.unwrap().as_str(), "db.m6gd.large");
        assert_eq!(resource(&described, "Other"), None);
    }

    #[test]
    fn what_rds_would_refuse_to_stop_is_unsuitable() {
        let check = |cluster: DbClusterBuilder, expected| {
            assert_eq!(unsuitable(&cluster.build()), expected);
        };
        check(cluster(), None);
        check(cluster().engine("neptune").set_engine_mode(None), None);
        check(cluster().engine_mode("serverless"), Some(Unsuitable::Serverless));
        check(cluster().engine("postgres").set_engine_mode(None), Some(Unsuitable::MultiAz));
        check(cluster().engine_mode("global"), Some(Unsuitable::GlobalMember));
        check(cluster().engine_mode("multimaster"), Some(Unsuitable::BadState));
        check(cluster().global_cluster_identifier("world"), Some(Unsuitable::GlobalMember));
        check(cluster().global_cluster_identifier(""), None);
        for (forwarding, expected) in [
            (WriteForwardingStatus::Enabled, Some(Unsuitable::GlobalMember)),
            (WriteForwardingStatus::Disabled, None),
        ] {
            check(cluster().global_write_forwarding_status(forwarding), expected);
        }
        check(cluster().replication_source_identifier("arn:..."), Some(Unsuitable::ReadReplica));
        let near = "arn:aws:rds:eu-west-1:222222222222:cluster:copy";
        check(cluster().read_replica_identifiers(near), None);
        let far = "arn:aws:rds:us-east-1:222222222222:cluster:copy";
        check(cluster().read_replica_identifiers(far), Some(Unsuitable::ReplicaSource));
    }
}
