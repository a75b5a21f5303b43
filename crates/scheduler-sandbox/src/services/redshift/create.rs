//! CreateCluster.

use super::cluster::{Cluster, Course};
use super::{Redshift, invalid, one, required, tagging};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

pub(super) fn cluster(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let identifier = new_identifier(redshift, params)?;
    let window = params.get("PreferredMaintenanceWindow").unwrap_or("sun:06:00-sun:06:30");
    let cluster = Cluster {
        number: redshift.created + 1,
        node_type: required(params, "NodeType")?.to_owned(),
        nodes: nodes(params)?,
        master_username: required(params, "MasterUsername")?.to_owned(),
        database: params.get("DBName").unwrap_or("dev").to_owned(),
        maintenance_window: window.to_owned(),
        tags: tagging::given(params)?,
        created: call.now,
        course: Course::Create,
        since: call.now,
    };
    redshift.created += 1;
    let answer = one(call, &identifier, &cluster);
    redshift.clusters.insert(identifier, cluster);
    Ok(answer)
}

/// An identifier nobody has yet: letters, digits and single hyphens, a letter first, no hyphen last.
fn new_identifier(redshift: &Redshift, params: &Params) -> Result<String, ApiError> {
    let identifier = required(params, "ClusterIdentifier")?.to_ascii_lowercase();
    let spelled = identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && identifier.starts_with(|first: char| first.is_ascii_lowercase())
        && !identifier.ends_with('-')
        && !identifier.contains("--")
        && identifier.len() <= 63;
    if !spelled {
        return Err(invalid(format!("{identifier} is not a valid cluster identifier.")));
    }
    if redshift.clusters.contains_key(&identifier) {
        return Err(ApiError::bad("ClusterAlreadyExists", "Cluster already exists"));
    }
    Ok(identifier)
}

/// A cluster has several nodes unless its type says otherwise.
fn nodes(params: &Params) -> Result<u32, ApiError> {
    let given = params.get("NumberOfNodes").map_or(Ok(1), str::parse);
    let given = given.map_err(|_| invalid("Invalid value for NumberOfNodes."))?;
    match params.get("ClusterType").unwrap_or("multi-node") {
        "single-node" => Ok(1),
        "multi-node" if given >= 2 => Ok(given),
        "multi-node" => Err(ApiError::bad(
            "InvalidParameterCombination",
            "Number of nodes for cluster type multi-node must be greater than or equal to 2",
        )),
        _ => Err(invalid(
            "Invalid cluster type. Cluster type can be one of multi-node or single-node",
        )),
    }
}
