//! Custom resources: what users declare in their own templates.
//!
//! CloudFormation waits for an answer at an address of its own, up to an hour, whatever happens here. So it is always
//! answered, also where the request makes no sense; and what was never made is deleted at once.

use scheduler_core::{
    RawConfig,
    catalog::{
        Refused,
        declared::{self, Stack},
    },
};
use serde_json::{Map, Value, json};

use super::{Admin, AdminError, TRIES};

/// What CloudFormation asks for.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    event: &'a Value,
    /// Where it waits for the answer.
    address: &'a str,
}

impl<'a> Request<'a> {
    /// The request in an event, if it is one.
    pub(super) fn of(event: &'a Value) -> Option<Self> {
        event["RequestType"].as_str()?;
        Some(Self { event, address: event["ResponseURL"].as_str()? })
    }

    fn text(&self, name: &str) -> &'a str {
        self.event[name].as_str().unwrap_or_default()
    }

    fn stack(&self) -> Stack<'a> {
        Stack { id: self.text("StackId") }
    }

    /// The same for as long as the resource is in its template, so that an update never becomes a replacement.
    fn physical_id(&self) -> String {
        match self.text("PhysicalResourceId") {
            "" => format!("{}/{}", self.stack().name(), self.text("LogicalResourceId")),
            id => id.to_owned(),
        }
    }

    /// The items that some of its properties declare.
    fn declared(&self, properties: &str) -> Result<RawConfig, declared::BadDeclaration> {
        let none = Map::new();
        let properties = self.event[properties].as_object().unwrap_or(&none);
        declared::items(self.text("ResourceType"), properties, self.stack())
    }

    fn reply(&self, outcome: Result<Vec<String>, String>) -> Value {
        let (status, reason, schedules) = match outcome {
            Ok(schedules) => ("SUCCESS", "done".to_owned(), schedules),
            Err(reason) => ("FAILED", reason, Vec::new()),
        };
        json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": self.physical_id(),
            "StackId": self.text("StackId"),
            "RequestId": self.text("RequestId"),
            "LogicalResourceId": self.text("LogicalResourceId"),
            "NoEcho": false,
            "Data": {"Schedules": schedules.join(",")},
        })
    }
}

impl Admin {
    /// Does what CloudFormation asks for, and tells it what came of that.
    pub(super) async fn declared(&self, request: &Request<'_>) -> Result<Value, AdminError> {
        let outcome = self.declare(request).await;
        if let Err(reason) = &outcome {
            let (stack, resource) = (request.stack().name(), request.text("LogicalResourceId"));
            tracing::warn!(stack, resource, reason, "a declaration of a stack's is refused");
        }
        let reply = request.reply(outcome);
        self.aws.put(request.address, reply.to_string()).await.map_err(AdminError::Unanswered)?;
        Ok(reply)
    }

    /// Answers with the names of the schedules that are declared now.
    async fn declare(&self, request: &Request<'_>) -> Result<Vec<String>, String> {
        let is_delete = request.text("RequestType") == "Delete";
        let now = match request.declared("ResourceProperties") {
            Ok(now) => now,
            // What makes no sense was never made.
            Err(_) if is_delete => return Ok(Vec::new()),
            Err(bad) => return Err(bad.to_string()),
        };
        let (before, now) = if is_delete {
            (now, RawConfig::default())
        } else {
            (request.declared("OldResourceProperties").unwrap_or_default(), now)
        };
        for _ in 1..TRIES {
            match self.bring(request, &before, &now).await {
                Err(AdminError::Refused(Refused::Conflict(_))) => {}
                made => return made.map_err(|error| error.to_string()),
            }
        }
        self.bring(request, &before, &now).await.map_err(|error| error.to_string())
    }

    async fn bring(
        &self,
        request: &Request<'_>,
        before: &RawConfig,
        now: &RawConfig,
    ) -> Result<Vec<String>, AdminError> {
        let catalog = self.catalog().await?;
        let stack = request.stack();
        let changes = declared::changes(&catalog.stored.raw, before, now, stack)?;
        catalog.check(&changes, Some(stack.id))?;
        self.make(&catalog, &changes).await?;
        let schedules = now.items.iter().filter(|item| item.kind == "schedule");
        Ok(schedules.map(|item| item.name.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudformation_is_answered_in_its_own_words() {
        let event = json!({
            "RequestType": "Create", "ResponseURL": "https://example.com/x", "RequestId": "r-1",
            "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0a1b",
            "LogicalResourceId": "Office", "ResourceType": declared::SERVICE_INSTANCE_SCHEDULE,
        });
        let request = Request::of(&event).unwrap();
        let reply = request.reply(Err("no".into()));
        assert_eq!((&reply["Status"], &reply["Reason"]), (&json!("FAILED"), &json!("no")));
        assert_eq!(reply["PhysicalResourceId"], "shop/Office");
        assert!(Request::of(&json!({"action": "items"})).is_none());
    }
}
