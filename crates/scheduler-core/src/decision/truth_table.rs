//! The whole policy as one snapshot: a change of policy shows as changed rows.

use std::fmt::Write;

use super::*;
use crate::{
    ResourceKey,
    marks::Marks,
    memory::{Aim, ForWindow, InFlight, Outcome, Overridden},
    resource::{Failure, FailureCode},
    size::{Scaling, Size},
    verdict::Rule,
    window::Purpose,
};

const OLDER: &str = "2026-03-01T18:00:00Z";
const EDGE: &str = "2026-03-02T09:00:00Z";
const NOW: &str = "2026-03-02T09:30:00Z";

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The memories that a decision can meet, each with a name.
fn memories() -> Vec<(&'static str, Option<Memory>)> {
    let blank = || Memory::blank(at(OLDER), "s");
    let settled = |desired, edge| blank().settle(desired, Some(at(edge)));
    let failure = Failure { code: FailureCode::NoCapacity, message: "none left".into() };
    vec![
        ("never seen", None),
        ("running, this edge", Some(settled(Desired::Running, EDGE))),
        ("running, older edge", Some(settled(Desired::Running, OLDER))),
        ("stopped, this edge", Some(settled(Desired::Stopped, EDGE))),
        ("stopped, older edge", Some(settled(Desired::Stopped, OLDER))),
        ("any, this edge", Some(settled(Desired::Any, EDGE))),
        ("any, older edge", Some(settled(Desired::Any, OLDER))),
        (
            "running and retained",
            Some(Memory { retained: true, ..settled(Desired::Running, OLDER) }),
        ),
        (
            "stopped, start in flight",
            Some(Memory { in_flight: Some(InFlight::Start), ..settled(Desired::Stopped, OLDER) }),
        ),
        (
            "running, stop in flight",
            Some(Memory { in_flight: Some(InFlight::Stop), ..settled(Desired::Running, OLDER) }),
        ),
        (
            "stopped, start failed",
            Some(Memory {
                attempts: 1,
                last_error: Some(failure.clone()),
                ..settled(Desired::Stopped, OLDER)
            }),
        ),
        (
            "running, stop failed",
            Some(Memory {
                attempts: 1,
                last_error: Some(failure.clone()),
                ..settled(Desired::Running, OLDER)
            }),
        ),
        (
            "another schedule's",
            Some(Memory { schedule: "other".into(), ..settled(Desired::Running, EDGE) }),
        ),
        ("first stop failed", Some(Memory { attempts: 1, last_error: Some(failure), ..blank() })),
    ]
}

/// The flags that change a decision, each with a name.
fn schedules() -> Vec<(&'static str, Schedule)> {
    let plain = || Schedule::new("s".parse().unwrap(), chrono_tz::UTC);
    let soon = chrono::TimeDelta::minutes(59);
    vec![
        ("plain", plain()),
        ("enforced", Schedule { enforcement: Enforcement::Always, ..plain() }),
        ("enforce_for 59m", Schedule { enforcement: Enforcement::For(soon), ..plain() }),
        ("retain_running", Schedule { retain_running: true, ..plain() }),
        (
            "enforce_for, retain",
            Schedule { enforcement: Enforcement::For(soon), retain_running: true, ..plain() },
        ),
        (
            "enforced, keep new",
            Schedule { enforcement: Enforcement::Always, stop_new_instances: false, ..plain() },
        ),
        ("keep new", Schedule { stop_new_instances: false, ..plain() }),
    ]
}

fn verdict(desired: Desired) -> Verdict {
    Verdict {
        desired,
        instance_type: None,
        rule: Rule::Period,
        name: None,
        overridden_by: None,
        since: Some(at(EDGE)),
        until: None,
    }
}

fn resource(kind: Kind, observed: Observed) -> Resource {
    let key = ResourceKey { kind, id: "r-1".parse().unwrap() };
    Resource::new(key, Marks::of("s"), observed)
}

fn cell(decision: &Decision) -> String {
    let action = match &decision.action {
        Action::Act(step, Cause::Desired) => step.intent().as_str().to_uppercase(),
        Action::Act(step, cause) => {
            format!("{}, {}", step.intent().as_str().to_uppercase(), word(cause))
        }
        Action::Leave(why) => why.code().to_owned(),
    };
    let types = decision.action.step().map_or(String::new(), choice);
    let memory =
        decision.memory.as_ref().map_or(String::new(), |memory| format!(" [{}]", told(memory)));
    format!("{action}{types}{memory}")
}

