//! Every kind through its nights and days.

use super::*;

/// What the services say of one resource of each kind; of a group its size, of a service how many tasks it wants and has.
type States = [String; 6];

fn states(texts: [&str; 6]) -> States {
    texts.map(str::to_owned)
}

fn running() -> States {
    states(["running", "available", "available", "1-2-4", "3/3", "available"])
}

fn resting() -> States {
    states(["stopped", "stopped", "stopped", "0-0-0", "0/0", "paused"])
}

impl World {
    async fn states(&self, ids: &[String; 6]) -> States {
        let [instance, database, cluster, group, _, warehouse] = ids;
        let (wanted, has) =
            stage::service_count(&self.spoke, "shop", "cart").await.unwrap().unwrap();
        [
            self.state(instance).await,
            self.database(database).await,
            stage::cluster_status(&self.spoke, cluster).await.unwrap(),
            self.size(group).await,
            format!("{wanted}/{has}"),
            stage::warehouse_state(&self.spoke, warehouse).await.unwrap(),
        ]
    }

    async fn database(&self, id: &str) -> String {
        let named = [("DBInstanceIdentifier", id)];
        let answer = self.spoke.query("rds", "DescribeDBInstances", &named).await.unwrap();
        texts(&answer, "DBInstanceStatus").remove(0)
    }

    async fn size(&self, group: &str) -> String {
        let sizes = stage::group_size(&self.spoke, group).await.unwrap().unwrap();
        format!("{}-{}-{}", sizes.min, sizes.desired, sizes.max)
    }

    async fn resize(&self, group: &str, [min, desired, max]: [&str; 3]) {
        let size = [
            ("AutoScalingGroupName", group),
            ("MinSize", min),
            ("DesiredCapacity", desired),
            ("MaxSize", max),
        ];
        self.spoke.query("autoscaling", "UpdateAutoScalingGroup", &size).await.unwrap();
    }

    async fn recount(&self, service: &str, count: u32) {
        let input = json!({"cluster": "shop", "service": service, "desiredCount": count});
        let operation = "AmazonEC2ContainerServiceV20141113.UpdateService";
        self.spoke.json("ecs", operation, input).await.unwrap();
    }
}

#[tokio::test]
async fn every_kind_rests_at_night_and_is_as_large_in_the_morning() {
    let mut world = World::new().await;
    let ids = stage::create_one_of_each(&world.spoke, Some("office")).await.unwrap();
    for (at, expected, states) in [
        (NOON, "already-running", running()),
        (CLOSED, "stop", resting()),
        ("2026-03-02T22:00:00Z", "as-desired", resting()),
        ("2026-03-03T09:00:00Z", "start", running()),
        ("2026-03-03T12:00:00Z", "as-desired", running()),
        ("2026-03-03T18:00:00Z", "stop", resting()),
    ] {
        assert_eq!(world.words(at, &ids).await, [expected; 6], "at {at}");
        assert_eq!(world.states(&ids).await, states, "after {at}");
    }
}

#[tokio::test]
async fn what_a_person_does_at_night_is_respected_or_undone_and_costs_no_size() {
    for (enforced, evening, morning) in
        [(false, "changed-by-hand", "already-running"), (true, "stop", "start")]
    {
        let mut world = World::new().await;
        let strict = json!({"timezone": "UTC", "periods": ["office-hours"], "enforced": enforced});
        world.put_schedule("strict", strict).await;
        stage::create_group(&world.spoke, "workers", 1, 2, 4, Some("strict")).await.unwrap();
        stage::create_service(&world.spoke, "shop", "cart", 3, Some("strict")).await.unwrap();
        let ids = ["workers", "shop/cart"].map(str::to_owned);
        world.words(NOON, &ids).await;
        assert_eq!(world.words(CLOSED, &ids).await, ["stop"; 2]);
        world.resize("workers", ["1", "1", "1"]).await;
        world.recount("cart", 1).await;
        assert_eq!(world.words("2026-03-02T22:00:00Z", &ids).await, [evening; 2]);
        assert_eq!(world.words("2026-03-03T09:00:00Z", &ids).await, [morning; 2]);
        let (group, count) = if enforced { ("1-2-4", (3, 3)) } else { ("1-1-1", (1, 1)) };
        assert_eq!(world.size("workers").await, group);
        let found = stage::service_count(&world.spoke, "shop", "cart").await.unwrap();
        assert_eq!(found, Some(count));
    }
}

