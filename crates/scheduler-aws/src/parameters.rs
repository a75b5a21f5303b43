//! Settings and secrets: `GetParametersByPath`, all pages, decrypted.

use scheduler_core::{resource::Failure, settings::Parameters};

use crate::{Aws, failure::failure};

/// The Parameter Store answers at most this many a page.
const PAGE: i32 = 10;

impl Aws {
    /// Every parameter below a prefix, by its name below it.
    ///
    /// # Errors
    ///
    /// If they cannot be read in full.
    pub async fn parameters(&self, prefix: &str) -> Result<Parameters, Failure> {
        let path = format!("{}/", prefix.trim_end_matches('/'));
        let request = self
            .ssm(self.home())
            .get_parameters_by_path()
            .path(&path)
            .recursive(true)
            .with_decryption(true)
            .max_results(PAGE);
        let mut pages = request.into_paginator().send();
        let mut found = Parameters::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure("ssm:GetParametersByPath", &error))?;
            let named = page.parameters.unwrap_or_default().into_iter();
            found.extend(named.filter_map(|parameter| {
                Some((parameter.name?.strip_prefix(&path)?.to_owned(), parameter.value?))
            }));
        }
        Ok(found)
    }
}
