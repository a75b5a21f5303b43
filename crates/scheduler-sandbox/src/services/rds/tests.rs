//! RDS as callers see it.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::{CallError, Caller, Sandbox, texts};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap()
}

pub(super) struct Stage {
    sandbox: Sandbox,
    caller: Caller,
}

impl Stage {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new(now());
        let caller =
            Caller::new(&sandbox, &sandbox.create_account("aws-cn", "111111111111"), "cn-north-1");
        Self { sandbox, caller }
    }

    pub(super) async fn call(
        &self,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<String, CallError> {
        self.caller.query("rds", action, params).await
    }

    pub(super) async fn on(&self, action: &str, name: &str) -> Result<String, CallError> {
        self.call(action, &[("DBInstanceIdentifier", name)]).await
    }

    pub(super) async fn create(&self, name: &str, extra: &[(&str, &str)]) {
        let mut params = vec![("DBInstanceIdentifier", name), ("DBInstanceClass", "db.t3.micro")];
        params.extend([("Engine", "postgres"), ("AllocatedStorage", "20")]);
        params.extend(extra);
        self.call("CreateDBInstance", &params).await.unwrap();
    }

    pub(super) async fn create_cluster(&self, name: &str, engine: &str, extra: &[(&str, &str)]) {
        let params = [&[("DBClusterIdentifier", name), ("Engine", engine)], extra].concat();
        self.call("CreateDBCluster", &params).await.unwrap();
    }

    /// Creates an instance in a cluster of Aurora PostgreSQL.
    pub(super) async fn join(&self, name: &str, cluster: &str) -> Result<String, CallError> {
        let params = [
            ("DBInstanceIdentifier", name),
            ("DBInstanceClass", "db.r6g.large"),
            ("Engine", "aurora-postgresql"),
            ("DBClusterIdentifier", cluster),
        ];
        self.call("CreateDBInstance", &params).await
    }

    pub(super) async fn on_cluster(&self, action: &str, name: &str) -> Result<String, CallError> {
        self.call(action, &[("DBClusterIdentifier", name)]).await
    }

    pub(super) async fn cluster_status(&self, name: &str) -> String {
        texts(&self.on_cluster("DescribeDBClusters", name).await.unwrap(), "Status").remove(0)
    }

    pub(super) fn later(&self, delta: TimeDelta) {
        self.sandbox.set_now(self.sandbox.now() + delta);
    }

    pub(super) async fn status(&self, name: &str) -> String {
        texts(&self.on("DescribeDBInstances", name).await.unwrap(), "DBInstanceStatus").remove(0)
    }
}

pub(super) fn code(result: Result<String, CallError>) -> (u16, String) {
    let error = result.unwrap_err();
    (error.status, error.code)
}

#[tokio::test]
async fn a_stopped_database_starts_by_itself_after_seven_days() {
    let stage = Stage::new();
    stage.create("db", &[]).await;
    let minutes = TimeDelta::minutes;
    let steps = [
        ("", minutes(4), "creating"),
        ("", minutes(1), "available"),
        ("StopDBInstance", minutes(0), "stopping"),
        ("", minutes(5), "stopped"),
        ("StartDBInstance", minutes(5), "starting"),
        ("", minutes(1), "available"),
        ("StopDBInstance", minutes(5), "stopped"),
        ("", TimeDelta::days(7) - minutes(1), "stopped"),
        ("", minutes(1), "starting"),
        ("", minutes(6), "available"),
    ];
    for (action, delta, expected) in steps {
        if !action.is_empty() {
            stage.on(action, "db").await.unwrap();
        }
        stage.later(delta);
        assert_eq!(stage.status("db").await, expected, "{action} {delta}");
    }
}

#[tokio::test]
async fn a_start_or_stop_in_the_wrong_state_is_refused() {
    let stage = Stage::new();
    stage.create("Db", &[]).await;
    let wrong_state = (400, "InvalidDBInstanceState".to_owned());
    assert_eq!(code(stage.on("StopDBInstance", "db").await), wrong_state);
    stage.later(TimeDelta::minutes(5));
    assert_eq!(code(stage.on("StartDBInstance", "db").await), wrong_state);
    stage.on("StopDBInstance", "DB").await.unwrap();
    assert_eq!(code(stage.on("StopDBInstance", "db").await), wrong_state);
    assert_eq!(
        code(stage.on("StopDBInstance", "nobody").await),
        (404, "DBInstanceNotFound".to_owned())
    );
}

