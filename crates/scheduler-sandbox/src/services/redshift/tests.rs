//! Redshift as callers see it.

use chrono::{TimeDelta, TimeZone, Utc};

use crate::{CallError, Caller, Sandbox, texts};

struct Stage {
    sandbox: Sandbox,
    caller: Caller,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let caller = Caller::new(
            &sandbox,
            &sandbox.create_account("aws-us-gov", "111111111111"),
            "us-gov-west-1",
        );
        Self { sandbox, caller }
    }

    async fn call(&self, action: &str, params: &[(&str, &str)]) -> Result<String, CallError> {
        self.caller.query("redshift", action, params).await
    }

    async fn on(&self, action: &str, name: &str) -> Result<String, CallError> {
        self.call(action, &[("ClusterIdentifier", name)]).await
    }

    async fn create(&self, name: &str, extra: &[(&str, &str)]) -> Result<String, CallError> {
        let mut params = vec![("ClusterIdentifier", name), ("NodeType", "ra3.large")];
        params.extend([("MasterUsername", "admin"), ("ClusterType", "single-node")]);
        params.extend(extra);
        self.call("CreateCluster", &params).await
    }

    fn later(&self, delta: TimeDelta) {
        self.sandbox.set_now(self.sandbox.now() + delta);
    }
}

fn code(result: Result<String, CallError>) -> (u16, String) {
    let error = result.unwrap_err();
    (error.status, error.code)
}

const ARN: &str = "arn:aws-us-gov:redshift:us-gov-west-1:111111111111:cluster:dw";

#[tokio::test]
async fn a_cluster_is_paused_and_resumed_in_minutes() {
    let stage = Stage::new();
    stage.create("dw", &[]).await.unwrap();
    let minutes = TimeDelta::minutes;
    for (action, delta, status, availability) in [
        ("", minutes(7), "creating", "Modifying"),
        ("", minutes(1), "available", "Available"),
        ("PauseCluster", minutes(5), "pausing", "Modifying"),
        ("", minutes(1), "paused", "Unavailable"),
        ("", TimeDelta::days(100), "paused", "Unavailable"),
        ("ResumeCluster", minutes(7), "resuming", "Modifying"),
        ("", minutes(1), "available", "Available"),
    ] {
        if !action.is_empty() {
            stage.on(action, "DW").await.unwrap();
        }
        stage.later(delta);
        let found = stage.on("DescribeClusters", "dw").await.unwrap();
        let seen = ["ClusterStatus", "ClusterAvailabilityStatus"].map(|name| texts(&found, name));
        assert_eq!(seen, [[status], [availability]], "{action} {delta}");
    }
}

#[tokio::test]
async fn what_is_asked_in_the_wrong_state_is_refused() {
    let stage = Stage::new();
    stage.create("dw", &[]).await.unwrap();
    let wrong_state = (400, "InvalidClusterState".to_owned());
    for action in ["PauseCluster", "ResumeCluster"] {
        assert_eq!(code(stage.on(action, "dw").await), wrong_state, "{action}");
        let missing = (404, "ClusterNotFound".to_owned());
        assert_eq!(code(stage.on(action, "nobody").await), missing, "{action}");
    }
    stage.later(TimeDelta::minutes(8));
    assert_eq!(code(stage.on("ResumeCluster", "dw").await), wrong_state);
    stage.on("PauseCluster", "dw").await.unwrap();
    let again = stage.on("PauseCluster", "dw").await.unwrap_err();
    assert_eq!(again.message, "You can only pause an ACTIVE Cluster");
}

#[tokio::test]
async fn creation_checks_what_it_is_given() {
    let stage = Stage::new();
    let window = ("PreferredMaintenanceWindow", "mon:01:00-mon:01:30");
    let several = [("ClusterType", "multi-node"), ("NumberOfNodes", "3"), window];
    let made = stage.create("dw", &several).await.unwrap();
    assert_eq!(texts(&made, "NumberOfNodes"), ["3"]);
    assert_eq!(texts(&made, "PreferredMaintenanceWindow"), [window.1]);
    let namespace = texts(&made, "ClusterNamespaceArn").remove(0);
    assert!(namespace.starts_with("arn:aws-us-gov:redshift:us-gov-west-1:111111111111:namespace:"));
    for (name, extra, expected) in [
        ("dw", ("DBName", "x"), "ClusterAlreadyExists"),
        ("-", ("DBName", "x"), "InvalidParameterValue"),
        ("new", ("ClusterType", "multi-node"), "InvalidParameterCombination"),
        ("new", ("ClusterType", "big"), "InvalidParameterValue"),
    ] {
        assert_eq!(code(stage.create(name, &[extra]).await), (400, expected.to_owned()));
    }
}

