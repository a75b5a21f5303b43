//! The command line as it is typed.

use std::path::PathBuf;

use anstream::ColorChoice;
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;
use scheduler_core::{AccountId, Instant, Kind, Region, ScheduleName};
use scheduler_engine::Scope;

use crate::query::Query;

/// Manages and explains a deployment of Dayshift, which starts and stops AWS resources on schedules.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "scheduler-cli",
    version,
    arg_required_else_help = true,
    after_help = "Start here, without credentials:\n  scheduler-cli demo\n  scheduler-cli explain shop-web-1 --demo\n  scheduler-cli export --demo > schedules.yaml\n  scheduler-cli lint --file schedules.yaml\n\nExit codes:\n  0  done\n  1  something asked for failed, or something is wrong\n  2  the command line or a file is wrong\n  3  there are differences (diff, apply --dry-run)\n  4  the hub or AWS could not be reached\n\n`scheduler-cli COMMAND --help` has examples, docs/cli.md the forms of the JSON."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How results are shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct Output {
    /// table, json, legacy-json (as Instance Scheduler's command line, for what it has) or ics (preview).
    #[arg(
        long,
        value_enum,
        default_value_t = Format::Table,
        hide_possible_values = true,
        global = true,
        help_heading = "Output"
    )]
    format: Format,
    /// Short for --format json.
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Output")]
    json: bool,
    /// Prints what a JMESPath finds in the JSON.
    #[arg(short, long, value_name = "JMESPATH", global = true, help_heading = "Output")]
    pub(crate) query: Option<Query>,
    /// auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(
        long,
        value_enum,
        default_value_t = Color::Auto,
        hide_possible_values = true,
        global = true,
        help_heading = "Output"
    )]
    pub(crate) color: Color,
}

impl Output {
    pub(crate) fn format(&self) -> Format {
        if self.json || self.query.is_some() { Format::Json } else { self.format }
    }
}

/// The forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For scripts.
    Json,
    /// For calendars: iCalendar, which only `preview` has.
    Ics,
    /// As Instance Scheduler's command line prints it: periods, schedules and their usage.
    LegacyJson,
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
    Evaluate(Evaluate),
    Preview(Preview),
    Lint(Lint),
    Status(Status),
    Explain(Explain),
    Doctor(Doctor),
    Run(Run),
    Diff(Diff),
    Apply(Apply),
    Export(Export),
    /// Creates a period.
    #[command(
        after_help = "Example:\n  scheduler-cli create-period --stack dayshift --name office-hours \\\n      --begintime 09:00 --endtime 18:00 --weekdays mon-fri"
    )]
    CreatePeriod(EditPeriod),
    /// Updates a period: what is not given stays as it is.
    ///
    /// An empty text takes a field away.
    #[command(
        after_help = "Examples:\n  scheduler-cli update-period --stack dayshift --name office-hours --endtime 19:00\n  scheduler-cli update-period --stack dayshift --name office-hours --weekdays ''"
    )]
    UpdatePeriod(EditPeriod),
    /// Deletes a period that no schedule uses.
    #[command(
        after_help = "Example:\n  scheduler-cli delete-period --stack dayshift --name office-hours"
    )]
    DeletePeriod(Named),
    /// Shows the stored periods, or one of them.
    #[command(
        after_help = "Example:\n  scheduler-cli describe-periods --stack dayshift --name office-hours --json"
    )]
    DescribePeriods(Describe),
    /// Creates a schedule.
    #[command(
        after_help = "Example:\n  scheduler-cli create-schedule --stack dayshift --name berlin-office \\\n      --timezone Europe/Berlin --periods office-hours"
    )]
    CreateSchedule(Box<EditSchedule>),
    /// Updates a schedule: what is not given stays as it is.
    ///
    /// An empty text takes a field away.
    #[command(
        after_help = "Example:\n  scheduler-cli update-schedule --stack dayshift --name berlin-office \\\n      --retain-running false --description ''"
    )]
    UpdateSchedule(Box<EditSchedule>),
    /// Deletes a schedule that nothing refers to.
    ///
    /// What carries its name in the tag is left alone from then on.
    #[command(
        after_help = "Example:\n  scheduler-cli delete-schedule --stack dayshift --name berlin-office"
    )]
    DeleteSchedule(Named),
    /// Shows the stored schedules, or one of them.
    #[command(
        after_help = "Example:\n  scheduler-cli describe-schedules --stack dayshift --name berlin-office --json"
    )]
    DescribeSchedules(Describe),
    DescribeScheduleUsage(Usage),
    /// Makes calendars of holidays from iCalendar files.
    #[command(subcommand)]
    Calendar(Calendar),
    /// Takes over the schedules of another scheduler.
    #[command(subcommand)]
    Import(Import),
    Completions(Completions),
}

