//! DeleteService.

use serde_json::{Value, json};

use super::service::{Deletion, Status, Strategy};
use super::{Ecs, answer, invalid, name, service_not_found};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

pub(super) fn service(ecs: &mut Ecs, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["cluster", "service", "force"])?;
    let cluster = name::cluster(members);
    let name = name::service(&call.place, cluster, members.text("service").unwrap_or_default());
    let service = ecs.cluster_mut(cluster)?.services.get_mut(name).ok_or_else(service_not_found)?;
    if service.status(call.now) == Status::Inactive {
        return Err(service_not_found());
    }
    let scaled = service.strategy == Strategy::Replica && service.tasks.desired() > 0;
    if scaled && !members.says("force") {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    service.tasks.want(0, call.now);
    service.deletion = Deletion::Asked;
    Ok(json!({ "service": answer::service(call, cluster, name, service) }))
}
