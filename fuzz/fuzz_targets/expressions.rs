//! Any text as every expression of the schedule language, and as a whole configuration: nothing panics, nothing loops,
//! and what is understood means the same once it is shown and read again.
#![no_main]

use std::{fmt::Display, str::FromStr};

use libfuzzer_sys::fuzz_target;
use scheduler_core::{
    Config, RawConfig,
    cron::Expression,
    grammar::{MonthDays, Months, WeekDays},
};

fn check<T: FromStr + Display + PartialEq>(text: &str) {
    let Ok(parsed) = text.parse::<T>() else { return };
    let again = parsed.to_string().parse::<T>().ok();
    assert!(again == Some(parsed), "{text:?} changes its meaning when shown");
}

fuzz_target!(|text: &str| {
    check::<WeekDays>(text);
    check::<MonthDays>(text);
    check::<Months>(text);
    check::<Expression>(text);
    if let Ok(raw) = RawConfig::from_json(text) {
        let (config, _) = Config::parse(&raw, chrono_tz::UTC);
        let now = scheduler_core::Instant::UNIX_EPOCH;
        config.schedules().for_each(|schedule| drop(schedule.verdict(now)));
    }
});
