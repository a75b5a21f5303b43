//! What is taken over means the same to Dayshift as the table it was in.

use std::{fs, path::Path};

use chrono::TimeDelta;
use chrono_tz::Tz;
use proptest::{collection::vec, option, prelude::*, sample::select};
use scheduler_core::{Config, Instant, RawConfig, RawItem, lint};
use serde_json::{Map, Value, json};

use super::{report, take};
use crate::file::{self, File};

fn table(raw: &Value) -> RawConfig {
    RawConfig::from_json(&raw.to_string()).unwrap()
}

/// The fields of one schedule, taken over beside a period `p`.
fn schedule(fields: Value) -> (Value, Vec<&'static str>) {
    let raw = table(&json!({"periods": {"p": {"weekdays": "mon"}}, "schedules": {"s": fields}}));
    let taken = take::table(&raw, false);
    assert_eq!(taken.dropped, []);
    let item = taken.file.items.iter().find(|item| item.kind == "schedule").unwrap();
    (item.fields.clone().into(), taken.changes.iter().map(|change| change.change).collect())
}

#[test]
fn each_field_is_written_plainly() {
    let cases = [
        (json!({"periods": ["p"]}), json!({"periods": ["p"]}), vec!["set-to-list"]),
        (
            json!({"periods": "p, p@m5.large"}),
            json!({"periods": ["p", "p@m5.large"]}),
            vec!["text-to-list"],
        ),
        (
            json!({"override_status": "Running"}),
            json!({"override_status": "running"}),
            vec!["spelling"],
        ),
        (json!({"overwrite": true}), json!({"override_status": "running"}), vec!["overwrite"]),
        (json!({"overwrite": "False"}), json!({"override_status": "stopped"}), vec!["overwrite"]),
        (
            json!({"overwrite": true, "override_status": "stopped"}),
            json!({"override_status": "stopped"}),
            vec!["removed-overwrite"],
        ),
        (
            json!({"override_status": "running", "enforced": "True", "retain_running": "false", "hibernate": true}),
            json!({"override_status": "running", "enforced": true, "retain_running": false, "hibernate": true}),
            vec!["text-to-boolean", "text-to-boolean"],
        ),
        (
            json!({"override_status": "running", "timezone": "europe/berlin", "description": "", "use_metrics": "yes", "colour": "red"}),
            json!({"override_status": "running", "timezone": "Europe/Berlin"}),
            vec!["removed-empty", "spelling", "removed-use-metrics", "removed-unread"],
        ),
        (
            json!({"ssm_maintenance_window": ["patch-sunday", "b"]}),
            json!({"ssm_maintenance_window": ["patch-sunday", "b"]}),
            vec!["set-to-list"],
        ),
    ];
    for (fields, expected, changes) in cases {
        assert_eq!(schedule(fields.clone()), (expected, changes), "{fields}");
    }
}

#[test]
fn overwrite_counts_only_where_version_1_serves_the_table() {
    let raw = table(&json!({
        "configs": {"scheduler": {"organization_id": "", "remote_account_ids": ["111122223333"]}},
        "periods": {"p": {"weekdays": "mon"}},
        "schedules": {"s": {"periods": ["p"], "overwrite": true}},
    }));
    let taken = take::table(&raw, false);
    assert!(taken.changes.iter().any(|change| change.change == "removed-overwrite"));
    assert!(taken.file.items.iter().all(|item| !item.fields.contains_key("override_status")));
}

/// What is left out, as `item field code`.
fn left_out(raw: &Value, adopt: bool) -> Vec<String> {
    let taken = take::table(&table(raw), adopt);
    let told = |lost: &super::Dropped| {
        assert!(!lost.message.is_empty() && !lost.help.is_empty(), "{lost:?}");
        format!("{} {} {}", lost.item, lost.field, lost.code)
    };
    taken.dropped.iter().map(told).collect()
}

