//! What the commands print, word for word: a command line in, a transcript out.

use chrono::{DateTime, Utc};
use clap::Parser;

use crate::{args::Cli, run};

/// The example's Seollal, at ten in the morning in Seoul.
const NOW: &str = "2026-02-17T01:00:00Z";

/// Runs a command line, whose words are separated by spaces. `FILE` stands for the example.
fn transcript(line: &str) -> String {
    let words = line.split(' ').map(|word| match word {
        "FILE" => "../../examples/schedules.yaml",
        word => word,
    });
    let cli = Cli::parse_from(["scheduler-cli"].into_iter().chain(words));
    let format = cli.output.format();
    let now: DateTime<Utc> = NOW.parse().unwrap();
    let mut out = anstream::StripStream::new(Vec::new());
    let mut err = anstream::StripStream::new(Vec::new());
    let exit = run(cli, now, &mut out).unwrap_or_else(|failed| {
        failed.tell(format, &mut err).unwrap();
        failed.exit
    });
    let text = |bytes| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    let (out, err) = (text(out.into_inner()), text(err.into_inner()));
    format!("$ scheduler-cli {line}\n{out}{err}exit: {exit:?}\n")
}

fn transcripts(lines: &[&str]) -> String {
    lines.iter().map(|line| transcript(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn evaluate() {
    insta::assert_snapshot!(transcripts(&[
        "evaluate --file FILE --schedule seoul-office",
        "evaluate --file FILE --schedule seoul-office --at 2026-02-20T19:00:00+09:00 --at 2026-02-21T12:00:00+09:00 --at 2026-02-27T22:00:00Z --at 2026-02-28T23:00:00+09:00",
        "evaluate --file FILE --schedule seoul-office --at 2026-02-17T10:00:00+09:00 --format json",
        "evaluate --file FILE --schedule nightly-off --at 2026-02-17T20:00:00+09:00",
        "evaluate --file tests/data/clocks.yaml --schedule santiago",
        "evaluate --file FILE --schedule seoul-office -q [0].[desired,until]",
    ]));
}

#[test]
fn evaluate_refuses() {
    insta::assert_snapshot!(transcripts(&[
        "evaluate --file FILE --schedule soul-office",
        "evaluate --file FILE --schedule x --json",
        "evaluate --file tests/data/broken.yaml --schedule office",
        "evaluate --file tests/data/broken.yaml --schedule office --json",
        "evaluate --file tests/data/broken.yaml --schedule fine",
        "evaluate --file ../../examples/mistakes.yaml --schedule berlin",
        "evaluate --file no-such-file.yaml --schedule s",
        "evaluate --file FILE --schedule seoul-office --format ics",
        "evaluate --file FILE --schedule seoul-office -q avg([0])",
    ]));
}

#[test]
fn lint() {
    insta::assert_snapshot!(transcripts(&[
        "lint --file FILE",
        "lint --file ../../examples/mistakes.yaml",
        "lint --file tests/data/clocks.yaml",
    ]));
}

#[test]
fn lint_for_scripts() {
    insta::assert_snapshot!(transcripts(&[
        "lint --file FILE --json",
        "lint --file ../../examples/mistakes.yaml -q findings[].[line,column,severity,code,item,field,text,span]",
    ]));
}

#[test]
fn preview() {
    insta::assert_snapshot!(transcripts(&[
        "preview --file FILE --schedule seoul-office --from 2026-02-01 --to 2026-02-28",
        "preview --file FILE --schedule seoul-office --from 2026-02-27 --to 2026-02-28 --json",
        "preview --file FILE --from 2026-02-27 --to 2026-02-27 -q [].[schedule,hours]",
        "preview --file FILE --schedule seoul-office --from 2026-02-20 --to 2026-02-28 --format ics",
    ]));
}

#[test]
fn preview_when_clocks_change() {
    insta::assert_snapshot!(transcripts(&[
        "preview --file tests/data/clocks.yaml --schedule berlin --from 2026-03-28 --to 2026-03-30",
        "preview --file tests/data/clocks.yaml --schedule berlin --from 2026-10-24 --to 2026-10-26",
        "preview --file tests/data/clocks.yaml --schedule lord-howe --from 2026-04-04 --to 2026-04-06",
        "preview --file tests/data/clocks.yaml --schedule lord-howe --from 2026-10-03 --to 2026-10-05",
        "preview --file tests/data/clocks.yaml --schedule santiago --from 2026-09-05 --to 2026-09-07",
        "preview --file tests/data/clocks.yaml --schedule stops --from 2026-03-28 --to 2026-03-30",
        "preview --file tests/data/clocks.yaml --schedule berlin --from 2026-03-28 --to 2026-03-29 --json",
        // A span that reaches over the first and last day is one event, in full.
        "preview --file tests/data/clocks.yaml --schedule berlin --from 2026-03-29 --to 2026-03-29 --format ics",
    ]));
}

#[test]
fn preview_refuses() {
    insta::assert_snapshot!(transcripts(&[
        "preview --file FILE --from 2026-02-28 --to 2026-02-01",
        "preview --file FILE --from 2026-02-28 --to 2046-02-01",
        "preview --file FILE --from 1026-02-28 --to 1026-03-01",
        "preview --file tests/data/broken.yaml --from 2026-02-01 --to 2026-02-01",
    ]));
}

#[test]
fn calendar_import() {
    insta::assert_snapshot!(transcripts(&[
        "calendar import --file tests/data/holidays.ics --name kr-2026 --from 2026-01-01 --to 2026-12-31",
        "calendar import --file tests/data/holidays.ics",
        "calendar import --file tests/data/holidays.ics --from 2026-03-01 --to 2026-03-31 --json",
        "calendar import --file tests/data/holidays.ics --from 2026-12-31 --to 2026-01-01",
        "calendar import --file FILE",
    ]));
}

#[test]
fn import_instance_scheduler() {
    insta::assert_snapshot!(transcripts(&[
        "import instance-scheduler --items tests/data/instance-scheduler.json",
        "import instance-scheduler --items tests/data/instance-scheduler.json --adopt -q [kept,dropped[].item]",
        "import instance-scheduler --items tests/data/instance-scheduler-3.json",
        "import instance-scheduler --items tests/data/instance-scheduler-3.json --json",
        "import instance-scheduler --items FILE",
        "import instance-scheduler --items no-such-file.json --json",
    ]));
}

/// What is imported is understood.
#[test]
fn an_imported_calendar_is_a_section_of_a_file() {
    let text = transcript("calendar import --file tests/data/holidays.ics --name kr-2026");
    let yaml: String =
        text.lines().filter(|line| !line.starts_with(['$', 'e'])).flat_map(|l| [l, "\n"]).collect();
    let file = crate::file::File::parse("kr.yaml".into(), &yaml);
    assert!(!file.has_errors(), "{:?}", file.findings);
    assert_eq!(file.raw.items[0].fields["days"].as_object().unwrap().len(), 10);
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = transcript(&format!("completions {shell}"));
        assert!(script.contains("evaluate") && script.contains("schedule"), "{shell}");
    }
}

/// The demo's Friday at noon, asked as one asks a deployment.
#[test]
fn status() {
    insta::assert_snapshot!(transcripts(&[
        "status --demo",
        "status --demo --schedule nightly-batch --kind rds-instance --json",
    ]));
}

/// Nothing is there, and what was typed is why; or it is not.
#[test]
fn a_scope_in_which_nothing_is() {
    insta::assert_snapshot!(transcripts(&[
        "status --demo --schedule berlin-ofice",
        "status --demo --schedule no-such",
        "status --demo --schedule berlin-office --kind redshift-cluster",
        "status --demo --account 999999999999 --json",
        "status --demo --account 222222222222 --region eu-west-3",
        "run --demo --schedule berlin-ofice",
        "run --demo --dry-run --region eu-west-3 -q pass.targets",
        "doctor --demo --account 999999999999",
    ]));
}

#[test]
fn explain() {
    insta::assert_snapshot!(transcripts(&[
        "explain shop-web-1 --demo",
        "explain shop-workers --demo",
        "explain shop/api --demo",
        "explain notebook --demo",
        "explain no-such-thing --demo",
    ]));
}

#[test]
fn run_a_pass() {
    insta::assert_snapshot!(transcripts(&[
        "run --demo --dry-run --schedule berlin-office",
        "run --demo --account 222222222222 -q pass.[started,stopped,left,failed]",
    ]));
}

#[test]
fn schedules_as_code() {
    insta::assert_snapshot!(transcripts(&[
        "export --demo",
        "diff --file tests/data/changed.yaml --demo",
        "diff --file tests/data/changed.yaml --demo --prune -q changes[].[change,type,name]",
        "apply --file tests/data/changed.yaml --demo --dry-run",
        "apply --file tests/data/changed.yaml --demo --yes",
        "apply --file tests/data/broken.yaml --demo --yes",
        "lint --demo",
        "evaluate --demo --schedule berlin-office --at 2026-03-27T10:00:00Z",
    ]));
}

#[test]
fn periods_and_schedules_one_by_one() {
    insta::assert_snapshot!(transcripts(&[
        "create-period --demo --name late --begintime 12:00 --weekdays mon,fri",
        "create-period --demo --name late --begintime 25:00",
        "create-period --demo --name night --begintime 12:00",
        "update-period --demo --name night --endtime 06:00 --json",
        "update-schedule --demo --name berlin-office --retain-running --timezone Asia/Seoul",
        "update-schedule --demo --name berlin-ofice --enforced false",
        "delete-period --demo --name office-hours",
        "delete-schedule --demo --name nightly-batch",
        "describe-periods --demo",
        "describe-schedules --demo --name berlin-office --format legacy-json",
        "describe-schedule-usage --demo --name berlin-office --startdate 20260327 --enddate 20260330",
        "describe-schedule-usage --demo --name berlin-office --startdate friday",
        "status --demo --format legacy-json",
    ]));
}

#[test]
fn doctor() {
    insta::assert_snapshot!(transcripts(&[
        "doctor --demo",
        "doctor --demo --account 555555555555 --json",
    ]));
}
