//! Files as people write them: what reaches core, and where each mistake is found.

use chrono_tz::Tz;
use proptest::prelude::*;
use scheduler_core::{
    Config, RawConfig,
    catalog::{
        check,
        declared::{self, Stack},
    },
};
use serde_json::{Value, json};

use super::{File, draw, tree, tree::Node};

fn file(text: &str) -> File {
    File::parse("f.yaml".into(), text)
}

/// Each finding as `line:column code text-of-the-place`.
fn found(text: &str) -> Vec<String> {
    let file = file(text);
    let rows = file.findings.iter().map(|finding| {
        let row = serde_json::to_value(super::FindingRow::of(finding, &file)).unwrap();
        let (line, column) = (row["line"].as_u64().unwrap(), row["column"].as_u64().unwrap());
        let place = &file.text[finding.place.clone()];
        format!("{line}:{column} {} `{place}`", row["code"].as_str().unwrap())
    });
    rows.collect()
}

/// What core gets of one field of one period.
fn field(value: &str) -> Value {
    let file = file(&format!("periods:\n  p:\n    f: {value}\n"));
    file.raw.items[0].fields["f"].clone()
}

#[test]
fn values_reach_core_as_they_were_written() {
    let cases = [
        // What YAML 1.1 would take for 32,400 seconds, a date, yes and no, octal and so on.
        ("09:00", json!("09:00")),
        ("2026-01-01", json!("2026-01-01")),
        ("on", json!("on")),
        ("No", json!("No")),
        ("True", json!("True")),
        ("010", json!("010")),
        ("0x1f", json!("0x1f")),
        (".5", json!(".5")),
        ("1_000", json!("1_000")),
        ("mon#1", json!("mon#1")),
        ("cron(0 20 ? * MON-FRI *)", json!("cron(0 20 ? * MON-FRI *)")),
        // What JSON has, too.
        ("true", json!(true)),
        ("9", json!(9)),
        ("-1.5e3", json!(-1500.0)),
        ("null", Value::Null),
        ("~", Value::Null),
        ("", Value::Null),
        // In quotation marks it is a text.
        ("\"9\"", json!("9")),
        ("'true'", json!("true")),
        ("\"\"", json!("")),
        ("!!str 9", json!("9")),
        ("\"\\u00e9\\t\\\"\"", json!("é\t\"")),
        ("'it''s'", json!("it's")),
        ("[mon, \"tue\", 3]", json!(["mon", "tue", 3])),
        ("{ a: { b: [1] } }", json!({"a": {"b": [1]}})),
        ("|\n      two\n      lines", json!("two\nlines\n")),
        (">-\n      one\n      line", json!("one line")),
    ];
    for (written, expected) in cases {
        assert_eq!(field(written), expected, "{written}");
    }
}

#[test]
fn json_is_read_as_it_stands() {
    let text = "{\n\t\"periods\": {\n\t\t\"p\": {\"weekdays\": [\"mon-fry\"], \"begintime\":\t\"09:00\"}\n\t},\n\t\"schedules\": {\"s\": {\"periods\": [\"p\"]}}\n}\n";
    let expected = ["3:27 unknown-weekday `fry`", "5:35 unknown-period `p`"];
    assert_eq!(found(text), expected);
    assert_eq!(found(&text.replace(['\n', '\t'], ""))[0], "1:38 unknown-weekday `fry`");
    assert_eq!(found("{}"), [""; 0]);
}

#[test]
fn every_mistake_is_found_where_it_stands() {
    let head = "schedules: { s: { periods: p } }\nperiods:\n";
    let cases = [
        // Characters of several bytes, byte order marks and Windows line ends before the place.
        ("  p: { description: \"오피스\", weekdays: mon-fry }", "3:42 unknown-weekday `fry`"),
        // The right member of the right list.
        ("  p:\n    weekdays:\n      - mon\n      - tue, fry", "6:14 unknown-weekday `fry`"),
        ("  p: { weekdays: 'mon-fry' }", "3:23 unknown-weekday `fry`"),
        // Escapes make the text and what is written differ: then it is the whole value.
        ("  p: { weekdays: \"m\\u006fn-fry\" }", "3:18 unknown-weekday `\"m\\u006fn-fry\"`"),
        ("  p: { weekdays: mon, wekdays: tue }", "3:23 unknown-field `wekdays`"),
        ("  p: { begintime: 9 }", "3:19 wrong-type `9`"),
        ("  p: { weekdays: [1, true] }", "3:18 wrong-type `[1, true]`"),
        ("  p: { months: [] }", "3:16 empty `[]`"),
        ("  p:", "3:3 missing `p`"),
        ("  p: nine to five", "3:6 wrong-type `nine to five`"),
        ("  p: { weekdays: mon, weekdays: tue }", "3:23 duplicate `weekdays`"),
        ("  p: { weekdays: mon }\nperiod: {}", "4:1 unknown-section `period`"),
        ("  p: { weekdays: mon, description: !Ref Days }", "3:36 syntax `!Ref Days`"),
        (
            "  p: { weekdays: mon }\ncalendars:\n  c:\n    days:\n      '2026-02-17': holiday\n      2026-02-30: holiday x",
            "8:7 bad-date `2026-02-30: holiday x`",
        ),
        ("  p: { weekdays: mon, [a]: b }", "3:23 syntax `[a]`"),
    ];
    for (period, expected) in cases {
        let text = format!("{head}{period}\n");
        let own = |found: Vec<String>| {
            found.into_iter().filter(|found| !found.contains("1:28")).collect::<Vec<_>>()
        };
        assert_eq!(own(found(&text)), [expected], "{text}");
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(own(found(&windows)), [expected], "{windows:?}");
    }
}

