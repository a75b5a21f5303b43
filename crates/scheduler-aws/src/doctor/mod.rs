//! What is asked to find out whether a deployment can do its work, beyond what a pass asks. Nothing here changes anything.

mod needs;
mod rehearse;
mod simulate;
mod table;

pub use needs::{Need, needs};
pub use rehearse::Rehearsal;
pub use simulate::{Denial, Verdict};
pub use table::{Key, Table};

use std::sync::Arc;

use scheduler_core::{Target, resource::Failure};

use crate::{Aws, cloud::Spokes};

impl Aws {
    /// The same without the sessions taken so far: a role that is no longer to be had shows at once.
    #[must_use]
    pub fn without_sessions(&self) -> Self {
        Self { sessions: Arc::default(), ..self.clone() }
    }
}

impl Spokes<'_> {
    /// Assumes the role of a target.
    ///
    /// # Errors
    ///
    /// If it cannot be assumed.
    pub async fn assume(&self, target: &Target) -> Result<(), Failure> {
        self.aws.spoke(self.settings, target, self.pass).await.map(drop)
    }
}
