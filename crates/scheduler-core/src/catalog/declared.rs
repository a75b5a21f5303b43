//! Schedules that a CloudFormation template declares, as the properties of a custom resource.
//!
//! `Custom::DayshiftSchedules` takes the sections of a file of schedules (`Periods`, `Schedules`, `Calendars`,
//! `Exceptions`), each a map from names to fields as in the ConfigTable. `Custom::ServiceInstanceSchedule` takes what
//! Instance Scheduler on AWS takes: one schedule with its periods, whose names it makes.

use serde_json::{Map, Value, json};

use super::{Change, Fields, ItemKey, OWNER, canonical};
use crate::{RawConfig, RawItem};

/// One schedule as Instance Scheduler on AWS declares it.
pub const SERVICE_INSTANCE_SCHEDULE: &str = "Custom::ServiceInstanceSchedule";
/// Any number of items, as in a file of schedules.
pub const DAYSHIFT_SCHEDULES: &str = "Custom::DayshiftSchedules";

/// What CloudFormation itself adds to a custom resource's properties.
const CLOUDFORMATIONS: [&str; 2] = ["ServiceToken", "ServiceTimeout"];

const SECTIONS: [(&str, &str); 4] = [
    ("Periods", "period"),
    ("Schedules", "schedule"),
    ("Calendars", "calendar"),
    ("Exceptions", "exception"),
];

/// Properties of [`SERVICE_INSTANCE_SCHEDULE`], and the fields they become. Two mean nothing here.
const OF_SCHEDULES: [(&str, Option<&str>); 11] = [
    ("Description", Some("description")),
    ("Timezone", Some("timezone")),
    ("Enforced", Some("enforced")),
    ("Hibernate", Some("hibernate")),
    ("RetainRunning", Some("retain_running")),
    ("StopNewInstances", Some("stop_new_instances")),
    ("SsmMaintenanceWindow", Some("ssm_maintenance_window")),
    ("UseMaintenanceWindow", Some("use_maintenance_window")),
    ("OverrideStatus", Some("override_status")),
    ("Metrics", None),
    ("Overwrite", None),
];

const OF_PERIODS: [(&str, Option<&str>); 6] = [
    ("Description", Some("description")),
    ("BeginTime", Some("begintime")),
    ("EndTime", Some("endtime")),
    ("MonthDays", Some("monthdays")),
    ("Months", Some("months")),
    ("WeekDays", Some("weekdays")),
];

/// Why a declaration is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDeclaration {
    /// There is no such type of resource.
    #[error(
        "`{0}` is no type of resource here; write {DAYSHIFT_SCHEDULES} or {SERVICE_INSTANCE_SCHEDULE}"
    )]
    UnknownType(String),
    /// There is no such property.
    #[error("`{property}` is no property of {of}{}", suggestion(.closest.as_deref()))]
    UnknownProperty {
        /// The property.
        property: String,
        /// Of what.
        of: &'static str,
        /// The property that may be meant.
        closest: Option<String>,
    },
    /// A property has a value of another shape.
    #[error("`{property}` has to be {expected}")]
    WrongShape {
        /// The property.
        property: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// An item is there already, and nobody's template has declared it.
    #[error(
        "the {0} is there already, and this stack has not declared it; delete it or take another name"
    )]
    Taken(ItemKey),
}

fn suggestion(closest: Option<&str>) -> String {
    closest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The stack that declares something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack<'a> {
    /// Its ARN, which CloudFormation calls its id.
    pub id: &'a str,
}

impl<'a> Stack<'a> {
    /// Its name: `arn:aws:cloudformation:eu-west-1:111122223333:stack/NAME/UUID`.
    pub fn name(&self) -> &'a str {
        self.id.split('/').nth(1).unwrap_or(self.id)
    }
}

/// The items that a resource of some type and properties declares, marked as the stack's.
///
/// # Errors
///
/// If the type is unknown, or a property is unknown or of another shape. What the values mean is for
/// [`check`](super::check) to say.
pub fn items(
    resource_type: &str,
    properties: &Map<String, Value>,
    stack: Stack<'_>,
) -> Result<RawConfig, BadDeclaration> {
    let mut items = match resource_type {
        DAYSHIFT_SCHEDULES => sections(properties)?,
        SERVICE_INSTANCE_SCHEDULE => schedule(properties, stack)?,
        other => return Err(BadDeclaration::UnknownType(other.to_owned())),
    };
    for item in &mut items {
        item.fields = canonical(&item.fields);
        item.fields.insert(OWNER.into(), stack.id.into());
    }
    Ok(RawConfig { items })
}

