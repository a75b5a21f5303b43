//! Counts: never negative here, always signed in AWS's APIs.

/// A count that AWS gave; nought if it gave none.
pub(crate) fn from_aws(count: Option<i32>) -> u32 {
    count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}

/// A count for AWS.
pub(crate) fn to_aws(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
