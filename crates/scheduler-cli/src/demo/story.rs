//! Passes as a story: what was started, stopped, refused or left for a reason worth telling, as it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use chrono::TimeDelta;
use scheduler_core::Instant;
use scheduler_engine::report::{OutcomeRow, RunReport, TargetRow};

use super::{
    estate::{Estate, HUB},
    events::Event,
    totals::Totals,
};

const STARTED: Style = AnsiColor::Green.on_default();
const STOPPED: Style = AnsiColor::Blue.on_default();
const TROUBLE: Style = AnsiColor::Red.on_default();
const TOLD: Style = AnsiColor::Yellow.on_default();
const HEAD: Style = Style::new().bold();

/// Reasons for leaving something that are worth a line when they come up. The others are everyday.
const WORTH_TELLING: [&str; 6] =
    ["changed-by-hand", "retained", "unknown-schedule", "broken-schedule", "unsuitable", "late"];

/// A story in the telling.
pub(super) struct Story<'o, 'e> {
    out: &'o mut dyn Write,
    estate: &'e Estate,
    /// What was told last of each resource that is left for a reason worth telling.
    told: BTreeMap<(String, String), String>,
    /// How often each resource has failed in a row.
    failures: BTreeMap<(String, String), usize>,
    /// The targets that are known to fail.
    failing: BTreeSet<String>,
}

impl<'o, 'e> Story<'o, 'e> {
    pub(super) fn begin(
        out: &'o mut dyn Write,
        estate: &'e Estate,
        every: TimeDelta,
    ) -> io::Result<Self> {
        writeln!(out, "{HEAD}Dayshift on an AWS in this process{HEAD:#}\n")?;
        writeln!(
            out,
            "A hub in {HUB} serves {} instances and databases in four accounts, three Regions and two partitions.",
            estate.size()
        )?;
        writeln!(out, "Their tag Schedule says when they run:\n")?;
        for (tag, words, count) in Estate::cast() {
            writeln!(out, "  {count:>2}  {tag:<16} {words}")?;
        }
        writeln!(
            out,
            "\nA pass runs every {} minutes; one with nothing new to tell is not shown. Times are UTC.",
            every.num_minutes()
        )?;
        writeln!(
            out,
            "{STARTED}+{STARTED:#} started  {STOPPED}-{STOPPED:#} stopped  {TROUBLE}!{TROUBLE:#} failed  . left alone  {TOLD}*{TOLD:#} something happens\n"
        )?;
        let told = BTreeMap::new();
        Ok(Self { out, estate, told, failures: BTreeMap::new(), failing: BTreeSet::new() })
    }

    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        writeln!(self.out, "{TOLD}* {}  {}{TOLD:#}\n", stamp(event.at()), event.words)
    }

    /// Tells a pass, if there is something to tell.
    pub(super) fn pass(&mut self, report: &RunReport) -> io::Result<()> {
        let targets = self.news_of_targets(report);
        let outcomes: Vec<_> = report.outcomes.iter().filter(|row| self.is_news(row)).collect();
        if targets.is_empty() && outcomes.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{}", head(report))?;
        for line in targets {
            writeln!(self.out, "{line}")?;
        }
        for (told, names) in self.grouped(&outcomes) {
            self.tell(&told, &names)?;
        }
        writeln!(self.out)
    }

    fn news_of_targets(&mut self, report: &RunReport) -> Vec<String> {
        let failed = report.targets.iter().filter(|row| row.outcome != "ok");
        let news = failed
            .filter(|row| self.failing.insert(place(&row.partition, &row.account, &row.region)));
        news.map(target_line).collect()
    }

    fn is_news(&mut self, row: &OutcomeRow) -> bool {
        let key = (row.account.clone(), row.resource.clone());
        match row.message {
            Some(_) => *self.failures.entry(key.clone()).or_default() += 1,
            None => drop(self.failures.remove(&key)),
        }
        let worth_telling = row.code.as_deref().filter(|code| WORTH_TELLING.contains(code));
        match worth_telling.filter(|_| row.action == "leave") {
            Some(code) => self.told.insert(key, code.to_owned()).as_deref() != Some(code),
            None => {
                self.told.remove(&key);
                row.action != "leave"
            }
        }
    }

    /// The names of the resources of which the same is told, in the order in which it first comes up.
    fn grouped(&self, outcomes: &[&OutcomeRow]) -> Vec<(Told, Vec<String>)> {
        let mut groups: Vec<(Told, Vec<String>)> = Vec::new();
        for row in outcomes {
            let (told, name) =
                (self.told_of(row), self.estate.name(&row.account, &row.resource).to_owned());
            match groups.iter_mut().find(|(other, _)| *other == told) {
                Some((_, names)) => names.push(name),
                None => groups.push((told, vec![name])),
            }
        }
        groups
    }

    fn tell(&mut self, told: &Told, names: &[String]) -> io::Result<()> {
        let Told { mark, place, schedule, words } = told;
        let style = mark.style();
        let mark = mark.text();
        writeln!(self.out, "  {style}{mark} {}{style:#}", names.join(" "))?;
        writeln!(self.out, "      {place}, {schedule}: {words}")
    }

    fn told_of(&self, row: &OutcomeRow) -> Told {
        let key = (row.account.clone(), row.resource.clone());
        match self.failures.get(&key) {
            Some(tries) if *tries > 1 => {
                Told { words: format!("still {}, try {tries}", code(row)), ..Told::of(row) }
            }
            _ => Told::of(row),
        }
    }

    pub(super) fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let share = 100.0 * totals.hours_avoided / totals.hours_managed.max(1.0);
        writeln!(
            self.out,
            "{HEAD}{} passes: {} started, {} stopped, {} failed.{HEAD:#}",
            totals.passes, totals.started, totals.stopped, totals.failed
        )?;
        for target in &self.failing {
            writeln!(self.out, "{target} denied every pass, and held up nobody.")?;
        }
        writeln!(
            self.out,
            "{:.0} of {:.0} resource-hours avoided, {share:.0} %.",
            totals.hours_avoided, totals.hours_managed
        )
    }
}

