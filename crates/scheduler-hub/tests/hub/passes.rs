//! What a pass does and leaves, and what goes wrong with one.

use scheduler_core::Instant;
use scheduler_sandbox::stage::STACK;

use super::*;

#[tokio::test]
async fn a_day_is_lived_through() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    let untagged = world.launch(&world.spoke, None).await;
    world.wait();
    for (at, expected) in
        [("2026-03-02T08:59:00Z", "stop"), (OPEN, "start"), (NOON, "leave"), (CLOSED, "stop")]
    {
        let answer = world.tick(at).await;
        assert_eq!(row(&answer, &id).action, expected, "at {at}");
        assert_eq!(answer.run.outcomes.len(), 1);
        let again = world.tick(at).await;
        assert_eq!(
            (again.run.pass.left, again.run.pass.resources),
            (1, 1),
            "a second pass at {at}"
        );
        world.wait();
    }
    assert_eq!(world.state(&id).await, "stopped");
    assert_eq!(world.state(&untagged).await, "running");
}

#[tokio::test]
async fn a_late_tick_does_nothing() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    world.wait();
    world.tick(OPEN).await;
    world.wait();
    world.tick(CLOSED).await;
    world.wait();
    let late = world.send(json!({"action": "run", "now": NOON})).await.unwrap();
    assert_eq!(row(&late, &id).code.as_deref(), Some("late"));
    assert_eq!(world.state(&id).await, "stopped");
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    world.wait();
    let dry = world.send(json!({"action": "run", "dry_run": true})).await.unwrap();
    assert_eq!(
        (row(&dry, &id).action.as_str(), row(&dry, &id).outcome.as_str()),
        ("stop", "planned")
    );
    let writes = ["StopInstances", "BatchWriteItem", "PutItem", "PutMetricData"];
    assert_eq!(writes.map(|operation| world.calls(operation)), [0; 4]);
    assert_eq!(world.state(&id).await, "running");
}

#[tokio::test]
async fn bad_schedules_are_named_and_harm_no_other() {
    let world = World::new().await;
    let put = |kind: &'static str, name: &'static str, fields: Value| {
        let stage = &world.stage;
        async move { stage.put_item(kind, name, &fields).await.unwrap() }
    };
    put("period", "bad-time", json!({"begintime": "25:00"})).await;
    put("period", "wrong-type", json!({"begintime": 9})).await;
    put("schedule", "no-period", json!({"periods": ["nowhere"]})).await;
    put("schedule", "no-zone", json!({"periods": ["office-hours"], "timezone": "Mars/Olympus"}))
        .await;
    put("schedule", "bad-period", json!({"periods": ["bad-time", "wrong-type"]})).await;
    let good = world.launch(&world.spoke, Some("office")).await;
    let mut bad = Vec::new();
    for schedule in ["no-period", "no-zone", "bad-period"] {
        bad.push((world.launch(&world.spoke, Some(schedule)).await, "broken-schedule"));
    }
    bad.push((world.launch(&world.spoke, Some("nobody's")).await, "unknown-schedule"));
    world.wait();
    let answer = world.tick("2026-03-02T07:00:00Z").await;
    assert_eq!(row(&answer, &good).action, "stop");
    for (id, code) in bad {
        assert_eq!(
            (row(&answer, &id).action.as_str(), row(&answer, &id).code.as_deref()),
            ("leave", Some(code))
        );
    }
    let mistakes: Vec<_> = answer
        .mistakes
        .iter()
        .map(|mistake| format!("{}: {}", mistake.item, mistake.field))
        .collect();
    for expected in [
        "periods.bad-time: begintime",
        "periods.wrong-type: begintime",
        "schedules.no-period: periods",
        "schedules.no-zone: timezone",
        "schedules.bad-period: periods",
    ] {
        assert!(
            mistakes.iter().any(|mistake| mistake == expected),
            "{expected} is not in {mistakes:?}"
        );
    }
}

#[tokio::test]
async fn a_spoke_without_its_role_fails_alone() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    world.wait();
    world
        .other
        .query(
            "iam",
            "DeleteRolePolicy",
            &[("RoleName", stage::SPOKE_ROLE), ("PolicyName", "dayshift")],
        )
        .await
        .unwrap();
    world.other.query("iam", "DeleteRole", &[("RoleName", stage::SPOKE_ROLE)]).await.unwrap();
    let answer = world.tick("2026-03-02T07:00:00Z").await;
    assert_eq!(row(&answer, &id).outcome, "done");
    let failed: Vec<_> = answer.run.targets.iter().filter(|row| row.outcome == "failed").collect();
    assert_eq!(
        failed.iter().map(|row| (row.account.as_str(), row.code.as_deref())).collect::<Vec<_>>(),
        [(OTHER, Some("denied"))]
    );
}

