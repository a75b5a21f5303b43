//! `scheduler-cli`: manages and explains a deployment of Dayshift.
//!
//! Results go to stdout, words to stderr; [`exit::Exit`] is every exit code.

mod args;
mod calendar;
mod catalog;
mod completions;
mod demo;
mod doctor;
mod evaluate;
mod exit;
mod explain;
mod file;
mod hub;
mod import;
mod lint;
mod pass;
mod preview;
mod query;
mod scope;
mod show;
mod source;
mod status;
#[cfg(test)]
mod transcripts;
mod wall;

use std::{io::Write, process::ExitCode, time::SystemTime};

use anstream::AutoStream;
use clap::Parser;
use scheduler_core::Instant;

use crate::{
    args::{Calendar, Cli, Command, Format, Import},
    catalog::{edit, usage},
    exit::{Exit, Failed},
    show::Show,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.output.format();
    let mut out = AutoStream::new(std::io::stdout().lock(), cli.output.color.into());
    match run(cli, SystemTime::now().into(), &mut out) {
        Ok(exit) => exit.into(),
        Err(failed) => {
            // Nobody is left to tell if stderr is closed too.
            let _ = failed.tell(format, &mut AutoStream::auto(std::io::stderr().lock()));
            failed.exit.into()
        }
    }
}

fn run(cli: Cli, now: Instant, out: &mut dyn Write) -> Result<Exit, Failed> {
    let format = cli.output.format();
    if format == Format::Ics && !matches!(cli.command, Command::Preview(_)) {
        let help = "write `table` or `json`; `preview` has `ics`";
        return Err(Failed::usage("format", "there is no iCalendar of this", help));
    }
    if format == Format::LegacyJson && !cli.command.is_legacy() {
        let help = "write `table` or `json`; what Instance Scheduler's command line has, has `legacy-json`";
        return Err(Failed::usage("format", "there is no legacy JSON of this", help));
    }
    let show = Show { format, query: cli.output.query.as_ref(), out };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(carry_out(cli.command, now, show))
}

async fn carry_out(command: Command, now: Instant, show: Show<'_>) -> Result<Exit, Failed> {
    match command {
        Command::Demo(demo) => Box::pin(demo::run(&demo, show)).await,
        Command::Status(status) => Box::pin(status::run(&status, show)).await,
        Command::Explain(explain) => Box::pin(explain::run(&explain, show)).await,
        Command::Doctor(doctor) => Box::pin(doctor::run(&doctor, now, show)).await,
        Command::Evaluate(evaluate) => Box::pin(evaluate::run(&evaluate, now, show)).await,
        Command::Preview(preview) => Box::pin(preview::run(&preview, show)).await,
        Command::Lint(lint) => Box::pin(lint::run(&lint, now, show)).await,
        Command::Run(run) => Box::pin(pass::run(&run, show)).await,
        Command::Diff(diff) => Box::pin(catalog::diff(&diff, show)).await,
        Command::Apply(apply) => Box::pin(catalog::apply(&apply, show)).await,
        Command::Export(export) => Box::pin(catalog::export(&export, show)).await,
        Command::CreatePeriod(edit) => Box::pin(edit::create_period(&edit, show)).await,
        Command::UpdatePeriod(edit) => Box::pin(edit::update_period(&edit, show)).await,
        Command::DeletePeriod(named) => Box::pin(edit::delete("period", &named, show)).await,
        Command::DescribePeriods(all) => Box::pin(edit::describe("period", &all, show)).await,
        Command::CreateSchedule(edit) => Box::pin(edit::create_schedule(&edit, show)).await,
        Command::UpdateSchedule(edit) => Box::pin(edit::update_schedule(&edit, show)).await,
        Command::DeleteSchedule(named) => Box::pin(edit::delete("schedule", &named, show)).await,
        Command::DescribeSchedules(all) => Box::pin(edit::describe("schedule", &all, show)).await,
        Command::DescribeScheduleUsage(usage) => Box::pin(usage::run(&usage, now, show)).await,
        Command::Calendar(Calendar::Import(import)) => calendar::import(&import, now, show),
        Command::Import(Import::InstanceScheduler(import)) => import::run(&import, now, show).await,
        Command::Completions(completions) => completions::run(completions, show),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    fn demo(arguments: &[&str]) -> String {
        let cli = Cli::parse_from(["scheduler-cli"].iter().chain(arguments));
        let mut out = anstream::StripStream::new(Vec::new());
        assert_eq!(run(cli, Instant::default(), &mut out).unwrap(), Exit::Done);
        String::from_utf8(out.into_inner()).unwrap()
    }

    /// The whole story, on one Thursday and Friday: what changes in it changes here.
    #[test]
    fn the_demo_tells_its_story() {
        insta::assert_snapshot!(demo(&["demo", "--days", "2"]));
    }

    #[test]
    fn the_demos_counts_add_up() {
        let demo: serde_json::Value =
            serde_json::from_str(&demo(&["demo", "--days", "1", "--json"])).unwrap();
        let passes = demo["passes"].as_array().unwrap();
        let sum = |name: &str| {
            passes.iter().map(|pass| pass["pass"][name].as_u64().unwrap()).sum::<u64>()
        };
        for name in ["started", "stopped", "failed"] {
            assert_eq!(demo["totals"][name], sum(name), "{name}");
        }
        assert_eq!(demo["totals"]["passes"], passes.len());
        for pass in passes {
            let (row, outcomes) = (&pass["pass"], pass["outcomes"].as_array().unwrap());
            let parts: u64 = ["started", "stopped", "resized", "left", "failed"]
                .iter()
                .map(|name| row[*name].as_u64().unwrap())
                .sum();
            assert_eq!((parts, outcomes.len() as u64), (row["resources"].as_u64().unwrap(), parts));
            let started = outcomes
                .iter()
                .filter(|o| o["action"] == "start" && o["outcome"] == "done")
                .count();
            assert_eq!(row["started"], started);
        }
    }
}
