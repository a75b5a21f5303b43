//! How large a group or service is, so that a start can make it that large again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The size of an Auto Scaling group or an ECS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Size {
    /// The least that automatic scaling may make it; nought for a service without it.
    pub min: u32,
    /// What it is meant to be now.
    pub desired: u32,
    /// The most that automatic scaling may make it; what is desired for a service without it.
    pub max: u32,
    /// What Application Auto Scaling may do to a service; none where it has no say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
}

/// Which activities of Application Auto Scaling are on. While a service rests all are off, or its alarms would start
/// it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scaling {
    /// Making it smaller.
    pub scales_in: bool,
    /// Making it larger.
    pub scales_out: bool,
    /// What its scheduled actions ask for.
    pub scheduled: bool,
}

impl Scaling {
    /// Nothing is on.
    pub const SUSPENDED: Scaling =
        Scaling { scales_in: false, scales_out: false, scheduled: false };
}

impl Size {
    /// At rest.
    pub const NOUGHT: Size = Size { min: 0, desired: 0, max: 0, scaling: None };

    /// What a service without automatic scaling is at.
    pub fn count(desired: u32) -> Self {
        Size { min: 0, desired, max: desired, scaling: None }
    }
}

/// `2-4-8`: least, desired, most.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.min, self.desired, self.max)
    }
}

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size; write least, desired and most as in `1-2-4`, or one number")]
pub struct InvalidSize(pub String);

impl FromStr for Size {
    type Err = InvalidSize;

    /// `1-2-4`, or `2` for all three. The desired one is between the others, and not nought.
    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let numbers: Option<Vec<u32>> =
            text.split('-').map(|part| part.trim().parse().ok()).collect();
        let (min, desired, max) = match numbers.as_deref() {
            Some(&[all]) => (all, all, all),
            Some(&[min, desired, max]) => (min, desired, max),
            Some(_) | None => return Err(InvalidSize(text.into())),
        };
        if min > desired || desired > max || max == 0 {
            return Err(InvalidSize(text.into()));
        }
        Ok(Size { min, desired, max, scaling: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_three_numbers_or_one() {
        for (text, expected) in [
            ("1-2-4", Some("1-2-4")),
            ("3", Some("3-3-3")),
            (" 0 - 0 - 4", Some("0-0-4")),
            ("4-2-1", None),
            ("0-0-0", None),
            ("1-2", None),
            ("many", None),
        ] {
            let found = text.parse::<Size>().ok().map(|size| size.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }
}
