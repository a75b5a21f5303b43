//! Living through the demo: people and AWS do what they do, and every so often the hub runs a pass.

use std::time::Duration;

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{Instant, settings::BaseCredentials};
use scheduler_engine::report::RunReport;
use scheduler_hub::{Admin, Door, Hub, Invocation};
use scheduler_sandbox::{CallError, Sandbox};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    estate::Estate,
    events::{self, Event},
};
use crate::{exit::Failed, hub::refused};

/// Lambda starts a function anew from time to time, and its session ends after twelve hours.
const RECYCLED: TimeDelta = TimeDelta::hours(6);

/// The demo's AWS at a moment at which there is something to ask about: Friday noon, after somebody has stopped
/// shop-web-1 by hand.
pub(crate) struct World {
    estate: Estate,
    /// Once somebody asks what depends on what has happened, and not only on what is stored.
    hub: OnceCell<Hub>,
}

/// What there is to tell.
pub(super) enum Moment<'a> {
    Event(&'a Event),
    Pass(RunReport),
}

impl World {
    pub(crate) async fn new() -> Result<Self, Failed> {
        Ok(Self { estate: deploy().await?, hub: OnceCell::new() })
    }

    /// The hub, after it has lived until Friday noon.
    async fn hub(&self) -> Result<&Hub, Failed> {
        let live = async || {
            let noon = begin() + TimeDelta::hours(36);
            let lived = live(&self.estate, noon, TimeDelta::hours(1), |_| Ok(()));
            let hub = Box::pin(lived).await?;
            self.estate.stage.sandbox.set_now(noon);
            Ok(hub)
        };
        self.hub.get_or_try_init(live).await
    }

    /// The id of a resource by its name; the name, if it is none.
    pub(crate) fn id<'a>(&'a self, name: &'a str) -> &'a str {
        self.estate.find(name).unwrap_or(name)
    }

    /// Asks one of the functions.
    pub(crate) async fn ask(&self, door: Door, request: &Value) -> Result<Value, Failed> {
        match door {
            Door::Scheduler => {
                let hub = Box::pin(self.hub()).await?;
                let answer = Box::pin(hub.answer(request, &invocation())).await;
                let answer = answer.map_err(|error| defect(error.code(), &error))?;
                Ok(serde_json::to_value(answer).map_err(std::io::Error::from)?)
            }
            Door::Admin => {
                let admin = Admin::new(aws(&self.estate).await?, self.estate.stage.prefix());
                let answer = Box::pin(admin.answer(request)).await;
                answer.map_err(|error| refused(error.code(), error.to_string()))
            }
        }
    }
}

/// When the story begins.
pub(super) fn begin() -> Instant {
    Instant::from_timestamp(events::THURSDAY, 0).unwrap_or_default()
}

/// Deploys everything, a day earlier, so that what starts slowly is up when the story begins.
pub(super) async fn deploy() -> Result<Estate, Failed> {
    let sandbox = Sandbox::new(begin() - TimeDelta::days(1));
    let estate = Estate::deploy(&sandbox).await?;
    sandbox.set_now(begin());
    Ok(estate)
}

/// Lives from the beginning until before `end`, and answers with the hub.
pub(super) async fn live(
    estate: &Estate,
    end: Instant,
    every: TimeDelta,
    mut tell: impl FnMut(Moment<'_>) -> Result<(), Failed>,
) -> Result<Hub, Failed> {
    let mut events = events::script().into_iter().peekable();
    let mut now = begin();
    let (mut hub, mut connected) = (connect(estate).await?, now);
    while now < end {
        estate.stage.sandbox.set_now(now);
        while let Some(event) = events.next_if(|event| event.at() <= now) {
            event.happen(estate).await?;
            tell(Moment::Event(&event))?;
        }
        if now - connected >= RECYCLED {
            (hub, connected) = (connect(estate).await?, now);
        }
        tell(Moment::Pass(Box::pin(pass(&hub)).await?))?;
        now += every;
    }
    Ok(hub)
}

/// A function as Lambda starts it: with a session of its role, and the SDK's clients led into the sandbox instead of
/// the network.
async fn connect(estate: &Estate) -> Result<Hub, CallError> {
    Ok(Hub::new(aws(estate).await?, estate.stage.prefix()))
}

async fn aws(estate: &Estate) -> Result<Aws, CallError> {
    let (sandbox, keys) = (&estate.stage.sandbox, estate.stage.session().await?);
    let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
        .with_session(keys.session_token.as_deref());
    Ok(Aws::in_process(sandbox.handler(), &estate.home, &credentials, sandbox.clock()))
}

/// One pass: the event that the schedule rule sends.
async fn pass(hub: &Hub) -> Result<RunReport, Failed> {
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event"});
    let answer =
        hub.answer(&event, &invocation()).await.map_err(|error| defect(error.code(), &error))?;
    let run = answer.into_run().ok_or_else(|| Failed::new("demo", "no pass was run", DEFECT))?;
    Ok(run.run)
}

fn invocation() -> Invocation {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    Invocation { id: "demo".into(), deadline }
}

const DEFECT: &str = "this is a defect: the demo needs nothing from outside";

fn defect(code: &str, error: &dyn std::error::Error) -> Failed {
    Failed::new(code, error, DEFECT)
}
