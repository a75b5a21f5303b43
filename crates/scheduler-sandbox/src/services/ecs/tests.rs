//! ECS as callers see it.

use chrono::{TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};

use crate::{CallError, Caller, Sandbox};

struct Stage {
    sandbox: Sandbox,
    caller: Caller,
}

impl Stage {
    async fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let caller =
            Caller::new(&sandbox, &sandbox.create_account("aws", "111111111111"), "eu-west-1");
        let stage = Self { sandbox, caller };
        stage.call("CreateCluster", json!({"clusterName": "main"})).await.unwrap();
        stage
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        self.caller.json("ecs", &target, input).await
    }

    async fn create(&self, name: &str, extra: Value) -> Value {
        let mut input = json!({"cluster": "main", "serviceName": name, "taskDefinition": "web"});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.call("CreateService", input).await.unwrap()["service"].clone()
    }

    async fn update(&self, name: &str, desired: u32) -> Result<Value, CallError> {
        let input = json!({"cluster": "main", "service": name, "desiredCount": desired});
        self.call("UpdateService", input).await
    }

    async fn describe(&self, name: &str) -> Value {
        let input = json!({"cluster": "main", "services": [name], "include": ["TAGS"]});
        self.call("DescribeServices", input).await.unwrap()["services"][0].clone()
    }

    /// Status, and how many tasks are desired, running and pending.
    async fn seen(&self, name: &str) -> (String, [u64; 3]) {
        let service = self.describe(name).await;
        let counts = ["desiredCount", "runningCount", "pendingCount"];
        let status = service["status"].as_str().unwrap_or_default().to_owned();
        (status, counts.map(|count| service[count].as_u64().unwrap()))
    }

    fn later(&self, delta: TimeDelta) {
        self.sandbox.set_now(self.sandbox.now() + delta);
    }
}

fn code(result: Result<Value, CallError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.status, 400);
    error.code
}

const MAIN: &str = "arn:aws:ecs:eu-west-1:111111111111:cluster/main";
const WEB: &str = "arn:aws:ecs:eu-west-1:111111111111:service/main/web";

#[tokio::test]
async fn tasks_follow_the_desired_count() {
    let stage = Stage::new().await;
    let created = stage.create("web", json!({"desiredCount": 2})).await;
    assert_eq!((&created["serviceArn"], &created["clusterArn"]), (&json!(WEB), &json!(MAIN)));
    let minute = TimeDelta::minutes(1);
    let active = |counts| ("ACTIVE".to_owned(), counts);
    assert_eq!(stage.seen("web").await, active([2, 0, 2]));
    stage.later(minute);
    assert_eq!(stage.seen("web").await, active([2, 2, 0]));
    assert_eq!(stage.describe("web").await["deployments"][0]["rolloutState"], "COMPLETED");
    stage.update("web", 0).await.unwrap();
    assert_eq!(stage.seen("web").await, active([0, 2, 0]));
    stage.later(minute);
    assert_eq!(stage.seen("web").await, active([0, 0, 0]));
}

#[tokio::test]
async fn services_are_found_by_name_and_arn_and_the_missing_are_listed() {
    let stage = Stage::new().await;
    stage.create("web", json!({"tags": [{"key": "Schedule", "value": "office"}]})).await;
    let input = json!({"cluster": MAIN, "services": ["web", WEB, "nobody"]});
    let found = stage.call("DescribeServices", input).await.unwrap();
    let names: Vec<_> =
        found["services"].as_array().unwrap().iter().map(|one| &one["serviceName"]).collect();
    assert_eq!(names, ["web", "web"]);
    assert_eq!(found["services"][0].get("tags"), None);
    let arn = "arn:aws:ecs:eu-west-1:111111111111:service/main/nobody";
    assert_eq!(found["failures"], json!([{"arn": arn, "reason": "MISSING"}]));
    assert_eq!(
        stage.describe("web").await["tags"],
        json!([{"key": "Schedule", "value": "office"}])
    );

    let many: Vec<_> = (0..11).map(|number| number.to_string()).collect();
    for (input, expected) in [
        (json!({"cluster": "main", "services": many}), "InvalidParameterException"),
        (json!({"cluster": "main", "services": []}), "InvalidParameterException"),
        (json!({"services": ["web"]}), "ClusterNotFoundException"),
    ] {
        assert_eq!(code(stage.call("DescribeServices", input).await), expected);
    }
}

