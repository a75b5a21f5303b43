//! EC2 instances: `DescribeInstances`, `StartInstances`, `StopInstances`.

use aws_sdk_ec2::{
    Client,
    types::{Filter, Instance, InstanceStateName, Tag},
};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    exclusion::UNTIL,
    memory::Outcome,
    resource::{Failure, Unsuitable},
};
use scheduler_engine::batch;

use crate::{
    cloud::Change,
    failure::{failure, outcome},
    session::{Spoke, as_spoke},
};

/// Instances a page; `DescribeInstances` allows 1,000. Parsing costs the same in any size, and a page of 1,000
/// takes some 15 MB while it is parsed, times the targets at work at once.
const PAGE: i32 = 200;

/// Instances named in one start or stop call. AWS documents no limit, and recommends at most 50.
const BATCH: usize = 50;

/// Instances with this tag belong to an Auto Scaling group, which replaces one that stops.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// The EC2 instances of one target.
#[derive(Debug)]
pub(crate) struct Ec2Instances {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
}

impl Ec2Instances {
    fn as_spoke(&self) -> aws_sdk_ec2::config::Builder {
        as_spoke!(aws_sdk_ec2, self.spoke)
    }

    /// The instances that carry the tag, unless they are terminated.
    pub(crate) async fn list(&self, tag_key: &str) -> Result<Vec<Resource>, Failure> {
        let states = ["pending", "running", "stopping", "stopped"].map(str::to_owned);
        let request = self
            .client
            .describe_instances()
            .filters(Filter::builder().name("tag-key").values(tag_key).build())
            .filters(
                Filter::builder()
                    .name("instance-state-name")
                    .set_values(Some(states.into()))
                    .build(),
            )
            .max_results(PAGE);
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = request.clone().set_next_token(next.take());
            let page = request.customize().config_override(self.as_spoke()).send().await;
            let page = page.map_err(|error| failure("ec2:DescribeInstances", &error))?;
            let instances = page
                .reservations
                .unwrap_or_default()
                .into_iter()
                .filter_map(|r| r.instances)
                .flatten();
            found.extend(instances.filter_map(|instance| resource(&instance, tag_key)));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn change(
        &self,
        ids: &[ResourceId],
        change: Change,
    ) -> Vec<(ResourceId, Outcome)> {
        batch::narrowed(ids, BATCH, |batch| self.call(texts(batch), change)).await
    }

    async fn call(&self, ids: Vec<String>, change: Change) -> Outcome {
        match change {
            Change::Start => {
                let request = self.client.start_instances().set_instance_ids(Some(ids));
                outcome(
                    "ec2:StartInstances",
                    request.customize().config_override(self.as_spoke()).send().await,
                )
            }
            Change::Stop => {
                let request = self.client.stop_instances().set_instance_ids(Some(ids));
                outcome(
                    "ec2:StopInstances",
                    request.customize().config_override(self.as_spoke()).send().await,
                )
            }
        }
    }
}

fn texts(ids: &[ResourceId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The instance as a resource; none if it lacks the tag, or an id.
fn resource(instance: &Instance, tag_key: &str) -> Option<Resource> {
    let id = instance.instance_id()?.parse().ok()?;
    Some(Resource {
        key: ResourceKey { kind: Kind::Ec2Instance, id },
        schedule_tag: tag(instance.tags(), tag_key)?.to_owned(),
        exclude_until: tag(instance.tags(), &format!("{tag_key}{UNTIL}")).map(str::to_owned),
        observed: observed(instance),
        instance_type: instance.instance_type().and_then(|text| text.as_str().parse().ok()),
    })
}

fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key() == Some(key)).map(|tag| tag.value().unwrap_or_default())
}

fn observed(instance: &Instance) -> Observed {
    let state = match instance.state().and_then(|state| state.name()) {
        Some(InstanceStateName::Running) => Observed::Running,
        Some(InstanceStateName::Stopped) => Observed::Stopped,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => {
            return Observed::Gone;
        }
        // The SDK's enum is non-exhaustive: a state that is not known is not one to act on.
        Some(_) | None => Observed::InTransition,
    };
    if tag(instance.tags(), GROUP_TAG).is_some() {
        Observed::Unsuitable(Unsuitable::GroupMember)
    } else {
        state
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InstanceState, InstanceType};

    use super::*;

    fn instance(state: &str, tags: &[(&str, &str)]) -> Instance {
        let tags = tags
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(*value).build())
            .collect();
        Instance::builder()
            .instance_id("i-1")
            .instance_type(InstanceType::M5Large)
            .state(InstanceState::builder().name(state.into()).build())
            .set_tags(Some(tags))
            .build()
    }

    #[test]
    fn states_are_observed() {
        for (state, expected) in [
            ("pending", Observed::InTransition),
            ("running", Observed::Running),
            ("stopping", Observed::InTransition),
            ("stopped", Observed::Stopped),
            ("shutting-down", Observed::Gone),
            ("terminated", Observed::Gone),
            ("something-new", Observed::InTransition),
        ] {
            assert_eq!(observed(&instance(state, &[])), expected, "{state}");
        }
    }

    #[test]
    fn an_instance_is_a_resource_if_it_carries_the_tag() {
        let found =
            resource(&instance("running", &[("Name", "web"), ("Schedule", "office")]), "Schedule")
                .unwrap();
        assert_eq!(
            (found.schedule_tag.as_str(), found.key.to_string().as_str()),
            ("office", "ec2-instance/i-1")
        );
        assert_eq!(resource(&instance("running", &[("Name", "web")]), "Schedule"), None);
    }

    #[test]
    fn a_member_of_an_auto_scaling_group_is_unsuitable() {
        let member = instance("running", &[("Schedule", "office"), (GROUP_TAG, "web")]);
        assert_eq!(observed(&member), Observed::Unsuitable(Unsuitable::GroupMember));
    }
}
