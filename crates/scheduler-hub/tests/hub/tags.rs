//! The tags that passes leave.

use std::collections::BTreeMap;

use super::*;

impl World {
    /// The tags of each resource, by the end of its ARN; of groups by their names. What they were created with is left
    /// out.
    async fn tags(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        let operation = "ResourceGroupsTaggingAPI_20170126.GetResources";
        let answer = self.spoke.json("tagging", operation, json!({})).await.unwrap();
        for mapping in answer["ResourceTagMappingList"].as_array().unwrap() {
            let arn = mapping["ResourceARN"].as_str().unwrap();
            let id = arn.splitn(6, ':').last().unwrap().split_once(['/', ':']).unwrap().1;
            let text = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
            let tags = mapping["Tags"].as_array().unwrap().iter();
            let tags = tags.map(|tag| (text(tag, "Key"), text(tag, "Value")));
            found.insert(id.to_owned(), added(tags));
        }
        let answer = self.spoke.query("autoscaling", "DescribeTags", &[]).await.unwrap();
        let tags = texts(&answer, "Key").into_iter().zip(texts(&answer, "Value"));
        found.insert("workers".into(), added(tags));
        found
    }
}

fn added(tags: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let ours = tags.filter(|(key, _)| !["Name", "Schedule"].contains(&key.as_str()));
    ours.map(|(key, value)| format!("{key}={value}")).collect()
}

#[tokio::test]
async fn what_is_started_and_stopped_is_tagged_as_the_parameters_say() {
    let stopped = "ScheduleLastAction=stopped 2026-03-02 18:00 UTC";
    let started = "ScheduleLastAction=started 2026-03-03 09:00 UTC";
    let silent = ("informational-tags", "false");
    let on = ("started-tags", "State=on");
    let off = ("stopped-tags", "State=off,By={scheduler} {hour}:{minute}");
    for (parameters, after_stop, after_start) in [
        (&[][..], &[stopped][..], &[started][..]),
        (&[silent], &[], &[]),
        (&[silent, on, off], &["By=dayshift 18:00", "State=off"], &["State=on"]),
        (&[on, off], &["By=dayshift 18:00", stopped, "State=off"], &[started, "State=on"]),
    ] {
        let mut world = World::new().await;
        for (name, value) in parameters {
            world.stage.put_parameter(name, "String", value).await.unwrap();
        }
        let ids = stage::create_one_of_each(&world.spoke, Some("office")).await.unwrap();
        for (at, expected) in
            [(NOON, &[][..]), (CLOSED, after_stop), ("2026-03-03T09:00:00Z", after_start)]
        {
            world.words(at, &ids).await;
            let tags = world.tags().await;
            for id in &ids {
                assert_eq!(tags[id], expected, "{id} at {at} with {parameters:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_is_a_tag_until_it_is_mended() {
    let mut world = World::new().await;
    let ids = [world.launch(&world.spoke, Some("office")).await];
    world.words("2026-03-02T07:00:00Z", &ids).await;
    world.stage.sandbox.inject(stage::no_capacity("m5.large"));
    assert_eq!(world.words(OPEN, &ids).await, ["start failed no-capacity"]);
    let of_it = async |world: &World| {
        let answer = world.spoke.query("ec2", "DescribeInstances", &[]).await.unwrap();
        let tags = texts(&answer, "tagSet").remove(0);
        let tags = texts(&tags, "key").into_iter().zip(texts(&tags, "value"));
        added(tags)
    };
    let [error, last] = &of_it(&world).await[..] else { panic!() };
    assert!(error.starts_with("ScheduleError=no-capacity: ec2:StartInstances: "), "{error}");
    assert_eq!(last, "ScheduleLastAction=stopped 2026-03-02 07:00 UTC");
    world.stage.sandbox.reset_calls();
    world.words("2026-03-02T09:15:00Z", &ids).await;
    assert_eq!(world.calls("CreateTags"), 0, "it says so already");
    world.stage.sandbox.clear_faults();
    assert_eq!(world.words("2026-03-02T09:30:00Z", &ids).await, ["start"]);
    assert_eq!(of_it(&world).await, ["ScheduleLastAction=started 2026-03-02 09:30 UTC"]);
}
