//! The exit codes of the program itself, as scripts see them.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

fn check(arguments: &str, expected: i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"))
        .args(arguments.split(' '))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{arguments}: {words}");
    // Words go to stderr, and a result is not mixed with them.
    assert_eq!(output.stderr.is_empty(), expected == 0 || arguments.starts_with("lint"), "{words}");
}

#[test]
fn every_command_ends_with_its_code() {
    let cases = [
        ("--version", 0),
        ("evaluate --help", 0),
        ("evaluate --file ../../examples/schedules.yaml --schedule seoul-office", 0),
        ("evaluate --file ../../examples/schedules.yaml --schedule seoul", 2),
        ("evaluate --file ../../examples/schedules.yaml --schedule seoul-office --at today", 2),
        ("evaluate --file tests/data/broken.yaml --schedule office --json", 2),
        ("lint --file ../../examples/schedules.yaml", 0),
        ("lint --file ../../examples/mistakes.yaml", 2),
        ("lint --file ../../examples/mistakes.yaml --json", 2),
        ("preview --file ../../examples/schedules.yaml --from 2026-02-01 --to 2026-02-02", 0),
        ("preview --file ../../examples/schedules.yaml --from 2026-02-01 --to 2026-13-02", 2),
        ("calendar import --file tests/data/holidays.ics", 0),
        ("calendar import --file tests/data/clocks.yaml", 2),
        ("import instance-scheduler --items tests/data/instance-scheduler-3.json", 0),
        ("import instance-scheduler --items tests/data/instance-scheduler.json", 1),
        ("import instance-scheduler --items tests/data/clocks.yaml", 2),
        ("import instance-scheduler", 2),
        ("doctor", 2),
        ("no-such-command", 2),
    ];
    for (arguments, expected) in cases {
        check(arguments, expected);
    }
}
