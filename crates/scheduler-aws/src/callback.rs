//! Answers to an address that somebody has handed out, such as CloudFormation's for a custom resource.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::{
    orchestrator::{HttpRequest, OrchestratorError},
    result::SdkError,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use http::Uri;
use scheduler_core::resource::{Failure, FailureCode};

use crate::{Aws, connect::time_limits};

impl Aws {
    /// Puts a text to an address, which says in itself that it may be used.
    ///
    /// # Errors
    ///
    /// If the address is none, or does not take the text.
    pub async fn put(&self, url: &str, body: String) -> Result<(), Failure> {
        let failed = |message: String| Failure { code: FailureCode::Unreachable, message };
        let uri: Uri =
            url.parse().map_err(|error| failed(format!("`{url}` is no address: {error}")))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let host = uri.host().unwrap_or_default().to_owned();
        let origin = url.strip_suffix(&path).unwrap_or(url);
        let client = self.base.http_client().ok_or_else(|| failed("no connection".into()))?;
        let request = move |body: String| -> Result<HttpRequest, _> {
            // The signature in the address is over an empty content type.
            let request = http::Request::put(&path).header("content-type", "");
            let request = request.header("content-length", body.len()).body(SdkBody::from(body))?;
            Ok(request.try_into()?)
        };
        let put = Operation::builder()
            .service_name("callback")
            .operation_name("Put")
            .http_client(client)
            .sleep_impl(self.base.sleep_impl().ok_or_else(|| failed("no clock".into()))?)
            .time_source(self.base.time_source().unwrap_or_default())
            .timeout_config(time_limits())
            .standard_retry(&RetryConfig::standard())
            .no_auth()
            .endpoint_url(origin)
            .serializer(request)
            .deserializer(|answer| match answer.status().is_success() {
                true => Ok(()),
                false => Err(OrchestratorError::operation(Refused(answer.status().as_u16()))),
            })
            .build();
        put.invoke(body).await.map_err(|error| {
            let why = match &error {
                SdkError::ServiceError(refused) => refused.err().to_string(),
                other => aws_smithy_types::error::display::DisplayErrorContext(other).to_string(),
            };
            failed(format!("{host} does not take the answer: {why}"))
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it says {0}")]
struct Refused(u16);
