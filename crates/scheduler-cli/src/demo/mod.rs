//! `demo`: the main job on an AWS in this process.
//!
//! [`estate`] deploys, [`events`] is what people and AWS do meanwhile, [`story`] tells. The passes themselves are
//! the hub's.

mod estate;
mod events;
mod story;
mod totals;

use std::time::Duration;

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
    show::Show,
};

/// Lambda starts a function anew from time to time, and its session ends after twelve hours.
const RECYCLED: TimeDelta = TimeDelta::hours(6);

/// Deploys, lives through the days, and tells.
pub(crate) async fn run(demo: &Demo, show: Show<'_>) -> Result<Exit, Failed> {
    let begin: Instant = Instant::from_timestamp(events::THURSDAY, 0).unwrap_or_default();
    let end = begin + TimeDelta::days(demo.days.into());
    let every = TimeDelta::minutes(demo.every.into());

    // A day earlier, so that everything that starts slowly is up when the story begins.
    let sandbox = Sandbox::new(begin - TimeDelta::days(1));
    let estate = Estate::deploy(&sandbox).await?;
    sandbox.set_now(begin);

    let mut hub = (begin, connect(&estate).await?);
    let mut teller = Teller::new(show, &estate, every)?;
    let mut events = events::script().into_iter().peekable();
    let mut now = begin;
    while now < end {
        sandbox.set_now(now);
        while let Some(event) = events.next_if(|event| event.at() <= now) {
            event.happen(&estate).await?;
            teller.event(&event)?;
        }
        if now - hub.0 >= RECYCLED {
            hub = (now, connect(&estate).await?);
        }
        teller.pass(pass(&hub.1).await?)?;
        now += every;
    }
    teller.end()?;
    Ok(Exit::Done)
}

/// A function as Lambda starts it: with a session of its role, and the SDK's clients led into the sandbox instead of
/// the network.
async fn connect(estate: &Estate) -> Result<Hub, CallError> {
    let (sandbox, keys) = (&estate.stage.sandbox, estate.stage.session().await?);
    let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
        .with_session(keys.session_token.as_deref());
    let aws = Aws::in_process(sandbox.handler(), &estate.home, &credentials, sandbox.clock());
    Ok(Hub::new(aws, estate.stage.prefix()))
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
struct Teller<'o, 'e> {
    form: Form<'o, 'e>,
    totals: Totals,
    every: TimeDelta,
}

enum Form<'o, 'e> {
    Story(Story<'o, 'e>),
    Json(Show<'o>, Vec<RunReport>),
}

impl<'o, 'e> Teller<'o, 'e> {
    fn new(show: Show<'o>, estate: &'e Estate, every: TimeDelta) -> Result<Self, Failed> {
        let form = match show.format {
            Format::Table | Format::Ics => Form::Story(Story::begin(show.out, estate, every)?),
            Format::Json => Form::Json(show, Vec::new()),
        };
        Ok(Self { form, totals: Totals::default(), every })
    }

    fn event(&mut self, event: &Event) -> Result<(), Failed> {
        match &mut self.form {
            Form::Story(story) => Ok(story.event(event)?),
            Form::Json(..) => Ok(()),
        }
    }

    fn pass(&mut self, report: RunReport) -> Result<(), Failed> {
        self.totals.add(&report, self.every);
        match &mut self.form {
            Form::Story(story) => story.pass(&report)?,
            Form::Json(_, passes) => passes.push(report),
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failed> {
        match self.form {
            Form::Story(mut story) => Ok(story.end(&self.totals)?),
            Form::Json(mut show, passes) => {
                show.json(&json!({"passes": passes, "totals": self.totals}))
            }
        }
    }
}
