//! How often each operation was called, by account and Region.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::place::Place;

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
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    account: Arc<str>,
    region: Arc<str>,
    service: String,
    operation: String,
}

#[derive(Debug, Default)]
pub(crate) struct Calls(BTreeMap<Line, u64>);

impl Calls {
    pub(crate) fn count(&mut self, place: &Place, service: &str, operation: &str) {
        let line = Line {
            account: place.home.account.clone(),
            region: place.region.clone(),
            service: service.to_owned(),
            operation: operation.to_owned(),
        };
        *self.0.entry(line).or_default() += 1;
    }

    pub(crate) fn reset(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<CallCount> {
        let count = |(line, count): (&Line, &u64)| CallCount {
            account: line.account.to_string(),
            region: line.region.to_string(),
            service: line.service.clone(),
            operation: line.operation.clone(),
            count: *count,
        };
        self.0.iter().map(count).collect()
    }
}
