//! Tags on what was started, stopped or failed. Each service has its own call, or none that takes more than one resource:
//! for those there is the tagging API.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_autoscaling::types::Tag as GroupTag;
use aws_sdk_ec2::types::Tag;
use aws_sdk_resourcegroupstagging::types::FailureInfo;
use scheduler_core::{
    Kind, ResourceId, Target,
    labels::Labelling,
    resource::{Failure, FailureCode},
};
use scheduler_engine::rate::{Call, Rates};

use crate::{
    Aws,
    failure::{classify, failure},
    session::{Spoke, as_spoke},
};

/// Instances a call; `CreateTags` and `DeleteTags` take 1,000, and fail for all if one is gone.
const INSTANCES: usize = 200;

/// Tags of groups a call. AWS documents no limit.
const GROUP_TAGS: usize = 50;

/// `TagResources` and `UntagResources` take at most this many ARNs.
const ARNS: usize = 20;

/// Changes tags in one target.
pub(crate) struct Labeller<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) target: &'a Target,
    pub(crate) spoke: Spoke,
    pub(crate) rates: Arc<Rates>,
}

impl Labeller<'_> {
    /// Changes tags of resources of one kind. What fails does not keep the rest from being tagged; the first failure is
    /// the answer.
    pub(crate) async fn label(
        &self,
        kind: Kind,
        labellings: &[(ResourceId, Labelling)],
    ) -> Result<(), Failure> {
        match kind {
            Kind::Ec2Instance => self.label_instances(labellings).await,
            Kind::Asg => self.label_groups(labellings).await,
            Kind::RdsInstance | Kind::RdsCluster | Kind::EcsService | Kind::RedshiftCluster => {
                self.label_by_arn(kind, labellings).await
            }
        }
    }

    async fn label_instances(&self, labellings: &[(ResourceId, Labelling)]) -> Result<(), Failure> {
        let mut result = Ok(());
        for (labelling, ids) in alike(labellings) {
            for ids in ids.chunks(INSTANCES) {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                if !labelling.set.is_empty() {
                    result = result.and(self.create_tags(&ids, labelling).await);
                }
                if !labelling.remove.is_empty() {
                    result = result.and(self.delete_tags(&ids, labelling).await);
                }
            }
        }
        result
    }

    async fn create_tags(&self, ids: &[String], labelling: &Labelling) -> Result<(), Failure> {
        self.rates.take(Call::Tag).await;
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
        let client = self.aws.ec2(&self.target.region);
        let request = client
            .create_tags()
            .set_resources(Some(ids.to_vec()))
            .set_tags(Some(labelling.set.iter().map(tag).collect()));
        let answer =
            request.customize().config_override(as_spoke!(aws_sdk_ec2, self.spoke)).send().await;
        answer.map(drop).map_err(|error| failure("ec2:CreateTags", &error))
    }

    async fn delete_tags(&self, ids: &[String], labelling: &Labelling) -> Result<(), Failure> {
        self.rates.take(Call::Tag).await;
        let tag = |key: &String| Tag::builder().key(key).build();
        let client = self.aws.ec2(&self.target.region);
        let request = client
            .delete_tags()
            .set_resources(Some(ids.to_vec()))
            .set_tags(Some(labelling.remove.iter().map(tag).collect()));
        let answer =
            request.customize().config_override(as_spoke!(aws_sdk_ec2, self.spoke)).send().await;
        answer.map(drop).map_err(|error| failure("ec2:DeleteTags", &error))
    }

    async fn label_groups(&self, labellings: &[(ResourceId, Labelling)]) -> Result<(), Failure> {
        let (set, removed) = group_tags(labellings);
        let mut result = Ok(());
        for tags in set.chunks(GROUP_TAGS) {
            result = result.and(self.tag_groups(tags.to_vec()).await);
        }
        for tags in removed.chunks(GROUP_TAGS) {
            result = result.and(self.untag_groups(tags.to_vec()).await);
        }
        result
    }

    async fn tag_groups(&self, tags: Vec<GroupTag>) -> Result<(), Failure> {
        let client = self.aws.autoscaling(&self.target.region);
        let request = client.create_or_update_tags().set_tags(Some(tags)).customize();
        let config = as_spoke!(aws_sdk_autoscaling, self.spoke);
        let answer = request.config_override(config).send().await;
        answer.map(drop).map_err(|error| failure("autoscaling:CreateOrUpdateTags", &error))
    }

    async fn untag_groups(&self, tags: Vec<GroupTag>) -> Result<(), Failure> {
        let client = self.aws.autoscaling(&self.target.region);
        let request = client.delete_tags().set_tags(Some(tags)).customize();
        let config = as_spoke!(aws_sdk_autoscaling, self.spoke);
        let answer = request.config_override(config).send().await;
        answer.map(drop).map_err(|error| failure("autoscaling:DeleteTags", &error))
    }

    async fn label_by_arn(
        &self,
        kind: Kind,
        labellings: &[(ResourceId, Labelling)],
    ) -> Result<(), Failure> {
        let mut result = Ok(());
        for (labelling, ids) in alike(labellings) {
            let arns: Vec<_> = ids.iter().filter_map(|id| arn(self.target, kind, id)).collect();
            for arns in arns.chunks(ARNS) {
                if !labelling.set.is_empty() {
                    result = result.and(self.tag_resources(arns, labelling).await);
                }
                if !labelling.remove.is_empty() {
                    result = result.and(self.untag_resources(arns, labelling).await);
                }
            }
        }
        result
    }

    async fn tag_resources(&self, arns: &[String], labelling: &Labelling) -> Result<(), Failure> {
        const CALL: &str = "tag:TagResources";
        let client = self.aws.tagging(&self.target.region);
        let request = client
            .tag_resources()
            .set_resource_arn_list(Some(arns.to_vec()))
            .set_tags(Some(labelling.set.clone().into_iter().collect()));
        let config = as_spoke!(aws_sdk_resourcegroupstagging, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        let answer = answer.map_err(|error| failure(CALL, &error))?;
        first_refused(CALL, answer.failed_resources_map.into_iter().flatten())
    }

    async fn untag_resources(&self, arns: &[String], labelling: &Labelling) -> Result<(), Failure> {
        const CALL: &str = "tag:UntagResources";
        let client = self.aws.tagging(&self.target.region);
        let request = client
            .untag_resources()
            .set_resource_arn_list(Some(arns.to_vec()))
            .set_tag_keys(Some(labelling.remove.iter().cloned().collect()));
        let config = as_spoke!(aws_sdk_resourcegroupstagging, self.spoke);
        let answer = request.customize().config_override(config).send().await;
        let answer = answer.map_err(|error| failure(CALL, &error))?;
        first_refused(CALL, answer.failed_resources_map.into_iter().flatten())
    }
}

