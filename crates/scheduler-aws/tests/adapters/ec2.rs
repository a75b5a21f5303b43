//! EC2 instances: listing, starting, stopping, hibernating.

use scheduler_core::{
    Observed,
    resource::{FailureCode, Unsuitable},
};

use super::*;

#[tokio::test]
async fn tagged_instances_are_listed_over_all_pages_and_others_are_not() {
    let world = World::new().await;
    let tagged = launch(&world.spoke, 1005, Some("office")).await;
    launch(&world.spoke, 3, None).await;
    let settings = world.settings().await;
    let listed =
        world.aws.spokes(&settings, now()).list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert_eq!(listed.len(), tagged.len());
    assert!(listed.iter().all(|resource| resource.marks.schedule == "office"));
    assert_eq!(world.calls("DescribeInstances"), 6);
}

#[tokio::test]
async fn instances_start_and_stop_and_a_bad_one_fails_alone() {
    let world = World::new().await;
    let ids = launch(&world.spoke, 60, Some("office")).await;
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(5));
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    let mut wanted: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
    wanted.push("i-0ffffffffffffffff".parse().unwrap());
    let stopped = cloud.carry_out(&spoke(), Kind::Ec2Instance, &stops(&wanted)).await;
    let failed: Vec<_> = stopped.iter().filter(|(_, outcome)| *outcome != Outcome::Done).collect();
    let [(id, Outcome::Failed(failure))] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!((id.as_str(), failure.code), ("i-0ffffffffffffffff", FailureCode::NotFound));
    assert_eq!(
        world.calls("StopInstances"),
        3,
        "two batches, one of them again without the one named"
    );
    let listed = cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert!(listed.iter().all(|resource| resource.observed == Observed::InTransition));
}

