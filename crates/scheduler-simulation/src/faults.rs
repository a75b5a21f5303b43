//! What may go wrong, and what does in one pass.

use std::{collections::BTreeSet, fmt};

use chrono::TimeDelta;
use scheduler_core::Target;

use crate::dice::Dice;

/// A class of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names are what they are printed as")]
pub enum Class {
    CrashBeforeWrite,
    CrashAfterWrite,
    AnswerLostThoughDone,
    AnswerLostAndNotDone,
    AnswerMissing,
    OrderThrottled,
    OrderDenied,
    OrderHalfDone,
    TargetDenied,
    ListingThrottled,
    ListingStale,
    WindowsUnknown,
    LoadFailed,
    SaveFailed,
    SavedInPart,
    SavedWithoutAnswer,
    LeaseUnavailable,
    LeaseTakenWithoutAnswer,
    LeaseNotGivenBack,
    ClaimsUnavailable,
    ClaimsNotWritten,
    ClaimTakenWithoutAnswer,
    ClaimNotEnded,
    ClaimEndedWithoutAnswer,
    MessageRefused,
    MessageLost,
    MessageDoubled,
    MessageLate,
    ShardHandedOn,
    TagsNotWritten,
    NoCapacity,
    StartTakenBack,
    TypeUnsupported,
    SlowTransition,
    TickMissed,
    TickDoubled,
    TickLate,
    PassesOverlap,
    ConfigBroken,
}

/// As words: `crash before write`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{self:?}");
        let mut words = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(c.to_ascii_lowercase());
        }
        f.pad(&words)
    }
}

/// What goes wrong in one pass. Nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// At which of its writes, counted from nought, it dies, and whether that still happens.
    pub crash: Option<(u32, Class)>,
    /// What strikes a target, or, with none named, every one.
    pub troubles: BTreeSet<(Class, Option<Target>)>,
    /// How often of a hundred an order is struck by a trouble of orders.
    pub order_percent: u64,
    /// How old the listings of a stale target are.
    pub age: TimeDelta,
    /// At which save of a target, counted from nought, a trouble of saves strikes.
    pub nth_save: u32,
    /// A target whose listing panics, for stories.
    pub panics: Option<Target>,
    /// A target whose listing never answers, for stories.
    pub hangs: Option<Target>,
    /// Whether an order is carried out and never answered, for stories.
    pub hangs_at_orders: bool,
    /// What chance has in store for it.
    pub seed: u64,
}

/// What may strike an order.
pub const OF_ORDERS: [Class; 6] = [
    Class::AnswerLostThoughDone,
    Class::AnswerLostAndNotDone,
    Class::AnswerMissing,
    Class::OrderThrottled,
    Class::OrderDenied,
    Class::OrderHalfDone,
];

/// What may strike a save.
pub const OF_SAVES: [Class; 3] = [Class::SaveFailed, Class::SavedInPart, Class::SavedWithoutAnswer];

const OF_READS: [Class; 5] = [
    Class::TargetDenied,
    Class::ListingThrottled,
    Class::ListingStale,
    Class::WindowsUnknown,
    Class::LoadFailed,
];

const OF_THE_REST: [Class; 10] = [
    Class::LeaseUnavailable,
    Class::LeaseTakenWithoutAnswer,
    Class::LeaseNotGivenBack,
    Class::ClaimsUnavailable,
    Class::ClaimTakenWithoutAnswer,
    Class::ClaimsNotWritten,
    Class::ClaimNotEnded,
    Class::ClaimEndedWithoutAnswer,
    Class::MessageRefused,
    Class::TagsNotWritten,
];

impl Plan {
    /// A pass in which nothing goes wrong, or one to three things do.
    pub fn draw(dice: &mut Dice, targets: &[Target]) -> Self {
        let mut plan = Plan { seed: dice.seed(), ..Plan::default() };
        if dice.chance(45) {
            return plan;
        }
        for _ in 0..=dice.below(3) {
            plan.add(dice, targets);
        }
        plan
    }

    fn add(&mut self, dice: &mut Dice, targets: &[Target]) {
        let place = (!dice.chance(40)).then(|| dice.pick(targets));
        self.order_percent = dice.pick(&[20, 50, 100]);
        let mut trouble = |class: &Class| self.troubles.extend([(*class, place.clone())]);
        match dice.below(10) {
            0..=2 => trouble(&dice.pick(&OF_ORDERS)),
            3 | 4 => {
                trouble(&dice.pick(&OF_SAVES));
                self.nth_save = u32::from(dice.chance(50));
            }
            5 | 6 => {
                trouble(&dice.pick(&OF_READS));
                self.age = dice.between(TimeDelta::seconds(20), TimeDelta::minutes(4));
            }
            7 => trouble(&dice.pick(&OF_THE_REST)),
            _ => {
                let nth = u32::try_from(dice.below(14)).unwrap_or(0);
                let class = dice.pick(&[Class::CrashBeforeWrite, Class::CrashAfterWrite]);
                self.crash = Some((nth, class));
            }
        }
    }

    /// Whether something of that class strikes a target.
    pub fn has(&self, class: Class, target: &Target) -> bool {
        self.troubles.contains(&(class, None))
            || self.troubles.contains(&(class, Some(target.clone())))
    }

    /// Whether something of that class strikes what belongs to no target.
    pub fn has_anywhere(&self, class: Class) -> bool {
        self.troubles.iter().any(|(one, _)| *one == class)
    }

    /// Whether anything that is observed is struck.
    pub fn spoils_reads(&self) -> bool {
        OF_READS.iter().any(|class| self.has_anywhere(*class))
    }

    /// A pass in which one target is denied, and nothing else goes wrong.
    pub fn denying(target: &Target) -> Self {
        Plan { troubles: [(Class::TargetDenied, Some(target.clone()))].into(), ..Plan::default() }
    }
}
