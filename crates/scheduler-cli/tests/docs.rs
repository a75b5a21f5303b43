//! What the documentation shows is accepted: every file in it is linted by the program.

use std::{fs, path::Path, process::Command};

use scheduler_engine::doctor::Code;

/// The fenced blocks of a language in a page.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_finding_of_doctor_has_a_section() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/doctor.md")).unwrap();
    let heads: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let mut codes: Vec<_> = Code::ALL.iter().map(|code| format!("`{code}`")).collect();
    let mut sorted = heads.clone();
    sorted.sort_unstable();
    codes.sort_unstable();
    assert_eq!(sorted, codes);
}

#[test]
fn every_file_in_the_page_on_schedules_is_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/schedules.md")).unwrap();
    let blocks = blocks(&page, "yaml");
    assert!(blocks.len() >= 5, "the page has {} files", blocks.len());
    for (n, block) in blocks.iter().enumerate() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schedules-{n}.yaml"));
        fs::write(&file, block).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"))
            .arg("lint")
            .arg("--file")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
