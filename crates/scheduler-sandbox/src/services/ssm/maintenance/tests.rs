//! Maintenance windows as callers see them.

use chrono::{TimeZone, Utc};
use serde_json::{Value, json};

use crate::{CallError, Caller, Sandbox};

struct Stage(Caller);

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        Self(Caller::new(&sandbox, &sandbox.create_account("aws", "111111111111"), "eu-west-1"))
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        self.0.json("ssm", &format!("AmazonSSM.{operation}"), input).await
    }

    async fn create(&self, name: &str, extra: Value) -> Result<String, CallError> {
        let mut input = json!({"Name": name, "Schedule": "cron(0 2 ? * SUN *)", "Duration": 3, "Cutoff": 1,
                               "AllowUnassociatedTargets": false});
        for (name, value) in extra.as_object().unwrap() {
            input[name] = value.clone();
        }
        let answer = self.call("CreateMaintenanceWindow", input).await?;
        Ok(answer["WindowId"].as_str().unwrap().to_owned())
    }

    async fn names(&self, input: Value) -> Vec<String> {
        let answer = self.call("DescribeMaintenanceWindows", input).await.unwrap();
        let windows = answer["WindowIdentities"].as_array().unwrap();
        windows.iter().map(|window| window["Name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_window_is_described_as_it_was_created() {
    let stage = Stage::new();
    let zoned =
        json!({"ScheduleTimezone": "Europe/Berlin", "ScheduleOffset": 2, "Description": "d"});
    let plain = stage.create("plain", json!({})).await.unwrap();
    let other = stage.create("zoned", zoned).await.unwrap();
    assert_eq!(plain.len(), 20, "{plain}");
    let answer = stage.call("DescribeMaintenanceWindows", json!({})).await.unwrap();
    assert_eq!(
        answer,
        json!({"WindowIdentities": [
            {"WindowId": plain, "Name": "plain", "Enabled": true, "Duration": 3, "Cutoff": 1,
             "Schedule": "cron(0 2 ? * SUN *)", "NextExecutionTime": "2026-03-08T02:00Z"},
            {"WindowId": other, "Name": "zoned", "Enabled": true, "Duration": 3, "Cutoff": 1,
             "Schedule": "cron(0 2 ? * SUN *)", "ScheduleTimezone": "Europe/Berlin", "ScheduleOffset": 2,
             "Description": "d"},
        ]})
    );
}

#[tokio::test]
async fn filters_and_pages() {
    let stage = Stage::new();
    for number in 0..12 {
        stage.create(&format!("w-{number:02}"), json!({})).await.unwrap();
    }
    let off = stage.create("off", json!({"ScheduleOffset": 1})).await.unwrap();
    stage
        .call("UpdateMaintenanceWindow", json!({"WindowId": off, "Enabled": false}))
        .await
        .unwrap();
    let by = |key: &str, value: &str| json!({"Filters": [{"Key": key, "Values": [value]}]});
    assert_eq!(stage.names(by("Enabled", "False")).await, ["off"]);
    assert_eq!(stage.names(by("Enabled", "True")).await.len(), 12);
    assert_eq!(stage.names(by("Name", "w-03")).await, ["w-03"]);

    let first = stage.call("DescribeMaintenanceWindows", json!({"MaxResults": 10})).await.unwrap();
    assert_eq!(first["WindowIdentities"].as_array().unwrap().len(), 10);
    let next = json!({"MaxResults": 10, "NextToken": first["NextToken"]});
    assert_eq!(stage.names(next).await, ["w-10", "w-11", "off"]);
    stage.call("DeleteMaintenanceWindow", json!({"WindowId": off})).await.unwrap();
    assert_eq!(stage.names(json!({})).await.len(), 12);
}

#[tokio::test]
async fn mistakes_are_refused() {
    let stage = Stage::new();
    for (name, extra) in [
        ("no", json!({})),
        ("no spaces", json!({})),
        ("long", json!({"Duration": 25})),
        ("late", json!({"Cutoff": 3})),
        ("offset", json!({"ScheduleOffset": 7})),
        ("when", json!({"Schedule": "sundays"})),
    ] {
        let error = stage.create(name, extra).await.unwrap_err();
        assert_eq!(error.code, "ValidationException", "{name}");
    }
    for input in
        [json!({"MaxResults": 9}), json!({"Filters": [{"Key": "Colour", "Values": ["red"]}]})]
    {
        let error = stage.call("DescribeMaintenanceWindows", input).await.unwrap_err();
        assert_eq!(error.code, "ValidationException");
    }
    let missing = json!({"WindowId": "mw-00000000000000000", "Enabled": true});
    let error = stage.call("UpdateMaintenanceWindow", missing).await.unwrap_err();
    assert_eq!(error.code, "DoesNotExistException");
}
