//! ECS services: `GetResources` of the tagging API, `DescribeServices`, `UpdateService`; and, of Application Auto
//! Scaling, `DescribeScalableTargets` and `RegisterScalableTarget`.
//!
//! A service rests at a count of nought. What scales it automatically is suspended first, for its alarms would bring it
//! back; its least and greatest counts stay as they are. A start resumes the scaling before it sets the count: whichever
//! of the two calls fails, the start has failed and is tried again, and a service that is meant to run is not left at
//! one size for good.
//!
//! ECS can list services by cluster only, and describe ten a call; the tagging API finds those with the tag in one call
//! for a whole Region, most often with no result.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState,
};
use aws_sdk_ecs::types::{SchedulingStrategy, Service};
use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use scheduler_core::{
    Kind, Observed, Resource, ResourceId, ResourceKey,
    decision::Step,
    marks::Marks,
    memory::Outcome,
    resource::{Failure, FailureCode, Unsuitable},
    size::{Scaling, Size},
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

/// `GetResources` answers at most this many a page.
const PAGE: i32 = 100;

/// `DescribeServices` takes at most this many services of one cluster.
const SERVICES: usize = 10;

/// `DescribeScalableTargets` takes at most this many.
const TARGETS: usize = 50;

/// The status of a service that is neither being deleted nor was.
const ACTIVE: &str = "ACTIVE";

/// Calls of `DescribeServices` under way at once in one target.
const AT_ONCE: usize = 4;

/// The ECS services of one target.
#[derive(Debug)]
pub(crate) struct EcsServices {
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) tagging: aws_sdk_resourcegroupstagging::Client,
    pub(crate) spoke: Spoke,
}

/// A service within its Region, by the names in its ARN. ECS calls neither by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name {
    cluster: String,
    service: String,
}

impl Name {
    /// From an ARN: `arn:aws:ecs:eu-west-1:222222222222:service/CLUSTER/SERVICE`. Those of before 2018 do not name the
    /// cluster, but services that have one cannot be tagged.
    fn of_arn(arn: &str) -> Option<Self> {
        Self::of_id(arn.split(':').nth(5)?.strip_prefix("service/")?)
    }

    /// From a resource's id: `CLUSTER/SERVICE`.
    fn of_id(id: &str) -> Option<Self> {
        let (cluster, service) = id.split_once('/')?;
        Some(Self { cluster: cluster.to_owned(), service: service.to_owned() })
    }

    /// What Application Auto Scaling calls it.
    fn scalable(&self) -> String {
        format!("service/{}/{}", self.cluster, self.service)
    }
}

impl Adapter for EcsServices {
    fn list<'a>(&'a self, tag_key: &'a str) -> BoxFuture<'a, Result<Vec<Resource>, Failure>> {
        self.find(tag_key).boxed()
    }

    fn carry_out<'a>(&'a self, orders: &'a [Order]) -> BoxFuture<'a, Vec<(ResourceId, Outcome)>> {
        each(orders, |order| self.change(order))
    }
}

/// Listing.
impl EcsServices {
    async fn find(&self, tag_key: &str) -> Result<Vec<Resource>, Failure> {
        let mappings = pages::all(|token| self.tagged(tag_key, token)).await?;
        let mut marks: BTreeMap<Name, Marks> =
            mappings.iter().filter_map(|mapping| tagged(mapping, tag_key)).collect();
        let mut services = self.services(marks.keys()).await?;
        services.retain(|service| service.status() == Some(ACTIVE));
        let names: Vec<Name> = services.iter().filter_map(name).collect();
        let scalable = self.scalable(&names).await?;
        let found = services.iter().filter_map(|service| {
            let name = name(service)?;
            let marks = marks.remove(&name)?;
            resource(service, marks, &name, scalable.get(&name.scalable()))
        });
        Ok(found.collect())
    }

