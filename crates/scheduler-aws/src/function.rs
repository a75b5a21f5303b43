//! A deployment's function, as the command line asks it: `Invoke`.

use aws_smithy_types::Blob;
use scheduler_core::resource::{Failure, FailureCode};
use serde_json::Value;

use crate::{Aws, failure::failure};

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