#[tokio::test]
async fn pages_and_tags() {
    let stage = Stage::new();
    for number in 0..23 {
        let value = if number < 2 { "office" } else { "other" };
        let tags = [("Tags.Tag.1.Key", "Schedule"), ("Tags.Tag.1.Value", value)];
        let tags = if number < 4 { &tags[..] } else { &[] };
        stage.create(&format!("dw-{number:02}"), tags).await.unwrap();
    }
    let first = stage.call("DescribeClusters", &[("MaxRecords", "20")]).await.unwrap();
    assert_eq!(texts(&first, "ClusterIdentifier").len(), 20);
    let marker = texts(&first, "Marker").remove(0);
    let rest = [("MaxRecords", "20"), ("Marker", marker.as_str())];
    let rest = stage.call("DescribeClusters", &rest).await.unwrap();
    assert_eq!((texts(&rest, "ClusterIdentifier").len(), texts(&rest, "Marker").len()), (3, 0));

    let (key, value) = (("TagKeys.TagKey.1", "Schedule"), ("TagValues.TagValue.1", "office"));
    for (params, count) in [(vec![key], 4), (vec![value], 2), (vec![key, value], 2)] {
        let found = stage.call("DescribeClusters", &params).await.unwrap();
        assert_eq!(texts(&found, "ClusterIdentifier").len(), count, "{params:?}");
    }
    for wrong in [("MaxRecords", "19"), ("MaxRecords", "101"), ("Marker", "x")] {
        let refused = stage.call("DescribeClusters", &[wrong]).await;
        assert_eq!(code(refused), (400, "InvalidParameterValue".to_owned()));
    }
}

#[tokio::test]
async fn tags_are_named_by_arn() {
    let stage = Stage::new();
    stage.create("dw", &[("Tags.Tag.1.Key", "a"), ("Tags.Tag.1.Value", "1")]).await.unwrap();
    let resource = ("ResourceName", ARN);
    let add = [resource, ("Tags.Tag.1.Key", "b"), ("Tags.Tag.1.Value", "x & y")];
    stage.call("CreateTags", &add).await.unwrap();
    stage.call("DeleteTags", &[resource, ("TagKeys.TagKey.1", "a")]).await.unwrap();
    let found = stage.on("DescribeClusters", "dw").await.unwrap();
    assert_eq!(
        (texts(&found, "Key"), texts(&found, "Value")),
        (vec!["b".into()], vec!["x & y".into()])
    );
    let other = ARN.replace(":dw", ":nobody");
    let refused = stage.call("CreateTags", &[("ResourceName", &other)]).await;
    assert_eq!(code(refused), (404, "ResourceNotFoundFault".to_owned()));
    let reserved = [resource, ("Tags.Tag.1.Key", "aws:x")];
    assert_eq!(
        code(stage.call("CreateTags", &reserved).await),
        (400, "InvalidTagFault".to_owned())
    );
}

#[tokio::test]
async fn a_deleted_cluster_goes() {
    let stage = Stage::new();
    stage.create("dw", &[]).await.unwrap();
    let delete = [("ClusterIdentifier", "dw"), ("SkipFinalClusterSnapshot", "true")];
    let busy = code(stage.call("DeleteCluster", &delete).await);
    assert_eq!(busy, (400, "InvalidClusterState".to_owned()));
    stage.later(TimeDelta::minutes(8));
    let unsaved = code(stage.on("DeleteCluster", "dw").await);
    assert_eq!(unsaved, (400, "InvalidParameterCombination".to_owned()));
    let answer = stage.call("DeleteCluster", &delete).await.unwrap();
    assert_eq!(texts(&answer, "ClusterStatus"), ["deleting"]);
    stage.later(TimeDelta::minutes(4));
    assert_eq!(code(stage.on("DescribeClusters", "dw").await).1, "ClusterNotFound");
}