    /// A page of the services with the tag. Some of them may be gone already: the tagging API forgets slowly.
    async fn tagged(
        &self,
        tag_key: &str,
        token: Option<String>,
    ) -> Result<(Vec<ResourceTagMapping>, Option<String>), Failure> {
        let request = self
            .tagging
            .get_resources()
            .resource_type_filters("ecs:service")
            .tag_filters(TagFilter::builder().key(tag_key).build())
            .resources_per_page(PAGE)
            .set_pagination_token(token);
        let config = as_spoke!(aws_sdk_resourcegroupstagging, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        let page = answer.map_err(|error| failure("tag:GetResources", &error))?;
        Ok((page.resource_tag_mapping_list.unwrap_or_default(), page.pagination_token))
    }

    async fn services(&self, names: impl Iterator<Item = &Name>) -> Result<Vec<Service>, Failure> {
        let calls: Vec<_> = batches(names)
            .into_iter()
            .map(|(cluster, batch)| self.describe(cluster, batch))
            .collect();
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        let services: Result<Vec<_>, Failure> = answers.into_iter().collect();
        Ok(services?.into_iter().flatten().collect())
    }

    async fn describe(&self, cluster: &str, batch: Vec<String>) -> Result<Vec<Service>, Failure> {
        let request = self.ecs.describe_services().cluster(cluster).set_services(Some(batch));
        let config = as_spoke!(aws_sdk_ecs, self.spoke);
        match request.customize().config_override(config).send().await {
            // The answer names those it does not know as failures: they are gone.
            Ok(answer) => Ok(answer.services.unwrap_or_default()),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_cluster_not_found_exception()) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(failure("ecs:DescribeServices", &error)),
        }
    }

    /// What may be scaled automatically among these, by its name there.
    async fn scalable(&self, names: &[Name]) -> Result<HashMap<String, ScalableTarget>, Failure> {
        let mut found = HashMap::new();
        for batch in names.chunks(TARGETS) {
            let targets = pages::all(|token| self.targets(batch, token)).await?;
            found.extend(targets.into_iter().map(|target| (target.resource_id.clone(), target)));
        }
        Ok(found)
    }

    async fn targets(
        &self,
        batch: &[Name],
        token: Option<String>,
    ) -> Result<(Vec<ScalableTarget>, Option<String>), Failure> {
        let request = self
            .scaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(batch.iter().map(Name::scalable).collect()))
            .set_next_token(token);
        let config = as_spoke!(aws_sdk_applicationautoscaling, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        let page = answer
            .map_err(|error| failure("application-autoscaling:DescribeScalableTargets", &error))?;
        Ok((page.scalable_targets.unwrap_or_default(), page.next_token))
    }
}

/// Changing.
impl EcsServices {
    async fn change(&self, order: &Order) -> Outcome {
        let Some(name) = Name::of_id(order.id.as_str()) else { return nameless(order) };
        match &order.step {
            Step::Start { size: Some(size), .. } => self.start(&name, *size).await,
            Step::Start { size: None, .. } => no_size(Kind::EcsService),
            Step::Stop { size, .. } => self.stop(&name, size.and_then(|size| size.scaling)).await,
            Step::Resize { .. } => no_resize(Kind::EcsService),
        }
    }

    async fn start(&self, name: &Name, size: Size) -> Outcome {
        let resumed = match size.scaling {
            Some(scaling) => self.scale(name, scaling).await,
            None => Outcome::Done,
        };
        if resumed == Outcome::Done { self.resize(name, to_start_at(size)).await } else { resumed }
    }

    async fn stop(&self, name: &Name, scaling: Option<Scaling>) -> Outcome {
        let suspended = match scaling {
            Some(_) => self.scale(name, Scaling::SUSPENDED).await,
            None => Outcome::Done,
        };
        if suspended == Outcome::Done { self.resize(name, 0).await } else { suspended }
    }

    async fn resize(&self, name: &Name, desired: u32) -> Outcome {
        let request = self
            .ecs
            .update_service()
            .cluster(&name.cluster)
            .service(&name.service)
            .desired_count(count::to_aws(desired));
        let config = as_spoke!(aws_sdk_ecs, self.spoke);
        outcome("ecs:UpdateService", request.customize().config_override(config).send().await)
    }