#[tokio::test]
async fn updates_are_refused_for_what_is_not_there_or_not_active() {
    let stage = Stage::new().await;
    stage.create("web", json!({"desiredCount": 0})).await;
    stage.create("agent", json!({"schedulingStrategy": "DAEMON"})).await;
    assert_eq!(code(stage.update("nobody", 1).await), "ServiceNotFoundException");
    assert_eq!(code(stage.update("agent", 1).await), "InvalidParameterException");
    let elsewhere = json!({"cluster": "other", "service": "web", "desiredCount": 1});
    assert_eq!(code(stage.call("UpdateService", elsewhere).await), "ClusterNotFoundException");
    stage.call("DeleteService", json!({"cluster": "main", "service": "web"})).await.unwrap();
    assert_eq!(code(stage.update("web", 1).await), "ServiceNotActiveException");
}

#[tokio::test]
async fn a_deleted_service_drains() {
    let stage = Stage::new().await;
    stage.create("web", json!({"desiredCount": 1})).await;
    stage.later(TimeDelta::minutes(1));
    let delete = json!({"cluster": "main", "service": "web"});
    assert_eq!(code(stage.call("DeleteService", delete).await), "InvalidParameterException");
    let forced = json!({"cluster": "main", "service": "web", "force": true});
    stage.call("DeleteService", forced.clone()).await.unwrap();
    assert_eq!(stage.seen("web").await, ("DRAINING".to_owned(), [0, 1, 0]));
    let again = json!({"cluster": "main", "serviceName": "web", "desiredCount": 1});
    assert_eq!(code(stage.call("CreateService", again.clone()).await), "InvalidParameterException");
    stage.later(TimeDelta::minutes(1));
    assert_eq!(stage.seen("web").await, ("INACTIVE".to_owned(), [0, 0, 0]));
    assert_eq!(code(stage.call("DeleteService", forced).await), "ServiceNotFoundException");
    stage.call("CreateService", again).await.unwrap();
    assert_eq!(stage.seen("web").await, ("ACTIVE".to_owned(), [1, 0, 1]));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stage = Stage::new().await;
    for number in 0..12 {
        stage.create(&format!("s{number:02}"), json!({})).await;
    }
    stage.create("agent", json!({"schedulingStrategy": "DAEMON"})).await;
    let first = stage.call("ListServices", json!({"cluster": "main"})).await.unwrap();
    assert_eq!(first["serviceArns"].as_array().unwrap().len(), 10);
    let next = json!({"cluster": "main", "nextToken": first["nextToken"]});
    let second = stage.call("ListServices", next).await.unwrap();
    assert_eq!(second["serviceArns"].as_array().unwrap().len(), 3);
    assert_eq!(second.get("nextToken"), None);
    let daemons = json!({"cluster": "main", "schedulingStrategy": "DAEMON"});
    let daemons = stage.call("ListServices", daemons).await.unwrap();
    let arn = "arn:aws:ecs:eu-west-1:111111111111:service/main/agent";
    assert_eq!(daemons["serviceArns"], json!([arn]));

    stage.call("CreateCluster", json!({})).await.unwrap();
    let clusters = stage.call("ListClusters", json!({"maxResults": 1})).await.unwrap();
    let default = "arn:aws:ecs:eu-west-1:111111111111:cluster/default";
    assert_eq!(clusters["clusterArns"], json!([default]));
    let next = json!({"nextToken": clusters["nextToken"]});
    assert_eq!(stage.call("ListClusters", next).await.unwrap()["clusterArns"], json!([MAIN]));
    for wrong in [json!({"maxResults": 101}), json!({"nextToken": "x"})] {
        assert_eq!(code(stage.call("ListClusters", wrong).await), "InvalidParameterException");
    }
}

#[tokio::test]
async fn tags_are_named_by_long_arns() {
    let stage = Stage::new().await;
    stage.create("web", json!({})).await;
    let add = json!({"resourceArn": WEB, "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]});
    stage.call("TagResource", add).await.unwrap();
    stage.call("UntagResource", json!({"resourceArn": WEB, "tagKeys": ["a"]})).await.unwrap();
    let listed = stage.call("ListTagsForResource", json!({"resourceArn": WEB})).await.unwrap();
    assert_eq!(listed["tags"], json!([{"key": "b", "value": "2"}]));

    let short = "arn:aws:ecs:eu-west-1:111111111111:service/web";
    let nobody = "arn:aws:ecs:eu-west-1:111111111111:service/main/nobody";
    for (arn, expected) in [
        (short, "InvalidParameterException"),
        (nobody, "ResourceNotFoundException"),
        ("arn:aws:ecs:eu-west-1:222222222222:service/main/web", "InvalidParameterException"),
    ] {
        let tag = json!({"resourceArn": arn, "tags": [{"key": "a", "value": "1"}]});
        assert_eq!(code(stage.call("TagResource", tag).await), expected, "{arn}");
    }
    let tags: Vec<_> = (0..50).map(|n| json!({"key": n.to_string(), "value": ""})).collect();
    let many = json!({"resourceArn": WEB, "tags": tags});
    assert_eq!(code(stage.call("TagResource", many).await), "LimitExceededException");
}
