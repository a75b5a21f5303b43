//! `--query`: a JMESPath over a command's JSON.

use std::{fmt, str::FromStr};

use jmespath::Variable;
use serde_json::Value;

use crate::exit::Failed;

/// A JMESPath.
#[derive(Clone)]
pub(crate) struct Query(jmespath::Expression<'static>);

impl Query {
    /// What it finds in a value.
    pub(crate) fn search(&self, value: &Value) -> Result<Value, Failed> {
        let refused = |error: &dyn fmt::Display| {
            // The lines after the first draw the path with an arrow, for which there is no room here.
            let message = error.to_string();
            let first = message.lines().next().unwrap_or_default();
            Failed::usage("query", first, "see jmespath.org; try a shorter path first")
        };
        let variable = Variable::try_from(value).map_err(|error| refused(&error))?;
        let found = self.0.search(variable).map_err(|error| refused(&error))?;
        serde_json::to_value(&*found).map_err(|error| refused(&error))
    }
}

impl FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        jmespath::compile(text).map(Self).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.0.as_str()).finish()
    }
}
