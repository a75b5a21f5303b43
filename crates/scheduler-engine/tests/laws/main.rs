//! The laws of a pass, each on a stateful fake: whatever the world looks like, these hold.

#![expect(clippy::unwrap_used, reason = "a test")]

mod fake;

use std::time::Duration;

use chrono::TimeDelta;
use fake::{Fake, Instance, World};
use proptest::prelude::*;
use scheduler_core::{
    Config, Instant, Kind, Observed, RawConfig, ResourceId, ResourceKey, Target,
    decision::{Action, Why},
};
use scheduler_engine::{ActionResult, Mode, Pass, PassReport, Scope, Tick, pass};

const SCHEDULES: &str = r#"{
    "periods": {
        "office": {"begintime": "09:00", "endtime": "18:00", "weekdays": "mon-fri"},
        "night": {"begintime": "22:00", "endtime": "06:00"},
        "broken": {"begintime": "9 o'clock"}
    },
    "schedules": {
        "office": {"timezone": "Europe/Berlin", "periods": ["office"]},
        "strict": {"timezone": "Europe/Berlin", "periods": ["office"], "enforced": true},
        "kind": {"timezone": "Europe/Berlin", "periods": ["office"], "retain_running": true, "stop_new_instances": false},
        "night": {"timezone": "Asia/Seoul", "periods": ["night"]},
        "broken": {"periods": ["broken"]}
    }
}"#;
const TAGS: [&str; 7] =
    ["ignore", "office", "strict", "kind", "night", "broken", "no such schedule"];

fn config() -> Config {
    Config::parse(&RawConfig::from_json(SCHEDULES).unwrap(), chrono_tz::UTC).0
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn target(n: usize) -> Target {
    Target::new(
        format!("{:012}", 111_122_223_333_usize + n).parse().unwrap(),
        "eu-west-1".parse().unwrap(),
    )
}

fn key(n: usize) -> ResourceKey {
    ResourceKey { kind: Kind::ALL[n % 2], id: format!("r-{n}").parse().unwrap() }
}

fn id(n: usize) -> ResourceId {
    key(n).id
}

/// A fake with these resources, spread over three targets.
fn world(resources: &[(Option<&str>, Observed)]) -> Fake {
    let instances = resources.iter().enumerate().map(|(n, (tag, observed))| {
        (
            (target(n % 3), key(n)),
            Instance { tag: tag.map(str::to_owned), exclude_until: None, observed: *observed },
        )
    });
    let world = World { instances: instances.collect(), ..World::default() };
    Fake { world: world.into() }
}

fn run_as(fake: &Fake, now: Instant, mode: Mode) -> PassReport {
    run_within(fake, now, mode, Duration::from_secs(60))
}

fn run_within(fake: &Fake, now: Instant, mode: Mode, limit: Duration) -> PassReport {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let targets: Vec<_> = (0..3).map(target).collect();
        pass::run(&Pass {
            tick: Tick { now, scope: Scope::default(), mode },
            config: &config(),
            targets: &targets,
            kinds: &Kind::ALL,
            cloud: fake,
            memory: fake,
            deadline: tokio::time::Instant::now() + limit,
            concurrency: 2,
        })
        .await
    })
}

fn run(fake: &Fake, now: Instant) -> PassReport {
    run_as(fake, now, Mode::Act)
}

fn actions(report: &PassReport) -> Vec<(ResourceId, Action)> {
    let all = report.targets.iter().flat_map(|target| &target.resources);
    all.map(|report| (report.resource.key.id.clone(), report.action.clone())).collect()
}

fn of(report: &PassReport, n: usize) -> (Action, ActionResult) {
    let mut all = report.targets.iter().flat_map(|target| &target.resources);
    let found = all.find(|report| report.resource.key == key(n)).unwrap();
    (found.action.clone(), found.result.clone())
}

fn observed(fake: &Fake, n: usize) -> Observed {
    fake.world.lock().unwrap().instances[&(target(n % 3), key(n))].observed
}

