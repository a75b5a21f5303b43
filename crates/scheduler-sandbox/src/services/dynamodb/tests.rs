//! DynamoDB as callers see it.

use chrono::{TimeZone, Utc};
use serde_json::{Value, json};

use crate::{CallError, Caller, Sandbox};

struct Stage(Caller);

impl Stage {
    /// With a table `T` whose keys are the string `id` and the number `pos`.
    async fn new() -> Self {
        let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
        let stage = Self(Caller::new(
            &sandbox,
            &sandbox.create_account("aws", "111111111111"),
            "eu-west-1",
        ));
        let input = json!({"TableName": "T", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"},
                                     {"AttributeName": "pos", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "pos", "KeyType": "RANGE"}]});
        stage.call("CreateTable", input).await.unwrap();
        stage
    }

    /// Calls an operation on the table `T`, unless the input names another.
    async fn call(&self, operation: &str, mut input: Value) -> Result<Value, CallError> {
        let is_of_many = ["BatchWriteItem", "TransactWriteItems"].contains(&operation);
        if !is_of_many && input.get("TableName").is_none() {
            input["TableName"] = "T".into();
        }
        self.0.json("dynamodb", &format!("DynamoDB_20120810.{operation}"), input).await
    }

    async fn put(&self, id: &str, pos: &str) {
        self.call("PutItem", json!({"Item": item(id, pos)})).await.unwrap();
    }

    /// The positions one query gives.
    async fn positions(&self, input: Value) -> Vec<String> {
        positions(&self.call("Query", input).await.unwrap())
    }
}

fn item(id: &str, pos: &str) -> Value {
    json!({"id": {"S": id}, "pos": {"N": pos}, "text": {"S": "x"}})
}

fn key(id: &str, pos: &str) -> Value {
    json!({"id": {"S": id}, "pos": {"N": pos}})
}

fn positions(answer: &Value) -> Vec<String> {
    answer["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["pos"]["N"].as_str().unwrap().to_owned())
        .collect()
}

fn query(condition: &str, values: Value) -> Value {
    json!({"KeyConditionExpression": condition, "ExpressionAttributeNames": {"#p": "pos"},
           "ExpressionAttributeValues": values})
}

#[tokio::test]
async fn a_write_happens_only_if_its_condition_holds() {
    let stage = Stage::new().await;
    let if_new = json!({"Item": item("a", "1"), "ConditionExpression": "attribute_not_exists(id)"});
    stage.call("PutItem", if_new.clone()).await.unwrap();
    let error = stage.call("PutItem", if_new).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "ConditionalCheckFailedException"));

    let lease = |old: &str, new: &str| {
        let mut item = item("lease", "0");
        item["holder"] = json!({"S": new});
        json!({"Item": item, "ConditionExpression": "attribute_not_exists(id) OR holder = :old",
               "ExpressionAttributeValues": {":old": {"S": old}}, "ReturnValues": "ALL_OLD"})
    };
    assert_eq!(stage.call("PutItem", lease("-", "a")).await.unwrap(), json!({}));
    assert_eq!(
        stage.call("PutItem", lease("-", "b")).await.unwrap_err().code,
        "ConditionalCheckFailedException"
    );
    assert_eq!(
        stage.call("PutItem", lease("a", "b")).await.unwrap()["Attributes"]["holder"]["S"],
        "a"
    );

    let release = |holder: &str| {
        json!({"Key": key("lease", "0"), "ConditionExpression": "holder = :me",
               "ExpressionAttributeValues": {":me": {"S": holder}}})
    };
    assert_eq!(
        stage.call("DeleteItem", release("a")).await.unwrap_err().code,
        "ConditionalCheckFailedException"
    );
    stage.call("DeleteItem", release("b")).await.unwrap();
    assert_eq!(stage.call("GetItem", json!({"Key": key("lease", "0")})).await.unwrap(), json!({}));
    // Deleting what is not there succeeds, unless a condition forbids it.
    stage.call("DeleteItem", json!({"Key": key("lease", "0")})).await.unwrap();
    assert_eq!(
        stage.call("DeleteItem", release("b")).await.unwrap_err().code,
        "ConditionalCheckFailedException"
    );
}

