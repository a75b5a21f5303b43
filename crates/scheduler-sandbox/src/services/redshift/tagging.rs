//! The tags of clusters, which are named by ARN.

use super::{Redshift, answer, required};
use crate::services::Call;
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Group, Params, Xml};

pub(super) fn create(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let new = given(params)?;
    let tags = cluster_tags_of(redshift, call, required(params, "ResourceName")?)?;
    tags::add(tags, &new).map_err(in_our_words)?;
    Ok(Xml::new())
}

pub(super) fn delete(
    redshift: &mut Redshift,
    call: &Call,
    params: &Params,
) -> Result<Xml, ApiError> {
    let keys = params.list("TagKeys.TagKey");
    let tags = cluster_tags_of(redshift, call, required(params, "ResourceName")?)?;
    tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Xml::new())
}

/// The tags in a request.
pub(super) fn given(params: &Params) -> Result<Tags, ApiError> {
    let pair = |tag: Group<'_>| {
        Some((tag.get("Key")?.to_owned(), tag.get("Value").unwrap_or_default().to_owned()))
    };
    let mut checked = Tags::new();
    let pairs = params.groups("Tags.Tag").into_iter().filter_map(pair).collect();
    tags::add(&mut checked, &pairs).map_err(in_our_words)?;
    Ok(checked)
}

fn in_our_words(error: ApiError) -> ApiError {
    match &*error.code {
        "TagLimitExceeded" => ApiError::bad("TagLimitExceededFault", error.message),
        _ => ApiError::bad("InvalidTagFault", error.message),
    }
}

/// The tags of the cluster with this ARN.
fn cluster_tags_of<'a>(
    redshift: &'a mut Redshift,
    call: &Call,
    arn: &str,
) -> Result<&'a mut Tags, ApiError> {
    let missing = || {
        let message = format!("cluster ({}) not found.", arn.rsplit(':').next().unwrap_or(arn));
        ApiError::new(404, "ResourceNotFoundFault", message)
    };
    let identifier = arn.strip_prefix(&answer::arn(call, "")).ok_or_else(missing)?;
    let cluster = redshift.clusters.get_mut(identifier);
    let cluster = cluster.filter(|cluster| cluster.status(call.now).is_some());
    cluster.map(|cluster| &mut cluster.tags).ok_or_else(missing)
}

/// Every cluster with its tags, by ARN.
pub(crate) fn cluster_tags<'a>(
    redshift: &'a Redshift,
    call: &'a Call,
) -> impl Iterator<Item = (String, &'a Tags)> {
    let there = redshift.clusters.iter().filter(|(_, one)| one.status(call.now).is_some());
    there.map(|(identifier, one)| (answer::arn(call, identifier), &one.tags))
}
