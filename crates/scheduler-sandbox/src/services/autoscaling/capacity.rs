//! How large a group may be and should be.

use super::{invalid, number};
use crate::wire::{ApiError, Params};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capacity {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) desired: u32,
}

impl Capacity {
    /// A new group's: as large as it must be, if nothing is said.
    pub(super) fn of_new(params: &Params) -> Result<Self, ApiError> {
        let missing = |name| move || super::refused(name, "null", "Member must not be null");
        let min = number(params, "MinSize")?.ok_or_else(missing("MinSize"))?;
        let max = number(params, "MaxSize")?.ok_or_else(missing("MaxSize"))?;
        let desired = number(params, "DesiredCapacity")?.unwrap_or(min);
        Self { min, max, desired }.checked()
    }

    /// What an update makes of it. A desired capacity that is not named moves with the bounds; one that is must lie
    /// within them: UpdateAutoScalingGroup in the API reference.
    pub(super) fn updated(self, params: &Params) -> Result<Self, ApiError> {
        let min = number(params, "MinSize")?.unwrap_or(self.min);
        let max = number(params, "MaxSize")?.unwrap_or(self.max);
        let moved = || self.desired.max(min).min(max);
        let desired = number(params, "DesiredCapacity")?.unwrap_or_else(moved);
        Self { min, max, desired }.checked()
    }

    fn checked(self) -> Result<Self, ApiError> {
        let Self { min, max, desired } = self;
        if max < min {
            return Err(invalid(format!(
                "Max bound, {max}, must be greater than or equal to min bound, {min}"
            )));
        }
        if !(min..=max).contains(&desired) {
            let bounds = format!("the specified min size:{min} and max size:{max}");
            return Err(invalid(format!("Desired capacity:{desired} must be between {bounds}")));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: Result<[u32; 3], &str>) {
        let old = Capacity { min: 1, max: 4, desired: 2 };
        let updated = old.updated(&Params::parse(form.as_bytes()));
        let observed = updated.map(|Capacity { min, max, desired }| [min, max, desired]);
        assert_eq!(
            observed.map_err(|error| error.message),
            expected.map_err(str::to_owned),
            "{form}"
        );
    }

    #[test]
    fn the_desired_capacity_moves_with_the_bounds_unless_it_is_named() {
        check("", Ok([1, 4, 2]));
        check("MinSize=3", Ok([3, 4, 3]));
        check("MaxSize=1", Ok([1, 1, 1]));
        check("MinSize=0&MaxSize=0&DesiredCapacity=0", Ok([0, 0, 0]));
        check("MinSize=0&MaxSize=0", Ok([0, 0, 0]));
        check(
            "DesiredCapacity=0",
            Err("Desired capacity:0 must be between the specified min size:1 and max size:4"),
        );
        check("MinSize=5", Err("Max bound, 4, must be greater than or equal to min bound, 5"));
    }
}
