//! Fault simulation.
#![warn(missing_docs)]
pub mod dice;
pub mod estate;
pub mod faults;
pub mod invocation;
pub mod orders;
pub mod people;
pub mod physics;
pub mod story;
pub mod thing;
pub mod timetable;
pub mod world;