/// The types to choose from, if there is a choice.
fn choice(step: &Step) -> String {
    match step {
        Step::Start { types, .. } | Step::Resize { types } if types.len() > 1 => {
            let types: Vec<_> = types.iter().map(InstanceType::as_str).collect();
            format!(" as {}", types.join(", "))
        }
        Step::Start { .. } | Step::Resize { .. } | Step::Stop { .. } => String::new(),
    }
}

fn word(cause: &Cause) -> &'static str {
    match cause {
        Cause::Desired => "desired",
        Cause::Window { .. } => "window open",
        Cause::WindowOver => "window over",
        Cause::RestartedByAws => "restarted by AWS",
        Cause::FellBack(_) => "fell back",
        Cause::InstanceType(_) => "another type",
        Cause::ScalingSuspended => "scaling suspended",
    }
}

fn told(memory: &Memory) -> String {
    let mut words = vec![match (memory.in_flight, memory.settled) {
        (Some(InFlight::Start), _) => "starting".to_owned(),
        (Some(InFlight::Stop), _) => "stopping".to_owned(),
        (Some(InFlight::Resize), _) => "resizing".to_owned(),
        (None, settled) => settled.map_or("nothing".into(), |desired| desired.to_string()),
    }];
    words.extend(memory.retained.then(|| "retained".into()));
    words.extend(memory.size.map(|size| format!("size {size}")));
    words.extend(
        memory.window.map(|window| {
            if window.ours { "for a window" } else { "given up for a window" }.into()
        }),
    );
    words.extend(memory.restarts_at.map(|_| "restarts by itself".into()));
    words.extend((memory.falls > 0).then(|| format!("falls {}", memory.falls)));
    words.extend(memory.retry_at.map(|at| format!("again {}", at.format("%H:%M"))));
    words.extend(memory.refused.as_ref().map(|refused| format!("refused {refused}")));
    words.extend(memory.overridden.as_ref().map(|overridden| format!("under {}", overridden.by)));
    words.join(", ")
}

/// What is looked at, with the usual answers for what does not matter.
struct Look<'a> {
    resource: &'a Resource,
    schedule: &'a Schedule,
    verdict: &'a Verdict,
    window: Option<&'a (Opening, Asks)>,
    memory: Option<&'a Memory>,
}

impl<'a> Look<'a> {
    fn case(&self) -> Case<'a> {
        let Look { resource, schedule, verdict, window, memory } = *self;
        Case { now: at(NOW), resource, schedule, verdict, window, memory }
    }
}

/// Whatever is observed and remembered, for each flag.
fn the_common_cases(table: &mut String) {
    for desired in [Desired::Running, Desired::Stopped, Desired::Any] {
        for observed in
            [Observed::Running, Observed::Stopped, Observed::InTransition, Observed::Gone]
        {
            writeln!(table, "\ndesired {desired}, observed {}", observed.as_str()).unwrap();
            write!(table, "  {:24}", "remembered").unwrap();
            schedules().iter().for_each(|(name, _)| write!(table, " | {name:34}").unwrap());
            table.push('\n');
            for (name, memory) in memories() {
                let (verdict, resource) = (verdict(desired), resource(Kind::Ec2Instance, observed));
                let (verdict, resource, memory) = (&verdict, &resource, memory.as_ref());
                let decided = |schedule| {
                    cell(&decide(
                        &Look { resource, schedule, verdict, window: None, memory }.case(),
                    ))
                };
                let cells: Vec<_> =
                    schedules().iter().map(|(_, schedule)| decided(schedule)).collect();
                write!(table, "  {name:24}").unwrap();
                if cells.iter().all(|cell| *cell == cells[0]) {
                    writeln!(table, " | {}, whatever the flags", cells[0]).unwrap();
                } else {
                    cells.iter().for_each(|cell| write!(table, " | {cell:34}").unwrap());
                    table.push('\n');
                }
            }
        }
    }
}

const OPENED: &str = "2026-03-02T09:20:00Z";

