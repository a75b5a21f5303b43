//! A cluster in XML.

use super::cluster::{Cluster, Status};
use crate::services::{Call, instant, tags};
use crate::wire::Xml;

/// Writes the members of a `Cluster` element.
pub(super) fn cluster(xml: &mut Xml, call: &Call, identifier: &str, cluster: &Cluster) {
    let Some(status) = cluster.status(call.now) else { return };
    xml.text("ClusterIdentifier", identifier).text("NodeType", &cluster.node_type);
    xml.text("ClusterStatus", status.name());
    xml.text("ClusterAvailabilityStatus", status.availability());
    xml.text("MasterUsername", &cluster.master_username).text("DBName", &cluster.database);
    if status != Status::Creating {
        xml.text("ClusterCreateTime", instant(cluster.created));
        endpoint(xml, call, identifier);
    }
    xml.text("AutomatedSnapshotRetentionPeriod", 1).text("ManualSnapshotRetentionPeriod", -1);
    xml.text("AvailabilityZone", format_args!("{}a", call.place.region));
    xml.text("PreferredMaintenanceWindow", &cluster.maintenance_window);
    xml.text("PendingModifiedValues", "").text("ClusterVersion", "1.0");
    xml.text("AllowVersionUpgrade", true).text("NumberOfNodes", cluster.nodes);
    xml.text("PubliclyAccessible", false).text("Encrypted", true).text("EnhancedVpcRouting", false);
    tags::write(xml, ["Tags", "Tag", "Key", "Value"], &cluster.tags);
    xml.text("IamRoles", "").text("MaintenanceTrackName", "current");
    xml.text("ClusterNamespaceArn", namespace(call, cluster));
    xml.text("AvailabilityZoneRelocationStatus", "disabled").text("MultiAZ", "Disabled");
}

pub(super) fn arn(call: &Call, identifier: &str) -> String {
    call.place.arn("redshift", format_args!("cluster:{identifier}"))
}

/// What a cluster's data is called, whatever the cluster is called.
fn namespace(call: &Call, cluster: &Cluster) -> String {
    let id = format!("00000000-0000-4000-8000-{:012x}", cluster.number);
    call.place.arn("redshift", format_args!("namespace:{id}"))
}

fn endpoint(xml: &mut Xml, call: &Call, identifier: &str) {
    let place = format!("c{:010x}.{}", call.place.number(), call.place.region);
    let suffix = if call.place.home.partition.name == "aws-cn" { ".cn" } else { "" };
    xml.within("Endpoint", |xml| {
        xml.text("Address", format_args!("{identifier}.{place}.redshift.amazonaws.com{suffix}"));
        xml.text("Port", 5439);
    });
}