impl Command {
    /// Whether Instance Scheduler's command line has it.
    pub(crate) fn is_legacy(&self) -> bool {
        matches!(
            self,
            Command::CreatePeriod(_)
                | Command::UpdatePeriod(_)
                | Command::DeletePeriod(_)
                | Command::DescribePeriods(_)
                | Command::CreateSchedule(_)
                | Command::UpdateSchedule(_)
                | Command::DeleteSchedule(_)
                | Command::DescribeSchedules(_)
                | Command::DescribeScheduleUsage(_)
        )
    }
}

/// Where schedules come from.
#[derive(Clone, Debug, Args)]
#[group(id = "source", required = true, multiple = false, args = ["file", "stack", "demo"])]
pub(crate) struct SourceArgs {
    /// The file with the schedules, YAML or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The hub's stack: what it has stored.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// What the hub of `demo` has stored. Needs no credentials.
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

/// A file of schedules.
#[derive(Clone, Debug, Args)]
pub(crate) struct FileArgs {
    /// The file with the schedules, YAML or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Tells what a schedule wants at an instant, and why.
///
/// Names the rule that wins, since when and until when. Times are shown in the schedule's time zone.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli evaluate --file schedules.yaml --schedule seoul-office\n  scheduler-cli evaluate --file schedules.yaml --schedule seoul-office \\\n      --at 2026-02-17T10:00:00+09:00 -q '[0].desired'"
)]
pub(crate) struct Evaluate {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The schedule's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) schedule: String,
    /// The instant, RFC 3339 with an offset; may be given more than once. Absent: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) at: Vec<Instant>,
}

/// Shows day by day when a schedule runs.
///
/// Counts the hours, and marks the days on which clocks change. Dates are those of the schedule's time zone. A span over midnight is cut there, so that every day has its own
/// hours; as iCalendar it is one event.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli preview --file schedules.yaml --schedule seoul-office \\\n      --from 2026-02-01 --to 2026-02-28\n  scheduler-cli preview --file schedules.yaml --schedule seoul-office \\\n      --from 2026-01-01 --to 2026-12-31 --format ics > office.ics"
)]
pub(crate) struct Preview {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The schedule's name. Absent: every schedule of the file; the JSON is then a list.
    #[arg(long, value_name = "NAME")]
    pub(crate) schedule: Option<String>,
    /// The first day.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: NaiveDate,
    /// The last day.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: NaiveDate,
}

/// Names every mistake in schedules, and what to write instead.
///
/// Warnings name what is probably not meant: schedules that never or always run, times that clocks skip or repeat, unused periods, periods that
/// contradict each other, a stop for a minute at midnight. They look two years ahead. The exit code is 2 if there
/// is an error, 0 if there are only warnings.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli lint --file schedules.yaml\n  scheduler-cli lint --file schedules.yaml -q 'findings[].[line, message]'"
)]
pub(crate) struct Lint {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Which deployment is asked.
#[derive(Clone, Debug, Args)]
#[group(id = "deployment", required = true, multiple = false, args = ["stack", "demo"])]
pub(crate) struct HubArgs {
    /// The hub's stack, whose functions are asked.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The hub of `demo` instead, on its Friday at noon; the next command finds it as it was. Needs no credentials.
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

/// How AWS is reached; what is not said comes from the environment and the AWS configuration files.
#[derive(Clone, Debug, Args)]
pub(crate) struct AwsArgs {
    /// A profile of the AWS configuration files.
    #[arg(long, value_name = "NAME", help_heading = "AWS")]
    pub(crate) profile: Option<String>,
    /// The hub's Region. Absent: AWS_REGION, or the profile's.
    #[arg(long, value_name = "REGION", help_heading = "AWS")]
    pub(crate) hub_region: Option<String>,
    /// An endpoint for every service, for AWS servers of other makes.
    #[arg(long, value_name = "URL", help_heading = "AWS")]
    pub(crate) endpoint_url: Option<String>,
}

/// Shows what every managed resource does and should do.
///
/// Each with since when and until when, and what was last done to it. It looks and changes nothing. Times are UTC. The exit code is
/// 1 if a target could not be looked at.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli status --stack dayshift --schedule berlin-office\n  scheduler-cli status --stack dayshift \\\n      -q \"resources[?last_outcome=='failed'].[account, resource, last_error]\"\n  scheduler-cli status --demo"
)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

/// What is looked at.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Only what follows this schedule.
    #[arg(long, value_name = "NAME")]
    pub(crate) schedule: Option<ScheduleName>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

impl ScopeArgs {
    pub(crate) fn scope(&self) -> Scope {
        Scope { schedule: self.schedule.clone(), ..self.place.scope() }
    }
}

/// Where it is looked, whatever the schedule.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Only this account.
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<AccountId>,
    /// Only this Region.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// Only this kind: ec2-instance, rds-instance, rds-cluster, asg, ecs-service or redshift-cluster.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
}

