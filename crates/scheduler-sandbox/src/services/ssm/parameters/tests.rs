//! Parameter Store as callers see it.

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

    async fn put(&self, name: &str, kind: &str, value: &str) {
        let input = json!({"Name": name, "Type": kind, "Value": value});
        self.call("PutParameter", input).await.unwrap();
    }
}

fn names(answer: &Value) -> Vec<&str> {
    answer["Parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["Name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_path_is_read_page_by_page() {
    let stage = Stage::new();
    for number in 0..12 {
        stage.put(&format!("/app/p{number:02}"), "String", "v").await;
    }
    for outside in ["/app/deeper/x", "/apple/x", "/other", "app"] {
        stage.put(outside, "String", "v").await;
    }
    let first = stage.call("GetParametersByPath", json!({"Path": "/app"})).await.unwrap();
    assert_eq!(names(&first).len(), 10);
    let token = first["NextToken"].clone();
    let second = stage
        .call("GetParametersByPath", json!({"Path": "/app", "NextToken": token}))
        .await
        .unwrap();
    assert_eq!(names(&second), ["/app/p10", "/app/p11"]);
    assert_eq!(second.get("NextToken"), None);

    let input = json!({"Path": "/app/", "Recursive": true, "MaxResults": 1});
    let deep = stage.call("GetParametersByPath", input).await.unwrap();
    assert_eq!(names(&deep), ["/app/deeper/x"]);
    let everything = json!({"Path": "/", "Recursive": true, "MaxResults": 10});
    assert_eq!(names(&stage.call("GetParametersByPath", everything).await.unwrap()).len(), 10);
    for wrong in [
        json!({"Path": "/app", "MaxResults": 11}),
        json!({"Path": "app"}),
        json!({"Path": "/", "Filter": 1}),
    ] {
        let error = stage.call("GetParametersByPath", wrong.clone()).await.unwrap_err();
        assert_eq!(error.code, "ValidationException", "{wrong}");
    }
}

#[tokio::test]
async fn a_secret_is_opaque_until_it_is_decrypted() {
    let stage = Stage::new();
    stage.put("/app/token", "SecureString", "hunter2").await;
    for (operation, input, place) in [
        ("GetParameter", json!({"Name": "/app/token"}), "/Parameter/Value"),
        ("GetParameters", json!({"Names": ["/app/token"]}), "/Parameters/0/Value"),
        ("GetParametersByPath", json!({"Path": "/app"}), "/Parameters/0/Value"),
    ] {
        let mut input = input;
        let sealed = stage.call(operation, input.clone()).await.unwrap();
        let sealed = sealed.pointer(place).unwrap().as_str().unwrap();
        assert!(!sealed.contains("hunter2") && !sealed.is_empty(), "{sealed}");
        input["WithDecryption"] = true.into();
        let open = stage.call(operation, input).await.unwrap();
        assert_eq!(open.pointer(place).unwrap(), "hunter2", "{operation}");
    }
}

#[tokio::test]
async fn a_parameter_is_overwritten_only_on_purpose() {
    let stage = Stage::new();
    stage.put("/a", "StringList", "x,y").await;
    let again = json!({"Name": "/a", "Value": "z"});
    let error = stage.call("PutParameter", again.clone()).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "ParameterAlreadyExists"));
    let mut overwrite = again;
    overwrite["Overwrite"] = true.into();
    assert_eq!(stage.call("PutParameter", overwrite).await.unwrap()["Version"], 2);
    let found = stage.call("GetParameter", json!({"Name": "/a"})).await.unwrap();
    assert_eq!(
        (&found["Parameter"]["Type"], &found["Parameter"]["Value"]),
        (&"StringList".into(), &"z".into())
    );
    assert_eq!(found["Parameter"]["ARN"], "arn:aws:ssm:eu-west-1:111111111111:parameter/a");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let stage = Stage::new();
    stage.put("/a", "String", "x").await;
    assert_eq!(
        stage.call("GetParameter", json!({"Name": "/b"})).await.unwrap_err().code,
        "ParameterNotFound"
    );
    let several = stage.call("GetParameters", json!({"Names": ["/b", "/a"]})).await.unwrap();
    assert_eq!((names(&several), &several["InvalidParameters"]), (vec!["/a"], &json!(["/b"])));
}
