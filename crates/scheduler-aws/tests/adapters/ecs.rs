//! ECS services and what scales them, and the sizes of Auto Scaling groups.

use scheduler_core::{
    Observed,
    resource::Unsuitable,
    size::{Scaling, Size},
};
use serde_json::json;

use super::*;

const ON: Scaling = Scaling { scales_in: true, scales_out: true, scheduled: true };

/// Scheduled actions are switched off by their owner, and stay so.
const WITHOUT_SCHEDULE: Scaling = Scaling { scheduled: false, ..ON };

fn sized(text: &str, scaling: Option<Scaling>) -> Size {
    Size { scaling, ..text.parse().unwrap() }
}

#[tokio::test]
async fn scaling_is_suspended_before_a_stop_and_back_as_it_was_after_a_start() {
    for (scaling, size, started) in [
        (None, Size::count(3), Size::count(3)),
        (None, Size::count(0), Size::count(1)),
        (Some(ON), sized("2-3-8", Some(ON)), sized("2-3-8", Some(ON))),
        // Its count is below what scaling allows, and so below what it would be back to at once.
        (Some(ON), Size { desired: 1, ..sized("2-3-8", Some(ON)) }, sized("2-2-8", Some(ON))),
        (
            Some(WITHOUT_SCHEDULE),
            sized("2-3-8", Some(WITHOUT_SCHEDULE)),
            sized("2-3-8", Some(WITHOUT_SCHEDULE)),
        ),
    ] {
        let world = World::new().await;
        stage::create_service(&world.spoke, "shop", "cart", 3, Some("office")).await.unwrap();
        if let Some(scaling) = scaling {
            stage::create_scalable_target(&world.spoke, "shop", "cart", 2, 8).await.unwrap();
            suspend_scheduled(&world, !scaling.scheduled).await;
            world.stage.sandbox.reset_calls();
        }
        let found = world.find(Kind::EcsService, "shop/cart").await;
        assert_eq!(found.size.unwrap().scaling, scaling);

        let step = Step::Stop { hibernate: false, size: found.size };
        assert_eq!(world.order(Kind::EcsService, "shop/cart", step).await, Outcome::Done);
        let resting = world.find(Kind::EcsService, "shop/cart").await;
        assert_eq!(resting.observed, Observed::Stopped);
        let (resting, suspended) = (resting.size.unwrap(), scaling.map(|_| Scaling::SUSPENDED));
        assert_eq!((resting.desired, resting.scaling), (0, suspended));

        let step = Step::Start { types: Vec::new(), size: Some(size) };
        assert_eq!(world.order(Kind::EcsService, "shop/cart", step).await, Outcome::Done);
        assert_eq!(world.find(Kind::EcsService, "shop/cart").await.size, Some(started), "{size}");
        let expected = if scaling.is_some() { 2 } else { 0 };
        assert_eq!(world.calls("RegisterScalableTarget"), expected);
    }
}

/// By its owner.
async fn suspend_scheduled(world: &World, suspended: bool) {
    let target = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": "service/shop/cart",
        "ScalableDimension": "ecs:service:DesiredCount",
        "SuspendedState": {"ScheduledScalingSuspended": suspended},
    });
    let operation = "AnyScaleFrontendService.RegisterScalableTarget";
    world.spoke.json("application-autoscaling", operation, target).await.unwrap();
}

/// With its scaling on, alarms would bring back what has just been stopped.
#[tokio::test]
async fn a_service_whose_scaling_cannot_be_changed_is_left_as_it_is() {
    let world = World::new().await;
    stage::create_service(&world.spoke, "shop", "cart", 3, Some("office")).await.unwrap();
    stage::create_scalable_target(&world.spoke, "shop", "cart", 2, 8).await.unwrap();
    let refused =
        Effect::Error { status: 400, code: "AccessDeniedException".into(), message: "no".into() };
    world.stage.sandbox.inject(fault(SPOKE, "RegisterScalableTarget", refused));
    let size = world.find(Kind::EcsService, "shop/cart").await.size;
    let stop = Step::Stop { hibernate: false, size };
    let outcome = world.order(Kind::EcsService, "shop/cart", stop).await;
    assert_eq!((&*brief(&outcome), world.calls("UpdateService")), ("failed denied", 0));
}

#[tokio::test]
async fn a_daemon_is_left() {
    let world = World::new().await;
    stage::create_service(&world.spoke, "shop", "cart", 1, Some("office")).await.unwrap();
    let daemon = json!({
        "cluster": "shop",
        "serviceName": "agent",
        "taskDefinition": "agent",
        "schedulingStrategy": "DAEMON",
        "tags": [{"key": "Schedule", "value": "office"}],
    });
    let operation = "AmazonEC2ContainerServiceV20141113.CreateService";
    world.spoke.json("ecs", operation, daemon).await.unwrap();
    for (id, expected) in
        [("shop/agent", Observed::Unsuitable(Unsuitable::Daemon)), ("shop/cart", Observed::Running)]
    {
        assert_eq!(world.find(Kind::EcsService, id).await.observed, expected, "{id}");
    }
}

#[tokio::test]
async fn a_group_rests_at_nought_and_starts_at_the_size_it_is_given_and_no_other() {
    let world = World::new().await;
    stage::create_group(&world.spoke, "workers", 1, 2, 4, Some("office")).await.unwrap();
    let start = |size: Option<&str>| Step::Start {
        types: Vec::new(),
        size: size.map(|text| text.parse().unwrap()),
    };
    for (step, outcome, [min, desired, max]) in [
        (stop(), "done", [0, 0, 0]),
        (start(None), "failed unknown", [0, 0, 0]),
        (start(Some("1-2-4")), "done", [1, 2, 4]),
        (stop(), "done", [0, 0, 0]),
        (start(Some("0-5-9")), "done", [0, 5, 9]),
    ] {
        assert_eq!(brief(&world.order(Kind::Asg, "workers", step.clone()).await), outcome);
        let found = stage::group_size(&world.spoke, "workers").await.unwrap();
        assert_eq!(found, Some(stage::Sizes { min, desired, max }), "after {step:?}");
    }
}
