//! `parsing INSTANCES MEMORIES [SECONDS]`: what the AWS SDK itself spends on an answer of DescribeInstances and on one
//! of DynamoDB's Query, both read from files. `scripts/bench` takes it for the floor below which no pass can come.
//!
//! Nothing of ours is between: an SDK client over a connector that gives the same bytes every time. An empty answer is
//! measured too, so that what a call costs whatever it brings can be told from what its content costs. The answer is
//! one line of JSON, in microseconds of this thread's CPU time.

use std::fs;
use std::io::{self, Write};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use bytes::Bytes;
use serde_json::json;

const NO_INSTANCES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
    <requestId>00000000-0000-4000-8000-000000000000</requestId><reservationSet></reservationSet>\
    </DescribeInstancesResponse>";
const NO_ITEMS: &str = r#"{"Count":0,"Items":[],"ScannedCount":0}"#;

type Anything = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Anything> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (instances, memories, seconds) = match arguments.as_slice() {
        [instances, memories] => (instances, memories, 1.0),
        [instances, memories, seconds] => (instances, memories, seconds.parse()?),
        _ => return Err("usage: parsing INSTANCES MEMORIES [SECONDS]".into()),
    };
    let page = Bytes::from(fs::read(instances)?);
    let items = Bytes::from(fs::read(memories)?);
    let (listed, no_instances) =
        (describe(page, seconds).await?, describe(NO_INSTANCES.into(), seconds / 4.0).await?);
    let (queried, no_items) =
        (query(items, seconds).await?, query(NO_ITEMS.into(), seconds / 4.0).await?);
    let report = json!({
        "instances": listed.things, "page_us": listed.us, "empty_page_us": no_instances.us,
        "items": queried.things, "query_us": queried.us, "empty_query_us": no_items.us,
    });
    writeln!(io::stdout(), "{report}")?;
    Ok(())
}

/// What one answer costs, and how many things were in it.
struct Cost {
    us: f64,
    things: usize,
}

async fn describe(answer: Bytes, seconds: f64) -> Result<Cost, Anything> {
    let client = aws_sdk_ec2::Client::new(&config(answer, "text/xml;charset=UTF-8"));
    let call = async || -> Result<usize, Anything> {
        let page = client.describe_instances().send().await?;
        Ok(page.reservations().iter().map(|one| one.instances().len()).sum())
    };
    measured(call, seconds).await
}

async fn query(answer: Bytes, seconds: f64) -> Result<Cost, Anything> {
    let client = aws_sdk_dynamodb::Client::new(&config(answer, "application/x-amz-json-1.0"));
    let call = async || -> Result<usize, Anything> {
        Ok(client.query().table_name("state").send().await?.items().len())
    };
    measured(call, seconds).await
}

/// Calls until so much CPU time has gone, after some calls that only warm up.
async fn measured(
    call: impl AsyncFn() -> Result<usize, Anything>,
    seconds: f64,
) -> Result<Cost, Anything> {
    let mut things = 0;
    for _ in 0..10 {
        things = call().await?;
    }
    let began = cpu_us()?;
    let (mut calls, mut spent) = (0.0, 0.0);
    while spent < seconds * 1e6 {
        for _ in 0..10 {
            call().await?;
        }
        calls += 10.0;
        spent = cpu_us()? - began;
    }
    Ok(Cost { us: spent / calls, things })
}

/// The CPU time of this thread, the only one that works here: the kernel gives it in nanoseconds.
fn cpu_us() -> Result<f64, Anything> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e3)
}

fn config(answer: Bytes, kind: &'static str) -> SdkConfig {
    let keys = Credentials::new("AKIA", "secret", None, None, "parsing");
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(keys))
        .http_client(client(answer, kind))
        .build()
}

fn client(answer: Bytes, kind: &'static str) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Canned { answer, kind });
    http_client_fn(move |_, _| connector.clone())
}

/// Answers every request with the same bytes.
#[derive(Debug)]
struct Canned {
    answer: Bytes,
    kind: &'static str,
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let mut response = http::Response::new(SdkBody::from(self.answer.clone()));
        let kind = http::HeaderValue::from_static(self.kind);
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        // A status and a header that are constants can always be taken over.
        HttpConnectorFuture::ready(HttpResponse::try_from(response).map_err(|error| {
            aws_smithy_runtime_api::client::result::ConnectorError::other(error.into(), None)
        }))
    }
}