#[test]
fn the_same_mistake_twice_is_found_in_two_places() {
    let text = "schedules: { s: { periods: [p, q, p] } }";
    let expected = ["p`", "q`", "p`"].iter().zip([29, 32, 35]);
    let expected: Vec<_> =
        expected.map(|(name, column)| format!("1:{column} unknown-period `{name}")).collect();
    assert_eq!(found(text), expected);
}

#[test]
fn what_is_no_yaml_is_a_finding_too() {
    let cases = [
        ("periods: {", "1:11 syntax ``"),
        ("periods:\n\tp: {}", "2:2 syntax `p`"),
        ("periods:\n  p: { weekdays: * }", "2:18 syntax `*`"),
        ("periods: \"open", "1:10 syntax `\"`"),
        ("periods: {}\n---\nschedules: {}", "2:1 syntax `---`"),
        ("- a\n- b", "1:1 wrong-type `- a\n- b`"),
        ("just text", "1:1 wrong-type `just text`"),
        ("periods: [a]", "1:10 wrong-type `[a]`"),
        ("default_timezone: [a]", "1:19 wrong-type `[a]`"),
        ("default_timezone: Asia/Soul", "1:19 unknown-timezone `Asia/Soul`"),
        ("a: &a [*a]", "1:8 syntax `*a`"),
        ("a: *nothing", "1:4 syntax `*`"),
    ];
    for (text, expected) in cases {
        let found = found(text);
        assert!(found.contains(&expected.to_owned()), "{text:?}: {found:?}");
    }
    for nothing in ["", "# only words\n", "---\n", "periods:\nschedules: ~\n", "null"] {
        assert_eq!(found(nothing), [""; 0], "{nothing:?}");
    }
}

#[test]
fn anchors_save_writing() {
    let text = "periods:\n  a: &a { weekdays: mon-fri, begintime: '09:00' }\n  b: { <<: *a, begintime: '10:00' }\nschedules:\n  s: { periods: &p [a, b] }\n  t: { periods: *p }\n";
    let file = file(text);
    assert_eq!(file.findings.len(), 0, "{:?}", file.findings);
    let b = &file.raw.items[1].fields;
    assert_eq!((&b["weekdays"], &b["begintime"]), (&json!("mon-fri"), &json!("10:00")));
}

#[test]
fn a_file_cannot_exhaust_memory_or_stack() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, other) in ('a'..'k').zip('b'..'l') {
        let aliases = vec![format!("*{one}"); 10].join(", ");
        bomb.push_str(&format!("{other}: &{other} [{aliases}]\n"));
    }
    assert!(found(&bomb)[0].contains("syntax"));
    let deep = format!("periods: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(found(&deep)[0].contains("syntax"));
}

#[test]
fn a_file_on_one_long_line_is_drawn_briefly() {
    let words = "x".repeat(10_000);
    let file = file(&format!(
        r#"{{"periods": {{"p": {{"description": "{words}", "weekdays": "fry"}}}}}}"#
    ));
    let drawn = draw(&file, &file.findings[0]);
    assert!(drawn.len() < 1000 && drawn.contains("fry"), "{drawn}");
}

/// Pieces that mean something to YAML or to us, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "periods",
        "schedules",
        "p",
        "s",
        ":",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "#",
        " #",
        "&a ",
        "*a",
        "<<",
        "!x ",
        "|\n",
        ">-\n",
        "---\n",
        "\t",
        "?",
        "weekdays",
        "mon-fry",
        "default_timezone: ",
        "설날",
        "\r\n",
        "\\u00e9",
        "null",
        "9",
        "\u{feff}",
        "%",
        "@m5.large",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the text: no panic, and every place can be drawn.
    #[test]
    fn no_text_causes_a_panic(text in prop_oneof![pieces(), ".*"]) {
        let file = file(&text);
        for finding in &file.findings {
            prop_assert!(file.text.get(finding.place.clone()).is_some());
            prop_assert!(!draw(&file, finding).is_empty());
        }
    }
}

/// Text, as CloudFormation hands on every value.
fn handed_on(node: &Node) -> Value {
    match &node.value {
        tree::Value::Scalar { text, .. } => text.as_str().into(),
        tree::Value::List(members) => members.iter().map(handed_on).collect(),
        tree::Value::Map(entries) => {
            entries.iter().map(|(key, node)| (key.text.clone(), handed_on(node))).collect()
        }
    }
}

#[test]
fn the_example_of_a_template_declares_schedules() {
    const STACK: Stack<'_> =
        Stack { id: "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0a1b" };
    let template = include_str!("../../../../examples/template.yaml");
    let (root, problems) = tree::parse(&template.replace("!Ref ", "").replace("!GetAtt ", ""));
    assert!(problems.is_empty(), "{problems:?}");
    let template = handed_on(&root.unwrap());
    let (none, mut stored) = (RawConfig::default(), RawConfig::default());
    for resource in template["Resources"].as_object().unwrap().values() {
        let properties = resource["Properties"].as_object().unwrap();
        let items = declared::items(resource["Type"].as_str().unwrap(), properties, STACK).unwrap();
        let changes = declared::changes(&stored, &none, &items, STACK).unwrap();
        assert_eq!(check(&stored, &changes, Tz::UTC, Some(STACK.id)), Ok(()));
        stored = stored.with(&changes);
    }
    let (_, mistakes) = Config::parse(&stored, Tz::UTC);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let schedules = stored.items.iter().filter(|item| item.kind == "schedule");
    assert_eq!(
        schedules.map(|item| &item.name).collect::<Vec<_>>(),
        ["shop-nights", "shop-office"]
    );
}
