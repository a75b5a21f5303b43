//! The hub as a whole, on the sandbox: one event in, what came of it out.

#![expect(clippy::unwrap_used, reason = "a test")]

mod accounts;
mod admin;
mod doctor;
mod kinds;
mod leases;
mod passes;
mod requests;
mod shards;
mod tags;
mod troubles;
mod types;
mod windows;

use std::time::Duration;

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::settings::BaseCredentials;
use scheduler_engine::report::OutcomeRow;
use scheduler_hub::{Answer, Hub, HubError, Invocation, answer::Run};
use scheduler_sandbox::{
    Caller, Effect, Fault, Sandbox,
    stage::{self, Stage, Wanted},
    texts,
};
use serde_json::{Value, json};

const SPOKE: &str = "222222222222";
const OTHER: &str = "333333333333";
const REGION: &str = "eu-west-1";
/// A Monday.
const OPEN: &str = "2026-03-02T09:00:00Z";
const NOON: &str = "2026-03-02T12:00:00Z";
const CLOSED: &str = "2026-03-02T18:00:00Z";
/// What an invocation has left of its time.
const LEFT: Duration = Duration::from_secs(30);

struct World {
    stage: Stage,
    spoke: Caller,
    other: Caller,
    hub: Hub,
}

impl World {
    /// A hub with two spokes and one good schedule, on a Monday before opening time.
    async fn new() -> Self {
        let sandbox = Sandbox::new("2026-03-02T06:40:00Z".parse().unwrap());
        let stage = Stage::deploy(&sandbox, "111111111111", REGION).await.unwrap();
        stage.serve(&[SPOKE, OTHER], &[REGION]).await.unwrap();
        let spoke = stage.deploy_spoke(SPOKE, REGION).await.unwrap();
        let other = stage.deploy_spoke(OTHER, REGION).await.unwrap();
        let hours = json!({"begintime": "09:00", "endtime": "18:00", "weekdays": ["mon-fri"]});
        stage.put_item("period", "office-hours", &hours).await.unwrap();
        stage
            .put_item(
                "schedule",
                "office",
                &json!({"timezone": "UTC", "periods": ["office-hours"]}),
            )
            .await
            .unwrap();
        let hub = connect(&stage).await;
        sandbox.reset_calls();
        Self { stage, spoke, other, hub }
    }

    async fn launch(&self, account: &Caller, schedule: Option<&str>) -> String {
        stage::run_instance(account, &Wanted { name: "web", instance_type: "m5.large", schedule })
            .await
            .unwrap()
    }

    async fn ask(&self, event: Value) -> Result<Answer, HubError> {
        self.ask_as("test", event).await
    }

    /// Sends an event by an invocation of that id.
    async fn ask_as(&self, id: &str, event: Value) -> Result<Answer, HubError> {
        let deadline = tokio::time::Instant::now() + LEFT;
        self.hub.answer(&event, &Invocation { id: id.into(), deadline }).await
    }

    /// Sends an event that a pass answers.
    async fn send(&self, event: Value) -> Result<Run, HubError> {
        self.ask(event).await.map(|answer| answer.into_run().unwrap())
    }

    /// Moves the clock to an instant and sends what the schedule rule sends.
    async fn tick(&self, at: &str) -> Run {
        self.stage.sandbox.set_now(at.parse().unwrap());
        self.send(rule()).await.unwrap()
    }

    /// The same by a function that has just started, with credentials of its own: Lambda's last twelve hours.
    async fn tick_anew(&mut self, at: &str) -> Run {
        self.stage.sandbox.set_now(at.parse().unwrap());
        self.hub = connect(&self.stage).await;
        self.tick(at).await
    }

    /// What comes of each of these in a pass at an instant, with time enough for it to come about.
    async fn words<const N: usize>(&mut self, at: &str, ids: &[String; N]) -> [String; N] {
        let run = self.tick_anew(at).await;
        self.wait();
        ids.each_ref().map(|id| word(row(&run, id)))
    }

    async fn put_schedule(&self, name: &str, fields: Value) {
        self.stage.put_item("schedule", name, &fields).await.unwrap();
    }

    /// Lets everything that is on its way arrive.
    fn wait(&self) {
        self.stage.sandbox.set_now(self.stage.sandbox.now() + TimeDelta::minutes(10));
    }

    async fn state(&self, id: &str) -> String {
        stage::state_of(&self.spoke, id).await.unwrap()
    }

    fn calls(&self, operation: &str) -> u64 {
        let calls = self.stage.sandbox.calls();
        calls.iter().filter(|call| call.operation == operation).map(|call| call.count).sum()
    }
}

async fn connect(stage: &Stage) -> Hub {
    let (sandbox, keys) = (&stage.sandbox, stage.session().await.unwrap());
    let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
        .with_session(keys.session_token.as_deref());
    let home = REGION.parse().unwrap();
    let aws = Aws::in_process(sandbox.handler(), &home, &credentials, sandbox.clock());
    Hub::new(aws, stage.prefix())
}

/// What the schedule rule sends.
fn rule() -> Value {
    json!({"source": "aws.events", "detail-type": "Scheduled Event"})
}

/// Why it was left, or what was done: `as-desired`, `stop`, `start failed no-capacity`, `start done unsupported`.
fn word(row: &OutcomeRow) -> String {
    match (row.action.as_str(), &row.code) {
        ("leave", code) => code.clone().unwrap_or_default(),
        (action, None) => action.to_owned(),
        (action, Some(code)) => format!("{action} {} {code}", row.outcome),
    }
}

fn row<'a>(answer: &'a Run, id: &str) -> &'a OutcomeRow {
    answer.run.outcomes.iter().find(|row| row.resource == id).unwrap()
}