fn by_hand(fake: &Fake, n: usize, to: Observed) {
    fake.world.lock().unwrap().instances.get_mut(&(target(n % 3), key(n))).unwrap().observed = to;
}

/// Mondays and clock changes included; 2026-03-02 is a Monday.
const OPEN: &str = "2026-03-02T08:00:00Z";
const NOON: &str = "2026-03-02T11:00:00Z";
const CLOSED: &str = "2026-03-02T17:00:00Z";

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
        let fake = world(&resources);
        let mut now = at("2026-03-27T00:00:00Z");
        for (minutes, hand) in steps {
            now += TimeDelta::minutes(minutes);
            if let Some((index, up)) = hand {
                by_hand(&fake, index.index(resources.len()), if up { Observed::Running } else { Observed::Stopped });
            }
            let planned = run_as(&fake, now, Mode::DryRun);
            let first = run(&fake, now);
            prop_assert_eq!(actions(&planned), actions(&first), "a dry run's actions equal the real run's");

            let (calls, saves) = { let world = fake.world.lock().unwrap(); (world.calls.len(), world.saves) };
            let second = run(&fake, now);
            prop_assert!(actions(&second).iter().all(|(_, action)| matches!(action, Action::Leave(_))));
            let world = fake.world.lock().unwrap();
            prop_assert_eq!((world.calls.len(), world.saves), (calls, saves), "a second pass writes nothing");

            let served = ["office", "strict", "kind", "night"];
            for (target, key, _) in &world.calls {
                let tag = world.instances[&(target.clone(), key.clone())].tag.as_deref();
                prop_assert!(tag.is_some_and(|tag| served.contains(&tag)), "{key} with tag {tag:?} was touched");
            }
        }
    }

    #[test]
    fn a_denied_target_changes_nothing_elsewhere(
        resources in prop::collection::vec(an_instance(), 1..12),
        denied in 0..3_usize,
    ) {
        let (well, ill) = (world(&resources), world(&resources));
        ill.world.lock().unwrap().faults.denied.insert(target(denied));
        for now in [OPEN, NOON, CLOSED].map(at) {
            let (well, ill) = (run(&well, now), run(&ill, now));
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
        let fake = world(&[(Some("office"), Observed::Stopped)]);
        let config = config();
        let schedule = config.schedule(&"office".parse().unwrap()).unwrap();
        let mut now = at("2026-03-26T00:10:00Z");
        run(&fake, now);
        for (minutes, up) in gaps {
            let before = now;
            now += TimeDelta::minutes(minutes);
            let by_hand_to = if up { Observed::Running } else { Observed::Stopped };
            by_hand(&fake, 0, by_hand_to);
            run(&fake, now);
            let expected = match schedule.edges(before, now).count() {
                0 => by_hand_to.as_str().to_owned(),
                _ => schedule.wanted_at(now).desired.to_string(),
            };
            prop_assert_eq!(observed(&fake, 0).as_str(), expected, "from {} to {}", before, now);
        }
    }
}

#[test]
fn a_persons_change_stays_until_the_next_edge_unless_enforced() {
    let fake = world(&[(Some("office"), Observed::Stopped), (Some("strict"), Observed::Stopped)]);
    run(&fake, at(OPEN));
    by_hand(&fake, 0, Observed::Stopped);
    by_hand(&fake, 1, Observed::Stopped);
    let noon = run(&fake, at(NOON));
    assert_eq!(of(&noon, 0).0, Action::Leave(Why::ChangedByHand { until: Some(at(CLOSED)) }));
    assert_eq!(of(&noon, 1).0, Action::Start);
}

#[test]
fn a_late_tick_does_nothing() {
    let fake = world(&[(Some("office"), Observed::Stopped)]);
    run(&fake, at(OPEN));
    run(&fake, at(CLOSED));
    let late = run(&fake, at(NOON));
    assert_eq!(of(&late, 0).0, Action::Leave(Why::Late { settled: at(CLOSED) }));
    assert_eq!(observed(&fake, 0), Observed::Stopped);
}

