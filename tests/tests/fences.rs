//! The fences between the crates: who may depend on whom, asked of cargo itself.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, process::Command};

/// The names of everything that a crate is built from, itself included.
fn dependencies(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// `forbidden` are names, or beginnings of names that end in `*`.
fn check(package: &str, forbidden: &[&str]) {
    let found = dependencies(package);
    assert!(found.contains(package), "cargo tree names {found:?}");
    let trespasses = |rule: &&str| match rule.strip_suffix('*') {
        Some(beginning) => found.iter().any(|name| name.starts_with(beginning)),
        None => found.contains(*rule),
    };
    let broken: Vec<_> = forbidden.iter().filter(|rule| trespasses(rule)).collect();
    assert!(broken.is_empty(), "{package} depends on {broken:?}");
}

#[test]
fn core_is_pure() {
    check(
        "scheduler-core",
        &["tokio", "futures*", "aws-*", "hyper", "tracing", "scheduler-engine"],
    );
}

#[test]
fn engine_knows_no_aws_and_no_front() {
    check(
        "scheduler-engine",
        &["aws-*", "aws_*", "lambda_runtime", "clap", "hyper", "scheduler-aws"],
    );
}

#[test]
fn aws_knows_no_front() {
    check("scheduler-aws", &["clap", "lambda_runtime", "scheduler-hub", "scheduler-sandbox"]);
}

#[test]
fn the_lambda_holds_no_sandbox_and_no_command_line() {
    check("scheduler-hub", &["scheduler-sandbox", "scheduler-cli", "clap"]);
}

#[test]
fn the_sandbox_knows_none_of_us_and_no_sdk() {
    check(
        "scheduler-sandbox",
        &["aws-*", "scheduler-core", "scheduler-engine", "scheduler-aws", "scheduler-hub"],
    );
}

/// `aws` translates and does not decide: it uses the engine's ports, and from core's decision the step it is to take
/// and nothing else.
#[test]
fn adapters_do_not_decide() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/scheduler-aws/src");
    let mut folders = vec![std::path::PathBuf::from(folder)];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            read += 1;
            let text = std::fs::read_to_string(&path).unwrap().replace("decision::Step", "");
            assert!(!text.contains("decision::"), "{} uses the decision", path.display());
        }
    }
    assert!(read > 20, "only {read} files were looked at");
}
