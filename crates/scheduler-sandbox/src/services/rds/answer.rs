//! A database instance in XML.

use chrono::{DateTime, Utc};

use super::Rds;
use super::database::Database;
use super::life::Status;
use crate::services::{Call, instant, tags};
use crate::wire::Xml;

/// Writes the members of a `DBInstance` element.
pub(super) fn database(
    xml: &mut Xml,
    rds: &Rds,
    call: &Call,
    name: &str,
    database: &Database,
    now: DateTime<Utc>,
) {
    let Some(status) = database.status(now) else { return };
    xml.text("DBInstanceIdentifier", name)
        .text("DBInstanceClass", &database.class)
        .text("Engine", &database.engine);
    xml.text("DBInstanceStatus", status.name());
    xml.text("DBInstanceArn", call.place.arn("rds", format_args!("db:{name}")));
    xml.text("DbiResourceId", resource_id(call, name)).text("MasterUsername", "admin");
    storage(xml, database);
    if status != Status::Creating {
        xml.text("InstanceCreateTime", instant(database.created));
        endpoint(xml, call, name, &database.engine);
    }
    let restart = database.life.automatic_restart(now);
    xml.text_if_some("AutomaticRestartTime", restart.map(instant));
    database.windows.write(xml);
    xml.text("BackupRetentionPeriod", 1);
    relations(xml, rds, name, database);
    xml.text("MultiAZ", database.multi_az)
        .text("AvailabilityZone", format_args!("{}a", call.place.region));
    xml.text("AutoMinorVersionUpgrade", true)
        .text("PubliclyAccessible", false)
        .text("DeletionProtection", false);
    xml.text("CopyTagsToSnapshot", false).text("LicenseModel", "general-public-license");
    tags::write(xml, ["TagList", "Tag", "Key", "Value"], &database.tags);
}

/// What the database is called apart from its name: the same for one name in one place.
pub(super) fn resource_id(call: &Call, name: &str) -> String {
    format!("db-{:010X}{:0>16}", call.place.number(), name.to_ascii_uppercase().replace('-', ""))
}

fn storage(xml: &mut Xml, database: &Database) {
    let kind = if database.cluster.is_some() { "aurora" } else { "gp3" };
    xml.text("AllocatedStorage", database.storage)
        .text("StorageType", kind)
        .text("StorageEncrypted", false);
}

fn endpoint(xml: &mut Xml, call: &Call, name: &str, engine: &str) {
    xml.within("Endpoint", |xml| {
        xml.text("Address", format_args!("{name}.{}", endpoint_domain(call)));
        xml.text("Port", if engine.contains("postgres") { 5432 } else { 3306 });
    });
}

/// What the names of the databases of one place have in common.
pub(super) fn endpoint_domain(call: &Call) -> String {
    let suffix = if call.place.home.partition.name == "aws-cn" { ".cn" } else { "" };
    format!("{:010x}.{}.rds.amazonaws.com{suffix}", call.place.number(), call.place.region)
}

fn relations(xml: &mut Xml, rds: &Rds, name: &str, database: &Database) {
    xml.text_if_some("DBClusterIdentifier", database.cluster.as_deref());
    xml.text_if_some("ReadReplicaSourceDBInstanceIdentifier", database.source.as_deref());
    xml.within("ReadReplicaDBInstanceIdentifiers", |xml| {
        for replica in rds.replicas_of(name) {
            xml.text("ReadReplicaDBInstanceIdentifier", replica);
        }
    });
}
