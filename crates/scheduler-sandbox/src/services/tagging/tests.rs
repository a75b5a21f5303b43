//! The Tagging API as callers see it.

use chrono::{TimeZone, Utc};
use serde_json::{Value, json};

use crate::stage::{self, Stage, Wanted};
use crate::{CallError, Caller, Sandbox};

const ACCOUNT: &str = "222222222222";

/// A spoke with one resource of each kind, all of them on the schedule `office`.
struct World {
    spoke: Caller,
    arns: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let stage = Stage::deploy(&sandbox, "111111111111", "eu-west-1").await.unwrap();
        let spoke = stage.deploy_spoke(ACCOUNT, "eu-west-1").await.unwrap();
        let office = Some("office");
        let instance = Wanted { name: "box", instance_type: "t3.micro", schedule: office };
        let id = stage::run_instance(&spoke, &instance).await.unwrap();
        let database = Wanted { name: "db", instance_type: "db.t3.micro", schedule: office };
        stage::create_database(&spoke, &database).await.unwrap();
        stage::create_service(&spoke, "main", "web", 1, office).await.unwrap();
        stage::create_service(&spoke, "main", "untagged", 1, None).await.unwrap();
        stage::create_warehouse(&spoke, "dw", office).await.unwrap();
        let resources = [
            ("ec2", format!("instance/{id}")),
            ("ecs", "service/main/web".to_owned()),
            ("rds", "db:db".to_owned()),
            ("redshift", "cluster:dw".to_owned()),
        ];
        let arns = resources.map(|(service, name)| arn(service, &name));
        Self { spoke, arns: arns.into() }
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        call(&self.spoke, operation, input).await
    }

    async fn found(&self, input: Value) -> Vec<String> {
        let found = self.call("GetResources", input).await.unwrap();
        let list = found["ResourceTagMappingList"].as_array().unwrap();
        list.iter().map(|one| one["ResourceARN"].as_str().unwrap().to_owned()).collect()
    }
}

async fn call(caller: &Caller, operation: &str, input: Value) -> Result<Value, CallError> {
    let target = format!("ResourceGroupsTaggingAPI_20170126.{operation}");
    caller.json("tagging", &target, input).await
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{resource}")
}

#[tokio::test]
async fn resources_are_found_by_type_and_tag() {
    let world = World::new().await;
    let [instance, service, database, warehouse] = &world.arns[..] else { panic!() };
    let everything = vec![instance.clone(), service.clone(), database.clone(), warehouse.clone()];
    let office = |values: Value| json!({"TagFilters": [{"Key": "Schedule", "Values": values}]});
    for (input, expected) in [
        (json!({}), everything.clone()),
        (json!({"ResourceTypeFilters": ["ecs:service"]}), vec![service.clone()]),
        (json!({"ResourceTypeFilters": ["rds", "redshift:cluster"]}), everything[2..].to_vec()),
        (json!({"TagFilters": [{"Key": "Name"}]}), vec![instance.clone()]),
        (office(json!(["office", "shop"])), everything.clone()),
        (office(json!(["shop"])), vec![]),
        (
            json!({"ResourceARNList": [service, arn("ecs", "service/main/gone")]}),
            vec![service.clone()],
        ),
    ] {
        assert_eq!(world.found(input.clone()).await, expected, "{input}");
    }
}

#[tokio::test]
async fn pages_end_with_an_empty_token() {
    let world = World::new().await;
    let first = world.call("GetResources", json!({"ResourcesPerPage": 3})).await.unwrap();
    assert_eq!(first["ResourceTagMappingList"].as_array().unwrap().len(), 3);
    let next = json!({"ResourcesPerPage": 3, "PaginationToken": first["PaginationToken"]});
    let second = world.call("GetResources", next).await.unwrap();
    assert_eq!(second["ResourceTagMappingList"].as_array().unwrap().len(), 1);
    assert_eq!(second["PaginationToken"], "");
    for (wrong, code) in [
        (json!({"ResourcesPerPage": 101}), "InvalidParameterException"),
        (
            json!({"ResourceARNList": [world.arns[0]], "ResourcesPerPage": 9}),
            "InvalidParameterException",
        ),
        (json!({"PaginationToken": "x"}), "PaginationTokenExpiredException"),
    ] {
        assert_eq!(world.call("GetResources", wrong).await.unwrap_err().code, code);
    }
}

