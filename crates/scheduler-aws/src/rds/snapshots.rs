//! Snapshots that stops of RDS instances take: `DescribeDBSnapshots`, `DeleteDBSnapshot`.
//!
//! One is kept for each instance. It cannot have the same name each time, for RDS refuses a name that exists, and the
//! old one must not go before the new one is there: so a name ends in the instant of its pass, and the older ones are
//! deleted once a newer one is available. After a stop that is the one of the stop before, after a start that of the
//! stop that has just ended.

use std::time::Duration;

use aws_sdk_rds::{Client, types::DbSnapshot};
use chrono::NaiveDateTime;
use futures::{StreamExt, stream};
use scheduler_core::{Instant, resource::Failure};

use crate::{
    failure::failure,
    pages,
    session::{Spoke, as_spoke},
};

/// `DescribeDBSnapshots` answers at most this many a page.
const PAGE: i32 = 100;

/// Instances whose snapshots are looked at at once.
const AT_ONCE: usize = 4;

/// How long that may hold up the outcomes of a pass, which are on record only afterwards.
const AT_MOST: Duration = Duration::from_secs(20);

/// How long a snapshot's name may be.
const LONGEST: usize = 255;

/// How a pass's instant is written in a name, so that names sort by time.
const STAMP: &str = "%Y%m%dt%H%M%Sz";

/// How the snapshots of one pass are named.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots {
    /// What their names begin with.
    pub(crate) prefix: String,
    /// The instant of the pass.
    pub(crate) pass: Instant,
}

impl Snapshots {
    /// The name of the snapshot of an instance: `STACK-stopped-orders-20260302t180000z`.
    pub(super) fn name(&self, id: &str) -> String {
        format!("{}{}", self.stem(id), self.pass.format(STAMP))
    }

    /// What all names of an instance's snapshots have in common, in the characters that RDS allows: letters, digits and
    /// single hyphens, with a letter first.
    fn stem(&self, id: &str) -> String {
        let room = LONGEST.saturating_sub(id.len() + "--20260302t180000z".len());
        let prefix: String = self.prefix.chars().take(room.saturating_sub(2)).collect();
        let text = format!("s {prefix} {id}");
        let words =
            text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase() + "-";
        match name.strip_prefix("s-") {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest.to_owned(),
            Some(_) | None => name,
        }
    }

    /// The names of those that a newer one has taken the place of. What is named otherwise is not ours.
    fn outdated<'a>(&self, id: &str, snapshots: &'a [DbSnapshot]) -> Vec<&'a str> {
        let stem = self.stem(id);
        let ours = snapshots.iter().filter_map(|snapshot| {
            let name = snapshot.db_snapshot_identifier()?;
            let taken = NaiveDateTime::parse_from_str(name.strip_prefix(&stem)?, STAMP).ok()?;
            // One that is still being made cannot be deleted, and is no replacement yet.
            (snapshot.status() == Some("available")).then_some((taken, name))
        });
        let mut ours: Vec<_> = ours.collect();
        ours.sort_unstable();
        ours.pop();
        ours.into_iter().map(|(_, name)| name).collect()
    }
}

/// Deletes, of instances that were started or stopped, what a newer snapshot has taken the place of. What fails or takes
/// too long is a line in the log: the next start or stop tries again.
pub(super) async fn tidy(client: &Client, spoke: &Spoke, snapshots: &Snapshots, ids: Vec<&str>) {
    let calls: Vec<_> = ids.into_iter().map(|id| tidy_one(client, spoke, snapshots, id)).collect();
    let all = stream::iter(calls).buffer_unordered(AT_ONCE).collect::<()>();
    if tokio::time::timeout(AT_MOST, all).await.is_err() {
        let target = &spoke.retry_partition;
        tracing::warn!(target, "old snapshots not deleted in time");
    }
}

