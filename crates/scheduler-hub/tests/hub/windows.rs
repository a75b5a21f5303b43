//! Windows over a whole evening.

use super::*;

impl World {
    async fn create_database_with_window(&self, name: &str, schedule: &str, window: &str) {
        let parameters = [
            ("DBInstanceIdentifier", name),
            ("DBInstanceClass", "db.t4g.medium"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("PreferredMaintenanceWindow", window),
            ("Tags.Tag.1.Key", "Schedule"),
            ("Tags.Tag.1.Value", schedule),
        ];
        self.spoke.query("rds", "CreateDBInstance", &parameters).await.unwrap();
    }

    async fn create_warehouse_with_window(&self, name: &str, window: &str) {
        let parameters = [
            ("ClusterIdentifier", name),
            ("NodeType", "ra3.large"),
            ("ClusterType", "single-node"),
            ("MasterUsername", "admin"),
            ("PreferredMaintenanceWindow", window),
            ("Tags.Tag.1.Key", "Schedule"),
            ("Tags.Tag.1.Value", "office"),
        ];
        self.spoke.query("redshift", "CreateCluster", &parameters).await.unwrap();
    }
}

/// Closing time is 18:00.
#[tokio::test]
async fn nothing_is_stopped_in_a_window_and_what_was_started_for_one_is_stopped_after_it() {
    let mut world = World::new().await;
    let hours = json!(["office-hours"]);
    let patched = json!({"periods": hours, "ssm_maintenance_window": ["patch"]});
    world.put_schedule("patched", patched).await;
    let careless = json!({"periods": hours, "use_maintenance_window": false});
    world.put_schedule("careless", careless).await;
    let (early, late) = ("mon:17:30-mon:18:30", "mon:19:30-mon:20:00");
    world.create_database_with_window("early", "office", early).await;
    world.create_database_with_window("careless", "careless", early).await;
    world.create_database_with_window("late", "office", late).await;
    world.create_warehouse_with_window("figures", late).await;
    stage::create_maintenance_window(&world.spoke, "patch", "cron(30 19 ? * MON *)").await.unwrap();
    let instance = world.launch(&world.spoke, Some("patched")).await;
    let named = ["early", "careless", "late", "figures"].map(str::to_owned);
    let [first, second, third, fourth] = named;
    let ids = [first, second, third, fourth, instance];
    world.words(NOON, &ids).await;
    let rest = "as-desired";
    for (time, expected) in [
        ("18:00", ["in-window", "stop", "stop", "stop", "stop"]),
        ("18:35", ["stop", rest, rest, rest, rest]),
        ("19:15", [rest; 5]),
        ("19:25", [rest, rest, "start", "start", "start"]),
        ("19:45", [rest, rest, "in-window", "in-window", "in-window"]),
        // That of Systems Manager is three hours long.
        ("20:05", [rest, rest, "stop", "stop", "in-window"]),
        ("22:35", [rest, rest, rest, rest, "stop"]),
    ] {
        let run = world.tick_anew(&format!("2026-03-02T{time}:00Z")).await;
        world.wait();
        assert_eq!(ids.each_ref().map(|id| word(row(&run, id))), expected, "at {time}");
        for (id, expected) in ids.iter().zip(expected) {
            let why = match (time, expected) {
                ("19:25", "start") => "is open until",
                ("20:05" | "22:35", "stop") => "the window that it was started for is over",
                _ => "",
            };
            assert!(row(&run, id).why.contains(why), "{id} at {time}: {}", row(&run, id).why);
        }
    }
}

/// Whether a window is open nobody knows then, and nothing is stopped in one.
#[tokio::test]
async fn what_names_windows_that_cannot_be_looked_up_is_not_stopped() {
    let mut world = World::new().await;
    let patched = json!({"periods": ["office-hours"], "ssm_maintenance_window": ["patch"]});
    world.put_schedule("patched", patched).await;
    let ids = [
        world.launch(&world.spoke, Some("patched")).await,
        world.launch(&world.spoke, Some("office")).await,
    ];
    world.words(NOON, &ids).await;
    world.stage.sandbox.inject(Fault {
        operation: Some("DescribeMaintenanceWindows".into()),
        ..Fault::always(Effect::Error {
            status: 400,
            code: "AccessDeniedException".into(),
            message: "no".into(),
        })
    });
    assert_eq!(world.words(CLOSED, &ids).await, ["windows-unknown", "stop"]);
    world.stage.sandbox.clear_faults();
    assert_eq!(world.words("2026-03-02T18:30:00Z", &ids).await, ["stop", "as-desired"]);
}

/// Asked for its start again, RDS says that it cannot be started: it is starting. It was ours all the same.
#[tokio::test]
async fn what_was_started_for_a_window_without_an_answer_is_stopped_after_it_too() {
    let mut world = World::new().await;
    world.create_database_with_window("late", "office", "mon:19:30-mon:20:00").await;
    let ids = ["late".to_owned()];
    world.words(NOON, &ids).await;
    assert_eq!(world.words(CLOSED, &ids).await, ["stop"]);
    world.stage.sandbox.inject(Fault {
        operation: Some("StartDBInstance".into()),
        times: Some(1),
        ..Fault::always(Effect::LoseAnswer)
    });
    for (time, expected) in [
        ("19:25", "start unknown wrong-state"),
        ("19:45", "in-window"),
        ("20:05", "stop"),
        ("20:20", "as-desired"),
    ] {
        let words = world.words(&format!("2026-03-02T{time}:00Z"), &ids).await;
        assert_eq!(words, [expected], "at {time}");
    }
}
