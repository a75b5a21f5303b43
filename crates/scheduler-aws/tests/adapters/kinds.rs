//! What holds for every kind, kind by kind.

use scheduler_core::{Observed, labels::Labelling, resource::FailureCode};

use super::*;

/// How many there have to be for a listing to take a second page.
const PAGEFUL: usize = 101;

impl World {
    /// One resource of each kind, running.
    async fn populated() -> (Self, Vec<Resource>) {
        let world = Self::new().await;
        let ids = stage::create_one_of_each(&world.spoke, Some("office")).await.unwrap();
        world.wait(10);
        let mut resources = Vec::new();
        for (kind, id) in Kind::ALL.into_iter().zip(ids) {
            resources.push(world.find(kind, &id).await);
        }
        world.stage.sandbox.reset_calls();
        (world, resources)
    }
}

fn stop_of(resource: &Resource) -> Step {
    Step::Stop { hibernate: false, size: resource.size }
}

fn start_of(resource: &Resource) -> Step {
    Step::Start { types: Vec::new(), size: resource.size }
}

#[tokio::test]
async fn each_kind_rests_and_runs_again_as_it_was() {
    let (world, resources) = World::populated().await;
    for running in resources {
        let (kind, id) = (running.key.kind, running.key.id.as_str());
        assert_eq!(running.observed, Observed::Running, "{kind}");
        assert_eq!(running.size.is_some(), kind.is_sized(), "{kind}");
        assert_eq!(brief(&world.order(kind, id, stop_of(&running)).await), "done", "{kind}");
        world.wait(10);
        assert_eq!(world.find(kind, id).await.observed, Observed::Stopped, "{kind}");
        assert_eq!(brief(&world.order(kind, id, start_of(&running)).await), "done", "{kind}");
        world.wait(10);
        assert_eq!(world.find(kind, id).await, running, "{kind}");
    }
}

