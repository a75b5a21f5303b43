//! The weekly maintenance window and the daily backup window of an instance or a cluster. Nothing happens in them here.

use super::invalid;
use crate::wire::{ApiError, Params, Xml};

/// Both as they are on the wire, in UTC: `sun:05:00-sun:05:30` and `03:00-03:30`.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    pub(super) maintenance: String,
    backup: String,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Windows {
    /// Those a request names, and for the rest the same ones every time, where AWS picks any of the night.
    pub(super) fn of(params: &Params) -> Result<Self, ApiError> {
        let given = |name: &str, default: &str| params.get(name).unwrap_or(default).to_lowercase();
        let maintenance = given("PreferredMaintenanceWindow", "sun:05:00-sun:05:30");
        if !is_span(&maintenance, is_weekly) {
            return Err(invalid(format!("Invalid maintenance window format: {maintenance}")));
        }
        let backup = given("PreferredBackupWindow", "03:00-03:30");
        if !is_span(&backup, is_daily) {
            return Err(invalid(format!("Invalid backup window format: {backup}")));
        }
        Ok(Self { maintenance, backup })
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.text("PreferredMaintenanceWindow", &self.maintenance);
        xml.text("PreferredBackupWindow", &self.backup);
    }
}

fn is_span(text: &str, is_instant: fn(&str) -> bool) -> bool {
    text.split_once('-').is_some_and(|(begin, end)| is_instant(begin) && is_instant(end))
}

/// `sun:05:00`
fn is_weekly(text: &str) -> bool {
    text.split_once(':').is_some_and(|(day, time)| DAYS.contains(&day) && is_daily(time))
}

/// `05:00`
fn is_daily(text: &str) -> bool {
    let below = |text: &str, limit: u8| text.parse::<u8>().is_ok_and(|number| number < limit);
    text.len() == 5
        && text.split_once(':').is_some_and(|(hour, minute)| below(hour, 24) && below(minute, 60))
}
