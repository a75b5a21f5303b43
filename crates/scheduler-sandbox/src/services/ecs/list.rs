//! ListClusters and ListServices, page by page.

use serde_json::{Value, json};

use super::service::{Service, Status, Strategy};
use super::{Ecs, invalid, name};
use crate::services::Call;
use crate::services::members::Members;
use crate::services::page::{self, Page};
use crate::wire::ApiError;

const LARGEST_PAGE: usize = 100;

pub(super) fn clusters(ecs: &Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["maxResults", "nextToken"])?;
    let (size, after) = (page_size(members, LARGEST_PAGE)?, after(members)?);
    let names = ecs.clusters.keys().map(|name| (name.as_str(), ()));
    let page = page::take(names.filter(|(name, ())| after.is_none_or(|after| *name > after)), size);
    Ok(answer("clusterArns", page, |name| name::cluster_arn(&call.place, name)))
}

/// Services that are being deleted are not listed, though they can be described.
pub(super) fn services(ecs: &Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = ["cluster", "maxResults", "nextToken", "launchType", "schedulingStrategy"];
    let members = Members::of(input, &known)?;
    let cluster_name = name::cluster(members);
    let cluster = ecs.cluster(cluster_name)?;
    let (size, after) = (page_size(members, 10)?, after(members)?);

    let wanted = |name: &str, service: &Service| {
        after.is_none_or(|after| name > after)
            && service.status(call.now) == Status::Active
            && members.text("launchType").is_none_or(|wanted| wanted == service.launch_type)
            && members.text("schedulingStrategy").is_none_or(|wanted| is(service.strategy, wanted))
    };
    let services = cluster.services.iter().filter(|(name, service)| wanted(name, service));
    let page = page::take(services.map(|(name, _)| (name.as_str(), ())), size);
    Ok(answer("serviceArns", page, |name| name::service_arn(&call.place, cluster_name, name)))
}

fn is(strategy: Strategy, name: &str) -> bool {
    strategy.name() == name
}

fn answer(list: &str, page: Page<(&str, ())>, arn: impl Fn(&str) -> String) -> Value {
    let arns: Vec<_> = page.things.iter().map(|(name, ())| arn(name)).collect();
    let mut answer = json!({ list: arns });
    if let Some(next) = page.next {
        answer["nextToken"] = next.into();
    }
    answer
}

fn page_size(members: Members<'_>, default: usize) -> Result<usize, ApiError> {
    let Some(size) = members.number("maxResults") else { return Ok(default) };
    let size = usize::try_from(size).ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    size.ok_or_else(|| invalid(format!("maxResults must be between 1 and {LARGEST_PAGE}")))
}

fn after(members: Members<'_>) -> Result<Option<&str>, ApiError> {
    let Some(token) = members.text("nextToken") else { return Ok(None) };
    page::after(token).map(Some).ok_or_else(|| invalid("Invalid token"))
}
