//! A world in which everything happens at once, and a hub to run passes in it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scheduler_core::{
    Config, Instant, Kind, Observed, RawConfig, ResourceId, ResourceKey, Target, decision::Action,
    labels::Labels,
};
use scheduler_engine::{ActionResult, PassReport};
use scheduler_simulation::{
    dice::Dice,
    estate,
    faults::{Class, Plan},
    hub::{End, Errand, Hub},
    people,
    physics::Pace,
    thing::{Condition, Id, State, TAG, Thing},
    world::World,
};

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

pub(crate) const TAGS: [&str; 7] =
    ["ignore", "office", "strict", "kind", "night", "broken", "no such schedule"];

/// Mondays and clock changes included; 2026-03-02 is a Monday.
pub(crate) const OPEN: &str = "2026-03-02T08:00:00Z";
pub(crate) const NOON: &str = "2026-03-02T11:00:00Z";
pub(crate) const CLOSED: &str = "2026-03-02T17:00:00Z";

pub(crate) fn config() -> Config {
    Config::parse(&RawConfig::from_json(SCHEDULES).unwrap(), chrono_tz::UTC).0
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn target(n: usize) -> Target {
    estate::target(n)
}

fn key(n: usize) -> ResourceKey {
    estate::key(Kind::ALL[n % 2], &format!("r-{n}"))
}

/// The resource of that number.
pub(crate) fn id(n: usize) -> Id {
    Id { target: target(n % 3), key: key(n) }
}

/// A world and its hub.
pub(crate) struct Stage {
    world: Arc<Mutex<World>>,
    /// What goes wrong in the passes to come.
    pub(crate) plan: Plan,
}

impl Stage {
    /// A world with these resources, spread over three targets.
    pub(crate) fn with(resources: &[(Option<&str>, Observed)]) -> Self {
        let things = resources.iter().enumerate().map(|(n, (tag, observed))| {
            let state = match observed {
                Observed::Running => State::Running,
                Observed::Stopped => State::Stopped,
                Observed::InTransition => State::Stopping(Instant::MAX_UTC),
                Observed::Gone | Observed::Unsuitable(_) => unreachable!(),
            };
            (id(n), Thing::new(*tag, Condition::of(state), Dice::new(0)))
        });
        let world = World { things: things.collect(), pace: Pace::AtOnce, ..World::default() };
        Self { world: Arc::new(Mutex::new(world)), plan: Plan::default() }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn run(&self, now: Instant) -> PassReport {
        self.run_within(Errand::at(now), Duration::from_secs(60))
    }

    pub(crate) fn dry_run(&self, now: Instant) -> PassReport {
        self.run_within(Errand::at(now).dry(), Duration::from_secs(60))
    }

    pub(crate) fn run_within(&self, errand: Errand, limit: Duration) -> PassReport {
        let mut hub = Hub::new((0..3).map(target).collect(), Labels::default()).unwrap();
        hub.limit = limit;
        let clock = self.world().clock.max(errand.now);
        self.world().advance_to(clock);
        let ran = hub.run(&self.world, &config(), Errand { plan: self.plan.clone(), ..errand });
        match ran.end {
            End::Reported(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// Something goes wrong from now on, in one target.
    pub(crate) fn trouble(&mut self, class: Class, place: Target) {
        self.plan.troubles.insert((class, Some(place)));
        self.plan.order_percent = 100;
    }

    /// The saves of a pass succeed up to the one of this number, counted from nought, which fails.
    pub(crate) fn saves_left(&mut self, nth: u32) {
        self.plan.troubles.insert((Class::SaveFailed, None));
        self.plan.nth_save = nth;
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&mut self) {
        self.plan = Plan::default();
    }

    pub(crate) fn observed(&self, n: usize) -> Observed {
        match self.world().things[&id(n)].now.state {
            State::Running => Observed::Running,
            State::Stopped => Observed::Stopped,
            State::Starting(_) | State::Stopping(_) | State::Terminated(_) => {
                Observed::InTransition
            }
        }
    }

    /// Somebody sees to it that it runs, or that it rests.
    pub(crate) fn by_hand(&self, n: usize, to: Observed) {
        if self.observed(n) != to {
            people::by_hand(&mut self.world(), &id(n));
        }
    }

    pub(crate) fn tag(&self, n: usize, tag: &str) {
        self.world().things.get_mut(&id(n)).unwrap().tags.insert(TAG.into(), tag.into());
    }

    pub(crate) fn remove(&self, n: usize) -> Thing {
        self.world().things.remove(&id(n)).unwrap()
    }

    pub(crate) fn expires(&self, n: usize) -> Option<i64> {
        self.world().memories[&id(n).target][&id(n).key].expires
    }

    pub(crate) fn attempts(&self, n: usize) -> u32 {
        self.world().memories[&id(n).target][&id(n).key].attempts
    }

    /// How many calls and saves there were.
    pub(crate) fn writes(&self) -> (usize, usize) {
        let world = self.world();
        (world.calls.len(), world.saves.len())
    }
}

pub(crate) fn actions(report: &PassReport) -> Vec<(ResourceId, Action)> {
    let all = report.targets.iter().flat_map(|target| &target.resources);
    all.map(|report| (report.resource.key.id.clone(), report.action.clone())).collect()
}

pub(crate) fn of(report: &PassReport, n: usize) -> (Action, ActionResult) {
    let mut all = report.targets.iter().flat_map(|target| &target.resources);
    let found = all.find(|report| report.resource.key == key(n)).unwrap();
    (found.action.clone(), found.result.clone())
}