/// The changes that bring what is stored from what the resource declared before to what it declares now. Items that have
/// come into other hands since are not deleted.
///
/// # Errors
///
/// If an item is there that the stack has not declared.
pub fn changes(
    stored: &RawConfig,
    before: &RawConfig,
    now: &RawConfig,
    stack: Stack<'_>,
) -> Result<Vec<Change>, BadDeclaration> {
    let is_own = |fields: &Fields| fields.get(OWNER).and_then(Value::as_str) == Some(stack.id);
    let mut changes = Vec::new();
    for item in &now.items {
        let (key, before) = (item.key(), stored.get(&item.key()));
        match before {
            Some(fields) if !is_own(fields) => return Err(BadDeclaration::Taken(key)),
            Some(fields) if canonical(fields) == item.fields => {}
            Some(_) | None => {
                let (before, after) = (before.cloned(), Some(item.fields.clone()));
                changes.push(Change { key, before, after });
            }
        }
    }
    for item in &before.items {
        let key = item.key();
        if now.get(&key).is_none()
            && let Some(fields) = stored.get(&key).filter(|fields| is_own(fields))
        {
            changes.push(Change { key, before: Some(fields.clone()), after: None });
        }
    }
    Ok(changes)
}

fn sections(properties: &Map<String, Value>) -> Result<Vec<RawItem>, BadDeclaration> {
    let known = SECTIONS.map(|(section, _)| section);
    only(properties, &known, DAYSHIFT_SCHEDULES)?;
    let mut items = Vec::new();
    for (section, kind) in SECTIONS {
        let Some(value) = properties.get(section) else { continue };
        let wrong = |property: String| BadDeclaration::WrongShape {
            property,
            expected: "a map from names to fields",
        };
        for (name, fields) in value.as_object().ok_or_else(|| wrong(section.into()))? {
            let fields = fields.as_object().ok_or_else(|| wrong(format!("{section}.{name}")))?;
            items.push(RawItem { kind: kind.into(), name: name.clone(), fields: fields.clone() });
        }
    }
    Ok(items)
}

fn schedule(
    properties: &Map<String, Value>,
    stack: Stack<'_>,
) -> Result<Vec<RawItem>, BadDeclaration> {
    let known: Vec<&str> = OF_SCHEDULES.iter().map(|(property, _)| *property).collect();
    only(
        properties,
        &[&known[..], &["NoStackPrefix", "Name", "Periods"]].concat(),
        SERVICE_INSTANCE_SCHEDULE,
    )?;
    let given = properties.get("Name").and_then(Value::as_str).unwrap_or_default();
    let is_plain = properties.get("NoStackPrefix").is_some_and(is_true);
    let name = match (is_plain, given) {
        (_, "") => stack.name().to_owned(),
        (true, given) => given.to_owned(),
        (false, given) => format!("{}-{given}", stack.name()),
    };
    let periods = match properties.get("Periods") {
        None => &[],
        Some(Value::Array(periods)) => periods.as_slice(),
        Some(_) => {
            let property = "Periods".to_owned();
            return Err(BadDeclaration::WrongShape { property, expected: "a list of periods" });
        }
    };
    let (mut items, mut uses) = (Vec::new(), Vec::new());
    for (n, declared) in periods.iter().enumerate() {
        let wrong = || BadDeclaration::WrongShape {
            property: format!("Periods[{n}]"),
            expected: "a map of properties",
        };
        let declared = declared.as_object().ok_or_else(wrong)?;
        let known = OF_PERIODS.map(|(property, _)| property);
        only(declared, &[&known[..], &["InstanceType"]].concat(), "a period")?;
        let period = format!("{name}-period-{:04}", n + 1);
        uses.push(match declared.get("InstanceType").and_then(Value::as_str) {
            Some(instance_type) if !instance_type.is_empty() => format!("{period}@{instance_type}"),
            Some(_) | None => period.clone(),
        });
        let fields = renamed(declared, &OF_PERIODS);
        items.push(RawItem { kind: "period".into(), name: period, fields });
    }
    let mut fields = renamed(properties, &OF_SCHEDULES);
    fields.insert("periods".into(), json!(uses));
    items.push(RawItem { kind: "schedule".into(), name, fields });
    Ok(items)
}

fn renamed(properties: &Map<String, Value>, names: &[(&str, Option<&str>)]) -> Fields {
    let of = |(property, field): &(&str, Option<&str>)| {
        Some(((*field)?.to_owned(), properties.get(*property)?.clone()))
    };
    names.iter().filter_map(of).collect()
}

fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true)
        || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// Refuses properties that nobody knows.