impl PlaceArgs {
    pub(crate) fn scope(&self) -> Scope {
        let Self { account, region, kind } = self.clone();
        Scope { schedule: None, account, region, kind }
    }
}

/// Tells why something happens to a resource, or nothing.
///
/// Says what the resource does, which rule wins, what was tried and what comes next. It looks and changes nothing. Times are those of the resource's schedule.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli explain i-0123456789abcdef0 --stack dayshift\n  scheduler-cli explain 222222222222/eu-west-1/rds-instance/orders --stack dayshift\n  scheduler-cli explain shop-web-1 --demo"
)]
pub(crate) struct Explain {
    /// The resource's id, or as much of PARTITION/ACCOUNT/REGION/KIND/ID as makes it unique.
    #[arg(value_name = "RESOURCE")]
    pub(crate) resource: String,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// The instant to explain, RFC 3339 with an offset. Absent: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) at: Option<Instant>,
}

/// Runs one pass now and prints what was done.
///
/// Without --dry-run it starts and stops what the schedules ask for, as the next pass of the rule would. The exit code is
/// 1 if something failed.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli run --stack dayshift --dry-run\n  scheduler-cli run --stack dayshift --schedule berlin-office\n  scheduler-cli run --demo -q \"outcomes[?action!='leave'].[resource, action, why]\""
)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// Only says what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

/// Shows how the stored schedules differ from a file.
///
/// The exit code is 3 if they do.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example:\n  scheduler-cli diff --file schedules.yaml --stack dayshift --prune"
)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// Also what is stored and not in the file is a difference.
    #[arg(long)]
    pub(crate) prune: bool,
}

/// Stores what a file says.
///
/// Shows the difference, asks, and makes it, a hundred items at a time. What somebody else has changed since is refused, not overwritten; what a CloudFormation stack declares is left to it.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli apply --file schedules.yaml --stack dayshift\n  scheduler-cli apply --file schedules.yaml --stack dayshift --prune --yes"
)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// Deletes what is stored and not in the file.
    #[arg(long)]
    pub(crate) prune: bool,
    /// Only shows and checks the difference; the exit code is 3 if there is one.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Does not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Prints what is stored as a file of schedules.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  scheduler-cli export --stack dayshift > schedules.yaml")]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
}

/// A period's fields.
#[derive(Clone, Debug, Args)]
pub(crate) struct EditPeriod {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// The period's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// When it begins, `09:00`.
    #[arg(long, value_name = "TIME")]
    pub(crate) begintime: Option<String>,
    /// When it ends, `18:00`.
    #[arg(long, value_name = "TIME")]
    pub(crate) endtime: Option<String>,
    /// The days of the week, `mon-fri` or `mon,thu#1`.
    #[arg(long, value_name = "DAYS")]
    pub(crate) weekdays: Option<String>,
    /// The days of the month, `1,15` or `L`.
    #[arg(long, value_name = "DAYS")]
    pub(crate) monthdays: Option<String>,
    /// The months, `jan/3`.
    #[arg(long, value_name = "MONTHS")]
    pub(crate) months: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

/// A schedule's fields.
#[derive(Clone, Debug, Args)]
pub(crate) struct EditSchedule {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// The schedule's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Its periods, separated by commas; `@m5.large` behind one is an instance type.
    #[arg(long, value_name = "NAMES")]
    pub(crate) periods: Option<String>,
    /// Its time zone.
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// When it starts, instead of periods: `cron(0 8 ? * MON-FRI *)`.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) start: Option<String>,
    /// When it stops, instead of periods.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) stop: Option<String>,
    /// Its calendars, separated by commas.
    #[arg(long, value_name = "NAMES")]
    pub(crate) calendars: Option<String>,
    /// Keeps everything `running` or `stopped`, whatever its periods say.
    #[arg(long, value_name = "STATE")]
    pub(crate) override_status: Option<String>,
    /// Whether what nobody has seen before is stopped if it runs.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) stop_new_instances: Option<bool>,
    /// Short for --stop-new-instances false.
    #[arg(long, conflicts_with = "stop_new_instances")]
    pub(crate) do_not_stop_new_instances: bool,
    /// Whether maintenance windows are times to run.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) use_maintenance_window: Option<bool>,
    /// SSM maintenance windows by name; may be given more than once.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) ssm_maintenance_window: Option<Vec<String>>,
    /// Whether what somebody has started before its start time is spared at the next stop time.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) retain_running: Option<bool>,
    /// Whether what people change by hand is changed back.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) enforced: Option<bool>,
    /// Whether instances hibernate that can.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) hibernate: Option<bool>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

/// What is deleted.
#[derive(Clone, Debug, Args)]
pub(crate) struct Named {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// Its name.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) name: String,
}

/// What is shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// Only this one.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Counts the hours that a schedule runs, day by day.
///
/// Hours that are begun count in full for each span, as they once were billed.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example:\n  scheduler-cli describe-schedule-usage --stack dayshift --name berlin-office \\\n      --startdate 20260201 --enddate 20260228"
)]
pub(crate) struct Usage {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    /// The schedule's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// The first day, `20260201`. Absent: today.
    #[arg(long, value_name = "DATE")]
    pub(crate) startdate: Option<String>,
    /// The last day. Absent: the first.
    #[arg(long, value_name = "DATE")]
    pub(crate) enddate: Option<String>,
}