/// The resources whose tags change in the same way, so that they share a call.
fn alike(labellings: &[(ResourceId, Labelling)]) -> BTreeMap<&Labelling, Vec<&ResourceId>> {
    let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, labelling) in labellings {
        alike.entry(labelling).or_default().push(id);
    }
    alike
}

/// The tags to set and those to remove. Each names its group, so that groups that differ share a call all the same.
fn group_tags(labellings: &[(ResourceId, Labelling)]) -> (Vec<GroupTag>, Vec<GroupTag>) {
    let (mut set, mut removed) = (Vec::new(), Vec::new());
    for (id, labelling) in labellings {
        let tag = |key: &str| {
            GroupTag::builder()
                .resource_id(id.as_str())
                .resource_type("auto-scaling-group")
                .key(key)
        };
        let to_set = labelling.set.iter();
        // The tags are the group's own: its instances are none of ours.
        set.extend(
            to_set.map(|(key, value)| tag(key).value(value).propagate_at_launch(false).build()),
        );
        removed.extend(labelling.remove.iter().map(|key| tag(key).build()));
    }
    (set, removed)
}

/// The ARN of a resource whose kind has one that follows from its id.
fn arn(target: &Target, kind: Kind, id: &ResourceId) -> Option<String> {
    let (service, of) = match kind {
        Kind::RdsInstance => ("rds", "db:"),
        Kind::RdsCluster => ("rds", "cluster:"),
        Kind::EcsService => ("ecs", "service/"),
        Kind::RedshiftCluster => ("redshift", "cluster:"),
        Kind::Ec2Instance => ("ec2", "instance/"),
        // A group's ARN holds an id that only AWS knows.
        Kind::Asg => return None,
    };
    let Target { partition, account, region } = target;
    Some(format!("arn:{partition}:{service}:{region}:{account}:{of}{id}"))
}

