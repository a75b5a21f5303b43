//! Instants on a wall in some place.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use scheduler_core::Instant;

/// RFC 3339 with the zone's offset.
pub(crate) fn rfc3339(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).fixed_offset().to_rfc3339_opts(SecondsFormat::Secs, false)
}
