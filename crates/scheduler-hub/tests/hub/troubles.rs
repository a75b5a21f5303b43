//! Starts that AWS accepts and takes back.

use scheduler_sandbox::Datum;

use super::*;

impl World {
    /// What `Failures` counts for a pass, by code and kind.
    fn failures(&self, run: &Run) -> Vec<(String, String, f64)> {
        let metrics = self.stage.sandbox.metrics();
        let of_the_pass = metrics.iter().filter(|datum| {
            datum.name == "Failures" && Ok(datum.timestamp) == run.run.pass.at.parse()
        });
        let text = |datum: &Datum, name: &str| datum.dimension(name).unwrap_or_default().to_owned();
        of_the_pass.map(|one| (text(one, "Code"), text(one, "Kind"), one.sum())).collect()
    }

    /// The sentences of `explain` in one text.
    async fn explain(&self, id: &str) -> String {
        let answer = self.ask(json!({"action": "explain", "resource": id})).await.unwrap();
        let Answer::Explain(explained) = answer else { panic!("{answer:?}") };
        let [explanation] = &explained.explanations[..] else { panic!("{explained:?}") };
        explanation.sentences.join(" ")
    }
}

/// With a wait of five minutes after the first fall and of ten after the second.
#[tokio::test]
async fn a_start_that_falls_back_is_explained_and_counted_and_tried_again() {
    let falls = |code: &str| Effect::FallBack { code: code.into(), message: "no".into() };
    for (effect, code) in [
        (falls("Client.InternalError"), "encryption-key"),
        (falls("Server.InsufficientInstanceCapacity"), "no-capacity"),
    ] {
        let mut world = World::new().await;
        let ids = [world.launch(&world.spoke, Some("office")).await];
        world.words("2026-03-02T07:00:00Z", &ids).await;
        world
            .stage
            .sandbox
            .inject(Fault { resource: Some(ids[0].clone()), ..Fault::always(effect) });
        for (time, expected, fallen) in [
            ("09:00", "start", ""),
            ("09:10", code, "fallen back to rest once"),
            ("09:14", code, "fallen back to rest once"),
            ("09:15", "start", "fallen back to rest once"),
            ("09:26", code, "fallen back to rest twice"),
            ("09:35", code, "fallen back to rest twice"),
        ] {
            let run = world.tick_anew(&format!("2026-03-02T{time}:00Z")).await;
            let row = row(&run, &ids[0]);
            assert_eq!(word(row), expected, "at {time}");
            let failed = vec![(code.to_owned(), "ec2-instance".to_owned(), 1.0)];
            let counted = if expected == code { failed } else { Vec::new() };
            assert_eq!(world.failures(&run), counted, "at {time}");
            assert_eq!(row.outcome, if expected == code { "failed" } else { "done" }, "at {time}");
            let said = world.explain(&ids[0]).await;
            assert!(said.contains(fallen), "at {time}: {said}");
        }
        world.stage.sandbox.clear_faults();
        assert_eq!(world.words("2026-03-02T09:36:00Z", &ids).await, ["start"]);
        assert_eq!(world.words("2026-03-02T09:50:00Z", &ids).await, ["as-desired"]);
        let said = world.explain(&ids[0]).await;
        assert!(!said.contains("fallen"), "{said}");
    }
}

/// A database whose stop is refused, as during its backup, is tried again on every pass.
#[tokio::test]
async fn a_refused_stop_is_tried_again_until_it_succeeds() {
    let mut world = World::new().await;
    let ids = stage::create_one_of_each(&world.spoke, Some("office")).await.unwrap();
    world.words(NOON, &ids).await;
    for (operation, code) in [
        ("StopInstances", "IncorrectInstanceState"),
        ("StopDBInstance", "InvalidDBInstanceState"),
        ("StopDBCluster", "InvalidDBClusterStateFault"),
        ("UpdateAutoScalingGroup", "ScalingActivityInProgress"),
        ("UpdateService", "ServiceNotActiveException"),
        ("PauseCluster", "InvalidClusterState"),
    ] {
        let effect = Effect::Error { status: 400, code: code.into(), message: "busy".into() };
        let operation = Some(operation.into());
        world.stage.sandbox.inject(Fault { operation, ..Fault::always(effect) });
    }
    for at in [CLOSED, "2026-03-02T18:15:00Z"] {
        assert_eq!(world.words(at, &ids).await, ["stop failed wrong-state"; 6], "at {at}");
    }
    world.stage.sandbox.clear_faults();
    assert_eq!(world.words("2026-03-02T18:30:00Z", &ids).await, ["stop"; 6]);
    assert_eq!(world.words("2026-03-02T18:45:00Z", &ids).await, ["as-desired"; 6]);
    let morning = world.words("2026-03-03T09:00:00Z", &ids).await;
    assert_eq!(morning, ["start"; 6]);
    assert_eq!(
        stage::group_size(&world.spoke, "workers").await.unwrap(),
        Some(stage::Sizes { min: 1, desired: 2, max: 4 })
    );
}
