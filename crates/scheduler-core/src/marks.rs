//! What a resource's tags say to Dayshift.
//!
//! The keys begin with that of the schedule tag, so that a deployment with a tag key of its own has all of them to
//! itself: `Schedule`, `ScheduleExcludeUntil`, `ScheduleSize`, `SchedulePreferredTypes`. The last two are read under
//! the names that Instance Scheduler on AWS gives them too, `IS-MinDesiredMax` and `IS-PreferredInstanceTypes`.

use crate::id::InstanceType;

/// What the key of the exclude-until tag has behind that of the schedule tag.
pub const UNTIL: &str = "ExcludeUntil";
/// What the key of the size tag has behind that of the schedule tag.
pub const SIZE: &str = "Size";
/// What the key of the tag of preferred instance types has behind that of the schedule tag.
pub const PREFERRED: &str = "PreferredTypes";
/// What the key of the tag that names the last action has behind that of the schedule tag.
pub const LAST_ACTION: &str = "LastAction";
/// What the key of the tag that holds the last error has behind that of the schedule tag.
pub const ERROR: &str = "Error";

/// The tags of one resource, as far as they concern Dayshift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The value of the schedule tag: the name of a schedule, if there is one by that name.
    pub schedule: String,
    /// The value of its [exclude-until tag](crate::exclusion).
    pub exclude_until: Option<String>,
    /// The value of its size tag: what to start a group or service at.
    pub size: Option<String>,
    /// The instance types to start it as, the best first. What is no instance type is passed over.
    pub preferred_types: Vec<InstanceType>,
    /// The value of the tag that holds the last error, as Dayshift wrote it.
    pub error: Option<String>,
}

impl Marks {
    /// What the tags say; none if the schedule tag is not among them.
    pub fn read<'a>(
        tag_key: &str,
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Option<Self> {
        let mut marks = Marks::default();
        let mut is_ours = false;
        for (key, value) in tags {
            let own = key.strip_prefix(tag_key);
            match own.unwrap_or(key) {
                "" if own.is_some() => {
                    is_ours = true;
                    marks.schedule = value.to_owned();
                }
                UNTIL if own.is_some() => marks.exclude_until = Some(value.to_owned()),
                SIZE if own.is_some() => marks.size = Some(value.to_owned()),
                PREFERRED if own.is_some() => marks.preferred_types = types(value),
                ERROR if own.is_some() => marks.error = Some(value.to_owned()),
                "IS-MinDesiredMax" => drop(marks.size.get_or_insert_with(|| value.to_owned())),
                "IS-PreferredInstanceTypes" if marks.preferred_types.is_empty() => {
                    marks.preferred_types = types(value);
                }
                _ => {}
            }
        }
        is_ours.then_some(marks)
    }

    /// What a schedule tag with this value alone says.
    pub fn of(schedule: &str) -> Self {
        Marks { schedule: schedule.to_owned(), ..Marks::default() }
    }
}

/// Instance types between commas or spaces: a tag's value may hold no comma with some services.
fn types(text: &str) -> Vec<InstanceType> {
    text.split([',', ' ', '/']).filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_by_the_schedule_tags_key() {
        let tags = [
            ("Name", "web"),
            ("Schedule", "office"),
            ("ScheduleExcludeUntil", "2026-03-09"),
            ("ScheduleSize", "1-2-4"),
            ("SchedulePreferredTypes", "m5.large, m5a.large"),
            ("ScheduleError", "denied"),
            ("IS-MinDesiredMax", "9-9-9"),
        ];
        let marks = Marks::read("Schedule", tags).unwrap();
        assert_eq!((marks.schedule.as_str(), marks.size.as_deref()), ("office", Some("1-2-4")));
        assert_eq!(marks.exclude_until.as_deref(), Some("2026-03-09"));
        assert_eq!(marks.error.as_deref(), Some("denied"));
        assert_eq!(
            marks.preferred_types,
            ["m5.large", "m5a.large"].map(|text| text.parse().unwrap())
        );
        assert_eq!(Marks::read("Zeitplan", tags), None);
    }

    #[test]
    fn the_names_of_instance_scheduler_are_read_too() {
        let tags =
            [("IS-MinDesiredMax", "1-1-2"), ("IS-PreferredInstanceTypes", "c5.large"), ("S", "x")];
        let marks = Marks::read("S", tags).unwrap();
        assert_eq!((marks.size.as_deref(), marks.preferred_types.len()), (Some("1-1-2"), 1));
    }
}