#[test]
fn a_stuck_resource_fails_alone_and_is_tried_again_until_its_edge_is_superseded() {
    let fake = world(&[(Some("office"), Observed::Stopped), (Some("office"), Observed::Stopped)]);
    fake.world.lock().unwrap().faults.stuck.insert(id(0));
    for _ in 0..2 {
        let report = run(&fake, at(OPEN));
        assert!(matches!(of(&report, 0), (Action::Start, ActionResult::Failed(_))));
    }
    assert_eq!(observed(&fake, 1), Observed::Running);
    let closed = run(&fake, at(CLOSED));
    assert_eq!(of(&closed, 0).0, Action::Leave(Why::AlreadyStopped));
}

/// The settlement of a start is lost (a crash, or the store is down): the next pass must not take the running
/// resource for one that a person had started, which `retain_running` would spare at the stop edge.
#[test]
fn our_own_start_never_counts_as_a_persons() {
    for lost in ["settlement", "answer"] {
        let fake = world(&[(Some("kind"), Observed::Stopped)]);
        run(&fake, at("2026-03-02T05:00:00Z"));
        match lost {
            "settlement" => fake.world.lock().unwrap().faults.saves_left = Some(1),
            _ => drop(fake.world.lock().unwrap().faults.silent.insert(id(0))),
        }
        run(&fake, at(OPEN));
        fake.world.lock().unwrap().faults = Default::default();
        run(&fake, at(NOON));
        let closed = run(&fake, at(CLOSED));
        assert_eq!(of(&closed, 0).0, Action::Stop, "after a lost {lost}");
    }
}

/// A start that failed, or seemed to, was still ours: who finds it running must not take it for a person's.
#[test]
fn what_we_have_tried_to_start_is_not_retained() {
    let fake = world(&[(Some("kind"), Observed::Stopped)]);
    run(&fake, at("2026-03-02T05:00:00Z"));
    fake.world.lock().unwrap().faults.stuck.insert(id(0));
    run(&fake, at(OPEN));
    fake.world.lock().unwrap().faults = Default::default();
    by_hand(&fake, 0, Observed::Running);
    run(&fake, at(NOON));
    assert_eq!(of(&run(&fake, at(CLOSED)), 0).0, Action::Stop);
}

#[test]
fn following_another_schedule_is_acted_on_at_once() {
    let fake = world(&[(Some("office"), Observed::Stopped)]);
    run(&fake, at(OPEN));
    by_hand(&fake, 0, Observed::Stopped);
    run(&fake, at(NOON));
    fake.world.lock().unwrap().instances.get_mut(&(target(0), key(0))).unwrap().tag =
        Some("kind".into());
    let retagged = at(NOON) + TimeDelta::minutes(5);
    assert_eq!(of(&run(&fake, retagged), 0).0, Action::Start);
    assert_eq!(of(&run(&fake, retagged), 0).0, Action::Leave(Why::AsDesired));
}

#[test]
fn a_late_tick_forgets_nothing() {
    let fake = world(&[(Some("office"), Observed::Stopped), (Some("office"), Observed::Stopped)]);
    run(&fake, at(CLOSED));
    fake.world.lock().unwrap().instances.remove(&(target(0), key(0)));
    run(&fake, at(NOON));
    assert_eq!(fake.world.lock().unwrap().memories[&target(0)][&key(0)].expires, None);
}

/// What was done before the deadline is recorded, and reported, even if it comes while something else is under way.
#[test]
fn the_deadline_leaves_what_was_done_on_record() {
    let fake = world(&[(Some("office"), Observed::Stopped)]);
    fake.world.lock().unwrap().faults.hangs_at_start = true;
    let report = run_within(&fake, at(OPEN), Mode::Act, Duration::from_millis(50));
    let (action, result) = of(&report, 0);
    assert!(
        matches!((&action, &result), (Action::Start, ActionResult::Unknown(failure)) if failure.code.as_str() == "deadline")
    );
    assert_eq!(fake.world.lock().unwrap().memories[&target(0)][&key(0)].attempts, 1);
    fake.world.lock().unwrap().faults = Default::default();
    assert_eq!(of(&run(&fake, at(OPEN)), 0).0, Action::Leave(Why::AlreadyRunning));
}

