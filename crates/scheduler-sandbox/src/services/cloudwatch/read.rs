//! ListMetrics and GetMetricStatistics, over what was put in the caller's account and Region.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Datum, Reading, dimensions, invalid, missing};
use crate::services::Call;
use crate::services::members::Members;
use crate::wire::ApiError;

const PAGE_SIZE: usize = 500;

/// Metrics whose dimensions include those asked for, in order of name, page by page.
pub(super) fn list(metrics: &[Datum], call: &Call, input: &Value) -> Result<Value, ApiError> {
    let members = Members::of(input, &["Namespace", "MetricName", "Dimensions", "NextToken"])?;
    let wanted = filters(&input["Dimensions"])?;
    let fits = |datum: &&Datum| {
        members.text("Namespace").is_none_or(|namespace| namespace == datum.namespace)
            && members.text("MetricName").is_none_or(|name| name == datum.name)
            && wanted.iter().all(|wanted| wanted.is_in(datum))
    };
    let distinct: BTreeSet<_> = here(metrics, call).filter(fits).map(identity).collect();
    let start = members
        .text("NextToken")
        .map_or(Ok(0), |token| token.parse().map_err(|_| invalid("NextToken")))?;
    let page: Vec<_> = distinct.iter().skip(start).take(PAGE_SIZE).map(metric_json).collect();
    let mut answer = json!({ "Metrics": page });
    if start + PAGE_SIZE < distinct.len() {
        answer["NextToken"] = (start + PAGE_SIZE).to_string().into();
    }
    Ok(answer)
}

/// The statistics of one metric, whose dimensions must be exactly those given, for each period with data in it.
pub(super) fn statistics(metrics: &[Datum], call: &Call, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "Namespace",
        "MetricName",
        "Dimensions",
        "StartTime",
        "EndTime",
        "Period",
        "Statistics",
        "Unit",
    ];
    let members = Members::of(input, &known)?;
    let namespace = members.text("Namespace").ok_or_else(|| missing("Namespace"))?;
    let name = members.text("MetricName").ok_or_else(|| missing("MetricName"))?;
    let mut wanted = dimensions(&input["Dimensions"])?;
    wanted.sort();
    let period =
        members.number("Period").filter(|period| *period > 0).ok_or_else(|| missing("Period"))?;
    let instant = |name| members.value(name).and_then(Value::as_f64).ok_or_else(|| missing(name));
    let span = instant("StartTime")?..instant("EndTime")?;

    let of_metric =
        here(metrics, call).filter(|datum| identity(datum) == (namespace, name, wanted.clone()));
    let in_time = of_metric.filter(|datum| span.contains(&(datum.timestamp.timestamp() as f64)));
    let asked_unit = in_time.filter(|datum| {
        members.text("Unit").is_none_or(|unit| Some(unit) == datum.unit.as_deref())
    });
    let mut periods: BTreeMap<i64, Vec<&Datum>> = BTreeMap::new();
    for datum in asked_unit {
        periods
            .entry(datum.timestamp.timestamp().div_euclid(period) * period)
            .or_default()
            .push(datum);
    }
    let statistics: Vec<_> = members.list("Statistics").iter().filter_map(Value::as_str).collect();
    let points = periods.iter().map(|(start, data)| point(*start, data, &statistics));
    Ok(json!({ "Label": name, "Datapoints": points.collect::<Result<Vec<_>, _>>()? }))
}

fn here<'a>(metrics: &'a [Datum], call: &'a Call) -> impl Iterator<Item = &'a Datum> {
    let same = |datum: &&Datum| {
        datum.account == *call.place.home.account && datum.region == *call.place.region
    };
    metrics.iter().filter(same)
}

/// Namespace, name and dimensions, these in order of name, are what makes two data belong to one metric.
type Identity<'a> = (&'a str, &'a str, Vec<(String, String)>);

fn identity(datum: &Datum) -> Identity<'_> {
    let mut dimensions = datum.dimensions.clone();
    dimensions.sort();
    (&datum.namespace, &datum.name, dimensions)
}

fn metric_json((namespace, name, dimensions): &Identity<'_>) -> Value {
    let pair = |(name, value): &(String, String)| json!({ "Name": name, "Value": value });
    let dimensions: Vec<_> = dimensions.iter().map(pair).collect();
    json!({ "Namespace": namespace, "MetricName": name, "Dimensions": dimensions })
}

/// A dimension asked for, with any value or with one.
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

impl DimensionFilter {
    fn is_in(&self, datum: &Datum) -> bool {
        let actual = datum.dimension(&self.name);
        actual.is_some_and(|actual| self.value.as_deref().is_none_or(|value| value == actual))
    }
}

fn filters(json: &Value) -> Result<Vec<DimensionFilter>, ApiError> {
    let filter = |json: &Value| {
        let name =
            json["Name"].as_str().ok_or_else(|| missing("Dimensions.member.N.Name"))?.to_owned();
        Ok(DimensionFilter { name, value: json["Value"].as_str().map(str::to_owned) })
    };
    json.as_array().map_or(&[][..], Vec::as_slice).iter().map(filter).collect()
}

fn point(start: i64, data: &[&Datum], statistics: &[&str]) -> Result<Value, ApiError> {
    let unit = data.first().and_then(|datum| datum.unit.as_deref()).unwrap_or("None");
    let mut point = json!({ "Timestamp": start as f64, "Unit": unit });
    for statistic in statistics {
        point[*statistic] = statistic_of(statistic, data)?.into();
    }
    Ok(point)
}

fn statistic_of(statistic: &str, data: &[&Datum]) -> Result<f64, ApiError> {
    let readings = || data.iter().map(|datum| &datum.reading);
    let sum = || readings().map(Reading::sum).sum::<f64>();
    let count = || readings().map(Reading::sample_count).sum::<f64>();
    match statistic {
        "Sum" => Ok(sum()),
        "SampleCount" => Ok(count()),
        "Average" => Ok(sum() / count()),
        "Minimum" => Ok(readings().map(Reading::minimum).fold(f64::INFINITY, f64::min)),
        "Maximum" => Ok(readings().map(Reading::maximum).fold(f64::NEG_INFINITY, f64::max)),
        other => Err(invalid(format!("The value {other} for parameter Statistics is invalid."))),
    }
}
