//! A wire-level client over a sandbox: sets a stage as a deployment would, through the AWS APIs, without an SDK.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::keyring::Credentials;
use crate::place::Partition;
use crate::sandbox::Sandbox;
use crate::wire::{decode_cbor, encode_cbor};

/// A client with keys, for one Region.
#[derive(Clone, Debug)]
pub struct Caller {
    sandbox: Sandbox,
    credentials: Credentials,
    region: String,
}

/// An error answer, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The HTTP status; 0 if the connection was lost.
    pub status: u16,
    /// The error's code, `UnauthorizedOperation`, without the namespace JSON services put before it.
    pub code: String,
    /// The words for people.
    pub message: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for CallError {}

impl Caller {
    /// A client that signs for this Region; requests to IAM are signed for IAM's own, as an SDK does.
    pub fn new(sandbox: &Sandbox, credentials: &Credentials, region: &str) -> Self {
        Self {
            sandbox: sandbox.clone(),
            credentials: credentials.clone(),
            region: region.to_owned(),
        }
    }

    /// The same keys in another Region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// Calls a query service (`ec2`, `rds`, `iam`, `sts`); gives the XML body, which [`texts`] reads.
    pub async fn query(
        &self,
        service: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let request =
            self.signed(service).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (status, body) = self.send(request, form(action, params).into()).await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status < 400 { Ok(body) } else { Err(query_error(status, &body)) }
    }

    /// Calls a JSON service; the target is `DynamoDB_20120810.PutItem`, `AmazonSSM.GetParameter` or
    /// `AmazonSQS.SendMessage`.
    pub async fn json(
        &self,
        service: &str,
        target: &str,
        input: Value,
    ) -> Result<Value, CallError> {
        let version = if matches!(service, "dynamodb" | "sqs") { "1.0" } else { "1.1" };
        let request = self.signed(service).header("x-amz-target", target);
        let request = request.header(CONTENT_TYPE, format!("application/x-amz-json-{version}"));
        let (status, body) = self.send(request, input.to_string().into()).await?;
        document(status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Calls CloudWatch over rpc-v2-cbor; instants are seconds since 1970.
    pub async fn cbor(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        let path =
            format!("http://sandbox/service/GraniteServiceVersion20100801/operation/{operation}");
        let request = self.signed("monitoring").uri(path).header("smithy-protocol", "rpc-v2-cbor");
        let request = request.header(CONTENT_TYPE, "application/cbor");
        let (status, body) = self.send(request, encode_cbor(&input).into()).await?;
        document(status, decode_cbor(&body).unwrap_or_default())
    }

    /// Assumes a role, and becomes a client with the session's keys.
    pub async fn assume(
        &self,
        role_arn: &str,
        session_name: &str,
        external_id: Option<&str>,
    ) -> Result<Self, CallError> {
        let mut params = vec![("RoleArn", role_arn), ("RoleSessionName", session_name)];
        params.extend(external_id.map(|id| ("ExternalId", id)));
        let answer = self.query("sts", "AssumeRole", &params).await?;
        let text = |element| texts(&answer, element).into_iter().next();
        let credentials = Credentials {
            access_key_id: text("AccessKeyId").unwrap_or_default(),
            secret_access_key: text("SecretAccessKey").unwrap_or_default(),
            session_token: text("SessionToken"),
        };
        Ok(Self { credentials, ..self.clone() })
    }

    /// The keys this client signs with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// A request with everything of a signature that matters here: the scope, and a session's token.
    fn signed(&self, service: &str) -> http::request::Builder {
        let region = if service == "iam" {
            Partition::of_region(&self.region).iam_region
        } else {
            &self.region
        };
        let scope =
            format!("{}/20260101/{region}/{service}/aws4_request", self.credentials.access_key_id);
        let signature =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = http::Request::post("http://sandbox/").header(AUTHORIZATION, signature);
        match &self.credentials.session_token {
            Some(token) => request.header("x-amz-security-token", token),
            None => request,
        }
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<(u16, Bytes), CallError> {
        let local =
            |code: &str, message: String| CallError { status: 0, code: code.to_owned(), message };
        let request =
            request.body(body).map_err(|error| local("InvalidRequest", error.to_string()))?;
        let response = self.sandbox.handle(request).await;
        let response = response.map_err(|lost| local("ConnectionLost", lost.to_string()))?;
        Ok((response.status().as_u16(), response.into_body()))
    }
}

fn form(action: &str, params: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).extend_pairs(params).finish()
}

fn query_error(status: u16, body: &str) -> CallError {
    let text = |element| texts(body, element).into_iter().next().unwrap_or_default();
    CallError { status, code: text("Code"), message: text("Message") }
}

fn document(status: u16, body: Value) -> Result<Value, CallError> {
    if status < 400 {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let code = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
    Err(CallError { status, code, message: text("message").to_owned() })
}

/// The texts of all elements with this name, wherever they are, in the order of the document.
///
/// ```
/// let xml = "<set><item><id>a</id></item><item><id>b &amp; c</id></item></set>";
/// assert_eq!(scheduler_sandbox::texts(xml, "id"), ["a", "b & c"]);
/// ```
pub fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let contents = xml.split(&open).skip(1).filter_map(|rest| rest.split(&close).next());
    let unescape = |text: &str| {
        quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
    };
    contents.map(unescape).collect()
}
