//! Auto Scaling groups: `DescribeAutoScalingGroups`, `UpdateAutoScalingGroup`. A group rests at a size of nought.
//!
//! Its instances carry the group's tags and are left alone by themselves; its scaling policies cannot grow it beyond
//! its greatest size, so that nothing has to be suspended while it rests.

use aws_sdk_autoscaling::{
    Client,
    types::{AutoScalingGroup, Filter},
};
use futures::{FutureExt, future::BoxFuture};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey, decision::Step, marks::Marks,
    memory::Outcome, resource::Failure, size::Size,
};
use scheduler_engine::ports::Order;

use crate::{
    cloud::Adapter,
    count,
    each::{each, no_resize, no_size},
    failure::{failure, outcome},
    pages,
    session::{Spoke, as_spoke},
};

/// `DescribeAutoScalingGroups` answers at most this many a page.
const PAGE: i32 = 100;

/// The Auto Scaling groups of one target.
#[derive(Debug)]
pub(crate) struct AutoScalingGroups {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
}

impl Adapter for AutoScalingGroups {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        pages::all(move |token| self.page(tag_key, token)).boxed()
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        each(orders, |order| self.change(order))
    }
}

impl AutoScalingGroups {
    async fn page(
        &self,
        tag_key: &str,
        token: Option<String>,
    ) -> Result<(Vec<Resource>, Option<String>), Failure> {
        let request = self
            .client
            .describe_auto_scaling_groups()
            .filters(Filter::builder().name("tag-key").values(tag_key).build())
            .max_records(PAGE)
            .set_next_token(token);
        let config = as_spoke!(aws_sdk_autoscaling, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        let page =
            answer.map_err(|error| failure("autoscaling:DescribeAutoScalingGroups", &error))?;
        let groups = page.auto_scaling_groups().iter();
        let found = groups.filter_map(|group| resource(group, tag_key));
        Ok((found.collect(), page.next_token))
    }

    async fn change(&self, order: &Order) -> Outcome {
        let name = order.id.as_str();
        match &order.step {
            Step::Start { size: Some(size), .. } => self.resize(name, *size).await,
            Step::Start { size: None, .. } => no_size(Kind::Asg),
            Step::Stop { .. } => self.resize(name, Size::NOUGHT).await,
            Step::Resize { .. } => no_resize(Kind::Asg),
        }
    }

    async fn resize(&self, name: &str, size: Size) -> Outcome {
        let request = self
            .client
            .update_auto_scaling_group()
            .auto_scaling_group_name(name)
            .min_size(count::to_aws(size.min))
            .desired_capacity(count::to_aws(size.desired))
            .max_size(count::to_aws(size.max));
        let config = as_spoke!(aws_sdk_autoscaling, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        outcome("autoscaling:UpdateAutoScalingGroup", answer)
    }
}

/// The group as a resource; none if it lacks the tag, or has a name that cannot be an id.
fn resource(group: &AutoScalingGroup, tag_key: &str) -> Option<Resource> {
    let tags = group.tags().iter();
    let texts = tags.filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    let marks = Marks::read(tag_key, texts)?;
    let name = group.auto_scaling_group_name()?;
    let Ok(id) = name.parse() else {
        // The one kind whose names may hold spaces.
        let arn = group.auto_scaling_group_arn();
        tracing::warn!(name, arn, "group left alone: its name has white space in it");
        return None;
    };
    let key = ResourceKey { kind: Kind::Asg, id };
    let size = Size {
        min: count::from_aws(group.min_size()),
        desired: count::from_aws(group.desired_capacity()),
        max: count::from_aws(group.max_size()),
        scaling: None,
    };
    Some(Resource { size: Some(size), ..Resource::new(key, marks, observed(group.status(), size)) })
}

/// A group has a status only while it is being deleted.
fn observed(status: Option<&str>, size: Size) -> Observed {
    if status.is_some_and(|status| status.starts_with("Delete")) {
        Observed::Gone
    } else if size.max == 0 {
        Observed::Stopped
    } else {
        Observed::Running
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::TagDescription;

    use super::*;

    fn group(name: &str, [min, desired, max]: [i32; 3], status: Option<&str>) -> AutoScalingGroup {
        let tag = |key: &str, value: &str| TagDescription::builder().key(key).value(value).build();
        AutoScalingGroup::builder()
            .auto_scaling_group_name(name)
            .min_size(min)
            .desired_capacity(desired)
            .max_size(max)
            .set_status(status.map(str::to_owned))
            .tags(tag("Schedule", "office"))
            .tags(tag("ScheduleSize", "1-2-4"))
            .build()
    }

    #[test]
    fn a_group_rests_if_it_may_have_no_instance() {
        for (sizes, status, expected) in [
            ([1, 2, 4], None, Observed::Running),
            ([0, 0, 4], None, Observed::Running),
            ([0, 0, 0], None, Observed::Stopped),
            ([1, 2, 4], Some("Delete in progress"), Observed::Gone),
        ] {
            let found = resource(&group("web", sizes, status), "Schedule").unwrap();
            assert_eq!(found.observed, expected, "{sizes:?} {status:?}");
            let size = found.size.map(|size| [size.min, size.desired, size.max]);
            assert_eq!(size, Some(sizes.map(i32::unsigned_abs)));
        }
    }

    #[test]
    fn a_group_with_the_tag_is_a_resource_unless_its_name_cannot_be_an_id() {
        let found = resource(&group("web/blue#1", [1, 1, 1], None), "Schedule").unwrap();
        assert_eq!(found.key.to_string(), "asg/web/blue#1");
        assert_eq!(
            (found.marks.schedule.as_str(), found.marks.size.as_deref()),
            ("office", Some("1-2-4"))
        );
        assert_eq!(resource(&group("web", [1, 1, 1], None), "Other"), None);
        assert_eq!(resource(&group("web farm", [1, 1, 1], None), "Schedule"), None);
    }
}
