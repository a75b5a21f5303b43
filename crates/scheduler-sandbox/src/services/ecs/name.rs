//! What a request calls a cluster or a service by: its name, or its ARN.

use super::invalid;
use crate::place::Place;
use crate::services::members::Members;
use crate::wire::ApiError;

/// The cluster that is meant when none is named.
pub(super) const DEFAULT_CLUSTER: &str = "default";

pub(super) fn cluster_arn(place: &Place, cluster: &str) -> String {
    place.arn("ecs", format_args!("cluster/{cluster}"))
}

/// In the long format, which every account has by now.
pub(super) fn service_arn(place: &Place, cluster: &str, service: &str) -> String {
    place.arn("ecs", format_args!("service/{cluster}/{service}"))
}

/// The name of the cluster in a request.
pub(super) fn cluster<'a>(members: Members<'a>) -> &'a str {
    members.text("cluster").map_or(DEFAULT_CLUSTER, last_part)
}

/// The name of a service in this cluster; an ARN of another cluster's names nothing.
pub(super) fn service<'a>(place: &Place, cluster: &str, given: &'a str) -> &'a str {
    let name = last_part(given);
    let short = place.arn("ecs", format_args!("service/{name}"));
    let ours = [given == name, given == short, given == service_arn(place, cluster, name)];
    if ours.contains(&true) { name } else { "" }
}

/// Names have letters, digits, hyphens and underscores, 255 of them at most.
pub(super) fn checked(name: &str) -> Result<&str, ApiError> {
    let spelled = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > 255 || !name.bytes().all(spelled) {
        return Err(invalid("Invalid name."));
    }
    Ok(name)
}

fn last_part(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}
