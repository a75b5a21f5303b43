//! Identifiers of instances, clusters and snapshots: compared without regard to case and kept in lower case.

use super::{invalid, required};
use crate::wire::{ApiError, Params};

const RULE: &str = "Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and \
                    must not end with a hyphen or contain two consecutive hyphens.";

/// The identifier for something new that a request must name, if it is spelled as one and not too long.
pub(super) fn new(params: &Params, parameter: &str, longest: usize) -> Result<String, ApiError> {
    let identifier = required(params, parameter)?.to_ascii_lowercase();
    if is_spelled(&identifier) && identifier.len() <= longest {
        return Ok(identifier);
    }
    Err(invalid(format!("The parameter {parameter} is not a valid identifier. {RULE}")))
}

fn is_spelled(identifier: &str) -> bool {
    identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && identifier.starts_with(|first: char| first.is_ascii_lowercase())
        && !identifier.ends_with('-')
        && !identifier.contains("--")
}
