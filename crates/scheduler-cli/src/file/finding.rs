//! What is wrong in a file, shown: as a drawing of the place for people, as a row for scripts.

use std::{fmt, ops::Range};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use scheduler_core::{Mistake, mistake::Code};
use serde::Serialize;

use super::File;
use crate::show::plural;

/// A mistake and its place.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) mistake: Mistake,
    /// The bytes of the file that are meant.
    pub(crate) place: Range<usize>,
}

impl Finding {
    fn severity(&self) -> Severity {
        if self.mistake.code.is_warning() { Severity::Warning } else { Severity::Error }
    }
}

/// A finding for scripts.
#[derive(Debug, Serialize)]
pub(crate) struct FindingRow<'a> {
    severity: &'static str,
    item: &'a str,
    field: &'a str,
    text: &'a str,
    /// Bytes of the text.
    span: [usize; 2],
    code: Code,
    message: &'a str,
    help: &'a str,
    line: usize,
    column: usize,
}

impl<'a> FindingRow<'a> {
    pub(crate) fn of(finding: &'a Finding, file: &File) -> Self {
        let (line, column) = position(&file.text, finding.place.start);
        let severity = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning | Severity::Advice => "warning",
        };
        let Mistake { item, field, text, span, code, message, help } = &finding.mistake;
        let (span, code) = ([span.start, span.end], *code);
        Self { severity, item, field, text, span, code, message, help, line, column }
    }
}

/// Line and column of a byte, both from 1, columns in characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// `3 errors, 2 warnings`.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    format!("{}, {}", plural(errors, "error"), plural(findings.len() - errors, "warning"))
}

/// The place with an arrow at it, what is wrong, and what to write instead. In colour.
pub(crate) fn draw(file: &File, finding: &Finding) -> String {
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_width(100);
    let drawing = Drawing { finding, label: label(finding), source: Source::of(file, finding) };
    // Writing into a string cannot fail, and a drawing that could not be made is only less to see.
    let _ = handler.render_report(&mut drawn, &drawing);
    drawn
}

fn label(finding: &Finding) -> String {
    let Mistake { item, field, .. } = &finding.mistake;
    match (item.as_str(), field.as_str()) {
        ("", _) => "here".to_owned(),
        (item, "") => item.to_owned(),
        (item, field) => format!("{item}, {field}"),
    }
}

/// The text to draw on.
#[derive(Debug)]
struct Source {
    text: NamedSource<String>,
    place: Range<usize>,
}

impl Source {
    fn of(file: &File, finding: &Finding) -> Self {
        /// A file on one line cannot be drawn line by line.
        const LONG: usize = 400;
        let (place, text) = (finding.place.clone(), file.text.as_str());
        let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[place.end..].find('\n').map_or(text.len(), |at| place.end + at);
        if end - start <= LONG {
            return Self { text: NamedSource::new(&file.name, text.to_owned()), place };
        }
        let (line, column) = position(text, place.start);
        let name = format!("{}:{line}:{column}", file.name);
        let text = &text[place];
        Self { text: NamedSource::new(name, text.to_owned()), place: 0..text.len() }
    }
}

#[derive(Debug)]
struct Drawing<'a> {
    finding: &'a Finding,
    label: String,
    source: Source,
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.mistake.message)
    }
}

impl std::error::Error for Drawing<'_> {}

impl Diagnostic for Drawing<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        // The stable word that scripts know.
        let code = serde_json::to_value(self.finding.mistake.code).ok()?;
        Some(Box::new(code.as_str()?.to_owned()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.finding.severity())
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.finding.mistake.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.source.place.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.label.clone()), span))))
    }
}
