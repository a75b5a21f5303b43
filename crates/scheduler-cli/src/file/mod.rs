//! Schedules in a file, YAML or JSON: what it says, and where it says it.
//!
//! [`tree`] is the text with positions, [`read`] makes of it what core understands, [`place`] leads a mistake back
//! to its place, [`finding`] shows it, [`mod@write`] goes the other way. What a field means is core's business.

mod finding;
mod place;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub(crate) use finding::{FindingRow, draw, summary};
pub(crate) use read::{File, text};
pub(crate) use write::{quoted, yaml};
