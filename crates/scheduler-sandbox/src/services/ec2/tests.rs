//! EC2 as callers see it.

mod reasons;
mod types;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::{CallError, Caller, Sandbox, texts};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap()
}

struct Stage {
    sandbox: Sandbox,
    caller: Caller,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(now());
        let caller =
            Caller::new(&sandbox, &sandbox.create_account("aws", "111111111111"), "eu-west-1");
        Self { sandbox, caller }
    }

    /// Launches instances with some tags and waits until they run.
    async fn running(&self, count: usize, tags: &[(&str, &str)]) -> Vec<String> {
        let mut params =
            params(&[("ImageId", "ami-0abc"), ("InstanceType", "t3.micro"), ("MinCount", "1")]);
        params.push(("MaxCount".into(), count.to_string()));
        params.push(("TagSpecification.1.ResourceType".into(), "instance".into()));
        for (number, (key, value)) in (1..).zip(tags) {
            params.push((format!("TagSpecification.1.Tag.{number}.Key"), (*key).into()));
            params.push((format!("TagSpecification.1.Tag.{number}.Value"), (*value).into()));
        }
        let ids = texts(&self.call("RunInstances", &params).await.unwrap(), "instanceId");
        self.later(20);
        ids
    }

    fn later(&self, seconds: i64) {
        self.sandbox.set_now(self.sandbox.now() + TimeDelta::seconds(seconds));
    }

    async fn call(&self, action: &str, params: &[(String, String)]) -> Result<String, CallError> {
        let params: Vec<_> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.caller.query("ec2", action, &params).await
    }

    /// A call with instance ids and nothing else.
    async fn on(&self, action: &str, ids: &[impl AsRef<str>]) -> Result<String, CallError> {
        self.call(action, &list("InstanceId", ids)).await
    }

    async fn describe(&self, extra: &[(&str, &str)]) -> Result<String, CallError> {
        self.call("DescribeInstances", &params(extra)).await
    }

    async fn states(&self) -> Vec<String> {
        texts(&self.describe(&[]).await.unwrap(), "instanceState")
            .iter()
            .map(|state| name(state))
            .collect()
    }
}

fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn list(name: &str, values: &[impl AsRef<str>]) -> Vec<(String, String)> {
    (1..)
        .zip(values)
        .map(|(number, value)| (format!("{name}.{number}"), value.as_ref().to_owned()))
        .collect()
}

fn name(state: &str) -> String {
    texts(state, "name").remove(0)
}

fn code(result: Result<String, CallError>) -> String {
    result.unwrap_err().code
}

