//! CreateDBInstance and CreateDBInstanceReadReplica.

use super::database::Database;
use super::life::{Life, Status};
use super::windows::Windows;
use super::{Rds, cluster, identifier, invalid, one, required, tagging};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

const LONGEST_IDENTIFIER: usize = 63;

pub(super) fn database(rds: &mut Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let identifier = new_identifier(rds, params)?;
    let engine = required(params, "Engine")?.to_owned();
    let cluster = joined(rds, call, params, &engine)?;
    let database = Database {
        class: class(params)?.ok_or_else(|| missing("DBInstanceClass"))?,
        storage: storage(params, cluster.is_some())?,
        engine,
        cluster,
        source: None,
        windows: Windows::of(params)?,
        multi_az: params.says("MultiAZ"),
        tags: tagging::given(params)?,
        created: call.now,
        life: Life::begun(call.now),
    };
    Ok(insert(rds, call, identifier, database))
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
        windows: source.windows.clone(),
        multi_az: false,
        source: Some(source_identifier),
        tags: tagging::given(params)?,
        created: call.now,
        life: Life::begun(call.now),
    };
    Ok(insert(rds, call, identifier, database))
}

fn insert(rds: &mut Rds, call: &Call, identifier: String, database: Database) -> Xml {
    rds.databases.insert(identifier.clone(), database);
    one(rds, call, &identifier, call.now)
}

/// An identifier nobody has yet.
fn new_identifier(rds: &Rds, params: &Params) -> Result<String, ApiError> {
    let identifier = identifier::new(params, "DBInstanceIdentifier", LONGEST_IDENTIFIER)?;
    if rds.databases.contains_key(&identifier) {
        return Err(ApiError::bad("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    Ok(identifier)
}

/// The cluster that a new instance joins, which must take it, and what it runs.
fn joined(
    rds: &Rds,
    call: &Call,
    params: &Params,
    engine: &str,
) -> Result<Option<String>, ApiError> {
    let Some(given) = params.get("DBClusterIdentifier") else { return Ok(None) };
    let name = given.to_ascii_lowercase();
    let cluster = rds.clusters.get(&name).ok_or_else(|| cluster::not_found(given))?;
    cluster.expect_available(&name, call.now)?;
    if cluster.engine != engine {
        let message = format!("The engine of the DB cluster is {}, not {engine}.", cluster.engine);
        return Err(ApiError::bad("InvalidParameterCombination", message));
    }
    Ok(Some(name))
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
