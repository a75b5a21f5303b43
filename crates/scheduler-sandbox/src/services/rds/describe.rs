//! DescribeDBInstances: one by identifier, or page by page.

use super::database::Database;
use super::{Rds, answer, invalid, not_found};
use crate::services::Call;
use crate::wire::{ApiError, Group, Params, Xml};

const PAGE_SIZES: std::ops::RangeInclusive<usize> = 20..=100;
const DEFAULT_PAGE_SIZE: usize = 100;
const MARKER: &str = "sandbox-after-";

pub(super) fn databases(rds: &Rds, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let size = page_size(params)?;
    let after = after(params)?;
    let filters = filters(params)?;
    let identifier = params.get("DBInstanceIdentifier").map(str::to_ascii_lowercase);
    if let Some(identifier) =
        identifier.as_ref().filter(|identifier| !rds.databases.contains_key(*identifier))
    {
        return Err(not_found(identifier));
    }
    let wanted = |name: &str, database: &Database| {
        after.as_deref().is_none_or(|after| name > after)
            && identifier.as_deref().is_none_or(|identifier| name == identifier)
            && filters.iter().all(|filter| filter.holds(call, name, database))
    };
    let mut rest = rds.databases.iter().filter(|(name, database)| wanted(name, database));
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let marker =
        page.last().filter(|_| rest.next().is_some()).map(|(name, _)| format!("{MARKER}{name}"));

    let mut xml = Xml::new();
    xml.each("DBInstances", "DBInstance", page, |xml, (name, database)| {
        answer::database(xml, rds, call, name, database, call.now);
    });
    xml.text_if_some("Marker", marker);
    Ok(xml)
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
            Subject::Cluster => database
                .cluster
                .as_deref()
                .is_some_and(|cluster| self.names(call, "cluster", cluster)),
            Subject::Identifier => self.names(call, "db", name),
            Subject::ResourceId => self.values.contains(&answer::resource_id(call, name).as_str()),
            Subject::Engine => self.values.contains(&database.engine.as_str()),
        }
    }

    fn names(&self, call: &Call, kind: &str, name: &str) -> bool {
        let arn = call.place.arn("rds", format_args!("{kind}:{name}"));
        self.values.iter().any(|value| value.eq_ignore_ascii_case(name) || *value == arn)
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

fn page_size(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("MaxRecords") else { return Ok(DEFAULT_PAGE_SIZE) };
    let size = text.parse().ok().filter(|size| PAGE_SIZES.contains(size));
    let (least, most) = (PAGE_SIZES.start(), PAGE_SIZES.end());
    size.ok_or_else(|| {
        invalid(format!("Invalid value {text} for MaxRecords. Must be between {least} and {most}"))
    })
}

fn after(params: &Params) -> Result<Option<String>, ApiError> {
    let Some(marker) = params.get("Marker") else { return Ok(None) };
    let name = marker.strip_prefix(MARKER).ok_or_else(|| invalid("Invalid value for Marker"))?;
    Ok(Some(name.to_owned()))
}