#[test]
fn what_cannot_be_kept_is_named_with_what_depends_on_it() {
    let raw = json!({
        "periods": {"bad": {"weekdays": "mon-fry"}, "good": {"weekdays": "mon"}},
        "schedules": {"a": {"periods": ["bad", "good"]}, "b": {"periods": ["good"]}},
        "exceptions": {"x": {"schedule": "a", "date": "2026-02-17", "closed": true}},
        "colours": {"red": {}},
    });
    let expected = [
        "periods.bad weekdays unknown-weekday",
        "schedules.a periods unknown-period",
        "colours.red type unknown-field",
        "exceptions.x schedule unknown-schedule",
    ];
    assert_eq!(left_out(&raw, false), expected);
}

#[test]
fn what_a_stack_owns_stays_its_own_unless_it_is_adopted() {
    let raw = json!({
        "periods": {"p": {"weekdays": "mon", "configured_in_stack": "arn:aws:cloudformation:eu-west-1:111122223333:stack/office/1"}},
        "schedules": {"theirs": {"periods": ["p"], "configured_in_stack": "arn:aws:cloudformation:eu-west-1:111122223333:stack/office/1"},
            "ours": {"periods": ["p"]}},
    });
    let expected = [
        "periods.p configured_in_stack owned-by-stack",
        "schedules.theirs configured_in_stack owned-by-stack",
        "schedules.ours periods unknown-period",
    ];
    assert_eq!(left_out(&raw, false), expected);
    assert_eq!(left_out(&raw, true), [""; 0]);
    let adopted = take::table(&table(&raw), true);
    assert!(adopted.file.items.iter().all(|item| !item.fields.contains_key("configured_in_stack")));
}

#[test]
fn the_settings_of_version_1_become_parameters() {
    let raw = json!({"configs": {"scheduler": {
        "tagname": "Schedule", "default_timezone": "europe/london", "regions": ["eu-west-1", "", "us-east-1", "atlantis"],
        "cross_account_roles": ["arn:aws:iam::111122223333:role/a/b", "444455556666", "{param: /team/accounts }", "{param:}", "nobody"],
        "scheduled_services": ["ec2", "rds", "s3"], "schedule_clusters": "Yes", "schedule_lambda_account": false,
        "started_tags": "state=up {year}", "stopped_tags": "a=b=c", "create_rds_snapshot": "no", "trace": true, "use_metrics": "No",
    }}});
    let taken = take::table(&table(&raw), false);
    let expected = json!({
        "Accounts": "111122223333,444455556666,{param:/team/accounts}", "AccountListParameters": "/team/accounts", "Regions": "eu-west-1,us-east-1", "Kinds": "ec2-instance,rds-instance,rds-cluster",
        "TagKey": "Schedule", "DefaultTimezone": "Europe/London", "StartedTags": "state=up {year}", "CreateRdsSnapshot": "No",
    });
    assert_eq!(serde_json::to_value(&taken.parameters).unwrap(), expected);
    assert!(!taken.serves_own_account);
    let lost: Vec<_> = taken.dropped.iter().map(|lost| lost.text.as_str()).collect();
    assert_eq!(lost, ["{param:}", "nobody", "atlantis", "s3", "a=b=c"]);
    let gone: Vec<_> = taken.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(gone, ["trace", "use_metrics"]);
    let told: Vec<_> =
        taken.differences.iter().map(|d| format!("{} {}", d.code, d.items.join(" "))).collect();
    assert_eq!(told, ["account-lists configs.scheduler"]);
}

#[test]
fn the_settings_of_version_3_become_parameters() {
    let raw = json!({"configs": {"scheduler": {"organization_id": "o-a1b2c3d4e5", "remote_account_ids": ["111122223333"]}}});
    let taken = take::table(&table(&raw), false);
    let expected = json!({"Accounts": "111122223333", "OrganizationId": "o-a1b2c3d4e5", "Kinds": "ec2-instance,rds-instance,rds-cluster,asg"});
    assert_eq!(
        (serde_json::to_value(&taken.parameters).unwrap(), taken.serves_own_account),
        (expected, true)
    );
}

