//! Periods that name an instance type.

use super::*;

impl World {
    async fn instance_type(&self, id: &str) -> String {
        let named = [("InstanceId.1", id)];
        let answer = self.spoke.query("ec2", "DescribeInstances", &named).await.unwrap();
        texts(&answer, "instanceType").remove(0)
    }
}

#[tokio::test]
async fn an_instance_runs_as_the_type_of_its_period_if_it_can() {
    let mut world = World::new().await;
    for (name, begin, end) in [("morning", "09:00", "13:00"), ("afternoon", "13:00", "18:00")] {
        let times = json!({"begintime": begin, "endtime": end, "weekdays": ["mon-fri"]});
        world.stage.put_item("period", name, &times).await.unwrap();
    }
    let periods = json!(["morning@m5.xlarge", "afternoon@c5.large"]);
    world.put_schedule("shifts", json!({"timezone": "UTC", "periods": periods})).await;
    let launch = async |instance_type| {
        let schedule = Some("shifts");
        let wanted = Wanted { name: "web", instance_type, schedule };
        stage::run_instance(&world.spoke, &wanted).await.unwrap()
    };
    let ids = [launch("m5.large").await, launch("t4g.large").await];
    for (time, expected, types) in [
        ("07:00", ["stop", "stop"], ["m5.large", "t4g.large"]),
        ("09:00", ["start", "start done unsupported"], ["m5.xlarge", "t4g.large"]),
        ("09:30", ["as-desired", "type-refused"], ["m5.xlarge", "t4g.large"]),
        ("13:00", ["resize", "resize failed unsupported"], ["m5.xlarge", "t4g.large"]),
        ("13:15", ["start", "type-refused"], ["c5.large", "t4g.large"]),
        ("13:30", ["as-desired", "type-refused"], ["c5.large", "t4g.large"]),
        ("18:00", ["stop", "stop"], ["c5.large", "t4g.large"]),
    ] {
        let words = world.words(&format!("2026-03-02T{time}:00Z"), &ids).await;
        assert_eq!(words, expected, "at {time}");
        for (id, expected) in ids.iter().zip(types) {
            assert_eq!(world.instance_type(id).await, expected, "after {time}");
        }
    }
}

#[tokio::test]
async fn an_instance_that_fell_for_want_of_capacity_is_started_as_the_next_type() {
    let mut world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    let tag = [
        ("ResourceId.1", &*id),
        ("Tag.1.Key", "SchedulePreferredTypes"),
        ("Tag.1.Value", "m5.large m5a.large m6i.large"),
    ];
    world.spoke.query("ec2", "CreateTags", &tag).await.unwrap();
    for scarce in ["m5.large", "m5a.large"] {
        let code = "Server.InsufficientInstanceCapacity".into();
        let effect = Effect::FallBack { code, message: "none".into() };
        let fault = Fault { resource: Some(scarce.into()), ..Fault::always(effect) };
        world.stage.sandbox.inject(fault);
    }
    let ids = [id];
    for (time, expected, instance_type) in [
        ("07:00", "stop", "m5.large"),
        ("09:00", "start", "m5.large"),
        ("09:15", "no-capacity", "m5.large"),
        ("09:30", "start", "m5a.large"),
        ("09:45", "no-capacity", "m5a.large"),
        ("10:00", "start", "m6i.large"),
        ("10:15", "as-desired", "m6i.large"),
        ("18:00", "stop", "m6i.large"),
    ] {
        let words = world.words(&format!("2026-03-02T{time}:00Z"), &ids).await;
        assert_eq!(
            (words, world.instance_type(&ids[0]).await),
            ([expected.to_owned()], instance_type.to_owned()),
            "at {time}"
        );
    }
}