#[tokio::test]
async fn an_instance_that_cannot_be_started_fails_alone() {
    let world = World::new().await;
    let (good, bad) = (
        world.launch(&world.spoke, Some("office")).await,
        world.launch(&world.spoke, Some("office")).await,
    );
    world.wait();
    world.tick("2026-03-02T07:00:00Z").await;
    world.stage.sandbox.inject(Fault {
        operation: Some("StartInstances".into()),
        resource: Some(bad.clone()),
        ..Fault::always(Effect::Error {
            status: 400,
            code: "IncorrectInstanceState".into(),
            message: format!(
                "The instance '{bad}' is not in a state from which it can be started."
            ),
        })
    });
    let answer = world.tick(OPEN).await;
    assert_eq!(row(&answer, &good).outcome, "done");
    assert_eq!(
        (row(&answer, &bad).outcome.as_str(), row(&answer, &bad).code.as_deref()),
        ("failed", Some("wrong-state"))
    );
}

#[tokio::test]
async fn without_parameters_or_tables_the_pass_fails_and_nothing_is_touched() {
    for (operation, code) in
        [("GetParametersByPath", "parameters-unreadable"), ("Scan", "config-unreadable")]
    {
        let world = World::new().await;
        world.launch(&world.spoke, Some("office")).await;
        world.wait();
        world.stage.sandbox.inject(Fault {
            operation: Some(operation.into()),
            ..Fault::always(Effect::Error {
                status: 500,
                code: "InternalServerError".into(),
                message: "down".into(),
            })
        });
        let error = world.send(json!({"action": "run"})).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(world.calls("AssumeRole") + world.calls("StopInstances"), 0);
    }
    let world = World::new().await;
    let nowhere = Hub::new(
        Aws::in_process(
            world.stage.sandbox.handler(),
            &REGION.parse().unwrap(),
            &BaseCredentials::long_lived(&world.stage.hub.credentials().access_key_id, "-"),
            world.stage.sandbox.clock(),
        ),
        "/dayshift/elsewhere",
    );
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let call = Invocation { id: "test".into(), deadline };
    let error = nowhere.answer(&json!({"action": "run"}), &call).await.unwrap_err();
    assert_eq!(error.code(), "bad-parameters");
    assert!(error.to_string().contains("config-table"), "{error}");
}

/// Without its memory a target is not touched: what it would do may be done already.
#[tokio::test]
async fn without_the_state_table_no_target_is_touched() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    world.wait();
    world.stage.put_parameter("state-table", "String", "nowhere").await.unwrap();
    world.stage.sandbox.set_now("2026-03-02T07:00:00Z".parse().unwrap());
    let error = world.send(json!({"action": "run"})).await.unwrap_err();
    assert_eq!(error.code(), "lease-unavailable", "{error}");
    assert_eq!(world.state(&id).await, "running");
}

#[tokio::test]
async fn a_steady_pass_makes_one_call_a_kind_and_one_for_memory() {
    let world = World::new().await;
    for account in [&world.spoke, &world.other] {
        world.launch(account, Some("office")).await;
    }
    world.wait();
    world.tick("2026-03-02T07:00:00Z").await;
    world.wait();
    world.send(json!({"action": "run"})).await.unwrap();
    world.stage.sandbox.reset_calls();
    world.send(json!({"action": "run"})).await.unwrap();
    let of_targets = [
        "Query",
        "DescribeInstances",
        "DescribeDBInstances",
        "DescribeDBClusters",
        "DescribeAutoScalingGroups",
        "GetResources",
        "DescribeClusters",
    ];
    assert_eq!(of_targets.map(|operation| world.calls(operation)), [2; 7], "for two targets");
    let of_the_pass = ["GetParametersByPath", "Scan", "PutItem", "DeleteItem", "PutMetricData"];
    assert_eq!(of_the_pass.map(|operation| world.calls(operation)), [1; 5]);
    let all: u64 = world.stage.sandbox.calls().iter().map(|call| call.count).sum();
    assert_eq!(all, 2 * 7 + 5, "{:?}", world.stage.sandbox.calls());
}

#[tokio::test]
async fn metrics_count_what_was_done() {
    let world = World::new().await;
    for schedule in ["office", "office", "nobody's"] {
        world.launch(&world.spoke, Some(schedule)).await;
    }
    world.wait();
    world.tick("2026-03-02T07:00:00Z").await;
    let metrics = world.stage.sandbox.metrics();
    let value =
        |name: &str| metrics.iter().find(|datum| datum.name == name).map(|datum| datum.sum());
    for (name, expected) in [
        ("Managed", Some(2.0)),
        ("Running", Some(0.0)),
        ("Stopped", Some(2.0)),
        ("StoppedNow", Some(2.0)),
        // A counter at nought costs money and says nothing.
        ("Started", None),
        ("Failed", None),
        ("Targets", Some(2.0)),
        ("FailedTargets", Some(0.0)),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
    let managed = metrics.iter().find(|datum| datum.name == "Managed").unwrap();
    let dimensions = [
        ("Schedule".to_owned(), "office".to_owned()),
        ("Kind".to_owned(), "ec2-instance".to_owned()),
    ];
    assert_eq!(
        (managed.namespace.as_str(), managed.dimensions.as_slice()),
        (&*format!("Dayshift/{STACK}"), &dimensions[..])
    );
    let at: Instant = "2026-03-02T07:00:00Z".parse().unwrap();
    assert_eq!(managed.timestamp, at);
}
