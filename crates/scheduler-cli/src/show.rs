//! Where a command's result goes, and in which form.

use std::{fmt, io::Write};

use serde::Serialize;

use crate::{args::Format, exit::Failed, query::Query};

/// The form asked for, and standard output.
pub(crate) struct Show<'a> {
    pub(crate) format: Format,
    pub(crate) query: Option<&'a Query>,
    pub(crate) out: &'a mut dyn Write,
}

impl fmt::Debug for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Show { format, query, out: _ } = self;
        f.debug_struct("Show").field("format", format).field("query", query).finish_non_exhaustive()
    }
}

impl Show<'_> {
    /// Prints a result as JSON, or what the query finds in it.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failed> {
        let Some(query) = self.query else {
            // Straight from the structs, whose order of fields is the order of keys.
            let text = serde_json::to_string(value).map_err(std::io::Error::from)?;
            return Ok(writeln!(self.out, "{text}")?);
        };
        let value = serde_json::to_value(value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.out, "{}", query.search(&value)?)?)
    }

    /// Prints rows in columns as wide as they need to be, under a bold head.
    pub(crate) fn columns(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failed> {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..head.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let bold = anstyle::Style::new().bold();
        writeln!(self.out, "{bold}{}{bold:#}", line(&mut head.iter().copied()))?;
        for row in rows {
            writeln!(self.out, "{}", line(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
