//! What happens to a resource by itself, and what an order does to it.

use chrono::TimeDelta;
use scheduler_core::{Instant, Kind, size::Size};

use crate::{
    dice::Dice,
    thing::{By, Condition, Deed, Id, State, Thing},
};

/// How long a database stays at rest before AWS starts it.
const AT_REST: TimeDelta = TimeDelta::days(7);
/// How far back a listing may reach.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// How fast things change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As fast as in AWS.
    #[default]
    Natural,
    /// At once.
    AtOnce,
}

impl Thing {
    /// Lives on until an instant; answers what happened.
    pub fn advance(&mut self, id: &Id, to: Instant, pace: Pace) -> Vec<(Instant, String)> {
        let mut happened = Vec::new();
        while let Some((at, what)) = self.next_event(id, to, pace) {
            happened.push((at, what));
        }
        while self.past.len() > 1 && self.past[1].0 < to - KEPT {
            self.past.pop_front();
        }
        happened
    }

    fn next_event(&mut self, id: &Id, to: Instant, pace: Pace) -> Option<(Instant, String)> {
        match self.now.state {
            State::Starting(until) if until <= to => Some((until, self.arrive(until))),
            State::Stopping(until) if until <= to => {
                self.rest(id.key.kind, until);
                Some((until, "it rests".into()))
            }
            State::Stopped => {
                let at = self.now.restarts_in_fact.filter(|at| *at <= to)?;
                self.bring_up(id.key.kind, at, By::Aws, pace);
                Some((at, "AWS starts it after seven days at rest".into()))
            }
            State::Starting(_) | State::Stopping(_) | State::Running | State::Terminated(_) => None,
        }
    }

    /// Runs, unless the start is taken back.
    fn arrive(&mut self, at: Instant) -> String {
        let curse = self.curse.as_ref().filter(|(until, _)| at < *until);
        if let Some((_, failure)) = curse {
            let fell = Some(failure.clone());
            let what = format!("it falls back to rest: {failure}");
            self.change(at, |now| *now = Condition { state: State::Stopped, fell, ..now.clone() });
            return what;
        }
        self.change(at, |now| now.state = State::Running);
        "it runs".into()
    }

    fn rest(&mut self, kind: Kind, at: Instant) {
        let restarts = matches!(kind, Kind::RdsInstance | Kind::RdsCluster).then_some(at + AT_REST);
        let off = self.dice.between(-TimeDelta::minutes(40), TimeDelta::hours(3));
        self.change(at, |now| {
            now.state = State::Stopped;
            now.restarts_at = restarts;
            now.restarts_in_fact = restarts.map(|at| at + off);
        });
    }

    /// Changes it, and keeps what it was.
    pub fn change(&mut self, at: Instant, how: impl FnOnce(&mut Condition)) {
        if self.past.is_empty() {
            self.past.push_back((at - KEPT, self.now.clone()));
        }
        how(&mut self.now);
        self.past.push_back((at, self.now.clone()));
    }

    /// Starts what rests.
    pub fn bring_up(&mut self, kind: Kind, at: Instant, by: By, pace: Pace) {
        let until = at + self.transition(kind, at, pace);
        self.deeds.push(Deed { at, by, up: true });
        self.change(at, |now| {
            now.state = State::Starting(until);
            (now.fell, now.restarts_at, now.restarts_in_fact) = (None, None, None);
        });
        if until == at {
            self.arrive(at);
        }
    }

    /// Stops what runs.
    pub fn bring_down(&mut self, kind: Kind, at: Instant, by: By, pace: Pace) {
        let until = at + self.transition(kind, at, pace);
        self.deeds.push(Deed { at, by, up: false });
        self.change(at, |now| now.state = State::Stopping(until));
        if until == at {
            self.rest(kind, at);
        }
    }

    /// Gives it another size, without bringing it up or down.
    pub fn resize(&mut self, at: Instant, size: Size) {
        self.change(at, |now| now.size = Some(size));
    }

    /// How long it takes to start or stop now.
    fn transition(&mut self, kind: Kind, at: Instant, pace: Pace) -> TimeDelta {
        let slow = self.slow_until.is_some_and(|until| at < until);
        let usual = usual(kind, &mut self.dice);
        match pace {
            Pace::AtOnce => TimeDelta::zero(),
            Pace::Natural if slow => usual * 6,
            Pace::Natural => usual,
        }
    }
}

fn usual(kind: Kind, dice: &mut Dice) -> TimeDelta {
    let (least, most) = match kind {
        Kind::Ec2Instance => (TimeDelta::zero(), TimeDelta::minutes(2)),
        Kind::RdsInstance | Kind::RdsCluster => (TimeDelta::minutes(2), TimeDelta::minutes(14)),
        Kind::Asg | Kind::EcsService => (TimeDelta::zero(), TimeDelta::minutes(4)),
        Kind::RedshiftCluster => (TimeDelta::minutes(1), TimeDelta::minutes(8)),
    };
    dice.between(least, most)
}
