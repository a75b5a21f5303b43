//! Calls that are made again because the first time had no answer.
//!
//! The SDK asks again by itself. If the first time was heard after all, what was asked for is under way, and most services
//! refuse the second as not possible in that state: a refusal of what has happened. Only here is it known that there was
//! a first time, so that the answer is marked for `outcome` in [`failure`](crate::failure).

use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{FinalizerInterceptorContextMut, FinalizerInterceptorContextRef},
            dyn_dispatch_hint,
        },
        orchestrator::HttpResponse,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// The mark: a header that no service sends.
const MARK: &str = "x-dayshift-earlier-attempt-unheard";

/// Watches the attempts of one call.
#[derive(Debug, Default)]
pub(crate) struct Unheard(AtomicBool);

#[dyn_dispatch_hint]
impl Intercept for Unheard {
    fn name(&self) -> &'static str {
        "Unheard"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // One that says that the service itself failed does not say how far it came.
        if context.response().is_none_or(|response| response.status().is_server_error()) {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.0.load(Ordering::Relaxed)
            && let Some(response) = context.inner_mut().response_mut()
        {
            response.headers_mut().insert(MARK, "true");
        }
        Ok(())
    }
}

/// Whether a call whose last answer this is may have been heard earlier.
pub(crate) fn may_have_been_heard(last: &HttpResponse) -> bool {
    last.headers().contains_key(MARK)
}
