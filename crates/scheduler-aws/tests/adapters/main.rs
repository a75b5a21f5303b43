//! The adapters against the sandbox: what they send, how they page, what they make of errors.

#![expect(clippy::unwrap_used, reason = "a test")]

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{
    Instant, Kind, Observed, ResourceId, Settings, Target,
    decision::Step,
    memory::{Memory, Outcome},
    resource::FailureCode,
    schedule::Desired,
    settings::BaseCredentials,
};
use scheduler_engine::{
    Cloud, MemoryStore,
    ports::{Memories, Order},
};
use scheduler_sandbox::{
    Caller, Effect, Fault, Sandbox,
    stage::{self, STACK, Stage, Wanted},
};

const HUB: &str = "111111111111";
const SPOKE: &str = "222222222222";
const OTHER: &str = "333333333333";
const CHINESE: &str = "444444444444";
const REGION: &str = "eu-west-1";

fn now() -> Instant {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// A hub with two spokes in its own partition and one in another.
struct World {
    stage: Stage,
    spoke: Caller,
    chinese: Caller,
    aws: Aws,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new(now());
        let stage = Stage::deploy(&sandbox, HUB, REGION).await.unwrap();
        stage.serve(&[SPOKE, OTHER], &[REGION]).await.unwrap();
        let spoke = stage.deploy_spoke(SPOKE, REGION).await.unwrap();
        stage.deploy_spoke(OTHER, REGION).await.unwrap();
        let base = sandbox.create_account("aws-cn", "555555555555");
        let trusted = "arn:aws-cn:iam::555555555555:root";
        let chinese =
            stage.deploy_spoke_trusting("aws-cn", CHINESE, "cn-north-1", trusted).await.unwrap();
        stage.serve_partition("aws-cn", &[CHINESE], &["cn-north-1"], &base).await.unwrap();
        let aws = connect(&stage).await;
        stage.sandbox.reset_calls();
        Self { stage, spoke, chinese, aws }
    }

    async fn settings(&self) -> Settings {
        let parameters = self.aws.parameters(&self.stage.prefix()).await.unwrap();
        let (settings, mistakes) = Settings::parse(&parameters, self.aws.home()).unwrap();
        assert_eq!(mistakes, []);
        settings
    }

    fn calls(&self, operation: &str) -> u64 {
        let calls = self.stage.sandbox.calls();
        calls.iter().filter(|call| call.operation == operation).map(|call| call.count).sum()
    }
}

async fn connect(stage: &Stage) -> Aws {
    let (sandbox, keys) = (&stage.sandbox, stage.session().await.unwrap());
    let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
        .with_session(keys.session_token.as_deref());
    Aws::in_process(sandbox.handler(), &REGION.parse().unwrap(), &credentials, sandbox.clock())
}

fn target(account: &str, region: &str) -> Target {
    Target::new(account.parse().unwrap(), region.parse().unwrap())
}

fn spoke() -> Target {
    target(SPOKE, REGION)
}

async fn launch(account: &Caller, count: usize, schedule: Option<&str>) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let name = format!("web-{n}");
        ids.push(
            stage::run_instance(
                account,
                &Wanted { name: &name, instance_type: "m5.large", schedule },
            )
            .await
            .unwrap(),
        );
    }
    ids
}

fn stops(ids: &[ResourceId]) -> Vec<Order> {
    let stop = |id: &ResourceId| Order {
        id: id.clone(),
        step: Step::Stop { hibernate: false, size: None },
    };
    ids.iter().map(stop).collect()
}

fn fault(account: &str, operation: &str, effect: Effect) -> Fault {
    Fault {
        account: Some(account.into()),
        region: None,
        operation: Some(operation.into()),
        resource: None,
        times: None,
        effect,
    }
}

#[tokio::test]
async fn parameters_are_read_over_all_pages_and_decrypted() {
    let world = World::new().await;
    for n in 0..12 {
        world.stage.put_parameter(&format!("more/p{n}"), "String", "x").await.unwrap();
    }
    let parameters = world.aws.parameters(&world.stage.prefix()).await.unwrap();
    assert_eq!(parameters.len(), 6 + 3 + 12);
    assert!(parameters["partitions/aws-cn/credentials"].contains("access_key_id"));
    assert!(world.calls("GetParametersByPath") >= 3);
}