fn window(asks: Asks) -> (Opening, Asks) {
    let (opened, until) = (at(OPENED), at("2026-03-02T10:00:00Z"));
    (Opening { purpose: Purpose::Maintenance, name: "w".into(), opened, until }, asks)
}

/// The memories that a window leaves behind.
fn memories_of_windows() -> Vec<(&'static str, Memory)> {
    let stopped = || Memory::blank(at(OLDER), "s").settle(Desired::Stopped, Some(at(EDGE)));
    let ours = Some(ForWindow { opened: at(OPENED), ours: true });
    let not_ours = Some(ForWindow { opened: at(OPENED), ours: false });
    let last = |time: &str| Some(LastAction { action: InFlight::Start, at: at(time) });
    vec![
        ("stopped, this edge", stopped()),
        ("stopped, older edge", Memory { edge: Some(at(OLDER)), ..stopped() }),
        (
            "started for it just now",
            Memory { window: ours, last: last("2026-03-02T09:28:00Z"), ..stopped() },
        ),
        ("started for it a while ago", Memory { window: ours, last: last(OPENED), ..stopped() }),
        (
            "its start failed",
            Memory { window: not_ours, attempts: 1, last: last(OPENED), ..stopped() },
        ),
        ("given up for it", Memory { window: not_ours, ..stopped() }),
        (
            "started for one before",
            Memory { window: Some(ForWindow { opened: at(OLDER), ours: true }), ..stopped() },
        ),
    ]
}

fn the_windows(table: &mut String) {
    let open = [None, Some(window(Asks::ToRun)), Some(window(Asks::ToBeSpared))];
    let schedule = Schedule::new("s".parse().unwrap(), chrono_tz::UTC);
    for desired in [Desired::Running, Desired::Stopped, Desired::Any] {
        for observed in [Observed::Running, Observed::Stopped] {
            writeln!(table, "\nwindows: desired {desired}, observed {}", observed.as_str())
                .unwrap();
            writeln!(
                table,
                "  {:26} | {:42} | {:48} | not to be stopped",
                "remembered", "none open", "open, to run"
            )
            .unwrap();
            for (name, memory) in memories_of_windows() {
                let (verdict, resource) = (verdict(desired), resource(Kind::RdsInstance, observed));
                let cells = open.iter().map(|window| {
                    let (window, memory) = (window.as_ref(), Some(&memory));
                    let look = Look {
                        resource: &resource,
                        schedule: &schedule,
                        verdict: &verdict,
                        window,
                        memory,
                    };
                    cell(&decide(&look.case()))
                });
                let cells: Vec<_> = cells.collect();
                writeln!(table, "  {name:26} | {:42} | {:48} | {}", cells[0], cells[1], cells[2])
                    .unwrap();
            }
        }
    }
}

