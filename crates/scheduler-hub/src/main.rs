//! `bootstrap`: the hub as a Lambda function on `provided.al2023`.
//!
//! It needs no environment variable beyond those that Lambda itself sets; `DAYSHIFT_PREFIX` overrides where its
//! parameters are.

use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

use futures::future::LocalBoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use scheduler_aws::{Aws, connect::Access};
use scheduler_hub::{Admin, Answer, Door, Hub, HubError, Invocation, prefix_of};
use serde_json::Value;
use tokio::time::Instant;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// What is left of the invocation's time for recording what came of the pass.
const MARGIN: Duration = Duration::from_secs(5);

/// What Lambda sets, and what cannot be done without.
const SET_BY_LAMBDA: [&str; 4] =
    ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "_HANDLER"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log_as_json();
    if let Some(absent) = SET_BY_LAMBDA.into_iter().find(|name| std::env::var_os(name).is_none()) {
        let help = "Lambda starts this program and sets it; to try Dayshift by hand, run `scheduler-cli demo`";
        tracing::error!(variable = absent, help, "an environment variable is not set");
        return ExitCode::from(2);
    }
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(reason = %error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), lambda_runtime::Error> {
    let door: Door = std::env::var("_HANDLER")?.parse()?;
    let aws = Aws::connect(Access::default()).await?;
    let prefix = prefix()?;
    // Without their types: the runtime wraps futures deeper than the compiler cares to lay out.
    match door {
        Door::Scheduler => {
            let hub = Hub::new(aws, prefix).brief();
            let answer = |event| -> LocalBoxFuture<'_, _> { Box::pin(run(&hub, event)) };
            lambda_runtime::run(service_fn(answer)).await
        }
        Door::Admin => {
            let admin = Admin::new(aws, prefix);
            let answer = |event| -> LocalBoxFuture<'_, _> { Box::pin(administer(&admin, event)) };
            lambda_runtime::run(service_fn(answer)).await
        }
    }
}

fn log_as_json() {
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    let ours = Targets::new()
        .with_target("scheduler", tracing::Level::INFO)
        .with_default(tracing::Level::WARN);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

fn prefix() -> Result<String, std::env::VarError> {
    std::env::var("DAYSHIFT_PREFIX")
        .or_else(|_| std::env::var("AWS_LAMBDA_FUNCTION_NAME").map(|name| prefix_of(&name)))
}

async fn run(hub: &Hub, event: LambdaEvent<Value>) -> Result<Answer, Diagnostic> {
    let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let deadline = Instant::now() + left.saturating_sub(MARGIN);
    let call = Invocation { id: event.context.request_id.clone(), deadline };
    hub.answer(&event.payload, &call).await.map_err(|error| diagnostic(&error))
}

async fn administer(admin: &Admin, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    admin.answer(&event.payload).await.map_err(|error| {
        tracing::error!(code = error.code(), reason = %error, "nothing changed");
        Diagnostic { error_type: error.code().to_owned(), error_message: error.to_string() }
    })
}

fn diagnostic(error: &HubError) -> Diagnostic {
    tracing::error!(code = error.code(), reason = %error, "no pass");
    Diagnostic { error_type: error.code().to_owned(), error_message: error.to_string() }
}
