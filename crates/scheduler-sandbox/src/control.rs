//! What the loopback server answers about itself, under `/_sandbox/`. Not signed, and never part of an AWS.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /_sandbox/metrics` | | every datum put to CloudWatch, as a JSON array |
//! | `GET /_sandbox/calls` | | how often each operation was called; `DELETE` starts anew |
//! | `GET /_sandbox/sessions` | | every session AssumeRole issued |
//! | `GET /_sandbox/clock` | | the simulated instant, RFC 3339; `PUT` moves it, and it stands still from then on |
//! | `PUT /_sandbox/account` | `{"partition": "aws", "account": "111122223333"}` | the account's root keys |
//! | `POST /_sandbox/fault` | [`FaultDocument`] | nothing; `DELETE` clears all faults |

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::fault::{Effect, Fault};
use crate::sandbox::Sandbox;

/// Under this path the server speaks for itself.
const ROOT: &str = "/_sandbox/";

/// Answers a control request; `None` for every other request.
pub(crate) fn answer(sandbox: &Sandbox, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let what = request.uri().path().strip_prefix(ROOT)?;
    let (status, body) = match (request.method(), what) {
        (&Method::GET, "metrics") => json(&sandbox.metrics()),
        (&Method::GET, "calls") => json(&sandbox.calls()),
        (&Method::GET, "sessions") => json(&sandbox.sessions()),
        (&Method::GET, "clock") => json(&instant(sandbox)),
        (&Method::PUT, "clock") => set_clock(sandbox, request.body()),
        (&Method::PUT, "account") => create_account(sandbox, request.body()),
        (&Method::POST, "fault") => inject(sandbox, request.body()),
        (&Method::DELETE, "fault") => done(|| sandbox.clear_faults()),
        (&Method::DELETE, "calls") => done(|| sandbox.reset_calls()),
        (method, what) => (StatusCode::NOT_FOUND, format!("no {method} of {what} here\n")),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    Some(response)
}

type Reply = (StatusCode, String);

fn json(value: &impl Serialize) -> Reply {
    match serde_json::to_string(value) {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn done(act: impl FnOnce()) -> Reply {
    act();
    (StatusCode::NO_CONTENT, String::new())
}

fn refused(why: impl ToString) -> Reply {
    (StatusCode::BAD_REQUEST, why.to_string())
}

fn instant(sandbox: &Sandbox) -> String {
    sandbox.now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn set_clock(sandbox: &Sandbox, body: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(body);
    match DateTime::parse_from_rfc3339(text.trim().trim_matches('"')) {
        Ok(instant) => done(|| sandbox.set_now(instant.with_timezone(&Utc))),
        Err(error) => refused(error),
    }
}

#[derive(Deserialize)]
struct AccountDocument {
    partition: String,
    account: String,
}

fn create_account(sandbox: &Sandbox, body: &[u8]) -> Reply {
    match serde_json::from_slice::<AccountDocument>(body) {
        Ok(AccountDocument { partition, account }) => match sandbox
            .try_create_account(&partition, &account)
        {
            Some(keys) => json(&keys),
            None => refused("there is no such partition, or the account id is not twelve digits"),
        },
        Err(error) => refused(error),
    }
}

/// A fault in JSON, a struct of its own so that renaming a field of [`Fault`] breaks no script:
/// `{"operation": "StartInstances", "times": 1, "effect": {"error": {"status": 503, "code": "c", "message": "m"}}}`.
/// The other effects are `{"latency_ms": 100}`, `{"fall_back": {"code": "c", "message": "m"}}`, `"hang"`,
/// `"lose_answer"`, `"lose_messages"` and `"duplicate_messages"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultDocument {
    account: Option<String>,
    region: Option<String>,
    operation: Option<String>,
    resource: Option<String>,
    times: Option<u32>,
    effect: EffectDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EffectDocument {
    Error { status: u16, code: String, message: String },
    LatencyMs(u64),
    Hang,
    LoseAnswer,
    FallBack { code: String, message: String },
    LoseMessages,
    DuplicateMessages,
}

fn inject(sandbox: &Sandbox, body: &[u8]) -> Reply {
    match serde_json::from_slice::<FaultDocument>(body) {
        Ok(document) => done(|| sandbox.inject(document.into())),
        Err(error) => refused(error),
    }
}

impl From<FaultDocument> for Fault {
    fn from(document: FaultDocument) -> Self {
        let FaultDocument { account, region, operation, resource, times, effect } = document;
        Self { account, region, operation, resource, times, effect: effect.into() }
    }
}

impl From<EffectDocument> for Effect {
    fn from(document: EffectDocument) -> Self {
        match document {
            EffectDocument::Error { status, code, message } => {
                Self::Error { status, code, message }
            }
            EffectDocument::LatencyMs(milliseconds) => {
                Self::Latency(Duration::from_millis(milliseconds))
            }
            EffectDocument::Hang => Self::Hang,
            EffectDocument::LoseAnswer => Self::LoseAnswer,
            EffectDocument::FallBack { code, message } => Self::FallBack { code, message },
            EffectDocument::LoseMessages => Self::LoseMessages,
            EffectDocument::DuplicateMessages => Self::DuplicateMessages,
        }
    }
}
