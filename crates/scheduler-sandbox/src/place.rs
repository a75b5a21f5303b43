//! Where a call lands: partition, account and Region, and the ARNs that follow from them.

use std::fmt::Display;
use std::sync::Arc;

/// A set of Regions with credentials, endpoints and ARNs of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Partition {
    pub(crate) name: &'static str,
    region_prefix: &'static str,
    /// The one Region for which IAM's requests are signed, wherever the caller is.
    pub(crate) iam_region: &'static str,
    /// What the names of its endpoints end in.
    pub(crate) dns_suffix: &'static str,
}

/// Every partition AWS documents. `aws` comes last because its empty prefix fits every Region.
const PARTITIONS: [Partition; 8] = [
    partition("aws-cn", "cn-", "cn-north-1", "amazonaws.com.cn"),
    partition("aws-us-gov", "us-gov-", "us-gov-west-1", "amazonaws.com"),
    partition("aws-iso", "us-iso-", "us-iso-east-1", "c2s.ic.gov"),
    partition("aws-iso-b", "us-isob-", "us-isob-east-1", "sc2s.sgov.gov"),
    partition("aws-iso-e", "eu-isoe-", "eu-isoe-west-1", "cloud.adc-e.uk"),
    partition("aws-iso-f", "us-isof-", "us-isof-south-1", "csp.hci.ic.gov"),
    partition("aws-eusc", "eusc-", "eusc-de-east-1", "amazonaws.eu"),
    partition("aws", "", "us-east-1", "amazonaws.com"),
];

const fn partition(
    name: &'static str,
    region_prefix: &'static str,
    iam_region: &'static str,
    dns_suffix: &'static str,
) -> Partition {
    Partition { name, region_prefix, iam_region, dns_suffix }
}

impl Partition {
    pub(crate) fn named(name: &str) -> Option<Self> {
        PARTITIONS.into_iter().find(|partition| partition.name == name)
    }

    pub(crate) fn of_region(region: &str) -> Self {
        let fits = |partition: &Partition| region.starts_with(partition.region_prefix);
        PARTITIONS.into_iter().find(fits).expect("the empty prefix of `aws` fits every Region")
    }
}

/// One account of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Home {
    pub(crate) partition: Partition,
    pub(crate) account: Arc<str>,
}

impl Home {
    /// `arn:aws:iam::111122223333:role/name`: the ARN of something that belongs to no Region.
    pub(crate) fn arn(&self, service: &str, resource: impl Display) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition.name, self.account)
    }

    /// The same for every call: the account's id, then four digits for the partition, since ids are unique only in one.
    pub(crate) fn root_key_id(&self) -> String {
        let partition =
            PARTITIONS.iter().position(|known| *known == self.partition).unwrap_or_default();
        format!("AKIA{}{partition:04}", self.account)
    }

    pub(crate) fn root_arn(&self) -> String {
        self.arn("iam", "root")
    }
}

/// One Region of one account.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) home: Home,
    pub(crate) region: Arc<str>,
}

impl Place {
    /// `arn:aws:rds:eu-west-1:111122223333:db:name`: the ARN of something in this Region.
    pub(crate) fn arn(&self, service: &str, resource: impl Display) -> String {
        let Home { partition, account } = &self.home;
        format!("arn:{}:{service}:{}:{account}:{resource}", partition.name, self.region)
    }

    /// Forty bits that differ from place to place, so that ids made from them and a counter are unique everywhere.
    pub(crate) fn number(&self) -> u64 {
        let Home { partition, account } = &self.home;
        fnv([partition.name, account, &self.region]) >> 24
    }
}

/// FNV-1a: small, and the same on every machine and in every version, which the standard hasher does not promise.
fn fnv<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let bytes = texts.into_iter().flat_map(|text| text.bytes().chain([b'/']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whether a text has the form of an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_belongs_to_one_partition() {
        let regions = [
            ("eu-central-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ];
        for (region, partition) in regions {
            assert_eq!(Partition::of_region(region).name, partition, "{region}");
        }
    }

    #[test]
    fn arns_carry_the_partition() {
        let home =
            Home { partition: Partition::of_region("cn-north-1"), account: "111122223333".into() };
        assert_eq!(home.root_arn(), "arn:aws-cn:iam::111122223333:root");
        let place = Place { home, region: "cn-north-1".into() };
        assert_eq!(place.arn("rds", "db:x"), "arn:aws-cn:rds:cn-north-1:111122223333:db:x");
    }
}
