//! The pages of RDS's lists: from twenty to a hundred records, each but the last with a marker for the next.

use super::invalid;
use crate::wire::{ApiError, Params, Xml};

const SIZES: std::ops::RangeInclusive<usize> = 20..=100;
const DEFAULT_SIZE: usize = 100;
const MARKER: &str = "sandbox-after-";

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Page {
    size: usize,
    /// The name of the last record of the page before.
    after: Option<String>,
}

impl Page {
    pub(super) fn of(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { size: size(params)?, after: after(params)? })
    }

    /// Writes the records of this page, which come in the order of their names, and the marker.
    pub(super) fn write<'a, T>(
        &self,
        [list, item]: [&str; 2],
        records: impl Iterator<Item = (&'a str, T)>,
        fill: impl Fn(&mut Xml, (&'a str, T)),
    ) -> Xml {
        let after = self.after.as_deref();
        let mut rest = records.filter(|(name, _)| after.is_none_or(|after| *name > after));
        let page: Vec<_> = rest.by_ref().take(self.size).collect();
        let more = rest.next().is_some();
        let marker = page.last().filter(|_| more).map(|(name, _)| format!("{MARKER}{name}"));
        let mut xml = Xml::new();
        xml.each(list, item, page, fill).text_if_some("Marker", marker);
        xml
    }
}

fn size(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("MaxRecords") else { return Ok(DEFAULT_SIZE) };
    let size = text.parse().ok().filter(|size| SIZES.contains(size));
    let (least, most) = (SIZES.start(), SIZES.end());
    size.ok_or_else(|| {
        invalid(format!("Invalid value {text} for MaxRecords. Must be between {least} and {most}"))
    })
}

fn after(params: &Params) -> Result<Option<String>, ApiError> {
    let Some(marker) = params.get("Marker") else { return Ok(None) };
    let name = marker.strip_prefix(MARKER).ok_or_else(|| invalid("Invalid value for Marker"))?;
    Ok(Some(name.to_owned()))
}
