//! AWS `cron(...)` and `rate(...)` expressions, as EventBridge Scheduler reads them.
//!
//! A `cron(...)` has six fields between spaces. Names are in any case; a range may run past the end of its field
//! (`20-2` is 20 to 23 and 0 to 2), except that of years.
//!
//! | field | values | forms |
//! |---|---|---|
//! | minutes | `0` to `59` | `*` `5` `5,35` `0-29` `0/15` `*/5` `10-20/2` |
//! | hours | `0` to `23` | the same |
//! | day-of-month | `1` to `31` | the same, and those below |
//! | month | `1` to `12`, `JAN` to `DEC` | the same |
//! | day-of-week | `1` (Sunday) to `7`, `SUN` to `SAT` | the same, and those below |
//! | year | `1970` to `2199` | the same |
//!
//! | day-of-month | means | day-of-week | means |
//! |---|---|---|---|
//! | `?` | whatever day-of-week says | `?` | whatever day-of-month says |
//! | `L` | the last day | `L` | Saturday |
//! | `L-3` | three days before the last | `6L`, `FRIL` | the month's last Friday |
//! | `15W` | the weekday (Monday to Friday) nearest to the 15th | `3#2`, `TUE#2` | its second Tuesday; stands alone |
//! | `LW` | the last weekday | | |
//!
//! Exactly one of the two is `?`. `L-3` and `LW` are not in AWS's tables but in those of Quartz, whose dialect this is;
//! steps of day-of-week are in that of Systems Manager only.
//!
//! A time that the clocks skip does not fire on that day, and one that they repeat fires the first time only. A
//! `rate(...)` counts elapsed time from its first firing: a day is 24 hours, whatever the clocks do.
//! (Source: "Schedule types in EventBridge Scheduler", EventBridge Scheduler User Guide.)
//!
//! # Why not a crate
//!
//! The maintained crate nearest to this dialect, `croner` 4.0, refuses `0/15`, `20-2` and `L-3`, accepts
//! `1 * MON` and the year 2200, fires at 03:00 for a time that the clocks skip, and repeats `*/30` with the hour. Nor
//! can it be asked about a date that counts as another weekday, which calendars with make-up working days need.

mod days;
mod expression;
mod field;
mod firing;
mod pattern;
mod rate;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod laws;

pub use expression::Expression;
pub use firing::Firing;
pub use pattern::Cron;
pub use rate::{Every, Rate};
