//! How requests leave: over the network with the credentials that every AWS tool finds, or to a function in
//! this process.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{
    rt::sleep::{SharedAsyncSleep, TokioSleep},
    time::{SharedTimeSource, TimeSource},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use bytes::Bytes;
use scheduler_core::{Instant, Region, id::InvalidName, settings::BaseCredentials};

use crate::{Aws, network::Network};

/// How long a call may take: to connect, one attempt, and all attempts together. The SDK sets no limit on the
/// last two by itself.
pub(crate) fn time_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_secs(45))
        .build()
}

/// What a user may say about the connection; what is not said comes from the environment and the AWS
/// configuration files.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// An endpoint for every service.
    pub endpoint_url: Option<String>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No Region is configured anywhere.
    #[error("no Region is configured; set AWS_REGION or name one")]
    NoRegion,
    /// The configured Region is none.
    #[error("{0}")]
    BadRegion(#[from] InvalidName),
}

impl Aws {
    /// Connects as every AWS tool does: environment, profiles, container or instance role.
    ///
    /// # Errors
    ///
    /// If no Region is configured, or one that is none. Credentials are only looked for when first used.
    pub async fn connect(access: Access) -> Result<Self, ConnectError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Network::new())
            .timeout_config(time_limits());
        if let Some(profile) = access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = access.region {
            loader = loader.region(aws_config::Region::new(region));
        }
        if let Some(url) = access.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let base = loader.load().await;
        let home = base.region().ok_or(ConnectError::NoRegion)?.as_ref().parse()?;
        Ok(Aws::new(base, home))
    }

    /// Connects to a function in this process, which answers requests as AWS would. `clock` is what time it is
    /// there.
    pub fn in_process<F, Answer>(
        handler: F,
        home: &Region,
        credentials: &BaseCredentials,
        clock: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Self
    where
        F: Fn(http::Request<Bytes>) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<http::Response<Bytes>, BoxError>> + Send + 'static,
    {
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(in_process_client(handler))
            .timeout_config(time_limits())
            // There is nobody in this process whom a pause before a retry would spare.
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(Clock(Arc::new(clock))))
            .region(aws_config::Region::new(home.to_string()))
            .credentials_provider(SharedCredentialsProvider::new(static_credentials(credentials)))
            .build();
        Aws { is_paced: false, ..Aws::new(base, home.clone()) }
    }
}

/// Credentials that are given and not found.
pub(crate) fn static_credentials(base: &BaseCredentials) -> Credentials {
    let token = base.session_token.as_ref().map(|token| token.expose().to_owned());
    Credentials::new(&base.access_key_id, base.secret_access_key.expose(), token, None, "dayshift")
}

struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl TimeSource for Clock {
    fn now(&self) -> std::time::SystemTime {
        (self.0)().into()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

struct InProcess<F>(F);

impl<F> fmt::Debug for InProcess<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

fn in_process_client<F, Answer>(handler: F) -> SharedHttpClient
where
    F: Fn(http::Request<Bytes>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<http::Response<Bytes>, BoxError>> + Send + 'static,
{
    let connector = SharedHttpConnector::new(InProcess(handler));
    http_client_fn(move |_, _| connector.clone())
}

impl<F, Answer> HttpConnector for InProcess<F>
where
    F: Fn(http::Request<Bytes>) -> Answer + Send + Sync,
    Answer: Future<Output = Result<http::Response<Bytes>, BoxError>> + Send + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = to_bytes(request).map(&self.0);
        HttpConnectorFuture::new(async move {
            let answer = answer.map_err(ConnectorError::user)?;
            let response = answer.await.map_err(ConnectorError::io)?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The request with its body in memory. None of the operations in use streams one.
fn to_bytes(request: HttpRequest) -> Result<http::Request<Bytes>, BoxError> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let bytes = body.bytes().ok_or("a streaming body")?;
    Ok(http::Request::from_parts(parts, Bytes::copy_from_slice(bytes)))
}
