//! A queue and its messages.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use md5::{Digest, Md5};

use super::attributes::Attributes;

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) created: DateTime<Utc>,
    /// By their number, which is another for each copy.
    pub(super) messages: BTreeMap<u64, Message>,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    /// Who sent it: the id of the caller.
    pub(super) sender: String,
    pub(super) sent: DateTime<Utc>,
    /// From when on it can be received.
    pub(super) visible: DateTime<Utc>,
    pub(super) first_received: Option<DateTime<Utc>>,
    pub(super) receives: u32,
}

/// How many messages are in which state.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) visible: usize,
    /// Received, and neither deleted nor visible again.
    pub(super) in_flight: usize,
    /// Not yet visible for the first time.
    pub(super) delayed: usize,
}

impl Queue {
    pub(super) fn new(name: &str, attributes: Attributes, created: DateTime<Utc>) -> Self {
        Self { name: name.to_owned(), attributes, created, messages: BTreeMap::new() }
    }

    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>) {
        let retention = self.attributes.retention();
        self.messages.retain(|_, message| now < message.sent + retention);
    }

    pub(super) fn counts(&self, now: DateTime<Utc>) -> Counts {
        let mut counts = Counts::default();
        for message in self.messages.values() {
            let count = match (message.visible <= now, message.receives) {
                (true, _) => &mut counts.visible,
                (false, 0) => &mut counts.delayed,
                (false, _) => &mut counts.in_flight,
            };
            *count += 1;
        }
        counts
    }

    /// Takes out what has been received as often as it may be and can be received again.
    pub(super) fn take_exhausted(
        &mut self,
        most_receives: u32,
        now: DateTime<Utc>,
    ) -> BTreeMap<u64, Message> {
        let is_exhausted =
            |message: &Message| message.visible <= now && message.receives >= most_receives;
        self.messages.extract_if(.., |_, message| is_exhausted(message)).collect()
    }
}

impl Message {
    pub(super) fn receive(&mut self, now: DateTime<Utc>, visibility: TimeDelta) {
        self.receives += 1;
        self.first_received.get_or_insert(now);
        self.visible = now + visibility;
    }
}

/// The MD5 digest of a body, in hexadecimal digits.
pub(super) fn md5_of(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
