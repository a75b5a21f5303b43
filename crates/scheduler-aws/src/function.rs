//! A deployment's function, as the command line asks it: `Invoke`.

use std::time::Duration;

use aws_sdk_lambda::{
    Config,
    types::{LastUpdateStatus, State},
};
use aws_smithy_types::{Blob, timeout::TimeoutConfig};
use scheduler_core::resource::{Failure, FailureCode};
use serde_json::Value;

use crate::{Aws, failure::failure};

/// How long a function may take to answer. Asked again after less, it would do its work twice.
const LONGEST: Duration = Duration::from_secs(15 * 60 + 30);

fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(LONGEST)
        .operation_timeout(LONGEST)
        .build()
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// AWS cannot be reached, or does not let us ask.
    #[error("{0}")]
    Unreachable(Failure),
    /// The function says no.
    #[error("{message}")]
    Refused {
        /// The error's stable name.
        code: String,
        /// What it says.
        message: String,
    },
}

impl Aws {
    /// Asks a function, and waits for its answer.
    ///
    /// # Errors
    ///
    /// If it cannot be asked, or answers with an error or with something that is no JSON.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, InvokeError> {
        let payload = Blob::new(event.to_string());
        let request = self.lambda(self.home()).invoke().function_name(function).payload(payload);
        let answer = request
            .customize()
            .config_override(Config::builder().timeout_config(patience()))
            .send()
            .await
            .map_err(|error| InvokeError::Unreachable(failure("lambda:Invoke", &error)))?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let value: Value = serde_json::from_slice(&body).map_err(|error| {
            let message = format!("lambda:Invoke: the answer is no JSON: {error}");
            InvokeError::Unreachable(Failure { code: FailureCode::Unknown, message })
        })?;
        match answer.function_error {
            None => Ok(value),
            Some(_) => Err(refusal(&value)),
        }
    }
}

/// A function as it is deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// `provided.al2023`.
    pub runtime: String,
    /// Seconds after which an invocation is ended.
    pub timeout: i32,
    /// Its memory in MB.
    pub memory: i32,
    /// Why it cannot be invoked, if it cannot.
    pub trouble: Option<String>,
}

impl Aws {
    /// How a function is deployed.
    ///
    /// # Errors
    ///
    /// If that may not be asked.
    pub async fn function(&self, name: &str) -> Result<Function, Failure> {
        let client = self.lambda(self.home());
        let answer = client.get_function_configuration().function_name(name).send().await;
        let answer = answer.map_err(|error| failure("lambda:GetFunctionConfiguration", &error))?;
        let is_failed = matches!(answer.state(), Some(State::Failed | State::Pending));
        let is_stale = answer.last_update_status() == Some(&LastUpdateStatus::Failed);
        let trouble = match (is_failed, is_stale) {
            (true, _) => answer.state_reason().or(Some("it is not ready")),
            (false, true) => {
                answer.last_update_status_reason().or(Some("its last update has failed"))
            }
            (false, false) => None,
        };
        Ok(Function {
            runtime: answer.runtime().map_or_else(String::new, |one| one.as_str().to_owned()),
            timeout: answer.timeout().unwrap_or_default(),
            memory: answer.memory_size().unwrap_or_default(),
            trouble: trouble.map(str::to_owned),
        })
    }

    /// Whether rules of EventBridge may invoke a function.
    ///
    /// # Errors
    ///
    /// If that may not be asked.
    pub async fn is_open_to_rules(&self, name: &str) -> Result<bool, Failure> {
        let answer = self.lambda(self.home()).get_policy().function_name(name).send().await;
        match answer {
            Ok(answer) => {
                Ok(answer.policy().is_some_and(|text| text.contains("events.amazonaws.com")))
            }
            Err(error) => match failure("lambda:GetPolicy", &error) {
                // A function that nobody else may invoke has no policy.
                Failure { code: FailureCode::NotFound, .. } => Ok(false),
                failure => Err(failure),
            },
        }
    }
}

/// What a function that has failed answers, by the Lambda runtime's convention.
fn refusal(value: &Value) -> InvokeError {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    InvokeError::Refused {
        code: text("errorType").unwrap_or_else(|| "function-failed".into()),
        message: text("errorMessage").unwrap_or_else(|| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_functions_error_keeps_its_name() {
        let said = json!({"errorType": "busy", "errorMessage": "another pass is at work"});
        let expected =
            InvokeError::Refused { code: "busy".into(), message: "another pass is at work".into() };
        assert_eq!(refusal(&said), expected);
    }
}
