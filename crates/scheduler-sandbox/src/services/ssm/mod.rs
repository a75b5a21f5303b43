//! Systems Manager: Parameter Store and maintenance windows.

mod maintenance;
mod next;
mod parameters;

use serde_json::Value;

use self::maintenance::Windows;
use self::parameters::Parameters;
use super::members::{self, Members, invalid};
use super::{Call, seconds};
use crate::wire::ApiError;

/// What Systems Manager keeps for one Region of one account.
#[derive(Debug, Default)]
pub(crate) struct Ssm {
    parameters: Parameters,
    windows: Windows,
}

pub(crate) fn perform(ssm: &mut Ssm, call: &Call, input: &Value) -> Result<Value, ApiError> {
    let Ssm { parameters, windows } = ssm;
    match call.operation.as_str() {
        "PutParameter" => parameters::put(parameters, call, input),
        "GetParameter" => parameters::get(parameters, call, input),
        "GetParameters" => parameters::get_several(parameters, call, input),
        "GetParametersByPath" => parameters::get_by_path(parameters, call, input),
        "CreateMaintenanceWindow" => maintenance::create(windows, call, input),
        "UpdateMaintenanceWindow" => maintenance::update(windows, input),
        "DeleteMaintenanceWindow" => maintenance::delete(windows, input),
        "DescribeMaintenanceWindows" => maintenance::describe(windows, call, input),
        _ => Err(call.unknown_operation()),
    }
}

const TOKEN: &str = "sandbox-after-";

/// What a token stands for: the last name or id of the page before.
fn after(members: Members<'_>) -> Result<Option<&str>, ApiError> {
    let Some(token) = members.text("NextToken") else { return Ok(None) };
    let name = token.strip_prefix(TOKEN);
    name.map(Some)
        .ok_or_else(|| ApiError::bad("InvalidNextToken", "The specified token is not valid."))
}

/// A number that must lie in a range if it is given.
fn number_in(
    members: Members<'_>,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, ApiError> {
    let Some(number) = members.number(name) else { return Ok(None) };
    if range.contains(&number) {
        return Ok(Some(number));
    }
    let (least, most) = (range.start(), range.end());
    let why = format!("failed: Member must have value between {least} and {most}");
    let name = members::camel(name);
    Err(invalid(format!("1 validation error detected: Value '{number}' at '{name}' {why}")))
}
