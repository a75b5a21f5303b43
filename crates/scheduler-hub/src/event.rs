//! What the hub is asked for.

use chrono::TimeDelta;
use scheduler_core::{Instant, Kind};
use scheduler_engine::{Mode, Scope, Tick};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far ahead of the clock a pass that writes may be: as far as clocks differ. What is settled for an instant
/// makes every earlier pass a late one, so a pass for next year would silence the hub until then.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// An event that the hub understands.
#[derive(Clone, Debug)]
pub enum Event {
    /// The schedule rule's: one pass at the current instant.
    Scheduled,
    /// The queue's: messages that name shards.
    Shards(Vec<Message>),
    /// Somebody's.
    Request(Request),
}

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its id.
    #[serde(rename = "messageId")]
    pub id: String,
    /// What it says.
    pub body: String,
}

/// A request, as the command line sends it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// One pass.
    Run {
        /// The instant to evaluate; absent: the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now: Option<Instant>,
        /// Whether nothing is to be written.
        #[serde(default)]
        dry_run: bool,
        /// What to look at; absent: everything.
        #[serde(default)]
        scope: Scope,
    },
    /// What every managed resource does, should do and was last made to do. Writes nothing.
    Status {
        /// What to look at; absent: everything.
        #[serde(default)]
        scope: Scope,
    },
    /// Why nothing, or something, happens to a resource. Writes nothing.
    Explain {
        /// Its id, or as much of `PARTITION/ACCOUNT/REGION/KIND/ID` as makes it unique.
        resource: String,
        /// The instant to explain; absent: the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Instant>,
    },
    /// What keeps the deployment from doing its work. Writes nothing.
    Doctor {
        /// What to look at; absent: everything.
        #[serde(default)]
        scope: Scope,
    },
}

/// An event that the hub cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// It is neither an EventBridge scheduled event nor a request.
    #[error("the event is neither a scheduled event nor a request; send {{\"action\": \"run\"}}")]
    Unknown,
    /// It is a request with a mistake.
    #[error("the request has a mistake: {0}")]
    Mistake(String),
    /// It asks for a pass that writes, ahead of the clock.
    #[error("{now} is ahead of the clock; only a dry run may look that far: add \"dry_run\": true")]
    Ahead {
        /// The instant asked for.
        now: Instant,
    },
}

impl Event {
    /// Understands an event.
    ///
    /// # Errors
    ///
    /// If it is none that the hub serves, or a request with a mistake.
    pub fn parse(event: &Value) -> Result<Self, BadEvent> {
        if event["detail-type"] == "Scheduled Event" {
            return Ok(Event::Scheduled);
        }
        if event["Records"][0]["eventSource"] == "aws:sqs" {
            let messages = Vec::deserialize(&event["Records"]);
            return messages
                .map(Event::Shards)
                .map_err(|error| BadEvent::Mistake(error.to_string()));
        }
        if event["action"].is_null() {
            return Err(BadEvent::Unknown);
        }
        let request =
            Request::deserialize(event).map_err(|error| BadEvent::Mistake(error.to_string()))?;
        Ok(Event::Request(request))
    }
}

impl Request {
    /// The pass it asks for, when the clock shows `clock`.
    ///
    /// # Errors
    ///
    /// If a pass that writes is asked for ahead of the clock.
    pub fn tick(&self, clock: Instant) -> Result<Tick, BadEvent> {
        let looking = |now, scope| Tick { now, scope, mode: Mode::DryRun };
        let (now, dry_run, scope) = match self {
            Request::Status { scope } | Request::Doctor { scope } => {
                return Ok(looking(clock, scope.clone()));
            }
            Request::Explain { resource, at } => {
                return Ok(looking(at.unwrap_or(clock), scope_of(resource)));
            }
            Request::Run { now, dry_run, scope } => (now, *dry_run, scope.clone()),
        };
        let mode = if dry_run { Mode::DryRun } else { Mode::Act };
        let now = now.unwrap_or(clock);
        if mode == Mode::Act && now > clock + AHEAD {
            return Err(BadEvent::Ahead { now });
        }
        Ok(Tick { now, scope, mode })
    }
}