async fn tidy_one(client: &Client, spoke: &Spoke, snapshots: &Snapshots, id: &str) {
    if let Err(failure) = delete_outdated(client, spoke, snapshots, id).await {
        let (target, code) = (&spoke.retry_partition, failure.code.as_str());
        tracing::warn!(target, id, code, reason = failure.message, "old snapshots not deleted");
    }
}

async fn delete_outdated(
    client: &Client,
    spoke: &Spoke,
    snapshots: &Snapshots,
    id: &str,
) -> Result<(), Failure> {
    let found = list(client, spoke, id).await?;
    for name in snapshots.outdated(id, &found) {
        delete(client, spoke, name).await?;
    }
    Ok(())
}

async fn list(client: &Client, spoke: &Spoke, id: &str) -> Result<Vec<DbSnapshot>, Failure> {
    let request = client
        .describe_db_snapshots()
        .db_instance_identifier(id)
        .snapshot_type("manual")
        .max_records(PAGE);
    let page = async |marker| {
        let request = request.clone().set_marker(marker);
        let config = as_spoke!(aws_sdk_rds, spoke);
        let answer = request.customize().config_override(config).send().await;
        let page = answer.map_err(|error| failure("rds:DescribeDBSnapshots", &error))?;
        Ok((page.db_snapshots.unwrap_or_default(), page.marker))
    };
    pages::all(page).await
}

async fn delete(client: &Client, spoke: &Spoke, name: &str) -> Result<(), Failure> {
    let request = client.delete_db_snapshot().db_snapshot_identifier(name);
    let answer = request.customize().config_override(as_spoke!(aws_sdk_rds, spoke)).send().await;
    answer.map_err(|error| failure("rds:DeleteDBSnapshot", &error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshots(prefix: &str) -> Snapshots {
        Snapshots { prefix: prefix.into(), pass: "2026-03-02T18:00:00Z".parse().unwrap() }
    }

    #[test]
    fn a_snapshot_has_a_legal_name() {
        for (prefix, expected) in [
            ("dayshift-stopped-", "dayshift-stopped-orders-20260302t180000z"),
            ("Day_shift--stopped-", "day-shift-stopped-orders-20260302t180000z"),
            ("Day--Shift-stopped-", "day-shift-stopped-orders-20260302t180000z"),
            ("서울-", "orders-20260302t180000z"),
            ("7-stopped-", "s-7-stopped-orders-20260302t180000z"),
            ("", "orders-20260302t180000z"),
        ] {
            assert_eq!(snapshots(prefix).name("orders"), expected, "{prefix:?}");
        }
        let long = snapshots(&"9x".repeat(300)).name(&"i".repeat(63));
        assert!(long.len() <= LONGEST && long.ends_with("iii-20260302t180000z"), "{long}");
    }

    #[test]
    fn what_a_newer_one_has_replaced_is_outdated() {
        let check = |found: &[(&str, &str)], expected: &[&str]| {
            let found: Vec<_> = found
                .iter()
                .map(|(name, status)| {
                    DbSnapshot::builder().db_snapshot_identifier(*name).status(*status).build()
                })
                .collect();
            assert_eq!(snapshots("dayshift-stopped-").outdated("db", &found), expected);
        };
        let (old, older, new) = (
            "dayshift-stopped-db-20260301t180000z",
            "dayshift-stopped-db-20260228t180000z",
            "dayshift-stopped-db-20260302t180000z",
        );
        check(&[], &[]);
        check(&[(old, "available")], &[]);
        check(&[(new, "available"), (old, "available"), (older, "available")], &[older, old]);
        check(&[(new, "creating"), (old, "available")], &[]);
        check(&[(new, "creating"), (old, "available"), (older, "available")], &[older]);
        check(&[(new, "available"), ("dayshift-stopped-db-2-20260301t180000z", "available")], &[]);
        check(&[(new, "available"), ("dayshift-stopped-db-keep", "available")], &[]);
    }
}
