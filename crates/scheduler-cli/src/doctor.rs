//! `doctor`: what keeps a deployment from doing its work, and what to do about it.

use chrono::TimeDelta;
use scheduler_aws::{Aws, function::Function};
use scheduler_core::{Instant, resource::Failure};
use scheduler_engine::doctor::{Checked, Code, Examination, Finding, Severity};
use scheduler_hub::{Door, Request, doctor::Diagnosis};
use serde::Serialize;
use tokio::time::Instant as Moment;

use crate::{
    args::{Doctor, Format},
    exit::{Exit, Failed},
    hub::Hub,
    scope,
    show::{Show, plural},
};

/// How far clocks may differ. AWS refuses signatures that are five minutes off.
const APART: TimeDelta = TimeDelta::seconds(60);

/// What the function runs on.
const RUNTIME: &str = "provided.al2023";

/// The least time that `hub.yaml` gives the function.
const LEAST_SECONDS: i32 = 30;

/// The least memory that Lambda gives a function.
const LEAST_MB: i32 = 128;

/// What scripts read.
#[derive(Debug, Serialize)]
struct Rows<'a> {
    #[serde(flatten)]
    examination: &'a Examination,
    omitted: usize,
}

pub(crate) async fn run(doctor: &Doctor, now: Instant, mut show: Show<'_>) -> Result<Exit, Failed> {
    let scope = doctor.place.scope();
    let hub = Hub::find(&doctor.hub).await?;
    let request = Request::Doctor { scope: scope.clone() };
    let asked = Moment::now();
    let Diagnosis { at, mut examination, omitted } = hub.ask(&request).await?;
    if let Hub::Stack { aws, stack } = &hub {
        let function = &Door::Scheduler.function_of(stack);
        let waited = TimeDelta::from_std(asked.elapsed()).unwrap_or_default();
        examination.findings.extend(clock(&at, now, waited));
        examination.findings.extend(deployed(aws, function).await);
    }
    let examination = examination.sorted();
    match show.format {
        Format::Json => show.json(&Rows { examination: &examination, omitted })?,
        Format::Table | Format::Ics | Format::LegacyJson => {
            table(&examination, omitted, &mut show)?
        }
    }
    if examination.has_findings() {
        return Ok(Exit::Failed);
    }
    scope::check_place(&scope, examination.checked.targets)?;
    Ok(Exit::Done)
}

/// Whether the function's clock, read while it was asked, shows another time than ours.
fn clock(at: &str, now: Instant, waited: TimeDelta) -> Option<Finding> {
    let theirs: Instant = at.parse().ok()?;
    let behind = theirs - (now + waited);
    let ahead = now - theirs;
    let apart = behind.max(ahead);
    if apart <= APART {
        return None;
    }
    let which = if behind > ahead { "behind" } else { "ahead of" };
    let message =
        format!("this computer's clock is {} s {which} the function's", apart.num_seconds());
    let help = "set this computer's clock; from five minutes on, AWS refuses what it signs";
    Some(Finding::new(Code::Clock, "this computer", message, help))
}

/// How the function is deployed, as far as whoever asks may see.
async fn deployed(aws: &Aws, function: &str) -> Vec<Finding> {
    let (shape, is_open) = tokio::join!(aws.function(function), aws.is_open_to_rules(function));
    let mut findings = match shape {
        Ok(shape) => misfits(function, &shape),
        Err(failure) => vec![unseen(function, &failure)],
    };
    match is_open {
        Ok(true) => {}
        Ok(false) => {
            let message =
                "no rule of EventBridge may invoke it, so that passes run only when somebody asks";
            let help = "update the hub's stack, which allows its schedule rule to";
            findings.push(Finding::new(Code::FunctionRule, function, message, help));
        }
        Err(failure) => findings.push(unseen(function, &failure)),
    }
    findings
}

fn unseen(function: &str, failure: &Failure) -> Finding {
    let help =
        "credentials with lambda:GetFunctionConfiguration and lambda:GetPolicy on it see more";
    Finding::new(Code::FunctionUnexamined, function, failure.message.clone(), help)
}

fn misfits(name: &str, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Function { runtime, timeout, memory, trouble } = function;
    if runtime != RUNTIME {
        let message = format!("its runtime is {runtime}; it is made for {RUNTIME}");
        let help = "update the hub's stack with this version of hub.yaml";
        findings.push(Finding::new(Code::FunctionRuntime, name, message, help));
    }
    let mut limits = |message: String, help: &str| {
        findings.push(Finding::new(Code::FunctionLimits, name, message, help));
    };
    if *timeout < LEAST_SECONDS {
        let help = "update the hub's stack with Timeout=300";
        limits(format!("it is ended after {timeout} s, of which a pass uses 5 s less"), help);
    }
    if *memory < LEAST_MB {
        limits(format!("it has {memory} MB"), "update the hub's stack with MemorySize=256");
    }
    if let Some(trouble) = trouble {
        limits(format!("it is not ready: {trouble}"), "look at the function in Lambda's console");
    }
    findings
}