/// Cases of their own: each a name and what is decided.
fn the_others(table: &mut String) {
    let plain = Schedule::new("s".parse().unwrap(), chrono_tz::UTC);
    let settled = |desired| Memory::blank(at(OLDER), "s").settle(desired, Some(at(EDGE)));
    let mut say = |name: &str,
                   resource: &Resource,
                   schedule: &Schedule,
                   verdict: &Verdict,
                   memory: Memory| {
        let look = Look { resource, schedule, verdict, window: None, memory: Some(&memory) };
        writeln!(table, "  {name:62} | {}", cell(&decide(&look.case()))).unwrap();
    };
    let (run, rest) = (verdict(Desired::Running), verdict(Desired::Stopped));

    let database = |observed| resource(Kind::RdsInstance, observed);
    let week = Some(at("2026-03-02T09:10:00Z"));
    let resting = Resource { restarts_at: week, ..database(Observed::Stopped) };
    say(
        "a database at rest that AWS will start",
        &resting,
        &plain,
        &rest,
        settled(Desired::Stopped),
    );
    let known = || Memory { restarts_at: week, ..settled(Desired::Stopped) };
    say("it runs, and its time had come", &database(Observed::Running), &plain, &rest, known());
    let early =
        || Memory { restarts_at: Some(at("2026-03-05T00:00:00Z")), ..settled(Desired::Stopped) };
    say("it runs, long before its time", &database(Observed::Running), &plain, &rest, early());
    let lasting = Schedule { retain_running: true, ..plain.clone() };
    let rested = Memory { retained: true, edge: Some(at(OLDER)), ..known() };
    say(
        "the same, and a person's is retained",
        &database(Observed::Running),
        &lasting,
        &rest,
        Memory { restarts_at: early().restarts_at, ..rested.clone() },
    );
    say(
        "it had rested for an override, and its time had come",
        &database(Observed::Running),
        &lasting,
        &rest,
        rested,
    );

    let tried = |action, desired| Memory {
        last: Some(LastAction { action, at: at(OLDER) }),
        attempts: 1,
        ..settled(desired)
    };
    let instance = |observed| resource(Kind::Ec2Instance, observed);
    let (up, down) = (instance(Observed::Running), instance(Observed::Stopped));
    let start_failed = || tried(InFlight::Start, Desired::Stopped);
    let stop_failed = || tried(InFlight::Stop, Desired::Running);
    let start_unknown = Memory { in_flight: Some(InFlight::Start), ..start_failed() };
    let stop_unknown = Memory { in_flight: Some(InFlight::Stop), ..stop_failed() };
    say(
        "it runs: we had tried to start it, and it is to rest again",
        &up,
        &plain,
        &rest,
        start_unknown,
    );
    say("the same, and that start had failed", &up, &plain, &rest, start_failed());
    say(
        "it rests: we had tried to stop it, and it is to run again",
        &down,
        &plain,
        &run,
        stop_unknown,
    );
    say("the same, and that stop had failed", &down, &plain, &run, stop_failed());

    let no_capacity = Failure { code: FailureCode::NoCapacity, message: "none left".into() };
    let fallen =
        Resource { fell: Some(no_capacity), ..resource(Kind::Ec2Instance, Observed::Stopped) };
    say("a start that AWS took back", &fallen, &plain, &run, settled(Desired::Running));
    let again =
        |time: &str| Memory { falls: 1, retry_at: Some(at(time)), ..settled(Desired::Running) };
    say(
        "the same, before it is to be tried again",
        &fallen,
        &plain,
        &run,
        again("2026-03-02T09:35:00Z"),
    );
    say("the same, when it is", &fallen, &plain, &run, again("2026-03-02T09:30:00Z"));
    let twice = || Memory { falls: 1, ..settled(Desired::Running) };
    say("it fell once more", &fallen, &plain, &run, twice());
    say("it runs at last", &resource(Kind::Ec2Instance, Observed::Running), &plain, &run, twice());
    say(
        "at the next edge all is forgiven",
        &fallen,
        &plain,
        &run,
        Memory { edge: Some(at(OLDER)), ..twice() },
    );
    let fallen_as = |name: &str| {
        let mut resource = Resource { instance_type: name.parse().ok(), ..fallen.clone() };
        resource.marks.preferred_types =
            ["m5.large", "m5a.large", "m6i.large"].map(|name| name.parse().unwrap()).into();
        resource
    };
    let first = fallen_as("m5.large");
    say("it is to be tried again, and other types may do", &first, &plain, &run, again(NOW));
    say("the same, and it fell as the second", &fallen_as("m5a.large"), &plain, &run, again(NOW));
    say("the same, as the last", &fallen_as("m6i.large"), &plain, &run, again(NOW));
    say("the same, as what it was before", &fallen_as("t3.micro"), &plain, &run, again(NOW));
    let key = Failure { code: FailureCode::EncryptionKey, message: "disabled".into() };
    let locked = Resource { fell: Some(key), ..first.clone() };
    say("the same, for its key", &locked, &plain, &run, again(NOW));
    let start_failed = Memory { attempts: 1, ..twice() };
    say("no other type was to be had then", &first, &plain, &run, start_failed);
    let older = Memory { edge: Some(at(OLDER)), ..twice() };
    say("at the next edge the first comes first", &first, &plain, &run, older);

    let wanted = || Some("m5.large".parse().unwrap());
    let large = Verdict { instance_type: wanted(), ..verdict(Desired::Running) };
    let small = |observed| Resource {
        instance_type: Some("t3.micro".parse().unwrap()),
        ..resource(Kind::Ec2Instance, observed)
    };
    let yesterday = || Memory { edge: Some(at(OLDER)), ..settled(Desired::Stopped) };
    say("another type is wanted, at rest", &small(Observed::Stopped), &plain, &large, yesterday());
    say(
        "another type is wanted, running",
        &small(Observed::Running),
        &plain,
        &large,
        Memory { edge: Some(at(OLDER)), ..settled(Desired::Running) },
    );
    let resizing = || Memory { in_flight: Some(InFlight::Resize), ..settled(Desired::Running) };
    say("stopped to be resized", &small(Observed::Stopped), &plain, &large, resizing());
    say(
        "stopped to be resized, at this instant",
        &small(Observed::Stopped),
        &plain,
        &large,
        Memory { at: at(NOW), ..resizing() },
    );
    say(
        "stopped to be resized, and should rest now",
        &small(Observed::Stopped),
        &plain,
        &rest,
        resizing(),
    );
    say(
        "stopped to be resized, and nobody minds now",
        &small(Observed::Stopped),
        &plain,
        &verdict(Desired::Any),
        resizing(),
    );
    let refused = || Memory { refused: wanted(), ..settled(Desired::Running) };
    say("the type was refused at this edge", &small(Observed::Running), &plain, &large, refused());
    say(
        "the type was refused at an older edge",
        &small(Observed::Running),
        &plain,
        &large,
        Memory { edge: Some(at(OLDER)), ..refused() },
    );
    say(
        "resized by hand since",
        &small(Observed::Running),
        &plain,
        &large,
        settled(Desired::Running),
    );
    let lasting = Schedule { retain_running: true, ..plain.clone() };
    say(
        "another type is wanted, and a person's is retained",
        &small(Observed::Running),
        &lasting,
        &large,
        yesterday(),
    );

    let group =
        |observed, size: Size| Resource { size: Some(size), ..resource(Kind::Asg, observed) };
    let three = || Size { min: 1, desired: 3, max: 5, scaling: None };
    let up = Memory { edge: Some(at(OLDER)), ..settled(Desired::Running) };
    say("a group that is to rest", &group(Observed::Running, three()), &plain, &rest, up.clone());
    let stopping = Memory { in_flight: Some(InFlight::Stop), size: Some(three()), ..up };
    say(
        "a second stop, at another size",
        &group(Observed::Running, Size::count(1)),
        &plain,
        &rest,
        stopping,
    );
    let saved = Memory { size: Some(three()), ..yesterday() };
    say(
        "a group that is to run, size on record",
        &group(Observed::Stopped, Size::NOUGHT),
        &plain,
        &run,
        saved.clone(),
    );
    say(
        "a group that is to run, size not on record",
        &group(Observed::Stopped, Size::NOUGHT),
        &plain,
        &run,
        yesterday(),
    );
    let tagged = |text: &str| {
        let mut resource = group(Observed::Stopped, Size::NOUGHT);
        resource.marks.size = Some(text.into());
        resource
    };
    say("the same, with a size tag", &tagged("1-2-4"), &plain, &run, yesterday());
    say("the same, with one that is none", &tagged("many"), &plain, &run, yesterday());
    let on = Scaling { scales_in: true, scales_out: true, scheduled: true };
    let scaled = |scaling| Size { scaling: Some(scaling), ..three() };
    let service = Resource {
        size: Some(scaled(Scaling::SUSPENDED)),
        ..resource(Kind::EcsService, Observed::Running)
    };
    let remembered = Memory { size: Some(scaled(on)), ..yesterday() };
    say(
        "a service that a person started, its scaling suspended",
        &service,
        &plain,
        &run,
        remembered,
    );
    let any = verdict(Desired::Any);
    let half_stopped = |desired| Memory {
        size: Some(scaled(on)),
        last: Some(LastAction { action: InFlight::Stop, at: at(OLDER) }),
        attempts: 1,
        ..settled(desired)
    };
    let stop_failed = half_stopped(Desired::Running);
    let start_failed = Memory {
        last: Some(LastAction { action: InFlight::Start, at: at(OLDER) }),
        ..stop_failed.clone()
    };
    let by_hand = Memory { size: Some(scaled(on)), ..settled(Desired::Any) };
    for (name, verdict, memory) in [
        ("a stop that failed half-way, and nobody minds now", &any, stop_failed.clone()),
        ("the same, and that it be resumed failed too", &any, start_failed),
        ("the same, and it is to run after all, at no edge", &run, stop_failed.clone()),
        ("the same, and it is to rest still", &rest, stop_failed),
        ("suspended, not by an attempt of ours, and nobody minds", &any, by_hand),
    ] {
        say(name, &service, &plain, verdict, memory);
    }
    let bare = |observed, desired| Resource {
        size: Some(Size { desired, ..three() }),
        ..resource(Kind::EcsService, observed)
    };
    let had_scaling = |memory| Memory { size: Some(scaled(on)), edge: Some(at(OLDER)), ..memory };
    for (name, observed, desired, verdict, memory) in [
        ("its scaling is gone, to run", Observed::Stopped, 0, &run, settled(Desired::Stopped)),
        ("its scaling is gone, running", Observed::Running, 3, &run, settled(Desired::Stopped)),
        ("larger than at the last stop", Observed::Running, 4, &rest, settled(Desired::Any)),
    ] {
        let service = bare(observed, desired);
        let memory = had_scaling(memory);
        say(name, &service, &plain, verdict, memory.clone());
        let look = Look {
            resource: &service,
            schedule: &plain,
            verdict,
            window: None,
            memory: Some(&memory),
        };
        let scaling = match decide(&look.case()).action.step() {
            Some(Step::Start { size, .. } | Step::Stop { size, .. }) => {
                size.and_then(|size| size.scaling)
            }
            Some(Step::Resize { .. }) | None => None,
        };
        assert_eq!(scaling, None, "{name}");
    }
}

