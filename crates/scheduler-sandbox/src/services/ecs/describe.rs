//! DescribeServices: up to ten by name or ARN. What is not there is listed as a failure.

use serde_json::{Value, json};

use super::{Ecs, answer, invalid, name};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

const MOST: usize = 10;

pub(super) fn services(ecs: &Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["cluster", "services", "include"])?;
    let cluster_name = name::cluster(members);
    let cluster = ecs.cluster(cluster_name)?;
    let with_tags = with_tags(members)?;

    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for given in names(members)? {
        let name = name::service(&call.place, cluster_name, given);
        match cluster.services.get(name) {
            None => failures.push(missing(call, cluster_name, given)),
            Some(service) => {
                let mut found = answer::service(call, cluster_name, name, service);
                if with_tags {
                    found["tags"] = answer::tags(&service.tags);
                }
                services.push(found);
            }
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

fn names(members: Members<'_>) -> Result<Vec<&str>, ApiError> {
    let names: Vec<_> = members.list("services").iter().filter_map(Value::as_str).collect();
    match names.len() {
        0 => Err(invalid("Services cannot be empty.")),
        1..=MOST => Ok(names),
        _ => Err(invalid(format!("Services cannot have more than {MOST} elements."))),
    }
}

fn with_tags(members: Members<'_>) -> Result<bool, ApiError> {
    let include = members.list("include");
    if include.iter().any(|one| one != "TAGS") {
        return Err(invalid("include should be one of [TAGS]"));
    }
    Ok(!include.is_empty())
}

fn missing(call: &Call, cluster: &str, given: &str) -> Value {
    let arn = if given.starts_with("arn:") {
        given.to_owned()
    } else {
        name::service_arn(&call.place, cluster, given)
    };
    json!({ "arn": arn, "reason": "MISSING" })
}
