//! Settings and secrets: `GetParametersByPath`, all pages, decrypted. And lists that settings name: `GetParameters`.

use std::collections::BTreeSet;

use aws_sdk_ssm::types::{Parameter, ParameterType};
use futures::{StreamExt, stream};
use scheduler_core::{
    ParameterName,
    resource::{Failure, FailureCode},
    settings::{Lists, Parameters},
};

use crate::{Aws, failure::failure};

/// The Parameter Store answers at most this many a page.
const PAGE: i32 = 10;

/// It takes at most this many names in a call.
const NAMES: usize = 10;

/// Calls for lists under way at once.
const AT_ONCE: usize = 4;

impl Aws {
    /// Every parameter below a prefix, by its name below it.
    ///
    /// # Errors
    ///
    /// If they cannot be read in full.
    pub async fn parameters(&self, prefix: &str) -> Result<Parameters, Failure> {
        self.below(prefix, true).await
    }

    /// The same for whoever may not read secrets, which stay encrypted.
    ///
    /// # Errors
    ///
    /// If they cannot be read in full.
    pub async fn open_parameters(&self, prefix: &str) -> Result<Parameters, Failure> {
        self.below(prefix, false).await
    }

    async fn below(&self, prefix: &str, decrypted: bool) -> Result<Parameters, Failure> {
        let path = format!("{}/", prefix.trim_end_matches('/'));
        let request = self
            .ssm(self.home())
            .get_parameters_by_path()
            .path(&path)
            .recursive(true)
            .with_decryption(decrypted)
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

    /// The texts of parameters in the hub's Region, or why one has none. A name that may not be read fails alone.
    pub async fn lists(&self, names: &BTreeSet<ParameterName>) -> Lists {
        let names: Vec<_> = names.iter().collect();
        let calls = names.chunks(NAMES).map(|names| self.some_lists(names));
        let read: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        read.into_iter().flatten().collect()
    }

    async fn some_lists(&self, names: &[&ParameterName]) -> Lists {
        match self.get_parameters(names).await {
            Ok(lists) => lists,
            // One that may not be read makes AWS refuse the call for all.
            Err(failure) if names.len() > 1 && is_about_one(failure.code) => {
                let mut lists = Lists::new();
                for name in names {
                    match self.get_parameters(&[name]).await {
                        Ok(list) => lists.extend(list),
                        Err(failure) => drop(lists.insert((*name).clone(), Err(failure))),
                    }
                }
                lists
            }
            Err(failure) => {
                names.iter().map(|name| ((*name).clone(), Err(failure.clone()))).collect()
            }
        }
    }

    async fn get_parameters(&self, names: &[&ParameterName]) -> Result<Lists, Failure> {
        let names_as_text = names.iter().map(|name| name.as_str().to_owned()).collect();
        let answer =
            self.ssm(self.home()).get_parameters().set_names(Some(names_as_text)).send().await;
        let answer = answer.map_err(|error| failure("ssm:GetParameters", &error))?;
        Ok(lists(names, answer.parameters.unwrap_or_default()))
    }
}

/// Whether another name might fare better.
fn is_about_one(code: FailureCode) -> bool {
    !matches!(code, FailureCode::Throttled | FailureCode::Unreachable)
}

/// What was answered for each name. AWS leaves out what is not there.
fn lists(names: &[&ParameterName], answered: Vec<Parameter>) -> Lists {
    let text_of = |name: &ParameterName| {
        let found = answered.iter().find(|found| found.name.as_deref() == Some(name.as_str()));
        let none = |code, message: String| Err(Failure { code, message });
        match found.map(|found| (&found.r#type, &found.value)) {
            None | Some((_, None)) => {
                none(FailureCode::NotFound, format!("there is no parameter {name}"))
            }
            Some((Some(ParameterType::SecureString), _)) => {
                none(FailureCode::Unsupported, format!("{name} is a SecureString"))
            }
            Some((_, Some(text))) => Ok(text.clone()),
        }
    };
    names.iter().map(|name| ((*name).clone(), text_of(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_text_or_why_not() {
        let parameter = |name: &str, kind: ParameterType| {
            Parameter::builder().name(name).r#type(kind).value("x").build()
        };
        let names: Vec<ParameterName> =
            ["/list", "missing", "secret", "text"].map(|name| name.parse().unwrap()).into();
        let answered = vec![
            parameter("text", ParameterType::String),
            parameter("/list", ParameterType::StringList),
            parameter("secret", ParameterType::SecureString),
        ];
        let read = lists(&names.iter().collect::<Vec<_>>(), answered);
        let codes: Vec<_> =
            read.values().map(|text| text.as_ref().map_err(|failure| failure.code)).collect();
        let text = "x".to_owned();
        let not_found = Err(FailureCode::NotFound);
        let secret = Err(FailureCode::Unsupported);
        assert_eq!(codes, [Ok(&text), not_found, secret, Ok(&text)]);
    }
}