/// All at once, or with one named a call, as AWS does where instances are in the wrong state.
#[tokio::test]
async fn bad_ones_among_many_cost_few_calls() {
    for (bad, together, singly) in [(0, 4, 4), (1, 5, 5), (5, 8, 9), (20, 10, 24)] {
        assert_eq!(calls_with_bad_ones(bad, Bad::Unknown).await, together, "{bad} named together");
        assert_eq!(calls_with_bad_ones(bad, Bad::Terminated).await, singly, "{bad} named singly");
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Bad {
    /// An id that nobody has. AWS names all of them.
    Unknown,
    /// Terminated a moment ago. AWS names the first.
    Terminated,
}

/// The calls that it takes to start 200 instances, so many of them bad; the others are all started.
async fn calls_with_bad_ones(bad: usize, how: Bad) -> u64 {
    let world = World::new().await;
    let mut ids = launch(&world.spoke, 200, Some("office")).await;
    world.wait(5);
    for id in &ids {
        stage::by_hand(&world.spoke, "StopInstances", id).await.unwrap();
    }
    world.wait(5);
    let spread: Vec<_> = (0..bad).map(|n| (2 * n + 1) * 100 / bad).collect();
    for at in &spread {
        match how {
            Bad::Unknown => ids[*at] = format!("i-0ffffffffffff{at:04}"),
            Bad::Terminated => {
                stage::by_hand(&world.spoke, "TerminateInstances", &ids[*at]).await.unwrap();
            }
        }
    }
    let order = |id: &String| Order { id: id.parse().unwrap(), step: start() };
    let orders: Vec<_> = ids.iter().map(order).collect();
    world.stage.sandbox.reset_calls();
    let outcomes = world.carry_out(Kind::Ec2Instance, &orders).await;
    let mut failed: Vec<_> = outcomes.iter().filter(|(_, one)| *one != Outcome::Done).collect();
    failed.sort_by_key(|(id, _)| ids.iter().position(|one| one == id.as_str()));
    let failed: Vec<_> = failed.iter().map(|(id, one)| (id.as_str(), brief(one))).collect();
    let code = if how == Bad::Unknown { "failed not-found" } else { "failed wrong-state" };
    let expected: Vec<_> = spread.iter().map(|at| (ids[*at].as_str(), code.to_owned())).collect();
    assert_eq!((outcomes.len(), failed), (200, expected));
    world.calls("StartInstances")
}

#[tokio::test]
async fn what_cannot_hibernate_is_stopped_and_says_so() {
    let world = World::new().await;
    let wanted = Wanted { name: "web", instance_type: "m5.large", schedule: Some("office") };
    let able = stage::run_hibernatable_instance(&world.spoke, &wanted).await.unwrap();
    let unable = stage::run_instance(&world.spoke, &wanted).await.unwrap();
    world.wait(5);
    let order = |id: &String| Order {
        id: id.parse().unwrap(),
        step: Step::Stop { hibernate: true, size: None },
    };
    let outcomes = world.carry_out(Kind::Ec2Instance, &[order(&able), order(&unable)]).await;
    world.wait(5);
    for (id, can_hibernate, expected, reason) in [
        (&able, true, "done", "Client.UserInitiatedHibernate"),
        (&unable, false, "done-but unsupported", "Client.UserInitiatedShutdown"),
    ] {
        assert_eq!(world.find(Kind::Ec2Instance, id).await.can_hibernate, can_hibernate);
        let (_, outcome) = outcomes.iter().find(|(one, _)| one.as_str() == id).unwrap();
        assert_eq!(brief(outcome), expected, "{}", message(outcome));
        assert_eq!(state_reason(&world, id).await, reason);
    }
    assert_eq!(world.calls("StopInstances"), 3, "refused for one, then each in its own way");
}

async fn state_reason(world: &World, id: &str) -> String {
    let named = [("InstanceId.1", id)];
    let answer = world.spoke.query("ec2", "DescribeInstances", &named).await.unwrap();
    texts(&texts(&answer, "stateReason")[0], "code").remove(0)
}

#[tokio::test]
async fn an_instance_that_fell_back_says_why_until_it_runs() {
    let world = World::new().await;
    let id = launch(&world.spoke, 1, Some("office")).await.remove(0);
    world.wait(5);
    world.order(Kind::Ec2Instance, &id, stop()).await;
    world.wait(5);
    assert_eq!(world.find(Kind::Ec2Instance, &id).await.fell, None, "a person's stop is no fall");
    world.stage.sandbox.inject(stage::unusable_key(&id));
    assert_eq!(world.order(Kind::Ec2Instance, &id, start()).await, Outcome::Done);
    let starting = world.find(Kind::Ec2Instance, &id).await;
    assert_eq!((starting.observed, starting.fell), (Observed::InTransition, None));
    world.wait(5);
    let fallen = world.find(Kind::Ec2Instance, &id).await;
    let code = fallen.fell.map(|failure| failure.code);
    assert_eq!((fallen.observed, code), (Observed::Stopped, Some(FailureCode::EncryptionKey)));
    world.stage.sandbox.clear_faults();
    world.order(Kind::Ec2Instance, &id, start()).await;
    world.wait(5);
    let running = world.find(Kind::Ec2Instance, &id).await;
    assert_eq!((running.observed, running.fell), (Observed::Running, None));
}

#[tokio::test]
async fn what_ec2_would_not_keep_is_left_with_its_reason() {
    let world = World::new().await;
    let wanted = Wanted { name: "web", instance_type: "m5.large", schedule: Some("office") };
    for (special, expected) in [
        (("InstanceMarketOptions.MarketType", "spot"), Unsuitable::Spot),
        (("ImageId", "ami-store1"), Unsuitable::InstanceStore),
    ] {
        let id = stage::run_special_instance(&world.spoke, &wanted, &[special]).await.unwrap();
        world.wait(5);
        let found = world.find(Kind::Ec2Instance, &id).await;
        assert_eq!(found.observed, Observed::Unsuitable(expected));
        let refused = world.order(Kind::Ec2Instance, &id, stop()).await;
        assert_eq!(brief(&refused), "failed unsupported", "{}", message(&refused));
    }
}
