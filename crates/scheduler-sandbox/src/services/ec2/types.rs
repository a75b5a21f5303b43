//! The instance types that DescribeInstanceTypes knows and ModifyInstanceAttribute takes: families and their sizes.
//!
//! Simpler than AWS: a family has the usual sizes of its kind, not exactly its own, and is offered in every Region.

use std::fmt;

/// Types alike in all but their size.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) build: Build,
    /// Memory for each virtual CPU; those of the burstable families have sizes of their own.
    mib_per_cpu: Option<u32>,
}

/// What the hardware of a family can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// Xen with instance storage and paravirtual images: `m3`.
    FirstXen,
    /// Xen, HVM alone, without EBS optimization: `t2`.
    SmallXen,
    /// Xen, EBS-optimized, with the old network adapter: `m4`.
    Xen,
    /// Xen with ENA: `r4`.
    XenWithEna,
    /// Xen with ENA and NVMe: `i3`.
    XenWithNvme,
    /// Nitro, x86.
    Nitro,
    /// Nitro, AWS's own arm64.
    Graviton,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct InstanceType {
    pub(super) family: &'static Family,
    pub(super) size: &'static str,
    pub(super) cpus: u32,
    pub(super) mib: u32,
}

const fn burstable(name: &'static str, build: Build) -> Family {
    Family { name, build, mib_per_cpu: None }
}

const fn fixed(name: &'static str, build: Build, gib_per_cpu: u32) -> Family {
    Family { name, build, mib_per_cpu: Some(gib_per_cpu * 1_024) }
}

/// In the order of their names, in which they are listed.
static FAMILIES: [Family; 29] = [
    fixed("c4", Build::Xen, 2),
    fixed("c5", Build::Nitro, 2),
    fixed("c6g", Build::Graviton, 2),
    fixed("c6i", Build::Nitro, 2),
    fixed("c7g", Build::Graviton, 2),
    fixed("c7i", Build::Nitro, 2),
    fixed("i3", Build::XenWithNvme, 8),
    fixed("m3", Build::FirstXen, 4),
    fixed("m4", Build::Xen, 4),
    fixed("m5", Build::Nitro, 4),
    fixed("m5a", Build::Nitro, 4),
    fixed("m5d", Build::Nitro, 4),
    fixed("m6a", Build::Nitro, 4),
    fixed("m6g", Build::Graviton, 4),
    fixed("m6i", Build::Nitro, 4),
    fixed("m7a", Build::Nitro, 4),
    fixed("m7g", Build::Graviton, 4),
    fixed("m7i", Build::Nitro, 4),
    fixed("m8g", Build::Graviton, 4),
    fixed("r4", Build::XenWithEna, 8),
    fixed("r5", Build::Nitro, 8),
    fixed("r6g", Build::Graviton, 8),
    fixed("r6i", Build::Nitro, 8),
    fixed("r7g", Build::Graviton, 8),
    fixed("r7i", Build::Nitro, 8),
    burstable("t2", Build::SmallXen),
    burstable("t3", Build::Nitro),
    burstable("t3a", Build::Nitro),
    burstable("t4g", Build::Graviton),
];

const BURSTABLE_SIZES: [(&str, u32, u32); 7] = [
    ("2xlarge", 8, 32_768),
    ("large", 2, 8_192),
    ("medium", 2, 4_096),
    ("micro", 2, 1_024),
    ("nano", 2, 512),
    ("small", 2, 2_048),
    ("xlarge", 4, 16_384),
];

const FIXED_SIZES: [(&str, u32); 10] = [
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("large", 2),
    ("medium", 1),
    ("metal", 96),
    ("xlarge", 4),
];

impl Build {
    pub(super) fn is_nitro(self) -> bool {
        matches!(self, Self::Nitro | Self::Graviton)
    }

    /// The sizes that only some have.
    fn has_size(self, size: &str) -> bool {
        match size {
            "metal" => self.is_nitro(),
            "medium" => matches!(self, Self::Graviton | Self::FirstXen),
            _ => true,
        }
    }
}

impl Family {
    fn sizes(&'static self) -> Vec<InstanceType> {
        let of = |size, cpus, mib| InstanceType { family: self, size, cpus, mib };
        let Some(mib_per_cpu) = self.mib_per_cpu else {
            return BURSTABLE_SIZES
                .into_iter()
                .map(|(size, cpus, mib)| of(size, cpus, mib))
                .collect();
        };
        let sizes = FIXED_SIZES.into_iter().filter(|(size, _)| self.build.has_size(size));
        sizes.map(|(size, cpus)| of(size, cpus, cpus * mib_per_cpu)).collect()
    }
}

impl InstanceType {
    /// Every type there is, in the order of their names.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        FAMILIES.iter().flat_map(Family::sizes)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let (family, size) = name.split_once('.')?;
        let family = FAMILIES.iter().find(|known| known.name == family)?;
        family.sizes().into_iter().find(|known| known.size == size)
    }

    pub(super) fn is_metal(&self) -> bool {
        self.size == "metal"
    }

    pub(super) fn is_burstable(&self) -> bool {
        self.family.mib_per_cpu.is_none()
    }

    pub(super) fn architecture(&self) -> &'static str {
        if self.family.build == Build::Graviton { "arm64" } else { "x86_64" }
    }

    pub(super) fn ebs_optimized(&self) -> &'static str {
        match self.family.build {
            Build::SmallXen => "unsupported",
            Build::FirstXen => "supported",
            _ => "default",
        }
    }

    pub(super) fn nvme(&self) -> &'static str {
        match self.family.build {
            Build::Nitro | Build::Graviton => "required",
            Build::XenWithNvme => "supported",
            _ => "unsupported",
        }
    }

    pub(super) fn ena(&self) -> &'static str {
        match self.family.build {
            Build::Nitro | Build::Graviton => "required",
            Build::XenWithEna | Build::XenWithNvme => "supported",
            _ => "unsupported",
        }
    }

    pub(super) fn boot_modes(&self) -> &'static [&'static str] {
        match self.family.build {
            Build::Graviton => &["uefi"],
            Build::Nitro if !self.is_metal() => &["legacy-bios", "uefi"],
            _ => &["legacy-bios"],
        }
    }
}

impl fmt::Display for InstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.family.name, self.size)
    }
}

/// The architecture that a type has by its name, which says so even for types that are not listed here: the `g` behind
/// the generation of `m7g.large` is AWS's own arm64.
pub(super) fn architecture_of(name: &str) -> &'static str {
    let family = name.split('.').next().unwrap_or_default();
    let arm = family.trim_start_matches(|c: char| c.is_ascii_lowercase()).contains('g');
    if arm { "arm64" } else { "x86_64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_once() {
        let names: Vec<_> = InstanceType::all().map(|one| one.to_string()).collect();
        assert!(names.is_sorted_by(|one, next| one < next));
        for name in names {
            let found = InstanceType::named(&name).unwrap();
            assert_eq!(found.to_string(), name);
            assert_eq!(found.architecture(), architecture_of(&name), "{name}");
        }
        for name in ["m5.micro", "t3.metal", "m4.metal", "m5", "q5.large", ""] {
            assert!(InstanceType::named(name).is_none(), "{name}");
        }
    }
}