#[test]
fn the_first_versions_took_snapshots_unasked() {
    let raw =
        json!({"configs": {"scheduler": {"tagname": "Schedule", "scheduled_services": ["rds"]}}});
    assert_eq!(take::table(&table(&raw), false).parameters["CreateRdsSnapshot"], "Yes");
}

/// Every parameter that is named is one of the template's.
#[test]
fn the_hubs_template_has_the_parameters() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cloudformation/hub.yaml");
    let template = fs::read_to_string(path).unwrap();
    for name in [
        "Accounts",
        "AccountListParameters",
        "OrganizationId",
        "Regions",
        "Kinds",
        "TagKey",
        "DefaultTimezone",
        "StartedTags",
        "StoppedTags",
        "CreateRdsSnapshot",
        "CodeBucket",
        "CodeKey",
        "Architecture",
        "Active",
    ] {
        assert!(template.contains(&format!("\n  {name}:\n    Type: ")), "{name}");
    }
}

#[test]
fn what_means_something_else_is_told() {
    let raw = json!({
        "configs": {"scheduler": {"enable_SSM_maintenance_windows": "No"}},
        "periods": {"night": {"begintime": "22:00", "endtime": "6:00"}, "half": {"monthdays": ["1/15"]}},
        "schedules": {
            "ignore": {"periods": ["night@m5.large"], "use_maintenance_window": true, "ssm_maintenance_window": ["w"]},
            "off": {"override_status": "stopped", "timezone": "UTC"},
            "s": {"periods": ["half"], "timezone": "UTC"},
        },
    });
    let taken = take::table(&table(&raw), false);
    let told: Vec<_> =
        taken.differences.iter().map(|d| format!("{} {}", d.code, d.items.join(" "))).collect();
    let expected = [
        "maintenance-window-by-default schedules.s",
        "override-beats-window schedules.off",
        "windows-heeded schedules.ignore",
        "default-zone schedules.ignore",
        "resized-at-the-edge schedules.ignore",
        "ignored-name schedules.ignore",
        "overnight periods.night",
        "long-step periods.half",
    ];
    assert_eq!(told, expected);
}

/// A text of the table stays on its line, so that as a comment it cannot become part of the file.
#[test]
fn a_report_of_strange_texts_is_still_a_comment() {
    let raw = json!({"periods": {"a\nschedules:": {"weekdays": "mon\r\nfry\u{1b}[1m"}}});
    let text =
        report::text(&take::table(&table(&raw), false), None, "a 'b'.yaml", Default::default());
    assert!(!text.contains(['\r', '\u{1b}']) && !text.contains("\nschedules"), "{text}");
    assert!(text.contains(r"'a '\''b'\''.yaml'"), "{text}");
}

/// The table as Dayshift reads it in place, and the file that is made of it.
struct Both {
    table: Config,
    file: File,
    dropped: usize,
}

fn both(raw: &RawConfig) -> Both {
    let taken = take::table(raw, true);
    let file = File::parse("imported.yaml".into(), &file::yaml(&taken.file, taken.zone.as_deref()));
    let zone = taken.zone.and_then(|zone| lint::default_zone(&zone).ok()).unwrap_or(Tz::UTC);
    Both { table: Config::parse(raw, zone).0, file, dropped: taken.dropped.len() }
}

/// Every schedule, times, flags and all.
fn schedules(config: &Config) -> Vec<&scheduler_core::Schedule> {
    config.schedules().collect()
}