fn the_falls_in_a_window(table: &mut String) {
    let plain = Schedule::new("s".parse().unwrap(), chrono_tz::UTC);
    let (rest, opening) = (verdict(Desired::Stopped), window(Asks::ToRun));
    let no_capacity = Failure { code: FailureCode::NoCapacity, message: "none left".into() };
    let fallen =
        Resource { fell: Some(no_capacity), ..resource(Kind::Ec2Instance, Observed::Stopped) };
    for (name, retry_at) in [
        ("a start for a window that AWS took back", None),
        ("the same, when it is to be tried again", Some(at(NOW))),
    ] {
        let window = Some(ForWindow { opened: at(OPENED), ours: true });
        let before = Memory::blank(at(OLDER), "s").settle(Desired::Stopped, Some(at(EDGE)));
        let look = Look {
            resource: &fallen,
            schedule: &plain,
            verdict: &rest,
            window: Some(&opening),
            memory: Some(&Memory { window, retry_at, ..before }),
        };
        writeln!(table, "  {name:62} | {}", cell(&decide(&look.case()))).unwrap();
    }
}

/// An override that says from when it holds has an edge; one that does not has none.
fn override_of(name: &str, desired: Desired) -> Verdict {
    Verdict {
        rule: Rule::Override,
        overridden_by: Some(name.into()),
        since: None,
        until: Some(at("2026-03-02T10:00:00Z")),
        ..verdict(desired)
    }
}