    /// Says what of a service's automatic scaling is to be on. What the call does not name stays as it is.
    async fn scale(&self, name: &Name, scaling: Scaling) -> Outcome {
        let request = self
            .scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(name.scalable())
            .suspended_state(suspended(scaling));
        let config = as_spoke!(aws_sdk_applicationautoscaling, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        outcome("application-autoscaling:RegisterScalableTarget", answer)
    }
}

/// The outcome for an id that is none of a service. No listing gives one.
fn nameless(order: &Order) -> Outcome {
    let message = format!("`{}` is not CLUSTER/SERVICE", order.id);
    Outcome::Failed(Failure { code: FailureCode::NotFound, message })
}

/// The count to start at: at least what automatic scaling would make of it, and not nought.
fn to_start_at(size: Size) -> u32 {
    size.desired.max(size.min).max(1)
}

/// Names of services by cluster, as many in each batch as one call takes.
fn batches<'a>(names: impl Iterator<Item = &'a Name>) -> Vec<(&'a str, Vec<String>)> {
    let mut by_cluster: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in names {
        by_cluster.entry(&name.cluster).or_default().push(name.service.clone());
    }
    by_cluster
        .iter()
        .flat_map(|(cluster, services)| {
            services.chunks(SERVICES).map(|batch| (*cluster, batch.to_vec()))
        })
        .collect()
}

/// A service that the tagging API found, with what its tags say.
fn tagged(mapping: &ResourceTagMapping, tag_key: &str) -> Option<(Name, Marks)> {
    let texts = mapping.tags().iter().map(|tag| (tag.key(), tag.value()));
    Some((Name::of_arn(mapping.resource_arn()?)?, Marks::read(tag_key, texts)?))
}

fn name(service: &Service) -> Option<Name> {
    Name::of_arn(service.service_arn()?)
}

/// The service as a resource; none if its id is none.
fn resource(
    service: &Service,
    marks: Marks,
    name: &Name,
    target: Option<&ScalableTarget>,
) -> Option<Resource> {
    let id = format!("{}/{}", name.cluster, name.service).parse().ok()?;
    let key = ResourceKey { kind: Kind::EcsService, id };
    let size = Some(size(service, target));
    Some(Resource { size, ..Resource::new(key, marks, observed(service)) })
}

fn observed(service: &Service) -> Observed {
    if service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon) {
        Observed::Unsuitable(Unsuitable::Daemon)
    } else if service.desired_count() == 0 {
        Observed::Stopped
    } else {
        Observed::Running
    }
}

fn size(service: &Service, target: Option<&ScalableTarget>) -> Size {
    let plain = Size::count(count::from_aws(Some(service.desired_count())));
    match target {
        None => plain,
        Some(target) => Size {
            min: count::from_aws(Some(target.min_capacity())),
            max: count::from_aws(Some(target.max_capacity())),
            scaling: Some(scaling(target.suspended_state())),
            ..plain
        },
    }
}

/// What is on, where AWS says what is suspended.
fn scaling(state: Option<&SuspendedState>) -> Scaling {
    let is_on = |suspended: fn(&SuspendedState) -> Option<bool>| {
        !state.and_then(suspended).unwrap_or_default()
    };
    Scaling {
        scales_in: is_on(SuspendedState::dynamic_scaling_in_suspended),
        scales_out: is_on(SuspendedState::dynamic_scaling_out_suspended),
        scheduled: is_on(SuspendedState::scheduled_scaling_suspended),
    }
}

