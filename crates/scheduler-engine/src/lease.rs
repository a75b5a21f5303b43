//! Leases: passes that overlap, and events that come twice, do no work twice.
//!
//! Whoever begins a pass takes its lease first and gives it back at the end. A holder that dies keeps it until it
//! expires, which is after its deadline and all that may follow that; then the next pass takes it over. What a skipped
//! pass would have done is due in the next one, for no edge is lost.

use scheduler_core::resource::Failure;

use crate::ports::{Acquired, Lease, Leases};

/// Why the work was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// Somebody else is at it.
    Busy {
        /// Who.
        holder: String,
        /// Until when at most.
        until: scheduler_core::Instant,
    },
    /// The lease could not be asked for.
    Failed(Failure),
}

/// Does some work under a lease, if it is to be had at `now`.
///
/// # Errors
///
/// If somebody else has it, or it cannot be asked for. Nothing was done then. A lease that cannot be given back expires
/// by itself; that is a line in the log.
pub async fn holding<L: Leases, Work: Future>(
    leases: &L,
    lease: &Lease,
    now: scheduler_core::Instant,
    work: Work,
) -> Result<Work::Output, NotHeld> {
    match leases.acquire(lease, now).await {
        Ok(Acquired::Yes) => {}
        Ok(Acquired::No { holder, until }) => return Err(NotHeld::Busy { holder, until }),
        Err(failure) => return Err(NotHeld::Failed(failure)),
    }
    let done = work.await;
    if let Err(failure) = leases.release(lease).await {
        let (lease, code) = (&lease.name, failure.code.as_str());
        tracing::warn!(lease, code, reason = failure.message, "lease not given back");
    }
    Ok(done)
}