#[tokio::test]
async fn numbers_are_keys_by_value_and_stay_as_they_were_written() {
    let stage = Stage::new().await;
    stage.put("a", "1.50").await;
    stage.put("a", "10").await;
    stage.put("a", "9").await;
    stage.put("a", "-1").await;
    let found = stage.call("GetItem", json!({"Key": key("a", "1.5")})).await.unwrap();
    assert_eq!(found["Item"]["pos"]["N"], "1.50");
    let all = json!({"KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}});
    assert_eq!(stage.positions(all.clone()).await, ["-1", "1.50", "9", "10"]);
    let mut backwards = all;
    backwards["ScanIndexForward"] = false.into();
    assert_eq!(stage.positions(backwards).await, ["10", "9", "1.50", "-1"]);
}

#[tokio::test]
async fn a_query_narrows_by_the_range_key() {
    let stage = Stage::new().await;
    for number in 1..=5 {
        stage.put("a", &number.to_string()).await;
    }
    stage.put("b", "3").await;
    let values = |n: &str| json!({":a": {"S": "a"}, ":n": {"N": n}});
    let rows = [
        (query("id = :a AND #p = :n", values("3")), vec!["3"]),
        (query("#p < :n AND id = :a", values("3")), vec!["1", "2"]),
        (query("id = :a AND #p >= :n", values("4")), vec!["4", "5"]),
        (
            query(
                "id = :a AND #p BETWEEN :n AND :m",
                json!({":a": {"S": "a"}, ":n": {"N": "2"}, ":m": {"N": "4"}}),
            ),
            vec!["2", "3", "4"],
        ),
    ];
    for (input, expected) in rows {
        assert_eq!(stage.positions(input.clone()).await, expected, "{input}");
    }
    let missed = query("#p = :n", json!({":n": {"N": "1"}}));
    let error = stage.call("Query", missed).await.unwrap_err();
    assert_eq!(error.message, "Query condition missed key schema element: id");
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let stage = Stage::new().await;
    for (id, pos) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("c", "1")] {
        stage.put(id, pos).await;
    }
    let mut seen = Vec::new();
    let mut input = json!({"Limit": 2, "FilterExpression": "id <> :b",
                           "ExpressionAttributeValues": {":b": {"S": "b"}}});
    loop {
        let answer = stage.call("Scan", input.clone()).await.unwrap();
        seen.push((answer["Count"].as_u64().unwrap(), answer["ScannedCount"].as_u64().unwrap()));
        let Some(last) = answer.get("LastEvaluatedKey") else { break };
        input["ExclusiveStartKey"] = last.clone();
    }
    assert_eq!(seen, [(2, 2), (1, 2), (1, 1)]);

    let exact = json!({"Limit": 3, "KeyConditionExpression": "id = :a",
                       "ExpressionAttributeValues": {":a": {"S": "a"}}});
    let answer = stage.call("Query", exact.clone()).await.unwrap();
    assert_eq!(
        answer["LastEvaluatedKey"],
        key("a", "3"),
        "a page the limit cut has a key even if nothing follows"
    );
    let mut rest = exact;
    rest["ExclusiveStartKey"] = answer["LastEvaluatedKey"].clone();
    let answer = stage.call("Query", rest).await.unwrap();
    assert_eq!((&answer["Count"], answer.get("LastEvaluatedKey")), (&json!(0), None));
}

#[tokio::test]
async fn a_page_holds_a_megabyte_at_most() {
    let stage = Stage::new().await;
    for number in 0..4 {
        let mut item = item("a", &number.to_string());
        item["text"] = json!({"S": "x".repeat(300 * 1024)});
        stage.call("PutItem", json!({"Item": item})).await.unwrap();
    }
    let answer = stage.call("Scan", json!({})).await.unwrap();
    assert_eq!((positions(&answer).len(), &answer["LastEvaluatedKey"]), (3, &key("a", "2")));
    let mut item = item("a", "9");
    item["text"] = json!({"S": "x".repeat(400 * 1024)});
    assert_eq!(
        stage.call("PutItem", json!({"Item": item})).await.unwrap_err().code,
        "ValidationException"
    );
}

#[tokio::test]
async fn a_batch_is_checked_before_it_is_written() {
    let stage = Stage::new().await;
    stage.put("old", "1").await;
    let put = |pos: &str| json!({"PutRequest": {"Item": item("a", pos)}});
    let delete = json!({"DeleteRequest": {"Key": key("old", "1")}});
    let batch = |requests: Vec<Value>| json!({"RequestItems": {"T": requests}});
    let too_many: Vec<_> = (0..26).map(|n| put(&n.to_string())).collect();
    for wrong in
        [batch(vec![put("1"), put("1.0")]), batch(too_many), batch(vec![]), batch(vec![json!({})])]
    {
        assert_eq!(
            stage.call("BatchWriteItem", wrong).await.unwrap_err().code,
            "ValidationException"
        );
    }
    let missing = json!({"RequestItems": {"T": [put("1")], "U": [put("1")]}});
    assert_eq!(
        stage.call("BatchWriteItem", missing).await.unwrap_err().code,
        "ResourceNotFoundException"
    );
    assert_eq!(stage.call("Scan", json!({})).await.unwrap()["Count"], 1);

    let answer =
        stage.call("BatchWriteItem", batch(vec![put("1"), put("2"), delete])).await.unwrap();
    assert_eq!(answer, json!({"UnprocessedItems": {}}));
    assert_eq!(positions(&stage.call("Scan", json!({})).await.unwrap()), ["1", "2"]);
}

#[tokio::test]
async fn mistakes_are_refused() {
    let stage = Stage::new().await;
    let rows = [
        ("PutItem", json!({"Item": {"id": {"S": "a"}}}), "Missing the key pos in the item"),
        (
            "PutItem",
            json!({"Item": {"id": {"S": "a"}, "pos": {"S": "1"}}}),
            "expected: N actual: S",
        ),
        (
            "PutItem",
            json!({"Item": {"id": {"S": ""}, "pos": {"N": "1"}}}),
            "empty string value. Key: id",
        ),
        (
            "PutItem",
            json!({"Item": {"id": {"S": "a"}, "pos": {"N": "one"}}}),
            "converted to a numeric value: one",
        ),
        (
            "PutItem",
            json!({"Item": {"id": {"S": "a"}, "pos": {"N": "1"}, "s": {"SS": []}}}),
            "may not be empty",
        ),
        ("GetItem", json!({"Key": {"id": {"S": "a"}}}), "does not match the schema"),
        (
            "GetItem",
            json!({"Key": {"id": {"N": "1"}, "pos": {"N": "1"}}}),
            "does not match the schema",
        ),
        ("Query", json!({"IndexName": "i"}), "IndexName"),
        ("Scan", json!({"Limit": 0}), "greater than or equal to 1"),
        (
            "DeleteItem",
            json!({"Key": key("a", "1"), "ConditionExpression": "attribute_exists(id)",
                   "ExpressionAttributeValues": {":x": {"S": "x"}}}),
            "unused in expressions: keys: {:x}",
        ),
    ];
    for (operation, input, expected) in rows {
        let error = stage.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, "ValidationException", "{input}");
        assert!(error.message.contains(expected), "{input}: {}", error.message);
    }
    let error =
        stage.call("GetItem", json!({"TableName": "U", "Key": key("a", "1")})).await.unwrap_err();
    assert_eq!(error.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_projection_leaves_the_rest_out() {
    let stage = Stage::new().await;
    stage.put("a", "1").await;
    let input = json!({"Key": key("a", "1"), "ProjectionExpression": "id, #t",
                       "ExpressionAttributeNames": {"#t": "text"}});
    let answer = stage.call("GetItem", input).await.unwrap();
    assert_eq!(answer["Item"], json!({"id": {"S": "a"}, "text": {"S": "x"}}));
}

/// A lease: taken if nobody has it, if it has run out, or by the one who has it.
fn lease(me: &str, now: u32, until: u32) -> Value {
    json!({
        "Item": {"id": {"S": "lease"}, "pos": {"N": "0"}, "holder": {"S": me}, "until": {"N": until.to_string()}},
        "ConditionExpression": "attribute_not_exists(id) OR #until < :now OR holder = :me",
        "ExpressionAttributeNames": {"#until": "until"},
        "ExpressionAttributeValues": {":now": {"N": now.to_string()}, ":me": {"S": me}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

#[tokio::test]
async fn a_lease_has_one_holder() {
    let stage = Stage::new().await;
    stage.call("PutItem", lease("a", 100, 160)).await.unwrap();
    let error = stage.call("PutItem", lease("b", 159, 220)).await.unwrap_err();
    assert_eq!(error.code, "ConditionalCheckFailedException");
    stage.call("PutItem", lease("a", 159, 220)).await.unwrap();
    assert!(stage.call("PutItem", lease("b", 220, 280)).await.is_err());
    stage.call("PutItem", lease("b", 221, 280)).await.unwrap();
    let found = stage.call("GetItem", json!({"Key": key("lease", "0")})).await.unwrap();
    assert_eq!(found["Item"]["holder"]["S"], "b");
}

#[tokio::test]
async fn an_update_changes_some_attributes() {
    let stage = Stage::new().await;
    stage.put("a", "1").await;
    let update = |expression: &str, values: Value, returns: &str| {
        json!({"Key": key("a", "1"), "UpdateExpression": expression, "ExpressionAttributeValues": values,
               "ReturnValues": returns})
    };
    let counted = update(
        "SET n = if_not_exists(n, :0) + :1, was = id",
        json!({":0": {"N": "0"}, ":1": {"N": "1"}}),
        "UPDATED_NEW",
    );
    for expected in ["1", "2"] {
        let answer = stage.call("UpdateItem", counted.clone()).await.unwrap();
        assert_eq!(answer["Attributes"], json!({"n": {"N": expected}, "was": {"S": "a"}}));
    }
    let swap = update("SET was = n, n = n - :5 REMOVE #t", json!({":5": {"N": "5"}}), "ALL_NEW");
    let mut swap = swap;
    swap["ExpressionAttributeNames"] = json!({"#t": "text"});
    let answer = stage.call("UpdateItem", swap).await.unwrap();
    let expected =
        json!({"id": {"S": "a"}, "pos": {"N": "1"}, "n": {"N": "-3"}, "was": {"N": "2"}});
    assert_eq!(answer["Attributes"], expected);

    // What is not there is created, with its key.
    let new = json!({"Key": key("new", "7"), "UpdateExpression": "SET x = :x",
                     "ExpressionAttributeValues": {":x": {"S": "y"}}, "ReturnValues": "ALL_OLD"});
    assert_eq!(stage.call("UpdateItem", new).await.unwrap(), json!({}));
    let found = stage.call("GetItem", json!({"Key": key("new", "7")})).await.unwrap();
    assert_eq!(found["Item"], json!({"id": {"S": "new"}, "pos": {"N": "7"}, "x": {"S": "y"}}));
}

#[tokio::test]
async fn an_update_happens_only_if_its_condition_holds() {
    let stage = Stage::new().await;
    let update = json!({"Key": key("a", "1"), "UpdateExpression": "SET x = :x",
        "ConditionExpression": "attribute_exists(id)", "ExpressionAttributeValues": {":x": {"S": "y"}}});
    let error = stage.call("UpdateItem", update.clone()).await.unwrap_err();
    assert_eq!(error.code, "ConditionalCheckFailedException");
    assert_eq!(stage.call("GetItem", json!({"Key": key("a", "1")})).await.unwrap(), json!({}));
    stage.put("a", "1").await;
    stage.call("UpdateItem", update).await.unwrap();

    for (expression, expected) in [
        ("SET id = :x", "Cannot update attribute id. This attribute is part of the key"),
        ("SET a = :x, a = :x", "Two document paths overlap"),
        ("SET a = :x SET b = :x", "The \"SET\" section can only be used once"),
        ("SET a = nothing, b = :x", "refers to an attribute that does not exist"),
        ("SET a = :x + :x", "incorrect data type"),
        ("SET a = b.c, d.e = :x", "whole attributes only"),
        ("ADD n :x", "Syntax error; token: \"ADD\""),
        ("", "The expression can not be empty"),
    ] {
        let wrong = json!({"Key": key("a", "1"), "UpdateExpression": expression,
            "ExpressionAttributeValues": {":x": {"S": "y"}}});
        let error = stage.call("UpdateItem", wrong).await.unwrap_err();
        assert_eq!(error.code, "ValidationException", "{expression}");
        assert!(error.message.contains(expected), "{expression}: {}", error.message);
    }
}

#[tokio::test]
async fn a_transaction_is_made_whole_or_not_at_all() {
    let stage = Stage::new().await;
    stage.put("a", "1").await;
    let put = |id: &str, condition: &str| json!({"Put": {"TableName": "T", "Item": item(id, "1"), "ConditionExpression": condition}});
    let call = |parts: Value| stage.call("TransactWriteItems", json!({"TransactItems": parts}));
    let refused =
        call(json!([put("b", "attribute_not_exists(id)"), put("a", "attribute_not_exists(id)")]));
    let refused = refused.await.unwrap_err();
    assert_eq!(refused.code, "TransactionCanceledException");
    assert!(refused.message.ends_with("[None, ConditionalCheckFailed]"), "{}", refused.message);
    let delete = json!({"Delete": {"TableName": "T", "Key": key("a", "1")}});
    call(json!([put("b", "attribute_not_exists(id)"), delete])).await.unwrap();
    let answer = stage.call("Scan", json!({})).await.unwrap();
    assert_eq!(answer["Items"], json!([item("b", "1")]));
}

#[tokio::test]
async fn a_time_to_live_is_enabled_once_and_described() {
    let stage = Stage::new().await;
    let described = async || {
        let answer = stage.call("DescribeTimeToLive", json!({})).await.unwrap();
        answer["TimeToLiveDescription"].clone()
    };
    assert_eq!(described().await, json!({"TimeToLiveStatus": "DISABLED"}));
    let enable = json!({"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true}});
    stage.call("UpdateTimeToLive", enable.clone()).await.unwrap();
    let expected = json!({"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"});
    assert_eq!(described().await, expected);
    let again = stage.call("UpdateTimeToLive", enable).await.unwrap_err();
    assert_eq!(again.message, "TimeToLive is already enabled");
}
