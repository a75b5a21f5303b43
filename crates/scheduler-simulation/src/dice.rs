//! Chance, all of which follows from one number. Only 64-bit draws are made, so that every platform draws alike.

use chrono::TimeDelta;

/// A source of chance.
#[derive(Clone, Debug)]
pub struct Dice(fastrand::Rng);

impl Dice {
    /// The source that a seed names.
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds are to have nothing in common.
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x9e37_79b9_7f4a_7c15);
        let seed = rng.u64(..);
        Self(fastrand::Rng::with_seed(seed))
    }

    /// The source that a seed and a text name: what one thing draws then changes nothing of what another draws.
    pub fn keyed(seed: u64, text: &str) -> Self {
        // FNV-1a.
        let mixed = text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::new(mixed)
    }

    /// A seed for another source.
    pub fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.u64(..n.max(1))
    }

    /// Yes, in so many cases of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)].clone()
    }

    /// A span of whole seconds between two.
    pub fn between(&mut self, least: TimeDelta, most: TimeDelta) -> TimeDelta {
        let spread = u64::try_from((most - least).num_seconds()).unwrap_or(0) + 1;
        least + TimeDelta::seconds(i64::try_from(self.below(spread)).unwrap_or(0))
    }
}