#[tokio::test]
async fn a_groups_tag_says_its_size_where_it_has_one() {
    let mut world = World::new().await;
    let cases = [
        ("untagged", [1, 2, 4], None, "start", "1-2-4"),
        ("tagged", [1, 2, 4], Some("2-3-5"), "start", "2-3-5"),
        ("new", [0, 0, 0], Some("1-1-2"), "start", "1-1-2"),
        ("unclear", [1, 2, 4], Some("many"), "size-unclear", "0-0-0"),
        ("unknown", [0, 0, 0], None, "size-unknown", "0-0-0"),
    ];
    for (name, [min, desired, max], tag, ..) in cases {
        stage::create_group(&world.spoke, name, min, desired, max, Some("office")).await.unwrap();
        let Some(size) = tag else { continue };
        let tag = [
            ("Tags.member.1.ResourceId", name),
            ("Tags.member.1.ResourceType", "auto-scaling-group"),
            ("Tags.member.1.Key", "ScheduleSize"),
            ("Tags.member.1.Value", size),
            ("Tags.member.1.PropagateAtLaunch", "false"),
        ];
        world.spoke.query("autoscaling", "CreateOrUpdateTags", &tag).await.unwrap();
    }
    let ids = cases.map(|(name, ..)| name.to_owned());
    world.words("2026-03-02T07:00:00Z", &ids).await;
    for id in &ids {
        assert_eq!(world.size(id).await, "0-0-0", "{id}");
    }
    let morning = world.words(OPEN, &ids).await;
    for ((name, _, _, expected, size), word) in cases.into_iter().zip(morning) {
        assert_eq!((&*word, &*world.size(name).await), (expected, size), "{name}");
    }
}

/// What a person starts meanwhile is theirs.
#[tokio::test]
async fn what_aws_starts_after_seven_days_is_stopped_again_and_said_so() {
    let mut world = World::new().await;
    world.put_schedule("closed", json!({"override_status": "stopped"})).await;
    for name in ["orders", "by-hand"] {
        let database = Wanted { name, instance_type: "db.t4g.medium", schedule: Some("closed") };
        stage::create_database(&world.spoke, &database).await.unwrap();
    }
    stage::create_cluster(&world.spoke, "ledger", "aurora-mysql", Some("closed")).await.unwrap();
    let ids = ["orders", "ledger", "by-hand"].map(str::to_owned);
    assert_eq!(world.words(OPEN, &ids).await, ["stop"; 3]);
    assert_eq!(world.words(NOON, &ids).await, ["as-desired"; 3]);
    let by_hand = [("DBInstanceIdentifier", "by-hand")];
    world.spoke.query("rds", "StartDBInstance", &by_hand).await.unwrap();
    for (at, expected) in [
        ("2026-03-03T09:00:00Z", ["as-desired", "as-desired", "changed-by-hand"]),
        ("2026-03-09T09:04:00Z", ["as-desired", "as-desired", "changed-by-hand"]),
        // A week after they came to rest, and on their way.
        ("2026-03-09T09:06:00Z", ["in-transition", "in-transition", "changed-by-hand"]),
    ] {
        let run = world.tick_anew(at).await;
        assert_eq!(ids.each_ref().map(|id| word(row(&run, id))), expected, "at {at}");
    }
    let run = world.tick_anew("2026-03-09T09:15:00Z").await;
    world.wait();
    for id in ["orders", "ledger"] {
        let row = row(&run, id);
        assert_eq!((row.action.as_str(), row.outcome.as_str()), ("stop", "done"), "{id}");
        assert_eq!(row.why, "AWS had started it again, as it does after seven days at rest");
    }
    assert_eq!(world.database("orders").await, "stopped");
    assert_eq!(world.database("by-hand").await, "available");
}
