//! What asking a schedule costs, in time and in allocations: `cargo bench -p scheduler-core`.
//!
//! For instruction counts, which do not depend on what else the machine does:
//! `valgrind --tool=callgrind target/release/deps/schedules-* --test desired_state`.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use chrono::TimeDelta;
use divan::Bencher;
use scheduler_core::{Config, Instant, RawConfig, Schedule};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// Four periods in a zone with clock changes: office hours, a late Thursday, a Saturday once a month, month end.
fn schedule() -> Schedule {
    let raw = RawConfig::from_json(
        r#"{
            "periods": {
                "office": {"begintime": "08:00", "endtime": "18:00", "weekdays": "mon-fri"},
                "late": {"begintime": "18:00", "endtime": "22:00", "weekdays": "thu"},
                "saturday": {"begintime": "09:00", "endtime": "13:00", "weekdays": "sat#1"},
                "month-end": {"begintime": "06:00", "endtime": "23:00", "monthdays": "L"}
            },
            "schedules": {"s": {"timezone": "Europe/Berlin", "periods": ["office", "late", "saturday", "month-end"]}}
        }"#,
    );
    let (config, _) = Config::parse(&raw.unwrap(), chrono_tz::UTC);
    config.schedule(&"s".parse().unwrap()).unwrap().clone()
}

fn monday_morning() -> Instant {
    "2026-03-02T09:30:00Z".parse().unwrap()
}

fn sunday_night() -> Instant {
    "2026-03-29T01:30:00Z".parse().unwrap()
}

#[divan::bench]
fn desired_state_while_running(bencher: Bencher<'_, '_>) {
    let (schedule, at) = (schedule(), monday_morning());
    bencher.bench_local(|| black_box(&schedule).wanted_at(black_box(at)).desired);
}

/// The longer way: at rest, both sides of the minute are looked at too.
#[divan::bench]
fn desired_state_while_stopped(bencher: Bencher<'_, '_>) {
    let (schedule, at) = (schedule(), sunday_night());
    bencher.bench_local(|| black_box(&schedule).wanted_at(black_box(at)).desired);
}

#[divan::bench]
fn verdict_while_running(bencher: Bencher<'_, '_>) {
    let (schedule, at) = (schedule(), monday_morning());
    bencher.bench_local(|| black_box(&schedule).verdict(black_box(at)));
}

/// Over a weekend on which clocks change.
#[divan::bench]
fn verdict_while_stopped(bencher: Bencher<'_, '_>) {
    let (schedule, at) = (schedule(), sunday_night());
    bencher.bench_local(|| black_box(&schedule).verdict(black_box(at)));
}

#[divan::bench]
fn a_year_of_edges(bencher: Bencher<'_, '_>) {
    let (schedule, from) = (schedule(), monday_morning());
    bencher.bench_local(|| black_box(&schedule).edges(from, from + TimeDelta::days(365)).count());
}
