//! Provisioned Redshift clusters: `DescribeClusters`, `PauseCluster`, `ResumeCluster`.
//!
//! Redshift refuses to pause a cluster without automated snapshots or with a hardware security module, and says so.

use aws_sdk_redshift::{Client, types::Cluster};
use futures::{FutureExt, future::BoxFuture};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    decision::Step,
    marks::Marks,
    memory::Outcome,
    resource::{Failure, Unsuitable},
    window::Window,
};
use scheduler_engine::ports::Order;

use crate::{
    cloud::Adapter,
    each::{each, no_resize},
    failure::{failure, outcome},
    pages,
    session::{Spoke, as_spoke},
};

/// `DescribeClusters` answers at most this many a page.
const PAGE: i32 = 100;

/// The Redshift clusters of one target.
#[derive(Debug)]
pub(crate) struct RedshiftClusters {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
}

impl Adapter for RedshiftClusters {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        pages::all(move |marker| self.page(tag_key, marker)).boxed()
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        each(orders, |order| self.change(order))
    }
}

impl RedshiftClusters {
    fn as_spoke(&self) -> aws_sdk_redshift::config::Builder {
        as_spoke!(aws_sdk_redshift, self.spoke)
    }

    async fn page(
        &self,
        tag_key: &str,
        marker: Option<String>,
    ) -> Result<(Vec<Resource>, Option<String>), Failure> {
        let request =
            self.client.describe_clusters().tag_keys(tag_key).max_records(PAGE).set_marker(marker);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        let page = answer.map_err(|error| failure("redshift:DescribeClusters", &error))?;
        let found = page.clusters().iter().filter_map(|cluster| resource(cluster, tag_key));
        Ok((found.collect(), page.marker))
    }

    async fn change(&self, order: &Order) -> Outcome {
        let id = order.id.as_str();
        match order.step {
            Step::Start { .. } => self.resume(id).await,
            Step::Stop { .. } => self.pause(id).await,
            Step::Resize { .. } => no_resize(Kind::RedshiftCluster),
        }
    }

    async fn resume(&self, id: &str) -> Outcome {
        let request = self.client.resume_cluster().cluster_identifier(id);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("redshift:ResumeCluster", answer)
    }

    async fn pause(&self, id: &str) -> Outcome {
        let request = self.client.pause_cluster().cluster_identifier(id);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("redshift:PauseCluster", answer)
    }
}

/// The cluster as a resource; none if it lacks the tag, or an id.
fn resource(cluster: &Cluster, tag_key: &str) -> Option<Resource> {
    let tags = cluster.tags().iter();
    let texts = tags.filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    let marks = Marks::read(tag_key, texts)?;
    let id = cluster.cluster_identifier()?.parse().ok()?;
    let key = ResourceKey { kind: Kind::RedshiftCluster, id };
    let window = cluster.preferred_maintenance_window();
    Some(Resource {
        instance_type: cluster.node_type().and_then(|text| text.parse().ok()),
        windows: window.and_then(|text| Window::weekly(text).ok()).into_iter().collect(),
        ..Resource::new(key, marks, observed(cluster.cluster_status()))
    })
}

/// The state behind a status, by the list of `ClusterStatus` in the API reference.
fn observed(status: Option<&str>) -> Observed {
    match status.unwrap_or_default() {
        "available" => Observed::Running,
        "paused" => Observed::Stopped,
        "deleting" | "final-snapshot" => Observed::Gone,
        "hardware-failure" | "storage-full" => Observed::Unsuitable(Unsuitable::BadState),
        status if status.starts_with("incompatible-") => Observed::Unsuitable(Unsuitable::BadState),
        // Among them `available, prep-for-resize`, in which it cannot be paused.
        _ => Observed::InTransition,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_redshift::types::Tag;

    use super::*;

    #[test]
    fn statuses_are_observed() {
        let bad = Observed::Unsuitable(Unsuitable::BadState);
        for (status, expected) in [
            ("available", Observed::Running),
            ("available, prep-for-resize", Observed::InTransition),
            ("paused", Observed::Stopped),
            ("pausing", Observed::InTransition),
            ("resuming", Observed::InTransition),
            ("final-snapshot", Observed::Gone),
            ("hardware-failure", bad),
            ("incompatible-hsm", bad),
            ("something-new", Observed::InTransition),
        ] {
            assert_eq!(observed(Some(status)), expected, "{status}");
        }
    }

    #[test]
    fn a_cluster_with_the_tag_is_a_resource() {
        let described = |window: &str| {
            Cluster::builder()
                .cluster_identifier("warehouse")
                .cluster_status("available")
                .node_type("ra3.xlplus")
                .preferred_maintenance_window(window)
                .tags(Tag::builder().key("Schedule").value("office").build())
                .build()
        };
        let found = resource(&described("sun:05:00-sun:05:30"), "Schedule").unwrap();
        assert_eq!(found.key.to_string(), "redshift-cluster/warehouse");
        assert_eq!((found.marks.schedule.as_str(), found.windows.len()), ("office", 1));
        assert_eq!(found.instance_type.unwrap().as_str(), "ra3.xlplus");
        assert_eq!(resource(&described(""), "Schedule").unwrap().windows, []);
        assert_eq!(resource(&described(""), "Other"), None);
    }
}
