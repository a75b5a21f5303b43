//! `demo`: the main job on an AWS in this process.
//!
//! [`estate`] deploys, [`events`] is what people and AWS do meanwhile, [`story`] tells. The passes themselves are
//! the hub's.

mod estate;
mod events;
mod story;
mod totals;

use std::{io::Write, time::Duration};

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{Instant, settings::BaseCredentials};
use scheduler_engine::report::RunReport;
use scheduler_hub::Hub;
use scheduler_sandbox::{CallError, Sandbox};
use serde_json::json;

use self::{estate::Estate, events::Event, story::Story, totals::Totals};
use crate::{
    args::{Demo, Format},
    exit::{Exit, Failed},
};

/// Deploys, lives through the days, and tells.
pub(crate) async fn run(demo: &Demo, format: Format, out: &mut dyn Write) -> Result<Exit, Failed> {
    let begin: Instant = Instant::from_timestamp(events::THURSDAY, 0).unwrap_or_default();
    let end = begin + TimeDelta::days(demo.days.into());
    let every = TimeDelta::minutes(demo.every.into());

    // A day earlier, so that everything that starts slowly is up when the story begins.
    let sandbox = Sandbox::new(begin - TimeDelta::days(1));
    let estate = Estate::deploy(&sandbox).await?;
    sandbox.set_now(begin);
    let hub = Hub::new(connect(&estate), estate.stage.prefix());

    let mut teller = Teller::new(format, out, &estate)?;
    let mut events = events::script().into_iter().peekable();
    let mut now = begin;
    while now < end {
        sandbox.set_now(now);
        while let Some(event) = events.next_if(|event| event.at() <= now) {
            event.happen(&estate).await?;
            teller.event(&event)?;
        }
        teller.pass(pass(&hub).await?, every)?;
        now += every;
    }
    teller.end()?;
    Ok(Exit::Done)
}

/// The SDK's clients, led into the sandbox instead of the network.
fn connect(estate: &Estate) -> Aws {
    let (sandbox, keys) = (&estate.stage.sandbox, estate.stage.hub.credentials());
    let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key);
    Aws::in_process(sandbox.handler(), &estate.home, &credentials, sandbox.clock())
}

/// One pass: the event that the schedule rule sends.
async fn pass(hub: &Hub) -> Result<RunReport, Failed> {
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event"});
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let answer = hub.answer(&event, deadline).await;
    let answer = answer.map_err(|error| {
        Failed::new(error.code(), error, "this is a defect: the demo needs nothing from outside")
    })?;
    Ok(answer.run)
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Failed::new("demo", error, "this is a defect: the demo needs nothing from outside")
    }
}

/// Where the passes go: into a story as they happen, or into a list for scripts.
enum Teller<'a> {
    Story(Story<'a>, Totals),
    Json(&'a mut dyn Write, Vec<RunReport>, Totals),
}

impl<'a> Teller<'a> {
    fn new(format: Format, out: &'a mut dyn Write, estate: &'a Estate) -> Result<Self, Failed> {
        Ok(match format {
            Format::Table => Teller::Story(Story::begin(out, estate)?, Totals::default()),
            Format::Json => Teller::Json(out, Vec::new(), Totals::default()),
        })
    }

    fn event(&mut self, event: &Event) -> Result<(), Failed> {
        if let Teller::Story(story, _) = self {
            story.event(event)?;
        }
        Ok(())
    }

    fn pass(&mut self, report: RunReport, every: TimeDelta) -> Result<(), Failed> {
        match self {
            Teller::Story(story, totals) => {
                totals.add(&report, every);
                story.pass(&report)?;
            }
            Teller::Json(_, passes, totals) => {
                totals.add(&report, every);
                passes.push(report);
            }
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failed> {
        match self {
            Teller::Story(mut story, totals) => story.end(&totals)?,
            Teller::Json(out, passes, totals) => {
                writeln!(out, "{}", json!({"passes": passes, "totals": totals}))?;
            }
        }
        Ok(())
    }
}
