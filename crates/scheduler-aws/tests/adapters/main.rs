//! The adapters against the sandbox: what they send, how they page, what they make of errors.

#![expect(clippy::unwrap_used, reason = "a test")]

mod ec2;
mod ecs;
mod kinds;
mod queue;
mod rds;
mod refused_types;
mod sessions;
mod stores;
mod types;
mod windows;

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{
    Instant, Kind, Resource, ResourceId, Settings, Target, decision::Step, memory::Outcome,
    settings::BaseCredentials,
};
use scheduler_engine::{Cloud, ports::Order};
use scheduler_sandbox::{
    Caller, Effect, Fault, Sandbox,
    stage::{self, Stage, Wanted},
    texts,
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

    /// What Lambda's credentials do not outlive: they are good for twelve hours.
    async fn reconnect(&mut self) {
        self.aws = connect(&self.stage).await;
    }

    async fn settings(&self) -> Settings {
        let parameters = self.aws.parameters(&self.stage.prefix()).await.unwrap();
        let (settings, mistakes) = Settings::parse(&parameters, self.aws.home()).unwrap();
        assert_eq!(mistakes, []);
        settings
    }

    /// Moves the clock.
    fn wait(&self, minutes: i64) {
        let now = self.stage.sandbox.now();
        self.stage.sandbox.set_now(now + TimeDelta::minutes(minutes));
    }

    /// The resources of a kind in the spoke.
    async fn list(&self, kind: Kind) -> Vec<Resource> {
        let settings = self.settings().await;
        let cloud = self.aws.spokes(&settings, self.stage.sandbox.now());
        cloud.list(&spoke(), kind).await.unwrap()
    }

    async fn find(&self, kind: Kind, id: &str) -> Resource {
        let listed = self.list(kind).await;
        let found = listed.iter().find(|resource| resource.key.id.as_str() == id);
        found.unwrap_or_else(|| panic!("{id} is not in {listed:?}")).clone()
    }

    async fn carry_out(&self, kind: Kind, orders: &[Order]) -> Vec<(ResourceId, Outcome)> {
        let settings = self.settings().await;
        let cloud = self.aws.spokes(&settings, self.stage.sandbox.now());
        cloud.carry_out(&spoke(), kind, orders).await
    }

    /// Carries out one order.
    async fn order(&self, kind: Kind, id: &str, step: Step) -> Outcome {
        let order = Order { id: id.parse().unwrap(), step };
        let outcomes = self.carry_out(kind, &[order]).await;
        let [(carried_out, outcome)] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!(carried_out.as_str(), id);
        outcome.clone()
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

/// A stop of what has no size.
fn stop() -> Step {
    Step::Stop { hibernate: false, size: None }
}

/// A start of what has no size, as what it is.
fn start() -> Step {
    Step::Start { types: Vec::new(), size: None }
}

fn stops(ids: &[ResourceId]) -> Vec<Order> {
    ids.iter().map(|id| Order { id: id.clone(), step: stop() }).collect()
}

/// `done`, `done-but unsupported`, `failed not-found` or `unknown unreachable`.
fn brief(outcome: &Outcome) -> String {
    let word = match outcome {
        Outcome::Done => "done",
        Outcome::DoneBut(_) => "done-but",
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    };
    let code = outcome.failure().map(|failure| failure.code.as_str());
    [Some(word), code].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What the outcome says went wrong.
fn message(outcome: &Outcome) -> &str {
    outcome.failure().map_or("", |failure| &failure.message)
}

fn fault(account: &str, operation: &str, effect: Effect) -> Fault {
    Fault {
        account: Some(account.into()),
        operation: Some(operation.into()),
        ..Fault::always(effect)
    }
}