fn table(examination: &Examination, omitted: usize, show: &mut Show<'_>) -> Result<(), Failed> {
    let head = ["", "AREA", "PLACE", "FINDING"];
    let bold = anstyle::Style::new().bold();
    if !examination.findings.is_empty() {
        let rows: Vec<_> = examination.findings.iter().enumerate().map(cells).collect();
        show.columns(&head, &rows)?;
        writeln!(show.out, "\n{bold}WHAT TO DO{bold:#}")?;
        for (n, finding) in examination.findings.iter().enumerate() {
            writeln!(show.out, "{}. {}: {}", n + 1, finding.code, finding.help)?;
        }
        writeln!(show.out)?;
    }
    if omitted > 0 {
        writeln!(show.out, "{} left out; ask for one account", plural(omitted, "finding"))?;
    }
    Ok(writeln!(show.out, "{}", summary(examination))?)
}

fn cells((n, finding): (usize, &Finding)) -> Vec<String> {
    let severity = finding.severity.as_str();
    vec![
        format!("{}. {severity}", n + 1),
        finding.code.area().into(),
        finding.place.clone(),
        finding.message.clone(),
    ]
}

/// `1 error, 0 warnings, 0 notes; looked at 6 parameters, ...`
fn summary(examination: &Examination) -> String {
    let count = |severity| {
        examination.findings.iter().filter(|finding| finding.severity == severity).count()
    };
    let found = [
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning"),
        plural(count(Severity::Note), "note"),
    ];
    let Checked { parameters, tables, schedules, accounts, targets, resources, permissions } =
        examination.checked;
    let looked_at = [
        plural(parameters, "parameter"),
        plural(tables, "table"),
        plural(schedules, "schedule"),
        plural(accounts, "account"),
        plural(targets, "target"),
        plural(resources, "resource"),
        plural(permissions, "permission"),
    ];
    format!("{}; looked at {}", found.join(", "), looked_at.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_missing_permission_as_people_see_it() {
        let help = "update the spoke stack in account 222222222222 with this version of spoke.yaml and RdsInstances=Yes";
        let message = "the hub's role may not rds:StopDBInstance";
        let missing = Finding::new(Code::MissingPermission, "aws/222222222222", message, help);
        let checked = Checked {
            parameters: 6,
            tables: 2,
            schedules: 1,
            accounts: 2,
            targets: 2,
            resources: 1,
            permissions: 71,
        };
        let examination = Examination { findings: vec![missing], checked };
        let mut out = anstream::StripStream::new(Vec::new());
        let mut show = Show { format: Format::Table, query: None, out: &mut out };
        table(&examination, 0, &mut show).unwrap();
        insta::assert_snapshot!(String::from_utf8(out.into_inner()).unwrap());
    }

    #[test]
    fn clocks_may_differ_by_a_minute_and_by_the_time_that_the_answer_took() {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        for (at, waited, expected) in [
            ("2026-03-02T09:00:01Z", 2, None),
            ("2026-03-02T09:01:20Z", 30, None),
            ("2026-03-02T09:02:00Z", 30, Some("90 s behind")),
            ("2026-03-02T08:58:00Z", 30, Some("120 s ahead of")),
        ] {
            let found = clock(at, now, TimeDelta::seconds(waited));
            let said = found.as_ref().map(|finding| finding.message.as_str());
            assert_eq!(said.is_some(), expected.is_some(), "{at}");
            assert!(expected.is_none_or(|words| said.unwrap().contains(words)), "{said:?}");
        }
    }

    #[test]
    fn a_function_that_is_deployed_as_the_template_says_has_no_findings() {
        let good = Function { runtime: RUNTIME.into(), timeout: 300, memory: 256, trouble: None };
        assert_eq!(misfits("f", &good), []);
        for (function, code) in [
            (Function { runtime: "python3.13".into(), ..good.clone() }, Code::FunctionRuntime),
            (Function { timeout: 3, ..good.clone() }, Code::FunctionLimits),
            (Function { trouble: Some("image".into()), ..good }, Code::FunctionLimits),
        ] {
            let codes: Vec<_> = misfits("f", &function).iter().map(|one| one.code).collect();
            assert_eq!(codes, [code]);
        }
    }
}
