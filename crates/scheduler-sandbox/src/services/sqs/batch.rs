//! What SendMessageBatch and DeleteMessageBatch have in common: some entries may fail while others do not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Members, is_plain, required};
use crate::wire::ApiError;

const MOST_ENTRIES: usize = 10;

/// One entry of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) id: &'a str,
    pub(super) members: Members<'a>,
}

/// The entries, if there are some and not too many, and if each has an id of its own.
pub(super) fn entries<'a>(
    members: Members<'a>,
    known: &[&str],
) -> Result<Vec<Entry<'a>>, ApiError> {
    let list = members.list("Entries");
    let entries = list.iter().map(|entry| {
        let members = Members::of(entry, known)?;
        Ok(Entry { id: required(members, "Id")?, members })
    });
    let entries = entries.collect::<Result<Vec<_>, ApiError>>()?;
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(refused(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            message,
        ));
    }
    if entries.len() > MOST_ENTRIES {
        let sent = entries.len();
        return Err(refused(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            format!(
                "Maximum number of entries per request are {MOST_ENTRIES}. You have sent {sent}."
            ),
        ));
    }
    if !entries.iter().all(|entry| is_plain(entry.id)) {
        return Err(refused(
            "InvalidBatchEntryId",
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
             It can be at most 80 letters long.",
        ));
    }
    let mut ids = BTreeSet::new();
    match entries.iter().find(|entry| !ids.insert(entry.id)) {
        Some(Entry { id, .. }) => Err(refused(
            "BatchEntryIdsNotDistinct",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            format!("Id {id} repeated."),
        )),
        None => Ok(entries),
    }
}

pub(super) fn refused(
    code: &'static str,
    query_code: &'static str,
    message: impl Into<String>,
) -> ApiError {
    ApiError::bad(code, message).known_as(query_code)
}

/// Does each entry by itself, and says what came of it.
pub(super) fn each(
    entries: &[Entry<'_>],
    mut act: impl FnMut(Entry<'_>) -> Result<Value, ApiError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match act(*entry) {
            Ok(mut done) => {
                done["Id"] = entry.id.into();
                successful.push(done);
            }
            Err(error) => failed.push(json!({
                "Id": entry.id,
                "SenderFault": error.status < 500,
                "Code": error.query_code.unwrap_or(&error.code),
                "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
