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
    /// Nothing to carry out: it says what the next pass shows.
    Told,
}

/// What happens, in order.
pub(super) fn script() -> Vec<Event> {
    vec![
        told(7, "08:00 in Berlin: the office opens, and AWS refuses to start shop-web-4"),
        by_hand(34, "somebody stops shop-web-1 by hand", "StopInstances"),
        told(41, "18:00 in Berlin: shop-web-1 rests already, so the edge finds it as it should be"),
        by_hand(60, "somebody starts shop-web-1 by hand, on a Saturday", "StartInstances"),
        told(73, "clocks in Europe go forward: Berlin's 08:00 is now 06:00 UTC"),
        told(102, "08:00 in Berlin: shop-web-1 runs already, the others start"),
        told(112, "18:00 in Berlin: at this edge shop-web-1 stops with the others again"),
    ]
}

const fn told(hour: i64, words: &'static str) -> Event {
    Event { hour, words, kind: Kind::Told }
}

const fn by_hand(hour: i64, words: &'static str, action: &'static str) -> Event {
    Event { hour, words, kind: Kind::ByHand(action) }
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