#[tokio::test]
async fn the_config_table_is_read_over_all_pages() {
    let world = World::new().await;
    let filler = "x".repeat(60_000);
    for n in 0..40 {
        let period = serde_json::json!({"begintime": "09:00", "weekdays": ["mon-fri"], "description": filler});
        world.stage.put_item("period", &format!("p{n}"), &period).await.unwrap();
    }
    let config = world.aws.config(&format!("{STACK}-config")).await.unwrap();
    assert_eq!(config.items.len(), 40);
    assert!(world.calls("Scan") >= 3);
}

#[tokio::test]
async fn tagged_instances_are_listed_over_all_pages_and_others_are_not() {
    let world = World::new().await;
    let tagged = launch(&world.spoke, 1005, Some("office")).await;
    launch(&world.spoke, 3, None).await;
    let settings = world.settings().await;
    let listed =
        world.aws.spokes(&settings, now()).list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert_eq!(listed.len(), tagged.len());
    assert!(listed.iter().all(|resource| resource.marks.schedule == "office"));
    assert_eq!(world.calls("DescribeInstances"), 6);
}

#[tokio::test]
async fn instances_start_and_stop_and_a_bad_one_fails_alone() {
    let world = World::new().await;
    let ids = launch(&world.spoke, 60, Some("office")).await;
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(5));
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    let mut wanted: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
    wanted.push("i-0ffffffffffffffff".parse().unwrap());
    let stopped = cloud.carry_out(&spoke(), Kind::Ec2Instance, &stops(&wanted)).await;
    let failed: Vec<_> = stopped.iter().filter(|(_, outcome)| *outcome != Outcome::Done).collect();
    let [(id, Outcome::Failed(failure))] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!((id.as_str(), failure.code), ("i-0ffffffffffffffff", FailureCode::NotFound));
    assert_eq!(
        world.calls("StopInstances"),
        3,
        "two batches, one of them again without the one named"
    );
    let listed = cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert!(listed.iter().all(|resource| resource.observed == Observed::InTransition));
}

#[tokio::test]
async fn databases_stop_and_start() {
    let world = World::new().await;
    let wanted = Wanted { name: "db-1", instance_type: "db.t4g.medium", schedule: Some("office") };
    stage::create_database(&world.spoke, &wanted).await.unwrap();
    stage::create_database(&world.spoke, &Wanted { name: "db-2", schedule: None, ..wanted })
        .await
        .unwrap();
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(30));
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    let listed = cloud.list(&spoke(), Kind::RdsInstance).await.unwrap();
    let [database] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((database.key.id.as_str(), database.observed), ("db-1", Observed::Running));
    let ids = [database.key.id.clone()];
    assert_eq!(
        cloud.carry_out(&spoke(), Kind::RdsInstance, &stops(&ids)).await[0].1,
        Outcome::Done
    );
    let again = cloud.carry_out(&spoke(), Kind::RdsInstance, &stops(&ids)).await;
    let Outcome::Failed(failure) = &again[0].1 else { panic!("{again:?}") };
    assert_eq!(failure.code, FailureCode::WrongState);
}

fn spoke_sessions(world: &World) -> Vec<scheduler_sandbox::Session> {
    let sessions = world.stage.sandbox.sessions().into_iter();
    sessions.filter(|session| session.role_arn.ends_with(stage::SPOKE_ROLE)).collect()
}

#[tokio::test]
async fn a_session_is_shared_and_names_its_pass_and_is_renewed_before_it_ends() {
    let world = World::new().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    for kind in Kind::ALL {
        cloud.list(&spoke(), kind).await.unwrap();
        cloud.list(&target(SPOKE, "us-east-1"), kind).await.unwrap();
    }
    let sessions = spoke_sessions(&world);
    assert_eq!(
        sessions.iter().map(|session| session.session_name.as_str()).collect::<Vec<_>>(),
        ["dayshift-20260302T090000Z"]
    );
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(56));
    cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap();
    assert_eq!(spoke_sessions(&world).len(), 2);
}

