//! What `aws dynamodb scan` has printed, read in the same way as a table.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use scheduler_core::RawConfig;
use serde::Deserialize;

use super::raw_item;

/// Why a text is not what `aws dynamodb scan` prints.
#[derive(Debug, thiserror::Error)]
pub enum BadScan {
    /// It is not JSON of that shape.
    #[error("it is not what `aws dynamodb scan` prints: {0}")]
    Shape(#[from] serde_json::Error),
    /// It ends before the table does.
    #[error("it is only the first part of the table")]
    Partial,
}

/// What `aws dynamodb scan` prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Scan {
    items: Vec<HashMap<String, Typed>>,
    last_evaluated_key: Option<serde::de::IgnoredAny>,
    next_token: Option<serde::de::IgnoredAny>,
}

/// A value as DynamoDB writes it in JSON, under the name of its type.
#[derive(Debug, Deserialize)]
enum Typed {
    #[serde(rename = "S")]
    Text(String),
    #[serde(rename = "N")]
    Number(String),
    #[serde(rename = "BOOL")]
    Flag(bool),
    #[serde(rename = "NULL")]
    Null(serde::de::IgnoredAny),
    #[serde(rename = "SS")]
    Texts(Vec<String>),
    #[serde(rename = "NS")]
    Numbers(Vec<String>),
    #[serde(rename = "L")]
    List(Vec<Typed>),
    #[serde(rename = "M")]
    Map(HashMap<String, Typed>),
    #[serde(rename = "B", alias = "BS")]
    Binary(serde::de::IgnoredAny),
}

impl From<Typed> for AttributeValue {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Text(text) => AttributeValue::S(text),
            Typed::Number(text) => AttributeValue::N(text),
            Typed::Flag(flag) => AttributeValue::Bool(flag),
            Typed::Null(_) => AttributeValue::Null(true),
            Typed::Texts(members) => AttributeValue::Ss(members),
            Typed::Numbers(members) => AttributeValue::Ns(members),
            Typed::List(members) => {
                AttributeValue::L(members.into_iter().map(Into::into).collect())
            }
            Typed::Map(members) => AttributeValue::M(attributes(members)),
            // No field is made of bytes, so it does not matter of which.
            Typed::Binary(_) => AttributeValue::B(Blob::new(Vec::new())),
        }
    }
}

fn attributes(item: HashMap<String, Typed>) -> HashMap<String, AttributeValue> {
    item.into_iter().map(|(name, typed)| (name, typed.into())).collect()
}

/// Reads what `aws dynamodb scan --table-name NAME` has printed, to the same items as [`Aws::config`](crate::Aws::config).
///
/// # Errors
///
/// If it is something else, or only the first part of a table (as with `--max-items`).
///
/// ```
/// let scan = r#"{"Items": [{"type": {"S": "period"}, "name": {"S": "office"}, "weekdays": {"SS": ["mon-fri"]}}]}"#;
/// let raw = scheduler_aws::config_table::from_scan(scan)?;
/// assert_eq!(raw.items[0].name, "office");
/// # Ok::<(), scheduler_aws::config_table::BadScan>(())
/// ```
pub fn from_scan(text: &str) -> Result<RawConfig, BadScan> {
    let scan: Scan = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    if scan.last_evaluated_key.is_some() || scan.next_token.is_some() {
        return Err(BadScan::Partial);
    }
    Ok(RawConfig { items: scan.items.into_iter().map(|item| raw_item(attributes(item))).collect() })
}
