//! Application Auto Scaling as callers see it.

use chrono::{TimeZone, Utc};
use serde_json::{Value, json};

use crate::{CallError, Caller, Sandbox};

struct Stage(Caller);

impl Stage {
    async fn new(services: &[&str]) -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let caller =
            Caller::new(&sandbox, &sandbox.create_account("aws", "111111111111"), "eu-west-1");
        let ecs = |operation| format!("AmazonEC2ContainerServiceV20141113.{operation}");
        let cluster = json!({"clusterName": "main"});
        caller.json("ecs", &ecs("CreateCluster"), cluster).await.unwrap();
        for name in services {
            let service = json!({"cluster": "main", "serviceName": name});
            caller.json("ecs", &ecs("CreateService"), service).await.unwrap();
        }
        Self(caller)
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        let target = format!("AnyScaleFrontendService.{operation}");
        let mut input = input;
        input["ServiceNamespace"] = "ecs".into();
        self.0.json("application-autoscaling", &target, input).await
    }

    async fn on(&self, operation: &str, name: &str, extra: Value) -> Result<Value, CallError> {
        let mut input = extra;
        input["ResourceId"] = format!("service/main/{name}").into();
        input["ScalableDimension"] = "ecs:service:DesiredCount".into();
        self.call(operation, input).await
    }

    async fn targets(&self, input: Value) -> Vec<Value> {
        let found = self.call("DescribeScalableTargets", input).await.unwrap();
        found["ScalableTargets"].as_array().unwrap().clone()
    }
}

fn code(result: Result<Value, CallError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.status, 400);
    error.code
}

#[tokio::test]
async fn a_target_is_changed_in_part() {
    let stage = Stage::new(&["web"]).await;
    let bounds = json!({"MinCapacity": 2, "MaxCapacity": 6});
    let made = stage.on("RegisterScalableTarget", "web", bounds).await.unwrap();
    let zero = json!({"MinCapacity": 0, "SuspendedState": {"DynamicScalingOutSuspended": true}});
    let changed = stage.on("RegisterScalableTarget", "web", zero).await.unwrap();
    assert_eq!(made, changed);
    let target = stage.targets(json!({"ResourceIds": ["service/main/web"]})).await.remove(0);
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(0), &json!(6)));
    let state = json!({
        "DynamicScalingInSuspended": false,
        "DynamicScalingOutSuspended": true,
        "ScheduledScalingSuspended": false,
    });
    assert_eq!(target["SuspendedState"], state);
    assert_eq!(target["ScalableTargetARN"], made["ScalableTargetARN"]);
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused() {
    let stage = Stage::new(&["web"]).await;
    for (name, input) in [
        ("nobody", json!({"MinCapacity": 0, "MaxCapacity": 1})),
        ("web", json!({"MinCapacity": 0})),
        ("web", json!({"MinCapacity": 2, "MaxCapacity": 1})),
        ("web", json!({"MinCapacity": -1, "MaxCapacity": 1})),
    ] {
        let refused = stage.on("RegisterScalableTarget", name, input.clone()).await;
        assert_eq!(code(refused), "ValidationException", "{input}");
    }
    assert!(stage.targets(json!({})).await.is_empty());
}

#[tokio::test]
async fn pages_resources_and_an_end() {
    let stage = Stage::new(&["a", "b", "c"]).await;
    for name in ["a", "b", "c"] {
        let bounds = json!({"MinCapacity": 0, "MaxCapacity": 1});
        stage.on("RegisterScalableTarget", name, bounds).await.unwrap();
    }
    let first = stage.call("DescribeScalableTargets", json!({"MaxResults": 2})).await.unwrap();
    let next = json!({"MaxResults": 2, "NextToken": first["NextToken"]});
    let second = stage.call("DescribeScalableTargets", next).await.unwrap();
    assert_eq!(second["ScalableTargets"][0]["ResourceId"], "service/main/c");
    assert_eq!(second.get("NextToken"), None);
    let both = json!({"ResourceIds": ["service/main/a", "service/main/x"]});
    assert_eq!(stage.targets(both).await.len(), 1);

    stage.on("DeregisterScalableTarget", "a", json!({})).await.unwrap();
    let again = stage.on("DeregisterScalableTarget", "a", json!({})).await;
    assert_eq!(code(again), "ObjectNotFoundException");
    for (wrong, expected) in [
        (json!({"MaxResults": 51}), "ValidationException"),
        (json!({"NextToken": "x"}), "InvalidNextTokenException"),
    ] {
        assert_eq!(code(stage.call("DescribeScalableTargets", wrong).await), expected);
    }
}