fn only(
    properties: &Map<String, Value>,
    known: &[&str],
    of: &'static str,
) -> Result<(), BadDeclaration> {
    let unknown = properties
        .keys()
        .find(|name| !known.contains(&name.as_str()) && !CLOUDFORMATIONS.contains(&name.as_str()));
    let Some(property) = unknown else { return Ok(()) };
    let score = |name: &str| strsim::jaro_winkler(property, name);
    let closest = known.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b)));
    Err(BadDeclaration::UnknownProperty {
        property: property.clone(),
        of,
        closest: closest.filter(|name| score(name) > 0.8).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{super::check, *};

    const STACK: Stack<'_> =
        Stack { id: "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0a1b" };

    fn of(resource_type: &str, properties: Value) -> Result<RawConfig, BadDeclaration> {
        items(resource_type, properties.as_object().unwrap(), STACK)
    }

    fn office(periods: usize) -> Value {
        let period = json!({"BeginTime": "09:00", "EndTime": "17:00", "WeekDays": ["mon-fri"], "InstanceType": "m5.large"});
        json!({
            "ServiceToken": "arn:aws:lambda:...", "Name": "office", "Timezone": "Europe/Berlin",
            "Enforced": "true", "Periods": vec![period; periods],
        })
    }

    #[test]
    fn a_schedule_is_declared_as_in_instance_scheduler() {
        let items = of(SERVICE_INSTANCE_SCHEDULE, office(2)).unwrap();
        let told: Vec<_> = items.items.iter().map(|item| item.key().to_string()).collect();
        let expected = [
            "period shop-office-period-0001",
            "period shop-office-period-0002",
            "schedule shop-office",
        ];
        assert_eq!(told, expected);
        let fields = Value::Object(items.items[2].fields.clone());
        let expected = json!({
            "periods": ["shop-office-period-0001@m5.large", "shop-office-period-0002@m5.large"],
            "timezone": "Europe/Berlin", "enforced": true, "configured_in_stack": STACK.id,
        });
        assert_eq!(fields, expected);
        let changes = changes(&RawConfig::default(), &RawConfig::default(), &items, STACK).unwrap();
        assert_eq!(check(&RawConfig::default(), &changes, Tz::UTC, Some(STACK.id)), Ok(()));
    }

    #[test]
    fn what_is_no_longer_declared_is_deleted() {
        let none = RawConfig::default();
        let two = of(SERVICE_INSTANCE_SCHEDULE, office(2)).unwrap();
        let one = of(SERVICE_INSTANCE_SCHEDULE, office(1)).unwrap();
        let stored = none.with(&changes(&none, &none, &two, STACK).unwrap());
        let update = changes(&stored, &two, &one, STACK).unwrap();
        let told: Vec<_> = update.iter().map(|c| format!("{} {}", c.verb(), c.key)).collect();
        let expected = ["update schedule shop-office", "delete period shop-office-period-0002"];
        assert_eq!(told, expected);
        assert_eq!(check(&stored, &update, Tz::UTC, Some(STACK.id)), Ok(()));
        // Deleted, and deleted once more.
        let stored = stored.with(&update);
        let deletion = changes(&stored, &one, &none, STACK).unwrap();
        assert_eq!(stored.with(&deletion), none);
        assert_eq!(changes(&none, &one, &none, STACK), Ok(vec![]));
    }

    #[test]
    fn what_others_have_made_is_neither_taken_nor_deleted() {
        let none = RawConfig::default();
        let declared =
            of(DAYSHIFT_SCHEDULES, json!({"Periods": {"late": {"begintime": "12:00"}}})).unwrap();
        let by_hand =
            RawConfig::from_json(r#"{"periods": {"late": {"begintime": "10:00"}}}"#).unwrap();
        let taken = changes(&by_hand, &none, &declared, STACK).unwrap_err();
        assert_eq!(
            taken.to_string(),
            "the period late is there already, and this stack has not declared it; delete it or take another name"
        );
        assert_eq!(changes(&by_hand, &declared, &none, STACK), Ok(vec![]));
    }

    #[test]
    fn a_mistake_names_its_property() {
        for (resource_type, properties, word) in [
            ("Custom::Schedule", json!({}), "no type of resource"),
            (SERVICE_INSTANCE_SCHEDULE, json!({"TimeZone": "UTC"}), "did you mean `Timezone`?"),
            (SERVICE_INSTANCE_SCHEDULE, json!({"Periods": "office"}), "a list of periods"),
            (
                SERVICE_INSTANCE_SCHEDULE,
                json!({"Periods": [{"Begintime": "09:00"}]}),
                "did you mean `BeginTime`?",
            ),
            (DAYSHIFT_SCHEDULES, json!({"Periods": {"late": "12:00"}}), "`Periods.late` has to be"),
        ] {
            let error = of(resource_type, properties).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
