//! Clusters as callers see them.

use chrono::TimeDelta;

use crate::services::rds::tests::{Stage, code};
use crate::texts;

fn wrong_state() -> (u16, String) {
    (400, "InvalidDBClusterStateFault".to_owned())
}

async fn stage() -> Stage {
    let stage = Stage::new();
    stage.create_cluster("web", "aurora-postgresql", &[]).await;
    stage.later(TimeDelta::minutes(5));
    for member in ["zebra", "aardvark"] {
        stage.join(member, "Web").await.unwrap();
        stage.later(TimeDelta::minutes(5));
    }
    stage
}

#[tokio::test]
async fn the_instances_of_a_cluster_go_with_it() {
    let stage = stage().await;
    let minutes = TimeDelta::minutes;
    let steps = [
        ("", minutes(0), "available"),
        ("StopDBCluster", minutes(4), "stopping"),
        ("", minutes(1), "stopped"),
        ("StartDBCluster", minutes(5), "starting"),
        ("", minutes(1), "available"),
        ("StopDBCluster", minutes(5), "stopped"),
        ("", TimeDelta::days(7) - minutes(1), "stopped"),
        ("", minutes(1), "starting"),
        ("", minutes(6), "available"),
    ];
    for (action, delta, expected) in steps {
        if !action.is_empty() {
            stage.on_cluster(action, "WEB").await.unwrap();
        }
        stage.later(delta);
        assert_eq!(stage.cluster_status("web").await, expected, "{action} {delta}");
        assert_eq!(stage.status("zebra").await, expected, "{action} {delta}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_state() {
    let stage = stage().await;
    let error = stage.on_cluster("StartDBCluster", "web").await.unwrap_err();
    let expected = "stopped,inaccessible-encryption-credentials-recoverable";
    assert_eq!(
        error.message,
        format!("DbCluster web is in available state but expected it to be one of {expected}.")
    );
    stage.on_cluster("StopDBCluster", "web").await.unwrap();
    stage.later(TimeDelta::minutes(5));
    let error = stage.on_cluster("StopDBCluster", "web").await.unwrap_err();
    assert_eq!((error.status, error.code), wrong_state());
    assert_eq!(
        error.message,
        "DbCluster web is in stopped state but expected it to be one of available."
    );
    assert_eq!(code(stage.join("third", "web").await), wrong_state());
    let missing = (404, "DBClusterNotFoundFault".to_owned());
    for action in ["StartDBCluster", "StopDBCluster", "DescribeDBClusters"] {
        assert_eq!(code(stage.on_cluster(action, "nobody").await), missing, "{action}");
    }
    assert_eq!(code(stage.join("third", "nobody").await), missing);
}

#[tokio::test]
async fn a_description_has_members_windows_and_the_restart() {
    let stage = stage().await;
    let answer = stage.on_cluster("DescribeDBClusters", "web").await.unwrap();
    assert_eq!(texts(&answer, "DBInstanceIdentifier"), ["zebra", "aardvark"]);
    assert_eq!(texts(&answer, "IsClusterWriter"), ["true", "false"]);
    assert_eq!(texts(&answer, "EngineMode"), ["provisioned"]);
    assert_eq!(
        texts(&answer, "DBClusterArn"),
        ["arn:aws-cn:rds:cn-north-1:111111111111:cluster:web"]
    );
    assert!(texts(&answer, "AutomaticRestartTime").is_empty());
    stage.on_cluster("StopDBCluster", "web").await.unwrap();
    stage.later(TimeDelta::minutes(5));
    let answer = stage.on_cluster("DescribeDBClusters", "web").await.unwrap();
    assert_eq!(texts(&answer, "AutomaticRestartTime"), ["2026-03-09T08:20:00.000Z"]);
    let answer = stage.on("DescribeDBInstances", "zebra").await.unwrap();
    assert_eq!(texts(&answer, "AutomaticRestartTime"), ["2026-03-09T08:20:00.000Z"]);

    let windows = [
        ("PreferredMaintenanceWindow", "Mon:23:30-Tue:00:30"),
        ("PreferredBackupWindow", "01:00-02:00"),
    ];
    stage.create_cluster("docs", "docdb", &windows).await;
    let answer = stage.on_cluster("DescribeDBClusters", "docs").await.unwrap();
    assert_eq!(texts(&answer, "PreferredMaintenanceWindow"), ["mon:23:30-tue:00:30"]);
    assert_eq!(texts(&answer, "PreferredBackupWindow"), ["01:00-02:00"]);
}

#[tokio::test]
async fn some_clusters_cannot_be_stopped() {
    let stage = Stage::new();
    let aurora = "aurora-mysql";
    let global = [("GlobalClusterIdentifier", "planet"), ("EnableGlobalWriteForwarding", "true")];
    stage.create_cluster("v1", aurora, &[("EngineMode", "serverless")]).await;
    stage.create_cluster("global", aurora, &global).await;
    stage.create_cluster("replica", aurora, &[("ReplicationSourceIdentifier", "arn:x")]).await;
    stage.create_cluster("three", "mysql", &[("DBClusterInstanceClass", "db.m6gd.large")]).await;
    stage.later(TimeDelta::minutes(5));
    for name in ["v1", "global", "replica", "three"] {
        assert_eq!(code(stage.on_cluster("StopDBCluster", name).await), wrong_state(), "{name}");
    }
    let answer = stage.on_cluster("DescribeDBClusters", "global").await.unwrap();
    assert_eq!(texts(&answer, "GlobalWriteForwardingStatus"), ["enabled"]);
    let answer = stage.on_cluster("DescribeDBClusters", "three").await.unwrap();
    assert_eq!(texts(&answer, "MultiAZ"), ["true"]);
    assert_eq!(texts(&answer, "DBInstanceIdentifier").len(), 3);
}

#[tokio::test]
async fn a_cluster_is_deleted_when_it_is_empty() {
    let stage = stage().await;
    let skip = ("SkipFinalSnapshot", "true");
    let gone = [("DBClusterIdentifier", "web"), skip];
    assert_eq!(
        code(stage.on_cluster("DeleteDBCluster", "web").await).1,
        "InvalidParameterCombination"
    );
    assert_eq!(code(stage.call("DeleteDBCluster", &gone).await), wrong_state());
    for member in ["zebra", "aardvark"] {
        stage.call("DeleteDBInstance", &[("DBInstanceIdentifier", member), skip]).await.unwrap();
    }
    stage.call("DeleteDBCluster", &gone).await.unwrap();
    assert_eq!(stage.cluster_status("web").await, "deleting");
    stage.later(TimeDelta::minutes(3));
    assert!(stage.on_cluster("DescribeDBClusters", "web").await.is_err());
}

#[tokio::test]
async fn pages_filters_and_tags() {
    let stage = Stage::new();
    for number in 0..25 {
        let tags = [("Tags.Tag.1.Key", "Schedule"), ("Tags.Tag.1.Value", "office")];
        let engine = if number < 3 { "neptune" } else { "aurora-mysql" };
        stage.create_cluster(&format!("c-{number:02}"), engine, &tags).await;
    }
    let page = stage.call("DescribeDBClusters", &[("MaxRecords", "20")]).await.unwrap();
    assert_eq!(texts(&page, "DBClusterIdentifier").len(), 20);
    let marker = texts(&page, "Marker").remove(0);
    let rest = [("MaxRecords", "20"), ("Marker", marker.as_str())];
    let page = stage.call("DescribeDBClusters", &rest).await.unwrap();
    assert_eq!(texts(&page, "DBClusterIdentifier").len(), 5);
    assert!(texts(&page, "Marker").is_empty());

    let engine =
        [("Filters.Filter.1.Name", "engine"), ("Filters.Filter.1.Values.Value.1", "neptune")];
    let found = stage.call("DescribeDBClusters", &engine).await.unwrap();
    assert_eq!(texts(&found, "DBClusterIdentifier"), ["c-00", "c-01", "c-02"]);

    let resource = ("ResourceName", "arn:aws-cn:rds:cn-north-1:111111111111:cluster:c-01");
    let add = [resource, ("Tags.Tag.1.Key", "Owner"), ("Tags.Tag.1.Value", "me")];
    stage.call("AddTagsToResource", &add).await.unwrap();
    let listed = stage.call("ListTagsForResource", &[resource]).await.unwrap();
    assert_eq!(texts(&listed, "Value"), ["me", "office"]);
    let wrong = [resource, ("Tags.Tag.1.Key", "Owner"), ("Tags.Tag.1.Value", "me, you")];
    assert_eq!(code(stage.call("AddTagsToResource", &wrong).await).1, "InvalidParameterValue");
}