#[tokio::test]
async fn members_and_replicas_are_not_stopped_alone() {
    let stage = Stage::new();
    stage.create_cluster("cluster", "aurora-postgresql", &[]).await;
    stage.later(TimeDelta::minutes(5));
    stage.join("member", "cluster").await.unwrap();
    stage.create("source", &[]).await;
    stage.later(TimeDelta::minutes(5));
    let params = [("DBInstanceIdentifier", "replica"), ("SourceDBInstanceIdentifier", "source")];
    stage.call("CreateDBInstanceReadReplica", &params).await.unwrap();
    stage.later(TimeDelta::minutes(5));
    assert_eq!(
        code(stage.on("StopDBInstance", "member").await),
        (400, "InvalidParameterCombination".to_owned())
    );
    for name in ["source", "replica"] {
        assert_eq!(
            code(stage.on("StopDBInstance", name).await),
            (400, "InvalidDBInstanceState".to_owned())
        );
    }
    let answer = stage.on("DescribeDBInstances", "replica").await.unwrap();
    assert_eq!(texts(&answer, "ReadReplicaSourceDBInstanceIdentifier"), ["source"]);
    let answer = stage.on("DescribeDBInstances", "member").await.unwrap();
    assert_eq!(texts(&answer, "DBClusterIdentifier"), ["cluster"]);
}

#[tokio::test]
async fn pages_and_filters() {
    let stage = Stage::new();
    for number in 0..45 {
        stage.create(&format!("db-{number:02}"), &[]).await;
    }
    let (mut seen, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut params = vec![("MaxRecords", "20")];
        params.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let answer = stage.call("DescribeDBInstances", &params).await.unwrap();
        seen.push(texts(&answer, "DBInstanceIdentifier").len());
        marker = texts(&answer, "Marker").into_iter().next();
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, [20, 20, 5]);

    let filter =
        |name, value| [("Filters.Filter.1.Name", name), ("Filters.Filter.1.Values.Value.1", value)];
    let arn = "arn:aws-cn:rds:cn-north-1:111111111111:db:db-07";
    for value in ["db-07", arn] {
        let answer =
            stage.call("DescribeDBInstances", &filter("db-instance-id", value)).await.unwrap();
        assert_eq!(texts(&answer, "DBInstanceArn"), [arn]);
    }
    let wrong = (400, "InvalidParameterValue".to_owned());
    assert_eq!(code(stage.call("DescribeDBInstances", &filter("colour", "red")).await), wrong);
    assert_eq!(code(stage.call("DescribeDBInstances", &[("MaxRecords", "19")]).await), wrong);
}

#[tokio::test]
async fn tags_are_named_by_arn() {
    let stage = Stage::new();
    stage.create("db", &[("Tags.Tag.1.Key", "Schedule"), ("Tags.Tag.1.Value", "office")]).await;
    let resource = ("ResourceName", "arn:aws-cn:rds:cn-north-1:111111111111:db:db");
    let add = [resource, ("Tags.Tag.1.Key", "Owner"), ("Tags.Tag.1.Value", "me @home")];
    stage.call("AddTagsToResource", &add).await.unwrap();
    let listed = stage.call("ListTagsForResource", &[resource]).await.unwrap();
    assert_eq!(texts(&listed, "Value"), ["me @home", "office"]);
    stage
        .call("RemoveTagsFromResource", &[resource, ("TagKeys.member.1", "Schedule")])
        .await
        .unwrap();
    let described = stage.on("DescribeDBInstances", "db").await.unwrap();
    assert_eq!(texts(&texts(&described, "TagList")[0], "Key"), ["Owner"]);
}

#[tokio::test]
async fn a_deleted_database_goes() {
    let stage = Stage::new();
    stage.create("db", &[]).await;
    assert_eq!(
        code(stage.on("DeleteDBInstance", "db").await),
        (400, "InvalidParameterCombination".to_owned())
    );
    let params = [("DBInstanceIdentifier", "db"), ("SkipFinalSnapshot", "true")];
    stage.call("DeleteDBInstance", &params).await.unwrap();
    assert_eq!(stage.status("db").await, "deleting");
    stage.later(TimeDelta::minutes(3));
    assert_eq!(
        code(stage.on("DescribeDBInstances", "db").await),
        (404, "DBInstanceNotFound".to_owned())
    );
}
