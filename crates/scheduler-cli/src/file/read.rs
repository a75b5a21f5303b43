//! A file as core understands it, and everything that is wrong with it.

use std::{collections::BTreeSet, io, path::Path};

use chrono_tz::Tz;
use scheduler_core::{
    Config, Mistake, RawConfig, RawItem, Schedule, config::Found, lint, mistake::Code,
};
use serde_json::{Map, Number};

use super::{
    finding::{self, Finding},
    place,
    tree::{self, Key, Node, Problem, Value},
};
use crate::exit::Failed;

/// The sections of items. Each name is a type of item, in the plural.
pub(super) const SECTIONS: [&str; 7] =
    ["periods", "schedules", "exceptions", "calendars", "overrides", "workloads", "configs"];
pub(super) const DEFAULT_ZONE: &str = "default_timezone";

/// A file of schedules.
#[derive(Debug)]
pub(crate) struct File {
    /// Its name, for people.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
    /// Its items.
    pub(crate) raw: RawConfig,
    /// What they mean.
    pub(crate) config: Config,
    /// What is wrong with it, in the order of the file.
    pub(crate) findings: Vec<Finding>,
    root: Option<Node>,
}

impl File {
    /// Reads a file; `-` is standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, Failed> {
        Ok(Self::parse(path.display().to_string(), &text(path)?))
    }

    /// Understands a file's text. It may begin with a byte order mark.
    pub(crate) fn parse(name: String, text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let (root, problems) = tree::parse(text);
        let mut reader = Reader::default();
        if let Some(root) = &root {
            reader.root(root);
        }
        let (config, mistakes) = Config::parse(&reader.raw, reader.zone);
        let mistakes = mistakes.into_iter().filter(|m| !reader.shapeless.contains(&m.item));
        let mut file = Self {
            name,
            text: text.to_owned(),
            config,
            findings: Vec::new(),
            raw: reader.raw,
            root,
        };
        let problems = problems.into_iter().chain(reader.problems);
        file.findings.extend(problems.map(|problem| file.finding_of(problem)).collect::<Vec<_>>());
        file.report(reader.mistakes.into_iter().chain(mistakes).collect());
        file
    }

    /// Adds mistakes, each in its place.
    pub(crate) fn report(&mut self, mistakes: Vec<Mistake>) {
        for mistake in mistakes {
            let nth = self.findings.iter().filter(|finding| finding.mistake == mistake).count();
            let span = match &self.root {
                Some(root) => place::of(&mistake, nth, root, &self.text),
                None => 0..0,
            };
            self.findings.push(Finding { mistake, place: span });
        }
        self.findings.sort_by_key(|finding| (finding.place.start, finding.mistake.code));
    }

    /// The schedule of that name.
    pub(crate) fn schedule(&self, name: &str) -> Result<&Schedule, Failed> {
        self.unbroken()?;
        match self.config.find(name) {
            Found::Schedule(schedule)
                if !self.items_of(name.trim()).iter().any(|item| self.has_error(item)) =>
            {
                Ok(schedule)
            }
            // An exception or override with a mistake is not part of it, so that what it says is not what was meant.
            Found::Schedule(_) => Err(self.broken_schedule(name.trim(), "")),
            Found::Broken(first) => Err(self.broken_schedule(name.trim(), first)),
            Found::Unknown => Err(self.unknown_schedule(name.trim())),
        }
    }

    /// Every schedule, if none has a mistake.
    pub(crate) fn schedules(&self) -> Result<Vec<&Schedule>, Failed> {
        if !self.has_errors() {
            return Ok(self.config.schedules().collect());
        }
        let message = format!("{} has mistakes", self.name);
        Err(self.refusal(&self.errors().collect::<Vec<_>>(), "mistakes", message))
    }

    fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.mistake.code.is_warning())
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Whether a mistake was found in an item that is more than a warning.
    pub(crate) fn has_error(&self, item: &str) -> bool {
        self.errors().any(|finding| finding.mistake.item == item)
    }

    /// Whether nothing is wrong with the file itself, so that what is not in it is known not to be there.
    pub(crate) fn is_whole(&self) -> bool {
        self.errors().all(|finding| finding.mistake.item.contains('.'))
    }

    /// Refuses a file with a mistake that may concern any schedule: one that could not be read to its end, or a
    /// section that could not be read.
    fn unbroken(&self) -> Result<(), Failed> {
        if self.is_whole() {
            return Ok(());
        }
        let concerns_all = |finding: &&Finding| !finding.mistake.item.contains('.');
        let findings: Vec<_> = self.errors().filter(concerns_all).collect();
        let message = format!("{} could not be read in full", self.name);
        Err(self.refusal(&findings, "file", message))
    }

    fn broken_schedule(&self, name: &str, first: &str) -> Failed {
        let items = self.items_of(name);
        let concerns = |finding: &&Finding| items.contains(&finding.mistake.item);
        let findings: Vec<_> = self.errors().filter(concerns).collect();
        let message = format!("the schedule `{name}` has a mistake");
        match &findings[..] {
            [] => Failed::usage("broken-schedule", message, first),
            findings => self.refusal(findings, "broken-schedule", message),
        }
    }

    /// A schedule and everything that it is made of.
    fn items_of(&self, schedule: &str) -> BTreeSet<String> {
        let of = |item: &RawItem| match item.kind.as_str() {
            "schedule" if item.name == schedule => {
                let periods = lint::period_names(item).map(|name| format!("periods.{name}"));
                let calendars = lint::calendar_names(item).map(|name| format!("calendars.{name}"));
                periods.chain(calendars).chain([format!("schedules.{schedule}")]).collect()
            }
            "exception" if item.fields.get("schedule").is_some_and(|name| name == schedule) => {
                vec![format!("exceptions.{}", item.name)]
            }
            "override" if item.fields.get("of").is_some_and(|name| name == schedule) => {
                vec![format!("overrides.{}", item.name)]
            }
            _ => Vec::new(),
        };
        self.raw.items.iter().flat_map(of).collect()
    }

    /// Why a command cannot go on: every finding drawn, the first in words.
    fn refusal(&self, findings: &[&Finding], code: &str, message: String) -> Failed {
        let drawn = findings.iter().map(|finding| finding::draw(self, finding)).collect();
        let (message, help) = match findings.first() {
            Some(first) => (format!("{message}: {}", first.mistake.message), &*first.mistake.help),
            None => (message, "`lint` names everything"),
        };
        Failed { drawn, ..Failed::usage(code, message, help) }
    }

    fn unknown_schedule(&self, name: &str) -> Failed {
        let names = || {
            let schedules = self.raw.items.iter().filter(|item| item.kind == "schedule");
            schedules.map(|item| item.name.as_str())
        };
        let help = match closest(name, names()) {
            Some(other) => format!("did you mean `{other}`?"),
            None if names().next().is_none() => "the file has no schedules".to_owned(),
            None => format!("its schedules are {}", names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no schedule `{name}` in {}", self.name);
        Failed::usage("unknown-schedule", message, &help)
    }

    fn finding_of(&self, problem: Problem) -> Finding {
        let text = self.text.get(problem.span.clone()).unwrap_or_default();
        let mistake = Mistake::whole(&problem.item, "", text, problem.code);
        Finding { mistake: mistake.saying(problem.message, problem.help), place: problem.span }
    }
}

/// The text of a file; `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<String, Failed> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::InvalidData => "write it as UTF-8",
            _ => "check its name and its permissions",
        };
        Failed::usage("unreadable", format!("cannot read {}: {error}", path.display()), help)
    })
}

