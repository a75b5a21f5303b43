//! UpdateTimeToLive and DescribeTimeToLive: a change is in force at once.

use serde_json::{Value, json};

use super::Tables;
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

pub(super) fn update(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["TableName", "TimeToLiveSpecification"])?;
    let wanted = members.required("TimeToLiveSpecification")?;
    let specification = Members::of(wanted, &["AttributeName", "Enabled"])?;
    let attribute = specification.required_text("AttributeName")?;
    let table = tables.of(members)?;
    match (specification.says("Enabled"), &table.expires_by) {
        (true, Some(_)) => return Err(invalid("TimeToLive is already enabled")),
        (false, None) => return Err(invalid("TimeToLive is already disabled")),
        (true, None) => table.expires_by = Some(attribute.to_owned()),
        (false, Some(_)) => table.expires_by = None,
    }
    Ok(json!({ "TimeToLiveSpecification": wanted }))
}

pub(super) fn describe(tables: &mut Tables, input: &Value) -> Result<Value, ApiError> {
    let table = tables.of(Members::of(input, &["TableName"])?)?;
    let description = match &table.expires_by {
        Some(attribute) => json!({"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}),
        None => json!({"TimeToLiveStatus": "DISABLED"}),
    };
    Ok(json!({ "TimeToLiveDescription": description }))
}
