//! PutMetricData and its limits.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Datum, Reading, dimensions, invalid, missing};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

/// The limits of one request and one datum: Amazon CloudWatch API Reference, PutMetricData and MetricDatum.
const MOST_DATA: usize = 1_000;
const MOST_DIMENSIONS: usize = 30;
const MOST_VALUES: usize = 150;

const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

pub(super) fn metric_data(
    metrics: &mut Vec<Datum>,
    call: &Call,
    input: &Value,
) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Namespace", "MetricData", "StrictEntityValidation"])?;
    let namespace = members.text("Namespace").ok_or_else(|| missing("Namespace"))?;
    if namespace.is_empty() || namespace.starts_with("AWS/") || namespace.len() > 255 {
        return Err(invalid(format!("The value {namespace} for parameter Namespace is invalid.")));
    }
    let data = members.list("MetricData");
    if data.is_empty() {
        return Err(missing("MetricData"));
    }
    if data.len() > MOST_DATA {
        let message =
            format!("The collection MetricData must not have a size greater than {MOST_DATA}.");
        return Err(ApiError::bad("InvalidParameterValue", message));
    }
    // All or none: one datum that is wrong refuses the request.
    let data =
        data.iter().map(|json| datum(call, namespace, json)).collect::<Result<Vec<_>, _>>()?;
    metrics.extend(data);
    Ok(json!({}))
}

fn datum(call: &Call, namespace: &str, json: &Value) -> Result<Datum, ApiError> {
    let known = [
        "MetricName",
        "Dimensions",
        "Timestamp",
        "Value",
        "Values",
        "Counts",
        "StatisticValues",
        "Unit",
        "StorageResolution",
    ];
    let members = Members::of(json, &known)?;
    let name = members
        .text("MetricName")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| missing("MetricName"))?;
    let dimensions = dimensions(&json["Dimensions"])?;
    if dimensions.len() > MOST_DIMENSIONS {
        let message = format!(
            "The collection Dimensions must not have a size greater than {MOST_DIMENSIONS}."
        );
        return Err(invalid(message));
    }
    let unit = members.text("Unit");
    if let Some(unit) = unit.filter(|unit| !UNITS.contains(unit)) {
        return Err(invalid(format!("The value {unit} for parameter Unit is invalid.")));
    }
    Ok(Datum {
        account: call.place.home.account.to_string(),
        region: call.place.region.to_string(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions,
        reading: reading(members)?,
        unit: unit.map(str::to_owned),
        timestamp: timestamp(call.now, members)?,
    })
}

fn reading(members: Members<'_>) -> Result<Reading, ApiError> {
    match (members.value("Value"), members.value("Values"), members.value("StatisticValues")) {
        (Some(value), None, None) => Ok(Reading::Values(vec![(number(value)?, 1.0)])),
        (None, Some(_), None) => values(members),
        (None, None, Some(set)) => statistics(set),
        (None, None, None) => Err(missing("Value")),
        (_, _, _) => {
            let message =
                "The parameters Value, Values and StatisticValues are mutually exclusive.";
            Err(ApiError::bad("InvalidParameterCombination", message))
        }
    }
}

fn values(members: Members<'_>) -> Result<Reading, ApiError> {
    let numbers = |name| members.list(name).iter().map(number).collect::<Result<Vec<_>, _>>();
    let (values, mut counts) = (numbers("Values")?, numbers("Counts")?);
    if values.is_empty() || values.len() > MOST_VALUES {
        return Err(invalid(format!(
            "The collection Values must have a size between 1 and {MOST_VALUES}."
        )));
    }
    if counts.is_empty() {
        counts = vec![1.0; values.len()];
    }
    if counts.len() != values.len() {
        return Err(invalid(
            "The parameters Values and Counts must have the same number of elements.",
        ));
    }
    Ok(Reading::Values(values.into_iter().zip(counts).collect()))
}

fn statistics(set: &Value) -> Result<Reading, ApiError> {
    let member = |name: &str| {
        let value = set.get(name).ok_or_else(|| missing(&format!("StatisticValues.{name}")))?;
        number(value)
    };
    Ok(Reading::Statistics {
        sample_count: member("SampleCount")?,
        sum: member("Sum")?,
        minimum: member("Minimum")?,
        maximum: member("Maximum")?,
    })
}

fn number(json: &Value) -> Result<f64, ApiError> {
    json.as_f64().ok_or_else(|| invalid(format!("{json} is not a number")))
}

/// A datum may be about an instant up to two weeks ago or two hours ahead: PutMetricData in the API Reference.
fn timestamp(now: DateTime<Utc>, members: Members<'_>) -> Result<DateTime<Utc>, ApiError> {
    let Some(seconds) = members.value("Timestamp") else { return Ok(now) };
    let wrong = || invalid("The parameter MetricData.member.N.Timestamp must be a timestamp.");
    let milliseconds = (number(seconds)? * 1000.0).round() as i64;
    let at = DateTime::from_timestamp_millis(milliseconds).ok_or_else(wrong)?;
    if at < now - Duration::weeks(2) || at > now + Duration::hours(2) {
        let message =
            "must specify a time within two weeks before the current date and two hours after it.";
        return Err(invalid(format!("The parameter MetricData.member.N.Timestamp {message}")));
    }
    Ok(at)
}
