//! The instances that carry the schedule tag: `DescribeInstances`.

use aws_sdk_ec2::types::{DeviceType, Filter, Instance, InstanceLifecycleType, InstanceStateName};
use scheduler_core::{
    Kind, Observed, Resource, ResourceKey,
    marks::Marks,
    resource::{Failure, Unsuitable},
};
use scheduler_engine::rate::Call;

use super::{calls::Ec2Instances, fell::fell};
use crate::failure::failure;

/// Instances a page; `DescribeInstances` allows 1,000. Parsing costs the same in any size, and a page of 1,000
/// takes some 15 MB while it is parsed, times the targets at work at once.
const PAGE: i32 = 200;

/// Instances with this tag belong to an Auto Scaling group, which replaces one that stops.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

impl Ec2Instances {
    /// The instances that carry the tag, unless they are terminated.
    pub(super) async fn tagged(&self, tag_key: &str) -> Result<Vec<Resource>, Failure> {
        let filters = [
            filter("tag-key", [tag_key]),
            filter("instance-state-name", ["pending", "running", "stopping", "stopped"]),
        ];
        let mut found = Vec::new();
        self.describe(filters.into(), |instance| found.extend(resource(instance, tag_key))).await?;
        Ok(found)
    }

    /// Shows `each` instance that the filters let through, page by page, so that no more than one is in memory.
    pub(super) async fn describe(
        &self,
        filters: Vec<Filter>,
        mut each: impl FnMut(&Instance) + Send,
    ) -> Result<(), Failure> {
        let request = self.client.describe_instances().set_filters(Some(filters)).max_results(PAGE);
        let mut next = None;
        loop {
            self.rates.take(Call::Describe).await;
            let request = request.clone().set_next_token(next.take());
            let page = request.customize().config_override(self.as_spoke()).send().await;
            let page = page.map_err(|error| failure("ec2:DescribeInstances", &error))?;
            page.reservations().iter().flat_map(|one| one.instances()).for_each(&mut each);
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(());
            }
        }
    }
}

pub(super) fn filter<T: Into<String>>(name: &str, values: impl IntoIterator<Item = T>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// The instance as a resource; none if it lacks the tag, or an id.
fn resource(instance: &Instance, tag_key: &str) -> Option<Resource> {
    let key = ResourceKey { kind: Kind::Ec2Instance, id: instance.instance_id()?.parse().ok()? };
    let marks = Marks::read(tag_key, tags(instance))?;
    let hibernation = instance.hibernation_options();
    Some(Resource {
        instance_type: instance.instance_type().and_then(|text| text.as_str().parse().ok()),
        can_hibernate: hibernation.and_then(|options| options.configured()).unwrap_or_default(),
        fell: fell(instance),
        ..Resource::new(key, marks, observed(instance))
    })
}

fn tags(instance: &Instance) -> impl Iterator<Item = (&str, &str)> {
    instance.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())))
}

fn observed(instance: &Instance) -> Observed {
    let state = state(instance);
    match unsuitable(instance) {
        Some(why) if state != Observed::Gone => Observed::Unsuitable(why),
        Some(_) | None => state,
    }
}

fn state(instance: &Instance) -> Observed {
    match instance.state().and_then(|state| state.name()) {
        Some(InstanceStateName::Running) => Observed::Running,
        Some(InstanceStateName::Stopped) => Observed::Stopped,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => Observed::Gone,
        // The SDK's enum is non-exhaustive: a state that is not known is not one to act on.
        Some(_) | None => Observed::InTransition,
    }
}

fn unsuitable(instance: &Instance) -> Option<Unsuitable> {
    if tags(instance).any(|(key, _)| key == GROUP_TAG) {
        Some(Unsuitable::GroupMember)
    } else if instance.instance_lifecycle() == Some(&InstanceLifecycleType::Spot) {
        Some(Unsuitable::Spot)
    } else if instance.root_device_type() == Some(&DeviceType::InstanceStore) {
        Some(Unsuitable::InstanceStore)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        HibernationOptions, InstanceState, InstanceType, Tag, builders::InstanceBuilder,
    };

    use super::*;

    fn instance(state: &str, tags: &[(&str, &str)]) -> InstanceBuilder {
        let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build();
        Instance::builder()
            .instance_id("i-1")
            .instance_type(InstanceType::M5Large)
            .state(InstanceState::builder().name(state.into()).build())
            .set_tags(Some(tags.iter().map(tag).collect()))
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
            assert_eq!(observed(&instance(state, &[]).build()), expected, "{state}");
        }
    }

    #[test]
    fn an_instance_is_a_resource_if_it_carries_the_tag() {
        let tags =
            [("Name", "web"), ("Schedule", "office"), ("SchedulePreferredTypes", "m5.large")];
        let found = resource(&instance("running", &tags).build(), "Schedule").unwrap();
        assert_eq!(found.key.to_string(), "ec2-instance/i-1");
        assert_eq!(
            (found.marks.schedule.as_str(), found.marks.preferred_types.len()),
            ("office", 1)
        );
        assert!(!found.can_hibernate);
        assert_eq!(resource(&instance("running", &[("Name", "web")]).build(), "Schedule"), None);
    }

    #[test]
    fn an_instance_that_is_set_up_for_it_can_hibernate() {
        let options = HibernationOptions::builder().configured(true).build();
        let instance = instance("running", &[("Schedule", "x")]).hibernation_options(options);
        assert!(resource(&instance.build(), "Schedule").unwrap().can_hibernate);
    }

    #[test]
    fn what_ec2_would_not_keep_is_unsuitable() {
        let plain = || instance("running", &[("Schedule", "office")]);
        let member = instance("running", &[("Schedule", "office"), (GROUP_TAG, "web")]);
        let gone = instance("terminated", &[(GROUP_TAG, "web")]);
        for (instance, expected) in [
            (plain(), Observed::Running),
            (plain().root_device_type(DeviceType::Ebs), Observed::Running),
            (member, Observed::Unsuitable(Unsuitable::GroupMember)),
            (
                plain().instance_lifecycle(InstanceLifecycleType::Spot),
                Observed::Unsuitable(Unsuitable::Spot),
            ),
            (
                plain().root_device_type(DeviceType::InstanceStore),
                Observed::Unsuitable(Unsuitable::InstanceStore),
            ),
            (gone, Observed::Gone),
        ] {
            assert_eq!(observed(&instance.build()), expected);
        }
    }
}
