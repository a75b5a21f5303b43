//! Manual snapshots of database instances: what a stop leaves behind if it is asked to, described and deleted.
//!
//! Simpler than AWS: there are no automated snapshots, and none are shared or restored; a snapshot has the tags of no
//! instance.

use chrono::{DateTime, Duration, Utc};

use super::database::Database;
use super::paging::Page;
use super::{Call, Rds, answer, identifier, invalid, names, required};
use crate::services::instant;
use crate::wire::{ApiError, Params, Xml};

#[derive(Debug)]
pub(super) struct Snapshot {
    database: String,
    engine: String,
    storage: u32,
    created: DateTime<Utc>,
}

const CREATING: Duration = Duration::minutes(4);
const LONGEST_IDENTIFIER: usize = 255;

/// The name for the snapshot that a stop is to take, which nobody must have yet.
pub(super) fn wanted(rds: &Rds, params: &Params) -> Result<Option<String>, ApiError> {
    if params.get("DBSnapshotIdentifier").is_none() {
        return Ok(None);
    }
    let name = identifier::new(params, "DBSnapshotIdentifier", LONGEST_IDENTIFIER)?;
    if rds.snapshots.contains_key(&name) {
        let why = format!("a snapshot with the identifier {name} already exists.");
        let message = format!("Cannot create the snapshot because {why}");
        return Err(ApiError::bad("DBSnapshotAlreadyExists", message));
    }
    Ok(Some(name))
}

pub(super) fn describe(rds: &Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let page = Page::of(params)?;
    let name = params.get("DBSnapshotIdentifier").map(str::to_ascii_lowercase);
    if let Some(missing) = name.as_ref().filter(|name| !rds.snapshots.contains_key(*name)) {
        return Err(not_found(missing));
    }
    let database = params.get("DBInstanceIdentifier").map(str::to_ascii_lowercase);
    let manual = includes_manual(params)?;
    let filters = filters(params)?;
    let found = |(one, snapshot): &(&str, &Snapshot)| {
        manual
            && name.as_deref().is_none_or(|name| name == *one)
            && database.as_ref().is_none_or(|database| *database == snapshot.database)
            && filters.iter().all(|filter| filter.holds(call, one, snapshot))
    };
    let snapshots = rds.snapshots.iter().map(|(name, snapshot)| (name.as_str(), snapshot));
    let list = ["DBSnapshots", "DBSnapshot"];
    Ok(page.write(list, snapshots.filter(found), |xml, (name, snapshot)| {
        snapshot.write(xml, call, name);
    }))
}

pub(super) fn delete(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let given = required(params, "DBSnapshotIdentifier")?;
    let name = given.to_ascii_lowercase();
    let snapshot = rds.snapshots.get(&name).ok_or_else(|| not_found(given))?;
    if !snapshot.is_available(call.now) {
        let message = format!("Cannot delete the snapshot {name}: it is not in available state.");
        return Err(ApiError::bad("InvalidDBSnapshotState", message));
    }
    let mut xml = Xml::new();
    xml.within("DBSnapshot", |xml| snapshot.write(xml, call, &name));
    rds.snapshots.remove(&name);
    Ok(xml)
}

impl Snapshot {
    /// A snapshot of a database as it is now.
    pub(super) fn of(name: &str, database: &Database, now: DateTime<Utc>) -> Self {
        let Database { engine, storage, .. } = database;
        Self { database: name.to_owned(), engine: engine.clone(), storage: *storage, created: now }
    }

    fn is_available(&self, now: DateTime<Utc>) -> bool {
        now >= self.created + CREATING
    }

    fn write(&self, xml: &mut Xml, call: &Call, name: &str) {
        let available = self.is_available(call.now);
        xml.text("DBSnapshotIdentifier", name).text("DBInstanceIdentifier", &self.database);
        xml.text("DBSnapshotArn", call.place.arn("rds", format_args!("snapshot:{name}")));
        xml.text("SnapshotType", "manual");
        xml.text("Status", if available { "available" } else { "creating" });
        xml.text("PercentProgress", if available { 100 } else { 0 });
        // As at AWS, one that is being created does not say when it was.
        xml.text_if_some("SnapshotCreateTime", available.then(|| instant(self.created)));
        xml.text("Engine", &self.engine).text("AllocatedStorage", self.storage);
        xml.text("DbiResourceId", answer::resource_id(call, &self.database));
        xml.text("AvailabilityZone", format_args!("{}a", call.place.region));
        xml.text("MasterUsername", "admin").text("Encrypted", false).text("TagList", "");
    }
}

/// Without a type, manual and automated ones are meant, of which there are the manual ones only.
fn includes_manual(params: &Params) -> Result<bool, ApiError> {
    match params.get("SnapshotType") {
        None | Some("manual") => Ok(true),
        Some("automated" | "shared" | "public" | "awsbackup") => Ok(false),
        Some(kind) => Err(invalid(format!("Invalid snapshot type: {kind}"))),
    }
}

#[derive(Debug)]
struct Filter<'a> {
    subject: Subject,
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Subject {
    Database,
    Identifier,
    Type,
    Engine,
}

impl Filter<'_> {
    fn holds(&self, call: &Call, name: &str, snapshot: &Snapshot) -> bool {
        match self.subject {
            Subject::Database => names(call, &self.values, "db", &snapshot.database),
            Subject::Identifier => names(call, &self.values, "snapshot", name),
            Subject::Type => self.values.contains(&"manual"),
            Subject::Engine => self.values.contains(&snapshot.engine.as_str()),
        }
    }
}

fn filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let groups = params.groups("Filters.Filter");
    let filters = groups.iter().map(|group| {
        let name = group.get("Name").unwrap_or_default();
        let subject = match name {
            "db-instance-id" => Subject::Database,
            "db-snapshot-id" => Subject::Identifier,
            "snapshot-type" => Subject::Type,
            "engine" => Subject::Engine,
            _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
        };
        Ok(Filter { subject, values: group.list("Values.Value") })
    });
    filters.collect()
}

fn not_found(identifier: &str) -> ApiError {
    ApiError::new(404, "DBSnapshotNotFound", format!("DBSnapshot {identifier} not found."))
}

#[cfg(test)]
mod tests;