fn the_overrides(table: &mut String) {
    let settled = |desired| Memory::blank(at(OLDER), "s").settle(desired, Some(at(OLDER)));
    let under = |name: &str, until: &str| {
        let overridden = Overridden { by: name.into(), until: Some(at(until)) };
        Memory { overridden: Some(overridden), ..settled(Desired::Running) }
    };
    let (still, over) = ("2026-03-02T10:00:00Z", "2026-03-02T09:10:00Z");
    let (on, off) = (override_of("o", Desired::Running), override_of("o", Desired::Stopped));
    let later = Verdict { until: Some(at("2026-03-02T11:00:00Z")), ..on.clone() };
    let typed =
        Verdict { instance_type: Some("m5.large".parse().unwrap()), ..verdict(Desired::Running) };
    let plain = Schedule {
        retain_running: true,
        stop_new_instances: false,
        ..Schedule::new("s".parse().unwrap(), chrono_tz::UTC)
    };
    let rests_retained =
        || Memory { settled: Some(Desired::Stopped), retained: true, ..under("o", still) };
    let retained = |memory| Memory { retained: true, ..memory };
    for (name, observed, verdict, memory) in [
        ("one comes, a person had stopped it", Observed::Stopped, &on, settled(Desired::Running)),
        ("one comes, a person had started it", Observed::Running, &off, settled(Desired::Stopped)),
        ("one comes, it is so", Observed::Running, &on, settled(Desired::Running)),
        ("one holds, it is so", Observed::Running, &on, under("o", still)),
        ("one holds, a person has stopped it", Observed::Stopped, &on, under("o", still)),
        ("one holds longer, a person has stopped it", Observed::Stopped, &later, under("o", still)),
        ("another follows, a person had stopped it", Observed::Stopped, &on, under("p", over)),
        (
            "one is over, a person has stopped it",
            Observed::Stopped,
            &verdict(Desired::Running),
            under("o", over),
        ),
        (
            "the same, and the edge came after it",
            Observed::Stopped,
            &verdict(Desired::Running),
            under("o", "2026-03-02T08:00:00Z"),
        ),
        ("the same, and another type is wanted", Observed::Stopped, &typed, under("o", over)),
        (
            "one is over, and it should rest",
            Observed::Running,
            &verdict(Desired::Stopped),
            under("o", over),
        ),
        (
            "one comes, what runs is retained",
            Observed::Running,
            &off,
            retained(settled(Desired::Running)),
        ),
        ("the same, once it rests", Observed::Stopped, &off, rests_retained()),
        (
            "the same, when that is over",
            Observed::Stopped,
            &verdict(Desired::Running),
            rests_retained(),
        ),
        (
            "the same, and it should rest",
            Observed::Stopped,
            &verdict(Desired::Stopped),
            rests_retained(),
        ),
        ("one comes, what runs is new", Observed::Running, &off, Memory::blank(at(OLDER), "s")),
    ] {
        let resource = &resource(Kind::Ec2Instance, observed);
        let look =
            Look { resource, schedule: &plain, verdict, window: None, memory: Some(&memory) };
        writeln!(table, "  {name:62} | {}", cell(&decide(&look.case()))).unwrap();
    }
}