/// Finds what keeps a deployment from doing its work.
///
/// Says what to do about each of them, too. Looks at parameters, tables, schedules, the function, and in every account and Region at the role and what it may do. It
/// changes nothing: EC2's calls are sent as dry runs, those of other services are simulated. The exit code is 1 if
/// something is wrong. docs/doctor.md has a section on each finding.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli doctor --stack dayshift\n  scheduler-cli doctor --stack dayshift --account 222222222222 \\\n      -q \"findings[?severity=='error'].[place, message]\"\n  scheduler-cli doctor --demo"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// What is done with calendars.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Calendar {
    Import(CalendarImport),
}

/// Reads an iCalendar file of holidays and prints it as a `calendars` section, in YAML or JSON.
///
/// Every date that an event touches, in the event's own time zone, becomes a holiday. Recurring events are
/// expanded from the first day to the last.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli calendar import --file holidays.ics --name kr-2026 \\\n      --from 2026-01-01 --to 2026-12-31\n  scheduler-cli calendar import --file holidays.ics --json"
)]
pub(crate) struct CalendarImport {
    /// The iCalendar file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The calendar's name. Absent: the name in the file, or else the file's own.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The first day. Absent: the first of this year.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<NaiveDate>,
    /// The last day. Absent: the last of next year.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<NaiveDate>,
}

/// Which scheduler is taken over.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Import {
    InstanceScheduler(ImportInstanceScheduler),
}

/// Makes a file of schedules from the ConfigTable of Instance Scheduler on AWS.
///
/// Reads the tables of versions 1 to 3; the file is YAML and means the same. Says what it has written in another way, what it had to leave out and why, what means something else here, and how to
/// deploy a hub that serves the same: as comments in the file, or on standard output if --out names one. It only reads
/// the table. The exit code is 1 if something was left out.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  scheduler-cli import instance-scheduler --table scheduler-ConfigTable-1ABC --out schedules.yaml\n  aws dynamodb scan --table-name scheduler-ConfigTable-1ABC --output json |\n      scheduler-cli import instance-scheduler --items - > schedules.yaml\n  scheduler-cli import instance-scheduler --items items.json -q 'dropped[].[item, message, help]'"
)]
pub(crate) struct ImportInstanceScheduler {
    #[command(flatten)]
    pub(crate) source: ImportSource,
    /// Where the file goes. Absent: standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Takes what CloudFormation stacks own too, for custom resources that you will delete.
    #[arg(long)]
    pub(crate) adopt: bool,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

/// Where the items come from.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ImportSource {
    /// The table, read with your credentials.
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What `aws dynamodb scan` has printed, as JSON; `-` is standard input. Needs no AWS.
    #[arg(long, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,
}

/// Prints a script that completes the command line in a shell.
#[derive(Clone, Copy, Debug, Args)]
#[command(
    after_help = "Example:\n  scheduler-cli completions bash \\\n      > ~/.local/share/bash-completion/completions/scheduler-cli"
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

fn instant(text: &str) -> Result<Instant, String> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(Into::into)
        .map_err(|error| format!("{error}; write it as in 2026-02-17T10:00:00+09:00"))
}

/// Lives through days of passes on an AWS in this process.
///
/// Tells what was done and why. Deploys a hub, spokes in two partitions, instances, databases and schedules through the AWS APIs, then runs
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
