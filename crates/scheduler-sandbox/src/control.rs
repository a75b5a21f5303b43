//! What the loopback server answers about itself, under `/_sandbox/`. Not signed, and never part of an AWS.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /_sandbox/metrics` | | every datum put to CloudWatch, as a JSON array |
//! | `GET /_sandbox/calls` | | how often each operation was called, and the bytes; `DELETE` starts anew |
//! | `GET /_sandbox/sessions` | | every session AssumeRole issued |
//! | `GET /_sandbox/clock` | | the simulated instant, RFC 3339; `PUT` moves it, and it stands still from then on; `PUT` of `+60` moves it by so many seconds, and it goes on |
//! | `PUT /_sandbox/account` | `{"partition": "aws", "account": "111122223333"}` | the account's root keys |
//! | `PUT /_sandbox/fleet` | [`Fleet`] | a hub, its spokes and their instances are there: [`Deployed`](crate::stage::Deployed) |
//! | `POST /_sandbox/fault` | [`FaultDocument`] | nothing; `DELETE` clears all faults |

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::fault::{Effect, Fault, Rate, Share};
use crate::sandbox::Sandbox;
use crate::stage::{self, Fleet};

/// Under this path the server speaks for itself.
const ROOT: &str = "/_sandbox/";

/// Answers a control request; `None` for every other request.
pub(crate) async fn answer(sandbox: &Sandbox, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let what = request.uri().path().strip_prefix(ROOT)?;
    let (status, body) = match (request.method(), what) {
        (&Method::GET, "metrics") => json(&sandbox.metrics()),
        (&Method::GET, "calls") => json(&sandbox.calls()),
        (&Method::GET, "sessions") => json(&sandbox.sessions()),
        (&Method::GET, "clock") => json(&instant(sandbox)),
        (&Method::PUT, "clock") => set_clock(sandbox, request.body()),
        (&Method::PUT, "account") => create_account(sandbox, request.body()),
        (&Method::PUT, "fleet") => deploy(sandbox, request.body()).await,
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
    let text = text.trim().trim_matches('"');
    if let Some(Ok(seconds)) = text.strip_prefix('+').map(str::parse::<u32>) {
        return done(|| sandbox.jump(TimeDelta::seconds(seconds.into())));
    }
    match DateTime::parse_from_rfc3339(text) {
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

async fn deploy(sandbox: &Sandbox, body: &[u8]) -> Reply {
    match serde_json::from_slice::<Fleet>(body) {
        Ok(wanted) => match stage::fleet(sandbox, &wanted).await {
            Ok(deployed) => json(&deployed),
            Err(error) => refused(error),
        },
        Err(error) => refused(error),
    }
}

/// A fault in JSON, a struct of its own so that renaming a field of [`Fault`] breaks no script:
/// `{"operation": "StartInstances", "times": 1, "effect": {"error": {"status": 503, "code": "c", "message": "m"}}}`.
/// With `"one_in": 100, "seed": 7` it happens to a hundredth of the fitting calls, with
/// `"beyond": {"burst": 50, "per_second": 5}` to those beyond that rate in an account's Region.
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
    /// With it the fault happens to one fitting call in so many.
    one_in: Option<u64>,
    #[serde(default)]
    seed: u64,
    beyond: Option<RateDocument>,
    effect: EffectDocument,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateDocument {
    burst: u32,
    per_second: u32,
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
        let FaultDocument { account, region, operation, resource, times, .. } = document;
        let FaultDocument { one_in, seed, beyond, effect, .. } = document;
        let share = one_in.map(|one_in| Share { one_in, seed });
        let beyond = beyond.map(|RateDocument { burst, per_second }| Rate { burst, per_second });
        Self { account, region, operation, resource, times, share, beyond, effect: effect.into() }
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
