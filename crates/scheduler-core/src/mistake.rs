//! A user's mistake, as data: where it is, what was written, what to write instead.
//!
//! Drawing it (colours, arrows) is the command line's business; logging it is the hub's.

use std::{fmt, ops::Range};

use serde::{Serialize, Serializer};

/// One thing wrong in what a user wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where: `periods.office-hours`, `schedules.nightly`, `parameters`.
    pub item: String,
    /// Which field of the item; empty when the whole item is meant.
    pub field: String,
    /// What was written there.
    pub text: String,
    /// Which bytes of `text` are meant.
    #[serde(serialize_with = "as_pair")]
    pub span: Range<usize>,
    /// What sort of mistake it is; a stable word for scripts.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Mistake {
    /// A mistake about the whole of `text`.
    pub fn whole(item: &str, field: &str, text: impl Into<String>, code: Code) -> Self {
        let text = text.into();
        let span = 0..text.len();
        Self {
            item: item.into(),
            field: field.into(),
            text,
            span,
            code,
            message: String::new(),
            help: String::new(),
        }
    }

    /// The same with the words to show.
    pub fn saying(mut self, message: impl Into<String>, help: impl Into<String>) -> Self {
        self.message = message.into();
        self.help = help.into();
        self
    }
}

/// What is wrong with a text, for whoever knows where the text stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    code: Code,
    message: String,
    help: String,
}

impl Wrong {
    pub(crate) fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }

    pub(crate) fn with(self, item: &str, field: &str, text: &str) -> Mistake {
        Mistake::whole(item, field, text, self.code).saying(self.message, self.help)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.item)?;
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {}; {}", self.message, self.help)
    }
}

/// The sorts of mistake. The kebab-case names are stable: scripts match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// An expression, or one of its comma-separated terms, is empty.
    Empty,
    /// A weekday that is not one.
    UnknownWeekday,
    /// A month that is not one.
    UnknownMonth,
    /// A number that is not in the field's range, or not a number at all.
    BadNumber,
    /// A range that runs backwards where it cannot wrap.
    BackwardRange,
    /// A step that is no positive number, or stands where no step can.
    BadStep,
    /// A form (`L`, `W`, `#`) that this field does not have.
    UnsupportedForm,
    /// A time of day that is not `HH:MM`.
    BadTime,
    /// A time zone that the time zone database does not have.
    UnknownTimezone,
    /// A value of the wrong type: a number where a text is wanted.
    WrongType,
    /// A name that breaks its rule.
    BadName,
    /// A value that is none of those allowed.
    BadValue,
    /// A schedule names a period that is not there, or that is itself mistaken.
    UnknownPeriod,
    /// A schedule names a calendar that is not there, or that is itself mistaken.
    UnknownCalendar,
    /// An exception or override names a schedule that is not there.
    UnknownSchedule,
    /// A date that is none.
    BadDate,
    /// An instant that is none, or has no offset.
    BadInstant,
    /// An override whose end is past. A warning.
    Expired,
    /// Something that has to be there is missing.
    Missing,
    /// Something that is named and kept elsewhere cannot be read.
    Unreadable,
    /// Two values that cannot stand together.
    Conflict,
    /// The same thing twice.
    Duplicate,
    /// A field that means nothing here. A warning: the item still counts.
    UnknownField,
    /// A file that is not what its format says.
    Syntax,
    /// A section of a file that is not one.
    UnknownSection,
    /// A schedule, or one of its periods, that never runs. A warning, as are all that follow.
    NeverRuns,
    /// A schedule that never stops.
    AlwaysRuns,
    /// A time that the clocks skip or repeat on some day.
    ClockChange,
    /// A period that no schedule names.
    UnusedPeriod,
    /// Periods that run at the same time as different instance types.
    InstanceTypes,
    /// A stop that is lost because another period has no opinion then.
    HiddenStop,
    /// A schedule that stops for the last minute of a day.
    StopsAtMidnight,
}

impl Code {
    /// Whether the item still counts in spite of it.
    pub fn is_warning(self) -> bool {
        matches!(
            self,
            Code::UnknownField
                | Code::Expired
                | Code::NeverRuns
                | Code::AlwaysRuns
                | Code::ClockChange
                | Code::UnusedPeriod
                | Code::InstanceTypes
                | Code::HiddenStop
                | Code::StopsAtMidnight
        )
    }
}

fn as_pair<S: Serializer>(span: &Range<usize>, serializer: S) -> Result<S::Ok, S::Error> {
    [span.start, span.end].serialize(serializer)
}
