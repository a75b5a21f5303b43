//! Agreement with Instance Scheduler on AWS, over the vectors beside this file. Each test prints every
//! disagreement, not the first.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that reports what it checked"
)]

use std::{fs, path::Path};

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use scheduler_core::{
    Config, Instant, RawConfig, RawItem,
    config::Found,
    grammar::{MonthDays, Months, WeekDays},
};
use serde_json::{Value, json};

fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn report(checked: usize, expected: usize, disagreements: &[String]) {
    println!("{checked} checked, {} disagreements", disagreements.len());
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    assert_eq!(checked, expected, "the vectors are not all there");
}

/// What an expression matches by the vectors. Where that scheduler raises an error in a month that lacks the
/// day (`31W` in February), nothing matches here.
fn expected(vector: &Value) -> Value {
    let Some(months) = vector["days"].as_object() else { return vector["months"].clone() };
    let days = |days: &Value| if days["error"].is_string() { json!([]) } else { days.clone() };
    months
        .iter()
        .map(|(month, found)| (month.clone(), days(found)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn days_of(month: &str, contains: impl Fn(NaiveDate) -> bool) -> Value {
    let first: NaiveDate = format!("{month}-01").parse().unwrap();
    let days = first.iter_days().take_while(|date| date.month() == first.month());
    days.filter(|date| contains(*date)).map(|date| date.day()).collect()
}

/// What an expression means, in the form in which the vectors give it; none if it is refused.
fn meaning(field: &str, expression: &str, expected: &Value) -> Option<Value> {
    let by_month = |contains: &dyn Fn(NaiveDate) -> bool| {
        let months = expected["days"].as_object().into_iter().flat_map(|months| months.keys());
        months
            .map(|month| (month.clone(), days_of(month, contains)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    match field {
        "weekdays" => {
            expression.parse::<WeekDays>().ok().map(|days| by_month(&|date| days.contains(date)))
        }
        "monthdays" => {
            expression.parse::<MonthDays>().ok().map(|days| by_month(&|date| days.contains(date)))
        }
        _ => expression.parse::<Months>().ok().map(|months| {
            let first = |month| NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
            (1..=12).filter(|month| months.contains(first(*month))).collect()
        }),
    }
}

#[test]
fn the_grammar_agrees() {
    let mut disagreements = Vec::new();
    let vectors = lines("grammar.jsonl");
    for vector in &vectors {
        let (field, expression) =
            (vector["field"].as_str().unwrap(), vector["expr"].as_str().unwrap());
        let expected = expected(vector);
        let actual = meaning(field, expression, vector);
        let agrees = match &actual {
            Some(actual) => vector["valid"] == true && *actual == expected,
            None => vector["valid"] == false,
        };
        if !agrees {
            disagreements
                .push(format!("{field} {expression:?}: expected {expected}, found {actual:?}"));
        }
    }
    report(vectors.len(), 766, &disagreements);
}

fn item(kind: &str, fields: &Value) -> RawItem {
    let fields = fields.as_object().unwrap().clone();
    let name = fields["name"].as_str().unwrap().to_owned();
    RawItem {
        kind: kind.into(),
        name,
        fields: fields.into_iter().filter(|(key, _)| key != "name").collect(),
    }
}

/// Compares the samples of one vector with what the schedule of that name says.
fn compare(
    id: &Value,
    raw: &RawConfig,
    name: &str,
    samples: &Value,
    disagreements: &mut Vec<String>,
) -> usize {
    let (config, mistakes) = Config::parse(raw, Tz::UTC);
    let samples = samples.as_array().unwrap();
    let Found::Schedule(schedule) = config.find(name) else {
        disagreements.push(format!("{id}: refused: {mistakes:?}"));
        return samples.len();
    };
    for sample in samples {
        let at: Instant = sample[0].as_str().unwrap().parse().unwrap();
        let wanted = schedule.wanted_at(at);
        let state = wanted.desired.to_string();
        let instance_type = json!(wanted.instance_type().map(ToString::to_string));
        let type_agrees = sample.get(2).is_none_or(|expected| *expected == instance_type);
        if sample[1] != state || !type_agrees {
            disagreements.push(format!("{id}: {sample}, found {state} {instance_type}"));
        }
    }
    samples.len()
}

#[test]
fn the_periods_agree() {
    let mut disagreements = Vec::new();
    let mut checked = 0;
    for vector in lines("periods.jsonl") {
        let period = item("period", &vector["period"]);
        let schedule =
            json!({"name": "s", "timezone": vector["timezone"], "periods": [period.name]});
        let raw = RawConfig { items: vec![item("schedule", &schedule), period] };
        checked += compare(&vector["id"], &raw, "s", &vector["samples"], &mut disagreements);
    }
    report(checked, 10_791, &disagreements);
}

#[test]
fn the_schedules_agree() {
    let mut disagreements = Vec::new();
    let mut checked = 0;
    for vector in lines("schedules.jsonl") {
        let periods =
            vector["periods"].as_array().unwrap().iter().map(|period| item("period", period));
        let schedule = item("schedule", &vector["schedule"]);
        let name = schedule.name.clone();
        let raw = RawConfig { items: periods.chain([schedule]).collect() };
        checked += compare(&vector["id"], &raw, &name, &vector["samples"], &mut disagreements);
    }
    report(checked, 13_500, &disagreements);
}
