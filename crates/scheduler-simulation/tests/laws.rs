//! The laws of a pass, held against some hundred histories.

/// So many histories of so many days; `scripts/simulate` lives through more.
const SEEDS: u64 = 200;
const DAYS: i64 = 10;

#[test]
fn the_laws_hold_under_every_fault() {
    let threads: Vec<_> = (0..2)
        .map(|n| {
            std::thread::spawn(move || {
                for seed in (n..SEEDS).step_by(2) {
                    if let Err(failed) = scheduler_simulation::driver::live(seed, DAYS) {
                        panic!("{failed}");
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
