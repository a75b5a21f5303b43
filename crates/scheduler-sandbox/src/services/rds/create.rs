//! CreateDBInstance and CreateDBInstanceReadReplica.

use super::database::{Course, Database, Status};
use super::{Rds, invalid, one, required, tagging};
use crate::services::Call;
use crate::services::tags;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn database(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let identifier = new_identifier(rds, params)?;
    let engine = required(params, "Engine")?.to_owned();
    let cluster = params.get("DBClusterIdentifier").map(str::to_ascii_lowercase);
    let database = Database {
        class: class(params)?.ok_or_else(|| missing("DBInstanceClass"))?,
        storage: storage(params, cluster.is_some())?,
        engine,
        cluster,
        source: None,
        maintenance_window: params
            .get("PreferredMaintenanceWindow")
            .unwrap_or("sun:05:00-sun:05:30")
            .to_owned(),
        backup_window: params.get("PreferredBackupWindow").unwrap_or("03:00-03:30").to_owned(),
        multi_az: params.says("MultiAZ"),
        tags: tagging::given(params),
        created: call.now,
        course: Course::Create,
        since: call.now,
    };
    insert(rds, call, identifier, database)
}

pub(super) fn replica(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let identifier = new_identifier(rds, params)?;
    let source_identifier = required(params, "SourceDBInstanceIdentifier")?.to_ascii_lowercase();
    let source = rds.existing(&source_identifier)?;
    if source.status(call.now) != Some(Status::Available) {
        let message = format!("DB instance {source_identifier} is not in available state.");
        return Err(ApiError::bad("InvalidDBInstanceState", message));
    }
    let database = Database {
        class: class(params)?.unwrap_or_else(|| source.class.clone()),
        engine: source.engine.clone(),
        storage: source.storage,
        cluster: None,
        maintenance_window: source.maintenance_window.clone(),
        backup_window: source.backup_window.clone(),
        multi_az: false,
        source: Some(source_identifier),
        tags: tagging::given(params),
        created: call.now,
        course: Course::Create,
        since: call.now,
    };
    insert(rds, call, identifier, database)
}

fn insert(
    rds: &mut Rds,
    call: &Call,
    identifier: String,
    database: Database,
) -> Result<Xml, ApiError> {
    tags::check(&database.tags)?;
    rds.databases.insert(identifier.clone(), database);
    Ok(one(rds, call, &identifier, call.now))
}

/// An identifier nobody has yet: letters, digits and single hyphens, a letter first, no hyphen last.
fn new_identifier(rds: &Rds, params: &Params) -> Result<String, ApiError> {
    let given = required(params, "DBInstanceIdentifier")?;
    let identifier = given.to_ascii_lowercase();
    let spelled = identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && identifier.starts_with(|first: char| first.is_ascii_lowercase())
        && !identifier.ends_with('-')
        && !identifier.contains("--")
        && identifier.len() <= 63;
    if !spelled {
        let rule = "Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and \
                    must not end with a hyphen or contain two consecutive hyphens.";
        return Err(invalid(format!(
            "The parameter DBInstanceIdentifier is not a valid identifier. {rule}"
        )));
    }
    if rds.databases.contains_key(&identifier) {
        return Err(ApiError::bad("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    Ok(identifier)
}

fn class(params: &Params) -> Result<Option<String>, ApiError> {
    match params.get("DBInstanceClass") {
        Some(class) if !class.starts_with("db.") => {
            Err(invalid(format!("Invalid DB Instance class: {class}")))
        }
        class => Ok(class.map(str::to_owned)),
    }
}

/// A member of a cluster has no storage of its own, which AWS shows as 1 GiB.
fn storage(params: &Params, in_cluster: bool) -> Result<u32, ApiError> {
    match params.get("AllocatedStorage") {
        _ if in_cluster => Ok(1),
        Some(text) => text.parse().map_err(|_| invalid(format!("Invalid storage size: {text}"))),
        None => Err(missing("AllocatedStorage")),
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::bad("MissingParameter", format!("The request must contain the parameter {name}"))
}
