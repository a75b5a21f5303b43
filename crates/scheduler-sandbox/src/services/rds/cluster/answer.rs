//! A cluster in XML.

use super::{Cluster, EngineMode};
use crate::services::rds::Rds;
use crate::services::rds::answer::endpoint_domain;
use crate::services::{Call, instant, tags};
use crate::wire::Xml;

/// Writes the members of a `DBCluster` element.
pub(super) fn cluster(xml: &mut Xml, rds: &Rds, call: &Call, name: &str, cluster: &Cluster) {
    let Some(status) = cluster.status(call.now) else { return };
    xml.text("DBClusterIdentifier", name).text("Status", status.name());
    xml.text("DBClusterArn", call.place.arn("rds", format_args!("cluster:{name}")));
    xml.text("DbClusterResourceId", resource_id(call, name));
    xml.text("Engine", &cluster.engine).text("EngineMode", cluster.mode.name());
    xml.text("ClusterCreateTime", instant(cluster.created));
    let restart = cluster.life.automatic_restart(call.now);
    xml.text_if_some("AutomaticRestartTime", restart.map(instant));
    cluster.windows.write(xml);
    hardware(xml, cluster);
    endpoints(xml, call, name, cluster);
    members(xml, rds, name, cluster);
    relations(xml, cluster);
    xml.text("MasterUsername", "admin").text("DatabaseName", "main");
    xml.text("DeletionProtection", false).text("CopyTagsToSnapshot", false);
    tags::write(xml, ["TagList", "Tag", "Key", "Value"], &cluster.tags);
}

/// What the cluster is called apart from its name: the same for one name in one place.
pub(super) fn resource_id(call: &Call, name: &str) -> String {
    let name = name.to_ascii_uppercase().replace('-', "");
    format!("cluster-{:010X}{name:0>16}", call.place.number())
}

fn hardware(xml: &mut Xml, cluster: &Cluster) {
    let own_storage = if cluster.class.is_some() { 100 } else { 1 };
    xml.text("AllocatedStorage", own_storage).text("StorageEncrypted", true);
    xml.text("BackupRetentionPeriod", 1).text("AutoMinorVersionUpgrade", true);
    xml.text("MultiAZ", cluster.class.is_some());
    xml.text_if_some("DBClusterInstanceClass", cluster.class.as_deref());
    if cluster.mode == EngineMode::Serverless {
        xml.text("Capacity", 0);
    }
}

fn endpoints(xml: &mut Xml, call: &Call, name: &str, cluster: &Cluster) {
    let domain = endpoint_domain(call);
    xml.text("Endpoint", format_args!("{name}.cluster-{domain}"));
    xml.text("ReaderEndpoint", format_args!("{name}.cluster-ro-{domain}"));
    xml.text("Port", port(&cluster.engine));
}

fn port(engine: &str) -> u16 {
    match engine {
        "docdb" => 27_017,
        "neptune" => 8_182,
        "postgres" | "aurora-postgresql" => 5_432,
        _ => 3_306,
    }
}

fn members(xml: &mut Xml, rds: &Rds, name: &str, cluster: &Cluster) {
    let members = rds.members_of(name);
    let writer = members.first().map(|(name, _)| *name).filter(|_| cluster.source.is_none());
    xml.each("DBClusterMembers", "DBClusterMember", members, |xml, (name, _)| {
        xml.text("DBInstanceIdentifier", name).text("IsClusterWriter", Some(name) == writer);
        xml.text("DBClusterParameterGroupStatus", "in-sync").text("PromotionTier", 1);
    });
}

fn relations(xml: &mut Xml, cluster: &Cluster) {
    xml.text_if_some("ReplicationSourceIdentifier", cluster.source.as_deref());
    xml.text("ReadReplicaIdentifiers", "");
    let Some(global) = &cluster.global else { return };
    xml.text("GlobalClusterIdentifier", &global.identifier);
    xml.text("GlobalWriteForwardingRequested", global.forwards_writes);
    let forwarding = if global.forwards_writes { "enabled" } else { "disabled" };
    xml.text("GlobalWriteForwardingStatus", forwarding);
}