/// Takes items out of a tree.
#[derive(Default)]
struct Reader {
    raw: RawConfig,
    zone: Tz,
    mistakes: Vec<Mistake>,
    problems: Vec<Problem>,
    /// Items that are no maps. What core would say of their fields says nothing.
    shapeless: BTreeSet<String>,
}

impl Reader {
    fn root(&mut self, root: &Node) {
        match &root.value {
            Value::Map(entries) => entries.iter().for_each(|(key, node)| self.section(key, node)),
            Value::Scalar { .. } if is_null(root) => {}
            Value::Scalar { .. } | Value::List(_) => {
                let help = "write `periods:` and `schedules:`, each with items by name";
                self.wrong_shape(root, "", help);
            }
        }
    }

    fn section(&mut self, key: &Key, node: &Node) {
        if key.text == DEFAULT_ZONE {
            return self.default_zone(node);
        }
        let Some(section) = SECTIONS.into_iter().find(|section| *section == key.text) else {
            return self.unknown_section(key);
        };
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|(key, node)| self.item(section, key, node));
            }
            Value::Scalar { .. } if is_null(node) => {}
            Value::Scalar { .. } | Value::List(_) => {
                let help = "write each item's name, a colon, and its fields";
                self.wrong_shape(node, section, help);
            }
        }
    }

    fn item(&mut self, section: &str, key: &Key, node: &Node) {
        let kind = section.strip_suffix('s').unwrap_or(section).to_owned();
        let fields = match &node.value {
            Value::Map(entries) => {
                entries.iter().map(|(key, node)| (key.text.clone(), json(node))).collect()
            }
            Value::Scalar { .. } if is_null(node) => Map::new(),
            Value::Scalar { .. } | Value::List(_) => {
                let place = format!("{section}.{}", key.text);
                self.wrong_shape(node, &place, "write its fields, each with a colon");
                self.shapeless.insert(place);
                Map::new()
            }
        };
        self.raw.items.push(RawItem { kind, name: key.text.clone(), fields });
    }

    fn default_zone(&mut self, node: &Node) {
        let text = match &node.value {
            Value::Scalar { text, .. } => text,
            Value::List(_) | Value::Map(_) => {
                return self.wrong_shape(node, DEFAULT_ZONE, "write the name of a time zone");
            }
        };
        match lint::default_zone(text) {
            Ok(zone) => self.zone = zone,
            Err(mistake) => self.mistakes.push(*mistake),
        }
    }

    fn unknown_section(&mut self, key: &Key) {
        let names = SECTIONS.into_iter().take(6).chain([DEFAULT_ZONE]);
        let help = match closest(&key.text, names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the sections are {}", names.collect::<Vec<_>>().join(", ")),
        };
        self.problems.push(Problem {
            item: key.text.clone(),
            code: Code::UnknownSection,
            span: key.span.clone(),
            message: format!("`{}` is not a section", key.text),
            help,
        });
    }

    fn wrong_shape(&mut self, node: &Node, item: &str, help: &str) {
        let name = if item.is_empty() { "the file".to_owned() } else { format!("`{item}`") };
        self.problems.push(Problem {
            item: item.to_owned(),
            code: Code::WrongType,
            span: node.span.clone(),
            message: format!("{name} is {}", node.what()),
            help: help.into(),
        });
    }
}

/// A value for core: what JSON would call true, false, null or a number is that; everything else is the text.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar { .. } if is_null(node) => serde_json::Value::Null,
        Value::Scalar { text, quoted } => match text.as_str() {
            "true" if !quoted => true.into(),
            "false" if !quoted => false.into(),
            text => match text.parse::<Number>() {
                Ok(number) if !quoted => number.into(),
                _ => text.into(),
            },
        },
        Value::List(members) => members.iter().map(json).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, node)| (key.text.clone(), json(node)));
            serde_json::Value::Object(entries.collect())
        }
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, quoted: false }
        if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
}

/// The name that was probably meant.
pub(crate) fn closest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|other| (strsim::jaro_winkler(name, other), other));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score > 0.8).map(|(_, other)| other)
}
