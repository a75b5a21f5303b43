//! RDS instances, clusters of databases, and the snapshots that stops take.

use scheduler_core::{Observed, resource::Unsuitable};

use super::*;

const TAG: [(&str, &str); 2] = [("Tags.Tag.1.Key", "Schedule"), ("Tags.Tag.1.Value", "office")];

#[tokio::test]
async fn a_cluster_stops_and_starts_as_a_whole() {
    let world = World::new().await;
    stage::create_cluster(&world.spoke, "ledger", "aurora-mysql", Some("office")).await.unwrap();
    world.wait(10);
    stage::create_cluster_instance(&world.spoke, "ledger", "aurora-mysql", "ledger-1")
        .await
        .unwrap();
    let arn = format!("arn:aws:rds:{REGION}:{SPOKE}:db:ledger-1");
    let tag = [&[("ResourceName", arn.as_str())], &TAG[..]].concat();
    world.spoke.query("rds", "AddTagsToResource", &tag).await.unwrap();
    world.wait(10);
    let member = world.find(Kind::RdsInstance, "ledger-1").await;
    assert_eq!(member.observed, Observed::Unsuitable(Unsuitable::ClusterMember));
    let stopped_at = world.stage.sandbox.now();
    for (step, status, restarts) in [(stop(), "stopped", true), (start(), "available", false)] {
        assert_eq!(world.order(Kind::RdsCluster, "ledger", step).await, Outcome::Done);
        world.wait(10);
        assert_eq!(stage::cluster_status(&world.spoke, "ledger").await.unwrap(), status);
        let restarts_at = world.find(Kind::RdsCluster, "ledger").await.restarts_at;
        let expected = restarts.then(|| stopped_at + TimeDelta::days(7) + TimeDelta::minutes(5));
        assert_eq!(restarts_at, expected, "{status}");
    }
}

/// AWS refuses to stop what we leave: with our eyes closed the answer would be the same.
#[tokio::test]
async fn what_rds_does_not_stop_is_left_with_its_reason() {
    let world = World::new().await;
    let create = async |action: &str, parameters: &[(&str, &str)]| {
        let all = [parameters, &TAG].concat();
        world.spoke.query("rds", action, &all).await.unwrap();
    };
    let ledger = format!("arn:aws:rds:{REGION}:{SPOKE}:cluster:ledger");
    let cluster = "DBClusterIdentifier";
    let orders = Wanted { name: "orders", instance_type: "db.t4g.medium", schedule: Some("x") };
    stage::create_database(&world.spoke, &orders).await.unwrap();
    for parameters in [
        &[(cluster, "ledger"), ("Engine", "aurora-mysql")][..],
        &[(cluster, "v1"), ("Engine", "aurora-mysql"), ("EngineMode", "serverless")],
        &[(cluster, "world"), ("Engine", "aurora-mysql"), ("GlobalClusterIdentifier", "w")],
        &[(cluster, "zones"), ("Engine", "postgres"), ("DBClusterInstanceClass", "db.m6gd.large")],
        &[
            (cluster, "copy"),
            ("Engine", "aurora-mysql"),
            ("ReplicationSourceIdentifier", ledger.as_str()),
        ],
    ] {
        create("CreateDBCluster", parameters).await;
    }
    world.wait(10);
    let copy = [("DBInstanceIdentifier", "copy"), ("SourceDBInstanceIdentifier", "orders")];
    create("CreateDBInstanceReadReplica", &copy).await;
    world.wait(10);
    for (kind, id, expected) in [
        (Kind::RdsCluster, "v1", Unsuitable::Serverless),
        (Kind::RdsCluster, "world", Unsuitable::GlobalMember),
        (Kind::RdsCluster, "zones", Unsuitable::MultiAz),
        (Kind::RdsCluster, "copy", Unsuitable::ReadReplica),
        (Kind::RdsInstance, "copy", Unsuitable::ReadReplica),
        (Kind::RdsInstance, "orders", Unsuitable::ReplicaSource),
    ] {
        assert_eq!(
            world.find(kind, id).await.observed,
            Observed::Unsuitable(expected),
            "{kind}/{id}"
        );
        assert_eq!(
            brief(&world.order(kind, id, stop()).await),
            "failed wrong-state",
            "{kind}/{id}"
        );
    }
    assert_eq!(world.find(Kind::RdsCluster, "ledger").await.observed, Observed::Running);
}

/// An old snapshot goes only once the one that takes its place is there.
#[tokio::test]
async fn a_stop_takes_a_snapshot_and_one_is_kept() {
    let mut world = World::new().await;
    world.stage.put_parameter("create-rds-snapshot", "String", "true").await.unwrap();
    let orders = Wanted { name: "orders", instance_type: "db.t4g.medium", schedule: Some("x") };
    stage::create_database(&world.spoke, &orders).await.unwrap();
    let (first, second) =
        ("dayshift-stopped-orders-20260302t180000z", "dayshift-stopped-orders-20260303t180000z");
    for (at, step, expected) in [
        ("2026-03-02T18:00:00Z", stop(), &[first][..]),
        ("2026-03-03T08:00:00Z", start(), &[first]),
        ("2026-03-03T18:00:00Z", stop(), &[first, second]),
        ("2026-03-04T08:00:00Z", start(), &[second]),
    ] {
        world.stage.sandbox.set_now(at.parse().unwrap());
        world.reconnect().await;
        assert_eq!(world.order(Kind::RdsInstance, "orders", step).await, Outcome::Done, "{at}");
        assert_eq!(snapshots(&world).await, expected, "after {at}");
    }
    let quota = || Effect::Error {
        status: 400,
        code: "SnapshotQuotaExceeded".into(),
        message: "Cannot create more than 100 manual snapshots".into(),
    };
    world.wait(10);
    world.stage.sandbox.inject(fault(SPOKE, "StopDBInstance", quota()));
    let refused = world.order(Kind::RdsInstance, "orders", stop()).await;
    assert_eq!(brief(&refused), "failed quota", "{}", message(&refused));
    assert_eq!(snapshots(&world).await, [second]);
    assert_eq!(world.find(Kind::RdsInstance, "orders").await.observed, Observed::Running);
}

async fn snapshots(world: &World) -> Vec<String> {
    let answer = world.spoke.query("rds", "DescribeDBSnapshots", &[]).await.unwrap();
    texts(&answer, "DBSnapshotIdentifier")
}
