//! What there is, in pages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Member, Organization, Unit};
use crate::services::members::Members;
use crate::services::{page, seconds};
use crate::wire::ApiError;

const MOST: i64 = 20;

pub(super) fn roots(organization: &Organization, input: &Value) -> Result<Value, ApiError> {
    Members::of(input, &["MaxResults", "NextToken"])?;
    let root = &organization.root;
    let arn = organization.arn("root", root);
    Ok(json!({"Roots": [{"Id": root, "Arn": arn, "Name": "Root", "PolicyTypes": []}]}))
}

pub(super) fn accounts(organization: &Organization, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ParentId", "MaxResults", "NextToken"])?;
    let parent = organization.existing(members.required_text("ParentId")?)?;
    let here = organization.members.iter().filter(|(_, member)| member.parent == parent);
    let documents = here.map(|(id, member)| (&**id, account_document(organization, id, member)));
    paged(members, documents, "Accounts")
}

pub(super) fn units(organization: &Organization, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["ParentId", "MaxResults", "NextToken"])?;
    let parent = organization.existing(members.required_text("ParentId")?)?;
    let here = organization.units.iter().filter(|(_, unit)| unit.parent == parent);
    let documents = here.map(|(id, unit)| (id.as_str(), unit_document(organization, id, unit)));
    paged(members, documents, "OrganizationalUnits")
}

pub(super) fn unit_document(organization: &Organization, id: &str, unit: &Unit) -> Value {
    json!({"Id": id, "Arn": organization.arn("ou", id), "Name": unit.name})
}

fn account_document(organization: &Organization, id: &Arc<str>, member: &Member) -> Value {
    json!({
        "Id": &**id,
        "Arn": organization.arn("account", id),
        "Email": member.email,
        "Name": member.name,
        "Status": member.state.name(),
        "State": member.state.name(),
        "JoinedMethod": member.joined_method,
        "JoinedTimestamp": seconds(member.joined),
    })
}

/// One page of what is given in the order of its ids.
fn paged<'a>(
    members: Members<'_>,
    documents: impl Iterator<Item = (&'a str, Value)>,
    name: &str,
) -> Result<Value, ApiError> {
    let wrong = |message: &str| ApiError::bad("InvalidInputException", message.to_owned());
    let size = members.number("MaxResults").unwrap_or(MOST);
    if !(1..=MOST).contains(&size) {
        return Err(wrong("You specified an invalid value for MaxResults: write 1 to 20."));
    }
    let after = match members.text("NextToken") {
        Some(token) => {
            Some(page::after(token).ok_or_else(|| wrong("You specified an invalid value."))?)
        }
        None => None,
    };
    let rest = documents.filter(|(id, _)| Some(*id) > after);
    let page = page::take(rest, usize::try_from(size).unwrap_or_default());
    let mut answer = json!({});
    answer[name] = page.things.into_iter().map(|(_, document)| document).collect();
    if let Some(next) = page.next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}
