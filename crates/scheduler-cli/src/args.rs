//! The command line as it is typed.

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

/// Manages and explains a deployment of Dayshift, which starts and stops AWS resources on schedules.
#[derive(Clone, Debug, Parser)]
#[command(name = "scheduler-cli", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How results are shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// How results are shown.
    #[arg(long, value_enum, default_value_t = Format::Table, global = true, help_heading = "Output")]
    format: Format,
    /// Short for --format json.
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Output")]
    json: bool,
    /// Whether the output is coloured; NO_COLOR is honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub(crate) color: Color,
}

impl Output {
    pub(crate) fn format(self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// The forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For scripts.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
}

/// Lives through days of passes on an AWS in this process, and tells what was done and why.
///
/// Deploys a hub, spokes in two partitions, instances, databases and schedules through the AWS APIs, then runs
/// the hub's own code. It needs no credentials and no network.
#[derive(Clone, Copy, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli demo\n  scheduler-cli demo --days 2 --every 15\n  scheduler-cli demo --json | jq .totals"
)]
pub(crate) struct Demo {
    /// How many days to live through, from Thursday 26 March 2026. Clocks in Europe change on the Sunday.
    #[arg(long, default_value_t = 6, value_parser = value_parser!(u8).range(1..=31))]
    pub(crate) days: u8,
    /// How many minutes lie between two passes.
    #[arg(long, default_value_t = 30, value_name = "MINUTES", value_parser = value_parser!(u8).range(1..=60))]
    pub(crate) every: u8,
}