/// The tagging API answers with success though it has refused some.
fn first_refused(
    call: &str,
    refused: impl Iterator<Item = (String, FailureInfo)>,
) -> Result<(), Failure> {
    let Some((arn, info)) = refused.min_by(|(a, _), (b, _)| a.cmp(b)) else { return Ok(()) };
    let code = info.error_code().map_or("no code", |code| code.as_str());
    let said = info.error_message().unwrap_or("no message");
    let class = match info.status_code() {
        403 => FailureCode::Denied,
        404 => FailureCode::NotFound,
        429 => FailureCode::Throttled,
        _ => classify(code),
    };
    Err(Failure { code: class, message: format!("{call}: {arn}: {code}: {said}") })
}

#[cfg(test)]
mod tests {
    use aws_sdk_resourcegroupstagging::types::ErrorCode;

    use super::*;

    fn labelling(value: &str, removed: &[&str]) -> Labelling {
        Labelling {
            set: [("State".to_owned(), value.to_owned())].into(),
            remove: removed.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn id(text: &str) -> ResourceId {
        text.parse().unwrap()
    }

    #[test]
    fn resources_whose_tags_change_in_the_same_way_share_a_call() {
        let labellings = [
            (id("i-1"), labelling("on", &[])),
            (id("i-2"), labelling("off", &[])),
            (id("i-3"), labelling("on", &[])),
        ];
        let alike = alike(&labellings);
        assert_eq!(alike.len(), 2);
        assert_eq!(alike[&labelling("on", &[])], [&id("i-1"), &id("i-3")]);
    }

    #[test]
    fn a_groups_tags_do_not_reach_its_instances() {
        let (set, removed) = group_tags(&[(id("web"), labelling("on", &["By", "Since"]))]);
        assert_eq!((set.len(), removed.len()), (1, 2));
        assert_eq!((set[0].resource_id(), set[0].value()), (Some("web"), Some("on")));
        assert_eq!(set[0].propagate_at_launch(), Some(false));
        assert_eq!(removed[0].resource_type(), Some("auto-scaling-group"));
    }

    #[test]
    fn arns_follow_from_target_and_id() {
        for (region, kind, name, expected) in [
            (
                "eu-west-1",
                Kind::RdsInstance,
                "db-1",
                Some("arn:aws:rds:eu-west-1:111122223333:db:db-1"),
            ),
            (
                "cn-north-1",
                Kind::RdsCluster,
                "aurora",
                Some("arn:aws-cn:rds:cn-north-1:111122223333:cluster:aurora"),
            ),
            (
                "us-gov-west-1",
                Kind::EcsService,
                "prod/web",
                Some("arn:aws-us-gov:ecs:us-gov-west-1:111122223333:service/prod/web"),
            ),
            (
                "cn-northwest-1",
                Kind::RedshiftCluster,
                "dwh",
                Some("arn:aws-cn:redshift:cn-northwest-1:111122223333:cluster:dwh"),
            ),
            ("eu-west-1", Kind::Asg, "web", None),
        ] {
            let target = Target::new("111122223333".parse().unwrap(), region.parse().unwrap());
            assert_eq!(arn(&target, kind, &id(name)).as_deref(), expected);
        }
    }

    #[test]
    fn a_refusal_inside_a_success_is_a_failure() {
        let info = FailureInfo::builder()
            .status_code(403)
            .error_code(ErrorCode::InvalidParameterException)
            .error_message("not yours")
            .build();
        let refused = [("arn:b".to_owned(), info.clone()), ("arn:a".to_owned(), info)];
        let failure = first_refused("tag:TagResources", refused.into_iter()).unwrap_err();
        assert_eq!(failure.code, FailureCode::Denied);
        assert_eq!(
            failure.message,
            "tag:TagResources: arn:a: InvalidParameterException: not yours"
        );
        assert_eq!(first_refused("tag:TagResources", std::iter::empty()), Ok(()));
    }
}
