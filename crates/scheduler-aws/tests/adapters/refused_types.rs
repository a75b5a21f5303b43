//! Types that an instance may be made, and that AWS then does not start it as.

use super::*;

/// Refuses starts of instances of a type.
fn refuse(world: &World, instance_type: &str, code: &str) {
    let effect = Effect::Error { status: 400, code: code.into(), message: "no".into() };
    let resource = Some(instance_type.into());
    world.stage.sandbox.inject(Fault { resource, ..fault(SPOKE, "StartInstances", effect) });
}

/// An instance at rest, an m5.large.
async fn resting(world: &World) -> String {
    let wanted = Wanted { name: "web", instance_type: "m5.large", schedule: Some("office") };
    let id = stage::run_instance(&world.spoke, &wanted).await.unwrap();
    world.wait(5);
    stage::by_hand(&world.spoke, "StopInstances", &id).await.unwrap();
    world.wait(5);
    id
}

/// Starts it as the first of two types, and answers what came of it and its type after.
async fn start(world: &World, id: &str) -> (Outcome, String) {
    let types = ["m5.xlarge", "m5a.xlarge"].map(|name| name.parse().unwrap()).to_vec();
    let outcome = world.order(Kind::Ec2Instance, id, Step::Start { types, size: None }).await;
    world.wait(5);
    let found = world.find(Kind::Ec2Instance, id).await;
    (outcome, found.instance_type.unwrap().to_string())
}

#[tokio::test]
async fn a_type_that_is_refused_at_the_start_gives_way_to_the_next() {
    for (code, class) in [
        ("Unsupported", "unsupported"),
        ("InvalidParameterCombination", "unsupported"),
        ("VcpuLimitExceeded", "quota"),
        ("InsufficientInstanceCapacity", "no-capacity"),
    ] {
        let world = World::new().await;
        let id = resting(&world).await;
        refuse(&world, "m5.xlarge", code);
        let (outcome, becomes) = start(&world, &id).await;
        assert_eq!((brief(&outcome), becomes), (format!("done-but {class}"), "m5a.xlarge".into()));
        assert!(message(&outcome).starts_with("it is started as m5a.xlarge: "), "{outcome:?}");
        assert_eq!(stage::state_of(&world.spoke, &id).await.unwrap(), "running", "{code}");
    }
}

#[tokio::test]
async fn an_instance_that_is_refused_as_every_type_starts_as_what_it_was() {
    let world = World::new().await;
    let id = resting(&world).await;
    refuse(&world, "m5.xlarge", "Unsupported");
    refuse(&world, "m5a.xlarge", "VcpuLimitExceeded");
    let (outcome, becomes) = start(&world, &id).await;
    assert_eq!((brief(&outcome), becomes), ("done-but unsupported".into(), "m5.large".into()));
    assert_eq!(
        message(&outcome),
        "it is started as m5.large: m5.xlarge is refused: ec2:StartInstances: Unsupported: no; m5a.xlarge is refused: \
         ec2:StartInstances: VcpuLimitExceeded: no"
    );
    assert_eq!(stage::state_of(&world.spoke, &id).await.unwrap(), "running");
}

/// A refusal that is not about the type would be the same for every other.
#[tokio::test]
async fn a_start_that_is_denied_changes_no_more_types() {
    let world = World::new().await;
    let id = resting(&world).await;
    refuse(&world, "m5.xlarge", "UnauthorizedOperation");
    let (outcome, becomes) = start(&world, &id).await;
    assert_eq!((brief(&outcome), becomes), ("failed denied".into(), "m5.xlarge".into()));
    assert_eq!(world.calls("ModifyInstanceAttribute"), 1);
}