#[tokio::test]
async fn another_partition_is_reached_with_its_own_credentials() {
    let world = World::new().await;
    launch(&world.chinese, 2, Some("office")).await;
    let settings = world.settings().await;
    let chinese = target(CHINESE, "cn-north-1");
    let listed =
        world.aws.spokes(&settings, now()).list(&chinese, Kind::Ec2Instance).await.unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn a_refused_role_is_asked_for_once_a_pass() {
    let world = World::new().await;
    world.stage.put_parameter("external-id", "String", "not the one").await.unwrap();
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    for kind in Kind::ALL {
        let failure = cloud.list(&spoke(), kind).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::Denied);
        assert!(failure.message.contains(SPOKE), "{failure}");
    }
    assert_eq!(world.calls("AssumeRole"), 1);
}

#[tokio::test]
async fn a_write_without_an_answer_is_unknown() {
    let world = World::new().await;
    let ids = launch(&world.spoke, 1, Some("office")).await;
    world.stage.sandbox.set_now(now() + TimeDelta::minutes(5));
    world.stage.sandbox.inject(fault(SPOKE, "StopInstances", Effect::LoseAnswer));
    let settings = world.settings().await;
    let ids = [ids[0].parse().unwrap()];
    let cloud = world.aws.spokes(&settings, now());
    let stopped = cloud.carry_out(&spoke(), Kind::Ec2Instance, &stops(&ids)).await;
    assert!(
        matches!(&stopped[0].1, Outcome::Unknown(failure) if failure.code == FailureCode::Unreachable),
        "{stopped:?}"
    );
}

/// With one budget for all accounts, as the SDK has by default, the first account would use up the second's.
#[tokio::test]
async fn a_throttled_account_drains_its_own_retries_alone() {
    let world = World::new().await;
    let settings = world.settings().await;
    let cloud = world.aws.spokes(&settings, now());
    cloud.list(&target(OTHER, REGION), Kind::Ec2Instance).await.unwrap();
    let throttled = || Effect::Error {
        status: 503,
        code: "RequestLimitExceeded".into(),
        message: "Request limit exceeded.".into(),
    };
    world.stage.sandbox.inject(fault(SPOKE, "DescribeInstances", throttled()));
    world
        .stage
        .sandbox
        .inject(Fault { times: Some(2), ..fault(OTHER, "DescribeInstances", throttled()) });
    for _ in 0..120 {
        let failure = cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::Throttled);
    }
    world.stage.sandbox.reset_calls();
    cloud.list(&spoke(), Kind::Ec2Instance).await.unwrap_err();
    assert_eq!(world.calls("DescribeInstances"), 1, "its budget for retries is spent");
    world.stage.sandbox.reset_calls();
    cloud.list(&target(OTHER, REGION), Kind::Ec2Instance).await.unwrap();
    assert_eq!(world.calls("DescribeInstances"), 3, "the other account still has its own");
}

#[tokio::test]
async fn memories_come_back_as_they_were_saved() {
    let world = World::new().await;
    let table = format!("{STACK}-state");
    let store = world.aws.memory(&table);
    let memory = |n: usize| {
        let key = format!("ec2-instance/i-{n}").parse().unwrap();
        (key, Memory::blank(now(), "office").settle(Desired::Running, Some(now())))
    };
    let memories: Memories = (0..60).map(memory).collect();
    store.save(&spoke(), &memories).await.unwrap();
    assert_eq!(world.calls("BatchWriteItem"), 3);
    assert_eq!(store.load(&spoke()).await.unwrap().memories, memories);
    assert_eq!(store.load(&target(OTHER, REGION)).await.unwrap().memories, Memories::new());
}

#[tokio::test]
async fn metrics_arrive_in_batches() {
    use scheduler_engine::metrics::{Datum, Dimensions, Unit};
    let world = World::new().await;
    let datum = |n: usize| Datum {
        name: "Managed",
        dimensions: Dimensions::Schedule(format!("s{n}"), Kind::Ec2Instance),
        value: 1.0,
        unit: Unit::Count,
    };
    let data: Vec<_> = (0..1500).map(datum).collect();
    world.aws.publish("Dayshift/night", &data, now()).await.unwrap();
    assert_eq!((world.stage.sandbox.metrics().len(), world.calls("PutMetricData")), (1500, 2));
}