#[tokio::test]
async fn an_instance_lives_by_the_clock() {
    let stage = Stage::new();
    let ids = stage.running(1, &[]).await;
    let steps = [
        ("StopInstances", 0, "stopping"),
        ("", 39, "stopping"),
        ("", 1, "stopped"),
        ("StopInstances", 0, "stopped"),
        ("StartInstances", 0, "pending"),
        ("StartInstances", 19, "pending"),
        ("", 1, "running"),
        ("StartInstances", 0, "running"),
        ("TerminateInstances", 0, "shutting-down"),
        ("", 20, "terminated"),
        ("TerminateInstances", 3_599, "terminated"),
    ];
    for (action, seconds, expected) in steps {
        if !action.is_empty() {
            stage.on(action, &ids).await.unwrap();
        }
        stage.later(seconds);
        assert_eq!(stage.states().await, [expected], "{action} {seconds}");
    }
    stage.later(1);
    assert!(stage.states().await.is_empty());
    assert_eq!(code(stage.on("DescribeInstances", &ids).await), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn a_change_answers_with_both_states() {
    let stage = Stage::new();
    let ids = stage.running(1, &[]).await;
    let answer = stage.on("StopInstances", &ids).await.unwrap();
    assert_eq!(name(&texts(&answer, "previousState")[0]), "running");
    assert_eq!(name(&texts(&answer, "currentState")[0]), "stopping");
    stage.later(40);
    let answer = stage.describe(&[]).await.unwrap();
    assert_eq!(texts(&texts(&answer, "stateReason")[0], "code"), ["Client.UserInitiatedShutdown"]);
    assert_eq!(texts(&answer, "reason"), ["User initiated (2026-03-02 08:00:20 GMT)"]);
    stage.on("StartInstances", &ids).await.unwrap();
    let answer = stage.describe(&[]).await.unwrap();
    assert_eq!(texts(&answer, "launchTime"), ["2026-03-02T08:01:00.000Z"]);
    assert!(texts(&answer, "stateReason").is_empty());
}

#[tokio::test]
async fn one_bad_instance_fails_the_whole_call() {
    let stage = Stage::new();
    let ids = stage.running(3, &[]).await;
    stage.on("StopInstances", &ids[..2]).await.unwrap();
    stage.later(40);

    let with = |extra: &[&'static str]| [&[ids[0].as_str()], extra].concat();
    let error = stage.on("StartInstances", &with(&["i-0123456789abcdef0"])).await.unwrap_err();
    assert_eq!(error.message, "The instance ID 'i-0123456789abcdef0' does not exist");
    let error = stage
        .on("StartInstances", &with(&["i-0123456789abcdef0", "i-12345678"]))
        .await
        .unwrap_err();
    assert_eq!(error.message, "The instance IDs 'i-0123456789abcdef0, i-12345678' do not exist");
    assert_eq!(
        code(stage.on("StartInstances", &with(&["nonsense"])).await),
        "InvalidInstanceID.Malformed"
    );

    stage.on("StopInstances", &ids[2..]).await.unwrap();
    let error = stage.on("StartInstances", &ids).await.unwrap_err();
    assert_eq!(error.code, "IncorrectInstanceState");
    assert_eq!(
        error.message,
        format!("The instance '{}' is not in a state from which it can be started.", ids[2])
    );
    assert_eq!(stage.states().await, ["stopped", "stopped", "stopping"]);
}

#[tokio::test]
async fn some_stops_are_refused() {
    let stage = Stage::new();
    let mut spot = params(&[("ImageId", "ami-1"), ("MinCount", "1"), ("MaxCount", "1")]);
    spot.extend(params(&[("InstanceMarketOptions.MarketType", "spot")]));
    let spot = texts(&stage.call("RunInstances", &spot).await.unwrap(), "instanceId");
    assert_eq!(code(stage.on("StopInstances", &spot).await), "IncorrectInstanceState", "pending");
    stage.later(20);
    assert_eq!(code(stage.on("StopInstances", &spot).await), "UnsupportedOperation");

    let ids = stage.running(1, &[]).await;
    for (flag, expected) in
        [("DryRun", "DryRunOperation"), ("Hibernate", "UnsupportedHibernationConfiguration")]
    {
        let params = [list("InstanceId", &ids), params(&[(flag, "true")])].concat();
        assert_eq!(code(stage.call("StopInstances", &params).await), expected);
    }
    assert_eq!(stage.states().await, ["running", "running"]);
    assert_eq!(code(stage.call("StopInstances", &[]).await), "MissingParameter");
}

#[tokio::test]
async fn pages_hold_every_instance_once() {
    let stage = Stage::new();
    let mut launched = Vec::new();
    for count in [7, 4, 2] {
        launched.extend(stage.running(count, &[]).await);
    }
    let (mut seen, mut sizes, mut token) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let mut extra = vec![("MaxResults", "5")];
        extra.extend(token.as_deref().map(|token| ("NextToken", token)));
        let answer = stage.describe(&extra).await.unwrap();
        let ids = texts(&answer, "instanceId");
        sizes.push(ids.len());
        seen.extend(ids);
        token = texts(&answer, "nextToken").into_iter().next();
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [5, 5, 3]);
    assert_eq!(seen, launched);
    // The second page holds the rest of one reservation and the whole of the next.
    let page = stage.describe(&[("MaxResults", "13")]).await.unwrap();
    assert_eq!(texts(&page, "reservationId").len(), 3);
    assert!(texts(&page, "nextToken").is_empty(), "a page that is just full is the last");
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused() {
    let stage = Stage::new();
    let ids = stage.running(1, &[]).await;
    for (extra, expected) in [
        (vec![("MaxResults", "4")], "InvalidParameterValue"),
        (vec![("MaxResults", "1001")], "InvalidParameterValue"),
        (
            vec![("InstanceId.1", ids[0].as_str()), ("MaxResults", "5")],
            "InvalidParameterCombination",
        ),
        (vec![("NextToken", "nonsense")], "InvalidNextToken"),
        (vec![("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")], "InvalidParameterValue"),
    ] {
        assert_eq!(code(stage.describe(&extra).await), expected, "{extra:?}");
    }
}

#[tokio::test]
async fn filters_narrow() {
    let stage = Stage::new();
    let a = stage.running(1, &[("Schedule", "office-hours"), ("Name", "a")]).await.remove(0);
    let b = stage.running(1, &[("Schedule", "always"), ("Owner", "*")]).await.remove(0);
    let c = stage.running(1, &[]).await.remove(0);
    stage.on("StopInstances", &[&c]).await.unwrap();

    let rows: [(Vec<_>, Vec<&str>); 7] = [
        (vec![("Filter.1.Name", "tag-key"), ("Filter.1.Value.1", "Schedule")], vec![&a, &b]),
        (vec![("Filter.1.Name", "tag-key"), ("Filter.1.Value.1", "S*e")], vec![&a, &b]),
        (vec![("Filter.1.Name", "tag:Schedule"), ("Filter.1.Value.1", "office-?ours")], vec![&a]),
        (vec![("Filter.1.Name", "tag:Owner"), ("Filter.1.Value.1", r"\*")], vec![&b]),
        (
            vec![("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "stopping")],
            vec![&c],
        ),
        (
            vec![
                ("Filter.1.Name", "instance-id"),
                ("Filter.1.Value.1", &a),
                ("Filter.1.Value.2", &c),
                ("Filter.2.Name", "instance-state-name"),
                ("Filter.2.Value.1", "running"),
            ],
            vec![&a],
        ),
        (vec![("InstanceId.1", &b), ("InstanceId.2", &a), ("InstanceId.3", &a)], vec![&a, &b]),
    ];
    for (extra, expected) in rows {
        assert_eq!(
            texts(&stage.describe(&extra).await.unwrap(), "instanceId"),
            expected,
            "{extra:?}"
        );
    }
}

#[tokio::test]
async fn tags_are_each_instance_s_own() {
    let stage = Stage::new();
    let ids = stage.running(2, &[("Schedule", "a"), ("Name", "n")]).await;
    let tag = |value: &str| {
        [
            list("ResourceId", &ids[..1]),
            params(&[("Tag.1.Key", "Schedule"), ("Tag.1.Value", value)]),
        ]
        .concat()
    };
    stage.call("CreateTags", &tag("b")).await.unwrap();
    // A value that does not fit deletes nothing.
    stage.call("DeleteTags", &tag("a")).await.unwrap();
    let of = |id: &str| {
        let filter = params(&[("InstanceId.1", id)]);
        let stage = &stage;
        async move { texts(&stage.call("DescribeInstances", &filter).await.unwrap(), "value") }
    };
    assert_eq!(
        (of(&ids[0]).await, of(&ids[1]).await),
        (vec!["n".into(), "b".into()], vec!["n".into(), "a".into()])
    );
    stage.call("DeleteTags", &tag("b")).await.unwrap();
    assert_eq!(of(&ids[0]).await, ["n"]);

    let unknown = [list("ResourceId", &["i-12345678"]), params(&[("Tag.1.Key", "x")])].concat();
    assert_eq!(code(stage.call("CreateTags", &unknown).await), "InvalidInstanceID.NotFound");
    let reserved = [list("ResourceId", &ids), params(&[("Tag.1.Key", "aws:x")])].concat();
    assert_eq!(code(stage.call("CreateTags", &reserved).await), "InvalidParameterValue");
}

#[tokio::test]
async fn a_launch_that_makes_no_sense_is_refused() {
    let stage = Stage::new();
    for (extra, expected) in [
        (vec![("MinCount", "1"), ("MaxCount", "1")], "MissingParameter"),
        (vec![("ImageId", "x"), ("MinCount", "1"), ("MaxCount", "1")], "InvalidAMIID.Malformed"),
        (vec![("ImageId", "ami-1"), ("MinCount", "2"), ("MaxCount", "1")], "InvalidParameterValue"),
        (vec![("ImageId", "ami-1"), ("MinCount", "0"), ("MaxCount", "1")], "InvalidParameterValue"),
        (
            vec![
                ("ImageId", "ami-1"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("InstanceType", "large"),
            ],
            "InvalidParameterValue",
        ),
        (
            vec![
                ("ImageId", "ami-1"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("Placement.AvailabilityZone", "eu-west-2a"),
            ],
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(code(stage.call("RunInstances", &params(&extra)).await), expected, "{extra:?}");
    }
    assert!(stage.states().await.is_empty());
}
