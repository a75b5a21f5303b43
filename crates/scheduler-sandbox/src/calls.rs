//! How often each operation was called, and how much was sent for it, by account and Region.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use crate::place::Place;
use crate::wire::Received;

/// How many calls of one operation arrived for one account and Region, refused ones included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// The account whose key signed the call.
    pub account: String,
    /// The Region in the signature's scope.
    pub region: String,
    /// The service's signing name: `ec2`, `monitoring`.
    pub service: String,
    /// The operation's name: `StartInstances`.
    pub operation: String,
    /// How many there were.
    pub count: u64,
    /// How many of them were done and answered: neither refused, nor was the answer lost.
    pub succeeded: u64,
    /// The bytes of their requests, heads included, as HTTP/1.1 has them.
    pub request_bytes: u64,
    /// The bytes of the answers; those that were lost, or never came, have none.
    pub response_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    calls: u64,
    succeeded: u64,
    request_bytes: u64,
    response_bytes: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    account: Arc<str>,
    region: Arc<str>,
    service: String,
    operation: String,
}

#[derive(Debug, Default)]
pub(crate) struct Calls(BTreeMap<Line, Traffic>);

impl Calls {
    pub(crate) fn count(&mut self, place: &Place, received: &Received) {
        let traffic = self.traffic(place, received);
        traffic.calls += 1;
        traffic.request_bytes += received.bytes;
    }

    /// Adds the answer of a call that was counted.
    pub(crate) fn answered(
        &mut self,
        place: &Place,
        received: &Received,
        status: StatusCode,
        bytes: u64,
    ) {
        let traffic = self.traffic(place, received);
        traffic.succeeded += u64::from(status.is_success());
        traffic.response_bytes += bytes;
    }

    fn traffic(&mut self, place: &Place, received: &Received) -> &mut Traffic {
        let line = Line {
            account: place.home.account.clone(),
            region: place.region.clone(),
            service: received.scope.service.clone(),
            operation: received.operation.clone(),
        };
        self.0.entry(line).or_default()
    }

    pub(crate) fn reset(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<CallCount> {
        let count = |(line, traffic): (&Line, &Traffic)| CallCount {
            account: line.account.to_string(),
            region: line.region.to_string(),
            service: line.service.clone(),
            operation: line.operation.clone(),
            count: traffic.calls,
            succeeded: traffic.succeeded,
            request_bytes: traffic.request_bytes,
            response_bytes: traffic.response_bytes,
        };
        self.0.iter().map(count).collect()
    }
}
