//! DescribeDBClusters: one by identifier, or page by page. As at AWS, DocumentDB's and Neptune's are among them.

use super::{Cluster, answer, not_found};
use crate::services::Call;
use crate::services::rds::paging::Page;
use crate::services::rds::{Rds, invalid, names};
use crate::wire::{ApiError, Group, Params, Xml};

pub(in crate::services::rds) fn clusters(
    rds: &Rds,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let page = Page::of(params)?;
    let filters = filters(params)?;
    let identifier = identifier(rds, call, params)?;
    let wanted = |(name, cluster): &(&str, &Cluster)| {
        identifier.as_deref().is_none_or(|identifier| *name == identifier)
            && filters.iter().all(|filter| filter.holds(call, name, cluster))
    };
    let clusters = rds.clusters.iter().map(|(name, cluster)| (name.as_str(), cluster));
    Ok(page.write(["DBClusters", "DBCluster"], clusters.filter(wanted), |xml, (name, cluster)| {
        answer::cluster(xml, rds, call, name, cluster);
    }))
}

/// The one that is asked for, by its name or its ARN.
fn identifier(rds: &Rds, call: &Call, params: &Params) -> Result<Option<String>, ApiError> {
    let Some(given) = params.get("DBClusterIdentifier") else { return Ok(None) };
    let here = call.place.arn("rds", "cluster:");
    let name = given.strip_prefix(&here).unwrap_or(given).to_ascii_lowercase();
    if rds.clusters.contains_key(&name) { Ok(Some(name)) } else { Err(not_found(given)) }
}

#[derive(Debug)]
struct Filter<'a> {
    subject: Subject,
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Subject {
    Identifier,
    ResourceId,
    Engine,
}

impl Filter<'_> {
    fn holds(&self, call: &Call, name: &str, cluster: &Cluster) -> bool {
        match self.subject {
            Subject::Identifier => names(call, &self.values, "cluster", name),
            Subject::ResourceId => self.values.contains(&answer::resource_id(call, name).as_str()),
            Subject::Engine => self.values.contains(&cluster.engine.as_str()),
        }
    }
}

fn filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    params.groups("Filters.Filter").iter().map(filter).collect()
}

fn filter<'a>(group: &Group<'a>) -> Result<Filter<'a>, ApiError> {
    let name = group.get("Name").unwrap_or_default();
    let subject = match name {
        "db-cluster-id" => Subject::Identifier,
        "db-cluster-resource-id" => Subject::ResourceId,
        "engine" => Subject::Engine,
        _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
    };
    Ok(Filter { subject, values: group.list("Values.Value") })
}
