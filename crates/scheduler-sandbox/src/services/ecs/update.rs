//! UpdateService: how many tasks it wants, and which.

use serde_json::{Value, json};

use super::create::desired_count;
use super::service::Status;
use super::{Ecs, answer, name, service_not_found};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

pub(super) fn service(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["cluster", "service", "desiredCount"])?;
    let cluster = name::cluster(members);
    let name = name::service(&call.place, cluster, members.text("service").unwrap_or_default());
    let service = ecs.cluster_mut(cluster)?.services.get_mut(name).ok_or_else(service_not_found)?;
    if service.status(call.now) != Status::Active {
        return Err(ApiError::bad("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    if let Some(desired) = desired_count(service.strategy, members)? {
        service.tasks.want(desired, call.now);
        service.updated = call.now;
    }
    Ok(json!({ "service": answer::service(call, cluster, name, service) }))
}
