//! What the page on cost says is what the script prints, and what the script counts is what is deployed.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn printed(arguments: &str) -> String {
    let output = Command::new("python3")
        .arg("scripts/cost")
        .args(arguments.split_whitespace())
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `UPDATE_DOCS=1 cargo test -p scheduler-tests` writes what is printed now into the page.
#[test]
fn the_page_shows_what_the_script_prints() {
    const FENCE: &str = "```console\n$ scripts/cost ";
    let page = read("docs/cost.md");
    let mut parts = page.split(FENCE);
    let mut expected = parts.next().unwrap().to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        let arguments = block.lines().next().unwrap();
        expected += &format!("{FENCE}{arguments}\n{}```{rest}", printed(arguments));
    }
    assert!(expected.matches(FENCE).count() >= 2, "the page has examples");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join("docs/cost.md"), &expected).unwrap();
    } else {
        assert_eq!(page, expected, "UPDATE_DOCS=1 writes it anew");
    }
}

#[test]
fn the_script_counts_what_is_deployed() {
    let (script, template) = (read("scripts/cost"), read("cloudformation/hub.yaml"));
    let value = |name: &str| -> usize {
        let line = script.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.unwrap().parse().unwrap()
    };
    let of_type = |name: &str| template.matches(&format!("Type: AWS::{name}\n")).count();
    assert_eq!(value("ALARMS"), of_type("CloudWatch::Alarm"));
    assert_eq!(value("TABLES"), of_type("DynamoDB::Table"));
    assert_eq!((of_type("CloudWatch::Dashboard"), of_type("KMS::Key")), (1, 1));
    assert_eq!(of_type("Lambda::EventSourceMapping"), 1);
    let (_, shard) =
        template.split_once("\n  TargetsPerShard:\n    Type: Number\n    Default: ").unwrap();
    let default = shard.lines().next().unwrap();
    assert!(script.contains(&format!("several(\"--targets-per-shard\", {default}, ")), "{default}");
    let hub = read("crates/scheduler-hub/src/hub.rs");
    assert!(hub.contains(&format!("const CONCURRENCY: usize = {};", value("AT_ONCE"))));
    let metrics = read("crates/scheduler-engine/src/metrics.rs");
    let (_, counters) = metrics.split_once("const COUNTERS: [&str; ").unwrap();
    let counters: usize = counters.split(']').next().unwrap().parse().unwrap();
    let of_pair = metrics.matches("` | Schedule, Kind | ").count();
    assert_eq!(value("METRICS_OF_PAIR"), of_pair - counters);
    assert_eq!(value("METRICS_OF_PASS"), metrics.matches("` | | ").count());
}

#[test]
fn the_page_names_every_line_of_the_bill() {
    let page = read("docs/cost.md");
    let printed = printed("");
    let lines = printed.lines().skip_while(|line| !line.trim().eq("USD")).skip(1);
    let names = lines.filter_map(|line| line.split_once("  ")).map(|(name, _)| name);
    for name in names.filter(|name| *name != "a month" && !name.starts_with("CloudWatch d")) {
        assert!(page.contains(&format!("| {name}")), "{name} is not explained");
    }
}
