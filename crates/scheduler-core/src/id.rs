//! Names with rules: each has one door, [`FromStr`], shared by serde and the command line.
//!
//! A value of one of these types is well formed; whether it exists in AWS is for the adapter to find out.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text that is not the name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {rule}")]
pub struct InvalidName {
    /// What was wanted, with its article: "an account id".
    pub what: &'static str,
    /// What was written.
    pub text: String,
    /// What to write instead.
    pub rule: &'static str,
}

/// Declares a text type whose only door is a check of its characters.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { what: $what, text: text.into(), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A partition: a separate AWS with credentials, endpoints and ARNs of its own.
    Partition, "a partition", "write `aws`, `aws-cn`, `aws-us-gov` or another name that begins with `aws`",
    |text| text == "aws" || text.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty() && is_slug(rest))
}

name! {
    /// An account: twelve digits.
    AccountId, "an account id", "write its twelve digits",
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

name! {
    /// A Region. Its partition follows from its name; see [`Region::partition`].
    Region, "a Region", "write a name such as `eu-west-1`",
    |text| is_slug(text) && text.matches('-').count() >= 2 && text.ends_with(|c: char| c.is_ascii_digit())
}

name! {
    /// The name of an IAM role, without its path.
    RoleName, "a role name", "write 1 to 64 letters, digits or `+=,.@_-`",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
}

name! {
    /// An organizational unit or the root of an organization.
    UnitId, "an organizational unit", "write its id, such as `ou-ab12-11112222`, or a root's, such as `r-ab12`",
    is_unit
}

name! {
    /// The name of a parameter of the Parameter Store: a path from the root, or a name without slashes. AWS allows 1,011
    /// characters.
    ParameterName, "a parameter's name", "write letters, digits, `.-_` and `/`, with a `/` in front if there is one behind",
    |text| (1..=1_011).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
        && !text.ends_with('/') && !text.contains("//")
        && (text.starts_with('/') || !text.contains('/'))
}

name! {
    /// What AWS calls a resource within its kind and Region: `i-0abc...`, a database identifier.
    ResourceId, "a resource id", "write the id that AWS shows, without spaces",
    |text| (1..=256).contains(&text.len()) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

name! {
    /// A schedule's name, which is also the value of the tag on a resource. AWS limits a tag's value to 256
    /// characters; a name has no white space at its ends and no control characters.
    ScheduleName, "a schedule name", "write 1 to 256 characters without line breaks or outer spaces",
    is_label
}

name! {
    /// A period's name. `@` separates it from an instance type in a schedule's list, so it holds none.
    PeriodName, "a period name", "write 1 to 256 characters without `@`, line breaks or outer spaces",
    |text| is_label(text) && !text.contains('@')
}

name! {
    /// An instance type or database class: `m5.large`, `db.t4g.medium`.
    InstanceType, "an instance type", "write a name such as `m5.large`",
    |text| text.contains('.') && text.split('.').all(|part| !part.is_empty() && is_slug(part))
}

/// `r-ab12` or `ou-ab12-11112222`: the patterns that the API reference of AWS Organizations gives.
fn is_unit(text: &str) -> bool {
    let is_one_of = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && !part.contains('-') && is_slug(part)
    };
    if let Some(root) = text.strip_prefix("r-") {
        return is_one_of(root, 4..=32);
    }
    let parts = text.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| is_one_of(root, 4..=32) && is_one_of(unit, 8..=32))
}

fn is_slug(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= 256
        && !text.contains(char::is_control)
}

impl Region {
    /// The partition this Region belongs to, by the prefixes that AWS publishes in the endpoint metadata of
    /// its SDKs. A prefix that is not listed means the commercial partition.
    ///
    /// ```
    /// let region: scheduler_core::Region = "cn-north-1".parse()?;
    /// assert_eq!(region.partition().as_str(), "aws-cn");
    /// # Ok::<(), scheduler_core::id::InvalidName>(())
    /// ```
    pub fn partition(&self) -> Partition {
        const PREFIXES: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        let listed = PREFIXES.iter().find(|(prefix, _)| self.0.starts_with(prefix));
        Partition(listed.map_or("aws", |(_, partition)| partition).into())
    }
}

/// One (partition, account, Region): what a pass visits, and what fails alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The partition; always the Region's.
    pub partition: Partition,
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Target {
    /// The target for an account in a Region, whose partition follows from the Region.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { partition: region.partition(), account, region }
    }
}

/// `aws/111122223333/eu-west-1`: also the hash key of the StateTable.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.partition, self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts<T: FromStr>(texts: &[(&str, bool)]) {
        for (text, expected) in texts {
            assert_eq!(text.parse::<T>().is_ok(), *expected, "{text:?}");
        }
    }

    #[test]
    fn each_name_has_one_door() {
        accepts::<Partition>(&[
            ("aws", true),
            ("aws-cn", true),
            ("aws-iso-b", true),
            ("AWS", false),
            ("aws-", false),
        ]);
        accepts::<AccountId>(&[
            ("111122223333", true),
            ("11112222333", false),
            ("1111-2222-3333", false),
        ]);
        accepts::<Region>(&[
            ("eu-west-1", true),
            ("us-gov-east-1", true),
            ("eu-west", false),
            ("EU-WEST-1", false),
        ]);
        accepts::<RoleName>(&[
            ("dayshift-spoke", true),
            ("", false),
            ("a/b", false),
            ("a b", false),
        ]);
        accepts::<UnitId>(&[
            ("r-ab12", true),
            ("ou-ab12-11112222", true),
            ("ou-ab12-1111222", false),
            ("ou-ab12-1111-2222", false),
            ("r-AB12", false),
            ("ab12", false),
        ]);
        accepts::<ParameterName>(&[
            ("/team/accounts", true),
            ("accounts", true),
            ("team/accounts", false),
            ("/team/", false),
            ("", false),
            ("a b", false),
        ]);
        accepts::<ResourceId>(&[("i-0abc", true), ("", false), ("a b", false)]);
        accepts::<ScheduleName>(&[
            ("office hours", true),
            (" office", false),
            ("", false),
            ("a\nb", false),
        ]);
        accepts::<PeriodName>(&[("office-hours", true), ("office@m5.large", false)]);
        accepts::<InstanceType>(&[
            ("m5.large", true),
            ("db.t4g.micro", true),
            ("m5", false),
            ("m5.", false),
        ]);
    }

    #[test]
    fn a_refused_name_says_what_to_write() {
        let error = "12".parse::<AccountId>().unwrap_err();
        assert_eq!(error.to_string(), "`12` is not an account id: write its twelve digits");
    }

    #[test]
    fn a_regions_partition_follows_from_its_name() {
        for (region, partition) in [
            ("eu-west-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(region.parse::<Region>().unwrap().partition().as_str(), partition);
        }
    }
}
