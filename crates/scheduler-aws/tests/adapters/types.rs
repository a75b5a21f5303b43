//! Instances that are to run as another type.

use super::*;

fn types(names: &[&str]) -> Vec<scheduler_core::InstanceType> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// A running instance.
async fn running(world: &World, instance_type: &str, special: &[(&str, &str)]) -> String {
    let wanted = Wanted { name: "web", instance_type, schedule: Some("office") };
    let id = stage::run_special_instance(&world.spoke, &wanted, special).await.unwrap();
    world.wait(5);
    id
}

struct Start {
    /// What it is.
    now: &'static str,
    /// The types that it is to run as, the best first.
    types: &'static [&'static str],
    /// The types of which AWS has none.
    scarce: &'static [&'static str],
    outcome: &'static str,
    /// A part of what the outcome says.
    says: &'static str,
    /// What it is afterwards.
    becomes: &'static str,
}

#[tokio::test]
async fn an_instance_starts_as_the_best_type_that_it_can_be_had_as() {
    for case in [
        Start {
            now: "m5.large",
            types: &["m5.xlarge"],
            scarce: &[],
            outcome: "done",
            says: "",
            becomes: "m5.xlarge",
        },
        Start {
            now: "m5.large",
            types: &["m5.xlarge", "m5a.xlarge"],
            scarce: &["m5.xlarge"],
            outcome: "done-but no-capacity",
            says: "it is started as m5a.xlarge: no capacity for m5.xlarge",
            becomes: "m5a.xlarge",
        },
        Start {
            now: "m5.large",
            types: &["m5.xlarge", "m6g.xlarge", "m5.large"],
            scarce: &["m5.xlarge"],
            outcome: "done-but no-capacity",
            says: "it is started as m5.large: no capacity for m5.xlarge",
            becomes: "m5.large",
        },
        Start {
            now: "m5.large",
            types: &["m5.xlarge", "m5a.xlarge"],
            scarce: &["m5.xlarge", "m5a.xlarge"],
            outcome: "done-but no-capacity",
            says: "it is started as m5.large: no capacity for m5.xlarge, m5a.xlarge",
            becomes: "m5.large",
        },
        Start {
            now: "m5.large",
            types: &["m5.xlarge", "m5a.xlarge"],
            scarce: &["m5.xlarge", "m5a.xlarge", "m5.large"],
            outcome: "failed no-capacity",
            says: "no capacity for m5.xlarge, m5a.xlarge, m5.large: ",
            becomes: "m5.large",
        },
        Start {
            now: "m5.large",
            types: &["m6g.large"],
            scarce: &[],
            outcome: "done-but unsupported",
            says: "it is started as m5.large: m6g.large runs arm64, and the instance, now m5.large, is x86_64",
            becomes: "m5.large",
        },
        Start {
            now: "m5.large",
            types: &["m99.large"],
            scarce: &[],
            outcome: "done-but unsupported",
            says: "there is no instance type m99.large in this Region",
            becomes: "m5.large",
        },
        Start {
            now: "t2.large",
            types: &["m5.large"],
            scarce: &[],
            outcome: "done-but unsupported",
            says: "it is started as t2.large: m5.large",
            becomes: "t2.large",
        },
    ] {
        let world = World::new().await;
        let id = running(&world, case.now, &[]).await;
        stage::by_hand(&world.spoke, "StopInstances", &id).await.unwrap();
        world.wait(5);
        for scarce in case.scarce {
            world.stage.sandbox.inject(stage::no_capacity(scarce));
        }
        let step = Step::Start { types: types(case.types), size: None };
        let outcome = world.order(Kind::Ec2Instance, &id, step).await;
        let said = message(&outcome);
        assert_eq!(brief(&outcome), case.outcome, "{:?}: {said}", case.types);
        assert!(said.contains(case.says), "{:?}: {said}", case.types);
        world.wait(5);
        let found = world.find(Kind::Ec2Instance, &id).await;
        assert_eq!(found.instance_type.unwrap().as_str(), case.becomes, "{:?}", case.types);
        let state = if case.outcome.starts_with("done") { "running" } else { "stopped" };
        assert_eq!(stage::state_of(&world.spoke, &id).await.unwrap(), state, "{:?}", case.types);
    }
}

#[tokio::test]
async fn an_instance_is_stopped_for_a_type_only_if_it_can_run_as_it() {
    for (wanted, outcome, state) in [
        ("m5.xlarge", "done", "stopped"),
        ("m6g.large", "failed unsupported", "running"),
        ("m99.large", "failed unsupported", "running"),
    ] {
        let world = World::new().await;
        let id = running(&world, "m5.large", &[]).await;
        let step = Step::Resize { types: types(&[wanted]) };
        assert_eq!(brief(&world.order(Kind::Ec2Instance, &id, step).await), outcome, "{wanted}");
        world.wait(5);
        assert_eq!(stage::state_of(&world.spoke, &id).await.unwrap(), state, "{wanted}");
        assert_eq!(world.calls("ModifyInstanceAttribute"), 0, "that is for its start");
    }
}

/// Starting it as what it was is better than not starting it.
#[tokio::test]
async fn an_instance_whose_types_may_not_be_looked_up_starts_as_what_it_was() {
    for (code, status, outcome) in [
        ("UnauthorizedOperation", 403, "done-but denied"),
        ("RequestLimitExceeded", 503, "failed throttled"),
    ] {
        let world = World::new().await;
        let id = running(&world, "m5.large", &[]).await;
        stage::by_hand(&world.spoke, "StopInstances", &id).await.unwrap();
        world.wait(5);
        let refused = Effect::Error { status, code: code.into(), message: "no".into() };
        world.stage.sandbox.inject(fault(SPOKE, "DescribeInstanceTypes", refused));
        let step = Step::Start { types: types(&["m5.xlarge"]), size: None };
        assert_eq!(brief(&world.order(Kind::Ec2Instance, &id, step).await), outcome);
    }
}
