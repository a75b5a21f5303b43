//! How spokes are reached.

use scheduler_core::resource::FailureCode;

use super::*;

fn spoke_sessions(world: &World) -> Vec<scheduler_sandbox::Session> {
    let sessions = world.stage.sandbox.sessions().into_iter();
    sessions.filter(|session| session.role_arn.ends_with(stage::SPOKE_ROLE)).collect()
}

#[tokio::test]
async fn a_session_is_shared_and_names_its_pass_and_is_renewed_before_it_ends() {
    let world = World::new().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    for kind in Kind::ALL {
        cloud.list(&spoke(), kind).await.unwrap();
        cloud.list(&target(SPOKE, "us-east-1"), kind).await.unwrap();
    }
    let sessions = spoke_sessions(&world);
    assert_eq!(
        sessions.iter().map(|session| session.session_name.as_str()).collect::<Vec<_>>(),
        ["dayshift-20260302T090000Z"]
    );
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(56));
    cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert_eq!(spoke_sessions(&world).len(), 2);
}

#[tokio::test]
async fn another_partition_is_reached_with_its_own_credentials() {
    let world = World::new().await;
    launch(&world.chinese, 2, Some("office")).await;
    let settings = world.settings().await;
    let chinese = target(CHINESE, "cn-north-1");
    let listed =
        world.aws.spokes(&settings, now()).list(&chinese, Kind::Ec2Instance).await.unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn a_refused_role_is_asked_for_once_a_pass() {
    let world = World::new().await;
    world.stage.put_parameter("external-id", "String", "not the one").await.unwrap();
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    for kind in Kind::ALL {
        let failure = cloud.list(&spoke(), kind).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::Denied);
        assert!(failure.message.contains(SPOKE), "{failure}");
    }
    assert_eq!(world.calls("AssumeRole"), 1);
}

/// With one budget for all accounts, as the SDK has by default, the first account would use up the second's.
#[tokio::test]
async fn a_throttled_account_drains_its_own_retries_alone() {
    let world = World::new().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    cloud.list(&target(OTHER, REGION), Kind::Ec2Instance).await.unwrap();
    let throttled = || Effect::Error {
        status: 503,
        code: "RequestLimitExceeded".into(),
        message: "Request limit exceeded.".into(),
    };
    world.stage.sandbox.inject(fault(SPOKE, "DescribeInstances", throttled()));
    world
        .stage
        .sandbox
        .inject(Fault { times: Some(2), ..fault(OTHER, "DescribeInstances", throttled()) });
    for _ in 0..120 {
        let failure = cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::Throttled);
    }
    world.stage.sandbox.reset_calls();
    cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap_err();
    assert_eq!(world.calls("DescribeInstances"), 1, "its budget for retries is spent");
    world.stage.sandbox.reset_calls();
    cloud.list(&target(OTHER, REGION), Kind::Ec2Instance).await.unwrap();
    assert_eq!(world.calls("DescribeInstances"), 3, "the other account still has its own");
}
