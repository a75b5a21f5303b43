//! The hub's own part: parameters, tables, stored schedules.

use scheduler_aws::{
    Aws,
    doctor::{Key, Table},
};
use scheduler_core::{
    Config, Mistake, Settings, mistake,
    resource::{Failure, FailureCode},
};
use scheduler_engine::doctor::{Code, Examination, Finding, Severity};

/// How many mistakes of schedules are named.
const NAMED: usize = 5;

/// The attribute of the StateTable that says when an item may go.
const EXPIRES: &str = "expires";

/// A deployment as far as it can be used.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) settings: Settings,
    pub(super) config: Config,
    /// Whether memories can be read, as far as anybody knows.
    pub(super) has_state: bool,
}

/// Looks at the parameters, and then at what they name. None if they leave nothing to look at.
pub(super) async fn examine(
    aws: &Aws,
    prefix: &str,
    found: &mut Examination,
) -> Option<Deployment> {
    let settings = settings(aws, prefix, found).await?;
    let (config_key, state_key) = (key("type", "name"), key("target", "resource"));
    let (has_config, has_state) = futures::join!(
        table(aws, &settings.config_table, &config_key, "config-table"),
        table(aws, &settings.state_table, &state_key, "state-table"),
    );
    found.checked.tables += 2;
    let has_config = keep(has_config, found);
    let has_state = keep(has_state, found);
    if has_state {
        found.findings.extend(expiry(aws, &settings.state_table).await);
    }
    let config =
        if has_config { schedules(aws, &settings, found).await } else { Config::default() };
    Some(Deployment { settings, config, has_state })
}

async fn settings(aws: &Aws, prefix: &str, found: &mut Examination) -> Option<Settings> {
    let parameters = match aws.parameters(prefix).await {
        Ok(parameters) => parameters,
        Err(failure) => {
            let help = "the function's role needs ssm:GetParametersByPath there, and kms:Decrypt for a SecureString under a key \
                        of your own: update the hub's stack";
            let code = Code::ParametersUnreadable;
            found.findings.push(Finding::new(code, prefix, failure.message, help));
            return None;
        }
    };
    found.checked.parameters = parameters.len();
    let (settings, mistakes) = match Settings::parse(&parameters, aws.home()) {
        Ok((settings, mistakes)) => (Some(settings), mistakes),
        Err(mistakes) => (None, mistakes),
    };
    found.findings.extend(mistakes.into_iter().map(|mistake| {
        let (severity, place) = (severity(&mistake), format!("{prefix}/{}", mistake.field));
        Finding::new(Code::BadParameter, place, mistake.message, mistake.help).but(severity)
    }));
    settings
}

fn severity(mistake: &Mistake) -> Severity {
    match mistake.code {
        // What is past keeps nobody from anything.
        mistake::Code::Expired => Severity::Note,
        code if code.is_warning() => Severity::Warning,
        _ => Severity::Error,
    }
}

fn key(hash: &str, range: &str) -> Key {
    Key { hash: format!("{hash} (S)"), range: Some(format!("{range} (S)")) }
}

/// Keeps what was found of a table, and says whether it can be used.
fn keep(finding: Option<Finding>, found: &mut Examination) -> bool {
    let is_usable = finding.as_ref().is_none_or(|finding| finding.severity == Severity::Note);
    found.findings.extend(finding);
    is_usable
}

/// What is wrong with a table, which `parameter` names.
async fn table(aws: &Aws, name: &str, wanted: &Key, parameter: &str) -> Option<Finding> {
    match aws.table(name).await {
        Ok(table) => misshapen(name, &table, wanted, parameter),
        Err(failure) => Some(untold(name, failure, parameter)),
    }
}

fn misshapen(name: &str, table: &Table, wanted: &Key, parameter: &str) -> Option<Finding> {
    if table.key != *wanted {
        let message = format!("its key is {}; it must be {}", shown(&table.key), shown(wanted));
        let help = format!(
            "a table's key cannot be changed: create another, and name it in the parameter {parameter}"
        );
        return Some(Finding::new(Code::TableKey, name, message, help));
    }
    if !table.is_ready {
        let message = format!("its status is {}", table.status);
        let help = "wait until it is ACTIVE; if its key is not accessible, enable that key again";
        return Some(Finding::new(Code::TableNotReady, name, message, help));
    }
    None
}

fn shown(key: &Key) -> String {
    [Some(&key.hash), key.range.as_ref()]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(", ")
}

fn untold(name: &str, failure: Failure, parameter: &str) -> Finding {
    if failure.code == FailureCode::NotFound {
        let help = format!(
            "write the name of a table that is there to the parameter {parameter}, or update the hub's stack"
        );
        return Finding::new(Code::TableMissing, name, "there is no such table", help);
    }
    unexamined(name, failure)
}

fn unexamined(name: &str, failure: Failure) -> Finding {
    let help = "the function's role needs dynamodb:DescribeTable and dynamodb:DescribeTimeToLive on its tables: \
                update the hub's stack";
    Finding::new(Code::TableUnexamined, name, failure.message, help)
}

async fn expiry(aws: &Aws, name: &str) -> Option<Finding> {
    let attribute = match aws.expiry(name).await {
        Ok(attribute) if attribute.as_deref() == Some(EXPIRES) => return None,
        Ok(attribute) => attribute,
        Err(failure) => return Some(unexamined(name, failure)),
    };
    let message = match attribute {
        None => "nothing expires: memories of resources that are gone stay for ever".to_owned(),
        Some(other) => format!("its items expire by `{other}`; they must by `{EXPIRES}`"),
    };
    let help = format!(
        "aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification Enabled=true,AttributeName={EXPIRES}"
    );
    Some(Finding::new(Code::TableExpiry, name, message, help))
}

async fn schedules(aws: &Aws, settings: &Settings, found: &mut Examination) -> Config {
    let table = &settings.config_table;
    let raw = match aws.config(table).await {
        Ok(raw) => raw,
        Err(failure) => {
            let help = "the function's role needs dynamodb:Scan on it: update the hub's stack";
            let code = Code::SchedulesUnreadable;
            found.findings.push(Finding::new(code, table, failure.message, help));
            return Config::default();
        }
    };
    let (config, mut mistakes) = Config::parse(&raw, settings.default_zone);
    mistakes.extend(config.expired(aws.now()));
    found.checked.schedules = config.schedules().count();
    found.findings.extend(mistaken(mistakes, table));
    config
}

/// The first few mistakes, the worst first, and how many there are beside them.
fn mistaken(mut mistakes: Vec<Mistake>, table: &str) -> Vec<Finding> {
    mistakes.sort_by_key(severity);
    let rest = mistakes.split_off(mistakes.len().min(NAMED));
    let mut findings: Vec<_> = mistakes
        .into_iter()
        .map(|mistake| {
            let severity = severity(&mistake);
            let message = match mistake.field.as_str() {
                "" => mistake.message,
                field => format!("{field}: {}", mistake.message),
            };
            Finding::new(Code::ScheduleMistake, mistake.item, message, mistake.help).but(severity)
        })
        .collect();
    if let Some(worst) = rest.first() {
        let message = format!("there are {} more mistakes", rest.len());
        let help = "every pass names all of them in its log, and `scheduler-cli lint` in a file";
        let more = Finding::new(Code::ScheduleMistake, table, message, help);
        findings.push(more.but(severity(worst)));
    }
    findings
}
