//! A finding: what is wrong, where, and what to do about it. As scripts read it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was found, and how much was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// How much was looked at.
    pub checked: Checked,
}

impl Examination {
    /// Whether something is wrong. A note is no such thing.
    pub fn has_findings(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity != Severity::Note)
    }

    /// Puts the worst first.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of thing it is.
    pub code: Code,
    /// Where: a parameter, a table, a schedule, `aws/111122223333`, `aws/111122223333/eu-west-1`.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Finding {
    /// A finding of the severity that its code has.
    pub fn new(
        code: Code,
        place: impl fmt::Display,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity: code.severity(),
            code,
            place: place.to_string(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn but(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is not started or stopped that should be.
    Error,
    /// Something may not be, or costs more than it has to.
    Warning,
    /// Nothing is wrong, but something could not be looked at.
    Note,
}

impl Severity {
    /// The severity as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Parameters below the deployment's prefix.
    pub parameters: usize,
    /// Tables.
    pub tables: usize,
    /// Schedules that are understood.
    pub schedules: usize,
    /// Accounts.
    pub accounts: usize,
    /// Targets: accounts times Regions.
    pub targets: usize,
    /// Resources that carry the schedule tag.
    pub resources: usize,
    /// Questions whether a role may do something, asked without doing it.
    pub permissions: usize,
}

/// Declares the codes, each with its name, its area and its severity.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident, $name:literal, $area:literal, $severity:ident;)*) => {
        /// The sorts of finding. Their names are stable: scripts match on them. `docs/doctor.md` has a section on each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $name)] $code,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// The code's stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => $name,)* }
            }

            /// What it is about, in one word.
            pub fn area(self) -> &'static str {
                match self { $(Code::$code => $area,)* }
            }

            fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The parameters cannot be read.
    ParametersUnreadable, "parameters-unreadable", "parameters", Error;
    /// A parameter is missing, or not understood.
    BadParameter, "bad-parameter", "parameters", Error;
    /// A table is not there.
    TableMissing, "table-missing", "tables", Error;
    /// A table has another key than it must have.
    TableKey, "table-key", "tables", Error;
    /// A table is there, but cannot be used now.
    TableNotReady, "table-not-ready", "tables", Error;
    /// What is forgotten never leaves the StateTable.
    TableExpiry, "table-expiry", "tables", Warning;
    /// The function may not look at its tables, though it may use them.
    TableUnexamined, "table-unexamined", "tables", Note;
    /// The memories of a target cannot be read.
    StateUnreadable, "state-unreadable", "tables", Error;
    /// The stored schedules cannot be read.
    SchedulesUnreadable, "schedules-unreadable", "schedules", Error;
    /// A stored schedule has a mistake.
    ScheduleMistake, "schedule-mistake", "schedules", Error;
    /// The role of an account cannot be assumed.
    RoleDenied, "role-denied", "role", Error;
    /// The base credentials of a partition are refused.
    CredentialsRefused, "credentials-refused", "role", Error;
    /// A Region is not enabled in an account.
    RegionDisabled, "region-disabled", "region", Error;
    /// A role lacks a permission.
    MissingPermission, "missing-permission", "permissions", Error;
    /// What a role may do could not be found out.
    PermissionsUnknown, "permissions-unknown", "permissions", Note;
    /// An instance cannot be started for want of a key.
    KeyGrant, "key-grant", "keys", Error;
    /// A target could not be looked at.
    NotExamined, "not-examined", "target", Warning;
    /// No pass has run, though something was due.
    NoPass, "no-pass", "passes", Error;
    /// Nothing tells whether passes run.
    PassesUnknown, "passes-unknown", "passes", Note;
    /// The clocks of the function and of whoever asks differ.
    Clock, "clock", "clock", Warning;
    /// The function does not run on what it is made for.
    FunctionRuntime, "function-runtime", "function", Error;
    /// The function has too little time or memory, or is not ready.
    FunctionLimits, "function-limits", "function", Error;
    /// Nobody but a person may invoke the function.
    FunctionRule, "function-rule", "function", Error;
    /// The function could not be looked at.
    FunctionUnexamined, "function-unexamined", "function", Note;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_they_are_named() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn the_worst_comes_first_and_a_note_is_no_finding() {
        let finding = |code| Finding::new(code, "here", "it is so", "do this");
        let note = finding(Code::PassesUnknown);
        let examination = Examination {
            findings: vec![note.clone(), finding(Code::Clock), finding(Code::TableMissing)],
            ..Examination::default()
        };
        let codes: Vec<_> = examination.sorted().findings.iter().map(|one| one.code).collect();
        assert_eq!(codes, [Code::TableMissing, Code::Clock, Code::PassesUnknown]);
        let notes = Examination { findings: vec![note], ..Examination::default() };
        assert!(!notes.has_findings());
    }
}