/// Those that take a start or a stop for no change at all say so by accepting it once more.
#[tokio::test]
async fn what_rests_already_is_refused_or_left_alone() {
    let (world, resources) = World::populated().await;
    let expected =
        ["done", "failed wrong-state", "failed wrong-state", "done", "done", "failed wrong-state"];
    for (running, expected) in resources.iter().zip(expected) {
        let (kind, id) = (running.key.kind, running.key.id.as_str());
        world.order(kind, id, stop_of(running)).await;
        world.wait(10);
        let again = world.order(kind, id, stop_of(running)).await;
        assert_eq!(brief(&again), expected, "{kind}: {}", message(&again));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    stage::create_service(&world.spoke, "shop", "cart", 1, None).await.unwrap();
    for (kind, id, expected) in [
        (Kind::Ec2Instance, "i-0ffffffffffffffff", "failed not-found"),
        (Kind::RdsInstance, "nowhere", "failed not-found"),
        (Kind::RdsCluster, "nowhere", "failed not-found"),
        // Its one code says only that something about the request is wrong.
        (Kind::Asg, "nowhere", "failed unknown"),
        (Kind::EcsService, "shop/nowhere", "failed not-found"),
        (Kind::EcsService, "nowhere/cart", "failed not-found"),
        (Kind::EcsService, "cart", "failed not-found"),
        (Kind::RedshiftCluster, "nowhere", "failed not-found"),
    ] {
        let outcome = world.order(kind, id, stop()).await;
        assert_eq!(brief(&outcome), expected, "{kind}/{id}: {}", message(&outcome));
    }
}

/// The call that stops a resource of each kind.
const STOPS: [&str; 6] = [
    "StopInstances",
    "StopDBInstance",
    "StopDBCluster",
    "UpdateAutoScalingGroup",
    "UpdateService",
    "PauseCluster",
];

/// Lost every time, or the first time alone: then the SDK asks again, and some services refuse what has happened.
#[tokio::test]
async fn a_write_without_an_answer_is_unknown() {
    let again = "unknown wrong-state";
    for (times, expected) in [
        (None, ["unknown unreachable"; 6]),
        (Some(1), ["done", again, again, "done", "done", again]),
    ] {
        let (world, resources) = World::populated().await;
        for ((running, operation), expected) in resources.iter().zip(STOPS).zip(expected) {
            let (kind, id) = (running.key.kind, running.key.id.as_str());
            let lost = fault(SPOKE, operation, Effect::LoseAnswer);
            world.stage.sandbox.inject(Fault { times, ..lost });
            let outcome = world.order(kind, id, stop_of(running)).await;
            assert_eq!(brief(&outcome), expected, "{kind}: {}", message(&outcome));
        }
        world.wait(10);
        for running in resources {
            let found = world.find(running.key.kind, running.key.id.as_str()).await;
            assert_eq!(found.observed, Observed::Stopped, "it happened all the same");
        }
    }
}

/// One more than a page of each kind but EC2's, whose listing has a test of its own, and one without the tag.
#[tokio::test]
async fn each_kind_is_listed_over_all_pages() {
    let world = World::new().await;
    let account = &world.spoke;
    for n in 0..=PAGEFUL {
        let schedule = (n > 0).then_some("office");
        let name = format!("n{n:03}");
        let database = Wanted { name: &name, instance_type: "db.t4g.medium", schedule };
        stage::create_database(account, &database).await.unwrap();
        stage::create_cluster(account, &name, "docdb", schedule).await.unwrap();
        stage::create_group(account, &name, 1, 1, 1, schedule).await.unwrap();
        stage::create_service(account, "shop", &name, 1, schedule).await.unwrap();
        stage::create_scalable_target(account, "shop", &name, 1, 2).await.unwrap();
        stage::create_warehouse(account, &name, schedule).await.unwrap();
    }
    for (kind, calls) in [
        (Kind::RdsInstance, &[("DescribeDBInstances", 2)][..]),
        (Kind::RdsCluster, &[("DescribeDBClusters", 2)]),
        (Kind::Asg, &[("DescribeAutoScalingGroups", 2)]),
        (
            Kind::EcsService,
            &[("GetResources", 2), ("DescribeServices", 11), ("DescribeScalableTargets", 3)],
        ),
        (Kind::RedshiftCluster, &[("DescribeClusters", 2)]),
    ] {
        world.stage.sandbox.reset_calls();
        let listed = world.list(kind).await;
        assert_eq!(listed.len(), PAGEFUL, "{kind}");
        assert!(listed.iter().all(|resource| resource.marks.schedule == "office"), "{kind}");
        let is_scaled =
            |resource: &Resource| resource.size.is_some_and(|size| size.scaling.is_some());
        assert_eq!(listed.iter().all(is_scaled), kind == Kind::EcsService, "{kind}");
        for (operation, count) in calls {
            assert_eq!(world.calls(operation), *count, "{operation}");
        }
    }
}

#[tokio::test]
async fn each_kind_is_tagged_and_untagged() {
    const KEY: &str = "ScheduleError";
    let (world, resources) = World::populated().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    let set = Labelling { set: [(KEY.into(), "denied: no".into())].into(), remove: [].into() };
    let removed = Labelling { set: [].into(), remove: [KEY.into()].into() };
    for resource in resources {
        let (kind, id) = (resource.key.kind, resource.key.id);
        for (labelling, expected) in [(&set, Some("denied: no")), (&removed, None)] {
            let labellings = [(id.clone(), labelling.clone())];
            cloud.label(&spoke(), kind, &labellings).await.unwrap();
            let marks = world.find(kind, id.as_str()).await.marks;
            assert_eq!(marks.error.as_deref(), expected, "{kind}");
            assert_eq!(marks.schedule, "office", "{kind}: other tags stay");
        }
    }
}

/// The tagging API answers with success and a list of those it has refused.
#[tokio::test]
async fn what_cannot_be_tagged_does_not_keep_the_others_from_it() {
    let (world, _) = World::populated().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    let labelling =
        Labelling { set: [("ScheduleError".into(), "x".into())].into(), remove: [].into() };
    let labellings = ["nowhere", "orders"].map(|id| (id.parse().unwrap(), labelling.clone()));
    let refused = cloud.label(&spoke(), Kind::RdsInstance, &labellings).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::NotFound, "{refused}");
    let marks = world.find(Kind::RdsInstance, "orders").await.marks;
    assert_eq!(marks.error.as_deref(), Some("x"));
    assert_eq!(world.calls("TagResources"), 1);
}
