//! Auto Scaling as callers see it.

use chrono::{TimeDelta, TimeZone, Utc};

use crate::{CallError, Caller, Sandbox, texts};

struct Stage {
    sandbox: Sandbox,
    caller: Caller,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let caller =
            Caller::new(&sandbox, &sandbox.create_account("aws-cn", "111111111111"), "cn-north-1");
        Self { sandbox, caller }
    }

    async fn call(&self, action: &str, params: &[(&str, &str)]) -> Result<String, CallError> {
        self.caller.query("autoscaling", action, params).await
    }

    async fn create(&self, name: &str, sizes: [&str; 3], extra: &[(&str, &str)]) {
        let [min, max, desired] = sizes;
        let mut params = vec![("AutoScalingGroupName", name), ("MinSize", min), ("MaxSize", max)];
        params.extend([("DesiredCapacity", desired), ("LaunchConfigurationName", "web")]);
        params.extend([("AvailabilityZones.member.1", "cn-north-1a")]);
        params.extend(extra);
        self.call("CreateAutoScalingGroup", &params).await.unwrap();
    }

    async fn update(&self, name: &str, changes: &[(&str, &str)]) -> Result<String, CallError> {
        let params = [&[("AutoScalingGroupName", name)], changes].concat();
        self.call("UpdateAutoScalingGroup", &params).await
    }

    async fn describe(&self, params: &[(&str, &str)]) -> String {
        self.call("DescribeAutoScalingGroups", params).await.unwrap()
    }

    /// The lifecycle states of the only group's instances.
    async fn instances(&self) -> Vec<String> {
        texts(&self.describe(&[]).await, "LifecycleState")
    }

    fn later(&self, delta: TimeDelta) {
        self.sandbox.set_now(self.sandbox.now() + delta);
    }
}

fn failure<T: std::fmt::Debug>(result: Result<T, CallError>) -> (String, String) {
    let error = result.unwrap_err();
    assert_eq!(error.status, 400);
    (error.code, error.message)
}

fn filter<'a>(name: &'a str, value: &'a str) -> [(&'a str, &'a str); 2] {
    [("Filters.member.1.Name", name), ("Filters.member.1.Values.member.1", value)]
}

#[tokio::test]
async fn instances_follow_the_desired_capacity() {
    let stage = Stage::new();
    stage.create("web", ["0", "3", "2"], &[]).await;
    let minute = TimeDelta::minutes(1);
    assert_eq!(stage.instances().await, ["Pending", "Pending"]);
    stage.later(minute * 2);
    assert_eq!(stage.instances().await, ["InService", "InService"]);
    stage.update("web", &[("DesiredCapacity", "3")]).await.unwrap();
    assert_eq!(stage.instances().await, ["InService", "InService", "Pending"]);
    stage.later(minute * 2);
    stage.update("web", &[("MaxSize", "0"), ("DesiredCapacity", "0")]).await.unwrap();
    assert_eq!(stage.instances().await, ["Terminating"; 3]);
    stage.later(minute);
    assert_eq!(stage.instances().await, Vec::<String>::new());
    let group = stage.describe(&[]).await;
    for size in ["MinSize", "MaxSize", "DesiredCapacity"] {
        assert_eq!(texts(&group, size), ["0"], "{size}");
    }
}