fn suspended(scaling: Scaling) -> SuspendedState {
    SuspendedState::builder()
        .dynamic_scaling_in_suspended(!scaling.scales_in)
        .dynamic_scaling_out_suspended(!scaling.scales_out)
        .scheduled_scaling_suspended(!scaling.scheduled)
        .build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::builders::ServiceBuilder;
    use aws_sdk_resourcegroupstagging::types::Tag;
    use aws_smithy_types::DateTime;

    use super::*;

    const ARN: &str = "arn:aws:ecs:eu-west-1:222222222222:service/shop/web";

    fn service(desired: i32) -> ServiceBuilder {
        Service::builder().service_arn(ARN).status(ACTIVE).desired_count(desired)
    }

    fn target(state: Option<SuspendedState>) -> ScalableTarget {
        ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id("service/shop/web")
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(2)
            .max_capacity(8)
            .role_arn("arn:aws:iam::222222222222:role/scaling")
            .creation_time(DateTime::from_secs(0))
            .set_suspended_state(state)
            .build()
            .unwrap()
    }

    fn as_resource(service: ServiceBuilder, target: Option<&ScalableTarget>) -> Option<Resource> {
        let service = service.build();
        resource(&service, Marks::of("office"), &name(&service)?, target)
    }

    #[test]
    fn an_arn_names_cluster_and_service() {
        for (arn, expected) in [
            (ARN, Some("service/shop/web")),
            ("arn:aws-cn:ecs:cn-north-1:444444444444:service/a/b", Some("service/a/b")),
            ("arn:aws:ecs:eu-west-1:222222222222:service/web", None),
            ("arn:aws:ecs:eu-west-1:222222222222:cluster/shop", None),
            ("shop/web", None),
        ] {
            let found = Name::of_arn(arn).map(|name| name.scalable());
            assert_eq!(found.as_deref(), expected, "{arn}");
        }
    }

    #[test]
    fn the_tagging_api_says_what_the_tags_say() {
        let tag = Tag::builder().key("Schedule").value("office").build().unwrap();
        let mapping = ResourceTagMapping::builder().resource_arn(ARN).tags(tag).build();
        let (name, marks) = tagged(&mapping, "Schedule").unwrap();
        assert_eq!(
            (name.scalable().as_str(), marks.schedule.as_str()),
            ("service/shop/web", "office")
        );
        assert_eq!(tagged(&mapping, "Other"), None);
    }

    #[test]
    fn services_are_asked_for_by_cluster_and_in_tens() {
        let names: Vec<_> = (0..12)
            .map(|n| format!("a/{n}"))
            .chain(["b/0".to_owned()])
            .filter_map(|id| Name::of_id(&id))
            .collect();
        let batches = batches(names.iter());
        let sizes: Vec<_> =
            batches.iter().map(|(cluster, batch)| (*cluster, batch.len())).collect();
        assert_eq!(sizes, [("a", 10), ("a", 2), ("b", 1)]);
    }

    #[test]
    fn a_service_rests_at_a_count_of_nought() {
        let daemon = service(0).scheduling_strategy(SchedulingStrategy::Daemon);
        for (service, expected) in [
            (service(2), Observed::Running),
            (service(0), Observed::Stopped),
            (daemon, Observed::Unsuitable(Unsuitable::Daemon)),
        ] {
            let found = as_resource(service.clone(), None);
            assert_eq!(found.unwrap().observed, expected, "{service:?}");
        }
        let found = as_resource(service(2), None).unwrap();
        assert_eq!(
            (found.key.to_string().as_str(), found.size),
            ("ecs-service/shop/web", Some(Size::count(2)))
        );
    }

    #[test]
    fn a_size_holds_what_is_on() {
        let on = Scaling { scales_in: true, scales_out: true, scheduled: true };
        let no_scale_in = Scaling { scales_in: false, ..on };
        for (state, expected) in [
            (None, on),
            (Some(SuspendedState::builder().build()), on),
            (Some(suspended(no_scale_in)), no_scale_in),
            (Some(suspended(Scaling::SUSPENDED)), Scaling::SUSPENDED),
        ] {
            let found = as_resource(service(3), Some(&target(state))).unwrap().size.unwrap();
            assert_eq!(found, Size { min: 2, desired: 3, max: 8, scaling: Some(expected) });
        }
    }

    #[test]
    fn a_start_is_at_no_less_than_what_scaling_allows() {
        for (size, expected) in [("1-2-4", 2), ("0-0-4", 1), ("3", 3)] {
            assert_eq!(to_start_at(size.parse().unwrap()), expected, "{size}");
        }
        assert_eq!(to_start_at(Size { min: 2, desired: 1, max: 4, scaling: None }), 2);
    }
}
