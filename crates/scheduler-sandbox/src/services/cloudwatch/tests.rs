//! CloudWatch as callers see it.

use std::io::Write;

use bytes::Bytes;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};

use crate::wire::encode_cbor;
use crate::{CallError, Caller, Reading, Sandbox};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap()
}

fn stage() -> (Sandbox, Caller) {
    let sandbox = Sandbox::new(now());
    let caller = Caller::new(&sandbox, &sandbox.create_account("aws", "111111111111"), "eu-west-1");
    (sandbox, caller)
}

async fn put(caller: &Caller, data: Value) -> Result<Value, CallError> {
    caller.cbor("PutMetricData", json!({"Namespace": "Dayshift", "MetricData": data})).await
}

#[tokio::test]
async fn what_is_put_is_kept() {
    let (sandbox, caller) = stage();
    let data = json!([
        {"MetricName": "Started", "Value": 3, "Unit": "Count", "Dimensions": [{"Name": "Region", "Value": "eu-west-1"}],
         "Timestamp": now().timestamp() - 60},
        {"MetricName": "Duration", "Values": [1.5, 2.0], "Counts": [2.0, 1.0]},
        {"MetricName": "Lag", "StatisticValues": {"SampleCount": 2.0, "Sum": 5.0, "Minimum": 1.0, "Maximum": 4.0}},
    ]);
    put(&caller, data).await.unwrap();
    let metrics = sandbox.metrics();
    assert_eq!(metrics.len(), 3);
    assert_eq!(
        (metrics[0].name.as_str(), metrics[0].sum(), metrics[0].unit.as_deref()),
        ("Started", 3.0, Some("Count"))
    );
    assert_eq!(
        (metrics[0].dimension("Region"), metrics[0].dimension("X")),
        (Some("eu-west-1"), None)
    );
    assert_eq!(metrics[0].timestamp, now() - chrono::TimeDelta::minutes(1));
    assert_eq!((metrics[1].sum(), metrics[1].timestamp), (5.0, now()));
    let statistics =
        Reading::Statistics { sample_count: 2.0, sum: 5.0, minimum: 1.0, maximum: 4.0 };
    assert_eq!(metrics[2].reading, statistics);
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let (sandbox, caller) = stage();
    let body = encode_cbor(
        &json!({"Namespace": "Dayshift", "MetricData": [{"MetricName": "M", "Value": 1.0}]}),
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&body).unwrap();
    let scope = format!(
        "{}/20260302/eu-west-1/monitoring/aws4_request",
        caller.credentials().access_key_id
    );
    let request =
        http::Request::post("/service/GraniteServiceVersion20100801/operation/PutMetricData")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            )
            .header("smithy-protocol", "rpc-v2-cbor")
            .header("content-encoding", "gzip");
    let response =
        sandbox.handle(request.body(Bytes::from(gzip.finish().unwrap())).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["smithy-protocol"], "rpc-v2-cbor");
    assert_eq!(sandbox.metrics().len(), 1);
}

#[tokio::test]
async fn json_is_spoken_too_with_the_codes_of_the_query_format() {
    let (sandbox, caller) = stage();
    let target = "GraniteServiceVersion20100801.PutMetricData";
    let data = json!({"Namespace": "Dayshift", "MetricData": [{"MetricName": "M", "Value": 1.0}]});
    caller.json("monitoring", target, data.clone()).await.unwrap();
    assert_eq!(sandbox.metrics().len(), 1);
    // A key of another partition is nobody's.
    let stranger = caller.in_region("cn-north-1");
    let error = stranger.json("monitoring", target, data).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (403, "InvalidClientTokenId"));
}

#[tokio::test]
async fn the_limits_are_aws_s() {
    let (sandbox, caller) = stage();
    let datum = |extra: Value| {
        let mut datum = json!({"MetricName": "M"});
        datum.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!([datum])
    };
    let dimensions: Vec<_> =
        (0..31).map(|n| json!({"Name": format!("d{n}"), "Value": "v"})).collect();
    let rows = [
        (
            Value::from(vec![json!({"MetricName": "M", "Value": 1.0}); 1_001]),
            "InvalidParameterValue",
        ),
        (datum(json!({"Value": 1.0, "Dimensions": dimensions})), "InvalidParameterValue"),
        (datum(json!({"Values": vec![1.0; 151]})), "InvalidParameterValue"),
        (datum(json!({"Values": [1.0, 2.0], "Counts": [1.0]})), "InvalidParameterValue"),
        (datum(json!({"Value": 1.0, "Unit": "Furlongs"})), "InvalidParameterValue"),
        (
            datum(json!({"Value": 1.0, "Timestamp": now().timestamp() - 15 * 86_400})),
            "InvalidParameterValue",
        ),
        (datum(json!({"Value": 1.0, "Values": [1.0]})), "InvalidParameterCombination"),
        (datum(json!({})), "MissingParameter"),
        (json!([]), "MissingParameter"),
    ];
    for (data, expected) in rows {
        assert_eq!(put(&caller, data).await.unwrap_err().code, expected);
    }
    assert!(sandbox.metrics().is_empty());
}

#[tokio::test]
async fn metrics_are_listed_and_added_up() {
    let (_, caller) = stage();
    let datum = |value: f64, at: i64| {
        json!({"MetricName": "M", "Value": value, "Timestamp": now().timestamp() + at,
               "Dimensions": [{"Name": "D", "Value": "x"}]})
    };
    put(&caller, json!([datum(1.0, 0), datum(4.0, 59), datum(8.0, 60)])).await.unwrap();
    let listed = caller
        .cbor("ListMetrics", json!({"Namespace": "Dayshift", "Dimensions": [{"Name": "D"}]}))
        .await;
    assert_eq!(listed.unwrap()["Metrics"].as_array().unwrap().len(), 1);

    let input = json!({"Namespace": "Dayshift", "MetricName": "M", "Dimensions": [{"Name": "D", "Value": "x"}],
        "StartTime": now().timestamp(), "EndTime": now().timestamp() + 3_600, "Period": 60,
        "Statistics": ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]});
    let points = caller.cbor("GetMetricStatistics", input).await.unwrap();
    let points = points["Datapoints"].as_array().unwrap();
    let sums: Vec<_> = points.iter().map(|point| point["Sum"].as_f64().unwrap()).collect();
    assert_eq!(sums, [5.0, 8.0]);
    assert_eq!((&points[0]["Average"], &points[0]["Maximum"]), (&json!(2.5), &json!(4.0)));
    let other_region = caller.in_region("eu-west-2").cbor("ListMetrics", json!({})).await.unwrap();
    assert_eq!(other_region["Metrics"], json!([]));
}
