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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aws_sdk_sts::config::{BehaviorVersion, Region};

    use super::*;

    /// Counts how often it gets ready, and is never asked for more.
    #[derive(Clone, Debug, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl HttpClient for Counting {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            unreachable!("nothing is sent")
        }

        fn validate_base_client_config(
            &self,
            _: &RuntimeComponentsBuilder,
            _: &ConfigBag,
        ) -> Result<(), BoxError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    #[test]
    fn tls_is_set_up_once_for_all_clients() {
        let counting = Counting::default();
        let https = SharedHttpClient::new(counting.clone());
        let network = SharedHttpClient::new(Network { https, roots_read: Once::new() });
        for region in ["eu-west-1", "eu-west-2"] {
            let config = aws_sdk_sts::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .http_client(network.clone())
                .build();
            let _client = aws_sdk_sts::Client::from_conf(config);
        }
        assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    }
}