/// The time of a pass and its counts, those that are not zero.
fn head(report: &RunReport) -> String {
    let pass = &report.pass;
    let at = pass.at.parse().map_or_else(|_| pass.at.clone(), stamp);
    let failed_targets = report.targets.iter().filter(|row| row.outcome != "ok").count();
    let counts = [
        (pass.started, "started"),
        (pass.stopped, "stopped"),
        (pass.failed, "failed"),
        (pass.left, "left"),
    ];
    let counts = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    format!("{HEAD}{at}{HEAD:#}  {counts}; {failed_targets} of {} targets failed", pass.targets)
}

fn code(row: &OutcomeRow) -> &str {
    row.code.as_deref().unwrap_or("failed")
}

/// The words with their instants as the story writes them.
fn in_short(words: &str) -> String {
    let short = |word: &str| word.parse::<Instant>().map_or_else(|_| word.to_owned(), stamp);
    words.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// What is told of a resource.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    mark: Mark,
    place: String,
    schedule: String,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Started,
    Stopped,
    Failed,
    Left,
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Mark::Started => "+",
            Mark::Stopped => "-",
            Mark::Failed => "!",
            Mark::Left => ".",
        }
    }

    fn style(self) -> Style {
        match self {
            Mark::Started => STARTED,
            Mark::Stopped => STOPPED,
            Mark::Failed => TROUBLE,
            Mark::Left => Style::new(),
        }
    }
}

impl Told {
    fn of(row: &OutcomeRow) -> Self {
        let mark = match (row.action.as_str(), row.outcome.as_str()) {
            ("start", "done") => Mark::Started,
            ("stop", "done") => Mark::Stopped,
            ("leave", _) => Mark::Left,
            _ => Mark::Failed,
        };
        let words = match (&row.code, &row.message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => in_short(&row.why),
        };
        Self {
            mark,
            place: place(&row.partition, &row.account, &row.region),
            schedule: row.schedule.clone(),
            words,
        }
    }
}

fn target_line(row: &TargetRow) -> String {
    let place = place(&row.partition, &row.account, &row.region);
    let (code, message) =
        (row.code.as_deref().unwrap_or_default(), row.message.as_deref().unwrap_or_default());
    format!("  {TROUBLE}! target {place}{TROUBLE:#}\n      {code}: {message}")
}

fn place(partition: &str, account: &str, region: &str) -> String {
    format!("{partition}/{account}/{region}")
}

fn stamp(at: Instant) -> String {
    at.format("%a %d %b %H:%M").to_string()
}
