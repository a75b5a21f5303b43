//! One history: a world lives through some days while passes come and go, and every law is held against each of them.

use std::{
    collections::BTreeMap,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use scheduler_core::{Instant, labels::Labels};
use scheduler_engine::Scope;

use crate::{
    dice::Dice,
    estate,
    faults::{Class, Plan},
    hub::{CLAIM_LASTS, Cut, Delivery, End, Errand, Hub, Ran},
    laws::{self, Broken, Scene, Tally, ends, twins},
    ledger::Ledger,
    oracle::Oracle,
    people,
    post::Message,
    timetable::Timetable,
    world::World,
};

/// How many events of a resource are told when a law is broken.
const TOLD: usize = 400;

/// What came of one history.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// How many faults have struck, by class.
    pub struck: BTreeMap<Class, u64>,
    /// How often each law was put to the test.
    pub tally: Tally,
    /// How many passes there were.
    pub passes: u64,
}

impl History {
    /// Adds another's numbers.
    pub fn add(&mut self, other: History) {
        self.passes += other.passes;
        for (class, count) in other.struck {
            *self.struck.entry(class).or_default() += count;
        }
        for (law, count) in other.tally.0 {
            *self.tally.0.entry(law).or_default() += count;
        }
    }
}

/// A history in which a law was broken.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The seed that it follows from.
    pub seed: u64,
    /// On which of its days.
    pub day: i64,
    /// The law, the resource and how.
    pub broken: Broken,
    /// The last events of the resource.
    pub story: Vec<String>,
}

/// The seed, the law, the day, the resource, and what had happened to it.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { law, id, how } = &self.broken;
        let whose = id.as_ref().map_or("the world".to_owned(), ToString::to_string);
        writeln!(f, "seed {} breaks {law} on day {}: {}", self.seed, self.day, law.sentence())?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(f, "{whose}: {how}")
    }
}

/// Lives through the history of a seed.
///
/// # Errors
///
/// The first law that is broken, with its story: the history is then lived through once more, with somebody listening.
pub fn live(seed: u64, days: i64) -> Result<History, Box<Failed>> {
    Driver::new(seed, days, false).live().or_else(|_| Driver::new(seed, days, true).live())
}

struct Driver {
    seed: u64,
    dice: Dice,
    hub: Hub,
    world: Arc<Mutex<World>>,
    table: Timetable,
    ledger: Ledger,
    history: History,
    began: Instant,
    ends: Instant,
    invocations: u64,
    /// Whether passes are cut into shards.
    in_shards: bool,
}

