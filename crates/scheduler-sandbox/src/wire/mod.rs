//! The wire formats: one file for each, and what is common to reading a request and writing an answer.

mod cbor;
mod query;
mod received;
mod refusal;
mod respond;
mod xml;

pub(crate) use query::{Group, Params};
pub(crate) use received::{Dialect, Input, Received, Scope, receive, rest_of_head};
pub(crate) use refusal::{ApiError, Refusal};
pub(crate) use respond::{Answer, Envelope, respond};
pub(crate) use xml::Xml;

pub(crate) use cbor::{decode as decode_cbor, encode as encode_cbor};