#[test]
fn what_a_person_started_before_its_edge_is_retained_until_a_person_stops_it() {
    let fake = world(&[(Some("kind"), Observed::Stopped)]);
    run(&fake, at("2026-03-02T05:00:00Z"));
    by_hand(&fake, 0, Observed::Running);
    for day in ["02", "03"] {
        run(&fake, at(&format!("2026-03-{day}T08:00:00Z")));
        assert_eq!(
            of(&run(&fake, at(&format!("2026-03-{day}T17:00:00Z"))), 0).0,
            Action::Leave(Why::Retained)
        );
    }
    by_hand(&fake, 0, Observed::Stopped);
    assert_eq!(of(&run(&fake, at("2026-03-04T08:00:00Z")), 0).0, Action::Start);
    assert_eq!(of(&run(&fake, at("2026-03-04T17:00:00Z")), 0).0, Action::Stop);
}

#[test]
fn without_a_place_for_the_intent_nothing_is_started() {
    let fake = world(&[(Some("office"), Observed::Stopped)]);
    fake.world.lock().unwrap().faults.saves_left = Some(0);
    let report = run(&fake, at(OPEN));
    assert!(matches!(of(&report, 0), (Action::Start, ActionResult::Failed(_))));
    assert_eq!(fake.world.lock().unwrap().calls, []);
}

#[test]
fn a_panic_or_a_hang_stays_in_its_target() {
    let resources = [(Some("office"), Observed::Stopped); 3];
    let fake = world(&resources);
    fake.world.lock().unwrap().faults.panics = Some(target(0));
    fake.world.lock().unwrap().faults.hangs = Some(target(1));
    let report = run_within(&fake, at(OPEN), Mode::Act, Duration::from_millis(50));
    let codes: Vec<_> = report
        .targets
        .iter()
        .map(|t| t.troubles.first().map(|failure| failure.code.as_str()))
        .collect();
    assert_eq!(codes, [Some("unknown"), Some("deadline"), None]);
    assert_eq!(observed(&fake, 2), Observed::Running);
}

#[test]
fn a_memory_expires_once_its_resource_is_gone_and_lives_again_if_it_comes_back() {
    let fake = world(&[(Some("office"), Observed::Stopped)]);
    run(&fake, at(OPEN));
    let gone = fake.world.lock().unwrap().instances.remove(&(target(0), key(0))).unwrap();
    let expires = |fake: &Fake| fake.world.lock().unwrap().memories[&target(0)][&key(0)].expires;
    run(&fake, at(NOON));
    assert_eq!(expires(&fake), Some((at(NOON) + TimeDelta::days(30)).timestamp()));
    let saves = fake.world.lock().unwrap().saves;
    run(&fake, at(NOON));
    assert_eq!(fake.world.lock().unwrap().saves, saves);
    fake.world.lock().unwrap().instances.insert((target(0), key(0)), gone);
    run(&fake, at(NOON) + TimeDelta::minutes(5));
    assert_eq!(expires(&fake), None);
}

#[test]
fn the_rows_add_up() {
    let tags =
        [Some("office"), Some("broken"), Some("nobody's"), Some("night"), None, Some("office")];
    let fake = world(&tags.map(|tag| (tag, Observed::Stopped)));
    fake.world.lock().unwrap().faults.stuck.insert(id(5));
    let rows = run(&fake, at(OPEN)).rows();
    let pass = &rows.pass;
    assert_eq!((pass.targets, pass.resources, pass.started, pass.failed), (3, 5, 1, 1));
    assert_eq!(pass.started + pass.stopped + pass.left + pass.failed, pass.resources);
}
