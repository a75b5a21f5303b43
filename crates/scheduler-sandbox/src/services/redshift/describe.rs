//! DescribeClusters: one by identifier, or by tag, page by page.

use super::cluster::Cluster;
use super::{Redshift, answer, invalid, not_found};
use crate::services::{Call, page};
use crate::wire::{ApiError, Params, Xml};

const PAGE_SIZES: std::ops::RangeInclusive<usize> = 20..=100;

pub(super) fn clusters(redshift: &Redshift, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let (size, after) = (page_size(params)?, after(params)?);
    let identifier = params.get("ClusterIdentifier").map(str::to_ascii_lowercase);
    if let Some(missing) = identifier.as_ref().filter(|name| !redshift.clusters.contains_key(*name))
    {
        return Err(not_found(missing));
    }
    let wanted_tags = WantedTags::of(params);
    let wanted = |name: &str, cluster: &Cluster| {
        after.is_none_or(|after| name > after)
            && identifier.as_deref().is_none_or(|identifier| name == identifier)
            && wanted_tags.hold(cluster)
    };
    let all = redshift.clusters.iter().map(|(name, cluster)| (name.as_str(), cluster));
    let page = page::take(all.filter(|(name, cluster)| wanted(name, cluster)), size);
    let mut xml = Xml::new();
    xml.each("Clusters", "Cluster", page.things, |xml, (name, cluster)| {
        answer::cluster(xml, call, name, cluster);
    });
    xml.text_if_some("Marker", page.next);
    Ok(xml)
}

/// A cluster fits if one of its tags has one of the keys and one of the values; no list means any.
struct WantedTags<'a> {
    keys: Vec<&'a str>,
    values: Vec<&'a str>,
}

impl<'a> WantedTags<'a> {
    fn of(params: &'a Params) -> Self {
        Self { keys: params.list("TagKeys.TagKey"), values: params.list("TagValues.TagValue") }
    }

    fn hold(&self, cluster: &Cluster) -> bool {
        let among = |list: &[&str], text: &str| list.is_empty() || list.contains(&text);
        let fits =
            |(key, value): (&String, &String)| among(&self.keys, key) && among(&self.values, value);
        (self.keys.is_empty() && self.values.is_empty()) || cluster.tags.iter().any(fits)
    }
}

fn page_size(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("MaxRecords") else { return Ok(*PAGE_SIZES.end()) };
    let size = text.parse().ok().filter(|size| PAGE_SIZES.contains(size));
    let (least, most) = (PAGE_SIZES.start(), PAGE_SIZES.end());
    size.ok_or_else(|| {
        invalid(format!("Invalid value {text} for MaxRecords. Must be between {least} and {most}"))
    })
}

fn after(params: &Params) -> Result<Option<&str>, ApiError> {
    let Some(marker) = params.get("Marker") else { return Ok(None) };
    page::after(marker).map(Some).ok_or_else(|| invalid("Invalid value for Marker"))
}
