//! CloudWatch: metrics put, listed and added up.
//!
//! Simpler than AWS: what is put can be read at once and for ever, and a period aggregates every datum as it was put.
//! The sandbox's own account of them is [`Datum`], for tests that ask what was reported rather than what AWS shows.

mod put;
mod read;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::Call;
use crate::wire::ApiError;

/// One datum as it was put.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Datum {
    /// The account that put it.
    pub account: String,
    /// The Region it was put in.
    pub region: String,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Names and values, in the order given.
    pub dimensions: Vec<(String, String)>,
    /// What was measured.
    pub reading: Reading,
    /// `Count`, `Milliseconds`; `None` if none was given.
    pub unit: Option<String>,
    /// The instant it is about; when none was given, the simulated instant at which it came.
    pub timestamp: DateTime<Utc>,
}

/// What a datum says was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Values, each with how often it occurred. A plain value is one that occurred once.
    Values(Vec<(f64, f64)>),
    /// A set of statistics, when the values themselves are gone.
    Statistics {
        /// How many values there were.
        sample_count: f64,
        /// Their sum.
        sum: f64,
        /// The least of them.
        minimum: f64,
        /// The greatest of them.
        maximum: f64,
    },
}

impl Datum {
    /// The sum of everything measured: for a counter, the count.
    pub fn sum(&self) -> f64 {
        self.reading.sum()
    }

    /// The value of a dimension.
    pub fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions
            .iter()
            .find(|(its_name, _)| its_name == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Reading {
    /// The sum of everything measured.
    pub fn sum(&self) -> f64 {
        match self {
            Self::Values(values) => values.iter().map(|(value, count)| value * count).sum(),
            Self::Statistics { sum, .. } => *sum,
        }
    }

    /// How many values were measured.
    pub fn sample_count(&self) -> f64 {
        match self {
            Self::Values(values) => values.iter().map(|(_, count)| count).sum(),
            Self::Statistics { sample_count, .. } => *sample_count,
        }
    }

    fn minimum(&self) -> f64 {
        match self {
            Self::Values(values) => {
                values.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min)
            }
            Self::Statistics { minimum, .. } => *minimum,
        }
    }

    fn maximum(&self) -> f64 {
        match self {
            Self::Values(values) => {
                values.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max)
            }
            Self::Statistics { maximum, .. } => *maximum,
        }
    }
}

pub(crate) fn perform(
    metrics: &mut Vec<Datum>,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    match call.operation.as_str() {
        "PutMetricData" => put::metric_data(metrics, call, input),
        "ListMetrics" => read::list(metrics, call, input),
        "GetMetricStatistics" => read::statistics(metrics, call, input),
        _ => Err(call.unknown_operation()),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}

fn missing(name: &str) -> ApiError {
    ApiError::bad("MissingParameter", format!("The parameter {name} is required."))
}

/// CloudWatch names in a document, `[{"Name": ..., "Value": ...}]`, as pairs.
fn dimensions(json: &Value) -> Result<Vec<(String, String)>, ApiError> {
    let pair = |json: &Value| {
        let text =
            |name: &str| json[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let name = text("Name").ok_or_else(|| missing("Dimensions.member.N.Name"))?;
        let value = text("Value").ok_or_else(|| missing("Dimensions.member.N.Value"))?;
        Ok((name, value))
    };
    json.as_array().map_or(&[][..], Vec::as_slice).iter().map(pair).collect()
}

#[cfg(test)]
mod tests;
