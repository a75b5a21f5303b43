//! DescribeInstances: by id, or page by page.

use std::ops::Bound::{Excluded, Unbounded};

use super::filter::{self, Filter};
use super::instance::{Instance, InstanceId, State};
use super::{Ec2, answer, dry_run};
use crate::services::Call;
use crate::wire::{ApiError, Params, Xml};

/// An instance with the state it is in now.
pub(super) type Seen<'a> = (InstanceId, &'a Instance, State);

const PAGE_SIZES: std::ops::RangeInclusive<usize> = 5..=1_000;

pub(super) fn instances(ec2: &Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let ids = params.list("InstanceId");
    let page_size = page_size(params)?;
    if !ids.is_empty() && page_size.is_some() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::bad("InvalidParameterCombination", message));
    }
    let filters = filter::parse(params)?;
    let look = |id: InstanceId, instance| (id, instance, ec2.state(id, call.now));
    let page = if ids.is_empty() {
        let after = after(params)?;
        let rest = ec2.instances.range((after.map_or(Unbounded, Excluded), Unbounded));
        page(rest.map(|(id, instance)| look(*id, instance)), &filters, page_size)
    } else {
        // AWS answers in its own order, and once for an id named twice.
        let mut found = ec2.find(&ids)?;
        found.sort();
        found.dedup();
        page(found.into_iter().map(|id| look(id, &ec2.instances[&id])), &filters, None)
    };
    dry_run(params)?;
    Ok(write(call, &page))
}

#[derive(Debug)]
struct Page<'a> {
    seen: Vec<Seen<'a>>,
    next_token: Option<String>,
}

/// Takes what passes the filters until the page is full, and looks on only far enough to know whether there is more.
fn page<'a>(
    all: impl Iterator<Item = Seen<'a>>,
    filters: &[Filter<'_>],
    size: Option<usize>,
) -> Page<'a> {
    let passes =
        |(id, instance, state): &Seen<'_>| filters.iter().all(|f| f.holds(*id, instance, *state));
    let mut passing = all.filter(passes);
    let seen: Vec<_> = passing.by_ref().take(size.unwrap_or(usize::MAX)).collect();
    let last = seen.last().map(|(id, ..)| *id);
    let next_token = last.filter(|_| passing.next().is_some()).map(token);
    Page { seen, next_token }
}

/// A token that means: after this instance.
fn token(last: InstanceId) -> String {
    format!("sandbox-after-{last}")
}

fn after(params: &Params) -> Result<Option<InstanceId>, ApiError> {
    let Some(text) = params.get("NextToken") else { return Ok(None) };
    let id = text.strip_prefix("sandbox-after-").and_then(InstanceId::parse);
    let invalid = || ApiError::bad("InvalidNextToken", format!("The token '{text}' is invalid"));
    id.map(Some).ok_or_else(invalid)
}

fn page_size(params: &Params) -> Result<Option<usize>, ApiError> {
    let Some(text) = params.get("MaxResults") else { return Ok(None) };
    let size = text.parse().ok().filter(|size| PAGE_SIZES.contains(size));
    let (least, most) = (PAGE_SIZES.start(), PAGE_SIZES.end());
    let expected = format!("Expecting a value between {least} and {most}.");
    let message = format!("Value ( {text} ) for parameter maxResults is invalid. {expected}");
    size.map(Some).ok_or_else(|| ApiError::bad("InvalidParameterValue", message))
}

/// Writes a page. Instances of one launch that follow each other are one reservation, as AWS has it.
fn write(call: &Call, page: &Page<'_>) -> Xml {
    let mut xml = Xml::new();
    let reservations = page
        .seen
        .chunk_by(|(_, one, _), (_, other, _)| one.launch.reservation == other.launch.reservation);
    xml.each("reservationSet", "item", reservations, |xml, instances| {
        answer::reservation(xml, call, instances)
    });
    xml.text_if_some("nextToken", page.next_token.as_deref());
    xml
}
