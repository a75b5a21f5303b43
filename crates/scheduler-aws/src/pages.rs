//! Answers that come in pages. The SDK's own paginators take no credentials per call.

use scheduler_core::resource::Failure;

/// What is on all pages. `page` asks for the one behind a marker, the first without one, and answers what is on it and
/// the marker of the next.
pub(crate) async fn all<T, Answer>(
    page: impl Fn(Option<String>) -> Answer,
) -> Result<Vec<T>, Failure>
where
    Answer: Future<Output = Result<(Vec<T>, Option<String>), Failure>>,
{
    let (mut found, mut marker) = page(None).await?;
    // Some services mark the last page with an empty marker, others with none.
    while let Some(next) = marker.take().filter(|marker| !marker.is_empty()) {
        let (more, following) = page(Some(next)).await?;
        found.extend(more);
        marker = following;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use scheduler_core::resource::FailureCode;

    use super::*;

    #[tokio::test]
    async fn pages_end_with_no_marker_or_an_empty_one() {
        for (last, expected) in [(None, 4), (Some(String::new()), 4)] {
            let found = all(async |marker| match marker.as_deref() {
                None => Ok((vec![1, 2], Some("2".to_owned()))),
                Some("2") => Ok((vec![3], Some("3".to_owned()))),
                Some(_) => Ok((vec![4], last.clone())),
            });
            assert_eq!(found.await.unwrap().len(), expected);
        }
    }

    #[tokio::test]
    async fn half_a_listing_is_none() {
        let failure = Failure { code: FailureCode::Throttled, message: "slow down".into() };
        let found = all(async |marker| match marker {
            None => Ok((vec![1], Some("2".to_owned()))),
            Some(_) => Err(failure.clone()),
        });
        assert_eq!(found.await, Err(failure.clone()));
    }
}
