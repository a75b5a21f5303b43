//! The maintenance windows of Systems Manager, by the names that operators gave them: `DescribeMaintenanceWindows`.

use aws_sdk_ssm::types::{MaintenanceWindowFilter, MaintenanceWindowIdentity};
use chrono::TimeDelta;
use chrono_tz::Tz;
use scheduler_core::{
    Instant, Target,
    resource::Failure,
    window::{LEAD, NamedWindows, Window},
};

use crate::{
    Aws,
    failure::failure,
    session::{Spoke, as_spoke},
};

/// `DescribeMaintenanceWindows` answers at most this many a page.
const PAGE: i32 = 100;

impl Aws {
    /// The windows of a target that are enabled at an instant. One that cannot be understood is left out with a
    /// warning.
    pub(crate) async fn windows(
        &self,
        target: &Target,
        spoke: &Spoke,
        now: Instant,
    ) -> Result<NamedWindows, Failure> {
        let enabled = MaintenanceWindowFilter::builder().key("Enabled").values("true").build();
        let client = self.ssm(&target.region);
        let request = client.describe_maintenance_windows().filters(enabled).max_results(PAGE);
        let mut found = NamedWindows::new();
        let mut next = None;
        loop {
            let request = request.clone().set_next_token(next.take());
            let page = request.customize().config_override(as_spoke!(aws_sdk_ssm, spoke)).send();
            let page = page.await;
            let page = page.map_err(|error| failure("ssm:DescribeMaintenanceWindows", &error))?;
            for identity in page.window_identities().iter().filter(|one| is_in_force(one, now)) {
                add(identity, target, &mut found);
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

fn add(identity: &MaintenanceWindowIdentity, target: &Target, to: &mut NamedWindows) {
    match window(identity) {
        Ok(window) => to.entry(window.name.clone()).or_default().push(window),
        Err(reason) => {
            let (target, id) = (target.to_string(), identity.window_id().unwrap_or_default());
            let name = identity.name().unwrap_or_default();
            tracing::warn!(target, id, name, reason, "maintenance window not understood");
        }
    }
}

/// Whether an instant is between the dates from which and until which a window is enabled, where it has such dates.
fn is_in_force(identity: &MaintenanceWindowIdentity, now: Instant) -> bool {
    let has_begun = identity.start_date().and_then(moment).is_none_or(|start| start <= now + LEAD);
    let has_ended = identity.end_date().and_then(moment).is_some_and(|end| end <= now);
    has_begun && !has_ended
}

/// The window; or what about it is not understood.
fn window(identity: &MaintenanceWindowIdentity) -> Result<Window, String> {
    let name = identity.name().ok_or("it has no name")?;
    let schedule = identity.schedule().ok_or("it has no schedule")?;
    let hours = identity.duration().ok_or("it has no duration")?;
    let zone = identity.schedule_timezone().unwrap_or("UTC");
    let zone: Tz = zone.parse().map_err(|_| format!("`{zone}` is not a time zone"))?;
    let delay = TimeDelta::days(identity.schedule_offset().unwrap_or_default().into());
    let length = TimeDelta::hours(hours.into());
    let execution = identity.next_execution_time().and_then(moment);
    Window::named(name, schedule, zone, delay, length, execution).map_err(|error| error.to_string())
}

/// `2026-03-02T10:00Z`, `2026-03-02T10:00:00.000Z`, `2026-03-02T11:00+01:00[Europe/Berlin]`: what is behind the offset
/// says nothing more.
fn moment(text: &str) -> Option<Instant> {
    let text = text.split('[').next().unwrap_or(text).trim();
    let text =
        text.strip_suffix('Z').map_or_else(|| text.to_owned(), |rest| format!("{rest}+00:00"));
    let forms = ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"];
    let parsed = |form: &&str| chrono::DateTime::parse_from_str(&text, form).ok();
    forms.iter().find_map(parsed).map(|moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::types::builders::MaintenanceWindowIdentityBuilder;

    use super::*;

    fn identity(schedule: &str) -> MaintenanceWindowIdentityBuilder {
        MaintenanceWindowIdentity::builder()
            .window_id("mw-1")
            .name("patch")
            .enabled(true)
            .schedule(schedule)
            .duration(2)
    }

    fn now() -> Instant {
        "2026-03-02T10:30:00Z".parse().unwrap()
    }

    /// When the window is open around half past ten on 2 March, or why it is none.
    fn check(identity: MaintenanceWindowIdentityBuilder, expected: &str) {
        let found = window(&identity.build());
        let found = found.map(|window| window.open_at(now(), LEAD));
        let text = match found {
            Ok(Some(open)) => {
                format!("{} {}", open.opened.format("%d %H:%M"), open.until.format("%d %H:%M"))
            }
            Ok(None) => "closed".into(),
            Err(reason) => reason,
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn windows_are_read_as_systems_manager_describes_them() {
        let noon = || identity("cron(0 10 ? * MON *)");
        check(noon(), "02 09:50 02 12:00");
        check(noon().schedule_timezone("Europe/Berlin").duration(3), "02 08:50 02 12:00");
        check(noon().schedule_offset(1), "closed");
        check(identity("cron(0 10 ? * SUN *)").schedule_offset(1), "02 09:50 02 12:00");
        check(
            identity("rate(7 days)").next_execution_time("2026-03-09T10:00Z"),
            "02 09:50 02 12:00",
        );
        check(identity("at(2026-03-02T10:15:00)"), "02 10:05 02 12:15");
    }

    #[test]
    fn what_is_not_understood_says_what() {
        check(identity("cron(0 10)"), "`cron(0 10)` is not a window");
        check(identity("rate(7 days)"), "`rate(7 days)` is not a window");
        check(identity("rate(7 days)").schedule_timezone("Mars"), "`Mars` is not a time zone");
        check(identity("rate(7 days)").set_duration(None), "it has no duration");
    }

    #[test]
    fn moments_have_several_forms() {
        for (text, expected) in [
            ("2026-03-02T10:00Z", Some("2026-03-02T10:00:00Z")),
            ("2026-03-02T10:00:30Z", Some("2026-03-02T10:00:30Z")),
            ("2026-03-02T10:00:30.5Z", Some("2026-03-02T10:00:30.5Z")),
            ("2026-03-02T10:00-08:00", Some("2026-03-02T18:00:00Z")),
            ("2026-03-02T10:00:00+01:00", Some("2026-03-02T09:00:00Z")),
            ("2026-03-02T10:00+01:00[Europe/Berlin]", Some("2026-03-02T09:00:00Z")),
            ("tomorrow", None),
        ] {
            assert_eq!(moment(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_window_is_in_force_between_its_dates() {
        for (start, end, expected) in [
            (None, None, true),
            (Some("2026-03-02T10:40:00Z"), None, true),
            (Some("2026-03-02T10:41:00Z"), None, false),
            (None, Some("2026-03-02T10:30:00Z"), false),
            (Some("2026-01-01T00:00:00Z"), Some("2026-12-31T00:00:00Z"), true),
        ] {
            let dated = identity("rate(7 days)")
                .set_start_date(start.map(str::to_owned))
                .set_end_date(end.map(str::to_owned))
                .build();
            assert_eq!(is_in_force(&dated, now()), expected, "{start:?} {end:?}");
        }
    }
}