#[tokio::test]
async fn an_answer_names_the_group() {
    let stage = Stage::new();
    let tag = [("Tags.member.1.Key", "Schedule"), ("Tags.member.1.Value", "a & b")];
    stage.create("web", ["0", "1", "1"], &tag).await;
    let group = stage.describe(&[]).await;
    let arn = "arn:aws-cn:autoscaling:cn-north-1:111111111111:autoScalingGroup:\
               00000000-0000-4000-8000-000000000001:autoScalingGroupName/web";
    assert_eq!(texts(&group, "AutoScalingGroupARN"), [arn]);
    assert_eq!(texts(&group, "InstanceId")[0].len(), 19);
    assert_eq!(texts(&group, "Status"), Vec::<String>::new());
    let tags = texts(&group, "Tags").remove(0);
    for (element, text) in [
        ("ResourceId", "web"),
        ("ResourceType", "auto-scaling-group"),
        ("Key", "Schedule"),
        ("Value", "a & b"),
        ("PropagateAtLaunch", "false"),
    ] {
        let found = texts(&tags, element);
        assert!(found == [text] || element == "Value" && found.len() == 1, "{element}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_update_is_said_in_awss_words() {
    let stage = Stage::new();
    stage.create("web", ["1", "2", "1"], &[]).await;
    let cases = [
        (
            "web",
            "DesiredCapacity",
            "3",
            "Desired capacity:3 must be between the specified min size:1 and max size:2",
        ),
        ("web", "MinSize", "3", "Max bound, 2, must be greater than or equal to min bound, 3"),
        ("other", "MinSize", "0", "AutoScalingGroup name not found - null"),
    ];
    for (name, size, value, message) in cases {
        let found = failure(stage.update(name, &[(size, value)]).await);
        assert_eq!(found, ("ValidationError".to_owned(), message.to_owned()));
    }
    let (code, _) = failure(stage.update("web", &[("MinSize", "-1")]).await);
    assert_eq!(code, "ValidationError");
    assert_eq!(texts(&stage.describe(&[]).await, "DesiredCapacity"), ["1"]);
}

#[tokio::test]
async fn creation_checks_what_it_is_given() {
    let stage = Stage::new();
    stage.create("web", ["0", "1", "0"], &[]).await;
    let zone = ("AvailabilityZones.member.1", "cn-north-1a");
    let base = [("AutoScalingGroupName", "new"), ("MinSize", "0"), ("MaxSize", "1")];
    let launch = ("LaunchTemplate.LaunchTemplateName", "web");
    let both = ("LaunchConfigurationName", "web");
    let refused = [
        [&base[..], &[zone]].concat(),
        [&base[..], &[launch]].concat(),
        [&base[..], &[zone, launch, both]].concat(),
        [&base[..2], &[zone, launch]].concat(),
    ];
    for params in refused {
        let (code, _) = failure(stage.call("CreateAutoScalingGroup", &params).await);
        assert_eq!(code, "ValidationError", "{params:?}");
    }
    stage.call("CreateAutoScalingGroup", &[&base[..], &[zone, launch]].concat()).await.unwrap();
    let again = stage.call("CreateAutoScalingGroup", &[&base[..], &[zone, launch]].concat()).await;
    assert_eq!(failure(again).0, "AlreadyExists");
    let new = stage.describe(&[("AutoScalingGroupNames.member.1", "new")]).await;
    assert_eq!(texts(&new, "Version"), ["$Default"]);
}

#[tokio::test]
async fn pages_names_and_filters() {
    let stage = Stage::new();
    for number in 0..5 {
        let name = format!("g{number}");
        let tag = [("Tags.member.1.Key", "Schedule"), ("Tags.member.1.Value", name.as_str())];
        stage.create(&name, ["0", "0", "0"], if number < 3 { &tag } else { &[] }).await;
    }
    let names = |xml: &str| texts(xml, "AutoScalingGroupName");
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut params = vec![("MaxRecords", "2")];
        params.extend(token.as_deref().map(|token| ("NextToken", token)));
        let page = stage.describe(&params).await;
        seen.push(names(&page).len());
        token = texts(&page, "NextToken").pop();
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, [2, 2, 1]);

    let named = [("AutoScalingGroupNames.member.1", "g4"), ("AutoScalingGroupNames.member.2", "x")];
    assert_eq!(names(&stage.describe(&named).await), ["g4"]);
    assert_eq!(names(&stage.describe(&filter("tag-key", "Schedule")).await), ["g0", "g1", "g2"]);
    assert_eq!(names(&stage.describe(&filter("tag-value", "g1")).await), ["g1"]);
    assert_eq!(names(&stage.describe(&filter("tag:Schedule", "g2")).await), ["g2"]);
    assert_eq!(names(&stage.describe(&filter("tag:Other", "g2")).await), Vec::<String>::new());

    for (wrong, code) in [
        (vec![("MaxRecords", "101")], "ValidationError"),
        (vec![("MaxRecords", "0")], "ValidationError"),
        (vec![("NextToken", "x")], "InvalidNextToken"),
        (filter("colour", "red").to_vec(), "ValidationError"),
    ] {
        assert_eq!(
            failure(stage.call("DescribeAutoScalingGroups", &wrong).await).0,
            code,
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn tags_come_and_go() {
    let stage = Stage::new();
    stage.create("web", ["0", "0", "0"], &[]).await;
    let tag = |key, value| {
        let kind = [("Tags.member.1.ResourceType", "auto-scaling-group")];
        let rest = [("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
        [&kind[..], &[("Tags.member.1.ResourceId", "web")], &rest].concat()
    };
    let propagated = [("Tags.member.1.PropagateAtLaunch", "true")];
    stage.call("CreateOrUpdateTags", &[&tag("a", "1")[..], &propagated].concat()).await.unwrap();
    stage.call("CreateOrUpdateTags", &tag("b", "2")).await.unwrap();
    let listed = stage.call("DescribeTags", &filter("key", "a")).await.unwrap();
    assert_eq!(texts(&listed, "PropagateAtLaunch"), ["true"]);
    let first = stage.call("DescribeTags", &[("MaxRecords", "1")]).await.unwrap();
    let next = texts(&first, "NextToken").remove(0);
    let second = stage.call("DescribeTags", &[("NextToken", &next)]).await.unwrap();
    assert_eq!((texts(&first, "Key"), texts(&second, "Key")), (vec!["a".into()], vec!["b".into()]));

    stage.call("DeleteTags", &tag("a", "other")).await.unwrap();
    stage.call("DeleteTags", &tag("b", "2")).await.unwrap();
    assert_eq!(texts(&stage.describe(&[]).await, "Key"), ["a"]);
    for wrong in [("Tags.member.1.ResourceId", "nobody"), ("Tags.member.1.Key", "aws:mine")] {
        let params: Vec<_> =
            tag("a", "1").into_iter().filter(|(name, _)| *name != wrong.0).collect();
        let refused = stage.call("CreateOrUpdateTags", &[&params[..], &[wrong]].concat()).await;
        assert_eq!(failure(refused).0, "ValidationError", "{wrong:?}");
    }
}

#[tokio::test]
async fn a_deleted_group_waits_for_its_instances() {
    let stage = Stage::new();
    stage.create("web", ["1", "1", "1"], &[]).await;
    let name = ("AutoScalingGroupName", "web");
    let refused = stage.call("DeleteAutoScalingGroup", &[name]).await;
    assert_eq!(failure(refused).0, "ResourceInUse");
    stage.call("DeleteAutoScalingGroup", &[name, ("ForceDelete", "true")]).await.unwrap();
    assert_eq!(texts(&stage.describe(&[]).await, "Status"), ["Delete in progress"]);
    assert_eq!(failure(stage.update("web", &[("MinSize", "0")]).await).0, "ValidationError");
    stage.later(TimeDelta::minutes(1));
    assert_eq!(texts(&stage.describe(&[]).await, "AutoScalingGroupName"), Vec::<String>::new());
    let (_, message) = failure(stage.call("DeleteAutoScalingGroup", &[name]).await);
    assert_eq!(message, "AutoScalingGroup name not found - AutoScalingGroup 'web' not found");
}

#[tokio::test]
async fn a_suspended_process_does_nothing_until_it_is_resumed() {
    let stage = Stage::new();
    stage.create("web", ["0", "2", "0"], &[]).await;
    let launch = [("AutoScalingGroupName", "web"), ("ScalingProcesses.member.1", "Launch")];
    stage.call("SuspendProcesses", &launch).await.unwrap();
    assert_eq!(texts(&stage.describe(&[]).await, "ProcessName"), ["Launch"]);
    stage.update("web", &[("DesiredCapacity", "1")]).await.unwrap();
    assert_eq!(stage.instances().await, Vec::<String>::new());
    stage.call("ResumeProcesses", &launch[..1]).await.unwrap();
    assert_eq!(stage.instances().await, ["Pending"]);
}
