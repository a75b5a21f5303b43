//! `preview`: when a schedule runs, over days to come or gone by.
//!
//! [`course`] asks the schedule, [`day`] cuts the answer into days, [`table`], [`rows`] and [`ics`] show it.

mod course;
mod day;
mod ics;
mod rows;
mod table;

use chrono::{Datelike, NaiveDate};

use self::{course::Course, rows::Row};
use crate::{
    args::{Format, Preview},
    exit::{Exit, Failed},
    show::Show,
    source,
};

/// Ten years, so that a slip of the keyboard does not print a million days.
const MOST_DAYS: i64 = 3660;

pub(crate) async fn run(preview: &Preview, mut show: Show<'_>) -> Result<Exit, Failed> {
    let until = days(preview.from, preview.to)?;
    let file = source::read(&preview.source).await?;
    let schedules = match &preview.schedule {
        Some(name) => vec![file.schedule(name)?],
        None => file.schedules()?,
    };
    let course = |schedule| Course::of(schedule, preview.from, until);
    let courses: Vec<Course<'_>> = schedules.into_iter().map(course).collect();
    match show.format {
        Format::Table | Format::LegacyJson => table::draw(&courses, &mut show)?,
        Format::Json => match (&preview.schedule, &courses[..]) {
            (Some(_), [course]) => show.json(&Row::of(course))?,
            _ => show.json(&courses.iter().map(Row::of).collect::<Vec<_>>())?,
        },
        Format::Ics => ics::write(&courses, show.out)?,
    }
    Ok(Exit::Done)
}

/// The day after the last, if the two days make sense.
fn days(from: NaiveDate, to: NaiveDate) -> Result<NaiveDate, Failed> {
    let refused = |message: String, help| Err(Failed::usage("dates", message, help));
    let days = (to - from).num_days() + 1;
    if days < 1 {
        return refused(format!("{to} is before {from}"), "write the earlier date with --from");
    }
    if days > MOST_DAYS {
        return refused(format!("these are {days} days"), "write at most ten years");
    }
    match to.succ_opt() {
        Some(until) if (1900..2200).contains(&from.year()) => Ok(until),
        _ => refused(format!("{from} is out of reach"), "write a year from 1900 to 2199"),
    }
}
