//! What people do while the hub is at work.

use chrono::TimeDelta;
use scheduler_core::Instant;
use scheduler_sandbox::{CallError, stage};

use super::estate::{Estate, SHOP, TAMPERED};

/// 26 March 2026, 00:00 UTC: three days before the clocks change in Europe.
pub(super) const THURSDAY: i64 = 1_774_483_200;

/// Something that happens by itself.
pub(super) struct Event {
    /// When, in hours after the beginning.
    hour: i64,
    /// What, as it is told.
    pub(super) words: &'static str,
    kind: Kind,
}

enum Kind {
    /// Somebody calls this on the instance that gets tampered with.
    ByHand(&'static str),
    /// The calendar's doing; nothing to carry out.
    Told,
}

/// What happens, in order.
pub(super) fn script() -> Vec<Event> {
    vec![
        Event {
            hour: 34,
            words: "somebody stops shop-web-1 by hand",
            kind: Kind::ByHand("StopInstances"),
        },
        Event {
            hour: 60,
            words: "somebody starts shop-web-1 by hand, on a Saturday",
            kind: Kind::ByHand("StartInstances"),
        },
        Event {
            hour: 73,
            words: "clocks in Europe go forward: Berlin's 08:00 is now 06:00 UTC",
            kind: Kind::Told,
        },
    ]
}

impl Event {
    pub(super) fn at(&self) -> Instant {
        Instant::from_timestamp(THURSDAY, 0).unwrap_or_default() + TimeDelta::hours(self.hour)
    }

    /// Carries it out.
    pub(super) async fn happen(&self, estate: &Estate) -> Result<(), CallError> {
        match self.kind {
            Kind::ByHand(action) => {
                stage::by_hand(estate.account(SHOP), action, estate.id(SHOP, TAMPERED)).await
            }
            Kind::Told => Ok(()),
        }
    }
}
