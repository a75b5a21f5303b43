//! An answer, encoded: each dialect's envelope around a success or an error.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{ApiError, Dialect, Xml, cbor};

/// What a service answers with: the inside of the result element, or a document.
#[derive(Debug)]
pub(crate) enum Answer {
    Xml(Xml),
    Document(Value),
}

/// What an envelope needs to know of the call.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) operation: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) request_id: &'a str,
}

/// Writes the answer of a call, whichever it is.
pub(crate) fn respond(
    envelope: &Envelope<'_>,
    answer: Result<Answer, ApiError>,
) -> http::Response<Bytes> {
    match answer {
        Ok(Answer::Xml(xml)) => {
            plain(envelope, 200, success(envelope, &xml).into()).into_response()
        }
        Ok(Answer::Document(document)) => {
            plain(envelope, 200, document_body(envelope, &document)).into_response()
        }
        Err(error) => failure(envelope, &error).into_response(),
    }
}

/// A response before it is one.
struct Plain {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Plain {
    fn into_response(self) -> http::Response<Bytes> {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        // A status or a header value can only be wrong if a fault was set up with one.
        let unwritable =
            |_| http::Response::builder().status(500).body(Bytes::new()).unwrap_or_default();
        response.body(self.body).unwrap_or_else(unwritable)
    }
}

fn plain(envelope: &Envelope<'_>, status: u16, body: Bytes) -> Plain {
    let kind = match envelope.dialect {
        Dialect::Ec2 | Dialect::Query => "text/xml;charset=UTF-8",
        Dialect::Json10 | Dialect::CompatibleJson => "application/x-amz-json-1.0",
        Dialect::Json11 => "application/x-amz-json-1.1",
        Dialect::Cbor => "application/cbor",
    };
    let mut headers = vec![
        ("content-type", kind.to_owned()),
        ("x-amzn-requestid", envelope.request_id.to_owned()),
    ];
    if envelope.dialect == Dialect::Cbor {
        headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    Plain { status, headers, body }
}

fn success(envelope: &Envelope<'_>, result: &Xml) -> String {
    let Envelope { dialect, operation, namespace, request_id } = envelope;
    let mut xml = Xml::new();
    if *dialect == Dialect::Ec2 {
        xml.text("requestId", request_id).append(result);
    } else {
        xml.within(&format!("{operation}Result"), |xml| {
            xml.append(result);
        });
        xml.within("ResponseMetadata", |xml| {
            xml.text("RequestId", request_id);
        });
    }
    xml.into_document(&format!("{operation}Response"), Some(namespace))
}

fn failure(envelope: &Envelope<'_>, error: &ApiError) -> Plain {
    let ApiError { status, code, .. } = error;
    match envelope.dialect {
        Dialect::Ec2 => plain(envelope, *status, ec2_failure(envelope, error).into()),
        Dialect::Query => plain(envelope, *status, query_failure(envelope, error).into()),
        Dialect::Json10 | Dialect::Json11 => {
            plain(envelope, *status, document_body(envelope, &document_failure(envelope, error)))
        }
        // Where clients that know a service by its query format look for the code.
        Dialect::CompatibleJson | Dialect::Cbor => {
            let mut plain = plain(
                envelope,
                *status,
                document_body(envelope, &document_failure(envelope, error)),
            );
            let code = error.query_code.unwrap_or(code);
            plain.headers.push(("x-amzn-query-error", format!("{code};{}", side(*status))));
            plain
        }
    }
}

/// Whose fault an error is, in AWS's words.
fn side(status: u16) -> &'static str {
    if status < 500 { "Sender" } else { "Receiver" }
}

fn ec2_failure(envelope: &Envelope<'_>, error: &ApiError) -> String {
    let mut xml = Xml::new();
    xml.within("Errors", |xml| {
        xml.within("Error", |xml| {
            xml.text("Code", &error.code).text("Message", &error.message);
        });
    });
    xml.text("RequestID", envelope.request_id);
    xml.into_document("Response", None)
}

fn query_failure(envelope: &Envelope<'_>, error: &ApiError) -> String {
    let mut xml = Xml::new();
    xml.within("Error", |xml| {
        xml.text("Type", side(error.status))
            .text("Code", &error.code)
            .text("Message", &error.message);
    });
    xml.text("RequestId", envelope.request_id);
    xml.into_document("ErrorResponse", Some(envelope.namespace))
}

fn document_failure(envelope: &Envelope<'_>, error: &ApiError) -> Value {
    let Envelope { namespace, .. } = envelope;
    let kind = if namespace.is_empty() {
        error.code.to_string()
    } else {
        format!("{namespace}#{}", error.code)
    };
    let mut document = json!({ "__type": kind, "message": error.message });
    if let Some((name, value)) = error.detail.as_deref() {
        document[*name] = value.clone();
    }
    document
}

fn document_body(envelope: &Envelope<'_>, document: &Value) -> Bytes {
    match envelope.dialect {
        Dialect::Cbor => cbor::encode(document).into(),
        Dialect::Json10
        | Dialect::Json11
        | Dialect::CompatibleJson
        | Dialect::Ec2
        | Dialect::Query => document.to_string().into(),
    }
}
