//! Errors as services raise them, and those common to all services, whose codes differ from dialect to dialect.

use std::borrow::Cow;

use serde_json::Value;

use super::Dialect;

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    /// The code by which clients know it since the query format, where a service that promises them theirs has another.
    pub(crate) query_code: Option<&'static str>,
    pub(crate) message: String,
    /// One more member of a JSON error, next to the message.
    pub(crate) detail: Option<Box<(&'static str, Value)>>,
}

impl ApiError {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, code: code.into(), query_code: None, message: message.into(), detail: None }
    }

    /// Status 400, as nearly all of AWS's errors have.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn known_as(self, query_code: &'static str) -> Self {
        Self { query_code: Some(query_code), ..self }
    }

    pub(crate) fn with(self, name: &'static str, value: Value) -> Self {
        Self { detail: Some(Box::new((name, value))), ..self }
    }
}

/// Why a call is turned away before its service looks at it.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    MissingToken,
    UnknownKey,
    ExpiredToken,
    Denied { caller: String, action: String },
    UnknownOperation { service: String, operation: String },
}

impl Refusal {
    /// The code, status and words that this dialect's services use.
    ///
    /// CloudWatch and SQS have the query codes in every dialect, because they promise old clients the codes they knew.
    pub(crate) fn in_dialect(self, dialect: Dialect) -> ApiError {
        match dialect {
            Dialect::Ec2 => self.in_ec2(),
            Dialect::Query | Dialect::CompatibleJson | Dialect::Cbor => self.in_query(),
            Dialect::Json10 | Dialect::Json11 => self.in_json(),
        }
    }

    fn in_ec2(self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::MissingToken => ApiError::bad("MissingAuthenticationToken", message),
            Self::UnknownKey => {
                let message = "AWS was not able to validate the provided access credentials";
                ApiError::new(401, "AuthFailure", message)
            }
            Self::ExpiredToken => ApiError::bad("RequestExpired", "Request has expired."),
            Self::Denied { .. } => {
                let message =
                    format!("You are not authorized to perform this operation. {message}");
                ApiError::new(403, "UnauthorizedOperation", message)
            }
            Self::UnknownOperation { .. } => ApiError::bad("InvalidAction", message),
        }
    }

    fn in_query(self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::MissingToken => ApiError::new(403, "MissingAuthenticationToken", message),
            Self::UnknownKey => ApiError::new(403, "InvalidClientTokenId", message),
            Self::ExpiredToken => ApiError::new(403, "ExpiredToken", message),
            Self::Denied { .. } => ApiError::new(403, "AccessDenied", message),
            Self::UnknownOperation { .. } => ApiError::bad("InvalidAction", message),
        }
    }

    fn in_json(self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::MissingToken => ApiError::bad("MissingAuthenticationTokenException", message),
            Self::UnknownKey => ApiError::bad("UnrecognizedClientException", message),
            Self::ExpiredToken => ApiError::bad("ExpiredTokenException", message),
            Self::Denied { .. } => ApiError::bad("AccessDeniedException", message),
            Self::UnknownOperation { .. } => ApiError::bad("UnknownOperationException", message),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MissingToken => write!(f, "Request is missing Authentication Token"),
            Self::UnknownKey => write!(f, "The security token included in the request is invalid."),
            Self::ExpiredToken => {
                write!(f, "The security token included in the request is expired")
            }
            Self::Denied { caller, action } => {
                let why = format!("because no identity-based policy allows the {action} action");
                write!(f, "User: {caller} is not authorized to perform: {action} {why}")
            }
            Self::UnknownOperation { service, operation } => {
                write!(f, "The sandbox has no operation {operation} for the service {service}.")
            }
        }
    }
}
