//! How the program ends.

use std::{io, process::ExitCode};

use serde_json::json;

use crate::args::Format;

/// Every exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: something asked for failed.
    Failed,
    /// 2: the command line or a file is wrong.
    Usage,
    /// 3: there are differences.
    Differences,
    /// 4: the hub or AWS could not be reached.
    Unreachable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => ExitCode::SUCCESS,
            Exit::Failed => ExitCode::from(1),
            // clap uses the same.
            Exit::Usage => ExitCode::from(2),
            Exit::Differences => ExitCode::from(3),
            Exit::Unreachable => ExitCode::from(4),
        }
    }
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failed {
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) help: String,
    /// The places in a file that are to blame, drawn.
    pub(crate) drawn: Vec<String>,
}

impl Failed {
    pub(crate) fn new(code: &str, message: impl ToString, help: &str) -> Self {
        Self {
            exit: Exit::Failed,
            code: code.into(),
            message: message.to_string(),
            help: help.into(),
            drawn: Vec::new(),
        }
    }

    /// The command line or a file is wrong.
    pub(crate) fn usage(code: &str, message: impl ToString, help: &str) -> Self {
        Self { exit: Exit::Usage, ..Self::new(code, message, help) }
    }

    /// The hub or AWS could not be reached.
    pub(crate) fn unreachable(code: &str, message: impl ToString, help: &str) -> Self {
        Self { exit: Exit::Unreachable, ..Self::new(code, message, help) }
    }

    /// Says so, as a sentence or as JSON.
    pub(crate) fn tell(&self, format: Format, err: &mut dyn io::Write) -> io::Result<()> {
        match format {
            Format::Table | Format::Ics | Format::LegacyJson | Format::Json
                if self.message.is_empty() =>
            {
                Ok(())
            }
            Format::Table | Format::Ics | Format::LegacyJson => {
                for drawn in &self.drawn {
                    writeln!(err, "{drawn}")?;
                }
                writeln!(err, "error: {}\n  help: {}", self.message, self.help)
            }
            Format::Json => {
                let error = json!({"error": {"code": self.code, "message": self.message, "help": self.help}});
                writeln!(err, "{error}")
            }
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // `| head` is a fine way to read the beginning.
            io::ErrorKind::BrokenPipe => {
                Self { exit: Exit::Done, ..Self::new("broken-pipe", "", "") }
            }
            _ => Self::new("output", error, "check where the output goes"),
        }
    }
}
