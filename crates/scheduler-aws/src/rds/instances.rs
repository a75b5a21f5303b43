//! RDS instances: `DescribeDBInstances`, `StartDBInstance`, `StopDBInstance`.
//!
//! The API cannot filter by tag, but its answers hold the tags, so every instance is listed and those without
//! the tag are dropped here; asking the tagging API first would cost a call more for each page.

use aws_sdk_rds::{Client, types::DbInstance};
use futures::{StreamExt, stream};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    exclusion::UNTIL,
    memory::Outcome,
    resource::{Failure, Unsuitable},
};

use crate::{
    cloud::Change,
    failure::{failure, outcome},
    session::{Spoke, as_spoke},
};

/// `DescribeDBInstances` answers at most this many a page.
const PAGE: i32 = 100;

/// Starts or stops under way at once in one target: each takes a call of its own.
const AT_ONCE: usize = 4;

/// The RDS instances of one target.
#[derive(Debug)]
pub(crate) struct RdsInstances {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
}

impl RdsInstances {
    fn as_spoke(&self) -> aws_sdk_rds::config::Builder {
        as_spoke!(aws_sdk_rds, self.spoke)
    }

    /// The instances that carry the tag.
    pub(crate) async fn list(&self, tag_key: &str) -> Result<Vec<Resource>, Failure> {
        let request = self.client.describe_db_instances().max_records(PAGE);
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let request = request.clone().set_marker(marker.take());
            let page = request.customize().config_override(self.as_spoke()).send().await;
            let page = page.map_err(|error| failure("rds:DescribeDBInstances", &error))?;
            found.extend(
                page.db_instances().iter().filter_map(|instance| resource(instance, tag_key)),
            );
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn change(
        &self,
        ids: &[ResourceId],
        change: Change,
    ) -> Vec<(ResourceId, Outcome)> {
        let calls = stream::iter(ids.iter().cloned()).map(async |id| {
            let outcome = self.call(id.as_str(), change).await;
            (id, outcome)
        });
        calls.buffer_unordered(AT_ONCE).collect().await
    }

    async fn call(&self, id: &str, change: Change) -> Outcome {
        match change {
            Change::Start => {
                let request = self.client.start_db_instance().db_instance_identifier(id);
                outcome(
                    "rds:StartDBInstance",
                    request.customize().config_override(self.as_spoke()).send().await,
                )
            }
            Change::Stop => {
                let request = self.client.stop_db_instance().db_instance_identifier(id);
                outcome(
                    "rds:StopDBInstance",
                    request.customize().config_override(self.as_spoke()).send().await,
                )
            }
        }
    }
}

/// The instance as a resource; none if it lacks the tag, or an id.
fn resource(instance: &DbInstance, tag_key: &str) -> Option<Resource> {
    let id = instance.db_instance_identifier()?.parse().ok()?;
    let tag = |key: &str| {
        let found = instance.tag_list().iter().find(|tag| tag.key() == Some(key))?;
        Some(found.value().unwrap_or_default().to_owned())
    };
    Some(Resource {
        key: ResourceKey { kind: Kind::RdsInstance, id },
        schedule_tag: tag(tag_key)?,
        exclude_until: tag(&format!("{tag_key}{UNTIL}")),
        observed: unsuitable(instance)
            .map_or_else(|| observed(instance.db_instance_status()), Observed::Unsuitable),
        instance_type: instance.db_instance_class().and_then(|text| text.parse().ok()),
    })
}

/// Why RDS would refuse to stop this instance on its own, if it would.
fn unsuitable(instance: &DbInstance) -> Option<Unsuitable> {
    let engine = instance.engine().unwrap_or_default();
    let is_clustered =
        ["aurora", "docdb", "neptune"].iter().any(|family| engine.starts_with(family));
    if is_clustered || instance.db_cluster_identifier().is_some() {
        Some(Unsuitable::ClusterMember)
    } else if instance.read_replica_source_db_instance_identifier().is_some() {
        Some(Unsuitable::ReadReplica)
    } else if !instance.read_replica_db_instance_identifiers().is_empty() {
        Some(Unsuitable::ReplicaSource)
    } else {
        None
    }
}

/// The state behind a status, by the table "Viewing DB instance status" of the RDS User Guide.
fn observed(status: Option<&str>) -> Observed {
    match status.unwrap_or_default() {
        "available" => Observed::Running,
        "stopped" => Observed::Stopped,
        "deleting" | "delete-precheck" => Observed::Gone,
        "failed"
        | "restore-error"
        | "storage-full"
        | "insufficient-capacity"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable" => {
            Observed::Unsuitable(Unsuitable::BadState)
        }
        status if status.starts_with("incompatible-") => Observed::Unsuitable(Unsuitable::BadState),
        _ => Observed::InTransition,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{Tag, builders::DbInstanceBuilder};

    use super::*;

    fn instance() -> DbInstanceBuilder {
        let tag = Tag::builder().key("Schedule").value("office").build();
        DbInstance::builder()
            .db_instance_identifier("db-1")
            .engine("postgres")
            .db_instance_status("available")
            .tag_list(tag)
    }

    #[test]
    fn statuses_are_observed() {
        for (status, expected) in [
            ("available", Observed::Running),
            ("stopped", Observed::Stopped),
            ("stopping", Observed::InTransition),
            ("backing-up", Observed::InTransition),
            ("deleting", Observed::Gone),
            ("incompatible-network", Observed::Unsuitable(Unsuitable::BadState)),
        ] {
            assert_eq!(observed(Some(status)), expected, "{status}");
        }
    }

    #[test]
    fn what_rds_would_refuse_to_stop_is_unsuitable() {
        let check = |instance: DbInstanceBuilder, expected| {
            let found = resource(&instance.build(), "Schedule").unwrap();
            assert_eq!(found.observed, expected);
        };
        check(instance(), Observed::Running);
        check(instance().engine("aurora-mysql"), Observed::Unsuitable(Unsuitable::ClusterMember));
        check(
            instance().db_cluster_identifier("c"),
            Observed::Unsuitable(Unsuitable::ClusterMember),
        );
        check(
            instance().read_replica_source_db_instance_identifier("db-0"),
            Observed::Unsuitable(Unsuitable::ReadReplica),
        );
        check(
            instance().read_replica_db_instance_identifiers("db-2"),
            Observed::Unsuitable(Unsuitable::ReplicaSource),
        );
    }

    #[test]
    fn an_instance_without_the_tag_is_none_of_ours() {
        assert_eq!(resource(&instance().build(), "Other"), None);
    }
}
