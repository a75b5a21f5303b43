//! `completions`: the command line, for shells.

use clap::CommandFactory;

use crate::{
    args::{Cli, Completions},
    exit::{Exit, Failed},
    show::Show,
};

pub(crate) fn run(completions: Completions, show: Show<'_>) -> Result<Exit, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Cli::command(), "scheduler-cli", &mut script);
    show.out.write_all(&script)?;
    Ok(Exit::Done)
}
