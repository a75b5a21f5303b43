//! How fast one target's EC2 may be called: the token buckets of "Request throttling for the Amazon EC2 API" in the
//! Amazon EC2 Developer Guide, which hold for each account and Region.
//!
//! A call waits for its tokens here rather than being refused there, where the tokens that a refused call takes are
//! lost and everybody else in the account is refused with it. What others in the account call for is not known, so
//! that AWS may still throttle.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// A call, by what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A filtered or paginated `Describe*`.
    Describe,
    /// `StartInstances` of so many.
    Start(usize),
    /// `StopInstances` of so many.
    Stop(usize),
    /// `CreateTags` or `DeleteTags`.
    Tag,
    /// Any other call that changes something.
    Change,
}

/// What may still be called in one target.
#[derive(Debug)]
pub struct Rates {
    full_at: Instant,
    /// None: nobody is there who would mind.
    buckets: Option<Mutex<Buckets>>,
}

impl Rates {
    /// With every bucket full: what came before the pass is not known.
    pub fn full() -> Self {
        Self { full_at: Instant::now(), buckets: Some(Mutex::new(Buckets::full())) }
    }

    /// For an AWS in this process, which is nobody else's.
    pub fn boundless() -> Self {
        Self { full_at: Instant::now(), buckets: None }
    }

    /// Waits until a call may be made. Those who come later wait longer.
    pub async fn take(&self, call: Call) {
        let wait = self.wait(call);
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    fn wait(&self, call: Call) -> Duration {
        let Some(buckets) = &self.buckets else { return Duration::ZERO };
        // A poisoned lock means that somebody panicked between two numbers; they are still numbers.
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(call, self.full_at.elapsed())
    }
}

#[derive(Clone, Copy, Debug)]
struct Buckets {
    describes: Bucket,
    starts: Bucket,
    started: Bucket,
    stopped: Bucket,
    tags: Bucket,
    changes: Bucket,
}

impl Buckets {
    fn full() -> Self {
        Self {
            describes: Bucket::full(100, 20),
            starts: Bucket::full(5, 2),
            started: Bucket::full(1_000, 2),
            stopped: Bucket::full(1_000, 20),
            tags: Bucket::full(100, 10),
            changes: Bucket::full(50, 5),
        }
    }

    /// How long to wait before a call that is wanted at `now`.
    fn take(&mut self, call: Call, now: Duration) -> Duration {
        match call {
            Call::Describe => self.describes.take(1, now),
            Call::Start(count) => {
                self.starts.take(1, now).max(self.started.take(tokens(count), now))
            }
            // The page lists no bucket of its own for requests to stop: they are changes like others.
            Call::Stop(count) => {
                self.changes.take(1, now).max(self.stopped.take(tokens(count), now))
            }
            Call::Tag => self.tags.take(1, now),
            Call::Change => self.changes.take(1, now),
        }
    }
}

fn tokens(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// So many tokens at most, so many more a second. It lends: what is taken beyond what it holds is owed, and has to be
/// waited for, so that those who come later queue behind.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    most: f64,
    per_second: f64,
    held: f64,
    at: Duration,
}

impl Bucket {
    fn full(most: u32, per_second: u32) -> Self {
        let most = f64::from(most);
        Self { most, per_second: per_second.into(), held: most, at: Duration::ZERO }
    }

    /// Takes tokens at `now`, counted from when it was full, and answers how long to wait for them.
    fn take(&mut self, tokens: u32, now: Duration) -> Duration {
        let refilled = now.saturating_sub(self.at).as_secs_f64() * self.per_second;
        self.held = (self.held + refilled).min(self.most) - f64::from(tokens);
        self.at = self.at.max(now);
        Duration::from_secs_f64((-self.held).max(0.0) / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// How many milliseconds each of the calls waits, all wanted at the second given.
    fn waits(buckets: &mut Buckets, second: u64, calls: &[Call]) -> Vec<u128> {
        let now = Duration::from_secs(second);
        calls.iter().map(|call| buckets.take(*call, now).as_millis()).collect()
    }

    #[test]
    fn starts_wait_once_five_are_made() {
        let mut buckets = Buckets::full();
        let ten = [Call::Start(50); 10];
        assert_eq!(waits(&mut buckets, 0, &ten), [0, 0, 0, 0, 0, 500, 1000, 1500, 2000, 2500]);
        // The queue is served by then, and a token more is there for each half second since.
        assert_eq!(waits(&mut buckets, 4, &[Call::Start(1); 5]), [0, 0, 0, 500, 1000]);
    }

    #[test]
    fn fifteen_hundred_starts_take_as_long_as_their_tokens() {
        let mut buckets = Buckets::full();
        let waits = waits(&mut buckets, 0, &[Call::Start(50); 30]);
        assert_eq!((waits[19], waits[29]), (7_500, 250_000));
    }

    #[test]
    fn each_call_has_its_bucket() {
        for (call, free, then) in [
            (Call::Describe, 100, 50),
            (Call::Tag, 100, 100),
            (Call::Change, 50, 200),
            (Call::Stop(1), 50, 200),
            (Call::Stop(50), 20, 2_500),
        ] {
            let mut buckets = Buckets::full();
            let waits = waits(&mut buckets, 0, &vec![call; free + 1]);
            assert_eq!((waits[free - 1], waits[free]), (0, then), "{call:?}");
        }
    }

    #[test]
    fn a_bucket_never_holds_more_than_it_can() {
        let mut buckets = Buckets::full();
        assert_eq!(waits(&mut buckets, 3600, &[Call::Start(1); 6]), [0, 0, 0, 0, 0, 500]);
    }

    #[test]
    fn what_may_be_called_is_not_kept_waiting() {
        let rates = Rates::full();
        for _ in 0..5 {
            assert_eq!(rates.take(Call::Start(50)).now_or_never(), Some(()));
        }
        for _ in 0..1_000 {
            assert_eq!(Rates::boundless().take(Call::Start(50)).now_or_never(), Some(()));
        }
    }
}
