//! Snapshots as callers see them.

use chrono::TimeDelta;

use crate::services::rds::tests::{Stage, code};
use crate::texts;

async fn stage() -> Stage {
    let stage = Stage::new();
    stage.create("db", &[]).await;
    stage.later(TimeDelta::minutes(5));
    stage
}

const STOP: [(&str, &str); 2] =
    [("DBInstanceIdentifier", "db"), ("DBSnapshotIdentifier", "Before-Night")];

#[tokio::test]
async fn a_stop_leaves_a_snapshot_if_it_is_asked_to() {
    let stage = stage().await;
    stage.call("StopDBInstance", &STOP).await.unwrap();
    let of_db = [("DBInstanceIdentifier", "db"), ("SnapshotType", "manual")];
    let one = [("DBSnapshotIdentifier", "before-night")];
    for (minutes, status) in [(0, "creating"), (3, "creating"), (1, "available")] {
        stage.later(TimeDelta::minutes(minutes));
        let answer = stage.call("DescribeDBSnapshots", &of_db).await.unwrap();
        assert_eq!(texts(&answer, "DBSnapshotIdentifier"), ["before-night"]);
        assert_eq!(texts(&answer, "Status"), [status], "{minutes}");
        if status == "creating" {
            let refused = code(stage.call("DeleteDBSnapshot", &one).await);
            assert_eq!(refused, (400, "InvalidDBSnapshotState".to_owned()));
        }
    }
    stage.call("DeleteDBSnapshot", &one).await.unwrap();
    let missing = (404, "DBSnapshotNotFound".to_owned());
    for action in ["DeleteDBSnapshot", "DescribeDBSnapshots"] {
        assert_eq!(code(stage.call(action, &one).await), missing, "{action}");
    }
    let answer = stage.call("DescribeDBSnapshots", &of_db).await.unwrap();
    assert!(texts(&answer, "DBSnapshotIdentifier").is_empty());
}

#[tokio::test]
async fn a_name_that_is_taken_stops_nothing() {
    let stage = stage().await;
    stage.call("StopDBInstance", &STOP).await.unwrap();
    stage.later(TimeDelta::minutes(5));
    stage.on("StartDBInstance", "db").await.unwrap();
    stage.later(TimeDelta::minutes(6));
    let taken = (400, "DBSnapshotAlreadyExists".to_owned());
    assert_eq!(code(stage.call("StopDBInstance", &STOP).await), taken);
    assert_eq!(stage.status("db").await, "available");
    let misspelt = [("DBInstanceIdentifier", "db"), ("DBSnapshotIdentifier", "2026-night")];
    let refused = code(stage.call("StopDBInstance", &misspelt).await);
    assert_eq!(refused, (400, "InvalidParameterValue".to_owned()));
    let automated = [("SnapshotType", "automated")];
    let answer = stage.call("DescribeDBSnapshots", &automated).await.unwrap();
    assert!(texts(&answer, "DBSnapshotIdentifier").is_empty());
}