#[tokio::test]
async fn every_kind_is_tagged_and_untagged() {
    let world = World::new().await;
    let tag = json!({"ResourceARNList": world.arns, "Tags": {"Owner": "me + you", "Team": "a"}});
    let nothing = json!({"FailedResourcesMap": {}});
    assert_eq!(world.call("TagResources", tag).await.unwrap(), nothing);
    let mine = json!({"TagFilters": [{"Key": "Owner", "Values": ["me + you"]}]});
    assert_eq!(world.found(mine.clone()).await, world.arns);
    let untag = json!({"ResourceARNList": world.arns, "TagKeys": ["Owner", "Schedule"]});
    assert_eq!(world.call("UntagResources", untag).await.unwrap(), nothing);
    assert!(world.found(mine).await.is_empty());
    assert_eq!(world.found(json!({"TagFilters": [{"Key": "Team"}]})).await, world.arns);
    assert!(world.found(json!({"TagFilters": [{"Key": "Schedule"}]})).await.is_empty());
}

#[tokio::test]
async fn one_resources_trouble_is_its_own() {
    let world = World::new().await;
    let missing = arn("ecs", "service/main/gone");
    let group = arn("autoscaling", "autoScalingGroup:u:autoScalingGroupName/web");
    let elsewhere = world.arns[1].replace(ACCOUNT, "333333333333");
    let arns = json!([world.arns[1], missing, group, elsewhere]);
    let answer = world.call("TagResources", json!({"ResourceARNList": arns, "Tags": {"a": "b"}}));
    let failed = answer.await.unwrap()["FailedResourcesMap"].clone();
    assert_eq!(failed.as_object().unwrap().len(), 3);
    assert_eq!(failed[&missing]["ErrorCode"], "ResourceNotFoundException");
    for arn in [&group, &elsewhere] {
        assert_eq!(failed[arn]["ErrorCode"], "InvalidParameterException");
        assert_eq!(failed[arn]["StatusCode"], 400);
    }
    assert_eq!(world.found(json!({"TagFilters": [{"Key": "a"}]})).await, [world.arns[1].clone()]);
    for wrong in [
        json!({"ResourceARNList": vec![&world.arns[0]; 21], "Tags": {"a": "b"}}),
        json!({"ResourceARNList": [], "Tags": {"a": "b"}}),
        json!({"ResourceARNList": [world.arns[0]], "Tags": {}}),
        json!({"ResourceARNList": ["web"], "Tags": {"a": "b"}}),
    ] {
        let error = world.call("TagResources", wrong.clone()).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameterException", "{wrong}");
    }
}

#[tokio::test]
async fn the_resources_own_service_has_to_allow_it_too() {
    let world = World::new().await;
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}]});
    let role = [("RoleName", "tagger"), ("AssumeRolePolicyDocument", &trust.to_string())];
    world.spoke.query("iam", "CreateRole", &role).await.unwrap();
    let actions = ["tag:TagResources", "ecs:TagResource"];
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let policy =
        [("RoleName", "tagger"), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    world.spoke.query("iam", "PutRolePolicy", &policy).await.unwrap();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/tagger");
    let tagger = world.spoke.assume(&role, "tagger", None).await.unwrap();

    let tag = json!({"ResourceARNList": &world.arns[..2], "Tags": {"a": "b"}});
    let failed = call(&tagger, "TagResources", tag).await.unwrap()["FailedResourcesMap"].clone();
    assert_eq!(failed.as_object().unwrap().len(), 1);
    assert_eq!(failed[&world.arns[0]]["ErrorCode"], "AccessDeniedException");
    let denied = call(&tagger, "GetResources", json!({})).await.unwrap_err();
    assert_eq!(denied.code, "AccessDeniedException");
}
