//! The way out over the network: TLS with the system's roots of trust, one set-up for all clients.

use std::sync::Once;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// The SDK's HTTP client, without what it does again for every service and Region.
///
/// So that the roots are read before the first request, it sets up TLS, with every root parsed, whenever a service's
/// client is made, and drops what came of it. Once does it.
#[derive(Debug)]
pub(crate) struct Network {
    https: SharedHttpClient,
    roots_read: Once,
}

impl Network {
    pub(crate) fn new() -> Self {
        let https = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https();
        Self { https, roots_read: Once::new() }
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.https.http_connector(settings, components)
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let mut checked = Ok(());
        self.roots_read.call_once(|| {
            checked = HttpClient::validate_base_client_config(&self.https, components, config);
        });
        checked
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.https.connector_metadata()
    }
}
