//! The laws of a pass as stories, each with one thing that goes wrong, and as properties of worlds that are drawn at
//! random. What holds whatever goes wrong is in `tests/laws.rs`.

#![expect(clippy::unwrap_used, reason = "a test")]

mod stage;

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use scheduler_core::{
    Observed,
    decision::{Action, Cause, Step, Why},
    memory::Outcome,
};
use scheduler_engine::ActionResult;
use scheduler_simulation::{faults::Class, hub::Errand};
use stage::{CLOSED, NOON, OPEN, Stage, TAGS, actions, at, config, id, of, target};

/// Whether it is started or stopped for what its schedule says, and for nothing else.
fn starts(action: &Action) -> bool {
    matches!(action, Action::Act(Step::Start { .. }, Cause::Desired))
}

fn stops(action: &Action) -> bool {
    matches!(action, Action::Act(Step::Stop { .. }, Cause::Desired))
}

fn an_instance() -> impl Strategy<Value = (Option<&'static str>, Observed)> {
    let tag = prop::option::weighted(0.8, prop::sample::select(&TAGS[..]));
    (tag, prop::sample::select(vec![Observed::Running, Observed::Stopped, Observed::InTransition]))
}

/// What happens between two passes: some time, and perhaps somebody's hand.
fn a_step() -> impl Strategy<Value = (i64, Option<(prop::sample::Index, bool)>)> {
    (
        prop::sample::select(vec![0, 5, 30, 60, 240, 900, 2880]),
        prop::option::of((any::<prop::sample::Index>(), any::<bool>())),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_second_pass_at_one_instant_is_quiet_and_nothing_untagged_is_touched(
        resources in prop::collection::vec(an_instance(), 1..12),
        steps in prop::collection::vec(a_step(), 1..12),
    ) {
        let stage = Stage::with(&resources);
        let mut now = at("2026-03-27T00:00:00Z");
        for (minutes, hand) in steps {
            now += TimeDelta::minutes(minutes);
            stage.world().advance_to(now);
            if let Some((index, up)) = hand {
                stage.by_hand(index.index(resources.len()), if up { Observed::Running } else { Observed::Stopped });
            }
            let planned = stage.dry_run(now);
            let first = stage.run(now);
            prop_assert_eq!(actions(&planned), actions(&first), "a dry run's actions equal the real run's");

            let writes = stage.writes();
            let second = stage.run(now);
            prop_assert!(actions(&second).iter().all(|(_, action)| matches!(action, Action::Leave(_))));
            prop_assert_eq!(stage.writes(), writes, "a second pass writes nothing");

            let served = ["office", "strict", "kind", "night"];
            let world = stage.world();
            for call in &world.calls {
                let tag = world.things[&call.id].tag();
                prop_assert!(tag.is_some_and(|tag| served.contains(&tag)), "{} with tag {tag:?} was touched", call.id);
            }
        }
    }

    #[test]
    fn a_denied_target_changes_nothing_elsewhere(
        resources in prop::collection::vec(an_instance(), 1..12),
        denied in 0..3_usize,
    ) {
        let (well, mut ill) = (Stage::with(&resources), Stage::with(&resources));
        ill.trouble(Class::TargetDenied, target(denied));
        for now in [OPEN, NOON, CLOSED].map(at) {
            let (well, ill) = (well.run(now), ill.run(now));
            for (expected, found) in well.targets.iter().zip(&ill.targets) {
                if found.target == target(denied) {
                    prop_assert_eq!(found.troubles.len(), 1);
                    prop_assert!(found.resources.is_empty());
                } else {
                    prop_assert_eq!(expected, found);
                }
            }
        }
    }

    /// However many ticks are missed, the last edge is honoured, whatever a person has done since the last pass;
    /// and where no edge has come, what the person has done stays.
    #[test]
    fn no_edge_is_lost(gaps in prop::collection::vec((5..3600_i64, any::<bool>()), 1..12)) {
        let stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
        let config = config();
        let schedule = config.schedule(&"office".parse().unwrap()).unwrap();
        let mut now = at("2026-03-26T00:10:00Z");
        stage.run(now);
        for (minutes, up) in gaps {
            let before = now;
            now += TimeDelta::minutes(minutes);
            let by_hand_to = if up { Observed::Running } else { Observed::Stopped };
            stage.by_hand(0, by_hand_to);
            stage.run(now);
            let expected = match schedule.edges(before, now).count() {
                0 => by_hand_to.as_str().to_owned(),
                _ => schedule.wanted_at(now).desired.to_string(),
            };
            prop_assert_eq!(stage.observed(0).as_str(), expected, "from {} to {}", before, now);
        }
    }
}

#[test]
fn a_persons_change_stays_until_the_next_edge_unless_enforced() {
    let stage =
        Stage::with(&[(Some("office"), Observed::Stopped), (Some("strict"), Observed::Stopped)]);
    stage.run(at(OPEN));
    stage.by_hand(0, Observed::Stopped);
    stage.by_hand(1, Observed::Stopped);
    let noon = stage.run(at(NOON));
    assert_eq!(of(&noon, 0).0, Action::Leave(Why::ChangedByHand { until: Some(at(CLOSED)) }));
    assert!(starts(&of(&noon, 1).0));
}

#[test]
fn a_late_tick_does_nothing() {
    let stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
    stage.run(at(OPEN));
    stage.run(at(CLOSED));
    let late = stage.run(at(NOON));
    assert_eq!(of(&late, 0).0, Action::Leave(Why::Late { settled: at(CLOSED) }));
    assert_eq!(stage.observed(0), Observed::Stopped);
}

#[test]
fn a_stuck_resource_fails_alone_and_is_tried_again_until_its_edge_is_superseded() {
    let mut stage =
        Stage::with(&[(Some("office"), Observed::Stopped), (Some("office"), Observed::Stopped)]);
    stage.trouble(Class::OrderDenied, target(0));
    for _ in 0..2 {
        let (action, result) = of(&stage.run(at(OPEN)), 0);
        assert!(starts(&action) && matches!(result, ActionResult::Acted(Outcome::Failed(_))));
    }
    assert_eq!(stage.observed(1), Observed::Running);
    let closed = stage.run(at(CLOSED));
    assert_eq!(of(&closed, 0).0, Action::Leave(Why::AlreadyStopped));
}

/// The settlement of a start is lost (a crash, or the store is down): the next pass must not take the running
/// resource for one that a person had started, which `retain_running` would spare at the stop edge.
#[test]
fn our_own_start_never_counts_as_a_persons() {
    for lost in ["settlement", "answer"] {
        let mut stage = Stage::with(&[(Some("kind"), Observed::Stopped)]);
        stage.run(at("2026-03-02T05:00:00Z"));
        match lost {
            "settlement" => stage.saves_left(1),
            _ => stage.trouble(Class::AnswerLostThoughDone, target(0)),
        }
        stage.run(at(OPEN));
        assert_eq!(stage.observed(0), Observed::Running);
        stage.heal();
        stage.run(at(NOON));
        let closed = stage.run(at(CLOSED));
        assert!(stops(&of(&closed, 0).0), "after a lost {lost}");
    }
}

/// What a person had started and stopped again is started by us, and the settlement of that is lost: the memory of the
/// person's start must not outlive it.
#[test]
fn our_own_start_ends_what_was_retained() {
    let mut stage = Stage::with(&[(Some("kind"), Observed::Stopped)]);
    stage.run(at("2026-03-02T05:00:00Z"));
    stage.by_hand(0, Observed::Running);
    stage.run(at(OPEN));
    stage.by_hand(0, Observed::Stopped);
    stage.saves_left(1);
    stage.run(at("2026-03-03T08:00:00Z"));
    assert_eq!(stage.observed(0), Observed::Running);
    stage.heal();
    stage.run(at("2026-03-03T11:00:00Z"));
    assert!(stops(&of(&stage.run(at("2026-03-03T17:00:00Z")), 0).0));
}

/// AWS starts a database after seven days at rest, just before its start edge: nobody's start is to be retained.
#[test]
fn a_restart_by_aws_never_counts_as_a_persons() {
    let stage = Stage::with(&[(None, Observed::Stopped), (Some("kind"), Observed::Running)]);
    stage.run(at("2026-03-02T05:00:00Z"));
    stage.by_hand(1, Observed::Stopped);
    stage.run(at("2026-03-02T07:00:00Z"));
    let restarts = stage.world().things[&id(1)].now.restarts_at.unwrap();
    stage.tag(1, "ignore");
    stage.world().things.get_mut(&id(1)).unwrap().now.restarts_in_fact = Some(restarts);
    stage.run(at("2026-03-09T07:30:00Z"));
    assert_eq!(stage.observed(1), Observed::Running);
    stage.tag(1, "kind");
    stage.run(at("2026-03-09T08:00:00Z"));
    assert!(stops(&of(&stage.run(at("2026-03-09T17:00:00Z")), 1).0));
}

/// A start that failed, or seemed to, was still ours: who finds it running must not take it for a person's.
#[test]
fn what_we_have_tried_to_start_is_not_retained() {
    let mut stage = Stage::with(&[(Some("kind"), Observed::Stopped)]);
    stage.run(at("2026-03-02T05:00:00Z"));
    stage.trouble(Class::OrderDenied, target(0));
    stage.run(at(OPEN));
    stage.heal();
    stage.by_hand(0, Observed::Running);
    stage.run(at(NOON));
    assert!(stops(&of(&stage.run(at(CLOSED)), 0).0));
}

#[test]
fn following_another_schedule_is_acted_on_at_once() {
    let stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
    stage.run(at(OPEN));
    stage.by_hand(0, Observed::Stopped);
    stage.run(at(NOON));
    stage.tag(0, "kind");
    let retagged = at(NOON) + TimeDelta::minutes(5);
    assert!(starts(&of(&stage.run(retagged), 0).0));
    assert_eq!(of(&stage.run(retagged), 0).0, Action::Leave(Why::AsDesired));
}

#[test]
fn a_late_tick_forgets_nothing() {
    let stage =
        Stage::with(&[(Some("office"), Observed::Stopped), (Some("office"), Observed::Stopped)]);
    stage.run(at(CLOSED));
    stage.remove(0);
    stage.run(at(NOON));
    assert_eq!(stage.expires(0), None);
}

/// What was done before the deadline is recorded, and reported, even if it comes while something else is under way.
#[test]
fn the_deadline_leaves_what_was_done_on_record() {
    let mut stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
    stage.plan.hangs_at_orders = true;
    let report = stage.run_within(Errand::at(at(OPEN)), Duration::from_millis(50));
    let (action, result) = of(&report, 0);
    assert!(starts(&action));
    assert!(
        matches!(&result, ActionResult::Acted(Outcome::Unknown(failure)) if failure.code.as_str() == "deadline")
    );
    assert_eq!(stage.attempts(0), 1);
    stage.heal();
    assert_eq!(of(&stage.run(at(OPEN)), 0).0, Action::Leave(Why::AlreadyRunning));
}

#[test]
fn what_a_person_started_before_its_edge_is_retained_until_a_person_stops_it() {
    let stage = Stage::with(&[(Some("kind"), Observed::Stopped)]);
    stage.run(at("2026-03-02T05:00:00Z"));
    stage.by_hand(0, Observed::Running);
    for day in ["02", "03"] {
        stage.run(at(&format!("2026-03-{day}T08:00:00Z")));
        assert_eq!(
            of(&stage.run(at(&format!("2026-03-{day}T17:00:00Z"))), 0).0,
            Action::Leave(Why::Retained)
        );
    }
    stage.by_hand(0, Observed::Stopped);
    assert!(starts(&of(&stage.run(at("2026-03-04T08:00:00Z")), 0).0));
    assert!(stops(&of(&stage.run(at("2026-03-04T17:00:00Z")), 0).0));
}

#[test]
fn without_a_place_for_the_intent_nothing_is_started() {
    let mut stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
    stage.saves_left(0);
    let (action, result) = of(&stage.run(at(OPEN)), 0);
    assert!(starts(&action) && matches!(result, ActionResult::Acted(Outcome::Failed(_))));
    assert_eq!(stage.world().calls.len(), 0);
}

#[test]
fn a_panic_or_a_hang_stays_in_its_target() {
    let mut stage = Stage::with(&[(Some("office"), Observed::Stopped); 3]);
    stage.plan.panics = Some(target(0));
    stage.plan.hangs = Some(target(1));
    // Long enough for the panic's backtrace to be printed, which holds up everything.
    let report = stage.run_within(Errand::at(at(OPEN)), Duration::from_secs(2));
    let code = |n: usize| {
        let found = report.targets.iter().find(|one| one.target == target(n)).unwrap();
        found.troubles.first().map(|failure| failure.code.as_str())
    };
    assert_eq!([code(0), code(1), code(2)], [Some("unknown"), Some("deadline"), None]);
    assert_eq!(stage.observed(2), Observed::Running);
}

#[test]
fn a_memory_expires_once_its_resource_is_gone_and_lives_again_if_it_comes_back() {
    let stage = Stage::with(&[(Some("office"), Observed::Stopped)]);
    stage.run(at(OPEN));
    let gone = stage.remove(0);
    stage.run(at(NOON));
    assert_eq!(stage.expires(0), Some((at(NOON) + TimeDelta::days(30)).timestamp()));
    let writes = stage.writes();
    stage.run(at(NOON));
    assert_eq!(stage.writes(), writes);
    stage.world().things.insert(id(0), gone);
    stage.run(at(NOON) + TimeDelta::minutes(5));
    assert_eq!(stage.expires(0), None);
}

#[test]
fn the_rows_add_up() {
    let tags =
        [Some("office"), Some("broken"), Some("nobody's"), Some("night"), None, Some("office")];
    let mut stage = Stage::with(&tags.map(|tag| (tag, Observed::Stopped)));
    stage.trouble(Class::OrderDenied, target(2));
    let report = stage.run(at(OPEN));
    let pass = report.summary().row(&report.tick, Duration::ZERO);
    assert_eq!((pass.targets, pass.resources, pass.started, pass.failed), (3, 5, 1, 1));
    assert_eq!(
        pass.started + pass.stopped + pass.resized + pass.left + pass.failed,
        pass.resources
    );
}