/// The schedules whose verdicts differ, at the first instant at which they do.
fn disagreements(both: &Both, instants: &[Instant]) -> Vec<String> {
    let of_file = both.file.config.schedules();
    let pairs =
        of_file.filter_map(|schedule| Some((both.table.named(schedule.name.as_str())?, schedule)));
    let differ = |(table, file): (&scheduler_core::Schedule, &scheduler_core::Schedule)| {
        let same =
            |at: &&Instant| both.table.verdict(table, **at) == both.file.config.verdict(file, **at);
        let at = instants.iter().find(|at| !same(at))?;
        Some(format!("{}, {at}: {:?}", table.name, both.table.verdict(table, *at)))
    };
    pairs.filter_map(differ).collect()
}

fn vectors(file: &str) -> Vec<Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scheduler-core/tests/vectors").join(file);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn item(kind: &str, fields: &Value) -> RawItem {
    let mut fields = fields.as_object().unwrap().clone();
    let name = fields.remove("name").unwrap().as_str().unwrap().to_owned();
    RawItem { kind: kind.into(), name, fields }
}

/// The tables for which Instance Scheduler's own answers are known: nothing is lost, and the file answers as it does.
#[test]
fn the_file_answers_as_instance_scheduler_does() {
    let mut checked = 0;
    for vector in vectors("schedules.jsonl").into_iter().chain(vectors("periods.jsonl")) {
        let mut items: Vec<_> = match &vector["periods"] {
            Value::Array(periods) => periods.iter().map(|period| item("period", period)).collect(),
            _ => vec![item("period", &vector["period"])],
        };
        let of_period =
            json!({"name": "s", "timezone": vector["timezone"], "periods": [items[0].name]});
        items.push(item("schedule", vector.get("schedule").unwrap_or(&of_period)));
        let name = items.last().unwrap().name.clone();
        let both = both(&RawConfig { items });
        assert_eq!((both.dropped, both.file.findings.len()), (0, 0), "{vector}");
        let schedule = both.file.config.named(&name).unwrap();
        for sample in vector["samples"].as_array().unwrap() {
            let wanted = schedule.wanted_at(sample[0].as_str().unwrap().parse().unwrap());
            assert_eq!(sample[1], wanted.desired.to_string(), "{vector}");
            let instance_type = json!(wanted.instance_type().map(ToString::to_string));
            assert!(sample.get(2).is_none_or(|expected| *expected == instance_type), "{vector}");
            checked += 1;
        }
    }
    assert_eq!(checked, 24_291);
}