/// Where a resource may be, by as much of its path as is given: what needs not be looked at is not.
fn scope_of(resource: &str) -> Scope {
    let parts: Vec<&str> = resource.split('/').collect();
    let mut scope = Scope::default();
    for (n, part) in parts.iter().enumerate() {
        // An ECS service's id has a part more.
        if let Ok(kind) = part.parse::<Kind>() {
            let before = |back: usize| n.checked_sub(back).map(|at| parts[at]);
            scope.kind = Some(kind);
            scope.region = before(1).and_then(|text| text.parse().ok());
            scope.account = before(2).and_then(|text| text.parse().ok());
            return scope;
        }
    }
    scope
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLOCK: &str = "2026-03-02T09:00:00Z";

    fn tick(event: &Value) -> Result<Tick, BadEvent> {
        match Event::parse(event)? {
            Event::Request(request) => request.tick(CLOCK.parse().unwrap()),
            other => panic!("{other:?} is no request"),
        }
    }

    #[test]
    fn a_scheduled_event_is_known_by_its_type() {
        let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-03-02T08:59:00Z"});
        assert!(matches!(Event::parse(&event), Ok(Event::Scheduled)));
    }

    #[test]
    fn messages_of_the_queue_are_known_by_their_source() {
        let record = json!({"messageId": "m-1", "body": "hello", "eventSource": "aws:sqs", "awsRegion": "eu-west-1"});
        let Ok(Event::Shards(messages)) = Event::parse(&json!({"Records": [record]})) else {
            panic!("these are messages");
        };
        assert_eq!(messages, [Message { id: "m-1".into(), body: "hello".into() }]);
        let of_a_bucket = json!({"Records": [{"eventSource": "aws:s3"}]});
        assert!(matches!(Event::parse(&of_a_bucket), Err(BadEvent::Unknown)));
    }

    #[test]
    fn a_request_names_its_instant_and_scope() {
        let request = json!({
            "action": "run", "now": "2026-03-02T10:00:00+09:00", "dry_run": true,
            "scope": {"schedule": "office", "account": "111122223333", "region": "eu-west-1", "kind": "ec2-instance"},
        });
        let tick = tick(&request).unwrap();
        assert_eq!((tick.now, tick.mode), ("2026-03-02T01:00:00Z".parse().unwrap(), Mode::DryRun));
        assert_eq!(tick.scope.kind, Some(Kind::Ec2Instance));
    }

    #[test]
    fn an_explanation_looks_no_further_than_it_has_to() {
        for (resource, kind, account) in [
            ("i-0abc", None, None),
            ("ecs-service/web/api", Some(Kind::EcsService), None),
            ("aws/111122223333/eu-west-1/asg/web", Some(Kind::Asg), Some("111122223333")),
        ] {
            let scope = tick(&json!({"action": "explain", "resource": resource})).unwrap().scope;
            let found = scope.account.as_ref().map(scheduler_core::AccountId::as_str);
            assert_eq!((scope.kind, found), (kind, account), "{resource}");
        }
    }

    #[test]
    fn a_bad_event_says_what_to_send() {
        for (event, word) in [
            (json!({"hello": "world"}), "neither"),
            (json!({"action": "runn"}), "runn"),
            (json!({"action": "run", "dryrun": true}), "dryrun"),
            (json!({"action": "run", "now": "9 o'clock"}), "mistake"),
            (json!({"action": "run", "scope": {"account": "12"}}), "twelve digits"),
            (json!({"action": "run", "now": "2027-01-01T00:00:00Z"}), "dry_run"),
        ] {
            let error = tick(&event).unwrap_err().to_string();
            assert!(error.contains(word), "{event}: {error}");
        }
    }
}
