//! What is asked and answered: `status` and `explain`, over every kind.

use scheduler_core::Kind;

use super::*;

async fn at_night() -> (World, [String; 6]) {
    let mut world = World::new().await;
    let ids = stage::create_one_of_each(&world.spoke, Some("office")).await.unwrap();
    for at in [NOON, CLOSED, "2026-03-02T18:30:00Z"] {
        world.words(at, &ids).await;
    }
    world.stage.sandbox.reset_calls();
    (world, ids)
}

#[tokio::test]
async fn status_says_what_each_does_and_should_do_and_was_made_to_do() {
    let (world, ids) = at_night().await;
    let Answer::Status(status) = world.ask(json!({"action": "status"})).await.unwrap() else {
        panic!()
    };
    let mut rows = status.resources;
    for (kind, id) in Kind::ALL.into_iter().zip(ids) {
        let at = rows.iter().position(|row| row.resource == id).unwrap();
        let row = rows.swap_remove(at);
        assert_eq!((row.account.as_str(), row.region.as_str()), (SPOKE, REGION));
        assert_eq!((row.kind.as_str(), row.schedule.as_str()), (kind.as_str(), "office"));
        let found = [
            Some(row.observed),
            row.desired,
            row.since,
            row.until,
            row.last_action,
            row.last_action_at,
            row.last_outcome,
            row.last_error,
        ];
        let next = "2026-03-03T09:00:00Z";
        let expected = ["stopped", "stopped", CLOSED, next, "stop", CLOSED, "done"];
        let expected = expected.map(|text| Some(text.to_owned())).into_iter().chain([None]);
        assert_eq!(found.to_vec(), expected.collect::<Vec<_>>(), "{kind}");
    }
    assert!(rows.is_empty(), "{rows:?}");
    assert_no_writes(&world);
}

fn assert_no_writes(world: &World) {
    for operation in ["PutItem", "BatchWriteItem", "PutMetricData", "StartInstances"] {
        assert_eq!(world.calls(operation), 0, "{operation}");
    }
}

#[tokio::test]
async fn explain_tells_each_kinds_own_story() {
    let (world, ids) = at_night().await;
    let [instance, ..] = &ids;
    let service = format!("aws/{SPOKE}/{REGION}/ecs-service/shop/cart");
    let restarts = "AWS starts it by itself at about Mon 9 Mar 2026 18:05 UTC";
    for (asked, kind, expected) in [
        (instance.as_str(), "an EC2 instance", ["It rests as m5.large.", ""]),
        ("orders", "an RDS instance", ["It rests as db.t4g.medium.", restarts]),
        ("ledger", "a database cluster", ["It rests.", restarts]),
        (
            "asg/workers",
            "an Auto Scaling group",
            ["It was at the size 1-2-4", "It rests at the size 0-0-0"],
        ),
        ("cart", "an ECS service", ["It was at the size 2-3-8", "It rests at the size 2-0-8"]),
        (&service, "an ECS service", ["It was at the size 2-3-8", ""]),
        ("figures", "a Redshift cluster", ["It rests as ra3.large.", ""]),
    ] {
        let answer = world.ask(json!({"action": "explain", "resource": asked})).await.unwrap();
        let Answer::Explain(explained) = answer else { panic!("{answer:?}") };
        let [explanation] = &explained.explanations[..] else { panic!("{asked}: {explained:?}") };
        assert_eq!(explanation.action, "leave", "{asked}");
        let said = explanation.sentences.join(" ");
        let everybodys = [
            "its tag says `office`",
            "The last call was to stop it at 18:00 UTC, and AWS accepted it.",
            "At Tue 3 Mar 2026 09:00 UTC that ends, and it is to run.",
        ];
        for part in [kind].iter().chain(&expected).chain(&everybodys) {
            assert!(said.contains(part), "{asked}: {part:?} is not in {said}");
        }
    }
    let nobody = world.ask(json!({"action": "explain", "resource": "nobody"})).await.unwrap();
    let Answer::Explain(explained) = nobody else { panic!("{nobody:?}") };
    assert!(explained.explanations.is_empty(), "{explained:?}");
    assert_no_writes(&world);
}