fn text(texts: &[&'static str]) -> impl Strategy<Value = Value> + use<> {
    select(texts.to_vec()).prop_map(Value::from)
}

/// A set, or the text with commas that older versions stored. One member in many is no good.
fn set(good: &[&'static str], bad: &'static str) -> impl Strategy<Value = Value> + use<> {
    let member = prop_oneof![40 => select(good.to_vec()), 1 => Just(bad)];
    prop_oneof![
        vec(member.clone(), 1..4).prop_map(Value::from),
        vec(member, 1..4).prop_map(|members| members.join(",").into()),
    ]
}

fn flag() -> impl Strategy<Value = Value> {
    prop_oneof![any::<bool>().prop_map(Value::from), text(&["true", "False", "TRUE", "false", ""])]
}

fn fields(
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let fields = fields.into_iter().map(|(name, value)| {
        option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    });
    fields.collect::<Vec<_>>().prop_map(|fields| fields.into_iter().flatten().collect())
}

fn period() -> impl Strategy<Value = Map<String, Value>> {
    let times = ["0:00", "08:30", "9:00", "17:00", "18:00", "22:15", "23:59"];
    fields(vec![
        ("begintime", prop_oneof![30 => text(&times), 1 => text(&["24:00"])].boxed()),
        ("endtime", text(&times).boxed()),
        (
            "weekdays",
            set(&["mon-fri", "Sat", "0", "fri-mon", "mon#1", "friL", "tuesday", "*"], "fry")
                .boxed(),
        ),
        ("monthdays", set(&["1-7", "L", "15W", "1/15", "31", "25-L"], "32").boxed()),
        ("months", set(&["jan-jun", "nov-feb", "jan/3", "12"], "smarch").boxed()),
        ("description", text(&["", "yes: no # [", "- \"a\"\n\tb", "근무 시간", "null"]).boxed()),
        (
            "configured_in_stack",
            text(&["arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1"]).boxed(),
        ),
    ])
}

fn schedule_item() -> impl Strategy<Value = Map<String, Value>> {
    fields(vec![
        ("timezone", prop_oneof![30 => text(&["Europe/Berlin", "asia/seoul", "UTC", "America/St_Johns"]), 1 => text(&["Mars"])].boxed()),
        ("periods", set(&["p0", "p1", "p2@m5.large", "p3@t3.micro", " p1 "], "p9").boxed()),
        ("override_status", option::weighted(0.1, text(&["running", "Stopped"])).prop_map(|status| status.unwrap_or(Value::Null)).boxed()),
        ("enforced", flag().boxed()),
        ("retain_running", flag().boxed()),
        ("stop_new_instances", flag().boxed()),
        ("hibernate", flag().boxed()),
        ("use_maintenance_window", flag().boxed()),
        ("ssm_maintenance_window", set(&["patch-sunday", "w 2"], "w").boxed()),
        ("use_metrics", flag().boxed()),
        ("metrics", flag().boxed()),
    ])
}

fn any_table() -> impl Strategy<Value = RawConfig> {
    let item =
        |kind: &'static str, name: String, fields| RawItem { kind: kind.into(), name, fields };
    let periods = vec(period(), 4);
    let names = select(vec!["s", "no", "9", "a: b", "büro #1", "- x", "~"]);
    let schedules = prop::collection::btree_map(names, schedule_item(), 1..4);
    let settings = fields(vec![
        ("default_timezone", text(&["Europe/Berlin", "asia/SEOUL", "UTC"]).boxed()),
        ("tagname", text(&["Schedule"]).boxed()),
    ]);
    (periods, schedules, settings).prop_map(move |(periods, schedules, settings)| {
        let periods = periods
            .into_iter()
            .enumerate()
            .map(|(n, fields)| item("period", format!("p{n}"), fields));
        let schedules =
            schedules.into_iter().map(|(name, fields)| item("schedule", name.into(), fields));
        let settings = item("config", "scheduler".into(), settings);
        RawConfig { items: periods.chain(schedules).chain([settings]).collect() }
    })
}

/// Instants all over a few years, a third of them close to midnight and the change of clocks.
fn instants() -> impl Strategy<Value = Vec<Instant>> {
    let first: Instant = "2024-01-01T00:00:00Z".parse().unwrap();
    let clocks: Instant = "2026-03-29T00:00:00Z".parse().unwrap();
    let at = prop_oneof![
        2 => (0..4 * 366 * 24 * 60i64).prop_map(move |minutes| first + TimeDelta::minutes(minutes)),
        1 => (-180..180i64).prop_map(move |minutes| clocks + TimeDelta::minutes(minutes)),
    ];
    vec(at, 12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_file_means_what_the_table_means((raw, instants) in (any_table(), instants())) {
        let both = both(&raw);
        let errors = both.file.findings.iter().filter(|finding| !finding.mistake.code.is_warning());
        prop_assert_eq!(errors.count(), 0, "{}", both.file.text);
        // What is left out is exactly what does not count in the table either.
        prop_assert_eq!(schedules(&both.table), schedules(&both.file.config));
        let disagreements = disagreements(&both, &instants);
        prop_assert_eq!(disagreements, Vec::<String>::new(), "{}", both.file.text);
    }

    #[test]
    fn without_mistakes_nothing_is_left_out((raw, _) in (any_table(), Just(()))) {
        let has_errors = Config::parse(&raw, Tz::UTC).1.iter().any(|mistake| !mistake.code.is_warning());
        prop_assert_eq!(both(&raw).dropped > 0, has_errors);
    }
}
