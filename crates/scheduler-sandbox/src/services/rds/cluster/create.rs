//! CreateDBCluster.

use super::{Cluster, EngineMode, GlobalMember, one};
use crate::services::Call;
use crate::services::rds::database::Database;
use crate::services::rds::life::Life;
use crate::services::rds::windows::Windows;
use crate::services::rds::{Rds, identifier, invalid, required, tagging};
use crate::services::tags::Tags;
use crate::wire::{ApiError, Params, Xml};

/// What AWS makes clusters of; the last two only as Multi-AZ DB clusters.
const ENGINES: [&str; 6] =
    ["aurora-mysql", "aurora-postgresql", "docdb", "neptune", "mysql", "postgres"];
const LONGEST_IDENTIFIER: usize = 63;
const INSTANCES_OF_MULTI_AZ: u32 = 3;

pub(in crate::services::rds) fn cluster(
    rds: &mut Rds,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let name = identifier::new(params, "DBClusterIdentifier", LONGEST_IDENTIFIER)?;
    if rds.clusters.contains_key(&name) {
        return Err(ApiError::bad("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    let (engine, class) = engine_and_class(params)?;
    let cluster = Cluster {
        engine,
        class,
        mode: mode(params)?,
        windows: Windows::of(params)?,
        global: global(params),
        source: params.get("ReplicationSourceIdentifier").map(str::to_owned),
        tags: tagging::given(params)?,
        created: call.now,
        life: Life::begun(call.now),
    };
    let instances = instances(&name, &cluster);
    rds.clusters.insert(name.clone(), cluster);
    rds.databases.extend(instances);
    Ok(one(rds, call, &name))
}

fn engine_and_class(params: &Params) -> Result<(String, Option<String>), ApiError> {
    let engine = required(params, "Engine")?;
    if !ENGINES.contains(&engine) {
        return Err(invalid(format!("Invalid DB engine: {engine}")));
    }
    let class = params.get("DBClusterInstanceClass");
    if matches!(engine, "mysql" | "postgres") != class.is_some() {
        let message = "DBClusterInstanceClass is for Multi-AZ DB clusters, and required for them.";
        return Err(ApiError::bad("InvalidParameterCombination", message));
    }
    Ok((engine.to_owned(), class.map(str::to_owned)))
}

fn mode(params: &Params) -> Result<EngineMode, ApiError> {
    match params.get("EngineMode") {
        None | Some("provisioned") => Ok(EngineMode::Provisioned),
        Some("serverless") => Ok(EngineMode::Serverless),
        Some(mode) => {
            Err(invalid(format!("The engine mode {mode} you requested is currently unavailable.")))
        }
    }
}

fn global(params: &Params) -> Option<GlobalMember> {
    let identifier = params.get("GlobalClusterIdentifier")?.to_ascii_lowercase();
    Some(GlobalMember { identifier, forwards_writes: params.says("EnableGlobalWriteForwarding") })
}

/// The three instances that come with a Multi-AZ DB cluster.
fn instances(name: &str, cluster: &Cluster) -> Vec<(String, Database)> {
    let Some(class) = &cluster.class else { return Vec::new() };
    let instance = |number| {
        let instance = Database {
            class: class.clone(),
            engine: cluster.engine.clone(),
            storage: 100,
            cluster: Some(name.to_owned()),
            source: None,
            windows: cluster.windows.clone(),
            multi_az: false,
            tags: Tags::new(),
            created: cluster.created,
            life: cluster.life,
        };
        (format!("{name}-instance-{number}"), instance)
    };
    (1..=INSTANCES_OF_MULTI_AZ).map(instance).collect()
}
