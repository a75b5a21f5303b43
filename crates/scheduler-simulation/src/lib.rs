//! Fault simulation.
#![warn(missing_docs)]
pub mod dice;
pub mod driver;
pub mod estate;
pub mod faults;
pub mod hub;
pub mod invocation;
pub mod laws;
pub mod ledger;
pub mod oracle;
pub mod orders;
pub mod people;
pub mod physics;
pub mod story;
pub mod thing;
pub mod timetable;
pub mod world;
