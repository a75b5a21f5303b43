//! What instances and clusters have in common.

use aws_sdk_rds::types::Tag;
use aws_smithy_types::DateTime;
use scheduler_core::{Instant, Observed, marks::Marks, resource::Unsuitable, window::Window};

/// What the tags say; none if the schedule tag is not among them.
pub(super) fn marks(tags: &[Tag], tag_key: &str) -> Option<Marks> {
    let texts = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    Marks::read(tag_key, texts)
}

/// The state behind a status, by the tables "Viewing DB instance status" and "DB cluster status" of the User Guides.
pub(super) fn observed(status: Option<&str>) -> Observed {
    match status.unwrap_or_default() {
        "available" => Observed::Running,
        "stopped" => Observed::Stopped,
        "deleting" | "delete-precheck" => Observed::Gone,
        "failed"
        | "restore-error"
        | "cloning-failed"
        | "migration-failed"
        | "storage-full"
        | "insufficient-capacity"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable" => {
            Observed::Unsuitable(Unsuitable::BadState)
        }
        status if status.starts_with("incompatible-") => Observed::Unsuitable(Unsuitable::BadState),
        // A status that is not known is not one to act on.
        _ => Observed::InTransition,
    }
}

/// The preferred windows. RDS gives each database both; a text that is none says nothing, and costs nothing else.
pub(super) fn windows(maintenance: Option<&str>, backup: Option<&str>) -> Vec<Window> {
    let weekly = maintenance.and_then(|text| Window::weekly(text).ok());
    let daily = backup.and_then(|text| Window::daily(text).ok());
    weekly.into_iter().chain(daily).collect()
}

/// When RDS starts it by itself, seven days after its stop.
pub(super) fn instant(at: Option<&DateTime>) -> Option<Instant> {
    Instant::from_timestamp(at?.secs(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_observed() {
        let bad = Observed::Unsuitable(Unsuitable::BadState);
        for (status, expected) in [
            ("available", Observed::Running),
            ("stopped", Observed::Stopped),
            ("stopping", Observed::InTransition),
            ("backing-up", Observed::InTransition),
            ("failing-over", Observed::InTransition),
            ("something-new", Observed::InTransition),
            ("deleting", Observed::Gone),
            ("incompatible-network", bad),
            ("migration-failed", bad),
        ] {
            assert_eq!(observed(Some(status)), expected, "{status}");
        }
    }

    #[test]
    fn a_window_that_is_none_is_left_out() {
        for (maintenance, backup, expected) in [
            (Some("sun:05:00-sun:06:00"), Some("03:00-03:30"), 2),
            (Some(""), Some("03:00-03:30"), 1),
            (Some("sun:05:00-sun:06:00"), Some("soon"), 1),
            (None, Some(""), 0),
        ] {
            assert_eq!(windows(maintenance, backup).len(), expected, "{maintenance:?} {backup:?}");
        }
    }
}
