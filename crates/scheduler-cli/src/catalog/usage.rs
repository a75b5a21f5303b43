//! `describe-schedule-usage`: the hours that a schedule runs.

use scheduler_core::{Instant, RawConfig, catalog::legacy};
use serde_json::{Value, json};

use super::{
    edit::{legacy_json, unknown},
    items,
};
use crate::{
    args::{Format, Usage},
    exit::{Exit, Failed},
    hub::Hub,
    show::Show,
};

pub(crate) async fn run(usage: &Usage, now: Instant, mut show: Show<'_>) -> Result<Exit, Failed> {
    let items = items(&Hub::find(&usage.hub).await?).await?;
    let zone = items.default_timezone.parse().unwrap_or_default();
    let stored = RawConfig { items: items.items };
    let key =
        scheduler_core::catalog::ItemKey { kind: "schedule".into(), name: usage.name.clone() };
    if stored.get(&key).is_none() {
        return Err(unknown(&key, &stored));
    }
    let request = legacy::Request::usage_of(
        &usage.name,
        usage.startdate.as_deref(),
        usage.enddate.as_deref(),
    );
    let reply = request.reply(&stored, zone, now).map_err(|message| {
        Failed::usage("usage", message, "write dates as in 20260217, the earlier one first")
    })?;
    let days = rows(&reply.answer);
    match show.format {
        Format::LegacyJson => legacy_json(&reply.answer, &mut show)?,
        Format::Json => show.json(&json!({"schedule": usage.name, "days": days}))?,
        Format::Table | Format::Ics => {
            let cells: Vec<_> = days
                .iter()
                .map(|day| {
                    vec![
                        day["date"].as_str().unwrap_or_default().to_owned(),
                        day["begun_hours"].to_string(),
                        format!("{:.2}", day["seconds"].as_f64().unwrap_or_default() / 3600.0),
                    ]
                })
                .collect();
            show.columns(&["DATE", "BEGUN HOURS", "HOURS"], &cells)?;
        }
    }
    Ok(Exit::Done)
}

fn rows(answer: &Value) -> Vec<Value> {
    let days = answer["Usage"].as_object().into_iter().flatten();
    days.map(|(date, day)| json!({"date": date, "begun_hours": day["BillingHours"], "seconds": day["BillingSeconds"]}))
        .collect()
}
