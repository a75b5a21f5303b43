//! Metrics: `PutMetricData`, in batches.

use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_smithy_types::DateTime;
use scheduler_core::{Instant, resource::Failure};
use scheduler_engine::metrics::{Datum, Dimensions, Unit};

use crate::{Aws, failure::failure};

/// `PutMetricData` takes at most this many.
const BATCH: usize = 1000;

impl Aws {
    /// Publishes the numbers of a pass, as of its instant.
    ///
    /// # Errors
    ///
    /// If a batch is refused. Those before it are published.
    pub async fn publish(
        &self,
        namespace: &str,
        data: &[Datum],
        pass: Instant,
    ) -> Result<(), Failure> {
        for batch in data.chunks(BATCH) {
            let data = batch.iter().map(|datum| metric(datum, pass)).collect();
            let request = self
                .cloudwatch()
                .put_metric_data()
                .namespace(namespace)
                .set_metric_data(Some(data));
            request.send().await.map_err(|error| failure("cloudwatch:PutMetricData", &error))?;
        }
        Ok(())
    }
}

/// A dimension's value may hold ASCII only; anything else is written as Rust writes it, `\u{c11c}`.
fn ascii(text: &str) -> String {
    let escape =
        |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
    text.chars().map(escape).collect()
}

fn metric(datum: &Datum, pass: Instant) -> MetricDatum {
    MetricDatum::builder()
        .metric_name(datum.name)
        .set_dimensions(dimensions(&datum.dimensions))
        .value(datum.value)
        .unit(match datum.unit {
            Unit::Count => StandardUnit::Count,
            Unit::Milliseconds => StandardUnit::Milliseconds,
        })
        .timestamp(DateTime::from_secs(pass.timestamp()))
        .build()
}

fn dimensions(of: &Dimensions) -> Option<Vec<Dimension>> {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    match of {
        Dimensions::Pass => None,
        Dimensions::Schedule(name, kind) => {
            Some(vec![dimension("Schedule", &ascii(name)), dimension("Kind", kind.as_str())])
        }
        Dimensions::Code(code, kind) => {
            Some(vec![dimension("Code", code.as_str()), dimension("Kind", kind.as_str())])
        }
    }
}

#[cfg(test)]
mod tests {
    use scheduler_core::{Kind, resource::FailureCode};

    use super::*;

    #[test]
    fn a_schedules_name_fits_into_a_dimension() {
        assert_eq!(ascii("office 서"), "office \\u{c11c}");
    }

    #[test]
    fn a_number_is_about_the_pass_a_schedule_or_a_failure() {
        for (of, expected) in [
            (Dimensions::Pass, ""),
            (Dimensions::Schedule("office".into(), Kind::Asg), "Schedule=office Kind=asg"),
            (
                Dimensions::Code(FailureCode::Denied, Kind::RdsInstance),
                "Code=denied Kind=rds-instance",
            ),
        ] {
            let found = dimensions(&of).unwrap_or_default();
            let pair = |one: &Dimension| {
                format!("{}={}", one.name().unwrap_or_default(), one.value().unwrap_or_default())
            };
            assert_eq!(found.iter().map(pair).collect::<Vec<_>>().join(" "), expected);
        }
    }
}
