//! `demo`: the main job on an AWS in this process.
//!
//! [`estate`] deploys, [`events`] is what people and AWS do meanwhile, [`world`] lives through it, [`story`] tells. The
//! passes themselves are the hub's.

mod estate;
mod events;
mod story;
mod totals;
mod world;

pub(crate) use world::World;

use chrono::TimeDelta;
use scheduler_engine::report::RunReport;
use scheduler_sandbox::CallError;
use serde_json::json;

use self::{estate::Estate, events::Event, story::Story, totals::Totals, world::Moment};
use crate::{
    args::{Demo, Format},
    exit::{Exit, Failed},
    show::Show,
};

/// Deploys, lives through the days, and tells.
pub(crate) async fn run(demo: &Demo, show: Show<'_>) -> Result<Exit, Failed> {
    let every = TimeDelta::minutes(demo.every.into());
    let estate = world::deploy().await?;
    let mut teller = Teller::new(show, &estate, every)?;
    let end = world::begin() + TimeDelta::days(demo.days.into());
    world::live(&estate, end, every, |moment| match moment {
        Moment::Event(event) => teller.event(event),
        Moment::Pass(report) => teller.pass(report),
    })
    .await?;
    teller.end()?;
    Ok(Exit::Done)
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
            Format::Table | Format::Ics | Format::LegacyJson => {
                Form::Story(Story::begin(show.out, estate, every)?)
            }
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
