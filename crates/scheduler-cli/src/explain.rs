//! `explain`: why nothing, or something, happens to a resource.

use scheduler_engine::{explain::Explanation, report::TargetRow};
use scheduler_hub::Request;
use serde::Deserialize;

use crate::{
    args::{Explain, Format},
    exit::{Exit, Failed},
    hub::Hub,
    show::Show,
};

/// What the hub answers.
#[derive(Debug, Deserialize)]
struct Answer {
    explanations: Vec<Explanation>,
    targets: Vec<TargetRow>,
}

pub(crate) async fn run(explain: &Explain, mut show: Show<'_>) -> Result<Exit, Failed> {
    let hub = Hub::find(&explain.hub).await?;
    let resource = hub.resource(&explain.resource).to_owned();
    let answer: Answer = hub.ask(&Request::Explain { resource, at: explain.at }).await?;
    if answer.explanations.is_empty() {
        return Err(not_found(&explain.resource, &answer.targets));
    }
    match show.format {
        Format::Json => show.json(&answer.explanations)?,
        Format::Table | Format::Ics | Format::LegacyJson => {
            for explanation in &answer.explanations {
                for sentence in &explanation.sentences {
                    writeln!(show.out, "{sentence}")?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn not_found(resource: &str, blind: &[TargetRow]) -> Failed {
    let message = format!("no managed resource is called `{resource}`");
    if blind.is_empty() {
        let help = "write its id; only what carries the schedule tag is managed: `status` lists it";
        return Failed::new("not-found", message, help);
    }
    let places = blind.iter().map(|target| format!("{} {}", target.account, target.region));
    let places = places.collect::<Vec<_>>().join(", ");
    let help = format!("it may be where nobody can look now: {places}");
    Failed::new("not-found", message, &help)
}