impl Driver {
    #[expect(clippy::unwrap_used, reason = "without a runtime there is nothing to be simulated")]
    fn new(seed: u64, days: i64, is_kept: bool) -> Self {
        let mut dice = Dice::new(seed);
        // Around the days on which clocks change in one zone or another, and at any second.
        let first = dice.pick(&[
            "2026-03-05T00:00:00Z",
            "2026-03-24T00:00:00Z",
            "2026-10-20T00:00:00Z",
            "2026-06-01T00:00:00Z",
        ]);
        let began =
            first.parse::<Instant>().unwrap() + dice.between(TimeDelta::zero(), TimeDelta::days(3));
        let mut world = estate::world(&mut dice, began);
        world.chronicle.is_kept = is_kept;
        let informational = dice.chance(50).then(|| "Schedule".to_owned());
        let hub = Hub::new(
            (0..3).map(estate::target).collect(),
            Labels { informational, ..Labels::default() },
        )
        .unwrap();
        Self {
            seed,
            dice,
            hub,
            world: Arc::new(Mutex::new(world)),
            table: Timetable::new(),
            ledger: Ledger::default(),
            history: History::default(),
            began,
            ends: began + TimeDelta::days(days),
            invocations: 0,
            in_shards: seed % 2 == 1,
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(mut self) -> Result<History, Box<Failed>> {
        let lived = self.halves();
        if let Err(broken) = lived {
            let world = self.world();
            let day = (world.clock - self.began).num_days() + 1;
            let story = world.chronicle.of(broken.id.as_ref(), TOLD);
            return Err(Box::new(Failed { seed: self.seed, day, broken, story }));
        }
        let struck = mem::take(&mut self.world().struck);
        self.history.struck = struck;
        Ok(self.history)
    }

    /// Bad days, some good hours, and both once more.
    fn halves(&mut self) -> Result<(), Broken> {
        let middle = self.began + (self.ends - self.began) / 2;
        for until in [middle, self.ends] {
            self.days(until)?;
            self.hours()?;
        }
        Ok(())
    }

    /// The days on which everything goes wrong.
    fn days(&mut self, until: Instant) -> Result<(), Broken> {
        while self.world().clock < until {
            self.pass_time();
            self.act()?;
        }
        Ok(())
    }

    /// The hours after them: everything has to come right by itself.
    fn hours(&mut self) -> Result<(), Broken> {
        const PASSES: i32 = 48;
        self.world().heal();
        // What is on its way arrives, or its time is over.
        self.world().post.queue.clear();
        let clock = self.world().clock + CLAIM_LASTS;
        self.world().advance_to(clock);
        for n in 0..PASSES {
            let clock = self.world().clock + TimeDelta::minutes(5);
            self.world().advance_to(clock);
            let before = self.ledger.clone();
            self.pass(Errand::at(clock), |scene, ledger, tally| {
                if n > 0 {
                    ends::there_is_quiet(scene, &before, tally)?;
                }
                if n == PASSES - 1 { ends::check(scene, ledger, tally) } else { Ok(()) }
            })?;
        }
        Ok(())
    }

    fn pass_time(&mut self) {
        let minutes = self.dice.pick(&[1, 2, 5, 5, 5, 5, 10, 15, 30, 60, 60, 120, 300]);
        let seconds = if self.dice.chance(20) { self.dice.below(60) } else { 0 };
        let dice = &mut self.dice;
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = world.clock
            + TimeDelta::minutes(minutes)
            + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
        world.advance_to(clock);
        people::live(&mut world, dice);
        if dice.chance(2) {
            let what = self.table.edit(dice);
            world.strike(Class::ConfigBroken, None);
            world.note(None, what);
        }
        if dice.chance(4) {
            let what = self.table.override_something(dice, world.clock);
            world.note(None, what);
        }
        // Somebody may have done something some minutes before the pass.
        let clock = clock + dice.between(TimeDelta::zero(), TimeDelta::minutes(3));
        world.advance_to(clock);
    }

    fn act(&mut self) -> Result<(), Broken> {
        if self.dice.chance(60) {
            self.deliver()?;
        }
        let clock = self.world().clock;
        match self.dice.below(100) {
            0..=4 => {
                self.world().strike(Class::TickMissed, None);
                Ok(())
            }
            5..=9 => {
                self.world().strike(Class::TickLate, None);
                let late = clock - self.dice.between(TimeDelta::minutes(1), TimeDelta::hours(2));
                self.faulty(Errand::at(late))
            }
            10..=14 if self.is_free() => self.dry_run(clock),
            15..=18 => self.overlap(clock),
            19..=21 if self.is_free() => self.denial(clock),
            22..=26 => {
                self.world().strike(Class::TickDoubled, None);
                self.faulty(Errand::at(clock))?;
                self.faulty(Errand::at(clock))
            }
            27..=31 if self.is_free() => self.twice(clock),
            32..=35 => {
                let scope = self.scope();
                self.faulty(Errand { scope, ..Errand::at(clock) })
            }
            _ => self.faulty(Errand::at(clock)),
        }
    }

    fn scope(&mut self) -> Scope {
        let kind = Some(self.dice.pick(&scheduler_core::Kind::ALL));
        let target = self.dice.pick(&self.hub.targets);
        let schedule = self.dice.pick(&["office", "strict", "mixed"]).parse().ok();
        match self.dice.below(3) {
            0 => Scope { kind, ..Scope::default() },
            1 => Scope { account: Some(target.account), ..Scope::default() },
            _ => Scope { schedule, ..Scope::default() },
        }
    }

    fn faulty(&mut self, errand: Errand) -> Result<(), Broken> {
        let plan = Plan::draw(&mut self.dice, &self.hub.targets);
        let in_shards = (self.in_shards && self.dice.chance(70))
            .then(|| if self.dice.chance(20) { Cut::Half } else { Cut::Whole });
        self.pass(Errand { plan, in_shards, ..errand }, |_, _, _| Ok(()))?;
        self.deliver()
    }

    /// Hands what is in the queue to invocations. Messages are lost, come twice, and come late.
    fn deliver(&mut self) -> Result<(), Broken> {
        let messages = mem::take(&mut self.world().post.queue);
        for message in messages {
            match self.dice.below(100) {
                0..=7 => self.world().strike(Class::MessageLost, None),
                8..=22 => {
                    let mut world = self.world();
                    world.strike(Class::MessageLate, None);
                    world.post.queue.push(message);
                }
                23..=32 => {
                    self.world().strike(Class::MessageDoubled, None);
                    let pair = [self.delivery(&message), self.delivery(&message)];
                    let before = self.world().settled_up_to.clone();
                    let (first, second) =
                        self.hub.work_twice(&self.world, &self.table.config, pair);
                    self.worked(&first, &message, &before, true)?;
                    self.worked(&second, &message, &before, true)?;
                }
                33..=39 => {
                    self.world().strike(Class::MessageDoubled, None);
                    self.hand_over(&message)?;
                    self.hand_over(&message)?;
                }
                _ => self.hand_over(&message)?,
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, message: &Message) -> Result<(), Broken> {
        let delivery = self.delivery(message);
        let before = self.world().settled_up_to.clone();
        let ran = self.hub.work(&self.world, &self.table.config, delivery);
        self.worked(&ran, message, &before, false)
    }

    fn delivery(&mut self, message: &Message) -> Delivery {
        let plan = Plan::draw(&mut self.dice, &self.hub.targets);
        let most = if self.dice.chance(20) { self.dice.below(2) } else { u64::MAX };
        self.invocations += 1;
        Delivery {
            message: message.text.clone(),
            plan,
            holder: format!("invocation {}", self.invocations),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// What was not done comes again, so often.
    fn worked(
        &mut self,
        ran: &Ran,
        message: &Message,
        settled_up_to: &BTreeMap<scheduler_core::Target, Instant>,
        is_shared: bool,
    ) -> Result<(), Broken> {
        const RECEIVES: u32 = 3;
        let received = message.received + 1;
        if matches!(ran.end, End::Died | End::Again(_)) && received < RECEIVES {
            let message = Message { received, ..message.clone() };
            self.world().post.queue.push(message);
        }
        self.judge(ran, settled_up_to, is_shared, |_, _, _| Ok(()))
    }

    /// Whether nobody is at work on a shard, and none is on its way.
    fn is_free(&self) -> bool {
        self.world().post.claims.is_empty()
    }

    /// A dry run in between, and the real run it foretells.
    fn dry_run(&mut self, clock: Instant) -> Result<(), Broken> {
        let errand = self.named(Errand::at(clock).dry());
        let dry = self.hub.run(&self.world, &self.table.config, errand);
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        twins::dry_runs_write_nothing(&world, &mut self.history.tally)?;
        drop(world);
        self.pass_with(Errand::at(clock), |ran, tally| match (dry.report(), ran.report()) {
            (Some(dry), Some(real)) => twins::dry_runs_are_true(dry, real, tally),
            (None, _) | (_, None) => Ok(()),
        })
    }

    /// The same pass again, with nothing gone wrong in either.
    fn twice(&mut self, clock: Instant) -> Result<(), Broken> {
        let mut first = None;
        self.pass_with(Errand::at(clock), |ran, _| {
            first = ran.report().cloned();
            Ok(())
        })?;
        self.pass_with(Errand::at(clock), |second, tally| match (&first, second.report()) {
            (Some(first), Some(second)) => twins::second_pass_is_quiet(first, second, tally),
            (None, _) | (_, None) => Ok(()),
        })
    }

    /// The same pass in two worlds, in one of which a target is denied.
    fn denial(&mut self, clock: Instant) -> Result<(), Broken> {
        let twin = Arc::new(Mutex::new(self.world().clone()));
        let denied = self.dice.pick(&self.hub.targets);
        let plan = Plan::denying(&denied);
        let errand = self.named(Errand::at(clock));
        let well = self.hub.run(&twin, &self.table.config, errand);
        self.pass_with(Errand { plan, ..Errand::at(clock) }, |ill, tally| {
            match (well.report(), ill.report()) {
                (Some(well), Some(ill)) => twins::targets_are_apart(well, ill, &denied, tally),
                (None, _) | (_, None) => Ok(()),
            }
        })
    }

    /// Two passes at once.
    fn overlap(&mut self, clock: Instant) -> Result<(), Broken> {
        self.world().strike(Class::PassesOverlap, None);
        let plan = Plan::draw(&mut self.dice, &self.hub.targets);
        let first = self.named(Errand { plan, ..Errand::at(clock) });
        let plan = Plan::draw(&mut self.dice, &self.hub.targets);
        let second = self.named(Errand { plan, ..Errand::at(clock) });
        let before = self.world().settled_up_to.clone();
        let (first, second) = self.hub.run_both(&self.world, &self.table.config, first, second);
        let quiet = |_: &Scene<'_>, _: &Ledger, _: &mut Tally| Ok(());
        self.judge(&first, &before, true, quiet)?;
        self.judge(&second, &before, true, quiet)
    }

    fn named(&mut self, errand: Errand) -> Errand {
        self.invocations += 1;
        Errand { holder: format!("invocation {}", self.invocations), ..errand }
    }

    fn pass_with(
        &mut self,
        errand: Errand,
        law: impl FnOnce(&Ran, &mut Tally) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.pass(errand, |scene, _, tally| law(scene.ran, tally))
    }

    fn pass(
        &mut self,
        errand: Errand,
        law: impl FnOnce(&Scene<'_>, &Ledger, &mut Tally) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let errand = self.named(errand);
        let before = self.world().settled_up_to.clone();
        let ran = self.hub.run(&self.world, &self.table.config, errand);
        self.judge(&ran, &before, false, law)
    }

    /// Holds the laws against a pass.
    fn judge(
        &mut self,
        ran: &Ran,
        settled_up_to: &BTreeMap<scheduler_core::Target, Instant>,
        is_shared: bool,
        law: impl FnOnce(&Scene<'_>, &Ledger, &mut Tally) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.history.passes += 1;
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        tell(&mut world, ran);
        let (calls, saves) = (mem::take(&mut world.calls), mem::take(&mut world.saves));
        let oracle = Oracle::at(&self.table, ran.now);
        let scene = Scene {
            world: &world,
            table: &self.table,
            oracle: &oracle,
            ran,
            calls: &calls,
            saves: &saves,
            settled_up_to,
            is_shared,
        };
        let tally = &mut self.history.tally;
        laws::check(&scene, &mut self.ledger, tally)?;
        law(&scene, &self.ledger, tally)?;
        (world.labelled, world.intruders) = (Vec::new(), Vec::new());
        Ok(())
    }
}

/// Writes the pass into the chronicle.
fn tell(world: &mut World, ran: &Ran) {
    if !world.chronicle.is_kept {
        return;
    }
    let Some(report) = ran.report() else {
        let what = format!("the pass of {} ends: {:?}", ran.now, ran.end);
        return world.note(None, what);
    };
    for target in &report.targets {
        for one in &target.resources {
            let id =
                crate::thing::Id { target: target.target.clone(), key: one.resource.key.clone() };
            let said = match &one.action {
                scheduler_core::decision::Action::Act(..) => format!("{:?}", one.action),
                scheduler_core::decision::Action::Leave(why) => format!("left: {why}"),
            };
            let desired =
                one.verdict.as_ref().map(|verdict| verdict.desired.to_string()).unwrap_or_default();
            let tag = &one.resource.marks.schedule;
            world.note(
                Some(&id),
                format!(
                    "pass of {}: {tag} wants {desired}; seen {}; {said}",
                    ran.now.format("%d %H:%M:%S"),
                    one.resource.observed.as_str()
                ),
            );
        }
    }
}
