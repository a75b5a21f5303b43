//! `calendar import`: holidays from an iCalendar file.
//!
//! [`outline`] checks the file's lines and knows where everything stands, [`days`] asks what dates its events touch.

mod days;
mod outline;

use std::{collections::BTreeMap, path::Path};

use chrono::{Datelike, NaiveDate};
use scheduler_core::Instant;
use serde::Serialize;

use self::days::Imported;
use crate::{
    args::{CalendarImport, Format},
    exit::{Exit, Failed},
    file,
    show::Show,
};

/// The `calendars` section.
#[derive(Debug, Serialize)]
struct Section {
    calendars: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    days: BTreeMap<NaiveDate, String>,
}

pub(crate) fn import(
    import: &CalendarImport,
    now: Instant,
    mut show: Show<'_>,
) -> Result<Exit, Failed> {
    let (from, to) = range(import, now)?;
    let text = file::text(&import.file)?;
    let imported = days::read(&text, from, to).map_err(|bad| bad.refused(&import.file))?;
    let name = name(import, &imported);
    match show.format {
        Format::Table | Format::Ics | Format::LegacyJson => yaml(&name, &imported, &mut show)?,
        Format::Json => {
            let days = imported.days.iter().map(|(date, names)| (*date, holiday(names)));
            let entry = Entry { days: days.collect() };
            show.json(&Section { calendars: BTreeMap::from([(name, entry)]) })?;
        }
    }
    Ok(Exit::Done)
}

fn range(import: &CalendarImport, now: Instant) -> Result<(NaiveDate, NaiveDate), Failed> {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let from = import.from.unwrap_or_else(|| day(now.year(), 1, 1));
    let to = import.to.unwrap_or_else(|| day(from.year().max(now.year()) + 1, 12, 31));
    if (1900..2200).contains(&from.year()) && from <= to && to.year() < 2200 {
        return Ok((from, to));
    }
    let help = "write the earlier date with --from, in a year from 1900 to 2199";
    Err(Failed::usage("dates", format!("there are no days from {from} to {to}"), help))
}

/// The name asked for, or the calendar's own, or the file's.
fn name(import: &CalendarImport, imported: &Imported) -> String {
    let stem = || import.file.file_stem().unwrap_or(Path::new("calendar").as_os_str());
    let name = import.name.clone().or_else(|| imported.name.clone());
    let name = name.unwrap_or_else(|| stem().to_string_lossy().into_owned());
    let words: Vec<_> = name.split_whitespace().collect();
    match words.join("-") {
        name if name.is_empty() || name == "-" => "calendar".to_owned(),
        name => name,
    }
}

fn holiday(names: &[String]) -> String {
    format!("holiday {}", names.join(", ")).trim_end().to_owned()
}

fn yaml(name: &str, imported: &Imported, show: &mut Show<'_>) -> Result<(), Failed> {
    writeln!(show.out, "calendars:\n  {}:", file::quoted(name))?;
    if imported.days.is_empty() {
        writeln!(show.out, "    days: {{}}")?;
    } else {
        writeln!(show.out, "    days:")?;
    }
    for (date, names) in &imported.days {
        writeln!(show.out, "      \"{date}\": {}", file::quoted(&holiday(names)))?;
    }
    for (date, name) in &imported.working {
        writeln!(
            show.out,
            "      # {date} is a working day ({name}). Write as which weekday it counts:\n      # \"{date}\": \"working mon {name}\""
        )?;
    }
    Ok(())
}
