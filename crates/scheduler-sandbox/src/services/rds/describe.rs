//! DescribeDBInstances: one by identifier, or page by page.

use super::database::Database;
use super::paging::Page;
use super::{Rds, answer, invalid, names, not_found};
use crate::services::Call;
use crate::wire::{ApiError, Group, Params, Xml};

pub(super) fn databases(rds: &Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let page = Page::of(params)?;
    let filters = filters(params)?;
    let identifier = params.get("DBInstanceIdentifier").map(str::to_ascii_lowercase);
    if let Some(missing) = identifier.as_ref().filter(|name| !rds.databases.contains_key(*name)) {
        return Err(not_found(missing));
    }
    let wanted = |(name, database): &(&str, &Database)| {
        identifier.as_deref().is_none_or(|identifier| *name == identifier)
            && filters.iter().all(|filter| filter.holds(call, name, database))
    };
    let databases = rds.databases.iter().map(|(name, database)| (name.as_str(), database));
    let names = ["DBInstances", "DBInstance"];
    Ok(page.write(names, databases.filter(wanted), |xml, (name, database)| {
        answer::database(xml, rds, call, name, database, call.now);
    }))
}

#[derive(Debug)]
struct Filter<'a> {
    subject: Subject,
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Subject {
    Cluster,
    Identifier,
    ResourceId,
    Engine,
}

impl Filter<'_> {
    fn holds(&self, call: &Call, name: &str, database: &Database) -> bool {
        match self.subject {
            // Both filters take ARNs too.
            Subject::Cluster => {
                let cluster = database.cluster.as_deref();
                cluster.is_some_and(|cluster| names(call, &self.values, "cluster", cluster))
            }
            Subject::Identifier => names(call, &self.values, "db", name),
            Subject::ResourceId => self.values.contains(&answer::resource_id(call, name).as_str()),
            Subject::Engine => self.values.contains(&database.engine.as_str()),
        }
    }
}

fn filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    params.groups("Filters.Filter").iter().map(filter).collect()
}

fn filter<'a>(group: &Group<'a>) -> Result<Filter<'a>, ApiError> {
    let name = group.get("Name").unwrap_or_default();
    let subject = match name {
        "db-cluster-id" => Subject::Cluster,
        "db-instance-id" => Subject::Identifier,
        "dbi-resource-id" => Subject::ResourceId,
        "engine" => Subject::Engine,
        _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
    };
    Ok(Filter { subject, values: group.list("Values.Value") })
}
