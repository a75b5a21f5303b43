//! A request, decoded: who signed it for where, which operation it names, and its input.

use std::io::Read;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use serde_json::Value;

use super::{ApiError, Params, Refusal, cbor};

/// How a request is written, and so how its answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Ec2,
    Query,
    Json10,
    Json11,
    /// JSON 1.0 as CloudWatch and SQS speak it, with the error codes of the query format they came from.
    CompatibleJson,
    /// rpc-v2-cbor; of the services here only CloudWatch speaks it, with those codes too.
    Cbor,
}

/// The credential scope of a signature: `AKID/20260102/eu-west-1/ec2/aws4_request`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) access_key_id: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// What a request asks with. JSON and CBOR carry the same shapes, so a service sees one of them only.
#[derive(Debug)]
pub(crate) enum Input {
    Params(Params),
    Document(Value),
}

#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) scope: Scope,
    pub(crate) token: Option<String>,
    pub(crate) dialect: Dialect,
    pub(crate) operation: String,
    pub(crate) input: Input,
    /// Its size on the wire, head included.
    pub(crate) bytes: u64,
}

/// A request that could not be read: the error, and the dialect to say it in.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) dialect: Dialect,
    pub(crate) error: ApiError,
}

impl Input {
    /// Whether a text is, whole, one of the values of the request.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        match self {
            Self::Params(params) => params.values().any(|value| value == text),
            Self::Document(document) => contains(document, text),
        }
    }
}

fn contains(json: &Value, text: &str) -> bool {
    match json {
        Value::String(string) => string == text,
        Value::Array(list) => list.iter().any(|json| contains(json, text)),
        Value::Object(members) => members.values().any(|json| contains(json, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Decodes a request.
pub(crate) fn receive(request: http::Request<Bytes>) -> Result<Received, Unreadable> {
    let bytes = size(&request);
    let (parts, body) = request.into_parts();
    let scope = header(&parts, AUTHORIZATION.as_str()).and_then(scope);
    let dialect = dialect(&parts, scope.as_ref().map_or("", |scope| &scope.service));
    let unreadable = |error| Unreadable { dialect, error };

    let scope = scope.ok_or_else(|| unreadable(Refusal::MissingToken.in_dialect(dialect)))?;
    let body = decompressed(&parts, body).map_err(unreadable)?;
    let (operation, input) = decoded(&parts, &body, dialect).map_err(unreadable)?;
    let token = header(&parts, "x-amz-security-token").map(str::to_owned);
    Ok(Received { scope, token, dialect, operation, input, bytes })
}

fn size(request: &http::Request<Bytes>) -> u64 {
    let first =
        request.method().as_str().len() + request.uri().path().len() + " HTTP/1.1\r\n".len();
    (1 + first + rest_of_head(request.headers()) + request.body().len()) as u64
}

/// The bytes of headers as HTTP/1.1 writes them, with the empty line that ends them.
pub(crate) fn rest_of_head(headers: &http::HeaderMap) -> usize {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + ": ".len() + value.len() + "\r\n".len()
    };
    headers.iter().map(line).sum::<usize>() + "\r\n".len()
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

fn scope(authorization: &str) -> Option<Scope> {
    let (_, credential) = authorization.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    let mut fields = credential.split('/').map(str::to_owned);
    let (access_key_id, _date) = (fields.next()?, fields.next()?);
    let (region, service) = (fields.next()?, fields.next()?);
    Some(Scope { access_key_id, region, service })
}

fn dialect(parts: &Parts, service: &str) -> Dialect {
    if parts.headers.contains_key("smithy-protocol") {
        return Dialect::Cbor;
    }
    if parts.headers.contains_key("x-amz-target") {
        if matches!(service, "monitoring" | "sqs") {
            return Dialect::CompatibleJson;
        }
        let old =
            header(parts, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json-1.0"));
        return if old { Dialect::Json10 } else { Dialect::Json11 };
    }
    if service == "ec2" { Dialect::Ec2 } else { Dialect::Query }
}

/// The SDKs compress bodies over 10 KB of the operations that allow it, PutMetricData among them.
fn decompressed(parts: &Parts, body: Bytes) -> Result<Bytes, ApiError> {
    if header(parts, CONTENT_ENCODING.as_str()) != Some("gzip") {
        return Ok(body);
    }
    let mut plain = Vec::new();
    let read = flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain);
    read.map_err(|_| ApiError::bad("SerializationException", "the body is not gzip"))?;
    Ok(plain.into())
}

fn decoded(parts: &Parts, body: &[u8], dialect: Dialect) -> Result<(String, Input), ApiError> {
    match dialect {
        Dialect::Ec2 | Dialect::Query => {
            let params = Params::parse(body);
            let operation = params.get("Action").unwrap_or_default().to_owned();
            Ok((operation, Input::Params(params)))
        }
        Dialect::Json10 | Dialect::Json11 | Dialect::CompatibleJson => {
            let target = header(parts, "x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            Ok((operation, Input::Document(json(body)?)))
        }
        Dialect::Cbor => {
            let operation = parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
            Ok((operation, Input::Document(cbor::decode(body)?)))
        }
    }
}

fn json(body: &[u8]) -> Result<Value, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad("SerializationException", error.to_string()))
}
