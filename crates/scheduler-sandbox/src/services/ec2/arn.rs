//! Instances by ARN, for the services that know all kinds of resources.

use super::Ec2;
use super::instance::Instance;
use crate::services::Call;
use crate::services::tags::Tags;

/// Every instance with its tags, terminated ones too while they are still shown.
pub(crate) fn instance_tags<'a>(
    ec2: &'a Ec2,
    call: &'a Call,
) -> impl Iterator<Item = (String, &'a Tags)> {
    let arn = |id| call.place.arn("ec2", format_args!("instance/{id}"));
    let shown = |one: &Instance| one.forgotten_at().is_none_or(|at| at > call.now);
    let instances = ec2.instances.iter().filter(move |(_, one)| shown(one));
    instances.map(move |(id, one)| (arn(id), &*one.tags))
}