#[test]
fn the_truth_table() {
    let mut table = String::from(
        "Cells: the action, or why it is left; in brackets what is remembered, if that is news.\n",
    );
    the_common_cases(&mut table);
    the_windows(&mut table);
    table.push_str("\nother cases, settled for this edge unless they say otherwise\n");
    the_others(&mut table);
    the_falls_in_a_window(&mut table);
    table.push_str("\noverrides without `from`, settled for an older edge\n");
    the_overrides(&mut table);
    let table: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(table.join("\n"));
}

/// A second pass at the same instant does nothing, whatever came of the first.
#[test]
fn a_second_look_changes_nothing() {
    let windows = [None, Some(window(Asks::ToRun)), Some(window(Asks::ToBeSpared))];
    let with_windows = memories_of_windows().into_iter().map(|(_, memory)| Some(memory));
    let memories: Vec<_> =
        memories().into_iter().map(|(_, memory)| memory).chain(with_windows).collect();
    for memory in &memories {
        for (_, schedule) in schedules() {
            for desired in [Desired::Running, Desired::Stopped, Desired::Any] {
                for observed in [Observed::Running, Observed::Stopped] {
                    windows.iter().for_each(|window| {
                        let (verdict, resource) =
                            (verdict(desired), resource(Kind::Ec2Instance, observed));
                        let (window, memory) = (window.as_ref(), memory.as_ref());
                        let look = Look {
                            resource: &resource,
                            schedule: &schedule,
                            verdict: &verdict,
                            window,
                            memory,
                        };
                        check_second_look(&look);
                    });
                }
            }
        }
    }
}

fn check_second_look(look: &Look<'_>) {
    let first = decide(&look.case());
    let aim = Aim { verdict: look.verdict, instance_type: None };
    let after = match &first.action {
        Action::Act(..) => first.memory.map(|intent| intent.after(&Outcome::Done, &aim)),
        Action::Leave(_) => first.memory.or(look.memory.cloned()),
    };
    let reached = match first.action.step() {
        Some(Step::Start { .. }) => Observed::Running,
        Some(Step::Stop { .. } | Step::Resize { .. }) => Observed::Stopped,
        None => look.resource.observed,
    };
    let resource = resource(look.resource.key.kind, reached);
    let memory = after.as_ref();
    let second = decide(&Look { resource: &resource, memory, ..*look }.case());
    assert!(matches!(second.action, Action::Leave(_)), "{second:?} after {after:?}");
    assert_eq!(second.memory, None, "after {after:?} for {:?}", look.schedule);
}
