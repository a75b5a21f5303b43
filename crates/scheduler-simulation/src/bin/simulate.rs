//! Lives through many histories and says what struck and which laws were held: `simulate [--seeds N] [--first-seed S]
//! [--days D]`. A failing seed ends it, with its story.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::{collections::BTreeMap, process::ExitCode};

use scheduler_simulation::{
    driver::{self, History},
    faults::Class,
    laws::{Law, Tally},
};

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)) {
        Ok(asked) => simulate(&asked),
        Err(message) => {
            eprintln!(
                "simulate: {message}\nusage: simulate [--seeds N] [--first-seed S] [--days D]"
            );
            ExitCode::from(2)
        }
    }
}

/// What was asked for.
struct Asked {
    seeds: u64,
    first_seed: u64,
    /// Of each history.
    days: u64,
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { seeds: 1000, first_seed: 0, days: 14 };
    while let Some(word) = words.next() {
        let number = words.next().and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| format!("`{word}` takes a number"))?;
        match word.as_str() {
            "--seeds" => asked.seeds = number,
            "--first-seed" => asked.first_seed = number,
            "--days" => asked.days = number,
            _ => return Err(format!("`{word}` is not known")),
        }
    }
    Ok(asked)
}

fn simulate(asked: &Asked) -> ExitCode {
    let mut all = History::default();
    for seed in asked.first_seed..asked.first_seed.saturating_add(asked.seeds) {
        match driver::live(seed, i64::try_from(asked.days).unwrap_or(i64::MAX)) {
            Ok(history) => all.add(history),
            Err(failed) => {
                println!("{failed}");
                println!(
                    "seed {} breaks {}; again: simulate --seeds 1 --first-seed {0} --days {}",
                    failed.seed, failed.broken.law, asked.days
                );
                return ExitCode::FAILURE;
            }
        }
    }
    print(&all.struck, &all.tally);
    let faults: u64 = all.struck.values().sum();
    let (seeds, days, laws) = (asked.seeds, asked.seeds * asked.days, Law::ALL.len());
    println!("{} passes", all.passes);
    println!("{seeds} seeds, {days} days, {faults} faults, {laws} laws, 0 broken");
    ExitCode::SUCCESS
}

fn print(struck: &BTreeMap<Class, u64>, tally: &Tally) {
    println!("faults");
    for (class, count) in struck {
        println!("  {count:>10}  {class}");
    }
    println!("laws");
    for law in Law::ALL {
        let count = tally.0.get(&law).copied().unwrap_or(0);
        println!("  {count:>10}  {:>2} {}", law as u8, law.sentence());
    }
}
